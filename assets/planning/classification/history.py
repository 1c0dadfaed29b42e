"""Classes as they were at each refresh, from the data alone: the same every time the warehouse is rebuilt."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from assets.planning.classification.classify import classify
from assets.planning.classification.hysteresis import period_start
from assets.planning.classification.moments import KEYS
from assets.planning.classification.settings import ClassificationSettings


def refresh_dates(as_of: dt.date, refresh: str, count: int) -> list[dt.date]:
    """The last `count` days of refresh up to the as-of date, oldest first (`run`: only that day)."""
    if refresh == "run":
        return [as_of]
    dates, day = [], period_start(as_of, refresh)
    for _ in range(count):
        dates.append(day)
        day = period_start(day - dt.timedelta(days=1), refresh)
    return dates[::-1]


def class_history(
    daily: pd.DataFrame,
    history: pd.DataFrame,
    accuracy: pd.DataFrame,
    spine: pd.DataFrame,
    *,
    as_of: dt.date,
    settings: ClassificationSettings,
    refreshes: int = 8,
) -> pd.DataFrame:
    """Effective-dated classes: each refresh classifies on the consumption before it, starting from the one before.

    Past refreshes judge predictability by raw variation, because the forecast errors of then are not kept; the last one
    uses `accuracy`. Only item x warehouses that had moved by then take part.

    Args:
        daily: int_demand_daily. history: planning.demand_history. spine: with first_movement_date where known.
        refreshes: how many are looked back.

    Returns:
        item_id, warehouse_id, abc_class, xyz_class, abc_xyz_cell, class_reason, valid_from_date, valid_to_date (null
        for the present one); one row per time that a cell held.
    """
    business, start = pd.to_datetime(daily["business_date"]), pd.to_datetime(history["period_start_date"])
    cost = spine.drop_duplicates(KEYS).set_index(KEYS).get("unit_cost_latest")
    previous: pd.DataFrame | None = None
    steps = []
    dates = refresh_dates(as_of, settings.refresh, refreshes)
    for day in dates:
        today = pd.Timestamp(day)
        window = daily[(business < today) & (business >= today - pd.Timedelta(days=settings.window_days))]
        known = history[start < today]
        if window.empty or known.empty:
            continue
        used = (
            window.groupby(KEYS, sort=True)["demand_units"]
            .sum()
            .astype(float)
            .rename("consumption_units")
            .reset_index()
        )
        unit = cost.reindex(pd.MultiIndex.from_frame(used[KEYS])).to_numpy(float) if cost is not None else float("nan")
        used["consumption_value"] = used["consumption_units"] * unit
        present = spine
        if "first_movement_date" in spine:
            moved = pd.to_datetime(spine["first_movement_date"])
            present = spine[moved.isna() | (moved < today)]
        is_last = day == dates[-1]
        rule = settings if is_last else settings.model_copy(update={"xyz_basis": "raw_cv"})
        found = classify(
            used,
            known,
            accuracy if is_last else accuracy.iloc[:0],
            present,
            as_of=day,
            settings=rule,
            previous=previous,
        )
        steps.append(found.assign(refresh_date=today))
        previous = found
    return _intervals(pd.concat(steps, ignore_index=True)) if steps else _intervals(pd.DataFrame())


def _intervals(steps: pd.DataFrame) -> pd.DataFrame:
    columns = [*KEYS, "abc_class", "xyz_class", "abc_xyz_cell", "class_reason", "valid_from_date", "valid_to_date"]
    if steps.empty:
        return pd.DataFrame(columns=columns)
    rows = steps.sort_values([*KEYS, "refresh_date"], kind="stable").drop_duplicates([*KEYS, "valid_from_date"])
    following = rows.groupby(KEYS, sort=False)["valid_from_date"].shift(-1)
    return rows.assign(valid_to_date=following - pd.Timedelta(days=1))[columns].reset_index(drop=True)
