"""Draft orders: one for each supplier and warehouse, with what a buyer needs to approve it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.orders.settings import OrderSettings
from assets.planning.policy.rounding import clean_limits, smallest_order
from assets.planning.policy.row_levels import number
from assets.planning.sentences import joined, say, with_clause
from assets.planning.shape import company_of

KEYS = ["item_id", "warehouse_id"]
LINE_COLUMNS = [
    "draft_no", "draft_line_id", "supplier_id", *KEYS, "order_units", "unit_price", "price_from_units", "order_value",
    "order_by_date", "expected_arrival_date", "payment_date", "order_cover_days", "cover_limit_days", "cover_status",
    "holding_cost_year_value", "volume_m3", "weight_kg", "is_top_up", "value_status", "reason", "alternatives",
]  # fmt: skip
DRAFT_COLUMNS = [
    "draft_no", "supplier_id", "warehouse_id", "draft_date", "expected_arrival_date", "lines_no", "order_units",
    "order_value", "holding_cost_year_value", "volume_m3", "weight_kg", "load_count_units", "last_load_rate",
    "min_order_value", "order_status", "value_status", "reason",
]  # fmt: skip
CASH_COLUMNS = ["draft_no", "month_start_date", "supplier_id", "cash_value"]


@dataclass(frozen=True)
class DraftInputs:
    """plan: planning.replenishment with bounded orders. spine: its rows. supplier: supplier_id of each row (null: none).
    pace: mean demand a day. breaks: supplier_id, item_id, from_units, unit_price. terms: supplier_id, min_order_value,
    min_order_units, load_volume_m3, load_weight_kg, min_load_rate, payment_term_days. items: item_id, volume_m3, weight_kg.
    """

    plan: pd.DataFrame
    spine: pd.DataFrame
    supplier: pd.Series
    pace: np.ndarray
    breaks: pd.DataFrame
    terms: pd.DataFrame
    items: pd.DataFrame


@dataclass(frozen=True)
class Drafts:
    """orders: DRAFT_COLUMNS. lines: LINE_COLUMNS. cash: CASH_COLUMNS, what is paid in which month."""

    orders: pd.DataFrame
    lines: pd.DataFrame
    cash: pd.DataFrame


def draft_orders(
    inputs: DraftInputs, *, as_of: dt.date, settings: OrderSettings, holding_rate: float, is_whole_units: bool
) -> Drafts:
    """Everything that the plan wants bought today, as orders.

    An order below the supplier's minimum, or with a load less full than agreed, is filled up with the items that are next
    to be ordered, each within its cover limit; where that is not enough it stays as it is and says so.
    """
    rows = _rows(inputs, is_whole_units)
    if settings.is_topped_up:
        _top_up(rows, inputs.terms)
    lines = rows[rows["order_units"] > 0].reset_index(drop=True)
    if lines.empty:
        return Drafts(*(pd.DataFrame(columns=names) for names in (DRAFT_COLUMNS, LINE_COLUMNS, CASH_COLUMNS)))
    lines = _priced(lines, inputs.breaks)
    company = company_of(inputs.plan["item_id"])
    # companies may use the same codes: a number is of one of them
    head = company_of(lines["item_id"]) + "-" if len(set(company)) > 1 else ""
    lines["draft_no"] = f"D{as_of:%Y%m%d}-" + head + _code(lines["supplier_id"]) + "-" + _code(lines["warehouse_id"])
    lines = lines.sort_values(["draft_no", *KEYS], ignore_index=True)
    lines["draft_line_id"] = (lines.groupby("draft_no").cumcount() + 1).astype(str)
    terms = lines["supplier_id"].map(inputs.terms.set_index("supplier_id")["payment_term_days"].astype(float))
    lines["expected_arrival_date"] = pd.to_datetime(lines["expected_arrival_date"])
    arrival = lines["expected_arrival_date"].fillna(pd.Timestamp(as_of))
    lines["payment_date"] = arrival + pd.to_timedelta(terms.fillna(settings.payment_term_days), unit="D")
    # sold down at the mean rate: half of it lies there while it lasts
    lasts = np.divide(lines["order_units"], lines["pace"], out=np.full(len(lines), 365.0), where=lines["pace"] > 0)
    years = np.minimum(lasts / 365, 1.0)
    held = np.where(years < 1, years / 2, 1 - 182.5 / np.maximum(lasts, 365))
    lines["holding_cost_year_value"] = lines["order_value"] * holding_rate * held
    lines["value_status"] = np.where(lines["order_value"].notna(), "ok", "not_available: no price")
    lines["alternatives"] = _alternatives(lines)
    return Drafts(_heads(lines, inputs.terms, as_of), lines[LINE_COLUMNS], _cash(lines))


def _code(ids: pd.Series) -> pd.Series:
    return ids.astype(str).str.split("/", n=1).str[-1]


def _rows(inputs: DraftInputs, is_whole_units: bool) -> pd.DataFrame:
    """Rows with a supplier: what is ordered of each, and what could be ordered in addition."""
    plan, spine = inputs.plan, inputs.spine
    rows = plan[[*KEYS, "suggested_order_units", "order_by_date", "expected_arrival_date", "order_cover_days",
                 "cover_limit_days", "cover_status", "reason", "position_units", "reorder_point_units",
                 "projected_stockout_date", "flags"]].copy()  # fmt: skip
    rows["supplier_id"], rows["pace"] = inputs.supplier.to_numpy(object), inputs.pace
    rows["unit_cost"] = number(spine, "unit_cost_latest")
    minimum, multiple = clean_limits(number(spine, "moq_units"), number(spine, "order_multiple_units"), is_whole_units)
    rows["smallest_units"] = smallest_order(minimum, multiple)
    rows["has_smallest_lot"] = (minimum > 0) | (multiple > 1)  # one unit is no lot of a supplier
    rows["step_units"] = np.where(multiple > 0, multiple, 1.0)
    rows = rows.merge(inputs.items.drop_duplicates("item_id"), on="item_id", how="left")
    rows["order_units"], rows["is_top_up"] = rows["suggested_order_units"].astype(float), False
    return rows[rows["supplier_id"].notna()].reset_index(drop=True)


def _top_up(rows: pd.DataFrame, terms: pd.DataFrame) -> None:
    """Fill orders up to the supplier's minimum and load, in place; items nearest to their reorder point first."""
    known = _by_supplier(terms)
    barred = rows["flags"].str.contains(
        "supplied_by_feed|inactive|supplier_closed|no_demand|discontinued|cut_by_budget|not_recommended", regex=True
    )
    for (supplier, _), part in rows.groupby(["supplier_id", "warehouse_id"], sort=True):
        if supplier not in known or not (part["order_units"] > 0).any():
            continue
        term = known[str(supplier)]
        totals = _totals(part, term)
        near = (part["position_units"] + part["order_units"] - part["reorder_point_units"]) / part["pace"].where(
            part["pace"] > 0
        )
        for at in part.assign(near=near)[~barred[part.index] & near.notna()].sort_values(["near", *KEYS]).index:
            missing = _missing(totals, term)
            if not missing.any():
                break
            row = part.loc[at]
            room = float(row["cover_limit_days"] * row["pace"] - row["position_units"] - row["order_units"])
            first = float(row["step_units"] if row["order_units"] > 0 else row["smallest_units"])
            brings = _brings(row, term)
            useful = missing[(missing > 0) & (brings > 0)] / brings[(missing > 0) & (brings > 0)]
            if not np.isfinite(room) or room < first or not len(useful):
                continue
            step = float(row["step_units"])
            wanted = first + np.ceil(max(float(useful.max()) - first, 0.0) / step - 1e-9) * step
            units = min(wanted, first + np.floor((room - first) / step + 1e-9) * step)
            totals = totals + units * brings
            after = float(row["order_units"]) + units
            rows.loc[at, ["order_units", "is_top_up"]] = [after, True]
            rows.loc[at, "order_cover_days"] = (row["position_units"] + after) / row["pace"]
    topped = rows["is_top_up"].astype(bool)
    rows["is_top_up"] = topped
    rows["reason"] = with_clause(rows["reason"], topped, say("filled_up"))


