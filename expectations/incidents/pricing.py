"""What a cause is worth: variance, stock value touched, the metrics it spoils; who owns it. Pure.

Net is the signed sum, gross (and stock touched) the sum of absolutes: errors that offset each other show in gross. A
finding without a value does not count as zero; the price then says how many rows have one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from expectations.incidents.grouping import source_of
from expectations.incidents.model import Cause, Finding, Price, as_decimal, as_text
from expectations.incidents.policy import OwnerRule, Policy
from expectations.incidents.sentences import say


@dataclass(frozen=True, slots=True)
class StockFacts:
    """What the release knows about one item x warehouse."""

    stock_value: Decimal | None = None  # company currency, as of the run
    on_hand_units: Decimal | None = None  # book, base units
    category: str = ""
    supplier_id: str = ""
    owner_name: str = ""


@dataclass(frozen=True, slots=True)
class StockContext:
    """Facts by (item_id, warehouse_id), for pricing and for the owner mapping. currency: of the main company."""

    facts: Mapping[tuple[str, str], StockFacts] = field(default_factory=dict)
    currency: str = ""

    @classmethod
    def from_rows(
        cls, rows: Iterable[Mapping[str, Any]], value_column: str = "inventory_value", currency: str = ""
    ) -> StockContext:
        """From rows with item_id, warehouse_id and any of: the value column, category_name, supplier_id
        (or default_supplier_id), owner_name. Grain item x warehouse; rows of one pair are summed."""
        facts: dict[tuple[str, str], StockFacts] = {}
        for row in rows:
            pair = (as_text(row["item_id"]), as_text(row["warehouse_id"]))
            before = facts.get(pair, StockFacts())
            facts[pair] = StockFacts(
                stock_value=_plus(before.stock_value, as_decimal(row.get(value_column))),
                on_hand_units=_plus(before.on_hand_units, as_decimal(row.get("on_hand_units"))),
                category=as_text(row.get("category_name")) or before.category,
                supplier_id=as_text(row.get("supplier_id") or row.get("default_supplier_id")) or before.supplier_id,
                owner_name=as_text(row.get("owner_name")) or before.owner_name,
            )
        return cls(facts, currency)

    def of(self, item_id: str, warehouse_id: str) -> StockFacts:
        """Facts of a pair; empty where nothing is known."""
        return self.facts.get((item_id, warehouse_id), StockFacts())


def _plus(left: Decimal | None, right: Decimal | None) -> Decimal | None:
    return right if left is None else left if right is None else left + right


def is_history(finding: Finding, policy: Policy, context: StockContext, as_of: date) -> bool:
    """True for an event that lies so far back that it fails no longer (see `event_days`)."""
    rule = policy.rule(finding.rule_id)
    if rule.event_days is None or finding.business_date is None:
        return False
    if (as_of - finding.business_date).days <= rule.event_days:
        return False
    if rule.lasts_while_negative:
        on_hand = context.of(finding.item_id, finding.warehouse_id).on_hand_units
        return on_hand is not None and on_hand >= 0
    return True


def subjects_of(cause: Cause) -> tuple[tuple[str, str], ...]:
    """The (item, warehouse) pairs a cause touches, sorted; ('', '') represents the whole company."""
    pairs = {(f.item_id, f.warehouse_id) for f in cause.findings}
    return tuple(sorted(pairs)) or (("", ""),)


def price(cause: Cause, policy: Policy, context: StockContext) -> Price:
    """Price a cause in its one currency."""
    metrics = sorted({m for r in {cause.rule_id, *(f.rule_id for f in cause.findings)} for m in policy.rule(r).metrics})
    # a consequence shows the same money as its cause once more: only the cause's own rows are added up
    own = [f for f in cause.findings if f.rule_id == cause.rule_id] or list(cause.findings)
    values = [f.variance_value for f in own if f.variance_value is not None]
    if not cause.findings and cause.check is not None and cause.check.variance_value is not None:
        values.append(cause.check.variance_value)
    stock = [abs(v) for s in subjects_of(cause) if (v := context.of(*s).stock_value) is not None]
    rows = len(own)
    status = "ok"
    if not values:
        status = say("no_value")
    elif len(values) < rows:
        status = say("some_values", len(values), rows)
    return Price(
        net_value=sum(values, Decimal(0)) if values else None,
        gross_value=sum((abs(v) for v in values), Decimal(0)) if values else None,
        stock_value_touched=sum(stock, Decimal(0)) if stock else None,
        status=status,
        metrics=tuple(metrics),
        currency_code=next((f.currency_code for f in cause.findings if f.currency_code), context.currency),
    )


def owner_of(cause: Cause, policy: Policy, context: StockContext) -> str:
    """The owner: first line of the mapping that fits the heaviest row, else the row's own owner, else the default."""
    if not cause.findings:
        blank = {"rule": cause.rule_id, "category": "", "warehouse": "", "supplier": "", "source": ""}
        return next((o.owner for o in policy.owners if _fits(o, blank)), policy.check_owner or policy.default_owner)
    lead = max(cause.findings, key=lambda f: (abs(f.variance_value or Decimal(0)), f.finding_id))
    facts = context.of(lead.item_id, lead.warehouse_id)
    about = {
        "rule": cause.rule_id,
        "category": facts.category,
        "warehouse": lead.warehouse_id,
        "supplier": facts.supplier_id,
        "source": source_of(lead),
    }
    mapped = next((o.owner for o in policy.owners if _fits(o, about)), "")
    return mapped or lead.owner_name or facts.owner_name or policy.default_owner


def _fits(line: OwnerRule, about: Mapping[str, str]) -> bool:
    return all(not getattr(line, name) or value in getattr(line, name) for name, value in about.items())
