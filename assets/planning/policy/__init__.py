"""From demand distributions to decisions: levels, order quantities, dated suggestions, and the budget behind them.

Textbook formulas stand in `economic`, `lot_sizing`, `newsvendor`, `continuous`, `periodic`; the daily plan is `plan`.
"""
