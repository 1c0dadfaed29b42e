"""A what-if of the plan: the file of `stockturn plan --what-if`, and what it changes in the frames that a plan is made from.

What is on its way already keeps its dates and quantities: a change of lead times or limits counts for orders to come.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.planning.network.network import Network
from assets.planning.network.stages import members
from assets.planning.policy.row_levels import number
from assets.planning.policy.settings import PolicySettings
from assets.planning.replay.what_if import PolicyFile, changed_policies

KEYS = ["item_id", "warehouse_id"]
SCOPE = ("item_id", "warehouse_id", "supplier_id", "category_name")


class Scope(BaseModel):
    """Which item x warehouses a change is for: all that match every part that is given; all of them where none is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_id: str | None = None
    warehouse_id: str | None = None
    supplier_id: str | None = None
    category_name: str | None = None

    def rows(self, spine: pd.DataFrame, supplier: pd.Series) -> np.ndarray:
        """(n,) True for the rows of the spine it is for; supplier: (n,) who delivers each, null where it is fed.

        Raises:
            ValueError: there is no such row, so that the change would say nothing.
        """
        hit = np.ones(len(spine), bool)
        for name in SCOPE:
            wanted = getattr(self, name)
            if wanted is not None:
                column = supplier if name == "supplier_id" else spine[name]
                hit &= (column.astype(object) == wanted).to_numpy(bool)
        if not hit.any():
            given = ", ".join(f"{name} {getattr(self, name)}" for name in SCOPE if getattr(self, name) is not None)
            raise ValueError(f"the plan has no row for {given}")
        return hit


def _only_one(values: dict[str, object]) -> None:
    if sum(value is not None for value in values.values()) != 1:
        raise ValueError(f"give one of {', '.join(values)}")


class LeadTimeChange(Scope):
    """Days from order to receipt: stated again, so many more (or fewer), or so many times as long."""

    days: float | None = Field(default=None, ge=0, le=730)
    change_days: float | None = Field(default=None, ge=-730, le=730)
    times: float | None = Field(default=None, gt=0, le=10)

    @model_validator(mode="after")
    def _one(self) -> Self:
        _only_one({"days": self.days, "change_days": self.change_days, "times": self.times})
        return self


class OrderLimitChange(Scope):
    """What a supplier asks for at least, in units: stated again or so many times as much; and in which multiples."""

    moq_units: float | None = Field(default=None, ge=0)
    order_multiple_units: float | None = Field(default=None, ge=0)
    times: float | None = Field(default=None, ge=0, le=100, description="Of the smallest order")

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.moq_units is not None and self.times is not None:
            raise ValueError("give moq_units or times, not both")
        if self.moq_units is None and self.times is None and self.order_multiple_units is None:
            raise ValueError("give moq_units, times or order_multiple_units")
        return self


class DemandChange(Scope):
    """Forecast demand higher by a share (0.2 = a fifth more), lower where it is negative."""

    change_rate: float = Field(ge=-1, le=10)


class PlanFile(PolicyFile):
    """The file of `stockturn plan --what-if`: what `stockturn replay --policy` reads, and lead times, limits, demand, money."""

    lead_times: tuple[LeadTimeChange, ...] = ()
    order_limits: tuple[OrderLimitChange, ...] = ()
    demand: tuple[DemandChange, ...] = ()
    capital_budget_value: float | None = Field(default=None, gt=0)
    holding_rate: float | None = Field(default=None, gt=0, le=2)
    order_cost_value: float | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set - {"name"}:
            raise ValueError(
                "it changes nothing; give one of " + ", ".join(sorted(set(type(self).model_fields) - {"name"}))
            )
        return self


def with_policies(present: PolicySettings, document: PlanFile) -> PolicySettings:
    """The policies and the money of the configuration with the changes of the file."""
    money = {name: getattr(document, name) for name in ("capital_budget_value", "holding_rate", "order_cost_value")}
    changed = changed_policies(present, document)
    return changed.model_copy(update={name: value for name, value in money.items() if value is not None})


def with_limits(spine: pd.DataFrame, supplier: pd.Series, changes: tuple[OrderLimitChange, ...]) -> pd.DataFrame:
    """The spine with other smallest orders and multiples."""
    result = spine.copy()
    smallest, multiple = number(spine, "moq_units"), number(spine, "order_multiple_units")
    for change in changes:
        hit = change.rows(spine, supplier)
        if change.moq_units is not None:
            smallest = np.where(hit, change.moq_units, smallest)
        if change.times is not None:
            smallest = np.where(hit, smallest * change.times, smallest)
        if change.order_multiple_units is not None:
            multiple = np.where(hit, change.order_multiple_units, multiple)
    result["moq_units"], result["order_multiple_units"] = smallest, multiple
    return result


def with_lead_times(network: Network, spine: pd.DataFrame, changes: tuple[LeadTimeChange, ...]) -> Network:
    """The network with other times; the spread of a time grows and shrinks with it."""
    table, times = network.table.copy(), network.lead_times.copy()
    mean = times["lead_time_days_mean"].to_numpy(float).copy()
    before = mean.copy()
    source = times["lead_time_source"].to_numpy(object).copy()
    for change in changes:
        hit = change.rows(spine, table["supplier_id"])
        new = np.full(len(mean), change.days) if change.days is not None else mean * (change.times or 1.0)
        new = new + (change.change_days or 0.0)
        mean = np.where(hit, np.clip(new, 0.0, None), mean)
        source = np.where(hit, "stated", source)
    ratio = np.divide(mean, before, out=np.ones(len(mean)), where=before > 0)
    spread = times["lead_time_days_sd"].to_numpy(float) * ratio
    for frame in (table, times):
        frame["lead_time_days_mean"], frame["lead_time_days_sd"], frame["lead_time_source"] = mean, spread, source
    return replace(network, table=table, lead_times=times)


def demand_factors(spine: pd.DataFrame, supplier: pd.Series, changes: tuple[DemandChange, ...]) -> np.ndarray:
    """(n,) by how many times the demand of each row changes; two changes of one row multiply."""
    factor = np.ones(len(spine))
    for change in changes:
        factor = np.where(change.rows(spine, supplier), factor * (1 + change.change_rate), factor)
    return factor


def echelon_factors(factor: np.ndarray, day_units: np.ndarray, above: np.ndarray) -> np.ndarray:
    """(n,) the change of what each feeding row and all below it sell together; of other rows their own.

    day_units: (n,) own demand of a day before the change.
    """
    member, head = members(above)
    before, after = np.zeros(len(above)), np.zeros(len(above))
    np.add.at(before, head, day_units[member])
    np.add.at(after, head, (day_units * factor)[member])
    return np.where(before > 0, np.divide(after, before, out=np.ones(len(above)), where=before > 0), factor)
