"""Regressors as landed: which value counts for a series, and that they go through the plan where they help."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from assets.planning.demand.periods import period_of_day, to_day_numbers
from assets.planning.demand.regressors import regressor_array
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.settings import PlanningSettings
from tests.unit.planning.small_companies import AS_OF, Company, company_of, not_delivered, plan_company, typed

TABLE = "staging.stg_demand_regressors"
MONDAY = pd.Timestamp("2025-01-06")


def value(name: str, start: pd.Timestamp, days: int, number: float, **scope: str) -> dict[str, object]:
    whole = {"item_id": None, "warehouse_id": None, "category_name": "", "company_code": "c", **scope}
    return {
        "regressor_name": name, "start_date": start, "end_date": start + pd.Timedelta(days=days - 1),
        "regressor_value": number, **whole,
    }  # fmt: skip


def test_the_narrowest_scope_counts_and_a_period_has_the_mean_of_its_days() -> None:
    series = pd.DataFrame(
        [("c/a", "c/w", "x"), ("c/b", "c/w", "x"), ("c/b", "c/v", "y"), ("d/a", "d/w", "x")],
        columns=["item_id", "warehouse_id", "category_name"],
    )
    week = pd.Timedelta(weeks=1)
    rows = pd.DataFrame(
        [
            value("price", MONDAY, 21, 1.0),
            value("price", MONDAY, 21, 2.0, category_name="x"),
            value("price", MONDAY + week, 7, 3.0, item_id="c/b"),
            value("price", MONDAY + week, 7, 4.0, item_id="c/b", warehouse_id="c/v"),
            value("price", MONDAY + 2 * week, 2, 9.0, item_id="c/a"),
            value("price", MONDAY + 2 * week + pd.Timedelta(days=2), 5, 2.0, item_id="c/a"),
            value("heat", MONDAY, 14, 30.0),
        ]
    )
    first = int(period_of_day(to_day_numbers(pd.Series([MONDAY])), "W")[0])
    price, heat = regressor_array(rows, series, ("price", "heat"), first, 2, 1, "W")
    np.testing.assert_allclose(price, [[2, 2, 4], [2, 3, 2], [1, 4, 1], [0, 0, 0]])
    assert not heat.any(), "it has no value for the week ahead"


def event_company(is_known_ahead: bool = True, share: float = 3.0) -> Company:
    """Two items that sell `share` times the usual in every fifth week of an event; the next event is in three weeks."""
    made = company_of([("poisson", "c/a", "c/w"), ("poisson", "c/b", "c/w")], 500, np.random.default_rng(5))
    daily = made.tables["intermediate.int_demand_daily"]
    number = period_of_day(to_day_numbers(daily["business_date"]), "W")
    busy = np.where(number % 5 == 0, share, 1.0)
    columns = {name: daily[name] * busy for name in ("demand_units", "shipped_units")}
    last = pd.Timestamp(AS_OF) + pd.Timedelta(weeks=20 if is_known_ahead else 0)
    weeks = pd.date_range(daily["business_date"].min() - pd.Timedelta(weeks=1), last, freq="W-MON")
    rows = [
        value("fair", day, 7, float(k % 5 == 0))
        for day, k in zip(weeks, period_of_day(to_day_numbers(weeks), "W"), strict=True)
    ]
    types = not_delivered()[TABLE]
    return replace(
        made,
        tables={
            **made.tables,
            "intermediate.int_demand_daily": daily.assign(**columns, is_promotion=False),
            "intermediate.int_item_warehouse_balances": made.tables["intermediate.int_item_warehouse_balances"].iloc[:0],
            "intermediate.int_promotions": made.tables["intermediate.int_promotions"].iloc[:0],
            TABLE: typed([{**dict.fromkeys(types), **row} for row in rows], types),
        },
    )  # fmt: skip


def declared(*names: str) -> PlanningSettings:
    return PlanningSettings(
        forecast=ForecastSettings(regressors=names, calendars=(), origins=2, reconstructed_vintages=0)
    )


def test_a_declared_regressor_moves_its_own_weeks_and_says_so(tmp_path: Path) -> None:
    tables = plan_company(event_company(), tmp_path, declared("fair"))
    effects = tables["forecast_effects"].query("feature == 'fair'")
    assert set(effects["learned_from"]) == {"family"} and effects["effect_rate"].between(1.2, 3.0).all()
    rows = tables["forecasts"]
    fair = period_of_day(to_day_numbers(rows["period_start_date"]), "W") % 5 == 0
    assert (rows.loc[fair, "regressor_effect_rate"] > rows["regressor_effect_rate"].median() + 1).all()
    assert rows.loc[fair, "mean_units"].mean() > 2 * rows.loc[~fair, "mean_units"].mean()


def test_one_that_is_not_declared_or_not_known_ahead_changes_nothing(tmp_path: Path) -> None:
    bare = plan_company(event_company(), tmp_path / "bare", declared())
    blind = plan_company(event_company(is_known_ahead=False), tmp_path / "blind", declared("fair"))
    pd.testing.assert_frame_equal(bare["forecasts"], blind["forecasts"])
    assert bare["forecast_effects"].query("feature == 'fair'").empty
    assert set(blind["forecast_effects"].query("feature == 'fair'")["learned_from"]) == {"not_known"}