def _brings(row: pd.Series, term: dict[str, float]) -> np.ndarray:
    """What one unit adds to value, units and loads (by volume, by weight)."""
    sizes = [
        float(row[name]) / term[most] if term[most] > 0 and pd.notna(row[name]) else 0.0
        for name, most in (("volume_m3", "load_volume_m3"), ("weight_kg", "load_weight_kg"))
    ]
    return np.array([float(row["unit_cost"]) if pd.notna(row["unit_cost"]) else 0.0, 1.0, *sizes])


def _totals(part: pd.DataFrame, term: dict[str, float]) -> np.ndarray:
    """Value, units, loads by volume and by weight of an order."""
    parts = [float(row["order_units"]) * _brings(row, term) for _, row in part[part["order_units"] > 0].iterrows()]
    return np.sum(parts, axis=0) if parts else np.zeros(4)


def _missing(totals: np.ndarray, term: dict[str, float]) -> np.ndarray:
    """What an order lacks of the least value, the least units and the least fill of its last load, in the same order."""
    result = np.zeros(4)
    result[0] = max(term["min_order_value"] - totals[0], 0.0)
    result[1] = max(term["min_order_units"] - totals[1], 0.0)
    # the dimension that fills first decides how many loads there are
    at = 2 if totals[2] >= totals[3] else 3
    filled = totals[at] % 1
    if 1e-6 < filled < term["min_load_rate"] - 1e-6:
        result[at] = term["min_load_rate"] - filled
    return result


