"""What a company may decide about its stock. No calculation belongs here."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from assets.planning.policy.suppliers import SupplierCalendar, SupplierFeed

PolicyName = Literal["r_q", "s_s", "r_s", "min_max", "base_stock", "two_bin", "order_on_demand", "none"]
ServiceMeasure = Literal["cycle", "fill", "cost"]
LotRule = Literal["eoq", "cover", "lot_for_lot"]


class CellPolicy(BaseModel):
    """How the items of one ABC-XYZ cell are run.

    service_measure: `cycle` is the probability of no stock-out in a replenishment cycle, `fill` the share of units
    shipped from stock, `cost` the critical fractile of shortage and holding cost. They are never exchanged.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: PolicyName = "s_s"
    service_measure: ServiceMeasure = "cycle"
    service_level_rate: float = Field(default=0.95, ge=0, le=1)
    review_period_days: float = Field(default=1.0, gt=0, le=366, description="1 = looked at daily (continuous)")
    lot_rule: LotRule = "eoq"
    lot_cover_days: float = Field(
        default=30.0, gt=0, description="Lot in days of demand (rule `cover`, or no cost is known)"
    )
    max_cover_days: float = Field(default=120.0, gt=0, description="What is above this cover is excess")


def _default_cells() -> dict[str, CellPolicy]:
    """METRICS.md: AX/AY continuous, AZ on demand, B periodic or (r, Q), CX/CY two-bin, CZ no stock."""
    return {
        "AX": CellPolicy(policy="r_q", service_level_rate=0.97, lot_cover_days=14, max_cover_days=60),
        "AY": CellPolicy(policy="r_q", service_level_rate=0.97, lot_cover_days=14, max_cover_days=75),
        "AZ": CellPolicy(policy="order_on_demand", service_level_rate=0.90, lot_cover_days=14, max_cover_days=60),
        "BX": CellPolicy(policy="r_s", service_level_rate=0.95, review_period_days=7, max_cover_days=90),
        "BY": CellPolicy(policy="r_q", service_level_rate=0.95, max_cover_days=105),
        "BZ": CellPolicy(policy="r_q", service_level_rate=0.92, max_cover_days=120),
        "CX": CellPolicy(policy="two_bin", service_level_rate=0.92, lot_cover_days=90, max_cover_days=180),
        "CY": CellPolicy(policy="two_bin", service_level_rate=0.90, lot_cover_days=90, max_cover_days=180),
        "CZ": CellPolicy(policy="none", service_level_rate=0.80, lot_cover_days=90, max_cover_days=180),
    }


class ItemOverride(BaseModel):
    """What differs for one item (or item x warehouse); anything left out stays as its cell has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_id: str
    warehouse_id: str | None = None
    policy: PolicyName | None = None
    service_measure: ServiceMeasure | None = None
    service_level_rate: float | None = Field(default=None, ge=0, le=1)
    review_period_days: float | None = Field(default=None, gt=0, le=366)
    lot_rule: LotRule | None = None
    lot_cover_days: float | None = Field(default=None, gt=0)
    max_cover_days: float | None = Field(default=None, gt=0)


class PolicySettings(BaseModel):
    """Policies by cell, overrides by item, and the costs that lots and levels weigh."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cells: dict[str, CellPolicy] = Field(
        default_factory=_default_cells, description="A cell that is left out keeps its default"
    )
    unclassified: CellPolicy = Field(default_factory=CellPolicy, description="For an item in no class")
    overrides: tuple[ItemOverride, ...] = ()
    holding_rate: float = Field(default=0.22, gt=0, le=2, description="Holding cost a year as a share of value")
    order_cost_value: float = Field(default=40.0, ge=0, description="Cost of placing and receiving one order line")
    shortage_cost_rate: float = Field(default=0.5, gt=0, description="Cost of a unit short as a share of its cost")
    service_level_cap_rate: float = Field(
        default=0.999, gt=0.5, lt=1, description="1.0 needs infinite stock; this is meant"
    )
    max_lot_cover_days: float = Field(default=365.0, gt=0)
    shelf_life_use_rate: float = Field(
        default=0.8, gt=0, le=1, description="Part of the shelf life in which it must sell"
    )
    max_expected_waste_rate: float = Field(default=0.5, ge=0, le=1, description="A lot that wastes more is refused")
    is_whole_units: bool = Field(
        default=True, description="Orders are whole base units where no multiple says otherwise"
    )
    capital_budget_value: float | None = Field(
        default=None, gt=0, description="Mean stock at cost that may be invested; null: as much as the plan does"
    )
    is_budget_binding: bool = Field(default=True, description="Orders that the budget does not carry are withheld")
    is_turnover_binding: bool = Field(
        default=True, description="A turnover target of the company bounds the mean stock like a budget"
    )
    is_replay_binding: bool = Field(
        default=True, description="A plan that replays worse than what was done is not ordered from"
    )
    closed_suppliers: tuple[str, ...] = ()
    supplier_calendars: tuple[SupplierCalendar, ...] = ()
    supplier_feeds: tuple[SupplierFeed, ...] = ()
    horizon_days: int = Field(default=365, gt=0, description="Dates further away are not stated")

    @field_validator("cells", mode="after")
    @classmethod
    def _rest_of_the_cells(cls, given: dict[str, CellPolicy]) -> dict[str, CellPolicy]:
        return {**_default_cells(), **given}

    @model_validator(mode="after")
    def _cells_exist(self) -> PolicySettings:
        unknown = sorted(set(self.cells) - {a + x for a in "ABC" for x in "XYZ"})
        if unknown:
            raise ValueError(f"cells: no such ABC-XYZ cell: {', '.join(unknown)}")
        return self
