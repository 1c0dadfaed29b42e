"""The ledger on OpenLMIS's stock cards, lots and all: does it come to the stock on hand that OpenLMIS computed, card by card?

    python -m benchmarks ledger_openlmis [--data ../shared/data/openlmis] [--save]

A card is a facility x product x lot. A line says a quantity and why; its sign is that of the reason. Three reasons are in the
lines and in no table of the extract; of the eight ways to sign them one (two in, one out) comes to all 2,811 stock figures of
OpenLMIS itself, the next best to 815. A line without reason, source or destination is a physical count, which sets the balance.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from assets.ledger.settings import LedgerSettings
from assets.ledger.stage import compute
from benchmarks.recording import save_result

LINES = "stockmanagement.stock_card_line_items.csv"
KINDS = {
    "e3fc3cf3-da18-44b0-a220-77c985202e06": ("transfer_in", 1),
    "313f2f5f-0c22-4626-8c49-3554ef763de3": ("purchase_receipt", 1),
    "b5c27da7-bdda-4790-925a-9484c5dfb594": ("sales_issue", -1),
}
"""What the reasons without a record are taken for: the one way to sign them that gives the figures of OpenLMIS itself (see above)."""
TYPES = {("TRANSFER", -1): "transfer_out", ("ADJUSTMENT", 1): "adjustment_in", ("ADJUSTMENT", -1): "adjustment_out"}


def read_movements(data: Path) -> pd.DataFrame:
    """Signed movements in the order in which OpenLMIS processed them, each with the row of the file it came from."""
    lines = pd.read_csv(data / LINES)
    lines["source_row"] = range(2, len(lines) + 2)
    cards = pd.read_csv(data / "stockmanagement.stock_cards.csv").set_index("id")
    reasons = pd.read_csv(data / "stockmanagement.stock_card_line_item_reasons.csv", encoding="utf-8-sig")
    kinds = dict(KINDS)
    for reason in reasons.to_dict("records"):
        sign = 1 if reason["reasontype"] == "CREDIT" else -1
        kinds[str(reason["id"])] = (TYPES[(str(reason["reasoncategory"]), sign)], sign)
    products = _lowest(pd.read_csv(data / "referencedata.orderables.csv", usecols=["id", "code"]), "code")
    facilities = _lowest(pd.read_csv(data / "referencedata.facilities.csv", usecols=["id", "code"]), "code")
    lots = pd.read_csv(data / "referencedata.lots.csv")
    lots["id"] = lots["id"].str.lower()
    lots = lots.set_index("id")
    held: dict[str, int] = {}
    rows = []
    for line in lines.sort_values(["stockCardId", "occurredDate", "processedDate"], kind="stable").to_dict("records"):
        before = held.get(line["stockCardId"], 0)
        if isinstance(line["sourceId"], str):
            kind, change = "purchase_receipt", line["quantity"]
        elif isinstance(line["reasonId"], str):
            kind, sign = kinds[line["reasonId"]]
            change = sign * line["quantity"]
        else:
            change = line["quantity"] - before
            kind = "count_gain" if change >= 0 else "count_loss"
        held[line["stockCardId"]] = before + change
        card: Any = cards.loc[line["stockCardId"]]
        lot: Any = lots.loc[str(card.lotId).lower()] if isinstance(card.lotId, str) else None
        rows.append(
            {
                "movement_key": line["id"],
                "card": line["stockCardId"],
                "item_id": f"LMIS/{products[card.orderableId]}",
                "warehouse_id": f"LMIS/{facilities[card.facilityId]}/{card.programId[:4]}",
                "lot_no": str(lot.lotcode) if lot is not None else "",
                "lot_expiry_date": date.fromisoformat(lot.expirationdate) if lot is not None else None,
                "business_date": date.fromisoformat(line["occurredDate"]),
                "movement_type": kind,
                "quantity_units": float(change),
                "source_row": line["source_row"],
            }
        )
    frame = pd.DataFrame(rows).sort_values("business_date", kind="stable", ignore_index=True)
    return frame.assign(movement_sequence=range(1, len(frame) + 1))


def _lowest(table: pd.DataFrame, name: str) -> dict[str, str]:
    return {str(row["id"]): str(row[name]) for row in table.drop_duplicates("id").to_dict("records")}


def as_ledger_input(frame: pd.DataFrame) -> pa.Table:
    """The columns that the ledger reads; OpenLMIS keeps no costs."""
    count = len(frame)
    texts = {
        name: frame[name].tolist() for name in ("item_id", "warehouse_id", "lot_no", "movement_key", "movement_type")
    }
    return pa.table(
        {
            **{name: pa.array(values, pa.string()) for name, values in texts.items()},
            "stock_status": pa.array(["available"] * count),
            "owner_type": pa.array(["own"] * count),
            "owner_code": pa.array([""] * count),
            "movement_sequence": pa.array(frame["movement_sequence"].tolist(), pa.int64()),
            "business_date": pa.array(frame["business_date"].tolist(), pa.date32()),
            "is_demand": pa.array((frame["movement_type"] == "sales_issue").tolist()),
            "is_valued": pa.array([True] * count),
            "quantity_units": pa.array(frame["quantity_units"].tolist(), pa.float64()).cast(pa.decimal128(28, 6)),
            **{
                name: pa.nulls(count, kind)
                for name, kind in (
                    ("unit_cost", pa.decimal128(28, 8)),
                    ("transfer_group_id", pa.string()),
                    ("ref_doc_no", pa.string()),
                    ("ref_line_id", pa.string()),
                )
            },
            "lot_expiry_date": pa.array(frame["lot_expiry_date"].tolist(), pa.date32()),
        }
    )


def main(argv: Sequence[str]) -> dict[str, Any]:
    """Run it; with --save the figures go to results/ledger_openlmis.json."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ledger_openlmis")
    shared = Path(os.environ.get("STOCKTURN_SHARED", str(Path(__file__).resolve().parents[2] / "shared")))
    parser.add_argument("--data", type=Path, default=shared / "data" / "openlmis")
    parser.add_argument("--save", action="store_true")
    options = parser.parse_args(argv)
    frame = read_movements(options.data)
    theirs = pd.read_csv(options.data / "stockmanagement.calculated_stocks_on_hand.csv")
    theirs["occurreddate"] = pd.to_datetime(theirs["occurreddate"]).dt.date
    days = sorted(set(theirs["occurreddate"]))
    last = max(frame["business_date"])
    tables = compute(as_ledger_input(frame), as_of=last, settings=LedgerSettings(), snapshot_dates=days)
    layers = tables.open_layers.to_pandas()
    grain = ["item_id", "warehouse_id", "lot_no"]
    cards = frame.drop_duplicates("card").set_index("card")[grain]
    stock = layers.groupby(["snapshot_date", *grain])["quantity_units"].sum()
    ours = [
        float(stock.get((day, *cards.loc[card]), 0.0))
        for card, day in zip(theirs["stockcardid"], theirs["occurreddate"], strict=True)
    ]
    same = sum(mine == stated for mine, stated in zip(ours, theirs["stockonhand"], strict=True))
    proof = tables.conservation.to_pandas()
    figures = {
        "lines": len(frame),
        "cards": len(cards),
        "cards_with_lot": int((cards["lot_no"] != "").sum()),
        "from": min(frame["business_date"]),
        "to": last,
        "stock_figures_of_openlmis": len(theirs),
        "equal_to_the_ledger": int(same),
        "open_layers_at_the_end": int((layers["snapshot_date"] == last).sum()),
        "negative_layers_at_the_end": int((layers[layers["snapshot_date"] == last]["is_negative"]).sum()),
        "item_warehouses_closed": f"{int(proof['is_closed'].sum())} of {len(proof)}",
        "explained": [explained(frame, layers[layers["snapshot_date"] == last], at) for at in _chosen(layers, last)],
    }
    if options.save:
        save_result("ledger_openlmis", figures, seed=0, packages=("duckdb", "numba", "numpy", "pyarrow"))
    return figures


