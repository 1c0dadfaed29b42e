"""A planner's figure goes through the plan: forecast, levels, what to order, and later what it was worth."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.planning.settings import PlanningSettings
from tests.unit.planning.small_companies import AS_OF, Company, company_of, not_delivered, plan_company, typed

SETTINGS = PlanningSettings()
TABLE = "staging.stg_forecast_overrides"


def company(*figures: dict[str, object]) -> Company:
    made = company_of([("poisson", "c/a", "c/w"), ("poisson", "c/b", "c/w")], 250, np.random.default_rng(3))
    spine = made.tables["intermediate.int_item_warehouses"].assign(
        unit_cost_latest=10.0, lead_time_days_master=14.0, moq_units=np.nan, order_multiple_units=np.nan
    )
    return replace(
        made,
        tables={
            **made.tables,
            "intermediate.int_item_warehouses": spine,
            TABLE: typed(list(figures), not_delivered()[TABLE]),
        },
    )


def figure(item: str, units: float, **other: object) -> dict[str, object]:
    return {
        "item_id": item,
        "warehouse_id": "c/w",
        "start_date": pd.Timestamp(AS_OF) - pd.Timedelta(days=10),
        "end_date": pd.Timestamp(AS_OF) + pd.Timedelta(days=89),
        "demand_units": units,
        "planner_name": "李四",
        "override_reason": "大客户投标",
        "entered_date": pd.Timestamp(AS_OF),
        **other,
    }


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return plan_company(company(), tmp_path_factory.mktemp("plain"), SETTINGS)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def changed(kept: Path) -> dict[str, pd.DataFrame]:
    day = pd.Timedelta(days=1)
    return plan_company(
        company(
            figure("c/a", 50_000.0),
            figure("c/b", 70_000.0, entered_date=pd.Timestamp(AS_OF) + day),
            figure("c/b", 90_000.0, expires_date=pd.Timestamp(AS_OF), start_date=pd.Timestamp(AS_OF) - day),
        ),
        kept,
        SETTINGS,
    )


def test_the_figure_is_the_forecast_and_raises_the_levels(
    plain: dict[str, pd.DataFrame], changed: dict[str, pd.DataFrame]
) -> None:
    rows = changed["forecasts"].set_index("item_id")
    assert rows.loc["c/a", "mean_units"].iloc[2] == pytest.approx(50_000 / 100 * 7)
    before, after = (each["replenishment"].set_index("item_id") for each in (plain, changed))
    assert after.loc["c/a", "order_up_to_units"] > 10 * before.loc["c/a", "order_up_to_units"]
    nodes = changed["forecast_nodes"]
    warehouse = nodes[nodes["node_level"] == "warehouse"]["mean_units"].to_numpy(float)
    items = rows["mean_units"].to_numpy(float).reshape(2, -1).sum(axis=0)
    assert warehouse == pytest.approx(items), "a sum is the sum of what is published"


def test_figures_of_later_and_expired_ones_are_not_used(
    plain: dict[str, pd.DataFrame], changed: dict[str, pd.DataFrame]
) -> None:
    names = ["mean_units", "q50_units", "q95_units"]
    before, after = (each["forecasts"].set_index("item_id").loc["c/b", names] for each in (plain, changed))
    pd.testing.assert_frame_equal(before, after)
    assert set(changed["forecast_overrides"]["item_id"]) == {"c/a"}
    assert plain["forecast_overrides"].empty


def test_a_later_run_says_what_it_was_worth(kept: Path, changed: dict[str, pd.DataFrame]) -> None:
    later = AS_OF + dt.timedelta(days=21)
    found = plan_company(company(), kept, SETTINGS, as_of=later)["forecast_overrides"]
    known = found[found["actual_units"].notna()]
    assert len(known) >= 2 and set(known["planner_name"]) == {"李四"}
    assert (known["override_units"] > known["statistical_units"]).all()
    assert (known["actual_units"] == 0).all(), "nothing was sold in these weeks"
