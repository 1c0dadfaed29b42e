"""The review pack: what it says of a release and the one before, in one file that needs nothing else."""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import duckdb
import pytest
from openpyxl import load_workbook

from assets.publish.releases import Release, build_release
from assets.publish.review import write_review
from assets.publish.review.actions import suggested_actions, what_came_of
from assets.publish.review.drawing import bars, bridge, line
from assets.publish.review.figures import read_review
from assets.publish.review.pdf import pdf_bytes
from benchmarks.synthetic_release import write_release

INCIDENTS = [
    {
        "incident_id": "INC-00001",
        "title": "=HYPERLINK(evil)",
        "title_zh": "<script>单据</script>",
        "gross_value": 12.5,
        "currency_code": "CNY",
        "state": "open",
        "due_date": date(2026, 7, 3),
        "owner_name": "李雷",
    }
]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return write_release(tmp_path_factory.mktemp("releases"), 300, 14)


@pytest.fixture(scope="module")
def before(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """The release with more of the dead stock, one item not yet dead, and another KPI."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{release.database}' as now (read_only)")
        for mart in release.manifest["marts"]:
            connection.execute(f"create schema if not exists {mart['schema']}")
            name = f"{mart['schema']}.{mart['name']}"
            connection.execute(f"create table {name} as select * from now.{name}")
        connection.execute("update marts.fct_inventory_health set on_hand_units = on_hand_units + 7 where is_dead")
        connection.execute(
            """update marts.fct_inventory_health set dead_stock_value = 0 where (item_id, warehouse_id) =
               (select (item_id, warehouse_id) from marts.fct_inventory_health where is_dead
                order by dead_stock_value desc, item_id, warehouse_id limit 1)"""
        )
        connection.execute("update marts.fct_kpi_summary set kpi_value = kpi_value * 2")
        facts = {"as_of_date": "2026-05-31"}
        return build_release(connection, tmp_path_factory.mktemp("before"), "before", facts)


class Outline(HTMLParser):
    """Headings and what a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links.extend(str(value) for name, value in attrs if name in {"src", "href"})


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_needs_nothing_else(release: Release, before: Release, tmp_path: Path, language: Any) -> None:
    """It is mailed and printed: a script, font or picture from elsewhere would be missing, and data must not be code."""
    pack = write_review(release, before, tmp_path, company="A & B", language=language, incidents=INCIDENTS)
    text = pack.html.read_text(encoding="utf-8")
    outline = Outline()
    outline.feed(text)
    assert outline.links == [] and "script" not in outline.tags and "url(" not in text
    assert outline.tags.count("h2") == 15 and outline.tags.count("svg") == 7
    assert "A &amp; B" in text and [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_it_says_what_was_done_about_dead_stock(release: Release, before: Release) -> None:
    review = read_review(release, before, [])
    assert len(review.dead_stock) == 15
    assert all(float(row["units_gone"]) == pytest.approx(7) for row in review.dead_stock)
    assert [row["was_dead"] for row in review.dead_stock] == [False, *[True] * 14]
    values = [row["dead_stock_value"] for row in review.dead_stock]
    assert values == sorted(values, reverse=True)


def test_it_compares_with_the_release_before(release: Release, before: Release) -> None:
    review = read_review(release, before, [])
    [capital] = [row for row in review.kpis if row["kpi"] == "inventory_capital"]
    assert capital["before_value"] == pytest.approx(2 * capital["kpi_value"])
    assert review.changes is not None
    assert {change.mart for change in review.changes.marts} == {"fct_inventory_health", "fct_kpi_summary"}


def test_the_first_review_has_nothing_to_compare(release: Release, tmp_path: Path) -> None:
    pack = write_review(release, None, tmp_path, company="C", language="en")
    text = pack.html.read_text(encoding="utf-8")
    assert "no earlier release to compare with" in text
    assert text.count("<td>None</td>") == 0 and ">nan<" not in text


def test_the_workbook_holds_numbers_dates_and_texts(release: Release, tmp_path: Path) -> None:
    pack = write_review(release, None, tmp_path, company="C", language="en", incidents=INCIDENTS)
    book = load_workbook(pack.xlsx)
    assert len(book.sheetnames) == 11
    row = next(book["Open incidents and owners"].iter_rows(min_row=2))
    assert row[1].value == "=HYPERLINK(evil)" and row[1].data_type == "s", "a title must not become a formula"
    assert row[2].value == 12.5 and row[4].value.date() == date(2026, 7, 3)
    dead = book["Dead stock and what was done"]
    assert isinstance(dead["C2"].value, float) and dead.freeze_panes == "A2"


def test_what_moved_the_value_leads_from_opening_to_closing(release: Release) -> None:
    """A bridge that does not arrive would explain another change than the one that happened."""
    steps = {row["cause"]: float(row["cause_value"]) for row in read_review(release, None, []).bridge}
    assert next(iter(steps)) == "opening" and list(steps)[-1] == "closing" and {"bought", "sold"} <= set(steps)
    between = [value for cause, value in steps.items() if cause not in {"opening", "closing"}]
    assert steps["opening"] + sum(between) == pytest.approx(steps["closing"], abs=1), "below 0.5 a cause is left out"
    assert steps["sold"] < 0 < steps["bought"]


def test_a_bridge_is_drawn_from_zero() -> None:
    """Cut off at the bottom, a rise of 2 % looked like a doubling."""
    picture = bridge(["a", "b", "c"], [100.0, 2.0, 102.0], ["100", "+2", "102"])
    opening, step, closing = (float(height) for height in re.findall(r'height="([\d.]+)" rx', picture))
    assert step / opening == pytest.approx(0.02, abs=0.005) and closing == pytest.approx(opening + step, abs=0.2)


def test_what_came_of_the_actions_of_the_last_review() -> None:
    """Units that left, units that were moved, a message that is gone; money in the share of the units."""
    with duckdb.connect() as now:
        now.execute(
            """create schema marts;
               create table marts.fct_stock_movements as from (values
                   ('I1', 'W1', null, -30.0, date '2026-06-10'), ('I1', 'W1', null, -100.0, date '2026-05-20'),
                   ('I1', 'W1', null, 10.0, date '2026-06-12'), ('I2', 'W2', 'W1', 50.0, date '2026-06-15'),
                   ('I2', 'W2', 'W3', 50.0, date '2026-06-15'))
                   t(item_id, warehouse_id, counterpart_warehouse_id, quantity_units, business_date);
               create table marts.fct_order_exceptions as from (values ('po', 'P1', '1', 'cancel', 40.0))
                   t(source, order_no, order_line_id, message, message_units)"""
        )
        base = {"detail": "", "from_warehouse_id": None, "order_key": None, "expected_value": 400.0}
        order = {**base, "kind": "change_order", "detail": "cancel", "item_id": "I3", "warehouse_id": "W1", "units": 40}
        actions = [
            {**base, "kind": "let_go", "item_id": "I1", "warehouse_id": "W1", "units": 80},
            {**base, "kind": "move", "item_id": "I2", "warehouse_id": "W2", "from_warehouse_id": "W1", "units": 50},
            {**order, "order_key": "po|P1|1"},
            {**order, "order_key": "po|P2|1"},
        ]
        found = what_came_of(actions, now, date(2026, 5, 31))
    assert [(one["done_units"], one["came_value"], one["outcome"]) for one in found] == [
        (20.0, 100.0, "partly_done"),
        (50.0, 400.0, "done"),
        (0.0, 0.0, "not_done"),
        (40.0, 400.0, "done"),
    ]


def test_actions_have_owner_day_and_money(release: Release, before: Release) -> None:
    with duckdb.connect(str(release.database), read_only=True) as connection:
        assert suggested_actions(connection) == [], "a release without open orders has no plan to suggest from"
    review = read_review(release, before, [])
    moved = [abs(row["moved_value"]) for row in review.causes]
    assert moved == sorted(moved, reverse=True) and all(row["before_value"] is not None for row in review.causes)


def test_the_page_is_printed_as_a_pdf(release: Release, before: Release, tmp_path: Path) -> None:
    pytest.importorskip("weasyprint", reason="the extra `pdf`")
    pack = write_review(release, before, tmp_path, company="甲公司", language="zh", incidents=INCIDENTS)
    assert pack.pdf is not None
    content = pack.pdf.read_bytes()
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF") and len(content) > 20_000
    asked: list[str] = []
    handler = type("Asked", (BaseHTTPRequestHandler,), {"do_GET": lambda one: asked.append(one.path)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    pdf_bytes(f"<link rel=stylesheet href='http://127.0.0.1:{server.server_port}/x.css'><p>x")
    server.shutdown()
    assert asked == [], "a page that is printed fetches nothing"


def test_a_bridge_joins_its_steps() -> None:
    picture = bridge(["a", "b", "c", "d"], [100.0, 20.0, -50.0, 70.0], ["100", "+20", "-50", "70"])
    tops = [float(y) for y in re.findall(r'<rect x="[\d.]+" y="([\d.]+)"', picture)]
    heights = [float(height) for height in re.findall(r'height="([\d.]+)" rx', picture)]
    assert tops[0] == pytest.approx(tops[1] + heights[1], abs=0.2), "the rise begins at the top of the opening"
    assert tops[2] == pytest.approx(tops[1], abs=0.2) and tops[3] == pytest.approx(tops[2] + heights[2], abs=0.2)
    assert re.findall(r'fill="(#[0-9a-f]+)"', picture) == [
        "#5b7083",
        "#c8453c",
        "#2a9d8f",
        "#5b7083",
    ]
    assert "<rect" not in bridge([], [], [])


def test_charts_keep_to_the_picture() -> None:
    picture = bars(["a", "b"], [10.0, 0.0], ["10", "0"])
    heights = [float(height) for height in re.findall(r'height="([\d.]+)" rx', picture)]
    assert heights == [156.0, 0.0]
    gap = line(["1", "2", "3", "4"], [1.0, None, 3.0, 2.0], ["1", "", "3", "2"])
    assert gap.count("<circle") == 3 and gap.count("<polyline") == 2, "a missing month is a gap, not a zero"
    assert "<polyline" not in line(["1"], [None], [""])
