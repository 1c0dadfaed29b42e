"""Companies of any shape end with every table of planning; what could not be modelled is named on its row."""

from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_companies import AS_OF, KEYS, Company, company_of, plan_company, random_company

from assets.planning.forecasting import engine
from assets.planning.forecasting.fallback import FALLBACK_MODEL
from assets.planning.sentences import in_words

#: Companies of the fast suite: short histories, two of a year and a half, every demand shape among them.
# ten seconds each since the plan runs along the network and over a year of days: three here, all others with the slow tests
FAST = (1, 9, 22)


def check(tables: dict[str, pd.DataFrame], series: int) -> None:
    """Every series of the history has a finite forecast with a reason, and every item x warehouse is in the plan."""
    forecasts, history = tables["forecasts"], tables["demand_history"]
    asked = history[KEYS].drop_duplicates()
    assert len(forecasts[KEYS].drop_duplicates()) == len(asked)
    numbers = forecasts.filter(regex="_units$").to_numpy(float)
    assert np.isfinite(numbers).all() and (numbers >= 0).all()
    chosen = tables["forecast_accuracy"].query("is_chosen")
    assert len(chosen) == len(asked) and chosen["reason"].str.len().gt(0).all()
    assert len(tables["replenishment"]) == len(tables["item_classes"]) == series


@pytest.mark.parametrize("seed", FAST)
def test_a_small_company_is_planned(seed: int, tmp_path: Path) -> None:
    company = random_company(seed)
    check(plan_company(company, tmp_path), len(company.tables["intermediate.int_item_warehouses"]))


@pytest.mark.slow
def test_two_thousand_small_companies_are_planned(tmp_path: Path) -> None:
    failed = {}
    for seed in range(2000):
        company = random_company(seed)
        try:
            check(plan_company(company, tmp_path / str(seed)), len(company.tables["intermediate.int_item_warehouses"]))
        except Exception as error:
            failed[seed] = repr(error)
    assert not failed


def test_moving_the_future_changes_no_forecast(tmp_path: Path) -> None:
    """Imputation, segments, effects and the choice read nothing after the day: sales and stock of a quarter later are
    replaced by nonsense, and history and forecasts of the day stay the same to the last bit."""
    series = [(shape, f"c/{shape}", "c/w") for shape in ("poisson", "seasonal", "lumpy", "shift")]
    company = company_of(series, 400, np.random.default_rng(4))
    day = AS_OF - dt.timedelta(days=91)
    later = {}
    for name, frame in company.tables.items():
        moved = frame.copy()
        for column in ("business_date", "valid_from_date"):
            if column in moved:
                after = moved[column] > pd.Timestamp(day)
                numbers = moved.select_dtypes("float").columns
                moved.loc[after, numbers] = moved.loc[after, numbers] * 50 + 7
        later[name] = moved
    changed = [name for name in later if not later[name].equals(company.tables[name])]
    assert "intermediate.int_demand_daily" in changed
    first = plan_company(company, tmp_path / "first", as_of=day)
    second = plan_company(Company(later), tmp_path / "second", as_of=day)
    for name in ("demand_history", "forecasts", "forecast_accuracy", "forecast_effects"):
        pd.testing.assert_frame_equal(first[name], second[name], check_exact=True)


@pytest.mark.parametrize("seed", range(3))
def test_one_item_that_sells_five_every_seven_days(seed: int, tmp_path: Path) -> None:
    """Demand without any scatter: the regression of effects has no answer, and nothing was released."""
    company = company_of([("every_seven_days", "c/a", "c/w")], 540, np.random.default_rng(seed))
    shelf = "intermediate.int_item_warehouse_balances"  # an empty shelf would hide demand, which is another case
    company.tables[shelf] = company.tables[shelf].iloc[:0]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        tables = plan_company(company, tmp_path)
    check(tables, 1)
    assert tables["forecasts"]["mean_units"].between(4.5, 5.5).all()


def test_a_series_on_which_the_models_fail_gets_a_named_fallback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = company_of([("poisson", f"c/{name}", "c/w") for name in "abcde"], 200, np.random.default_rng(1))
    plain = plan_company(company, tmp_path / "plain")["forecast_accuracy"].query("is_chosen")
    assert FALLBACK_MODEL not in set(plain["model"])
    whole = engine._forecast_panel

    def broken(panel, *arguments):  # type: ignore[no-untyped-def]
        # sums over items (warehouse, category, company) are forecast as well, and have no item
        if "item_id" in panel.keys and (panel.keys["item_id"] == "c/c").any():
            raise FloatingPointError("no figure")
        return whole(panel, *arguments)

    monkeypatch.setattr(engine, "_forecast_panel", broken)
    tables = plan_company(company, tmp_path / "broken")
    check(tables, 5)
    chosen = tables["forecast_accuracy"].query("is_chosen").set_index("item_id")
    assert chosen["model"].eq(FALLBACK_MODEL).tolist() == [False, False, True, False, False]
    assert in_words(chosen.loc["c/c", "reason"], "en") == "fallback: the models failed on this series (no figure)"
