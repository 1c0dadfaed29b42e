"""Every numeric column of every published mart is explained, and every explanation gives the published figure.

Prevents: a new column that nobody can trace, and an explanation that tells another story than the mart.
A column is `computed` (recomputed here from its evidence), a `fact` (a source's or the ledger's own figure: the row, its file and row) or
`decided` (by the planner: what it was decided from).
"""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest
from published_demo import demo_release

from assets.explain.cell import explain_row, explainable_columns
from assets.explain.recipes import RECIPES
from assets.publish.content import quoted
from assets.publish.releases import Release

NUMBERS = ("DECIMAL", "DOUBLE", "BIGINT", "INTEGER", "HUGEINT", "FLOAT")
COMPUTED_AT_LEAST = 220  # of some 510 numeric columns of schema marts, 2026-11-30


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return demo_release(tmp_path_factory)


def _numeric(release: Release) -> dict[str, list[str]]:
    return {
        mart["name"]: [column["name"] for column in mart["columns"] if column["type"].startswith(NUMBERS)]
        for mart in release.manifest["marts"]
        if mart["schema"] == "marts"
    }


def test_every_numeric_column_is_explained(release: Release) -> None:
    missing = [
        f"{mart}.{column}"
        for mart, columns in _numeric(release).items()
        for column in sorted(set(columns) - set(explainable_columns(release, mart)))
    ]
    assert missing == [], "say how they follow from evidence: assets/explain/recipes/marts.yml"


def test_most_columns_are_computed_again(release: Release) -> None:
    """Facts and decisions are not to become the way out."""
    kinds = Counter(
        "fact" if recipe.is_fact else "decided" if recipe.is_decision else "computed"
        for mart, columns in _numeric(release).items()
        for column in columns
        if (recipe := RECIPES[mart].recipes.get(column)) is not None
    )
    assert kinds["computed"] >= COMPUTED_AT_LEAST, kinds


@pytest.mark.parametrize("mart", sorted(RECIPES))
def test_explanations_give_the_published_figures(mart: str, release: Release) -> None:
    """Some rows of every mart, spread over it; every computed column of each."""
    columns = explainable_columns(release, mart)
    key = RECIPES[mart].key
    with duckdb.connect(str(release.database), read_only=True) as connection:
        found = connection.execute(
            f"""select {", ".join(f"cast({quoted(name)} as varchar)" for name in key)} from {RECIPES[mart].schema}.{quoted(mart)}
                order by hash({" || ".join(f"coalesce(cast({quoted(name)} as varchar), '')" for name in key)}) limit 3"""
        ).fetchall()
    for values in found:
        wanted = {name: value for name, value in zip(key, values, strict=True) if value is not None}
        for one in explain_row(release, mart, columns, wanted):
            assert one.agrees, (
                f"{mart}.{one.column} of {wanted}: {one.value} published, {one.recomputed} from {one.with_numbers}"
            )
