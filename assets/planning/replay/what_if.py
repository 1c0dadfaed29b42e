"""A what-if: other policies by cell and item, replayed beside those of the configuration and beside what happened."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from assets.planning.policy.settings import (
    CellPolicy,
    ItemOverride,
    LotRule,
    PolicyName,
    PolicySettings,
    ServiceMeasure,
)

Cell = Literal["AX", "AY", "AZ", "BX", "BY", "BZ", "CX", "CY", "CZ"]
KEYS = ["item_id", "warehouse_id"]
SIDES = ("actual", "present", "what_if")


class CellChange(BaseModel):
    """What the what-if changes for one cell; anything left out stays as the configuration has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: PolicyName | None = None
    service_measure: ServiceMeasure | None = None
    service_level_rate: float | None = Field(default=None, ge=0, le=1)
    review_period_days: float | None = Field(default=None, gt=0, le=366)
    lot_rule: LotRule | None = None
    lot_cover_days: float | None = Field(default=None, gt=0)
    max_cover_days: float | None = Field(default=None, gt=0)


class PolicyFile(BaseModel):
    """The file of `stockturn replay --policy`: changes by ABC-XYZ cell, for all cells, and by item."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "what-if"
    all_cells: CellChange = CellChange()
    cells: dict[Cell, CellChange] = Field(default_factory=dict)
    items: tuple[ItemOverride, ...] = ()


def changed_policies(present: PolicySettings, document: PolicyFile) -> PolicySettings:
    """The policies of the configuration with the changes of the file; an item of the file goes before one of theirs."""
    cells = {}
    for cell in get_args(Cell):
        before = present.cells.get(cell, present.unclassified).model_dump()
        change = document.cells.get(cell, CellChange())
        cells[cell] = CellPolicy(
            **before | document.all_cells.model_dump(exclude_none=True) | change.model_dump(exclude_none=True)
        )
    return present.model_copy(update={"cells": cells, "overrides": (*present.overrides, *document.items)})


def by_cell(present: pd.DataFrame, changed: pd.DataFrame) -> pd.DataFrame:
    """One row per cell and one for all: fill, mean stock, orders and cost of what happened, the present policy, the what-if.

    Args:
        present, changed: planning.policy_replay of the two, the same rows in the same order. Fill rates are of units;
            stock and cost count rows with a known cost.
    """
    frame = pd.DataFrame({"abc_xyz_cell": present["abc_xyz_cell"].fillna("no class").to_numpy()})
    frame["rows"], frame["demand_units"] = 1, present["demand_units"].to_numpy(float)
    sources = {"actual": (present, "actual"), "present": (present, "replay"), "what_if": (changed, "replay")}
    for side, (table, prefix) in sources.items():
        for name in ("filled_units", "average_stock_value", "orders", "cost_value"):
            frame[f"{side}_{name}"] = table[f"{prefix}_{name}"].to_numpy(float)
    frame["what_if_not_recommended"] = (changed["verdict"] == "not_recommended").to_numpy(int)
    cells = frame.groupby("abc_xyz_cell", sort=True).sum().reset_index()
    total = frame.drop(columns="abc_xyz_cell").sum().to_frame().T.assign(abc_xyz_cell="all")
    table = pd.concat([cells, total], ignore_index=True)
    asked = table["demand_units"].to_numpy(float)
    for side in SIDES:
        filled = table.pop(f"{side}_filled_units").to_numpy(float)
        table[f"{side}_fill_rate"] = np.divide(filled, asked, out=np.full(len(table), np.nan), where=asked > 0)
    return table
