"""The forecast run as a whole: no leakage, determinism, completeness, coherence, sense."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import stats

from assets.planning.forecasting.batch_source import BatchPlan
from assets.planning.forecasting.conditions import season_kinds
from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.forecasting.engine import forecast, forecast_panel, held_out_levels
from assets.planning.forecasting.evidence import Evidence
from assets.planning.forecasting.families import Ahead
from assets.planning.forecasting.grids import sum_knots
from assets.planning.forecasting.panel import panel_of_history
from assets.planning.forecasting.settings import PUBLISHED_QUANTILES, ForecastSettings
from assets.planning.forecasting.sources import model_source
from assets.planning.forecasting.tournament import Choice, choose

KEYS = ["item_id", "warehouse_id"]
SETTINGS = ForecastSettings(horizon=6, origins=3, workers=1)
COLUMNS = [f"q{round(100 * q):02d}_units" for q in PUBLISHED_QUANTILES]


def history_of(units: NDArray, censored: NDArray | None = None) -> pd.DataFrame:
    n, count = units.shape
    hidden = np.zeros_like(units, dtype=bool) if censored is None else censored
    return pd.DataFrame(
        {
            "item_id": np.repeat([f"c/{k:03d}" for k in range(n)], count),
            "warehouse_id": "c/w",
            "period_start_date": np.tile(pd.date_range("2022-01-03", periods=count, freq="7D"), n),
            "demand_units": units.ravel(),
            "in_stock_rate": np.where(hidden, 0.0, 1.0).ravel(),
            "is_censored": hidden.ravel(),
            "is_promotion": False,
            "demand_units_imputed": units.ravel(),
        }
    )


def mixed_demand(n: int = 40, count: int = 80, seed: int = 7) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    rate = np.geomspace(0.1, 60, n)
    return rng.negative_binomial(2.0, 2.0 / (2.0 + rate), (count, n)).T.astype(float)


@pytest.fixture(scope="module")
def units() -> NDArray[np.float64]:
    return mixed_demand()


def test_moving_the_future_changes_nothing() -> None:
    """Scores at an origin may see later values as actuals only. Here the values after the oldest origin's horizon are
    replaced by nonsense; every model's quantiles at that origin, read back from its levels and losses, must stay the same."""
    base = mixed_demand(12, 70)
    panel = panel_of_history(history_of(base), key_columns=KEYS, frequency="W")
    moved = base.copy()
    moved[:, 64:] = 5000.0
    other = replace(panel, y=moved)
    settings = ForecastSettings(horizon=6, origins=3, origin_step=6, workers=1)

    knots = sum_knots(6)
    ahead = Ahead(6, knots, knots)
    segments = np.zeros(12, dtype=np.int64)
    kinds = season_kinds(4, 58)
    planned = BatchPlan(np.array([9, 10, 11]), has_analogues=False)
    short = settings.model_copy(update={"season_periods": 4})
    for end in (52, 58, 64):
        first = model_source(panel, short, segments, kinds, [end], ahead, planned).grids(end)
        second = model_source(other, short, segments, kinds, [end], ahead, planned).grids(end)
        for (name, a), (same, b) in zip(first, second, strict=True):
            assert name == same
            np.testing.assert_array_equal(a.mean, b.mean)
            np.testing.assert_array_equal(a.period, b.period)
            np.testing.assert_array_equal(a.total, b.total)


def test_the_leakage_test_would_notice() -> None:
    """The same comparison one column further, where the moved values are history, must differ."""
    base = mixed_demand(12, 70)
    moved = base.copy()
    moved[:, 64:] = 5000.0
    a = forecast(history_of(base), settings=SETTINGS).sum_mean(3)
    b = forecast(history_of(moved), settings=SETTINGS).sum_mean(3)
    assert np.all(b > a)


def test_same_input_same_answer_whatever_the_threads(units: NDArray[np.float64]) -> None:
    first = forecast(history_of(units), settings=SETTINGS)
    second = forecast(history_of(units), settings=SETTINGS.model_copy(update={"workers": 3}))
    pd.testing.assert_frame_equal(first.forecasts, second.forecasts)
    pd.testing.assert_frame_equal(first.accuracy, second.accuracy)


