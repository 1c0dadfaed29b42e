"""Peers' rules from ../shared/vectors: OCA safety stock end to end, DDMRP, ERPNext, ABC by lines, demand pattern.

Prevents: a rule of a peer that is offered as a mode and computes something else.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from planning_cases import SHARED

from assets.planning.classification.abc import abc_by_lines
from assets.planning.classification.moments import demand_moments
from assets.planning.classification.xyz import demand_pattern
from assets.planning.policy import ddmrp
from assets.planning.policy.status import STATUSES, stock_status
from assets.planning.policy.textbook import daily_series, min_max_oca, reorder_level_erpnext

pytestmark = pytest.mark.skipif(not (SHARED / "vectors").exists(), reason="the shared vectors are not there")


def _load(name: str) -> Any:
    path = SHARED / "vectors" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


OCA = _load("oca_safety_stock_csl")
DDMRP = _load("ddmrp_buffers")


def test_oca_from_raw_moves() -> None:
    case, expected = OCA["serie_01"], OCA["serie_01"]["expected"]
    today = date.fromisoformat(case["today"])
    moves = [((today - date.fromisoformat(day)).days, units) for day, units in case["moves"]]
    series = daily_series(moves, case["history_days"])
    levels = min_max_oca(series, case["lead_days"], OCA["z"]["csl_95"])
    assert levels.average == pytest.approx(expected["avg"], abs=1e-6)
    assert levels.deviation == pytest.approx(expected["sd"], abs=1e-6)
    # the source prints whole units of safety stock and hundredths of the rest
    assert levels.safety_stock == pytest.approx(expected["safety_stock"], abs=0.51)
    assert levels.least == pytest.approx(expected["rop"], abs=0.0051)
    five = min_max_oca(series, case["lead_days"], OCA["z"]["csl_95"], cycle_days=5)
    assert five.most - five.least == pytest.approx(expected["max_cycle_5"] - expected["rop"], abs=0.011)


@pytest.mark.parametrize("case", OCA.get("every_10_days", {}).get("cases", []))
def test_oca_every_ten_days(case: dict[str, float]) -> None:
    series = daily_series([(360 - 10 * k, 10.0) for k in range(36)], 360)
    levels = min_max_oca(series, case["lead_days"], OCA["z"]["csl_95"], cycle_days=case["cycle_days"])
    assert (levels.average, levels.deviation) == (case["avg"], case["sd"])
    # printed to hundredths
    assert levels.safety_stock == pytest.approx(case["safety_stock"], abs=0.0051)
    assert (levels.least, levels.most) == pytest.approx((case["rop"], case["max"]), abs=0.0051)


@pytest.mark.parametrize("case", OCA.get("no_variation", {}).get("cases", []))
def test_oca_without_variation(case: dict[str, float]) -> None:
    levels = min_max_oca(np.full(7, 10.0), 4, OCA["z"]["csl_95"], cycle_days=case["cycle_days"])
    assert (levels.average, levels.deviation, levels.safety_stock) == (case["avg"], case["sd"], case["safety_stock"])
    assert (levels.least, levels.most) == (case["rop"], case["max"])


def test_oca_small_series_and_growth() -> None:
    case = OCA["small"]
    series = daily_series([tuple(move) for move in case["moves_days_ago"]], case["history_days"])
    assert series.tolist() == case["serie"]
    for name, z, growth in (("csl95", "csl_95", 0.0), ("csl95_growth_0_5", "csl_95", 0.5), ("csl90", "csl_90", 0.0),
                            ("csl90_growth_0_5", "csl_90", 0.5)):  # fmt: skip
        levels = min_max_oca(series, case["lead_days"], OCA["z"][z], growth_rate=growth)
        # printed to hundredths, from figures that the source rounded on the way
        assert levels.safety_stock == pytest.approx(case[name]["safety_stock"], abs=0.011)
        assert levels.least == pytest.approx(case[name]["min"], abs=0.011)


@pytest.mark.parametrize("zone", DDMRP.get("zones", []))
def test_ddmrp_zones(zone: dict[str, float]) -> None:
    made = ddmrp.buffer(zone["adu"], zone["dlt"], zone["lt_factor"], zone["var_factor"],
                        order_cycle_days=zone.get("order_cycle", 0), minimum_units=zone.get("moq", 0))  # fmt: skip
    names = {"red_base": made.red_base, "red_safety": made.red_safety, "red": made.red, "yellow": made.yellow,
             "green": made.green, "toy": made.top_of_yellow, "tog": made.top_of_green}  # fmt: skip
    compared = 0
    for name, value in names.items():
        if name in zone:
            assert value == pytest.approx(zone[name], rel=1e-6), name
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize("case", DDMRP.get("positions", []))
def test_ddmrp_positions(case: dict[str, Any]) -> None:
    zones = ddmrp.buffer(4, 10, 0.5, 0.5)
    coming = case.get("incoming", 0) + case.get("after_order_in_progress", 0)
    position = ddmrp.net_flow(case["on_hand"], coming, case.get("qualified_demand", 0))
    if "nfp" in case:
        assert position == case["nfp"]
    if "planning" in case:
        assert ddmrp.planning_colour(zones, position) == case["planning"]
    if "execution" in case:
        assert ddmrp.execution_colour(zones, case["on_hand"]) == case["execution"]
    if "order_qty" in case:
        assert ddmrp.order_quantity(zones, position) == case["order_qty"]


@pytest.mark.parametrize("case", DDMRP.get("multiple_tolerance", []))
def test_ddmrp_multiple_and_tolerance(case: dict[str, float]) -> None:
    zones = ddmrp.Buffer(case["red"], 0, case["yellow"], case["green"])
    assert zones.top_of_green - case["nfp"] == case["strictly_needed"]
    quantity = ddmrp.order_quantity(
        zones, case["nfp"], multiple=case["qty_multiple"], tolerance_rate=case["tolerance_pct"] / 100
    )
    assert quantity == case["order_qty"]


def test_ddmrp_usage() -> None:
    by_method = {case["method"]: case for case in DDMRP["adu"] if "moves_days_ago_qty" not in case}
    for case in DDMRP["adu"]:
        if "moves_days_ago_qty" in case:
            moves = [tuple(move) for move in case["moves_days_ago_qty"]]
            assert ddmrp.average_daily_usage(moves, case["horizon_days"]) == pytest.approx(case["adu"], rel=1e-6)
    blended = by_method["blended"]
    assert ddmrp.blended_usage(blended["past_adu"], blended["future_adu"]) == blended["adu"]


def test_erpnext_reorder_level() -> None:
    for case in _load("erpnext_reorder_level")["cases"]:
        outgoing = sum(units for _, units in case["issues"])
        level = reorder_level_erpnext(
            outgoing, case.get("window_days_inclusive", 10), case["lead_time_days"], case["safety_stock"]
        )
        assert level == pytest.approx(case["expected"]["reorder_level"], rel=1e-6)


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
