"""Families that nobody named: series with seasons of one shape lend them to each other, series without a season form none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assets.planning.forecasting.frame import forecast_frame
from assets.planning.forecasting.season import seasonal_factors
from tests.unit.forecasting.test_models_apart import panel_of

MONTHS, AHEAD, SERIES = 72, 12, 40


def demand(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sparse to large series of two hidden families with opposite seasons (n, MONTHS), and their seasons (n, MONTHS + AHEAD)."""
    rng = np.random.default_rng(seed)
    wave = 0.6 * np.sin(2 * np.pi * np.arange(MONTHS + AHEAD) / 12)
    season = np.where(rng.integers(0, 2, SERIES)[:, None] == 0, 1 + wave, 1 - wave)
    return rng.poisson(np.geomspace(0.5, 20, SERIES)[:, None] * season[:, :MONTHS]).astype(float), season


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_opposite_seasons_are_told_apart_where_nobody_names_families(seed: int) -> None:
    units, season = demand(seed)
    found = seasonal_factors(panel_of(units, "M", 600), MONTHS, AHEAD, 12)
    assert found is not None
    # one family for all would miss by 0.37
    assert np.abs(found.family[:, -AHEAD:] - season[:, MONTHS:]).mean() < 0.12


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_series_that_do_not_differ_stay_one_family(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wave = 1 + 0.5 * np.sin(2 * np.pi * np.arange(MONTHS) / 12)
    for units in (rng.poisson(5.0 * wave, (SERIES, MONTHS)), rng.poisson(5.0, (SERIES, MONTHS))):
        found = seasonal_factors(panel_of(units.astype(float), "M", 600), MONTHS, AHEAD, 12)
        assert found is not None and len(np.unique(found.family[:, -1])) == 1


def test_moving_the_future_moves_no_family() -> None:
    units, _ = demand(4)
    moved = np.concatenate([units, 50.0 * np.ones((SERIES, AHEAD))], axis=1)
    plain, other = (seasonal_factors(panel_of(y, "M", 600), MONTHS, AHEAD, 12) for y in (units, moved))
    assert plain is not None and other is not None
    np.testing.assert_array_equal(plain.family, other.family)


def test_the_command_finds_the_families_of_a_file_that_names_none() -> None:
    units, season = demand(5)
    frame = pd.DataFrame(
        {
            "series_id": np.repeat([f"s{k:02d}" for k in range(SERIES)], MONTHS),
            "period_start_date": np.tile(pd.date_range("2019-01-01", periods=MONTHS, freq="MS"), SERIES),
            "demand_units": units.ravel(),
        }
    )
    found = forecast_frame(frame, freq="M", horizon=AHEAD, quantiles=(0.5,))
    mean = found.forecasts["mean"].to_numpy().reshape(SERIES, AHEAD)
    sparse = slice(0, 12)
    level = mean[sparse].mean(axis=1, keepdims=True)
    apart = np.corrcoef((mean[sparse] / level).ravel(), season[sparse, MONTHS:].ravel())[0, 1]
    assert apart > 0.6, "sparse series carry the season of their own kind"
