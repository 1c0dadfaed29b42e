"""What idle stock really brought when it went, from the company's own documents, and how the next ranking uses it.

Nothing has to be recorded by hand: a sale after a long idle time below the usual price was a markdown, one at the usual
price shows what keeping was worth, a return of idle stock went to the supplier, a scrap posting was scrapped. The rates
lean on the starting values until the record is worth as much (`learning_prior_value`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.disposal.settings import DisposalSettings

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [
    *KEYS, "way", "business_date", "idle_days", "recovered_units", "book_value", "base_value", "recovered_value",
    "recovery_rate", "expected_rate",
]  # fmt: skip
RATE_COLUMNS = ["way", "starting_rate", "learnt_rate", "events_no", "base_value", "recovered_value", "weight_rate"]
LEARNING = ("markdown", "return_to_supplier")


def recoveries(events: pd.DataFrame, settings: DisposalSettings) -> pd.DataFrame:
    """Events that were disposals of idle stock.

    Args:
        events: item_id, warehouse_id, kind (`sale`, `return_to_supplier`, `scrap`), business_date, units (> 0),
            brought_value, cost_value (book, NaN: unknown), usual_price (NaN: unknown).

    Returns:
        COLUMNS. way: `markdown`, `usual_price`, `return_to_supplier`, `scrap`. base_value is what the rate of the way is a
        share of: units at the usual price for sales, book value else. A sale counts when no sale went before it for
        min_idle_days, or when such a sale was at most horizon_days ago.
    """
    if events.empty:
        return pd.DataFrame(columns=COLUMNS)
    rows = events.assign(business_date=pd.to_datetime(events["business_date"])).sort_values(
        [*KEYS, "business_date", "kind"], ignore_index=True
    )
    sold_on = rows["business_date"].where(rows["kind"] == "sale")
    # the sale before this row: of an earlier day, whatever the kind of the row
    before = sold_on.groupby([rows[name] for name in KEYS]).transform(lambda dates: dates.shift().ffill())
    idle = (rows["business_date"] - before).dt.days
    starts = idle >= settings.min_idle_days
    woke_on = rows["business_date"].where(starts & (rows["kind"] == "sale"))
    since = woke_on.groupby([rows[name] for name in KEYS]).ffill()
    follows = (rows["business_date"] - since).dt.days <= settings.horizon_days
    rows = rows.assign(idle_days=idle)[starts | (follows & (rows["kind"] == "sale"))].copy()
    usual = rows["usual_price"] * rows["units"]
    is_sale = rows["kind"] == "sale"
    cheap = rows["brought_value"] < usual * settings.markdown_price_rate
    rows["way"] = np.where(is_sale, np.where(cheap, "markdown", "usual_price"), rows["kind"])
    rows["base_value"] = usual.where(is_sale, rows["cost_value"])
    rows["recovered_value"] = rows["brought_value"]
    rows["recovery_rate"] = (rows["recovered_value"] / rows["base_value"]).where(rows["base_value"] > 0)
    rows["expected_rate"] = rows["way"].map({name: way.recovery_rate for name, way in settings.ways.items()})
    rows = rows.rename(columns={"units": "recovered_units", "cost_value": "book_value"})
    return rows.sort_values([*KEYS, "business_date", "way"], ignore_index=True)[COLUMNS]


def learnt_rates(found: pd.DataFrame, settings: DisposalSettings) -> pd.DataFrame:
    """Recovery rate of every way: (recovered + prior x starting rate) / (base + prior), RATE_COLUMNS.

    Ways that documents do not show (LEARNING names those that they do) keep their starting value.
    """
    known = found[found["base_value"].notna() & found["recovered_value"].notna()]
    prior = settings.learning_prior_value
    rows = []
    for name, way in sorted(settings.ways.items()):
        own = known[(known["way"] == name) & (name in LEARNING)]
        base, recovered = float(own["base_value"].sum()), float(own["recovered_value"].sum())
        rate = (recovered + prior * way.recovery_rate) / (base + prior)
        rows.append((name, way.recovery_rate, rate, float(len(own)), base, recovered, base / (base + prior)))
    return pd.DataFrame(rows, columns=RATE_COLUMNS)
