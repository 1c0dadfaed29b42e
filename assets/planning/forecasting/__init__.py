"""Forecasts of demand as distributions: models, tournament, calibration.

Belongs here: pure functions from demand history to quantiles. Reading, writing and scheduling do not.
"""
