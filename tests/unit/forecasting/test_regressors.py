"""Regressors with known future values: what moves demand is learned and applied ahead, what does not is left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assets.planning.forecasting.frame import FrameForecast, forecast_frame

WEEKS, AHEAD = 130, 8
HOT = 12.0


def _frame(slope: float, *, seed: int = 5, series: int = 12, noise_name: str = "noise") -> pd.DataFrame:
    """Weekly demand that follows a temperature, a random figure beside it, and eight weeks ahead, four of them hot."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2023-01-02", periods=WEEKS + AHEAD, freq="7D")
    heat = rng.normal(0, 5, WEEKS + AHEAD)
    heat[WEEKS:] = [HOT, -HOT] * (AHEAD // 2)
    parts = []
    for k in range(series):
        level = 20 + 5 * k
        units = rng.poisson(level * np.exp(slope * heat)).astype(float)
        units[WEEKS:] = np.nan
        parts.append(
            pd.DataFrame(
                {"series_id": f"s{k:02d}", "period_start_date": days, "demand_units": units, "temperature": heat,
                 noise_name: rng.normal(size=WEEKS + AHEAD)}
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _forecast(frame: pd.DataFrame, *regressors: str) -> FrameForecast:
    return forecast_frame(frame, freq="W", horizon=AHEAD, quantiles=(0.5, 0.9), regressors=regressors)


def test_a_regressor_that_moves_demand_moves_the_forecast_of_its_own_weeks() -> None:
    found = _forecast(_frame(0.04), "temperature")
    [effect] = found.effects[found.effects["feature"] == "temperature"].to_dict("records")
    assert effect["learned_from"] == "family" and effect["effect_rate"] == pytest.approx(np.expm1(0.04), abs=0.005)
    mean = found.forecasts.pivot(index="series_id", columns="period", values="mean").to_numpy(float)
    hot, cold = mean[:, 0::2].mean(), mean[:, 1::2].mean()
    assert hot / cold == pytest.approx(np.exp(0.04 * 2 * HOT), rel=0.15)
    assert any(remark.startswith("temperature: one more changes demand by +4") for remark in found.remarks)


def test_a_regressor_without_effect_is_not_used_and_changes_nothing() -> None:
    frame = _frame(0.0)
    found = _forecast(frame, "noise")
    [effect] = found.effects[found.effects["feature"] == "noise"].to_dict("records")
    assert (effect["learned_from"], effect["kept_rate"]) == ("not_used", 0.0)
    bare = forecast_frame(frame[frame["demand_units"].notna()], freq="W", horizon=AHEAD, quantiles=(0.5, 0.9))
    columns = ["series_id", "period", "mean", "q_0.5", "q_0.9"]
    pd.testing.assert_frame_equal(found.forecasts[columns], bare.forecasts[columns])
    assert any(remark.startswith("noise: not used") for remark in found.remarks)


def test_the_future_of_a_regressor_changes_no_effect() -> None:
    """Prevents: an effect that is learned from what lies ahead."""
    frame = _frame(0.04, series=6)
    other = frame.assign(temperature=frame["temperature"].where(frame["demand_units"].notna(), 0.0))
    one, two = (_forecast(each, "temperature").effects for each in (frame, other))
    pd.testing.assert_frame_equal(one, two)


def test_what_is_missing_or_no_number_is_said() -> None:
    frame = _frame(0.0, series=2)
    with pytest.raises(ValueError, match="no column price"):
        _forecast(frame, "price")
    with pytest.raises(ValueError, match=r"temperature: series 's00' has no value for the period 2025-06-30"):
        _forecast(frame[frame["demand_units"].notna()], "temperature")
    text = frame.assign(temperature=frame["temperature"].astype(object))
    text.loc[3, "temperature"] = "warm"
    with pytest.raises(ValueError, match="row 5, column temperature: 'warm' is no number"):
        _forecast(text, "temperature")
    # a refused series is named by its row of the whole file, rows ahead counted
    broken = frame.copy()
    broken.loc[WEEKS + AHEAD + 1, "demand_units"] = 1e306
    assert _forecast(broken, "temperature").refused["row"].tolist() == [WEEKS + AHEAD + 1]
