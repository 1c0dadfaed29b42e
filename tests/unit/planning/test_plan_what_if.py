"""`stockturn plan --what-if` on a company of a few rows: what the file changes shows, what it does not stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pytest
from small_companies import AS_OF, company_of, write_company

from assets.documents import DocumentError, parse_document
from assets.planning import reading
from assets.planning.demand.history import build_demand_history
from assets.planning.forecasting.vintage_store import VintageStore
from assets.planning.pipeline import Known, known, plan_everything
from assets.planning.plan_what_if import PlanWhatIf, plan_what_if, planned_twice
from assets.planning.policy.changes import PlanFile, echelon_factors
from assets.planning.settings import PlanningSettings

SETTINGS = PlanningSettings()
KEYS = ["item_id", "warehouse_id"]


class Company(NamedTuple):
    """A warehouse, what is known of it, and what its run published as planning.replenishment."""

    connection: duckdb.DuckDBPyConnection
    known: Known
    published: pd.DataFrame
    tables: dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A planned company of three items with a supplier and costs, and what its run published."""
    series = [("poisson", "c/a", "c/w"), ("poisson", "c/b", "c/w"), ("seasonal", "c/d", "c/w")]
    made = company_of(series, 200, np.random.default_rng(3))
    spine = made.tables["intermediate.int_item_warehouses"]
    made.tables["intermediate.int_item_warehouses"] = spine.assign(
        unit_cost_latest=[10.0, 20.0, 5.0], default_supplier_id=pd.array(["c/s", "c/s", "c/t"], "string"),
        lead_time_days_master=14.0, moq_units=np.nan, order_multiple_units=np.nan, category_name=["x", "y", "y"],
    )  # fmt: skip
    for name in ("int_supplier_lead_times", "int_open_supply_lines", "int_item_warehouse_balances"):
        made.tables[f"intermediate.{name}"] = made.tables[f"intermediate.{name}"].iloc[:0]
    with duckdb.connect() as connection:
        write_company(connection, made)
        history = build_demand_history(
            reading.read_demand(connection), reading.read_balances(connection), reading.read_spine(connection),
            as_of=AS_OF, settings=SETTINGS.demand,
        )  # fmt: skip
        connection.register("history", history)
        connection.execute("create table planning.demand_history as select * from history")
        folder = tmp_path_factory.mktemp("vintages")
        tables = plan_everything(connection, AS_OF, SETTINGS, VintageStore(folder, AS_OF))
        connection.register("classes", tables["item_classes"])
        connection.execute("create table planning.item_classes as select * from classes")
        connection.execute("create table control.run_parameters as select ?::date as as_of_date", [AS_OF])
        yield Company(connection, known(connection, AS_OF, SETTINGS), tables["replenishment"], tables)


def _what_if(company: Company, text: str) -> PlanWhatIf:
    document = parse_document(text, PlanFile, name="f.yml")
    return planned_twice(company.connection, company.known, AS_OF, document, SETTINGS)


def _rows(found: PlanWhatIf, name: str) -> tuple[pd.Series, pd.Series]:
    one, two = (each["replenishment"].set_index("item_id")[name] for each in (found.present, found.changed))
    return one, two


def test_the_present_side_is_what_the_run_published(company: Company) -> None:
    document = parse_document("lead_times: [{supplier_id: c/t, change_days: 30}]", PlanFile, name="f.yml")
    found = plan_what_if(company.connection, document, SETTINGS)
    pd.testing.assert_frame_equal(found.present["replenishment"], company.published)
    # only what that supplier delivers waits longer, and so needs a higher level and more safety stock
    reorder, longer = _rows(found, "reorder_point_units")
    assert longer["c/d"] > reorder["c/d"] * 1.5
    assert (longer[["c/a", "c/b"]] == reorder[["c/a", "c/b"]]).all()
    assert set(found.compared.rows["item_id"]) == {"c/d"}
    figures = found.compared.company.set_index("figure")
    assert figures.loc["safety_stock_value", "change"] > 0 and figures.loc["order_value", "change"] > 0
    by_supplier = found.compared.suppliers.set_index("supplier_id")
    assert by_supplier.loc["c/s", "what_if_order_value"] == by_supplier.loc["c/s", "present_order_value"]
    assert by_supplier.loc["c/t", "what_if_order_value"] > by_supplier.loc["c/t", "present_order_value"]


