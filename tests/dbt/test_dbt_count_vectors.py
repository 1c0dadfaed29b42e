"""The count cases of a peer are the ones that the unit test of `rec_book_count` runs on, its blind spot turned round."""

from __future__ import annotations

import json

import yaml
from warehouse_builder import DBT_PROJECT, REPO

VECTORS = REPO / "tests" / "vectors" / "oca_count_discrepancy.json"


def test_the_unit_test_runs_on_the_peers_cases() -> None:
    """A unit test with figures of our own would prove nothing about the peer's."""
    text = (DBT_PROJECT / "models" / "reconciliation" / "rec_book_count.yml").read_text(encoding="utf-8")
    [unit] = [test for test in yaml.safe_load(text)["unit_tests"] if test["name"] == "book_count_as_peers_see_it"]
    counted = next(part["rows"] for part in unit["given"] if part["input"] == "ref('stg_stock_count_lines')")
    cases = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
    assert [(row["book_units"], row["counted_units"]) for row in counted] == [(c["book"], c["counted"]) for c in cases]
    for case, row in zip(cases, unit["expect"]["rows"], strict=True):
        if case["book"]:
            assert (row["variance_rate"] * 100, not row["is_accurate"]) == (case["discrepancy_pct"], case["over"])
        else:
            assert not case["over"] and not row["is_accurate"], "what the peer does not see is a difference here"
