"""Does a source agree with itself? The tests C1 to C9 of the landed contracts in the common form of a check."""

from __future__ import annotations

import duckdb

from assets.ingest.reconcile.outcome import Outcome
from assets.ingest.reconcile.run import TITLES, reconcile
from expectations.results import CheckResult

# The contract on which the check is shown; each reads several.
SHOWN_ON = {
    "C1": "stock_movement",
    "C2": "stock_movement",
    "C3": "stock_movement",
    "C4": "inventory_value_entry",
    "C5": "purchase_order_line",
    "C6": "item",
    "C7": "stock_movement",
    "C8": "stock_count_line",
    "C9": "item_cost",
}
CHECK_NAMES = {check_id: f"{check_id.lower()}_{title.lower().replace(' ', '_')}" for check_id, title in TITLES.items()}


def check_agreement(connection: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """One result for each of C1 to C9 on schema `landing`; the message names the first diverging document.

    They block nothing and open no incident (`info`): a finding says the same with its cause. A test without its inputs
    passes and says what is missing.
    """
    return [_result(outcome) for outcome in reconcile(connection)]


def _result(outcome: Outcome) -> CheckResult:
    return CheckResult(
        check_id=f"agreement:{outcome.check_id}",
        engine="python",
        contract_or_model=SHOWN_ON[outcome.check_id],
        rule_id=CHECK_NAMES[outcome.check_id],
        severity="info",
        is_blocking=False,
        is_passed=outcome.status != "failed",
        rows_failed=len(outcome.breaks),
        rows_checked=outcome.checked,
        message=outcome.message,
    )
