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
    return frame, forecast_frame(frame, freq="W", horizon=4, sum_horizon=True, gaps_are_zero=True)


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
        ("twice", "appears twice"),
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
    assert np.isfinite(first.filter(regex="^(mean|q_)").to_numpy()).all()
    assert first.loc["holes", "note"] == "" and "zero demand" in first.loc["gaps", "note"] and first["reason"].all()
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
    assert result.forecasts.columns.tolist()[:5] == ["series_id", "period", "mean", "q_0.25", "q_0.975"]
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
        (pd.DataFrame({"series_id": ["a"], "demand_units": [1.0]}), "no column period_start_date or t"),
    ],
)
def test_a_frame_that_cannot_be_read_is_refused_whole(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        forecast_frame(frame, freq="W", horizon=2)


def test_quantiles_outside_zero_and_one_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        forecast_frame(series("a", WEEKS, 1.0), freq="W", horizon=2, quantiles=[0.5, 1.0])


def test_a_new_series_is_near_what_it_showed_whatever_the_size_of_the_others() -> None:
    """One series of 1e12 in the file made a new one with a single sale of 3 a forecast of 4.5e10."""
    rng = np.random.default_rng(0)
    grown = [series(f"s{k}", WEEKS, rng.poisson(3 + k % 5, 60)) for k in range(12)]
    giant = series("giant", WEEKS, 1e12 * (1 + 0.1 * rng.random(60)))
    result = forecast_frame(pd.concat([*grown, giant, series("new", WEEKS[-1:], 3.0)]), freq="W", horizon=4)
    new = result.forecasts.set_index("series_id").loc["new"]
    assert new["mean"].between(2, 6).all() and (new["q_0.99"] > 2 * new["mean"]).all()
    assert result.forecasts.set_index("series_id").loc["giant", "mean"].between(9e11, 1.2e12).all()


def test_a_day_with_a_zone_is_the_day_on_its_own_clock() -> None:
    days = pd.date_range("2024-01-01", periods=140)
    units = np.where(days.dayofweek == 5, 20, 3)
    zoned = pd.Series(days.strftime("%Y-%m-%dT00:00:00+08:00"))
    for written in (zoned, pd.Series(days.tz_localize("Asia/Shanghai"))):
        frame = pd.DataFrame({"series_id": "a", "period_start_date": written, "demand_units": units})
        ahead = forecast_frame(frame, freq="D", horizon=7).forecasts.set_index("period")["mean"]
        assert ahead.idxmax().dayofweek == 5


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [("demand_units", 1e306, "beyond"), ("period_start_date", pd.Timestamp("2204-01-05"), "outside 1900 to 2100"),
     ("period_start_date", pd.Timestamp("2062-01-02"), "10 years from the row before")],
)  # fmt: skip
def test_one_absurd_value_spoils_one_series(column: str, value: object, reason: str) -> None:
    frame = pd.concat([series(f"s{k}", WEEKS, 3.0 + k) for k in range(6)], ignore_index=True)
    frame.loc[100, column] = value
    result = forecast_frame(frame, freq="W", horizon=2)
    assert result.refused["series_id"].tolist() == ["s1"] and result.refused["row"].tolist() == [100]
    assert reason in result.refused["reason"].item()
    assert result.forecasts["series_id"].nunique() == 5 and result.forecasts["mean"].between(2.9, 9).all()


def test_finer_rows_are_named_or_added_up() -> None:
    days = pd.date_range("2024-01-01", periods=143)  # Monday to Wednesday: the last week is not complete
    frame = pd.DataFrame({"series_id": "a", "period_start_date": days, "demand_units": 2.0})
    with pytest.raises(ValueError, match="the rows are daily, not of frequency W"):
        forecast_frame(frame, freq="W", horizon=2)
    result = forecast_frame(frame, freq="W", horizon=2, aggregate=True)
    assert result.forecasts["mean"].tolist() == pytest.approx([14.0, 14.0])
    assert result.forecasts["period"].iloc[0] == pd.Timestamp("2024-05-20") and "added up" in result.remarks[0]
    frame.loc[50, "demand_units"] = np.inf
    assert forecast_frame(frame, freq="W", horizon=2, aggregate=True).refused["row"].tolist() == [50]


def test_what_a_gap_says_is_read_off_the_file() -> None:
    """Site reports write zeros and miss months; sales by item leave quiet weeks out."""
    kept = np.arange(60) % 4 != 1
    sold = pd.concat([series(f"s{k}", WEEKS[kept], 4.0) for k in range(3)])
    report = pd.concat([sold, series("z", WEEKS, 0.0)])
    quiet = forecast_frame(sold, freq="W", horizon=2)
    assert "zero demand" in quiet.notes["note"].iloc[0] and not quiet.remarks
    unknown = forecast_frame(report, freq="W", horizon=2)
    assert "taken as unknown" in unknown.notes["note"].iloc[0] and "--gaps zero" in unknown.remarks[0]
    assert unknown.forecasts.set_index("series_id").loc["s0", "mean"].to_numpy() == pytest.approx(4.0, rel=0.02)


