"""The lead time of each item x warehouse: measured per supplier and item, leaning on what is known more widely."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.parameters.settings import ParameterSettings
from assets.planning.parameters.shrinkage import GroupMoments, group_moments, prior_weight, shrink
from assets.planning.shape import timestamps

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [
    *KEYS, "supplier_id", "lead_time_days_mean", "lead_time_days_sd", "lead_time_receipts", "lead_time_source",
]  # fmt: skip


def lead_times(
    receipts: pd.DataFrame, spine: pd.DataFrame, *, as_of: dt.date, settings: ParameterSettings
) -> pd.DataFrame:
    """Mean and standard deviation of the lead time, in days, with where they come from.

    Args:
        receipts: intermediate.int_supplier_lead_times, a row per received part of an order line; may be empty.
        spine: intermediate.int_item_warehouses; default_supplier_id and lead_time_days_master are used where present.

    Returns:
        One row per item x warehouse of the spine, in its order. lead_time_source: `receipts` (the supplier and item
        have some, shrunk to the supplier, itself shrunk to the company), `supplier` (only other items of the supplier
        have), `master`, `company` (all suppliers together), `default`.
    """
    rows = spine[KEYS].copy().reset_index(drop=True)
    measured = _usable(receipts, as_of, settings)
    rows["supplier_id"] = _supplier(rows, spine, measured)
    master = _column(spine, "lead_time_days_master")
    master = np.where(master >= 0, np.minimum(master, settings.max_lead_time_days), np.nan)
    levels = _levels(measured, settings)
    pair = rows.merge(levels.pair, on=["supplier_id", "item_id"], how="left")
    supplier = rows.merge(levels.supplier, on="supplier_id", how="left")

    has_pair = pair["count"].fillna(0).to_numpy() > 0
    has_supplier = supplier["count"].fillna(0).to_numpy() >= settings.min_supplier_receipts
    assumed = settings.assumed_lead_time_cv_rate
    choices = [has_pair, has_supplier, np.isfinite(master), np.full(len(rows), np.isfinite(levels.company_mean))]
    default = settings.default_lead_time_days
    rows["lead_time_days_mean"] = np.select(
        choices, [pair["mean"], supplier["mean"], master, np.full(len(rows), levels.company_mean)], default
    )
    rows["lead_time_days_sd"] = np.select(
        choices,
        [pair["sd"], supplier["sd"], master * assumed, np.full(len(rows), levels.company_sd)],
        default * assumed,
    )
    rows["lead_time_receipts"] = pair["count"].fillna(0).astype(int)
    rows["lead_time_source"] = np.select(choices, ["receipts", "supplier", "master", "company"], "default")
    return rows[COLUMNS]


def _column(frame: pd.DataFrame, name: str) -> np.ndarray:
    return frame[name].to_numpy(float) if name in frame else np.full(len(frame), np.nan)


def _usable(receipts: pd.DataFrame, as_of: dt.date, settings: ParameterSettings) -> pd.DataFrame:
    names = ["item_id", "supplier_id", "lead_time_days"]
    if receipts.empty:
        return pd.DataFrame({"item_id": [], "supplier_id": [], "lead_time_days": []}).astype({"lead_time_days": float})
    ordered, received = timestamps(receipts["order_date"]), timestamps(receipts["receipt_date"])
    first = pd.Timestamp(as_of) - pd.Timedelta(days=settings.lead_time_window_days)
    days = receipts["lead_time_days"].astype(float)
    keep = (ordered >= first) & (received <= pd.Timestamp(as_of)) & (days >= 0) & receipts["supplier_id"].notna()
    usable = receipts.loc[keep, names].copy()
    usable["lead_time_days"] = np.minimum(usable["lead_time_days"].astype(float), settings.max_lead_time_days)
    return usable


def _supplier(rows: pd.DataFrame, spine: pd.DataFrame, measured: pd.DataFrame) -> np.ndarray:
    """The supplier of the master data, else the one that delivered the item most often, else null."""
    counts = measured.groupby(["item_id", "supplier_id"], sort=True).size().rename("n").reset_index()
    usual = counts.sort_values(["n", "supplier_id"], ascending=[False, True]).drop_duplicates("item_id")
    found = rows["item_id"].map(usual.set_index("item_id")["supplier_id"])
    if "default_supplier_id" not in spine:
        return found.to_numpy(object)
    given = spine["default_supplier_id"].reset_index(drop=True)
    return given.where(given.notna(), found).to_numpy(object)


@dataclass(frozen=True)
class _Levels:
    """Shrunk moments: `pair` by supplier_id and item_id, `supplier` by supplier_id, and those of the company."""

    pair: pd.DataFrame
    supplier: pd.DataFrame
    company_mean: float
    company_sd: float


def _levels(measured: pd.DataFrame, settings: ParameterSettings) -> _Levels:
    """Moments per supplier and item, per supplier, and of the company; each shrunk to the next."""
    if measured.empty:
        empty = pd.DataFrame({"count": [], "mean": [], "sd": []}, dtype=float)
        supplier = pd.concat([pd.DataFrame({"supplier_id": []}, dtype=object), empty], axis=1)
        return _Levels(supplier.assign(item_id=pd.Series([], dtype=object)), supplier, np.nan, np.nan)
    days = measured["lead_time_days"].to_numpy(float)
    mean = float(days.mean())
    assumed = (settings.assumed_lead_time_cv_rate * mean) ** 2
    variance = float(days.var(ddof=1)) if len(days) > 1 else assumed
    pair_keys = measured[["supplier_id", "item_id"]].drop_duplicates().sort_values(["supplier_id", "item_id"])
    supplier_keys = pair_keys[["supplier_id"]].drop_duplicates()
    pair_codes = measured.groupby(["supplier_id", "item_id"], sort=True).ngroup().to_numpy()
    supplier_codes = measured.groupby("supplier_id", sort=True).ngroup().to_numpy()
    parent = pair_keys.groupby("supplier_id", sort=True).ngroup().to_numpy()

    by_supplier = group_moments(supplier_codes, days, len(supplier_keys))
    whole = np.ones(len(supplier_keys))
    weight = prior_weight(by_supplier, settings.prior_receipts)
    of_supplier = shrink(by_supplier, whole * mean, whole * variance, weight)
    by_pair = group_moments(pair_codes, days, len(pair_keys))
    weight = prior_weight(by_pair, settings.prior_receipts)
    of_pair = shrink(by_pair, of_supplier.mean[parent], of_supplier.variance[parent], weight)
    return _Levels(_labelled(pair_keys, of_pair), _labelled(supplier_keys, of_supplier), mean, float(np.sqrt(variance)))


def _labelled(keys: pd.DataFrame, moments: GroupMoments) -> pd.DataFrame:
    return keys.assign(count=moments.count, mean=moments.mean, sd=np.sqrt(moments.variance))
