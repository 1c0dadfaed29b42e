"""Peers' and textbooks' figures (tests/vectors): ABC by lines, demand pattern, stock status, lots, reorder level.

Prevents: a rule of a peer that is offered as a mode and computes something else.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from planning_cases import demand_of, spine

from assets.planning.classification.abc import abc_by_lines
from assets.planning.classification.moments import demand_moments
from assets.planning.classification.xyz import demand_pattern
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.policy.lots import lot_sizes
from assets.planning.policy.price_breaks import lots_with_breaks
from assets.planning.policy.status import STATUSES, stock_status

VECTORS = Path(__file__).resolve().parents[2] / "vectors"


def _load(name: str) -> Any:
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))


def test_abc_by_order_lines() -> None:
    case = _load("abc_oca_sale_lines")
    names = sorted(case["line_counts"])
    counts = np.array([case["line_counts"][name] for name in names], float)
    levels = case["levels"]
    value_cuts = (levels[0]["pct_value"] / 100, levels[1]["pct_value"] / 100)
    item_cuts = (levels[0]["pct_products"] / 100, levels[1]["pct_products"] / 100)
    found = abc_by_lines(counts, np.array(names), value_cuts, item_cuts)
    assert dict(zip(names, found, strict=True)) == case["expected_class"]


def test_demand_pattern_of_the_pbs_series() -> None:
    case = _load("croston_family_reference")
    units = case["pbs_monthly_1991_07_to_2008_06"]
    history = pd.DataFrame(
        {
            "item_id": "c/a",
            "warehouse_id": "c/w",
            "period_start_date": pd.date_range("1991-07-01", periods=len(units), freq="MS"),
            "demand_units": units,
            "is_censored": False,
        }
    )
    # the peer's span ends at the last period of the series as given; ours too
    moments = demand_moments(history).iloc[0]
    expected = case["frepple_pattern_rule"]["pbs"]
    assert moments["adi"] == pytest.approx(expected["adi"], abs=1e-6)
    assert moments["cv2"] == pytest.approx(expected["cv2"], abs=1e-6)
    assert demand_pattern(moments[["adi"]].to_numpy(float), moments[["cv2"]].to_numpy(float)) == [expected["pattern"]]


def test_status_follows_the_priority_of_the_peer() -> None:
    """Netstock's order; what is both short and in excess counts as short."""
    assert _load("excess_shortage_rules")["netstock"]["priority"].split(" > ")[0] == "stocked out"
    available = np.array([0.0, 5.0, 50.0, 90.0, 20.0, 0.0])
    found = stock_status(
        available,
        day_units=np.array([1.0, 1, 1, 1, 1, 0]),
        days_to_empty=np.array([0.0, 5, 50, 90, 20, np.nan]),
        lead_days=np.full(6, 10.0),
        on_order=np.array([0.0, 0, 30, 0, 0, 0]),
        order_without_supply=np.array([0.0, 0, 10, 0, 0, 0]),
        excess=np.array([9.0, 9, 9, 9, 0, 0]),
    )
    assert found.tolist() == [*STATUSES, "ok"]


def _instances(kind: str) -> list[dict[str, Any]]:
    found = [case for case in _load("stockpyl_policies")["vectors"] if case["kind"] == kind]
    assert found
    return found


@pytest.mark.parametrize("case", _instances("EOQ"), ids=lambda case: case["name"])
def test_economic_lot_of_the_textbook(case: dict[str, Any]) -> None:
    given = case["inputs"]
    assigned = pd.DataFrame({"lot_rule": ["eoq"], "lot_cover_days": [30.0], "review_period_days": [0.0]})
    lot, is_fallback = lot_sizes(
        assigned, np.array([float(given["demand_rate"])]), np.array([given["holding_cost"] / 0.25]),
        order_cost_value=given["fixed_cost"], holding_rate=0.25, max_lot_cover_days=1e9,
    )  # fmt: skip
    assert lot[0] == pytest.approx(case["expected"]["Q"], rel=1e-9) and not is_fallback[0]


@pytest.mark.parametrize("case", _instances("EOQ_all_units_discount"), ids=lambda case: case["name"])
def test_lot_under_all_units_discounts_of_the_textbook(case: dict[str, Any]) -> None:
    given = case["inputs"]
    price, year = np.array(given["unit_costs"], float), float(given["demand_rate"])
    keys = pd.DataFrame({"item_id": ["c/a"], "warehouse_id": ["c/w"]})
    breaks = pd.DataFrame({"item_id": "c/a", "from_units": given["breakpoints"], "unit_cost": price})
    rate, cost = given["holding_cost_rate"], given["fixed_cost"]
    usual = np.sqrt(2 * cost * year / (rate * price[:1]))
    lot, paid = lots_with_breaks(
        keys, usual, np.array([year]), price[:1], breaks, order_cost_value=cost, holding_rate=rate,
        max_lot_units=np.array([year]),
    )  # fmt: skip
    assert lot[0] == pytest.approx(case["expected"]["Q"], rel=1e-9)
    assert paid[0] == price[case["expected"]["region"]]


@pytest.mark.parametrize("case", _load("erpnext_reorder_level")["cases"], ids=lambda case: case["name"])
def test_reorder_level_without_uncertainty_is_the_peers(case: dict[str, Any]) -> None:
    """A peer without a forecast: demand of the lead time at the mean of a window, and a safety stock that is given."""
    days = (pd.Timestamp(case["window"][1]) - pd.Timestamp(case["window"][0])).days + 1
    mean = sum(units for _, units in case["issues"]) / days
    assert mean == case["expected"]["avg_daily_outgoing"]
    rows = spine(1)
    demand = demand_of(
        rows, np.array([mean * 7]), np.array([0.0]), review_days=0.0,
        receipts=None, parameters=ParameterSettings(default_lead_time_days=case["lead_time_days"]),
    )  # fmt: skip
    assert demand.lead.mean[0] + case["safety_stock"] == pytest.approx(case["expected"]["reorder_level"])