def test_more_demand_a_higher_service_and_a_smallest_order_each_show(
    company: Company,
) -> None:
    pace, more = _rows(_what_if(company, "demand: [{category_name: y, change_rate: 0.5}]"), "day_units")
    assert more["c/b"] == pytest.approx(1.5 * pace["c/b"], rel=1e-9) and more["c/a"] == pace["c/a"]
    safety, higher = _rows(_what_if(company, "all_cells: {service_level_rate: 0.995}"), "safety_stock_units")
    assert (higher >= safety).all() and higher.sum() > safety.sum()
    found = _what_if(company, "order_limits: [{item_id: c/a, moq_units: 5000}]")
    assert _rows(found, "order_quantity_units")[1]["c/a"] == 5000


def test_a_budget_cuts_orders_and_the_table_says_so(company: Company) -> None:
    found = _what_if(company, "capital_budget_value: 10")
    figures = found.compared.company.set_index("figure")
    assert figures.loc["cut_by_budget_rows", "change"] > 0
    assert figures.loc["order_value", "change"] < 0 < figures.loc["withheld_value", "change"]
    assert figures.loc["planned_purchase_value", "present"] > 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: nothing", "changes nothing"),
        ("lead_times: [{supplier_id: c/s}]", "give one of days, change_days, times"),
        ("lead_times: [{days: 3, times: 2}]", "give one of days, change_days, times"),
        ("order_limits: [{item_id: c/a}]", "give moq_units, times or order_multiple_units"),
        ("demand: [{change_rate: -2}]", "change_rate"),
    ],
)
def test_a_file_that_says_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        parse_document(text, PlanFile, name="f.yml")


def test_a_scope_without_rows_is_refused(company: Company) -> None:
    """Prevents: a misspelt supplier whose what-if shows no change and is believed."""
    with pytest.raises(ValueError, match="no row for supplier_id c/none"):
        _what_if(company, "lead_times: [{supplier_id: c/none, change_days: 3}]")


def test_a_feeding_place_changes_with_what_it_feeds() -> None:
    above = np.array([-1, 0, 0, -1])
    factor = echelon_factors(np.array([1.0, 2.0, 1.0, 0.5]), np.array([0.0, 1.0, 3.0, 2.0]), above)
    assert factor.tolist() == [1.25, 2.0, 1.0, 0.5]


def test_the_example_that_is_shipped_can_be_read() -> None:
    path = Path(__file__).parents[3] / "config" / "what_if" / "longer_lead_times.yml"
    document = parse_document(path.read_text(encoding="utf-8"), PlanFile, name=str(path))
    assert document.lead_times and document.demand


def test_forecasts_of_categories_are_the_sums_of_their_items(company: Company) -> None:
    nodes, series = company.tables["forecast_nodes"], company.tables["forecasts"]
    assert set(nodes["node_level"]) == {
        "total",
        "warehouse",
        "category",
    }  # an item is one row here: it says nothing new
    category = series["item_id"].map({"c/a": "x", "c/b": "y", "c/d": "y"})
    wanted = series.groupby([category, "horizon_periods"])["mean_units"].sum()
    rows = nodes[nodes["node_level"] == "category"].set_index(["node_name", "horizon_periods"])["mean_units"]
    np.testing.assert_allclose(rows.reindex(wanted.index), wanted)
    total = nodes[nodes["node_level"] == "total"].set_index("horizon_periods")
    np.testing.assert_allclose(total["mean_units"], series.groupby("horizon_periods")["mean_units"].sum())
    # the sum is surer than its parts: its 95 % quantile is less than the sum of theirs
    assert (total["q95_units"] < series.groupby("horizon_periods")["q95_units"].sum()).all()
    assert (total["q10_units"] <= total["q50_units"]).all() and (total["q50_units"] <= total["q95_units"]).all()
