"""M3 and M4 weekly: points against what the competitions published.

M3: the test parts that the competition published. The combination was fixed beforehand: the median of the exponential
smoothing, Theta and CES families is SCUM (doi:10.1016/j.ijforecast.2019.01.006) less ARIMA.
M4 weekly: the test parts are not at hand, so origins roll back from the end of the training parts, 13 weeks apart.
Which combination is "ours" is chosen on the origins before the newest one, and judged there. Metrics are the
competition's: sMAPE, MASE with in-sample one-step scale, OWA against Naive2, which is Naive for weekly data (m = 1).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting.analogues import analogue_points
from assets.planning.forecasting.batch import batch_points, combined
from benchmarks.forecast_data import shared

Points = dict[str, NDArray[np.float64]]

M3_SEASONS = {"YEARLY": 1, "OTHER": 1, "QUARTERLY": 4, "MONTHLY": 12}
M3_MEMBERS = ["ets", "theta", "ces", "damped"]
M3_COMBINATIONS = {
    "median_ets_theta_ces": ["ets", "theta", "ces"],
    "median_of_four": M3_MEMBERS,
    "median_theta_ces": ["theta", "ces"],
    "median_damped_theta_ces": ["damped", "theta", "ces"],
}
M3_OURS = "median_ets_theta_ces"

#: Weeks of history that a member reads: fifteen years, after which length costs more than it tells.
M4_CAP = 780
M4_COMBINATIONS = {
    "median_seasonal_and_analogues": ["theta", "ces", "mstl", "analogues"],
    "median_theta_ces_analogues": ["theta", "ces", "analogues"],
    "median_theta_ces": ["theta", "ces"],
    "median_with_unseasonal": ["theta", "ces", "mstl", "analogues", "theta_1", "ces_1"],
    "median_unseasonal": ["theta_1", "ces_1"],
}


def smape(forecast: NDArray, actual: NDArray) -> NDArray[np.float64]:
    """Symmetric absolute percentage error of each point, in percent (Makridakis 1993; the competitions' form)."""
    size = np.abs(forecast) + np.abs(actual)
    return np.divide(200.0 * np.abs(forecast - actual), size, out=np.zeros_like(size), where=size > 0)


def _m3_group(period: str) -> tuple[list[NDArray], NDArray, int]:
    meta = pd.read_parquet(shared("m3", "meta.parquet"))
    rows = pd.read_parquet(shared("m3", "series.parquet"))
    ids = meta.loc[meta["period"] == period, "series_id"]
    rows = rows[rows["series_id"].isin(set(ids))].sort_values(["series_id", "t"])
    train = [part["y"].to_numpy() for _, part in rows[rows["split"] == "train"].groupby("series_id", sort=True)]
    test = [part["y"].to_numpy() for _, part in rows[rows["split"] == "test"].groupby("series_id", sort=True)]
    return train, np.stack(test), test[0].shape[0]


def run_m3() -> dict[str, Any]:
    """sMAPE by frequency and over all forecasts, of every member and combination."""
    published = pd.read_csv(shared("m3", "published_scores.csv")).set_index("method")
    sums: dict[str, dict[str, float]] = {}
    counts: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for period, season in M3_SEASONS.items():
        train, actual, horizon = _m3_group(period)
        points: Points = {}
        for name in M3_MEMBERS:
            started = time.perf_counter()
            points |= batch_points(train, horizon, [name], season)
            seconds[f"{period}_{name}"] = round(time.perf_counter() - started, 1)
        named = {**points, **{label: combined(points, members) for label, members in M3_COMBINATIONS.items()}}
        counts[period] = actual.size
        for label, forecast in named.items():
            sums.setdefault(label, {})[period] = float(smape(np.maximum(forecast, 0.0), actual).sum())
        print("m3", period, {k: round(v[period] / actual.size, 3) for k, v in sums.items()}, flush=True)
    total = sum(counts.values())
    table = {
        label: {**{p: round(v[p] / counts[p], 4) for p in counts}, "ALL": round(sum(v.values()) / total, 4)}
        for label, v in sums.items()
    }
    entrants = published["ALL_avg_over_all_forecasts"][published["n"] == 3003]
    return {
        "smape": table,
        "ours": M3_OURS,
        "monthly": table[M3_OURS]["MONTHLY"],
        "monthly_published": published["MONTHLY"].loc[["THETA", "ForecastPro"]].to_dict(),
        "all": table[M3_OURS]["ALL"],
        "best_entrant": {str(entrants.idxmin()): float(entrants.min())},
        "seconds": seconds,
    }


def _m4_points(train: list[NDArray], horizon: int) -> Points:
    short = [values[-M4_CAP:] for values in train]
    points: Points = {"naive": np.repeat(np.array([[v[-1]] for v in train]), horizon, axis=1)}
    points |= batch_points(short, horizon, ["theta", "ces", "mstl"], 52)
    points |= {f"{k}_1": v for k, v in batch_points(short, horizon, ["theta", "ces"], 1).items()}
    points["analogues"] = analogue_points(train, horizon, 52)
    for label, members in M4_COMBINATIONS.items():
        points[label] = combined(points, members)
    return points


def run_m4(origins: int, horizon: int = 13) -> dict[str, Any]:
    """OWA of every member and combination at each origin; ours is chosen on the origins before the newest."""
    rows = pd.read_parquet(shared("m4_weekly", "train.parquet")).sort_values(["series_id", "t"])
    series = [part["y"].to_numpy() for _, part in rows.groupby("series_id", sort=True)]
    owa: dict[str, list[float]] = {}
    parts: dict[str, list[list[float]]] = {}
    for back in range(origins, 0, -1):
        train = [values[: len(values) - horizon * back] for values in series]
        actual = np.stack([v[len(t) : len(t) + horizon] for v, t in zip(series, train, strict=True)])
        scale = np.array([np.abs(np.diff(values)).mean() for values in train])
        points = _m4_points(train, horizon)
        score = {
            name: (float(smape(f, actual).mean()), float((np.abs(f - actual).mean(axis=1) / scale).mean()))
            for name, f in points.items()
        }
        for name, (a, b) in score.items():
            owa.setdefault(name, []).append(round(0.5 * (a / score["naive"][0] + b / score["naive"][1]), 4))
            parts.setdefault(name, []).append([round(a, 3), round(b, 3)])
        print("m4", back, {k: v[-1] for k, v in owa.items()}, flush=True)
    earlier = {name: float(np.mean(owa[name][:-1] or owa[name])) for name in M4_COMBINATIONS}
    ours = min(earlier, key=lambda name: earlier[name])
    return {
        "origins_oldest_first": origins,
        "owa": owa,
        "smape_and_mase": parts,
        "ours": ours,
        "owa_of_combinations_on_earlier_origins": {k: round(v, 4) for k, v in earlier.items()},
        "owa_newest_origin": owa[ours][-1],
        "owa_mean_of_origins": round(float(np.mean(owa[ours])), 4),
        "published_on_the_competition_test": {"best": 0.739, "SCUM": 0.751, "Comb": 0.926},
    }