def _by_supplier(terms: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Terms of each supplier as numbers, 0 where it asks nothing."""
    names = ["min_order_value", "min_order_units", "load_volume_m3", "load_weight_kg", "min_load_rate"]
    figures = terms[names].astype(float).fillna(0.0)
    return {
        str(supplier): {str(name): float(value) for name, value in row.items()}
        for supplier, row in zip(terms["supplier_id"], figures.to_dict("records"), strict=True)
    }


def _priced(lines: pd.DataFrame, breaks: pd.DataFrame) -> pd.DataFrame:
    """unit_price of the whole lot at the supplier's breaks, else the latest cost; the next break that a larger lot reaches."""
    lines = lines.reset_index(drop=True)
    offers = (
        lines[["supplier_id", "item_id", "order_units"]]
        .reset_index(names="row")
        .merge(breaks, on=["supplier_id", "item_id"])
    )
    reached = offers[offers["from_units"].astype(float) <= offers["order_units"] + 1e-9]
    best = reached.sort_values(["row", "from_units"]).drop_duplicates("row", keep="last").set_index("row")
    above = offers[offers["from_units"].astype(float) > offers["order_units"] + 1e-9]
    ahead = above.sort_values(["row", "from_units"]).drop_duplicates("row").set_index("row")
    lines["unit_price"] = best["unit_price"].astype(float).reindex(lines.index).fillna(lines["unit_cost"])
    lines["price_from_units"] = best["from_units"].astype(float).reindex(lines.index)
    lines["next_from_units"] = ahead["from_units"].astype(float).reindex(lines.index)
    lines["next_price"] = ahead["unit_price"].astype(float).reindex(lines.index)
    lines["order_value"] = lines["order_units"] * lines["unit_price"]
    for name in ("volume_m3", "weight_kg"):
        lines[name] = lines[name].astype(float) * lines["order_units"]
    return lines


def _alternatives(lines: pd.DataFrame) -> list[str]:
    """What else could be done, per line: less, later, more at a lower price (`assets.planning.sentences`)."""
    texts = []
    columns = zip(
        lines["order_units"], lines["smallest_units"].where(lines["has_smallest_lot"]), lines["pace"], lines["projected_stockout_date"],
        lines["next_from_units"], lines["next_price"], lines["unit_price"], lines["position_units"], strict=True,
    )  # fmt: skip
    for units, smallest, pace, out, more, cheaper, price, position in columns:
        parts = []
        if smallest < units:
            days = [f"{(max(position, 0) + smallest) / pace:.0f}"] if pace > 0 else []
            parts.append(say("smallest_lot_lasts" if days else "smallest_lot", float(smallest), *days))
        empty = f"{pd.Timestamp(out):%Y-%m-%d}" if pd.notna(out) else ""
        parts.append(say("nothing_empty_on", empty) if empty else say("nothing_no_stockout"))
        if np.isfinite(more):
            days = [f"{(max(position, 0) + more) / pace:.0f}"] if pace > 0 else []
            parts.append(say("larger_lot_lasts" if days else "larger_lot", more, cheaper, price, *days))
        texts.append(joined(*parts))
    return texts


def _heads(lines: pd.DataFrame, terms: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """One row per order with what its supplier asks."""
    known, rows = _by_supplier(terms), []
    for (draft, supplier, warehouse), part in lines.groupby(["draft_no", "supplier_id", "warehouse_id"], sort=True):
        value = part["order_value"].sum(min_count=len(part))
        status, loads, last, least = "ready", np.nan, np.nan, np.nan
        texts = [say("draft_lines", len(part), int(part["is_top_up"].sum()))]
        if supplier in known:
            term = known[str(supplier)]
            least = term["min_order_value"] or np.nan
            per_unit = {name: part[name] / part["order_units"] for name in ("volume_m3", "weight_kg")}
            totals = _totals(part.assign(unit_cost=part["unit_price"], **per_unit), term)
            filled = float(max(totals[2], totals[3]))
            loads = float(np.ceil(filled - 1e-6)) if filled > 0 else np.nan
            last = (filled - (loads - 1)) if filled > 0 else np.nan
            if _missing(totals, term).any():
                status = "below_minimum"
                texts.append(say("below_minimum"))
        rows.append(
            (
                draft, supplier, warehouse, pd.Timestamp(as_of), part["expected_arrival_date"].max(), float(len(part)),
                part["order_units"].sum(), value, part["holding_cost_year_value"].sum(min_count=len(part)),
                part["volume_m3"].sum(min_count=len(part)), part["weight_kg"].sum(min_count=len(part)), loads, last, least,
                status, "ok" if pd.notna(value) else "not_available: no price", joined(*texts),
            )
        )  # fmt: skip
    return pd.DataFrame(rows, columns=DRAFT_COLUMNS)


def _cash(lines: pd.DataFrame) -> pd.DataFrame:
    months = pd.to_datetime(lines["payment_date"]).dt.to_period("M").dt.to_timestamp()
    rows = lines.assign(month_start_date=months, cash_value=lines["order_value"])
    keys = ["draft_no", "month_start_date", "supplier_id"]
    return rows.groupby(keys, sort=True, as_index=False).agg(cash_value=("cash_value", "sum"))[CASH_COLUMNS]
