"""A past day sees the first master there is, and no document of a later day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from assets.ingest.batches.validity import master_contracts, valid_on


@dataclass(frozen=True)
class Extract:
    extract_date: dt.date
    source: str = "erp"


def day(number: int) -> dt.date:
    return dt.date(2026, 6, number)


EARLY, LATE, OTHER = Extract(day(10)), Extract(day(20)), Extract(day(15), "wms")


def seen(contract: str, as_of: int) -> list[Extract]:
    return valid_on([EARLY, LATE, OTHER], contract, day(as_of), lambda one: one.source)


def test_a_master_is_valid_backwards_until_there_is_an_older_one() -> None:
    assert {"item", "warehouse", "supplier"} <= master_contracts()
    assert seen("item", 1) == [EARLY, OTHER]  # each source has a first one of its own
    assert seen("item", 12) == [EARLY, OTHER]
    assert seen("item", 20) == [EARLY, LATE, OTHER]


def test_documents_and_balances_are_dated() -> None:
    assert not {"stock_movement", "stock_on_hand", "item_cost"} & master_contracts()
    assert seen("stock_movement", 1) == []
    assert seen("stock_movement", 15) == [EARLY, OTHER]
