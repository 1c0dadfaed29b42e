"""The one screen that says what to do: KPIs against targets, trend, where the capital sits, what to act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from assets.publish.kpis import Kpi as Definition
from assets.publish.summaries import rolled_kpis
from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader

_SCOPES = {
    "warehouses": "warehouse",
    "categories": "category",
    "owners": "owner",
    "abc_classes": "abc_class",
}


@dataclass(frozen=True)
class Kpi:
    """One tile. `value` None: not available, `status` says why. `before`: the same in the release before."""

    name: str
    value: float | None
    status: str
    coverage: float | None = None
    target: float | None = None
    state: str | None = None
    """target_met, within_limits or missed, as the KPI mart has it; None where it does not hold this choice."""
    before: float | None = None


@dataclass(frozen=True)
class Figure:
    """One KPI of one release."""

    value: float | None
    status: str
    coverage: float | None = None
    target: float | None = None
    state: str | None = None


def kpis(reader: ReleaseReader, wanted: Filter, before: ReleaseReader | None, names: Sequence[str] = ()) -> list[Kpi]:
    """KPIs (all of the release, if not said), in order, with the values of the release before where it has the mart."""
    now, earlier = _figures(reader, wanted), _figures(before, wanted) if before else {}
    unknown = Figure(None, "not_available: not kept for this choice")
    result = []
    for name in names or reader.kpis.kpis:
        one, last = now.get(name, unknown), earlier.get(name, unknown)
        result.append(Kpi(name, one.value, one.status, one.coverage, one.target, one.state, last.value))
    return result


def _figures(reader: ReleaseReader, wanted: Filter) -> dict[str, Figure]:
    """The KPIs of the choice: as the mart has them where it holds the choice, else summed by the catalogue's own SQL."""
    return {**summed(reader, wanted), **_of_mart(reader, wanted)}


def summed(reader: ReleaseReader, wanted: Filter) -> dict[str, Figure]:
    """KPIs of any choice of item-warehouses, from the sums that the release keeps for it."""
    parts, rolled = [], rolled_kpis(reader.kpis)
    for name, kpi in rolled.items():
        parts.append(f"sum({name}_n) as {name}_n")
        parts.append(f"{'1' if kpi.is_amount else f'sum({name}_d)'} as {name}_d")
        parts.append(f"sum({name}_k) / nullif(sum(item_warehouses), 0) as {name}_c")
    row = reader.row(f"select {', '.join(parts)} from {wanted.summary('health')}", wanted.parameters)
    return {name: _ratio(row, name, kpi) for name, kpi in rolled.items()}


def _ratio(row: dict, name: str, kpi: Definition) -> Figure:
    numerator, denominator, coverage = (row.get(f"{name}_{part}") for part in "ndc")
    if numerator is None or denominator is None:
        return Figure(None, "not_available: no input", coverage)
    if denominator == 0:
        return Figure(None, kpi.empty or "not_available: nothing to divide by", coverage)
    return Figure(float(numerator) / float(denominator), "ok", coverage)


def scope_of(wanted: Filter) -> tuple[str, str] | None:
    """The scope of `fct_kpi_summary` that says exactly what the filter says, or None."""
    chosen = dict(wanted.parameters)
    if not chosen:
        return "company", ""
    if len(chosen) == 1:
        [(name, values)] = chosen.items()
        if name in _SCOPES and len(values) == 1:
            return _SCOPES[name], str(values[0])
    return None


def _of_mart(reader: ReleaseReader, wanted: Filter) -> dict[str, Figure]:
    scope = scope_of(wanted)
    if scope is None or not reader.has("fct_kpi_summary"):
        return {}
    frame = reader.frame(
        "select * from fct_kpi_summary where scope = $scope and scope_value = $value and list_contains($kpis, kpi)",
        {"scope": scope[0], "value": scope[1], "kpis": list(reader.kpis.kpis)},
    )
    return {
        str(row["kpi"]): Figure(
            _number(row["kpi_value"]),
            str(row["kpi_status"]),
            _number(row["coverage_rate"]),
            _number(row["target_rate"]),
            row.get("attainment_state") or None,  # a release from before the state has none
        )
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
