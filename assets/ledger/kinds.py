"""What each movement type of the contract means to the ledger. Tables only."""

from __future__ import annotations

from assets.ledger.fields import (
    E_ADJUSTMENT,
    E_COGS,
    E_CORRECTION,
    E_ISSUE,
    E_OPENING,
    E_RECEIPT,
    E_TRANSFER,
    K_CONVERT,
    K_FOUND,
    K_ISSUE,
    K_MOVE,
    K_RECEIPT,
    K_RETURN,
)  # fmt: skip

BEHAVIOUR: dict[str, tuple[int, int]] = {
    "opening": (K_RECEIPT, E_OPENING),
    "purchase_receipt": (K_RECEIPT, E_RECEIPT),
    "purchase_return": (K_ISSUE, E_RECEIPT),
    "sales_issue": (K_ISSUE, E_ISSUE),
    "sales_return": (K_RETURN, E_ISSUE),
    "production_receipt": (K_RECEIPT, E_RECEIPT),
    "production_receipt_return": (K_ISSUE, E_RECEIPT),
    "production_issue": (K_ISSUE, E_ISSUE),
    "production_issue_return": (K_RETURN, E_ISSUE),
    "subcontract_issue": (K_ISSUE, E_ISSUE),
    "subcontract_receipt": (K_RECEIPT, E_RECEIPT),
    "transfer_out": (K_MOVE, E_TRANSFER),
    "transfer_in": (K_MOVE, E_TRANSFER),
    "count_gain": (K_FOUND, E_ADJUSTMENT),
    "count_loss": (K_ISSUE, E_ADJUSTMENT),
    "adjustment_in": (K_FOUND, E_ADJUSTMENT),
    "adjustment_out": (K_ISSUE, E_ADJUSTMENT),
    "status_change_out": (K_MOVE, E_TRANSFER),
    "status_change_in": (K_MOVE, E_TRANSFER),
    "conversion_out": (K_CONVERT, E_TRANSFER),
    "conversion_in": (K_CONVERT, E_TRANSFER),
    "consignment_transfer_out": (K_MOVE, E_TRANSFER),
    "consignment_transfer_in": (K_MOVE, E_TRANSFER),
    "scrap": (K_ISSUE, E_ADJUSTMENT),
    "internal_use": (K_ISSUE, E_ISSUE),
    "other_in": (K_RECEIPT, E_RECEIPT),
    "value_correction": (K_RECEIPT, E_CORRECTION),
    "other_out": (K_ISSUE, E_ISSUE),
}
"""Movement type -> (what the kernel does, kind of value entry). Sign decides the direction: a red purchase receipt leaves, a red issue
comes back. A leg of a move without a group is a receipt or an issue of its own. What is demand is `cogs` instead of `issue`.
`value_correction` moves nothing: it changes what the receipt that it names is worth."""

DEMAND_ENTRY = {E_ISSUE: E_COGS}

CONVERSION_TYPES = tuple(name for name, (kind, _) in BEHAVIOUR.items() if kind == K_CONVERT)
BACK_TYPES = tuple(name for name, (kind, _) in BEHAVIOUR.items() if kind in (K_RETURN, K_ISSUE))
"""Types whose positive quantities go back to the layers of an order."""
