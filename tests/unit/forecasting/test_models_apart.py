"""Single parts of the stage: Croston's family against references, analogues, effects, analogy, vintages, diagnosis."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.planning.demand.calendar import calendar_features
from assets.planning.forecasting.analogues import analogue_points
from assets.planning.forecasting.analogy import credible_level
from assets.planning.forecasting.batch import batch_points, combined
from assets.planning.forecasting.effects import estimate_effects
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.intermittent import aggregated_level, croston_level, tsb_level
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.pooled import pooled_points
from assets.planning.forecasting.promotions import promotion_effects
from assets.planning.forecasting.review import worst_misses
from assets.planning.forecasting.season import seasonal_factors
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.forecasting.vintages import accuracy_by, matched_forecasts

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "croston_family_reference.json"


def row(values: list[float]) -> tuple[np.ndarray, np.ndarray]:
    y = np.array([values], dtype=float)
    return y, np.ones_like(y, dtype=bool)


def panel_of(y: np.ndarray, frequency: str = "W", first: int = 2800) -> Panel:
    ok = np.ones_like(y, dtype=bool)
    n = len(y)
    keys = pd.DataFrame({"series_id": [f"s{k}" for k in range(n)]})
    return Panel(keys, y, ok, ok, np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64), first, frequency)


def test_croston_equals_r() -> None:
    data = json.loads(VECTORS.read_text(encoding="utf-8"))
    series = row(data["pbs_monthly_1991_07_to_2008_06"])
    for case in data["r_croston"]:
        got = croston_level(*series, series[0].shape[1], case["alpha"])[0]
        assert got == pytest.approx(case["forecast"], abs=10 ** -case["decimals"])
    small = data["r_small"]
    assert croston_level(*row(small["y"]), 7, small["alpha"])[0] == pytest.approx(small["forecast"], abs=1e-7)
    sba = croston_level(*series, series[0].shape[1], 0.1, corrected=True)[0]
    assert sba == pytest.approx(data["statsforecast_2_1_1_on_pbs"]["CrostonSBA"], rel=1e-9)
    edges = data["statsforecast_2_1_1_edges"]
    assert croston_level(*row([0.0] * 5), 5)[0] == edges["all_zero:CrostonClassic"]


def test_croston_small_case_by_hand() -> None:
    """First demand 1 after 1 period; second 2 after 4: size 1.1, interval 1.3 -> 0.846154 (R gives the same)."""
    assert croston_level(*row([1, 0, 0, 0, 2, 0, 0]), 7, 0.1)[0] == pytest.approx(1.1 / 1.3)


@pytest.mark.parametrize("values", [[0.0] * 6, [0.0, 0.0, 2.0, 0.0, 0.0], [3.0]])
def test_sparse_edges_are_finite_and_not_negative(values: list[float]) -> None:
    y, ok = row(values)
    for level in (
        croston_level(y, ok, len(values)),
        tsb_level(y, ok, len(values)),
        aggregated_level(y, ok, len(values), (2, 3)),
    ):
        assert np.isfinite(level).all() and (level >= 0).all()
    assert (croston_level(y, ok, len(values))[0] == 0) == (max(values) == 0)


def test_tsb_fades_where_croston_does_not() -> None:
    y, ok = row([2.0, 0.0] * 20 + [0.0] * 40)
    assert croston_level(y, ok, 80)[0] == pytest.approx(1.0, rel=0.1)
    assert tsb_level(y, ok, 80)[0] < 0.2


def test_analogues_find_the_displaced_twin_and_read_nothing_later() -> None:
    rng = np.random.default_rng(3)
    story = 100 + np.cumsum(rng.normal(0, 3, 300))
    twin = 50 + 2 * story[40:240]
    got = analogue_points([story, twin], 6, 30, matches=1)
    np.testing.assert_allclose(got[1], 50 + 2 * story[240:246], rtol=1e-6)
    alone = analogue_points([story[:240], twin], 6, 30, matches=1)
    assert not np.allclose(alone[1], 50 + 2 * story[240:246])
    short = analogue_points([np.array([1.0, 2.0, 3.0]), story], 4, 30)
    assert short[0].tolist() == [3.0] * 4


def test_median_of_members_ignores_one_that_failed() -> None:
    points = {"a": np.array([[1.0, 2.0]]), "b": np.array([[3.0, np.nan]]), "c": np.array([[100.0, 4.0]])}
    assert combined(points, ["a", "b", "c"]).tolist() == [[3.0, 3.0]]


def test_batch_follows_a_trend_and_survives_a_constant() -> None:
    trend = 50 + 2.0 * np.arange(40)
    out = batch_points([trend, np.full(30, 5.0)], 3, ["theta", "ets"])
    assert out["ets"][0] == pytest.approx([130, 132, 134], rel=0.02)
    assert out["theta"][1] == pytest.approx([5.0] * 3, rel=1e-3)


def test_young_series_lean_on_their_family_and_grown_ones_do_not() -> None:
    level = np.array([5.0, 10.0, 20.0, 1e12, 3.0, 0.0, 0.0])
    variance = level.clip(1)
    seen = np.array([50.0, 50.0, 50.0, 50.0, 1.0, 0.0, 7.0])
    got, doubt = credible_level(level, variance, np.minimum(seen, 30.0), seen, np.zeros(7, dtype=np.int64))
    assert got[:4].tolist() == level[:4].tolist()
    # Middle of the family's logs: sqrt(10 * 20); one member of 1e12 pulls neither it nor the new item.
    assert got[4] == pytest.approx(3**0.93 * np.sqrt(200) ** 0.07, rel=0.5) and 3 < got[4] < 7
    assert np.sqrt(200) <= got[5] <= np.sqrt(200) * 1.5 and doubt[5] > got[5]
    assert got[6] < 0.5 < got[5]


def test_the_response_to_promotions_is_learned_by_item_and_shrunk_to_the_category() -> None:
    """Past promotions sold twice what was expected of them; a new item gets its category's answer, within bounds."""
    rng = np.random.default_rng(5)
    intensity = np.where(rng.random((40, 120)) < 0.1, 0.4, 0.0)
    intensity[:, 105:] = 0.0
    intensity[39, :110] = 0.0
    intensity[:20, 116], intensity[39, 116], intensity[:, 118] = 0.4, 0.4, 3.0
    y = rng.poisson(20.0 * (1.0 + 2.0 * intensity[:, :110])).astype(float)
    found = promotion_effects(replace(panel_of(y), promotion=intensity), 110, 10)
    assert found is not None
    assert found.factors[:20, 116] == pytest.approx(1.8, abs=0.12) and (found.factors[20:39, 116] == 1.0).all()
    assert found.factors[39, 116] == pytest.approx(1.8, abs=0.12)
    # sevenfold uplift was never lived through: bounded by the largest past promotion
    assert (found.factors[:, 118] < 2.0).all()
    table = found.table.set_index("position")
    assert table.loc[39, "source"] == "category"  # the items are alike, so the category weighs most in all
    assert table.loc[39, "promoted_periods"] == 0 and table.loc[0, "response_rate"] == pytest.approx(2.0, abs=0.3)


