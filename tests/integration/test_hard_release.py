"""`stockturn run` on the hard world: the release, mart by mart, against plain programs that share no code with the product.

Every mart is recomputed, or is empty because the world has no such documents, or is listed with the reason why it is not recomputed.
Prevents: a new mart that nobody checks from outside, and a figure that is right where dbt is tested and wrong in the release.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from companies import configure

from assets.publish.releases import current_release
from demo.hard_world import LAST_DAY, write_hard_world

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "ledger"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dbt"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import hard_release_books
import hard_release_demand
import hard_release_documents
import hard_release_kits
import hard_release_plan
import hard_release_state
from hard_release_book import Book

pytestmark = pytest.mark.slow  # one whole run of two companies
NUMBERS = ("DECIMAL", "DOUBLE", "BIGINT", "INTEGER")
LEAST_COLUMNS = 465  # 470 of 71 marts, 2026-11-30
CHECKS: dict[str, Callable[[Book], None]] = {
    name.removeprefix("check_"): check
    for module in (
        hard_release_books,
        hard_release_documents,
        hard_release_demand,
        hard_release_kits,
        hard_release_plan,
        hard_release_state,
    )
    for name, check in vars(module).items()
    if name.startswith("check_")
}

EMPTY = (
    "fct_dead_stock", "fct_disposal_recoveries", "fct_forecast_accuracy",
    "fct_forecast_effects", "fct_forecast_overrides", "fct_forecast_review",
    "fct_restatement_documents", "fct_restatements", "fct_supplier_feed", "fct_supplier_plan_checks",
)  # fmt: skip
"""The world has half a year (nothing is dead, no forecast has come true), one release, no promotions, planners'
figures or suppliers that keep stock."""

NOT_RECOMPUTED: dict[str, str] = {}
"""Mart: why no figure of it is compared."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    if given := os.environ.get("STOCKTURN_TEST_HARD"):  # a workspace in which the hard world has been run already
        folder, release = Path(given), current_release(Path(given) / "data" / "releases")
    else:
        folder = tmp_path_factory.mktemp("hard_release")
        write_hard_world(folder)
        release = configure(folder, "hard", folder / "inbox").run(LAST_DAY).release
        assert release is not None
    # `python -m benchmarks mutants` has warehouses with a fault in a mart, and no release of them
    book = Book(release.database if release else folder / "data" / "warehouse.duckdb", folder / "inbox")
    yield book
    book.connection.close()


@pytest.fixture(scope="module")
def done() -> set[str]:
    return set()


@pytest.mark.parametrize("name", CHECKS)
def test_figures_are_those_of_the_reference(book: Book, done: set[str], name: str) -> None:
    CHECKS[name](book)
    done.add(name)


def test_every_mart_is_recomputed_or_says_why(
    book: Book, done: set[str], record_property: Callable[[str, object], None]
) -> None:
    """What the checks have compared, counted; those that have not run yet run first."""
    for name in CHECKS.keys() - done:
        CHECKS[name](book)
    columns = book.connection.execute(
        "select table_name, column_name, data_type from information_schema.columns where table_schema = 'marts'"
    ).fetchall()
    marts = {mart for mart, _, _ in columns}
    recomputed = {mart for mart, _ in book.seen} | book.named
    assert not recomputed & set(NOT_RECOMPUTED) and not recomputed & set(EMPTY)
    assert marts - recomputed - set(EMPTY) == set(NOT_RECOMPUTED), "recompute a new mart above, or say why not"
    filled = [mart for mart in EMPTY if book.rows(mart)]
    assert filled == [], "the world now has such documents: recompute them"
    numeric = {(mart, name) for mart, name, kind in columns if kind.startswith(NUMBERS) and mart in recomputed}
    counted = f"{len(book.seen)} of {len(numeric)} numeric columns of {len(recomputed)} marts; {len(NOT_RECOMPUTED)} marts not"
    record_property("recomputed", counted)
    assert book.seen <= numeric and len(book.seen) >= LEAST_COLUMNS, counted
