"""Reads a company's warehouse and replays a what-if over it: what `stockturn replay` shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd

from assets.planning import reading
from assets.planning.reading_network import read_network
from assets.planning.replay.forecaster import blend_forecaster
from assets.planning.replay.freed import capital_at_equal_fill
from assets.planning.replay.replay import ReplayInputs, ReplayResult, replay
from assets.planning.replay.what_if import PolicyFile, by_cell, changed_policies
from assets.planning.replay.window import fitted_window
from assets.planning.settings import PlanningSettings

KEYS = ["item_id", "warehouse_id"]


@dataclass(frozen=True)
class WhatIf:
    """present, changed: replays of the configuration and of the file. cells: `by_cell`. freed: of the changed one."""

    as_of: date
    present: ReplayResult
    changed: ReplayResult
    cells: pd.DataFrame
    freed: dict[str, float | str]


def replay_what_if(
    connection: duckdb.DuckDBPyConnection, document: PolicyFile, settings: PlanningSettings, *, refit_days: int
) -> WhatIf:
    """Replay both sets of policies on what the last run left in the warehouse.

    Raises:
        ValueError: there is no plan in the warehouse, or less than half a year of demand before the window, or an item
            of the file that the company does not have.
    """
    as_of = day_of_the_plan(connection)
    spine = reading.read_spine(connection)
    unknown_items(document, spine)
    history = connection.execute("select * from planning.demand_history order by all").df()
    window = fitted_window(
        settings.replay.model_copy(update={"refit_days": refit_days, "is_choosing": False}), history, as_of
    )
    if window is None:
        raise ValueError("less than half a year of demand before a window that could be measured")
    receipts = reading.read_lead_times(connection)
    inputs = ReplayInputs(
        spine, reading.read_demand(connection), reading.read_balances(connection), receipts,
        history, connection.execute("select * from planning.item_classes order by all").df(),
        read_network(connection, spine, receipts, as_of, settings), reading.read_write_offs(connection),
    )  # fmt: skip
    groups = spine.drop_duplicates(KEYS).set_index(KEYS)["category_name"]
    forecaster = blend_forecaster(settings.forecast, groups)
    present, changed = (
        replay(
            inputs, forecaster, as_of=as_of, frequency=settings.forecast.frequency, parameters=settings.parameters,
            policies=policies, settings=window,
        )
        for policies in (settings.policy, changed_policies(settings.policy, document))
    )  # fmt: skip
    freed = capital_at_equal_fill(changed.curve, changed.summary)
    return WhatIf(as_of, present, changed, by_cell(present.table, changed.table), freed)


def day_of_the_plan(connection: duckdb.DuckDBPyConnection) -> date:
    """The day that the plan in the warehouse is of.

    Raises:
        ValueError: there is none.
    """
    tables = {
        row[0]
        for row in connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
    }
    if {"control.run_parameters", "planning.item_classes", "planning.demand_history"} - tables:
        raise ValueError("the warehouse holds no plan yet; run `stockturn run` first")
    [(as_of,)] = connection.execute("select as_of_date from control.run_parameters").fetchall()
    day: date = as_of
    return day


def unknown_items(document: PolicyFile, spine: pd.DataFrame) -> None:
    """Refuses a file with items that the company does not have.

    Raises:
        ValueError: names the first five of them.
    """
    unknown = sorted({each.item_id for each in document.items} - set(spine["item_id"]))
    if unknown:
        raise ValueError(f"items: the company has no {', '.join(unknown[:5])}")
