"""Money of incidents: sums for each currency apart, and how they are written. Amounts of two currencies are never added."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from expectations.incidents.views import Incident

Sums = dict[str, Decimal]


def gross_sums(incidents: Iterable[Incident]) -> Sums:
    """Gross variance by currency, in the order of their codes; without those that have no value."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for one in incidents:
        if one.variance_gross_value is not None:
            sums[one.currency_code] += one.variance_gross_value
    return dict(sorted(sums.items()))


def are_mixed(incidents: Iterable[Incident]) -> bool:
    """Whether amounts need their currency beside them: the incidents are of several."""
    return len({one.currency_code for one in incidents if one.variance_gross_value is not None}) > 1


def sums_text(sums: Sums, digits: int = 2) -> str:
    """12,345.60; where there are several currencies, each with its code: CNY 12,345.60, USD 80.00."""
    if len(sums) <= 1:
        return f"{sum(sums.values(), Decimal(0)):,.{digits}f}"
    return ", ".join(money_text(value, code, digits) for code, value in sums.items())


def money_text(value: Decimal | None, currency: str = "", digits: int = 2) -> str:
    """12,345.60, with the code of a currency before it where one is given; a dash for what has no value."""
    return "-" if value is None else f"{currency} {value:,.{digits}f}".strip()
