"""Cost and lead time of every pair of warehouses."""

from __future__ import annotations

import pandas as pd

from assets.planning.transfers.settings import TransferSettings


def lane_table(warehouses: list[str], settings: TransferSettings) -> pd.DataFrame:
    """One row per ordered pair, with what a move on it costs and takes.

    Columns: from_warehouse_id, to_warehouse_id, is_open, lead_time_days, cost_value_per_move, cost_rate.
    A lane that the settings do not name has their defaults.
    """
    named = {(lane.from_warehouse_id, lane.to_warehouse_id): lane for lane in settings.lanes}
    rows = []
    for source in sorted(warehouses):
        for target in sorted(warehouses):
            if source == target:
                continue
            row = {"from_warehouse_id": source, "to_warehouse_id": target, "is_open": True}
            lane = named.get((source, target))
            for field in ("lead_time_days", "cost_value_per_move", "cost_rate"):
                own = getattr(lane, field) if lane else None
                row[field] = own if own is not None else getattr(settings, field)
            row["is_open"] = lane.is_open if lane else True
            rows.append(row)
    columns = ["from_warehouse_id", "to_warehouse_id", "is_open", "lead_time_days", "cost_value_per_move", "cost_rate"]
    return pd.DataFrame(rows, columns=columns)
