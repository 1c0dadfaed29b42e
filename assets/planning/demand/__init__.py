"""Demand history: what was asked for, per item x warehouse and period, and how much of it the shelf allowed us to see.

Belongs here: periods, stock cover, censoring, the calendar, life cycle and successors. Forecast models do not.
"""

from assets.planning.demand.history import build_demand_history
from assets.planning.demand.settings import DemandSettings

__all__ = ["DemandSettings", "build_demand_history"]
