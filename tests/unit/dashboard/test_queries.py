"""The pages' queries on a small release: right sums, filters that cut, limits that hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.dashboard import FILTERS, pages
from benchmarks.synthetic_release import write_release
from dashboard.filters import Filter
from dashboard.queries import item, overview, planning, quality, stock
from dashboard.queries.worklist import worklist
from dashboard.release_reader import ReleaseReader

EVERYTHING = Filter()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseReader]:
    release = write_release(tmp_path_factory.mktemp("releases"), 600, 14)
    opened = ReleaseReader(release)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", FILTERS)
def test_every_query_of_every_page_answers(reader: ReleaseReader, name: str) -> None:
    for ask in pages(reader, FILTERS[name]).values():
        ask()


def test_turnover_is_the_sum_of_numerators_over_the_sum_of_denominators(reader: ReleaseReader) -> None:
    by_name = {kpi.name: kpi for kpi in overview.kpis(reader, EVERYTHING, None)}
    row = reader.row(
        """select sum(cogs_value_365) / sum(average_inventory_value_365) as turnover, sum(inventory_value) as capital,
               sum(stockout_lines_365) / sum(due_lines_365) as stockout from fct_inventory_health"""
    )
    assert by_name["inventory_turnover"].value == pytest.approx(row["turnover"])
    assert by_name["inventory_capital"].value == pytest.approx(row["capital"])
    assert by_name["stockout_line_rate"].value == pytest.approx(row["stockout"])
    assert by_name["record_accuracy_rate"].value is None, "what the release does not hold is not available, never 0"


def test_a_filter_cuts_every_page_alike(reader: ReleaseReader) -> None:
    one = Filter(warehouses=("C/W03",), abc_classes=("A", "B"))
    expected = reader.row(
        """select sum(inventory_value) as capital, count(*) as n from fct_inventory_health
           where warehouse_id = 'C/W03' and abc_class in ('A', 'B')"""
    )
    assert 0 < expected["n"] < 600
    capital = next(kpi.value for kpi in overview.kpis(reader, one, None) if kpi.name == "inventory_capital")
    assert capital == pytest.approx(expected["capital"])
    assert stock.cells(reader, one)["inventory_value"].sum() == pytest.approx(expected["capital"])
    assert planning.forecast_summary(reader, one)["series"] == expected["n"]
    assert set(planning.orders(reader, one)["warehouse_id"]) <= {"C/W03"}


def test_an_owner_sees_his_own_stock_only(reader: ReleaseReader) -> None:
    mine = Filter(allowed_owners=("责任人1",))
    assert quality.choices(reader, mine)["owners"] == ["责任人1"]
    asked_for_more = Filter(owners=("责任人2",), allowed_owners=("责任人1",))
    assert stock.disposal_list(reader, asked_for_more).empty
    other = reader.row("select item_id, warehouse_id from fct_inventory_health where owner_name = '责任人2' limit 1")
    assert item.card(reader, mine, other["item_id"], other["warehouse_id"]) == {}
    assert item.find(reader, mine, other["item_id"].split("/")[1]).empty
    assert item.places(reader, mine, other["item_id"]).empty
    assert set(worklist(reader, mine)["owner_name"]) == {"责任人1"}
    nobody = Filter(allowed_owners=())
    assert overview.actions(reader, nobody) == {}
    assert stock.cells(reader, nobody).empty


def test_a_warehouse_keeper_sees_his_own_warehouse_only(reader: ReleaseReader) -> None:
    mine = Filter(allowed_warehouses=("C/W03",))
    assert quality.choices(reader, mine)["warehouses"] == ["C/W03"]
    assert stock.disposal_list(reader, Filter(warehouses=("C/W04",), allowed_warehouses=("C/W03",))).empty
    assert set(planning.orders(reader, mine)["warehouse_id"]) <= {"C/W03"}
    document = reader.value("select doc_no from fct_stock_movements where warehouse_id = 'C/W04' limit 1")
    assert set(item.document(reader, mine, document)["warehouse_id"]) <= {"C/W03"}
    owner = reader.value("select owner_name from fct_inventory_health where warehouse_id = 'C/W03' limit 1")
    both = Filter(allowed_warehouses=("C/W03", "C/W04"), allowed_owners=(owner,))
    rows = reader.frame(f"select distinct warehouse_id, owner_name from {both.health}", both.parameters)
    assert set(rows["owner_name"]) == {owner} and "C/W03" in set(rows["warehouse_id"]) <= {"C/W03", "C/W04"}


def test_what_costs_most_is_first_and_money_is_counted_once(reader: ReleaseReader) -> None:
    found = worklist(reader, EVERYTHING, 1000)
    assert found["at_stake_value"].is_monotonic_decreasing and (found["first_value"] <= found["at_stake_value"]).all()
    sums = reader.row(
        """select sum(dead_stock_value - coalesce(near_expiry_value, 0)) as let_go, count(*) as items
           from fct_inventory_health where is_stocked and is_dead and dead_stock_value > coalesce(near_expiry_value, 0)"""
    )
    let_go = found[found["kind"] == "let_go"]
    assert float(let_go["at_stake_value"].sum()) == pytest.approx(float(sums["let_go"]))
    assert let_go["items"].sum() == sums["items"]


def test_warehouses_have_names_and_those_of_one_name_their_code(reader: ReleaseReader) -> None:
    names = quality.warehouse_names(reader)
    assert names["C/W03"] == "仓库 W03" and len(set(names.values())) == len(names)


def test_the_parts_of_the_capital_add_up(reader: ReleaseReader) -> None:
    found = overview.where_it_sits(reader, EVERYTHING, "category_name", limit=1000)
    healthy = found["total_value"] - found["excess_value"].fillna(0) - found["dead_value"].fillna(0)
    assert (healthy >= -1e-6).all()
    with pytest.raises(ValueError, match="cannot group by"):
        overview.where_it_sits(reader, EVERYTHING, "1; drop table x")


def test_a_text_that_is_sql_is_only_a_text(reader: ReleaseReader) -> None:
    assert item.find(reader, EVERYTHING, "'; drop table fct_inventory_health; --").empty
    assert len(item.find(reader, Filter(categories=("' or true --",)), "")) == 0


def test_limits_hold_on_the_server(reader: ReleaseReader) -> None:
    assert len(stock.disposal_list(reader, EVERYTHING, 5)) == 5
    assert len(item.movements(reader, "C/000001", "C/W05", months=24, limit=3)) <= 3


def test_demand_has_a_row_for_every_period(reader: ReleaseReader) -> None:
    chosen = item.find(reader, EVERYTHING, "").iloc[0]
    demand = item.demand(reader, chosen["item_id"], chosen["warehouse_id"], "month", 10)
    assert len(demand) == 11 and (demand["demand_units"] >= 0).all()
    with pytest.raises(ValueError, match="no such period"):
        item.demand(reader, "x", "y", "year; drop", 1)


def test_scope_of_the_kpi_mart() -> None:
    assert overview.scope_of(EVERYTHING) == ("company", "")
    assert overview.scope_of(Filter(warehouses=("W",))) == ("warehouse", "W")
    assert overview.scope_of(Filter(warehouses=("W", "V"))) is None
    assert overview.scope_of(Filter(warehouses=("W",), allowed_owners=("a",))) is None
    assert overview.scope_of(Filter(allowed_owners=("a",))) is None, "an owner must not see the company's figures"


def test_the_reader_reads_only(reader: ReleaseReader, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="read-only"):
        reader.frame("create table marts.mine as select 1 as a")
