"""Modes of the ledger: how goods age, in which order they leave, how they are valued."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator


class LedgerSettings(BaseModel):
    """The modes of the ledger. Frozen; its fingerprint is in every saved state, so that none is continued under others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ageing: Literal["travelling", "resetting"] = "travelling"
    """travelling: a layer keeps its origin date through transfers, returns, repacks and counts. resetting: it is re-dated at each arrival
    in another warehouse, each return and each count surplus, which is what ERPNext and Dynamics do."""

    flow: Literal["fifo", "fefo", "lifo"] = "fifo"
    """Which layer leaves first: the oldest, the one that expires first, or the one that arrived last."""

    cost: Literal["fifo", "specific", "moving_average", "monthly_average", "standard"] = "fifo"
    """fifo and specific: a layer carries its own cost, so cost follows the flow. The averages and the standard keep one value per item and
    warehouse; a layer then shows its share of it."""

    lots: Literal["named", "named_else_any", "any"] = "named"
    """named: a movement takes from the lot it names, and no lot is a lot of its own. named_else_any: a movement without a lot takes any.
    any: lots are labels only. `flow: fefo` needs one of the last two to choose between lots."""

    shared_lots: tuple[str, ...] = ()
    """Under `lots: named`, lots that form one queue together (batches without a valuation of their own)."""

    calendars: Mapping[str, tuple[date, ...]] = {}
    """Last days of the accounting periods by company: what the run finds landed (contract fiscal_period), not a matter of configuration.
    A company that is not named closes by calendar months."""

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> LedgerSettings:
        if self.cost == "fifo" and self.flow != "fifo":
            raise ValueError(
                f"cost 'fifo' contradicts flow '{self.flow}': use cost 'specific', by which cost follows the flow"
            )
        if self.shared_lots and self.lots != "named":
            raise ValueError("shared_lots only means something under lots 'named'")
        return self

    @property
    def layers_carry_value(self) -> bool:
        """Does each layer keep its own cost (else one value is kept per item and warehouse)?"""
        return self.cost in ("fifo", "specific")

    @property
    def can_continue(self) -> bool:
        """Can an item continue from its state? Not where a document of the month changes what left earlier in it, nor under a standard,
        whose changes look back on the stock: there an item that moved is computed again from its first movement."""
        return self.layers_carry_value or self.cost == "moving_average"

    @property
    def fingerprint(self) -> str:
        """Short stable hash of every setting."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]
