"""The one screen that says what to do: KPIs against targets, trend, where the capital sits, what to act on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from assets.publish.summaries import ROLLED_KPIS
from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader

_SCOPED = (
    "record_accuracy_rate",
    "on_time_delivery_rate",
)  # made of documents, kept per company, warehouse and category
KPIS = (*ROLLED_KPIS, *_SCOPED)


@dataclass(frozen=True)
class Kpi:
    """One tile. `value` None: not available, `status` says why. `before`: the same in the release before."""

    name: str
    value: float | None
    status: str
    coverage: float | None = None
    target: float | None = None
    floor: float | None = None
    ceiling: float | None = None
    before: float | None = None

    @property
    def is_good(self) -> bool | None:
        """Within its limits; None where there is no limit or no value."""
        if self.value is None or (self.floor is None and self.ceiling is None):
            return None
        return (self.floor is None or self.value >= self.floor) and (self.ceiling is None or self.value <= self.ceiling)

    @property
    def is_on_target(self) -> bool | None:
        """Reaches its target; a floor says that more is better, a ceiling that less is."""
        if self.value is None or self.target is None or (self.floor is None) == (self.ceiling is None):
            return None
        return self.value >= self.target if self.floor is not None else self.value <= self.target


def kpis(reader: ReleaseReader, wanted: Filter, before: ReleaseReader | None) -> list[Kpi]:
    """The tiles, in order, with the values of the release before where it has the mart."""
    now, earlier = _values(reader, wanted), _values(before, wanted) if before else {}
    targets = _targets(reader, wanted)
    result = []
    for name in KPIS:
        value, status, coverage = now.get(name, (None, "not_available: not kept for this choice", None))
        target, floor, ceiling = targets.get(name, (None, None, None))
        last = earlier.get(name, (None,))[0]
        result.append(Kpi(name, value, status, coverage, target, floor, ceiling, last))
    return result


def _values(reader: ReleaseReader, wanted: Filter) -> dict[str, tuple[float | None, str, float | None]]:
    """The KPIs of the choice; `coverage` says how many rows are in the sums."""
    parts = []
    for name, (_, denominator, _known) in ROLLED_KPIS.items():
        parts.append(f"sum({name}_n) as {name}_n")
        parts.append(f"{f'sum({name}_d)' if denominator else '1'} as {name}_d")
        parts.append(f"sum({name}_k) / nullif(sum(item_warehouses), 0) as {name}_c")
    row = reader.row(f"select {', '.join(parts)} from {wanted.summary('health')}", wanted.parameters)
    result = {name: _ratio(row, name) for name in ROLLED_KPIS}
    return {**result, **_scoped(reader, wanted)}


def _ratio(row: dict, name: str) -> tuple[float | None, str, float | None]:
    numerator, denominator, coverage = (row.get(f"{name}_{part}") for part in "ndc")
    if numerator is None or denominator is None:
        return None, "not_available: no input", coverage
    if denominator == 0:
        no_sales = name == "days_inventory_outstanding"
        return None, "no_sales" if no_sales else "not_available: nothing to divide by", coverage
    return float(numerator) / float(denominator), "ok", coverage


def scope_of(wanted: Filter) -> tuple[str, str] | None:
    """The scope of `fct_kpi_summary` that says exactly what the filter says, or None."""
    chosen = dict(wanted.parameters)
    if not chosen:
        return "company", ""
    if len(chosen) == 1:
        for name, scope in (("warehouses", "warehouse"), ("categories", "category")):
            if len(chosen.get(name, ())) == 1:
                return scope, str(chosen[name][0])
    return None


def _scoped(reader: ReleaseReader, wanted: Filter) -> dict[str, tuple[float | None, str, float | None]]:
    scope = scope_of(wanted)
    if scope is None or not reader.has("fct_kpi_summary"):
        return {}
    frame = reader.frame(
        """select kpi, kpi_value, kpi_status, coverage_rate from fct_kpi_summary
           where scope = $scope and scope_value = $value and list_contains($kpis, kpi)""",
        {"scope": scope[0], "value": scope[1], "kpis": list(_SCOPED)},
    )
    return {
        str(row["kpi"]): (_number(row["kpi_value"]), str(row["kpi_status"]), _number(row["coverage_rate"]))
        for row in frame.to_dict("records")
    }


def _targets(reader: ReleaseReader, wanted: Filter) -> dict[str, tuple[float | None, float | None, float | None]]:
    scope, value = scope_of(wanted) or ("company", "")
    frame = reader.frame(
        """select distinct on (kpi) kpi, target_rate, floor_rate, ceiling_rate from fct_kpi_summary
           where (scope = $scope and scope_value = $value) or scope = 'company'
           order by kpi, scope = 'company'""",
        {"scope": scope, "value": value},
    )
    return {
        str(row["kpi"]): (_number(row["target_rate"]), _number(row["floor_rate"]), _number(row["ceiling_rate"]))
        for row in frame.to_dict("records")
    }


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)


def trend(reader: ReleaseReader, wanted: Filter, months: int = 24) -> pd.DataFrame:
    """Month by month: inventory value at the end, annualised turnover, share of order lines out of stock."""
    return reader.frame(
        f"""with turnover as (
                select month_start_date, sum(ending_value) as ending_value,
                    sum(cogs_value) * 365 / nullif(sum(average_value_days), 0) as inventory_turnover
                from {wanted.summary("turnover")} group by all
            ), service as (
                select month_start_date, sum(stockout_lines) / nullif(sum(due_lines), 0) as stockout_line_rate
                from {wanted.summary("service")} group by all
            )
            select * from turnover left join service using (month_start_date)
            order by month_start_date desc limit {int(months)}""",
        wanted.parameters,
    ).iloc[::-1]


def actions(reader: ReleaseReader, wanted: Filter) -> dict:
    """How many things wait, and the money in them."""
    sums = ", ".join(f"sum({name}) as {name}" for name in _WAITING)
    return reader.row(f"select {sums} from {wanted.summary('health')} having count(*) > 0", wanted.parameters)


_WAITING = (
    "order_items",
    "order_value",
    "stockout_soon_items",
    "dead_items",
    "dead_value",
    "expiry_items",
    "expiry_value",
    "mismatch_items",
)


def where_it_sits(reader: ReleaseReader, wanted: Filter, by: str, limit: int = 12) -> pd.DataFrame:
    """Capital by category or warehouse, split into healthy, excess and dead; the largest first.

    Excess is counted on what is not dead, so that the three add up to the capital.
    """
    if by not in {"category_name", "warehouse_name", "owner_name"}:
        raise ValueError(f"cannot group by {by}")
    return reader.frame(
        f"""select coalesce({by}, '') as name, sum(known_value) as total_value, sum(known_dead_value) as dead_value,
                sum(known_excess_value) as excess_value
            from {wanted.summary("health")} where known_value is not null
            group by all order by total_value desc nulls last, name limit {int(limit)}""",
        wanted.parameters,
    )
