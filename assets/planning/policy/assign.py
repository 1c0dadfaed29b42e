"""Which policy runs which item x warehouse: its cell's, with what was overridden for the item."""

from __future__ import annotations

import pandas as pd

from assets.planning.policy.settings import CellPolicy, ItemOverride, PolicySettings

KEYS = ["item_id", "warehouse_id"]
FIELDS = list(CellPolicy.model_fields)


def assign_policies(spine: pd.DataFrame, classes: pd.DataFrame, settings: PolicySettings) -> pd.DataFrame:
    """Policy parameters of every item x warehouse of the spine, in its order.

    Returns:
        item_id, warehouse_id, abc_xyz_cell, every field of `CellPolicy`, policy_source (`cell`, `item` where something
        is overridden, `unclassified`). An override of the item x warehouse goes before one of the item.
    """
    rows = spine[KEYS].reset_index(drop=True)
    cells = classes[[*KEYS, "abc_xyz_cell"]].drop_duplicates(KEYS)
    rows = rows.merge(cells, on=KEYS, how="left")
    table = pd.DataFrame([policy.model_dump() | {"abc_xyz_cell": cell} for cell, policy in settings.cells.items()])
    table = table if not table.empty else pd.DataFrame(columns=[*FIELDS, "abc_xyz_cell"])
    rows = rows.merge(table, on="abc_xyz_cell", how="left")
    missing = rows["policy"].isna()
    rows["policy_source"] = "cell"
    rows.loc[missing, "policy_source"] = "unclassified"
    for name, value in settings.unclassified.model_dump().items():
        rows.loc[missing, name] = value
    for override in sorted(settings.overrides, key=lambda each: each.warehouse_id is not None):
        _apply(rows, override)
    return rows.infer_objects()


def _apply(rows: pd.DataFrame, override: ItemOverride) -> None:
    hit = rows["item_id"] == override.item_id
    if override.warehouse_id is not None:
        hit &= rows["warehouse_id"] == override.warehouse_id
    for name in FIELDS:
        value = getattr(override, name)
        if value is not None:
            rows.loc[hit, name] = value
    rows.loc[hit, "policy_source"] = "item"
