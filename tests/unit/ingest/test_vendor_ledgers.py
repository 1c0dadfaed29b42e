"""Every vendor's tables, with the traps of their documentation, become the one canonical ledger."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
from vendors import kit

from assets.ingest.reconcile.run import reconcile

# a fixture that says what the ledger must be is a vendor with a ledger: it is tested without being named here
VENDORS = sorted(
    path.stem for path in Path(kit.__file__).parent.glob("*.py") if "\nLEDGER = " in path.read_text("utf-8")
)


@pytest.fixture(scope="session")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], kit.Landed]:
    done: dict[str, kit.Landed] = {}

    def of(vendor: str) -> kit.Landed:
        if vendor not in done:
            module = importlib.import_module(f"vendors.{vendor}")
            done[vendor] = kit.land(module, tmp_path_factory.mktemp(vendor))
        return done[vendor]

    return of


@pytest.mark.parametrize("vendor", VENDORS)
def test_row_accounting_closes_and_nothing_is_refused(landed, vendor):
    found = landed(vendor)
    refused = [text for report in found.reports.values() for text in report.refusals]
    assert refused == []
    for contract, report in found.reports.items():
        assert report.is_closed, contract
        assert report.rows_duplicate == getattr(found.module, "DUPLICATES", {}).get(contract, 0), contract
        excluded = sum(batch.rows_excluded for batch in report.batches)
        expected = found.module.COUNTS.get(contract, (0, 0))
        # Total rows are no rows where the reader knows them, and excluded by the mapping where it does not.
        totals = getattr(found.module, "TOTALS", {}).get(contract, 0)
        excluded -= totals if excluded == expected[0] + totals else 0
        assert (excluded, report.rows_quarantined) == expected, (
            contract,
            found.rows("select source_file, source_row, rule_id, reason from quality.quarantined_rows"),
        )


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_ledger_comes_out_right(landed, vendor):
    found = landed(vendor)
    ledger = found.texts(f"select {kit.LEDGER_COLUMNS} from landing.stock_movement")
    assert sorted(ledger) == kit.lines(found.module.LEDGER)


@pytest.mark.parametrize("vendor", VENDORS)
def test_stock_on_hand_comes_out_right_and_equals_the_ledger(landed, vendor):
    found = landed(vendor)
    stock = found.texts(f"select {kit.STOCK_COLUMNS} from landing.stock_on_hand")
    assert sorted(stock) == kit.lines(found.module.ON_HAND)
    assert found.gaps() == []


@pytest.mark.parametrize("vendor", VENDORS)
def test_what_else_the_fixture_says(landed, vendor):
    found = landed(vendor)
    for sql, expected in found.module.QUERIES.items():
        assert sorted(found.texts(sql)) == kit.lines(expected), sql


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_reconciliations_agree(landed, vendor):
    found = landed(vendor)
    outcomes = {outcome.check_id: outcome for outcome in reconcile(found.connection)}
    assert list(outcomes) == [f"C{number}" for number in range(1, 10)]
    expected = getattr(found.module, "BREAKS", {})
    failed = {name: str(outcome.breaks[0]) for name, outcome in outcomes.items() if outcome.status == "failed"}
    assert failed == expected
    assert all(outcomes[name].status == "passed" for name in ("C1", "C2", "C3", "C6"))