def test_order_of_rows_does_not_matter(units: NDArray[np.float64]) -> None:
    history = history_of(units)
    mixed = history.sample(frac=1.0, random_state=3)
    pd.testing.assert_frame_equal(
        forecast(history, settings=SETTINGS).forecasts, forecast(mixed, settings=SETTINGS).forecasts
    )


@pytest.mark.parametrize("count", [1, 2, 5, 14, 30])
def test_every_series_comes_back_even_from_short_histories(count: int) -> None:
    result = forecast(history_of(mixed_demand(6, count)), settings=SETTINGS)
    assert len(result.forecasts) == 6 * 6
    assert len(result.keys) == 6
    assert result.forecasts.notna().all().all()
    assert result.accuracy.groupby(KEYS)["is_chosen"].sum().eq(1).all()
    assert result.accuracy.loc[result.accuracy["is_chosen"], "reason"].str.len().gt(10).all()


def test_quantiles_are_ordered_and_counts_are_whole(units: NDArray[np.float64]) -> None:
    result = forecast(history_of(units), settings=SETTINGS)
    table = result.forecasts[COLUMNS].to_numpy()
    assert np.all(np.diff(table, axis=1) >= 0)
    small = table[table < 60]
    np.testing.assert_array_equal(small, np.round(small))


def test_sums_are_coherent(units: NDArray[np.float64]) -> None:
    result = forecast(history_of(units), settings=SETTINGS)
    mean = result.forecasts.groupby(KEYS)["mean_units"].sum().to_numpy()
    np.testing.assert_allclose(result.sum_mean(6), mean, rtol=1e-9)
    horizons = np.array([0.0, 0.5, 1.0, 1.7, 3.0, 6.0, 9.5])
    upper = np.stack([result.sum_quantiles(h, [0.5, 0.9, 0.99]) for h in horizons])
    assert np.all(np.diff(upper, axis=2) >= 0)
    busy = result.sum_mean(1) > 5
    assert np.all(np.diff(upper[:, busy], axis=0) > 0)
    assert upper[0].max() == 0
    assert np.all(np.diff(np.stack([result.sum_sd(h) for h in horizons])[:, busy], axis=0) > 0)


def test_known_distribution_is_found() -> None:
    """300 series of one Poisson law: the pooled quantiles of six-period sums must be Poisson's, to a unit."""
    rng = np.random.default_rng(11)
    result = forecast(history_of(rng.poisson(4.0, (300, 100)).astype(float)), settings=SETTINGS)
    got = result.sum_quantiles(6, [0.1, 0.5, 0.9, 0.95]).mean(axis=0)
    want = stats.poisson.ppf([0.1, 0.5, 0.9, 0.95], 24.0)
    # The level is estimated from a hundred periods, which adds a few percent to the spread.
    np.testing.assert_allclose(got, want, atol=1.5)


def test_hidden_demand_is_not_low_demand() -> None:
    rng = np.random.default_rng(2)
    true = rng.poisson(10.0, (30, 90)).astype(float)
    hidden = rng.random(true.shape) < 0.3
    seen = np.where(hidden, 0.0, true)
    masked = forecast(history_of(seen, hidden), settings=SETTINGS).sum_mean(1)
    naive = forecast(history_of(seen), settings=SETTINGS).sum_mean(1)
    assert masked.mean() == pytest.approx(10.0, rel=0.05)
    assert naive.mean() < 8.0


def evidence_of(loss: NDArray) -> Evidence:
    n, c, o = loss.shape
    blank = np.zeros_like(loss)
    return Evidence(
        [f"m{k}" for k in range(c)], list(range(o)), loss, blank, blank, blank, blank,
        np.zeros((n, c, o, 1), dtype=np.float32), np.ones((n, o)), np.ones((n, o), dtype=bool),
    )  # fmt: skip


def test_noise_does_not_move_a_series_from_its_segment() -> None:
    rng = np.random.default_rng(4)
    loss = 1.0 + rng.normal(0, 0.5, (200, 2, 4))
    loss[:, 1] += 0.05
    choice = choose(
        evidence_of(loss), np.zeros(200, dtype=np.int64), ("all",), segment_weight=0.0, overlap=1.0, hysteresis=0.0
    )
    assert np.mean(choice.model == 0) > 0.9


