"""Scores, quantile grids and the step from moments to quantiles, against scipy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from assets.planning.backtest.origins import rolling_origins, spread_step
from assets.planning.backtest.scores import difference_scale, pinball
from assets.planning.forecasting.calibration import level_map, level_maps, origin_weights
from assets.planning.forecasting.counts import moment_grid
from assets.planning.forecasting.empirical import window_grids
from assets.planning.forecasting.grids import LEVELS, at_levels, grid_mean_sd, level_of, sum_knots
from assets.planning.forecasting.levels import weighted_moments


def test_pinball_by_hand() -> None:
    """0.9 of the gap above, 0.1 of the gap below: 0.9 * 2 = 1.8 and 0.1 * 3 = 0.3."""
    levels = np.array([0.9])
    assert pinball(np.array(12.0), np.array([10.0]), levels) == pytest.approx(1.8)
    assert pinball(np.array(7.0), np.array([10.0]), levels) == pytest.approx(0.3)


def test_scale_skips_unknown_periods() -> None:
    y = np.array([[1.0, 3.0, 99.0, 4.0, 4.0]])
    ok = np.array([[True, True, False, True, True]])
    assert difference_scale(y, ok)[0] == pytest.approx((2.0 + 0.0) / 2)


def test_origins_spread_over_the_history_and_do_not_overlap_where_it_is_long() -> None:
    """Six origins a week apart are one quarter seen six times, and its accidents pass for the truth."""
    assert spread_step(91, 13, 6, 8) == 13
    assert spread_step(157, 4, 6, 8) == 4
    assert spread_step(45, 6, 6, 8) == 6
    assert spread_step(40, 13, 6, 8) == 3
    assert spread_step(14, 13, 6, 8) == 1


def test_origins_never_reach_into_what_they_are_judged_on() -> None:
    ends = rolling_origins(100, 13, 6, 4, 8)
    assert ends == [67, 71, 75, 79, 83, 87]
    assert max(ends) + 13 == 100
    assert rolling_origins(15, 13, 6, 4, 8) == []


@pytest.mark.parametrize(("mean", "var"), [(0.05, 0.05), (0.3, 0.9), (2.0, 2.0), (4.0, 30.0), (40.0, 400.0)])
def test_counts_match_scipy(mean: float, var: float) -> None:
    got = moment_grid(np.array([[mean]]), np.array([[var]]), np.array([1.0]))[0, 0]
    if var > mean:
        p = mean / var
        want = stats.nbinom.ppf(LEVELS, mean * p / (1 - p), p)
    else:
        want = stats.poisson.ppf(LEVELS, mean)
    np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(("mean", "var"), [(500.0, 4000.0), (500.0, 90000.0), (80000.0, 1e8)])
def test_large_means_match_the_gamma_limit(mean: float, var: float) -> None:
    """Two parts in a hundred of the mean: half a step of the sixty into which a large mean is cut, and its shape."""
    got = moment_grid(np.array([[mean]]), np.array([[var]]), np.array([1.0]))[0, 0]
    want = stats.gamma.ppf(LEVELS, mean**2 / var, scale=var / mean)
    np.testing.assert_allclose(got, want, atol=0.025 * mean)


def test_packs_of_twelve_give_multiples_of_twelve() -> None:
    got = moment_grid(np.array([[30.0]]), np.array([[900.0]]), np.array([12.0]))[0, 0]
    assert np.all(got % 12 == 0) and got.max() > 60


@given(st.floats(0.01, 1e5), st.floats(0.2, 50.0), st.sampled_from([0.0, 1.0]))
def test_quantiles_never_cross_and_are_finite(mean: float, ratio: float, unit: float) -> None:
    got = moment_grid(np.array([[mean]]), np.array([[mean * ratio]]), np.array([unit]))[0, 0]
    assert np.all(np.diff(got) >= 0) and np.all(np.isfinite(got)) and got[0] >= 0


def test_zero_mean_is_zero_demand() -> None:
    assert moment_grid(np.array([[0.0]]), np.array([[0.0]]), np.array([1.0])).max() == 0


def test_reading_at_own_levels_returns_the_grid() -> None:
    grid = np.sort(np.random.default_rng(1).gamma(2, 3, (4, len(LEVELS))), axis=1)
    np.testing.assert_allclose(at_levels(grid, LEVELS), grid)


def test_levels_of_draws_are_uniform() -> None:
    """PIT of draws from the grid's own distribution is uniform, for counts thanks to the random tie-break."""
    rng = np.random.default_rng(5)
    actual = rng.negative_binomial(2, 0.4, 40000).astype(float)
    grid = np.broadcast_to(stats.nbinom.ppf(LEVELS, 2, 0.4), (40000, len(LEVELS)))
    level = level_of(grid, actual, rng.random(40000))
    # Bins follow the grid's own levels, between which a step function has no finer answer.
    for cut in (0.1, 0.3, 0.5, 0.7, 0.9):
        assert np.mean(level <= cut) == pytest.approx(cut, abs=0.06)