def test_nodes_add_up_to_their_series_and_are_narrower_than_sums_of_quantiles() -> None:
    rng = np.random.default_rng(2)
    parts = [
        series(f"s{k}", WEEKS, rng.poisson(6 + k, 60)).assign(shop=f"w{k % 2}", kind="ab"[k // 3]) for k in range(6)
    ]
    result = forecast_frame(pd.concat(parts), freq="W", horizon=3, hierarchy=["shop", "kind"])
    nodes, below = result.nodes, result.forecasts
    assert nodes is not None and nodes.groupby("level")["node"].nunique().to_dict() == {
        "total": 1,
        "shop": 2,
        "kind": 2,
    }
    whole = below.groupby("period")[["mean", "q_0.95"]].sum()
    total = nodes[nodes["level"] == "total"].set_index("period")
    for level in ("total", "shop", "kind"):
        summed = nodes[nodes["level"] == level].groupby("period")["mean"].sum()
        assert summed.to_numpy() == pytest.approx(whole["mean"].to_numpy())
    assert (total["q_0.95"] < whole["q_0.95"]).all() and (total["q_0.95"] > total["mean"]).all()
    assert total["series"].tolist() == [6] * 3


def test_a_landed_promotion_moves_its_weeks_as_far_as_past_ones_did() -> None:
    """24 series, past promotions that sold half more than usual where their planner expected twice as much."""
    rng = np.random.default_rng(9)
    weeks = [*range(5, 57, 7), 61]
    lifted = np.isin(np.arange(60), weeks)
    frame = pd.concat([series(f"s{k:02d}", WEEKS, rng.poisson(20 * np.where(lifted, 1.5, 1.0))) for k in range(24)])
    starts = [WEEKS[0] + pd.Timedelta(weeks=week) for week in weeks]
    calendar = pd.DataFrame(
        [(f"s{k:02d}", day, day + pd.Timedelta(days=6), 1.0) for k in range(24) for day in starts],
        columns=["series_id", "start_date", "end_date", "uplift_expected_rate"],
    )
    known = forecast_frame(frame, freq="W", horizon=3, promotions=calendar).forecasts
    by_week = known.groupby("period")["mean"].mean().to_numpy()
    assert by_week[1] == pytest.approx(30, rel=0.08) and by_week[[0, 2]] == pytest.approx(20, rel=0.08)
    with pytest.raises(ValueError, match="promotions: no column end_date"):
        forecast_frame(frame, freq="W", horizon=3, promotions=calendar.drop(columns="end_date"))


def test_a_frame_too_large_for_one_panel_is_forecast_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No series is lost, none is twice, and the parts are samples of the whole: the forecasts stay close."""
    rng = np.random.default_rng(4)
    weeks = pd.date_range("2024-01-01", periods=80, freq="7D")
    frame = pd.concat([series(f"s{i:02d}", weeks, rng.poisson(3 + i, 80)) for i in range(12)])
    whole = forecast_frame(frame, freq="W", horizon=4).forecasts
    monkeypatch.setattr("assets.planning.forecasting.frame._PANEL_CELLS", 5 * 80)
    parts = forecast_frame(frame, freq="W", horizon=4).forecasts
    assert parts["series_id"].tolist() == whole["series_id"].tolist()
    assert np.allclose(parts["mean"], whole["mean"], rtol=0.25)


def test_names_and_days_as_categories_are_the_same_frame() -> None:
    """A file is read with categories, which a frame of a program need not have."""
    weeks = pd.date_range("2024-01-01", periods=60, freq="7D")
    texts = pd.concat([series(" a", weeks, np.arange(60)), series("a ", weeks[:0], []), series("b", weeks, 5)])
    texts["period_start_date"] = texts["period_start_date"].astype(str)
    kinds = texts.astype({"series_id": "category", "period_start_date": "category"})
    one, two = (forecast_frame(frame, freq="W", horizon=3) for frame in (texts, kinds))
    pd.testing.assert_frame_equal(one.forecasts, two.forecasts)
    assert one.forecasts["series_id"].unique().tolist() == ["a", "b"]
    lost = kinds.assign(series_id=kinds["series_id"].where(kinds["series_id"] != "b"))
    assert forecast_frame(lost, freq="W", horizon=3).refused["reason"].tolist() == ["series_id is missing"]
