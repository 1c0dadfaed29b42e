"""From demand distributions to decisions: levels, order quantities, dated suggestions, and the budget behind them."""
