"""Which policy runs which item x warehouse: its cell's, with what was overridden for the item."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pydantic import ValidationError

from assets.extensions import POLICIES, ExtensionError, call, names
from assets.planning.policy.levels import STOCKLESS
from assets.planning.policy.settings import CellPolicy, ItemOverride, PolicySettings
from assets.planning.replay.choice import CONFIGURED, Choice

KEYS = ["item_id", "warehouse_id"]
FIELDS = list(CellPolicy.model_fields)


def assign_policies(spine: pd.DataFrame, classes: pd.DataFrame, settings: PolicySettings) -> pd.DataFrame:
    """Policy parameters of every item x warehouse of the spine, in its order.

    Returns:
        item_id, warehouse_id, abc_xyz_cell, every field of `CellPolicy`, policy_source (`cell`, `item` where something
        is overridden, `unclassified`, or the entry point that decided). An override of the item x warehouse goes before
        one of the item; both go before the entry points `stockturn.policies` of installed packages.
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
    for name in names(POLICIES):
        _apply_extension(rows, name, spine, classes)
    for override in sorted(settings.overrides, key=lambda each: each.warehouse_id is not None):
        _apply(rows, override)
    return rows.infer_objects()


def with_stock(assigned: pd.DataFrame, is_moved: np.ndarray | None) -> pd.DataFrame:
    """The same policies, but rows that keep no stock run (s, S), or are filled up where another warehouse feeds them."""
    result = assigned.copy()
    bare = np.isin(result["policy"].to_numpy(object), STOCKLESS)
    moved = np.zeros(len(result), bool) if is_moved is None else is_moved
    policy = np.where(bare, np.where(moved, "base_stock", "s_s"), result["policy"].to_numpy(object))
    result["policy"] = policy
    return result


def as_replayed(assigned: pd.DataFrame, choice: Choice | None, is_moved: np.ndarray) -> pd.DataFrame:
    """Policies as the company's own history prefers them: policy, safety_scale_rate and policy_source.

    An override of the settings for an item, and a decision of the company's own code, go before what was found.
    """
    result = assigned.assign(safety_scale_rate=1.0)
    if choice is None:
        return result
    is_decided = result["policy_source"].isin(["item", *names(POLICIES)]).to_numpy()
    free = ~is_decided & (choice.source != CONFIGURED)
    stocked = with_stock(result, is_moved)["policy"].to_numpy(object)
    result["policy"] = np.where(free & choice.is_stocked, stocked, result["policy"].to_numpy(object))
    result["safety_scale_rate"] = np.where(free, choice.scale, 1.0)
    result["policy_source"] = np.where(free, choice.source, result["policy_source"].to_numpy(object))
    return result


def _apply(rows: pd.DataFrame, override: ItemOverride) -> None:
    hit = rows["item_id"] == override.item_id
    if override.warehouse_id is not None:
        hit &= rows["warehouse_id"] == override.warehouse_id
    for name in FIELDS:
        value = getattr(override, name)
        if value is not None:
            rows.loc[hit, name] = value
    rows.loc[hit, "policy_source"] = "item"


def _apply_extension(rows: pd.DataFrame, name: str, spine: pd.DataFrame, classes: pd.DataFrame) -> None:
    """What a company's own function decides: a frame of item_id, warehouse_id and fields of `CellPolicy`; null = no say."""
    place = f"entry point {POLICIES}: {name}"
    decided = call(POLICIES, name, spine.copy(), classes.copy())
    if not isinstance(decided, pd.DataFrame) or not {*KEYS} <= set(decided) <= {*KEYS, *FIELDS}:
        raise ExtensionError(f"{place}: must give a frame with {', '.join(KEYS)} and some of {', '.join(FIELDS)}")
    if decided.duplicated(KEYS).any():
        raise ExtensionError(f"{place}: decides twice on {decided[decided.duplicated(KEYS)].iloc[0][KEYS].tolist()}")
    given = [field for field in FIELDS if field in decided]
    for values in decided[given].drop_duplicates().to_dict("records"):
        known = {field: value for field, value in values.items() if not pd.isna(value)}
        try:
            CellPolicy.model_validate({**CellPolicy().model_dump(), **known})
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise ExtensionError(f"{place}: {wrong}") from error
    found = rows[KEYS].merge(decided, on=KEYS, how="left")
    for field in given:
        hit = found[field].notna().to_numpy()
        rows.loc[hit, field] = found.loc[hit, field].to_numpy()
        rows.loc[hit, "policy_source"] = name
