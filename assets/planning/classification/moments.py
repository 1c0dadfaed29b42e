"""Moments of many demand series at once, from one long frame: the raw material of XYZ and of the demand pattern."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.shape import timestamps

KEYS = ["item_id", "warehouse_id"]


def demand_moments(history: pd.DataFrame) -> pd.DataFrame:
    """Periods, mean, variability, ADI and CV2 of each series since its first demand.

    Args:
        history: planning.demand_history (item_id, warehouse_id, period_start_date, demand_units, is_censored,
            demand_units_imputed); one row a period, gaps count as not observed.

    Returns:
        Indexed by item_id, warehouse_id: periods (observed since first demand), nonzero_periods, mean_units,
        raw_cv_rate (sample deviation / mean), adi (periods / non-zero periods), cv2 (squared sample CV of the
        non-zero sizes; 0 for a single one). A censored period without an imputed figure is left out: it is no low
        demand. NaN where the series never had demand.
    """
    if history.empty:
        columns = ["periods", "nonzero_periods", "mean_units", "raw_cv_rate", "adi", "cv2"]
        return pd.DataFrame(columns=columns, index=pd.MultiIndex.from_arrays([[], []], names=KEYS), dtype=float)
    codes = history.groupby(KEYS, sort=False).ngroup().to_numpy()
    keys = history[KEYS].drop_duplicates()
    series = len(keys)
    units = history["demand_units"].to_numpy(float)
    if "demand_units_imputed" in history:
        imputed = history["demand_units_imputed"].to_numpy(float)
        units = np.where(np.isfinite(imputed), imputed, units)
        observed = np.isfinite(imputed)
    else:
        observed = np.ones(len(units), bool)
    if "is_censored" in history:
        observed |= ~history["is_censored"].fillna(False).to_numpy(bool)
    observed &= np.isfinite(units)
    units = np.clip(np.where(observed, units, 0.0), 0, None)
    day = timestamps(history["period_start_date"]).to_numpy().astype("datetime64[D]").astype(np.int64)
    first = np.full(series, np.iinfo(np.int64).max)
    positive = units > 0
    np.minimum.at(first, codes[positive], day[positive])
    used = observed & (day >= first[codes])
    codes, units = codes[used], units[used]

    periods, mean, deviation = _grouped_moments(codes, units, series)
    sizes = units > 0
    nonzero, size_mean, size_deviation = _grouped_moments(codes[sizes], units[sizes], series)
    with np.errstate(divide="ignore", invalid="ignore"):
        result = {
            "periods": periods,
            "nonzero_periods": nonzero,
            "mean_units": mean,
            "raw_cv_rate": deviation / mean,
            "adi": periods / nonzero,
            "cv2": np.where(nonzero > 1, (size_deviation / size_mean) ** 2, 0.0),
        }
    frame = pd.DataFrame(result, index=pd.MultiIndex.from_frame(keys))
    never = frame["nonzero_periods"] == 0
    frame.loc[never, ["mean_units", "raw_cv_rate", "adi", "cv2"]] = np.nan
    return frame


def _grouped_moments(codes: np.ndarray, values: np.ndarray, groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count, mean and sample standard deviation (0 for one value) of the values of each group."""
    count = np.bincount(codes, minlength=groups).astype(float)
    safe = np.maximum(count, 1)
    mean = np.bincount(codes, values, groups) / safe
    squares = np.bincount(codes, (values - mean[codes]) ** 2, groups)
    return count, mean, np.sqrt(squares / np.maximum(count - 1, 1))


def periods_per_bucket(history: pd.DataFrame, bucket_days: float) -> int:
    """How many periods of the history make a bucket; 1 where a period is as long or there is only one."""
    starts = np.unique(timestamps(history["period_start_date"]).to_numpy().astype("datetime64[D]")).astype(np.int64)
    if len(starts) < 2:
        return 1
    return max(round(bucket_days / float(np.median(np.diff(starts)))), 1)


def in_buckets(history: pd.DataFrame, periods: int) -> pd.DataFrame:
    """The history in buckets of `periods` periods, counted back from the newest one; the oldest, incomplete one is left out.

    A bucket's demand is scaled up for its unknown periods; one without a known period is censored.
    """
    if periods == 1 or history.empty:
        return history
    starts = timestamps(history["period_start_date"])
    code, days = pd.factorize(starts, sort=True)
    bucket = (len(days) - 1 - code) // periods
    whole = bucket < len(days) // periods
    units = history["demand_units"].to_numpy(float)
    known = np.isfinite(units)
    if "demand_units_imputed" in history:
        imputed = history["demand_units_imputed"].to_numpy(float)
        units, known = np.where(np.isfinite(imputed), imputed, units), np.isfinite(imputed)
    if "is_censored" in history:
        known |= ~history["is_censored"].fillna(False).to_numpy(bool)
    newest = starts.max()
    length = (newest - starts.min()) / max(len(days) - 1, 1) * periods
    # one number for series and bucket: grouping by two texts and a number takes three times as long
    series = history.groupby(KEYS, sort=True).ngroup().to_numpy()
    count = len(days) // periods
    cell, place = np.unique((series * count + bucket)[whole], return_inverse=True)
    keys = history[KEYS].drop_duplicates().sort_values(KEYS, ignore_index=True)
    grouped = keys.iloc[cell // count].reset_index(drop=True)
    grouped["bucket"] = cell % count
    grouped["known"] = np.bincount(place, known[whole], len(cell))
    grouped["units"] = np.bincount(place, np.where(known, units, 0.0)[whole], len(cell))
    seen = grouped["known"] > 0
    grouped["demand_units"] = (grouped["units"] * periods / grouped["known"].where(seen, 1.0)).where(seen, 0.0)
    grouped["demand_units_imputed"] = grouped["demand_units"].where(seen)
    grouped["is_censored"] = ~seen
    grouped["period_start_date"] = newest - grouped["bucket"] * length
    return grouped.drop(columns=["bucket", "known", "units"])
