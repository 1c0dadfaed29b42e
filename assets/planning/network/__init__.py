"""Where goods come from: the source of every item x warehouse, its way and time, and the stages that follow from it. Pure functions."""
