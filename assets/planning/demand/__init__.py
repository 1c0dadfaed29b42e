"""Demand history: what was asked for, per item x warehouse and period, and how much of it the shelf allowed us to see.

Belongs here: periods, stock cover, censoring, the calendar, life cycle and successors. Forecast models do not.
"""