def test_a_first_promotion_is_worth_what_its_planner_expects_and_one_without_effect_nothing() -> None:
    y = np.random.default_rng(6).poisson(20.0, (10, 110)).astype(float)
    ahead = np.zeros((10, 120))
    ahead[:, 115] = 0.5
    first = promotion_effects(replace(panel_of(y), promotion=ahead), 110, 10)
    assert first is not None and first.factors[:, 115] == pytest.approx(1.5)
    assert set(first.table["source"]) == {"expected"}
    tried = ahead.copy()
    tried[:, 20:100:8] = 0.5
    again = promotion_effects(replace(panel_of(y), promotion=tried), 110, 10)
    assert again is not None and again.factors[:, 115] == pytest.approx(1.0, abs=0.06)


def test_lunar_new_year_moves_and_its_effect_follows() -> None:
    """The festival lay in week 4 of 2023 and week 6-7 of 2024: a fixed season would miss 2025's weeks 4-5."""
    rng = np.random.default_rng(6)
    start = int((np.datetime64("2020-01-06").astype("datetime64[D]").astype(np.int64) + 3) // 7)
    weeks = start + np.arange(270)
    features = calendar_features(weeks, "W")
    shape = np.exp(
        -1.2 * features["lunar_new_year_rate"].to_numpy() + 0.5 * features["lunar_new_year_run_up_rate"].to_numpy()
    )
    y = rng.poisson(30.0 * shape[None, :] * np.ones((50, 1))).astype(float)
    panel = panel_of(y[:, :257], first=start)
    found = estimate_effects(panel, features, 257, 13, 52)
    assert found is not None
    kept = found.table.set_index("feature")
    assert kept.loc["lunar_new_year_rate", "log_effect"] == pytest.approx(-1.2, abs=0.15)
    np.testing.assert_allclose(found.factors[0, 257:], shape[257:], rtol=0.1)


def test_no_effect_no_factor() -> None:
    rng = np.random.default_rng(7)
    y = rng.poisson(5.0, (30, 200)).astype(float)
    found = estimate_effects(panel_of(y), calendar_features(2800 + np.arange(213), "W"), 200, 13, 52)
    assert found is None or np.abs(found.factors - 1).max() < 0.12


def test_season_of_a_family_reaches_its_sparse_members_and_noise_has_none() -> None:
    rng = np.random.default_rng(8)
    wave = 1 + 0.5 * np.sin(2 * np.pi * np.arange(72) / 12)
    y = rng.poisson(np.geomspace(0.3, 20, 40)[:, None] * wave[:60]).astype(float)
    found = seasonal_factors(panel_of(y, "M", 600), 60, 12, 12)
    assert found is not None
    np.testing.assert_allclose(found.family[0, -12:], wave[60:], atol=0.15)
    flat = seasonal_factors(panel_of(rng.poisson(5.0, (40, 60)).astype(float), "M", 600), 60, 12, 12)
    assert flat is not None and np.abs(flat.own - 1).mean() < 0.03


def history_frame(units: np.ndarray) -> pd.DataFrame:
    n, count = units.shape
    return pd.DataFrame(
        {
            "item_id": np.repeat([f"i{k}" for k in range(n)], count),
            "warehouse_id": "w",
            "period_start_date": np.tile(pd.date_range("2023-01-02", periods=count, freq="7D"), n),
            "demand_units": units.ravel(),
            "in_stock_rate": 1.0,
            "is_censored": False,
            "is_promotion": False,
            "demand_units_imputed": units.ravel(),
        }
    )


def test_vintages_are_scored_as_by_hand_and_the_review_names_causes() -> None:
    rng = np.random.default_rng(9)
    units = rng.poisson(6.0, (6, 70)).astype(float)
    units[0, 66] = 400.0
    units[1, 64:] = 0.0
    full = history_frame(units)
    past = full[full["period_start_date"] < pd.Timestamp("2023-01-02") + pd.Timedelta(weeks=64)]
    settings = ForecastSettings(horizon=6, origins=3, calendars=(), workers=1)
    result = forecast(past, settings=settings)
    matched = matched_forecasts(result.forecasts, full, frequency="W", season=52)
    assert len(matched) == 36
    table = accuracy_by(matched, ["origin_date"]).iloc[0]
    error = matched["mean_units"] - matched["actual_units"]
    assert table["wape"] == pytest.approx(error.abs().sum() / units[:, 64:].sum())
    assert table["bias"] == pytest.approx(error.sum() / units[:, 64:].sum())
    naive = np.abs(units[:, 12:18] - units[:, 64:]).sum()
    assert table["forecast_value_added_rate"] == pytest.approx(1 - error.abs().sum() / naive)
    assert len(accuracy_by(matched, ["horizon_periods"])) == 6
    review = worst_misses(matched, full, top=3).set_index("item_id")["cause"]
    assert review.index[0] == "i0" and review["i0"] == "one large order"
    assert review["i1"] == "item ended"
    priced = worst_misses(
        matched, full, top=1, unit_values=pd.Series([1e9], index=pd.MultiIndex.from_tuples([("i3", "w")]))
    )
    assert priced["item_id"].tolist() == ["i3"]


def test_the_pooled_autoregression_knows_what_follows_and_reads_nothing_later() -> None:
    rng = np.random.default_rng(12)
    # every series swings with a period of 26 weeks, from another week on and on its own scale
    weeks, scales = np.arange(220), np.geomspace(1, 1e4, 30)
    waves = [np.sin(2 * np.pi * (weeks + k) / 26) + rng.normal(0, 0.1, 220) for k in range(30)]
    series = [scale * (10 + wave) for scale, wave in zip(scales, waves, strict=True)]
    short, flat = np.arange(20.0), np.full(100, 3.0)
    train = [values[:207] for values in series]
    points = pooled_points([*train, short, flat], 13, 52)
    actual = np.array([values[207:] for values in series])
    naive = np.abs(np.array([values[-1] for values in train])[:, None] - actual).sum()
    assert np.abs(points[:30] - actual).sum() < 0.25 * naive
    assert np.isnan(points[30:]).all(), "too short, and flat"
    np.testing.assert_array_equal(points[:30], pooled_points(train, 13, 52))
    assert np.isnan(pooled_points(train[:2], 13, 52)).all(), "too few rows for a common answer"
