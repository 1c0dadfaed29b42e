"""`planning.item_classes`: puts value, predictability, pattern and the memory of former classes together."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from assets.planning.classification.abc import ABC, abc_index, pareto_shares
from assets.planning.classification.hysteresis import may_move, settle
from assets.planning.classification.moments import KEYS, demand_moments, in_buckets, periods_per_bucket
from assets.planning.classification.settings import ClassificationSettings
from assets.planning.classification.valuation import consumption_value
from assets.planning.classification.xyz import XYZ, demand_pattern, error_cv_rate, xyz_index
from assets.planning.sentences import joined, say
from assets.planning.shape import company_of

COLUMNS = [
    *KEYS, "abc_class", "xyz_class", "abc_xyz_cell", "abc_class_item", "demand_pattern", "annual_consumption_value",
    "annual_consumption_units", "consumption_share_rate", "cumulative_share_rate", "value_basis", "raw_cv_rate",
    "error_cv_rate", "adi", "cv2", "valid_from_date", "class_reason",
]  # fmt: skip


def classify(
    consumption: pd.DataFrame,
    history: pd.DataFrame,
    accuracy: pd.DataFrame,
    spine: pd.DataFrame,
    *,
    as_of: dt.date,
    settings: ClassificationSettings,
    previous: pd.DataFrame | None,
    is_refresh: bool = True,
) -> pd.DataFrame:
    """Classes of every item x warehouse of the spine as of a day.

    Args:
        consumption: item_id, warehouse_id, consumption_units, consumption_value (at cost, null where not known) of the
            last `window_days`; any grain at or below item x warehouse, it is summed. Absent rows consumed nothing.
        history: planning.demand_history. accuracy: planning.forecast_accuracy (may be empty).
        spine: intermediate.int_item_warehouses; unit_cost_latest and unit_price are used where present.
        previous: the last known planning.item_classes (or all of its history), None on the first run.
        is_refresh: false between two refreshes: only rows that never had a class get one.

    Returns:
        planning.item_classes, sorted by item and warehouse, one row each. valid_from_date is the day since which the
        cell holds; class_reason says why it moved or stayed.
    """
    rows = spine[KEYS].drop_duplicates().sort_values(KEYS, ignore_index=True)
    rows = rows.merge(_consumed(consumption), on=KEYS, how="left")
    optional = [name for name in ("unit_cost_latest", "unit_price", "first_movement_date") if name in spine]
    rows = rows.merge(spine[[*KEYS, *optional]].drop_duplicates(KEYS), on=KEYS, how="left")
    nothing = np.full(len(rows), np.nan)
    cost = rows["unit_cost_latest"].to_numpy(float) if "unit_cost_latest" in rows else nothing
    price = rows["unit_price"].to_numpy(float) if "unit_price" in rows else nothing
    units = rows["consumption_units"].fillna(0).to_numpy(float)
    scale, is_young = _annual_scale(rows, as_of, settings)
    units = units * scale
    value, company = rows["consumption_value"].to_numpy(float) * scale, company_of(rows["item_id"])
    valued = consumption_value(units, value, cost, price, company)
    rows = pd.concat([rows[KEYS], valued], axis=1)
    rows["annual_consumption_units"] = np.clip(units, 0, None)

    rows = rows.merge(demand_moments(history).reset_index(), on=KEYS, how="left")
    bucket = periods_per_bucket(history, settings.xyz_bucket_days)
    rows["raw_cv_rate"] = _raw_cv(rows[KEYS], history, bucket)
    # errors of single periods are taken as independent: those of a bucket of k have 1 / sqrt(k) of the variation
    errors = (error_cv_rate(accuracy) / np.sqrt(bucket)).rename("error_cv_rate").reset_index()
    rows = rows.merge(errors, on=KEYS, how="left")
    rows["demand_pattern"] = demand_pattern(
        rows["adi"].to_numpy(float), rows["cv2"].to_numpy(float), settings.adi_cut, settings.cv2_cut
    )
    before = _previous(previous, rows[KEYS], as_of)
    movable = may_move(before["valid_from_date"].to_numpy("datetime64[D]"), as_of, settings.refresh) & is_refresh
    abc_before = np.where(before["abc_class"].notna(), _position(before["abc_class"], ABC), -1)
    xyz_before = np.where(before["xyz_class"].notna(), _position(before["xyz_class"], XYZ), -1)

    share = _abc_shares(rows, settings.abc_scope)
    rows[["consumption_share_rate", "cumulative_share_rate"]] = share[
        ["consumption_share_rate", "cumulative_share_rate"]
    ]
    abc, abc_why = _settled_abc(share["share_before_rate"].to_numpy(), abc_before, movable, settings)
    xyz, xyz_why = _settled_xyz(rows, xyz_before, movable, settings, is_young)
    rows["abc_class"], rows["xyz_class"] = ABC[abc], XYZ[xyz]
    rows["abc_xyz_cell"] = rows["abc_class"] + rows["xyz_class"]
    rows["abc_class_item"] = _item_classes(rows, settings)
    is_same = (rows["abc_xyz_cell"] == before["abc_class"].fillna("") + before["xyz_class"].fillna("")).to_numpy()
    today = np.datetime64(as_of, "D")
    since = np.where(is_same, before["valid_from_date"].to_numpy("datetime64[D]"), today)
    rows["valid_from_date"] = since.astype("datetime64[ns]")
    rows["class_reason"] = [
        joined(first, second, say("class_scaled", f"{factor:.3g}") if factor > 1 else "")
        for first, second, factor in zip(abc_why, xyz_why, scale, strict=True)
    ]
    return rows[COLUMNS]


def _annual_scale(
    rows: pd.DataFrame, as_of: dt.date, settings: ClassificationSettings
) -> tuple[np.ndarray, np.ndarray]:
    """What lifts the consumption of a row that is younger than the window to a whole window, and which rows are new.

    Without it a launch is compared with what others sold in a year, and ends among what is to be delisted.
    """
    if "first_movement_date" not in rows:
        return np.ones(len(rows)), np.zeros(len(rows), bool)
    age = (pd.Timestamp(as_of) - pd.to_datetime(rows["first_movement_date"])).dt.days.to_numpy(float)
    known = np.isfinite(age) & (age >= 0)
    # a company that is younger than the window is compared over its own life
    oldest = pd.Series(np.where(known, age, np.nan)).groupby(company_of(rows["item_id"])).transform("max").to_numpy()
    window = np.fmin(settings.window_days, oldest)
    lived = np.clip(age, settings.least_days, None)
    scale = np.where(known & (lived < window), window / lived, 1.0)
    return scale, known & (age < settings.new_days)


def _consumed(consumption: pd.DataFrame) -> pd.DataFrame:
    """Consumption per item x warehouse; the value is null where any part of it is not known."""
    if consumption.empty:
        return pd.DataFrame(columns=[*KEYS, "consumption_units", "consumption_value"])
    grouped = consumption.groupby(KEYS, sort=True)
    result = grouped["consumption_units"].sum().astype(float).to_frame()
    has_all = grouped["consumption_value"].count() == grouped.size()
    result["consumption_value"] = grouped["consumption_value"].sum().astype(float).where(has_all)
    return result.reset_index()


def _raw_cv(keys: pd.DataFrame, history: pd.DataFrame, bucket: int) -> np.ndarray:
    """Coefficient of variation of demand in buckets; NaN where there was none."""
    moments = demand_moments(in_buckets(history, bucket))[["raw_cv_rate"]].reset_index()
    return keys.merge(moments, on=KEYS, how="left")["raw_cv_rate"].to_numpy(float)


def _previous(previous: pd.DataFrame | None, keys: pd.DataFrame, as_of: dt.date) -> pd.DataFrame:
    """The class that each row had last, on or before the day; nulls where it had none."""
    names = ["abc_class", "xyz_class", "valid_from_date"]
    if previous is None or previous.empty:
        empty = pd.DataFrame({"abc_class": None, "xyz_class": None, "valid_from_date": pd.NaT}, index=keys.index)
        return empty.astype({"abc_class": object, "xyz_class": object, "valid_from_date": "datetime64[ns]"})
    known = previous[[*KEYS, *names]].copy()
    known["valid_from_date"] = pd.to_datetime(known["valid_from_date"])
    known = known[known["valid_from_date"] <= pd.Timestamp(as_of)]
    last = known.sort_values("valid_from_date", kind="stable").drop_duplicates(KEYS, keep="last")
    return keys.merge(last, on=KEYS, how="left")[names]


def _position(labels: pd.Series, order: np.ndarray) -> np.ndarray:
    return labels.map({label: index for index, label in enumerate(order)}).fillna(len(order) - 1).to_numpy(int)


def _abc_shares(rows: pd.DataFrame, scope: str) -> pd.DataFrame:
    group = rows["warehouse_id"].to_numpy() if scope == "warehouse" else company_of(rows["item_id"])
    tie = (rows["item_id"] + "|" + rows["warehouse_id"]).to_numpy()
    return pareto_shares(rows["annual_consumption_value"].to_numpy(float), tie, group)


def _item_classes(rows: pd.DataFrame, settings: ClassificationSettings) -> np.ndarray:
    """ABC of the item over all its warehouses, without inertia: it decides nothing, it is read beside the cell."""
    by_item = rows.groupby("item_id", sort=True)["annual_consumption_value"].sum()
    share = pareto_shares(by_item.to_numpy(float), by_item.index.to_numpy(), company_of(by_item.index.to_series()))
    index = abc_index(share["share_before_rate"].to_numpy(), settings.abc_a_rate, settings.abc_b_rate)
    return rows["item_id"].map(pd.Series(ABC[index], index=by_item.index)).to_numpy()


def _settled_abc(
    before_rate: np.ndarray, previous: np.ndarray, movable: np.ndarray, settings: ClassificationSettings
) -> tuple[np.ndarray, list[str]]:
    a, b, margin = settings.abc_a_rate, settings.abc_b_rate, settings.abc_margin_rate
    plain = abc_index(before_rate, a, b)
    generous, strict = (
        abc_index(before_rate, a + margin, min(b + margin, 1.0)),
        abc_index(before_rate, a - margin, b - margin),
    )
    plain = np.where(before_rate >= 1.0, 2, plain)
    final = _inert(plain, settle(previous, generous, strict), previous, movable)
    return final, _reasons(ABC, "share_before", before_rate, plain, final, previous, movable)


def _settled_xyz(
    rows: pd.DataFrame,
    previous: np.ndarray,
    movable: np.ndarray,
    settings: ClassificationSettings,
    is_young: np.ndarray,
) -> tuple[np.ndarray, list[str]]:
    raw, error = rows["raw_cv_rate"].to_numpy(float), rows["error_cv_rate"].to_numpy(float)
    cv = np.where(np.isfinite(error), error, raw) if settings.xyz_basis == "forecast_error" else raw
    cv = np.where(rows["periods"].fillna(0).to_numpy(float) >= settings.min_periods, cv, np.nan)
    # nothing is known of the rhythm of a launch: it is taken as the middle, so that it is stocked
    cv = np.where(is_young & ~np.isfinite(cv), (settings.x_rate + settings.y_rate) / 2, cv)
    margin = settings.xyz_margin_rate
    plain = xyz_index(cv, settings.x_rate, settings.y_rate)
    generous = xyz_index(cv, settings.x_rate * (1 + margin), settings.y_rate * (1 + margin))
    strict = xyz_index(cv, settings.x_rate * (1 - margin), settings.y_rate * (1 - margin))
    final = _inert(plain, settle(previous, generous, strict), previous, movable)
    used = "forecast_error" if settings.xyz_basis == "forecast_error" else "raw_variation"
    return final, _reasons(XYZ, used, cv, plain, final, previous, movable)


def _inert(plain: np.ndarray, settled: np.ndarray, previous: np.ndarray, movable: np.ndarray) -> np.ndarray:
    return np.where(previous < 0, plain, np.where(movable, settled, previous))


def _reasons(
    labels: np.ndarray, measure: str, figure: np.ndarray, plain: np.ndarray, final: np.ndarray, previous: np.ndarray,
    movable: np.ndarray,
) -> list[str]:  # fmt: skip
    """One sentence a row: the class, how it came about and the figure behind it."""
    shown = [f"{value:.2f}" if np.isfinite(value) else "not available" for value in figure]
    result = []
    for now, would, was, moves, text in zip(final, plain, previous, movable, shown, strict=True):
        if was < 0:
            result.append(say("class_first", labels[now], measure, text))
        elif now != was:
            result.append(say("class_changed", labels[was], labels[now], measure, text))
        elif would != was:
            why = "class_kept_by_margin" if moves else "class_kept_until_refresh"
            result.append(say(why, labels[now], measure, text))
        else:
            result.append(say("class_unchanged", labels[now], measure, text))
    return result
