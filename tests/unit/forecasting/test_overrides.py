"""Planners' figures in the forecast: which days they cover, what happens to the distribution, what they were worth."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.planning.forecasting.distribution import DemandDistribution
from assets.planning.forecasting.grids import LEVELS
from assets.planning.forecasting.overrides import of_heads, override_rows, with_overrides
from assets.planning.forecasting.result import ForecastResult
from assets.planning.forecasting.settings import PUBLISHED_QUANTILES
from assets.planning.forecasting.tables import quantile_column
from assets.planning.forecasting.vintage_store import VintageStore

START = pd.Timestamp("2026-06-01")  # a Monday
HORIZON = 4
KEYS = ["item_id", "warehouse_id"]


def forecast_of(means: dict[tuple[str, str], float], unit: float = 0.0) -> ForecastResult:
    """Every week the same mean; the quantile at a level is twice that level of it."""
    keys = pd.DataFrame(list(means), columns=KEYS)
    mean = np.repeat(np.array(list(means.values()))[:, None], HORIZON, axis=1)
    rows = keys.loc[keys.index.repeat(HORIZON)].reset_index(drop=True)
    rows["origin_date"] = START - pd.Timedelta(days=1)
    rows["period_start_date"] = np.tile(pd.date_range(START, periods=HORIZON, freq="7D"), len(keys))
    rows["horizon_periods"] = np.tile(np.arange(1, HORIZON + 1), len(keys))
    rows["model"], rows["mean_units"] = "levels", mean.ravel()
    for level in PUBLISHED_QUANTILES:
        rows[quantile_column(level)] = 2 * level * mean.ravel()
    knots = np.array([1, 2, 4])
    sums = np.cumsum(mean, axis=1)[:, knots - 1]
    demand = DemandDistribution(keys, 7.0, knots, 2 * LEVELS * sums[..., None], sums, np.full(len(keys), unit))
    return ForecastResult(rows, pd.DataFrame(), demand)


def figure(start: str, end: str, units: float, entered: str = "2026-05-20", **other: str) -> dict[str, object]:
    key = {"item_id": "c/a", "warehouse_id": "c/w", **other}
    days = {"start_date": date.fromisoformat(start), "end_date": date.fromisoformat(end)}
    who = {"planner_name": "张三", "override_reason": "新客户"}
    return {**key, **days, "demand_units": units, "entered_date": date.fromisoformat(entered), **who}


def means(result: ForecastResult) -> list[float]:
    return [round(value, 9) for value in result.forecasts["mean_units"]]


def test_a_month_is_spread_over_its_days_and_the_model_keeps_the_others() -> None:
    # 10 of 30 units a day cover 3 June (Wednesday) to 2 July: 5, 7, 7, 7 days of the four weeks
    found = with_overrides(
        forecast_of({("c/a", "c/w"): 70.0, ("c/b", "c/w"): 5.0}),
        pd.DataFrame([figure("2026-06-03", "2026-07-02", 300.0)]),
        "W",
    )
    assert means(found)[:4] == [5 * 10 + 2 / 7 * 70, 70, 70, 70]
    assert means(found)[4:] == [5.0] * 4, "another item keeps the model's"
    rows = found.forecasts
    assert rows["statistical_mean_units"].tolist() == [70.0] * 4 + [5.0] * 4
    assert rows["planner_name"].notna().tolist() == [True] * 4 + [False] * 4
    assert rows["override_reason"].iloc[0] == "新客户"


def test_quantiles_and_sums_keep_their_shape() -> None:
    found = with_overrides(
        forecast_of({("c/a", "c/w"): 10.0}), pd.DataFrame([figure("2026-06-01", "2026-06-07", 30.0)]), "W"
    )
    assert found.forecasts["q90_units"].tolist() == pytest.approx([54.0, 18, 18, 18])
    assert [*found.sum_mean(1), *found.sum_mean(4)] == pytest.approx([30.0, 60.0])
    assert found.sum_quantiles(4, [0.9])[0, 0] == pytest.approx(108.0)


def test_demand_where_the_model_expects_none_is_poisson() -> None:
    found = with_overrides(
        forecast_of({("c/a", "c/w"): 0.0}, unit=6.0), pd.DataFrame([figure("2026-06-01", "2026-06-07", 24.0)]), "W"
    )
    rows = found.forecasts  # four packs of six: the 95 % quantile of Poisson(4) is 8 packs
    assert rows["q50_units"].iloc[0] == 24.0 and rows["q95_units"].iloc[0] == 48.0
    assert rows["mean_units"].iloc[1:].tolist() == [0.0] * 3
    assert found.sum_quantiles(1, [0.5])[0, 0] == 24.0


def test_the_figure_entered_last_counts_for_the_day() -> None:
    figures = pd.DataFrame(
        [
            figure("2026-06-01", "2026-06-28", 280.0, entered="2026-05-25"),
            figure("2026-06-01", "2026-06-14", 14.0, entered="2026-05-20"),
            figure("2026-06-08", "2026-06-14", 70.0, entered="2026-05-28"),
            figure("2026-06-01", "2026-06-14", 999.0, item_id="c/unknown"),
        ]
    )
    found = with_overrides(forecast_of({("c/a", "c/w"): 7.0}), figures, "W")
    assert means(found) == [70.0, 70.0, 70.0, 70.0]
    assert with_overrides(forecast_of({("c/a", "c/w"): 7.0}), figures.iloc[:2], "W").sum_mean(4) == pytest.approx(
        [280.0]
    )


def test_figures_outside_the_horizon_change_nothing() -> None:
    figures = pd.DataFrame([figure("2026-01-01", "2026-05-31", 900.0), figure("2027-01-01", "2027-01-31", 900.0)])
    before = forecast_of({("c/a", "c/w"): 7.0})
    found = with_overrides(before, figures, "W")
    assert means(found) == means(before) and found.forecasts["planner_name"].isna().all()


def test_a_feeding_place_is_moved_by_what_it_feeds() -> None:
    own = forecast_of({("c/a", "c/branch"): 7.0, ("c/a", "c/centre"): 1.0})
    whole = forecast_of({("c/a", "c/centre"): 8.0})
    moved = with_overrides(own, pd.DataFrame([figure("2026-06-01", "2026-06-07", 21.0, warehouse_id="c/branch")]), "W")
    member = pd.MultiIndex.from_frame(own.keys)
    head = pd.MultiIndex.from_frame(whole.keys.iloc[[0, 0]])
    assert means(of_heads(whole, moved, member, head)) == [22.0, 8.0, 8.0, 8.0]


def test_what_a_planner_replaced_is_in_the_vintage(tmp_path: Path) -> None:
    found = with_overrides(
        forecast_of({("c/a", "c/w"): 10.0}), pd.DataFrame([figure("2026-06-01", "2026-06-07", 30.0)]), "W"
    )
    store = VintageStore(tmp_path, date(2026, 6, 1))
    store.keep(found.forecasts)
    kept = store.read(date(2026, 5, 31))
    rows = override_rows(kept, pd.Series(28.0, index=kept.index))
    units = rows[["statistical_units", "override_units", "actual_units"]].to_numpy()
    assert units == pytest.approx(np.array([[10.0, 30.0, 28.0]]))
    assert rows["override_entered_date"].tolist() == [pd.Timestamp("2026-05-20")]


def test_a_vintage_from_before_overrides_has_none(tmp_path: Path) -> None:
    store = VintageStore(tmp_path, date(2026, 6, 1))
    store.keep(forecast_of({("c/a", "c/w"): 10.0}).forecasts, reconstructed=True)
    kept = store.read(date(2026, 5, 31))
    assert override_rows(kept).empty and kept["statistical_mean_units"].tolist() == kept["mean_units"].tolist()