def _chosen(layers: pd.DataFrame, last: date) -> list[tuple[str, str, str]]:
    """Three lots at the end: the one with the most layers, the largest, the oldest."""
    now = layers[(layers["snapshot_date"] == last) & (layers["lot_no"] != "")]
    by_lot = now.groupby(["item_id", "warehouse_id", "lot_no"]).agg(
        count=("layer_no", "size"), units=("quantity_units", "sum"), origin=("origin_date", "min")
    )
    order: Any = [
        by_lot["count"].astype(float),
        by_lot["units"].astype(float),
        -pd.to_datetime(by_lot["origin"]).astype("int64"),
    ]
    found: list[tuple[str, str, str]] = []
    for measure in order:
        found.append(next(key for key in measure.sort_values(ascending=False, kind="stable").index if key not in found))
    return found


def explained(frame: pd.DataFrame, layers: pd.DataFrame, at: tuple[str, str, str]) -> dict[str, Any]:
    """Stock of one lot: its movements by kind, its layers, and the row of the file that each layer came from."""
    item, warehouse, lot = at
    mine = frame[(frame["item_id"] == item) & (frame["warehouse_id"] == warehouse) & (frame["lot_no"] == lot)]
    rows = frame.set_index("movement_key")["source_row"]
    left = layers[(layers["item_id"] == item) & (layers["warehouse_id"] == warehouse) & (layers["lot_no"] == lot)]
    return {
        "item_id": item,
        "warehouse_id": warehouse,
        "lot_no": lot,
        "movements": {
            str(kind): float(units) for kind, units in mine.groupby("movement_type")["quantity_units"].sum().items()
        },
        "lines": len(mine),
        "on_hand_units": float(mine["quantity_units"].sum()),
        "layers": [
            {
                "origin_date": str(layer["origin_date"]),
                "units": float(layer["quantity_units"]),
                "expires": str(layer["lot_expiry_date"]),
                "file": LINES,
                "row": int(rows[layer["origin_movement_key"]]),
            }
            for layer in left.to_dict("records")
        ],
    }
