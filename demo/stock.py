"""Goods and the book of a running world: what is on the shelf, what the ERP has posted, and the journal of documents.

Physical goods live in `shelf` (status available, by lot) and in the book's defective rows; the book may lag the
shelf by
receipts that are not posted yet and by goods that are picked and not shipped yet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np

from demo.records import CountLine, Grain, Movement, ShipmentLine, Transfer

AVAILABLE = "available"
DEFECTIVE = "defective"


class Shelf:
    """Available goods by item, warehouse and lot; `total` is (items, warehouses)."""

    def __init__(self, items: int, warehouses: int) -> None:
        self.total = np.zeros((items, warehouses), dtype=np.int64)
        self.expiry: dict[tuple[int, str], tuple[date, date]] = {}
        self.expiring: dict[date, list[tuple[int, str]]] = defaultdict(list)
        self._lots: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)

    def lots(self, item: int, warehouse: int) -> dict[str, int]:
        """Units by lot, earliest expiry first; empty where nothing lies there."""
        lots = self._lots[item, warehouse]
        if len(lots) < 2:
            return dict(lots)
        return dict(sorted(lots.items(), key=lambda lot: (self.expiry[item, lot[0]][1], lot[0])))

    def occupied(self) -> list[tuple[int, int]]:
        """Item and warehouse of everything that lies on a shelf, sorted."""
        return sorted(key for key, lots in self._lots.items() if lots)

    def register_lot(self, item: int, lot_no: str, mfg: date, expiry: date) -> None:
        """Remember the dates of a new lot."""
        self.expiry[item, lot_no] = mfg, expiry
        self.expiring[expiry].append((item, lot_no))

    def lot_dates(self, item: int, lot_no: str) -> tuple[date | None, date | None]:
        """Manufacturing and expiry date; (None, None) without a lot."""
        return self.expiry.get((item, lot_no), (None, None))

    def put(self, item: int, warehouse: int, lot_no: str, units: int) -> None:
        """Lay units on the shelf; a negative figure takes them off."""
        lots = self._lots[item, warehouse]
        left = lots.get(lot_no, 0) + units
        if left < 0:
            raise ValueError(f"shelf would go below zero: item {item} warehouse {warehouse} lot {lot_no!r} by {left}")
        if left:
            lots[lot_no] = left
        else:
            lots.pop(lot_no, None)
        self.total[item, warehouse] += units

    def take(self, item: int, warehouse: int, units: int) -> list[tuple[str, int]]:
        """Take units off the shelf, first expired first out; the parts by lot."""
        parts = []
        for lot_no, held in self.lots(item, warehouse).items():
            part = min(held, units)
            if part:
                self.put(item, warehouse, lot_no, -part)
                parts.append((lot_no, part))
                units -= part
            if not units:
                break
        return parts


class Books:
    """The ERP's balances and every document posted so far."""

    def __init__(self) -> None:
        self.balance: dict[Grain, int] = {}
        self.movements: list[Movement] = []
        self.transfers: list[Transfer] = []
        self.shipments: list[ShipmentLine] = []
        self.counts: list[CountLine] = []
        self.moved_today: dict[Grain, list[int]] = {}
        self._last_doc_id = 1000000
        self._serials: Counter[str] = Counter()

    def start_day(self) -> None:
        """Forget what moved on the day before."""
        self.moved_today = {}
        self._serials.clear()

    def number(self, prefix: str, day: date, width: int = 4) -> str:
        """Next document number of a kind on a day."""
        self._serials[prefix] += 1
        return f"{prefix}{day:%y%m%d}{self._serials[prefix]:0{width}d}"

    def doc_id(self) -> int:
        """Next internal document id."""
        self._last_doc_id += 1
        return self._last_doc_id

    def move(self, grain: Grain, units: int) -> None:
        """Change a balance and note it for the counts of the day."""
        left = self.balance.get(grain, 0) + units
        if left:
            self.balance[grain] = left
        else:
            self.balance.pop(grain, None)
        flows = self.moved_today.setdefault(grain, [0, 0])
        flows[0 if units > 0 else 1] += abs(units)

    def post(self, movement: Movement, **evidence: Any) -> None:
        """Post a movement; `evidence` fills its optional fields."""
        for name, value in evidence.items():
            setattr(movement, name, value)
        self.movements.append(movement)
        self.move(movement.grain, movement.units)

    def transfer(self, line: Transfer) -> None:
        """Post both legs of a transfer line."""
        self.transfers.append(line)
        self.move(line.source, -line.units)
        self.move(line.target, line.units)


def clock(day: date, hour: int, number: int) -> datetime:
    """A plausible local moment within two hours of `hour`, spread by a document's number."""
    return datetime.combine(day, time(hour), tzinfo=None) + timedelta(seconds=(number * 7919) % 7200)
