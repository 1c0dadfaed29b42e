"""Which extracts a day may see: those up to it; and of a master, where none is as old, the first one there is.

A master says what an item or a warehouse is. A company that delivers it since last month had the same items before, so
its first extract is valid backwards; documents and balances, which are dated, are not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Iterable
from functools import lru_cache
from typing import Protocol, TypeVar

from assets.ingest.contracts import load_contracts


class Dated(Protocol):
    """Anything with the day of its extract."""

    @property
    def extract_date(self) -> dt.date: ...


Extract = TypeVar("Extract", bound=Dated)


@lru_cache(maxsize=1)
def master_contracts() -> frozenset[str]:
    """Contracts that others refer to."""
    return frozenset(master for contract in load_contracts().values() for master in contract.references.values())


def valid_on(
    extracts: Iterable[Extract], contract: str, as_of: dt.date, source: Callable[[Extract], Hashable]
) -> list[Extract]:
    """The extracts of a contract that a run of the day `as_of` may see, in their order.

    Args:
        extracts: batches or files of one contract.
        contract: its name.
        as_of: the day of the run.
        source: what delivers an extract; each has a first one of its own.
    """
    every = list(extracts)
    seen = [one for one in every if one.extract_date <= as_of]
    if contract not in master_contracts() or len(seen) == len(every):
        return seen
    delivered = {source(one) for one in seen}
    first: dict[Hashable, dt.date] = {}
    for one in every:
        if source(one) not in delivered:
            first[source(one)] = min(one.extract_date, first.get(source(one), one.extract_date))
    return [one for one in every if one.extract_date <= as_of or one.extract_date == first.get(source(one))]
