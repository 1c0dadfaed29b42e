"""Any long frame in: bad input gets one reason or a note, and nothing is dropped in silence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assets.planning.forecasting.frame import FrameForecast, forecast_frame

WEEKS = pd.date_range("2023-01-02", periods=60, freq="7D")


def series(name: str | None, dates: pd.DatetimeIndex, units: object) -> pd.DataFrame:
    return pd.DataFrame({"series_id": name, "period_start_date": dates, "demand_units": units})


@pytest.fixture(scope="module")
def bad() -> tuple[pd.DataFrame, FrameForecast]:
    rng = np.random.default_rng(0)
    spike = np.arange(60) == 3
    frame = pd.concat(
        [
            series("fine", WEEKS, rng.poisson(5, 60)),
            series("gaps", WEEKS[np.r_[0:20, 25:60]], 3.0),
            series("twice", WEEKS.append(WEEKS[:1]), 1.0),
            series("negative", WEEKS, np.where(spike, -4.0, 2.0)),
            series("zero", WEEKS, 0.0),
            series("one", WEEKS[-1:], 4.0),
            series("constant", WEEKS, 7.0),
            series("early", WEEKS[:30], rng.poisson(3, 30)),
            series("infinite", WEEKS, np.where(spike, np.inf, 1.0)),
            series("outlier", WEEKS, np.where(spike, 1e7, rng.poisson(5, 60) + 1)),
            series("monthly", pd.date_range("2023-01-01", periods=15, freq="MS"), 5.0),
            series("text", WEEKS, "many"),
            series(None, WEEKS, 1.0),
            series("unknown", WEEKS, np.nan),
            series("holes", WEEKS, np.where(np.arange(60) % 7 == 0, np.nan, 4.0)),
        ]
    )
    return frame, forecast_frame(frame, freq="W", horizon=4, sum_horizon=True)


def test_series_in_are_series_out_and_series_refused(bad: tuple[pd.DataFrame, FrameForecast]) -> None:
    frame, result = bad
    out, refused = set(result.forecasts["series_id"]), set(result.refused["series_id"])
    assert out | refused == set(frame["series_id"].fillna(""))
    assert not out & refused
    assert len(result.forecasts) == 4 * len(out)
    assert result.totals is not None and set(result.totals["series_id"]) == out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("twice", "stands twice"),
        ("infinite", "infinite"),
        ("monthly", "frequency"),
        ("text", "no number"),
        ("", "series_id"),
        ("unknown", "no period has a figure"),
    ],
)
def test_refused_with_one_clear_reason(bad: tuple[pd.DataFrame, FrameForecast], name: str, reason: str) -> None:
    refused = bad[1].refused.set_index("series_id")["reason"]
    assert reason in refused[name]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("gaps", "5 missing periods taken as zero"),
        ("negative", "1 negative"),
        ("zero", "all figures are zero"),
        ("one", "one observation"),
        ("early", "30 periods before the newest"),
        ("outlier", "1e+07"),
    ],
)
def test_taken_with_a_note(bad: tuple[pd.DataFrame, FrameForecast], name: str, note: str) -> None:
    notes = bad[1].notes.set_index("series_id")["note"]
    assert note in notes[name]
    assert "fine" not in notes.index


def test_answers_make_sense(bad: tuple[pd.DataFrame, FrameForecast]) -> None:
    first = bad[1].forecasts.groupby("series_id").nth(0).set_index("series_id")
    assert np.isfinite(first.drop(columns="period").to_numpy()).all()
    assert first.loc["constant", "q_0.5"] == 7 and first.loc["constant", "q_0.95"] == 7
    assert first.loc["zero", "q_0.9"] == 0
    assert first.loc["outlier", "mean"] < 10
    assert first.loc["holes", "mean"] == pytest.approx(4.0, abs=0.05)
    assert first.loc["fine", "period"] == pd.Timestamp("2024-02-26")
    assert first.loc["early", "period"] == pd.Timestamp("2023-07-31")


def test_a_bad_neighbour_does_not_change_a_good_series() -> None:
    rng = np.random.default_rng(1)
    good = pd.concat([series(f"g{k}", WEEKS, rng.poisson(4, 60)) for k in range(5)])
    alone = forecast_frame(good, freq="W", horizon=3)
    beside = forecast_frame(pd.concat([good, series("x", WEEKS, np.inf)]), freq="W", horizon=3)
    pd.testing.assert_frame_equal(alone.forecasts, beside.forecasts)


def test_numbered_periods_and_chosen_quantiles() -> None:
    rng = np.random.default_rng(1)
    frame = pd.concat(
        [
            pd.DataFrame({"series_id": f"s{k}", "t": np.arange(30 + k), "demand_units": rng.poisson(4, 30 + k)})
            for k in range(4)
        ]
    )
    result = forecast_frame(frame, freq="M", horizon=3, quantiles=[0.25, 0.975])
    assert result.forecasts.columns.tolist() == ["series_id", "period", "mean", "q_0.25", "q_0.975"]
    assert result.forecasts.groupby("series_id")["period"].first().tolist() == [30, 31, 32, 33]
    assert result.totals is None


def test_an_empty_shelf_hides_demand() -> None:
    rng = np.random.default_rng(3)
    parts = []
    for k in range(10):
        stock = rng.random(60) > 0.4
        part = series(f"s{k}", WEEKS, np.where(stock, rng.poisson(8, 60), 0))
        parts.append(part.assign(in_stock=np.where(stock, "true", "false")))
    frame = pd.concat(parts)
    corrected = forecast_frame(frame, freq="W", horizon=2).forecasts["mean"].mean()
    taken_as_low = forecast_frame(frame.drop(columns="in_stock"), freq="W", horizon=2).forecasts["mean"].mean()
    assert corrected == pytest.approx(8.0, rel=0.06)
    assert taken_as_low < 6.0


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"series_id": ["a"], "t": [1]}), "no column demand_units"),
        (pd.DataFrame({"series_id": [], "t": [], "demand_units": []}), "no rows"),
        (pd.DataFrame({"series_id": ["a"], "demand_units": [1.0]}), "neither period_start_date nor t"),
    ],
)
def test_a_frame_that_cannot_be_read_is_refused_whole(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        forecast_frame(frame, freq="W", horizon=2)


def test_quantiles_outside_zero_and_one_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        forecast_frame(series("a", WEEKS, 1.0), freq="W", horizon=2, quantiles=[0.5, 1.0])
