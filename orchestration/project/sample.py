"""A small sample of extracts for the first run of a new project: six items, two warehouses, half a year.

The same bytes every time. Demand is a fixed pattern, purchases follow it, and one item stops selling, so that every page
has something to show.
"""

from __future__ import annotations

from datetime import date, timedelta

FIRST_DATE, LAST_DATE = date(2026, 1, 1), date(2026, 6, 30)
_WAREHOUSES = {"WH1": "Central", "WH2": "Branch"}
# item: name, category, unit cost, units sold on a working day, last day with a sale
_ITEMS = {
    "A-100": ("Green tea 250 g", "Tea", "12.50", 4, LAST_DATE),
    "A-200": ("Black tea 250 g", "Tea", "11.00", 3, LAST_DATE),
    "B-100": ("Porcelain cup", "Ware", "8.20", 2, LAST_DATE),
    "B-200": ("Teapot 0.8 l", "Ware", "39.00", 1, LAST_DATE),
    "C-100": ("Gift box", "Packing", "3.10", 1, date(2026, 2, 15)),
    "C-200": ("Paper bag", "Packing", "0.40", 9, LAST_DATE),
}


def sample_files() -> dict[str, str]:
    """Text of each extract by file name, as `mappings/erp.yml` of a new project reads them."""
    day = f"{LAST_DATE:%Y%m%d}"
    movements, balances = _movements()
    items = [f"{item},{name},pc,{category}" for item, (name, category, *_) in _ITEMS.items()]
    on_hand = [f"{LAST_DATE},{item},{place},{units}" for (item, place), units in balances.items()]
    return {
        f"items_{day}.csv": _csv("item,name,unit,category", items),
        f"warehouses_{day}.csv": _csv("warehouse,name", [f"{code},{name}" for code, name in _WAREHOUSES.items()]),
        f"movements_{day}.csv": _csv("type,document,line,date,item,warehouse,quantity,cost", movements),
        f"on_hand_{day}.csv": _csv("date,item,warehouse,quantity", on_hand),
    }


def _movements() -> tuple[list[str], dict[tuple[str, str], int]]:
    rows: list[str] = []
    balances: dict[tuple[str, str], int] = {}
    for item, (_, _, cost, rate, last_sale) in _ITEMS.items():
        for number, place in enumerate(_WAREHOUSES):
            key = (item, place)
            balances[key] = rate * 30
            rows.append(f"opening,OP-{item}-{place},1,{FIRST_DATE},{item},{place},{rate * 30},{cost}")
            for offset in range(1, (LAST_DATE - FIRST_DATE).days + 1):
                day = FIRST_DATE + timedelta(days=offset)
                is_demanded = day.weekday() < 5 and (offset + number) % 3 != 0 and day <= last_sale
                sold = rate + (offset * 7 + number) % 3 if is_demanded else 0
                if sold and balances[key] >= sold:
                    rows.append(f"sale,SO-{day:%m%d}-{place},{item},{day},{item},{place},{-sold},")
                    balances[key] -= sold
                if balances[key] < rate * 12 and day.weekday() == 1 and day <= last_sale:
                    rows.append(f"purchase,PO-{day:%m%d}-{place},{item},{day},{item},{place},{rate * 30},{cost}")
                    balances[key] += rate * 30
    return rows, balances


def _csv(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"
