"""Peers' rules from ../shared/vectors: ABC by lines, demand pattern, stock status.

Prevents: a rule of a peer that is offered as a mode and computes something else.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from planning_cases import SHARED

from assets.planning.classification.abc import abc_by_lines
from assets.planning.classification.moments import demand_moments
from assets.planning.classification.xyz import demand_pattern
from assets.planning.policy.status import STATUSES, stock_status

pytestmark = pytest.mark.skipif(not (SHARED / "vectors").exists(), reason="the shared vectors are not there")


def _load(name: str) -> Any:
    path = SHARED / "vectors" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


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
