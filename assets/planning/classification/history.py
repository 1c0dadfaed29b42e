"""Classes as they were at each refresh, from the data alone: the same every time the warehouse is rebuilt."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.classification.classify import classify
from assets.planning.classification.hysteresis import period_start
from assets.planning.classification.moments import KEYS
from assets.planning.classification.settings import ClassificationSettings
from assets.planning.shape import timestamps

COLUMNS = [*KEYS, "abc_class", "xyz_class", "abc_xyz_cell", "class_reason", "valid_from_date", "valid_to_date"]


def refresh_dates(as_of: dt.date, refresh: str, count: int) -> list[dt.date]:
    """The last `count` days of refresh up to the as-of date, oldest first (`run`: only that day)."""
    if refresh == "run":
        return [as_of]
    dates, day = [], period_start(as_of, refresh)
    for _ in range(count):
        dates.append(day)
        day = period_start(day - dt.timedelta(days=1), refresh)
    return dates[::-1]


@dataclass(frozen=True)
class Classes:
    """current: planning.item_classes of today. history: planning.class_history; its open rows are the current classes."""

    current: pd.DataFrame
    history: pd.DataFrame


def classes_and_history(
    consumption: pd.DataFrame,
    daily: pd.DataFrame,
    history: pd.DataFrame,
    accuracy: pd.DataFrame,
    spine: pd.DataFrame,
    *,
    as_of: dt.date,
    settings: ClassificationSettings,
    refreshes: int = 8,
) -> Classes:
    """Classes as the last refresh left them, with today's figures beside them, and how they came about.

    Between refreshes nothing moves; only item x warehouses that came since get a first class.

    Args:
        consumption: see `classify`. The rest: see `class_history`.
    """
    steps = [] if settings.refresh == "run" else _refreshes(daily, history, accuracy, spine, as_of, settings, refreshes)
    today = classify(
        consumption, history, accuracy, spine, as_of=as_of, settings=settings,
        previous=steps[-1] if steps else None, is_refresh=not steps,
    )  # fmt: skip
    if steps and "first_movement_date" in spine:
        # a row that came since the refresh has its first class from its first movement on, on whatever day that is asked
        first = spine.drop_duplicates(KEYS).set_index(KEYS)["first_movement_date"]
        came = timestamps(first.reindex(pd.MultiIndex.from_frame(today[KEYS]))).to_numpy("datetime64[ns]")
        is_new = (today["valid_from_date"] == pd.Timestamp(as_of)).to_numpy() & (came < np.datetime64(as_of))
        today["valid_from_date"] = today["valid_from_date"].mask(is_new, pd.Series(came, index=today.index))
    return Classes(today, _intervals([*steps, today.assign(refresh_date=pd.Timestamp(as_of))]))


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
    return _intervals(_refreshes(daily, history, accuracy, spine, as_of, settings, refreshes))


def _refreshes(
    daily: pd.DataFrame, history: pd.DataFrame, accuracy: pd.DataFrame, spine: pd.DataFrame, as_of: dt.date,
    settings: ClassificationSettings, refreshes: int,
) -> list[pd.DataFrame]:  # fmt: skip
    """Classes after each refresh for which there is demand, oldest first, with refresh_date."""
    business, start = timestamps(daily["business_date"]), timestamps(history["period_start_date"])
    cost = spine.drop_duplicates(KEYS).set_index(KEYS).get("unit_cost_latest")
    moved = timestamps(spine["first_movement_date"]) if "first_movement_date" in spine else None
    previous: pd.DataFrame | None = None
    steps: list[pd.DataFrame] = []
    dates = refresh_dates(as_of, settings.refresh, refreshes)
    for day in dates:
        today = pd.Timestamp(day)
        window = daily[(business < today) & (business >= today - pd.Timedelta(days=settings.window_days))]
        known = history[start < today]
        there = spine if moved is None else spine[moved.isna() | (moved < today)]
        if window.empty or known.empty or there.empty:
            continue  # sales that are older than the first stock list, say
        used = (
            window.groupby(KEYS, sort=True)["demand_units"]
            .sum()
            .astype(float)
            .rename("consumption_units")
            .reset_index()
        )
        unit = cost.reindex(pd.MultiIndex.from_frame(used[KEYS])).to_numpy(float) if cost is not None else float("nan")
        used["consumption_value"] = used["consumption_units"] * unit
        is_last = day == dates[-1]
        rule = settings if is_last else settings.model_copy(update={"xyz_basis": "raw_cv"})
        previous = classify(
            used,
            known,
            accuracy if is_last else accuracy.iloc[:0],
            there,
            as_of=day,
            settings=rule,
            previous=previous,
        )
        steps.append(previous.assign(refresh_date=today))
    return steps


def _intervals(found: list[pd.DataFrame]) -> pd.DataFrame:
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    rows = (
        pd.concat(found, ignore_index=True)
        .sort_values([*KEYS, "refresh_date"], kind="stable")
        .drop_duplicates([*KEYS, "valid_from_date"])
    )
    following = rows.groupby(KEYS, sort=False)["valid_from_date"].shift(-1)
    return rows.assign(valid_to_date=following - pd.Timedelta(days=1))[COLUMNS].reset_index(drop=True)
