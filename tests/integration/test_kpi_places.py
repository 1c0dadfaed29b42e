"""Every KPI of the catalogue in every place that shows it: one figure, or a reader has no reason to trust any.

Prevents: a definition that lives twice (2026-11: record accuracy 0.9738 and 0.9768, suppliers on time 0.3728 and 0.3754).
`STOCKTURN_RENEW_DOCS=1` writes the table of docs/kpis.md again from the demo company.
"""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import Any

import duckdb
import pytest
from published_demo import demo_release
from semantic_layer import ask, release_for, semantic_engine

from assets.publish.kpis import kpi_catalogue
from assets.publish.releases import Release
from assets.publish.review.figures import read_review
from assets.publish.review.tables import all_tables
from dashboard.filters import Filter
from dashboard.queries import overview
from dashboard.release_reader import ReleaseReader
from orchestration.ask.published import Limits, Published
from orchestration.ask.server import build_server

PAGE = Path(__file__).resolve().parents[2] / "docs" / "kpis.md"
SUMMED = "dashboard, summed"  # any other choice of item-warehouses; documents are counted, not summed from them
PLACES = ("mart", "MetricFlow", "dashboard", SUMMED, "pack", "MCP")
LAST_DIGIT = 1e-6  # the mart rounds ratios to six digits and amounts to four
Figures = dict[str, Any]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return demo_release(tmp_path_factory)


@pytest.fixture(scope="module")
def places(release: Release) -> dict[str, Figures]:
    """Place -> KPI -> figure. A place that does not show a KPI has no entry for it."""
    names = list(kpi_catalogue().kpis)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        rows = connection.execute(
            "select kpi, kpi_value from marts.fct_kpi_summary where scope = 'company' and scope_value = ''"
        ).fetchall()
    engine = semantic_engine()
    with release_for(engine, release) as connection:
        asked = {name: ask(engine, connection, [name], [])[0][name] for name in names}
    reader = ReleaseReader(release)
    try:
        shown = overview.kpis(reader, Filter(), None)
        summed = overview.summed(reader, Filter())
    finally:
        reader.close()
    pack = all_tables(read_review(release, None, ()), "en")[0]
    labels = {kpi.label.en: name for name, kpi in kpi_catalogue().kpis.items()}
    return {
        "mart": dict(rows),
        "MetricFlow": asked,
        "dashboard": {kpi.name: kpi.value for kpi in shown},
        SUMMED: {name: figure.value for name, figure in summed.items()},
        "pack": {labels[row[0]]: row[1].value for row in pack.rows},
        "MCP": asyncio.run(_asked_by_an_assistant(release)),
    }


async def _asked_by_an_assistant(release: Release) -> Figures:
    """The tool `kpis`, called by the protocol's own client."""
    mcp = pytest.importorskip("mcp", reason="the extra `mcp`")
    data = Published(release, Limits())
    try:
        async with mcp.Client(build_server(data, "Demo", "CNY", list), read_timeout_seconds=120) as client:
            answer = await client.call_tool("kpis", {})
            assert not answer.is_error, answer
            return {row["kpi"]: row["kpi_value"] for row in answer.structured_content["kpis"]}
    finally:
        data.close()


@pytest.mark.parametrize("kpi", list(kpi_catalogue().kpis))
def test_one_figure_everywhere(kpi: str, places: dict[str, Figures]) -> None:
    shown = {place: figures[kpi] for place, figures in places.items() if kpi in figures}
    assert set(PLACES) - set(shown) <= {SUMMED}
    expected = shown.pop("mart")
    for place, value in shown.items():
        if expected is None:
            assert value is None, place
        else:
            assert float(value) == pytest.approx(expected, abs=LAST_DIGIT, rel=LAST_DIGIT), place


def test_most_kpis_have_a_figure(places: dict[str, Figures]) -> None:
    """Or the comparison would agree on nothing."""
    assert sum(value is not None for value in places["mart"].values()) >= len(kpi_catalogue().kpis) - 1


def test_shares_of_the_stock_are_shares(release: Release) -> None:
    """Excess counts the position, so it was above 1 where most of it was still on order."""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        beyond = connection.execute(
            """select kpi, scope, scope_value, kpi_value from marts.fct_kpi_summary
               where kpi in ('excess_rate', 'dead_stock_rate', 'slow_moving_rate', 'near_expiry_rate')
                   and kpi_value not between 0 and 1"""
        ).fetchall()
    assert beyond == []


def test_a_window_of_365_days_has_365_days(release: Release) -> None:
    """Whole months made it 349 days on the 15th of a month."""
    with duckdb.connect(str(release.database), read_only=True) as connection:
        windows = connection.execute(
            """select 'orders' as what, min(promised_date), max(promised_date) from marts.fct_order_lines where is_promise_last_365_days
               union all select 'demand', min(requested_date), max(requested_date) from marts.fct_order_lines where is_last_365_days
               union all select 'purchases', min(due_date), max(due_date) from marts.fct_purchase_lines where is_last_365_days
               union all select 'counts', min(count_date), max(count_date) from reconciliation.rec_count_lines where is_last_365_days"""
        ).fetchall()
        [(as_of,)] = connection.execute("select as_of_date from marts.dim_run_parameters").fetchall()
    assert len(windows) == 4
    for what, first, last in windows:
        assert 300 < (as_of - first).days <= 364 and last <= as_of, what


def test_the_page_lists_every_kpi(places: dict[str, Figures], release: Release) -> None:
    """The table of the page is what this test saw; its KPIs and places are those of the product."""
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("STOCKTURN_RENEW_DOCS"):
        kept = re.split(r"(<!-- places -->\n).*?(<!-- end -->)", text, flags=re.DOTALL)
        text = kept[0] + kept[1] + _table(places, release) + kept[2] + kept[3]
        PAGE.write_text(text, encoding="utf-8")
    listed = re.findall(r"^\| `(\w+)` \|.*\| yes \|$", text, flags=re.MULTILINE)
    assert listed == list(kpi_catalogue().kpis), "renew docs/kpis.md (see above)"
    assert all(place in text for place in PLACES)


def _table(places: dict[str, Figures], release: Release) -> str:
    lines = [
        f"Demo company, {_items(release)} items, {release.as_of}; `-`: the place does not show it.",
        "",
        f"| KPI | {' | '.join(PLACES)} | equal |",
        "|---" * (len(PLACES) + 2) + "|",
    ]
    for name in kpi_catalogue().kpis:
        figures = [_shown(places[place], name) for place in PLACES]
        equal = "yes" if len(set(figures) - {"-"}) == 1 else "no"
        lines.append(f"| `{name}` | {' | '.join(figures)} | {equal} |")
    return "\n".join(lines) + "\n"


def _items(release: Release) -> int:
    return next(mart["rows"] for mart in release.manifest["marts"] if mart["name"] == "dim_items")


def _shown(figures: Figures, name: str) -> str:
    if name not in figures:
        return "-"
    value = figures[name]
    if value is None:
        return "none"
    return f"{float(value):.2f}" if abs(value) >= 1000 else f"{float(value):.6f}"
