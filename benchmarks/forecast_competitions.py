"""M3 and M4 weekly, forecast as `stockturn forecast` does, against what the competitions published.

M3: the test parts that the competition published. M4 weekly: the test parts are not at hand, so origins roll back from
the end of the training parts, 13 weeks apart. Series are numbered, not dated: they never said when they began. Nothing
is chosen here: the engine picks a model per series on rolling origins before the one that is judged. The parts that
were tried for it are in docs/forecasting.md with their figures. Metrics are the competition's, by utilsforecast where
it has them: sMAPE, MASE with in-sample one-step scale, OWA against Naive2, which is Naive for weekly data (m = 1).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting import batch_source
from assets.planning.forecasting.batch import batch_points, combined
from assets.planning.forecasting.frame import FrameForecast, forecast_frame
from assets.planning.forecasting.settings import ForecastSettings
from benchmarks.forecast_data import shared

MEMBERS = ("ets", "theta", "ces")
M3_SEASONS = {"YEARLY": 1, "OTHER": 1, "QUARTERLY": 4, "MONTHLY": 12}


def numbered_frame(series: Sequence[NDArray[np.float64]]) -> pd.DataFrame:
    """The long frame that `stockturn forecast` takes, of series without dates; names sort in the given order."""
    lengths = [len(values) for values in series]
    return pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k:05d}" for k in range(len(series))], lengths),
            "t": np.concatenate([np.arange(size) for size in lengths]),
            "demand_units": np.concatenate(list(series)).astype(float),
        }
    )


def command_forecast(series: Sequence[NDArray[np.float64]], horizon: int, season: int) -> FrameForecast:
    """What `stockturn forecast --effort standard --season SEASON` writes for the series."""
    settings = ForecastSettings(effort="standard", calendars=(), season_periods=season)
    freq = "W" if season == 52 else "M"
    return forecast_frame(numbered_frame(series), freq=freq, horizon=horizon, quantiles=[0.5], settings=settings)  # type: ignore[arg-type]


@contextmanager
def fits_kept() -> Iterator[None]:
    """Within it, a batch of series that was fitted before is not fitted again: rolling origins of neighbouring origins are the
    same fits. The figures are those of the command, in nine fits for three origins where it takes 21."""
    kept: dict[bytes, Any] = {}
    originals = batch_source.batch_points, batch_source.analogue_points

    def once(fit: Any) -> Any:
        def fitted(series: Sequence[NDArray[np.float64]], *arguments: Any) -> Any:
            digest = hashlib.blake2b(repr((fit.__name__, arguments, [len(each) for each in series])).encode())
            for each in series:
                digest.update(np.ascontiguousarray(each).tobytes())
            key = digest.digest()
            if key not in kept:
                kept[key] = fit(series, *arguments)
            found = kept[key]
            return dict(found) if isinstance(found, dict) else found.copy()

        return fitted

    batch_source.batch_points, batch_source.analogue_points = once(originals[0]), once(originals[1])
    try:
        yield
    finally:
        batch_source.batch_points, batch_source.analogue_points = originals


def smape(forecast: NDArray, actual: NDArray) -> NDArray[np.float64]:
    """Symmetric absolute percentage error of each point, in percent (Makridakis 1993; the competitions' form)."""
    size = np.abs(forecast) + np.abs(actual)
    return np.divide(200.0 * np.abs(forecast - actual), size, out=np.zeros_like(size), where=size > 0)


def _m3_group(period: str, every: int) -> tuple[list[NDArray], NDArray, int]:
    meta = pd.read_parquet(shared("m3", "meta.parquet"))
    rows = pd.read_parquet(shared("m3", "series.parquet"))
    ids = meta.loc[meta["period"] == period, "series_id"].sort_values().iloc[::every]
    rows = rows[rows["series_id"].isin(set(ids))].sort_values(["series_id", "t"])
    train = [part["y"].to_numpy() for _, part in rows[rows["split"] == "train"].groupby("series_id", sort=True)]
    test = [part["y"].to_numpy() for _, part in rows[rows["split"] == "test"].groupby("series_id", sort=True)]
    return train, np.stack(test), test[0].shape[0]


def _points(result: FrameForecast, horizon: int) -> dict[str, NDArray[np.float64]]:
    return {name: result.forecasts[name].to_numpy().reshape(-1, horizon) for name in ("mean", "q_0.5")}


def run_m3(every: int = 1) -> dict[str, Any]:
    """sMAPE by frequency and over all forecasts, of the mean and of the median, and of the median of ETS, Theta and CES without the
    engine's choice. `every`: every k-th series of each frequency."""
    published = pd.read_csv(shared("m3", "published_scores.csv")).set_index("method")
    sums: dict[str, dict[str, float]] = {}
    counts: dict[str, int] = {}
    chosen: dict[str, Any] = {}
    seconds: dict[str, float] = {}
    series: dict[str, int] = {}
    for period, season in M3_SEASONS.items():
        train, actual, horizon = _m3_group(period, every)
        started = time.process_time()
        result = command_forecast(train, horizon, season)
        seconds[period] = round(time.process_time() - started, 1)
        counts[period], series[period] = actual.size, len(actual)
        plain = combined(batch_points(train, horizon, MEMBERS, season), MEMBERS)
        for label, forecast in {**_points(result, horizon), "median_of_families": plain}.items():
            sums.setdefault(label, {})[period] = float(smape(forecast, actual).sum())
        picked = result.accuracy.loc[result.accuracy["is_chosen"], "model"].value_counts()
        chosen[period] = {str(k): int(v) for k, v in picked.head(8).items()}
        print("m3", period, {k: round(v[period] / actual.size, 3) for k, v in sums.items()}, chosen[period], flush=True)
    total = sum(counts.values())
    table = {
        label: {**{p: round(v[p] / counts[p], 4) for p in counts}, "ALL": round(sum(v.values()) / total, 4)}
        for label, v in sums.items()
    }
    entrants = published["ALL_avg_over_all_forecasts"][published["n"] == 3003]
    return {
        "every": every,
        "series": sum(series.values()),
        "smape": table,
        "chosen": chosen,
        "monthly_published": published["MONTHLY"].loc[["THETA", "ForecastPro"]].to_dict(),
        "best_entrant": {str(entrants.idxmin()): float(entrants.min())},
        "processor_seconds": seconds,
    }


def m4_series() -> list[NDArray[np.float64]]:
    """The weekly series of M4, in the order of their names."""
    rows = pd.read_parquet(shared("m4_weekly", "train.parquet")).sort_values(["series_id", "t"])
    return [part["y"].to_numpy() for _, part in rows.groupby("series_id", sort=True)]


def owa(forecast: NDArray, train: Sequence[NDArray], actual: NDArray) -> float:
    """Overall weighted average of sMAPE and MASE relative to the last value repeated (M4's Naive2 at m = 1)."""
    naive = np.repeat(np.array([[values[-1]] for values in train]), actual.shape[1], axis=1)
    scale = np.array([np.abs(np.diff(values)).mean() for values in train])

    def parts(points: NDArray) -> tuple[float, float]:
        return float(smape(points, actual).mean()), float((np.abs(points - actual).mean(axis=1) / scale).mean())

    return 0.5 * sum(ours / theirs for ours, theirs in zip(parts(forecast), parts(naive), strict=True))


def run_m4(origins: int, horizon: int = 13) -> dict[str, Any]:
    """OWA of the command's forecast at each origin, the newest first."""
    with fits_kept():
        return _m4_origins(origins, horizon)


def _m4_origins(origins: int, horizon: int) -> dict[str, Any]:
    series = m4_series()
    scores: dict[str, list[float]] = {}
    chosen: list[dict[str, int]] = []
    seconds: list[float] = []
    for back in range(1, origins + 1):
        train = [values[: len(values) - horizon * back] for values in series]
        actual = np.stack([v[len(t) : len(t) + horizon] for v, t in zip(series, train, strict=True)])
        started = time.process_time()
        result = command_forecast(train, horizon, 52)
        seconds.append(round(time.process_time() - started, 1))
        for label, forecast in _points(result, horizon).items():
            scores.setdefault(label, []).append(round(owa(forecast, train, actual), 4))
        picked = result.accuracy.loc[result.accuracy["is_chosen"], "model"].value_counts()
        chosen.append({str(k): int(v) for k, v in picked.head(8).items()})
        print("m4", back, {k: v[-1] for k, v in scores.items()}, chosen[-1], seconds[-1], flush=True)
    return {
        "origins_newest_first": origins,
        "owa": scores,
        "owa_newest_origin": {k: v[0] for k, v in scores.items()},
        "owa_mean_of_origins": {k: round(float(np.mean(v)), 4) for k, v in scores.items()},
        "chosen": chosen,
        "processor_seconds": seconds,
        "published_on_the_competition_test": {"best": 0.739, "SCUM": 0.751, "Comb": 0.926},
    }
