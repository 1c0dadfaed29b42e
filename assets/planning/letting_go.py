"""What to do with stock and orders that are too much: reads what the comparison needs and ranks every alternative."""

from __future__ import annotations

from datetime import date

import duckdb
import pandas as pd

from assets.planning import reading
from assets.planning.disposal.capacity import sells_with
from assets.planning.disposal.rank import ALTERNATIVE_COLUMNS, COLUMNS, DisposalInputs, rank_disposals
from assets.planning.disposal.recoveries import COLUMNS as RECOVERY_COLUMNS
from assets.planning.disposal.recoveries import RATE_COLUMNS, learnt_rates, recoveries
from assets.planning.planned import Planned
from assets.planning.policy.row_levels import truth
from assets.planning.settings import PlanningSettings
from assets.planning.shape import shaped
from assets.planning.transfers.lanes import lane_table

KEYS = ["item_id", "warehouse_id"]
PARTNER_WINDOW_DAYS = 365
RECORD_WINDOW_DAYS = 730


def disposal_tables(
    connection: duckdb.DuckDBPyConnection,
    planned: Planned,
    replenishment: pd.DataFrame,
    as_of: date,
    settings: PlanningSettings,
) -> dict[str, pd.DataFrame]:
    """The tables disposals, disposal_alternatives, disposal_recoveries and disposal_ways of the schema `planning`."""
    options = settings.disposal
    record = recoveries(reading.read_disposal_events(connection, as_of, RECORD_WINDOW_DAYS), options)
    rates = learnt_rates(record, options)
    inputs = DisposalInputs(
        replenishment,
        planned.spine,
        planned.assigned.drop_duplicates(KEYS).set_index(KEYS)["max_cover_days"],
        lane_table(sorted(replenishment["warehouse_id"].unique()), settings.transfers),
        _partners(connection, planned, replenishment, as_of),
        _last_receipts(planned, as_of, options.return_window_days),
        dict(zip(rates["way"], rates["learnt_rate"], strict=True)),
    )
    ranked = rank_disposals(
        inputs, as_of=as_of, settings=options, holding_rate=settings.policy.holding_rate,
        is_whole_units=settings.policy.is_whole_units,
    )  # fmt: skip
    return {
        "disposals": shaped(ranked.disposals, COLUMNS),
        "disposal_alternatives": shaped(ranked.alternatives, ALTERNATIVE_COLUMNS),
        "disposal_recoveries": shaped(record, RECOVERY_COLUMNS),
        "disposal_ways": shaped(rates, RATE_COLUMNS),
    }


def _partners(
    connection: duckdb.DuckDBPyConnection, planned: Planned, replenishment: pd.DataFrame, as_of: date
) -> pd.DataFrame | None:
    """What each item with too much of it sells with: active items that are not too much themselves, where they sell."""
    is_excess = replenishment["excess_units"] > 0
    items = sorted(replenishment.loc[is_excess, "item_id"].unique())
    if not items:
        return None
    lines = reading.read_lines_beside(connection, items, as_of, PARTNER_WINDOW_DAYS)
    active = planned.spine.loc[truth(planned.spine, "is_active"), KEYS]
    fit = active.merge(replenishment.loc[~is_excess, KEYS], on=KEYS)
    paces = fit.merge(planned.classes[[*KEYS, "annual_consumption_units"]], on=KEYS)
    return sells_with(lines, paces.assign(day_units=paces["annual_consumption_units"].fillna(0.0) / 365))


def _last_receipts(planned: Planned, as_of: date, window_days: float) -> pd.DataFrame | None:
    """Units of each row that a supplier delivered within the window in which it takes goods back."""
    if planned.receipts.empty:
        return None
    age = (pd.Timestamp(as_of) - pd.to_datetime(planned.receipts["receipt_date"])).dt.days
    recent = planned.receipts[age <= window_days]
    units = recent.groupby(KEYS)["received_units"].sum().astype(float)
    return units.rename("window_units").reset_index()