def test_moments_of_a_grid() -> None:
    mean, sd = grid_mean_sd(stats.gamma.ppf(LEVELS, 4.0, scale=2.5)[None])
    assert mean[0] == pytest.approx(10.0, rel=0.01)
    assert sd[0] == pytest.approx(5.0, rel=0.03)


def test_a_map_learns_too_narrow_intervals() -> None:
    """Actuals of a normal twice as wide as claimed: the 90 % level must be read far above 0.9."""
    seen = stats.norm.cdf(stats.norm.rvs(scale=2.0, size=20000, random_state=1))
    read = level_map(seen.astype(np.float32))
    position = int(np.flatnonzero(LEVELS == 0.9)[0])
    assert read[position] == pytest.approx(stats.norm.cdf(2 * 1.2816), abs=0.005)
    assert np.all(np.diff(read) >= 0)
    np.testing.assert_array_equal(level_map(np.array([np.nan], dtype=np.float32)), LEVELS)


def test_an_origin_with_little_history_says_little_about_todays_quantiles() -> None:
    """At 12 periods the actuals scatter twice as widely as claimed, at 60 as claimed: the reading follows the latter."""
    rng = np.random.default_rng(4)
    seen = np.stack([stats.norm.cdf(rng.normal(0, 2, 4000)), rng.random(4000)], axis=1).astype(np.float32)
    k = int(np.flatnonzero(LEVELS == 0.9)[0])
    weights = origin_weights([12, 60])
    assert weights[1] == 1.0 and 0 < weights[0] < 0.01
    # 3 %: four thousand levels, a prior of 300, and the one origin in a hundred that still counts
    assert level_map(seen, weights=weights)[k] == pytest.approx(0.9, abs=0.03)
    assert level_map(seen)[k] > 0.95
    # long histories hardly differ: the weights tell learning from drift
    assert origin_weights([1000, 1010]).min() > 0.99
    assert len(origin_weights([])) == 0


def test_a_small_segment_leans_on_all_series_and_a_large_one_speaks_for_itself() -> None:
    """Ten new items cannot know their tails, but what holds for the other series is a better guess than the claim."""
    rng = np.random.default_rng(2)
    wide = stats.norm.cdf(rng.normal(0, 2, (2000, 4, 1)))
    honest = rng.random((2000, 4, 1))
    segments = np.repeat([0, 1, 2], [2000, 2000, 3])
    seen = np.concatenate([wide, honest, np.full((3, 4, 1), np.nan)]).astype(np.float32)
    k = int(np.flatnonzero(LEVELS == 0.9)[0])
    read = level_maps(seen, segments, 4)[:, 0, k]
    assert read[0] > 0.98 and read[1] < 0.92
    assert read[1] < read[2] < read[0]
    assert read[2] == read[3]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=8, max_size=40), st.integers(1, 4))
def test_window_quantiles_equal_a_naive_sort(values: list[int], span: int) -> None:
    y = np.array([values], dtype=float)
    got = window_grids(y, np.ones_like(y, dtype=bool), len(values), span, np.zeros(1))[0, 0]
    sums = sorted(sum(values[k : k + span]) for k in range(len(values) - span + 1))
    if len(sums) < 6:
        assert np.isnan(got).all()
        return
    want = [sums[min(int(np.ceil(p * len(sums) - 1e-9)) - 1, len(sums) - 1)] for p in LEVELS]
    np.testing.assert_array_equal(got, np.maximum(want, sums[0]))


def test_weighted_moments_equal_the_written_out_sum() -> None:
    y = np.array([[3.0, 9.0, 5.0, 1.0]])
    ok = np.array([[True, True, False, True]])
    weights = np.array([0.8**3, 0.8**2, 0.0, 1.0])
    got = weighted_moments(y, ok, 4, 0.2, 0.1)[0]
    assert got[0] == pytest.approx((weights * y[0]).sum() / weights.sum())
    assert got[4] == 3


def test_knots_end_at_the_horizon() -> None:
    assert sum_knots(13).tolist() == [1, 2, 3, 4, 6, 8, 10, 13]
    assert sum_knots(1).tolist() == [1]