def test_signal_does() -> None:
    rng = np.random.default_rng(4)
    loss = 1.0 + rng.normal(0, 0.1, (200, 2, 4))
    loss[:100, 1] -= 0.8
    loss[100:, 0] -= 0.9
    choice = choose(
        evidence_of(loss), np.zeros(200, dtype=np.int64), ("all",), segment_weight=0.0, overlap=1.0, hysteresis=0.0
    )
    assert (choice.model[:100] == 1).all() and (choice.model[100:] == 0).all()


def test_a_former_choice_stays_within_the_margin() -> None:
    loss = np.ones((5, 2, 3))
    loss[:, 1] = 1.01
    former = np.array([1, 1, 0, -1, 1])
    options = {"segment_weight": 1.0, "overlap": 1.0, "previous": former}
    held = choose(evidence_of(loss), np.zeros(5, dtype=np.int64), ("all",), hysteresis=0.02, **options)
    assert held.model.tolist() == [1, 1, 0, 0, 1]
    assert "kept" in held.reason[0]
    moved = choose(evidence_of(loss), np.zeros(5, dtype=np.int64), ("all",), hysteresis=0.001, **options)
    assert moved.model.tolist() == [0] * 5


def test_calibration_never_reads_an_origin_that_chose_its_model() -> None:
    """Each model wins exactly the origin at which it was lucky; its level there must not be the one that is read."""
    n, count = 50, 3
    loss = np.ones((n, count, count))
    level = np.full((n, count, count, 1), 0.9, dtype=np.float32)
    for j in range(count):
        loss[:, j, j], level[:, j, j] = 0.0, 0.5
    evidence = replace(evidence_of(loss), level=level)

    def pick(seen: Evidence) -> Choice:
        return choose(seen, np.zeros(n, dtype=np.int64), ("all",), segment_weight=0.0, overlap=1.0, hysteresis=0.0)

    np.testing.assert_array_equal(held_out_levels(evidence, pick)[0], np.float32(0.9))
    alone = replace(evidence, origins=[0], loss=loss[:, :, :1], level=level[:, :, :1], scored=evidence.scored[:, :1])
    np.testing.assert_array_equal(held_out_levels(alone, pick)[0], np.float32(0.5))


def test_previous_vintage_is_matched_by_key(units: NDArray[np.float64]) -> None:
    first = forecast(history_of(units), settings=SETTINGS)
    former = first.accuracy.loc[~first.accuracy["is_chosen"]].groupby(KEYS).head(1)[[*KEYS, "model"]]
    strict = SETTINGS.model_copy(update={"hysteresis_rate": 1.0})
    again = forecast(history_of(units), settings=strict, previous=former)
    kept = again.accuracy.loc[again.accuracy["is_chosen"], "reason"].str.startswith("kept").mean()
    assert kept > 0.5


def test_a_horizon_must_be_a_number() -> None:
    one = DemandDistribution(
        pd.DataFrame({"k": [1]}), 7.0, np.array([1]), np.ones((1, 1, 24)), np.ones((1, 1)), np.ones(1)
    )
    with pytest.raises(ValueError, match="negative"):
        one.sum_mean(-1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        one.sum_quantiles(1.0, [1.0])


def test_panel_entry_takes_any_key(units: NDArray[np.float64]) -> None:
    panel = panel_of_history(history_of(units), key_columns=KEYS, frequency="W")
    result = forecast_panel(panel, SETTINGS, quantiles=(0.5, 0.975))
    assert {"q_0.5", "q_0.975"} <= set(result.forecasts.columns)


def test_statsforecast_joins_where_it_was_planned_and_the_budget_is_a_plan() -> None:
    rng = np.random.default_rng(8)
    rate = np.repeat([[3.0], [300.0]], 10, axis=0) * (1 + 0.02 * np.arange(60))
    history = history_of(rng.poisson(rate).astype(float))
    standard = SETTINGS.model_copy(update={"effort": "standard", "time_budget_seconds": 0.2})
    result = forecast(history, settings=standard)
    offered = result.accuracy[result.accuracy["model"] == "batch_nb"].set_index("item_id")
    plain = result.accuracy[result.accuracy["model"] == "damped_trend_nb"].set_index("item_id")
    differs = (offered["wape"] - plain["wape"]).abs() > 1e-9
    # Some of the large series fit into the budget; no small one does before all large ones.
    assert 0 < differs.sum() < 10
    assert differs[:10].sum() == 0
    pd.testing.assert_frame_equal(result.forecasts, forecast(history, settings=standard).forecasts)
