"""Sums made once a release: the marts' own figures under every filter, and made on the spot for a release without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from pandas.testing import assert_frame_equal

from assets.publish.releases import Release
from assets.publish.summaries import SUMMARIES, summaries_of
from benchmarks.dashboard import FILTERS
from benchmarks.synthetic_release import write_release
from dashboard.filters import Filter
from dashboard.queries import moves, overview, stock
from dashboard.release_reader import ReleaseReader

# Sums of doubles made by parallel threads differ in the last digits with the order: 2e-16 was seen, 2026-11-22.
LAST_DIGITS = 1e-12


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return write_release(tmp_path_factory.mktemp("releases"), 400, 5)


@pytest.fixture(scope="module")
def reader(release: Release) -> Iterator[ReleaseReader]:
    opened = ReleaseReader(release)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", [*FILTERS, "nobody"])
def test_sums_are_those_of_the_marts(reader: ReleaseReader, name: str) -> None:
    """The marts joined to the item-warehouses of the filter: what the pages asked before there were summaries."""
    wanted = FILTERS.get(name, Filter(allowed_owners=()))
    ageing = reader.frame(
        f"""select snapshot_date, bucket_no, sum(stock_value) as v from {wanted.of("fct_stock_ageing")}
            group by all order by all""",
        wanted.parameters,
    )
    found = stock.buckets_over_time(reader, wanted)
    assert found["stock_value"].tolist() == pytest.approx(ageing["v"].tolist())
    assert found["snapshot_date"].tolist() == ageing["snapshot_date"].tolist()
    months = reader.frame(
        f"""select month_start_date, sum(ending_inventory_value) as ending,
                sum(cogs_value) * 365 / sum(average_inventory_value * period_days) as turnover
            from {wanted.of("fct_turnover_monthly")} group by all order by all""",
        wanted.parameters,
    )
    service = reader.frame(
        f"""select month_start_date, sum(stockout_lines) / sum(due_lines) as rate
            from {wanted.of("fct_order_service")} group by all order by all""",
        wanted.parameters,
    )
    row = reader.row(
        f"""select sum(inventory_value) filter (where value_status = 'ok') as capital,
                count(*) filter (where suggested_order_units > 0) as orders, sum(dead_stock_value) as dead,
                sum(cast(stockout_lines_365 as double)) filter (where service_status = 'ok')
                    / sum(due_lines_365) filter (where service_status = 'ok') as stockout
            from {wanted.health} where is_stocked""",
        wanted.parameters,
    )
    kpis = {kpi.name: kpi for kpi in overview.kpis(reader, wanted, None)}
    assert kpis["inventory_capital"].value == (None if row["capital"] is None else pytest.approx(float(row["capital"])))
    assert kpis["stockout_line_rate"].value == (None if row["stockout"] is None else pytest.approx(row["stockout"]))
    waiting = overview.actions(reader, wanted)
    assert waiting.get("order_items", 0) == row["orders"]
    assert float(waiting.get("dead_value") or 0) == pytest.approx(float(row["dead"] or 0))
    by_category = overview.where_it_sits(reader, wanted, "category_name", 1000)
    assert by_category["total_value"].sum() == pytest.approx(float(row["capital"] or 0))
    trend = overview.trend(reader, wanted)
    assert trend["ending_value"].tolist() == pytest.approx(months["ending"].tolist())
    assert trend["inventory_turnover"].tolist() == pytest.approx(months["turnover"].tolist())
    assert trend["stockout_line_rate"].tolist() == pytest.approx(service["rate"].tolist())
    assert (len(trend) == 0) == (name == "nobody")


def test_a_release_without_summaries_is_summed_when_it_is_opened(release: Release, tmp_path: Path) -> None:
    """After `releases rollback` the current release may be older than the summaries and the newest marts."""
    old = tmp_path / release.path.name
    old.mkdir()
    (old / "manifest.json").write_text((release.path / "manifest.json").read_text(encoding="utf-8"), encoding="utf-8")
    with duckdb.connect(str(old / "stockturn.duckdb")) as connection:
        connection.execute(f"attach '{release.database}' as full_release (read_only); create schema marts")
        for mart in release.manifest["marts"]:
            if mart["name"] not in {"fct_transfers", "fct_disposals", "fct_policy_replay"}:
                connection.execute(f"create table marts.{mart['name']} as from full_release.marts.{mart['name']}")
    fresh, older = ReleaseReader(release), ReleaseReader.open(old)
    try:
        for wanted in FILTERS.values():
            assert_frame_equal(overview.trend(older, wanted), overview.trend(fresh, wanted), rtol=LAST_DIGITS)
            assert overview.kpis(older, wanted, None)[0].value == pytest.approx(
                overview.kpis(fresh, wanted, None)[0].value
            )
            assert len(stock.buckets_now(older, wanted)) == len(stock.buckets_now(fresh, wanted)) > 0
        assert "way" in stock.disposal_list(fresh, Filter()) and "way" not in stock.disposal_list(older, Filter())
    finally:
        fresh.close()
        older.close()


def test_what_cannot_be_made_is_left_out() -> None:
    assert summaries_of(["fct_stock_ageing"]) == []
    assert summaries_of(["fct_stock_ageing", "fct_inventory_health", "x"]) == ["ageing", "health"]
    assert len(summaries_of({mart for needed, _ in SUMMARIES.values() for mart in needed})) == len(SUMMARIES)


def test_a_move_is_seen_from_both_ends_and_by_nobody_else(reader: ReleaseReader) -> None:
    """The one who gives must agree as much as the one who gets."""
    everything = moves.transfers(reader, Filter(), 10_000)
    assert len(everything) > 0 and len(everything) == moves.transfer_summary(reader, Filter())["moves"]
    one = Filter(warehouses=("C/W03",))
    seen = reader.frame(
        """select count(*) as n from fct_transfers t where to_warehouse_id = 'C/W03' or (from_warehouse_id = 'C/W03'
           and (item_id, 'C/W03') in (select (item_id, warehouse_id) from fct_inventory_health))"""
    )
    assert 0 < len(moves.transfers(reader, one, 10_000)) == seen["n"].iloc[0] < len(everything)
    assert moves.transfers(reader, Filter(allowed_owners=())).empty


def test_the_replay_is_summed_over_rows_that_both_sides_know(reader: ReleaseReader) -> None:
    by_class = moves.replay_by_class(reader, Filter())
    sums = moves.replay_summary(by_class)
    assert sums["replay_fill_rate"] == pytest.approx(360 / 365) and sums["actual_fill_rate"] == pytest.approx(350 / 365)
    assert sums["replay_stock_value"] / sums["actual_stock_value"] == pytest.approx(0.8)
    assert by_class["series"].sum() == sums["series"] == 400 == sums["recommended"] + sums["not_recommended"]
    assert moves.replay_summary(by_class.head(0)) == {}
    verdicts = moves.replay_verdicts(reader, Filter(), 400)["verdict"].tolist()
    assert verdicts == sorted(verdicts), "what is advised against comes first"
    ways = moves.ways_out(reader, Filter())
    assert (ways["book_value"] - ways["expected_recovery_value"]).tolist() == pytest.approx(
        ways["expected_loss_value"].tolist()
    )
