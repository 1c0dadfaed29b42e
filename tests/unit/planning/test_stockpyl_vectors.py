"""The textbook formulas against published instances (stockpyl's tests, Snyder and Shen): to 1e-6, as the file asks.

Prevents: a formula that is nearly right, a unit (per year or per period) that slipped, a wrong protection interval.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assets.planning.policy import continuous, economic, loss, lot_sizing, newsvendor, periodic

SHARED = Path(os.environ.get("STOCKTURN_SHARED", str(Path(__file__).resolve().parents[4] / "shared")))
FILE = SHARED / "vectors" / "stockpyl_policies.json"


def _vectors() -> list[dict[str, Any]]:
    return json.loads(FILE.read_text(encoding="utf-8"))["vectors"] if FILE.exists() else []


def _system(i: dict[str, Any]) -> continuous.LotSystem:
    names = ("holding_cost", "stockout_cost", "fixed_cost", "demand_mean", "demand_sd", "lead_time")
    return continuous.LotSystem(**{name: i[name] for name in names})


def _named(*names: str) -> Callable[[Any], dict[str, Any]]:
    return lambda answer: dict(zip(names, answer if isinstance(answer, tuple) else (answer,), strict=True))


def _fields(**names: str) -> Callable[[Any], dict[str, Any]]:
    return lambda answer: {key: getattr(answer, name) for key, name in names.items()}


DISCOUNT = _fields(Q="quantity", region="region", cost="cost")
STOCK = _fields(S="base_stock", cost="cost")
LOT = _fields(r="reorder_point", Q="quantity", cost="cost")
COMPUTE: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "EOQ": lambda i: _named("Q", "cost")(economic.eoq(i["fixed_cost"], i["holding_cost"], i["demand_rate"])),
    "EOQ_cost_at_Q": lambda i: _named("cost")(
        economic.eoq_cost(i["Q"], i["fixed_cost"], i["holding_cost"], i["demand_rate"])
    ),
    "EOQ_all_units_discount": lambda i: DISCOUNT(economic.eoq_all_units_discount(**i)),
    "EOQ_incremental_discount": lambda i: DISCOUNT(economic.eoq_incremental_discount(**i)),
    "EOQ_backorders": lambda i: _named("Q", "stockout_fraction", "cost")(economic.eoq_backorders(**i)),
    "EPQ": lambda i: _named("Q", "cost")(economic.epq(**i)),
    "WagnerWhitin": lambda i: _fields(order_quantities="order_quantities", cost="cost")(
        lot_sizing.wagner_whitin(i["demand"], i["fixed_cost"], i["holding_cost"], i.get("purchase_cost", 0.0))
    ),
    "newsvendor_normal": lambda i: STOCK(
        newsvendor.newsvendor_normal(i["holding_cost"], i["stockout_cost"], i["demand_mean"], i["demand_sd"])
    ),
    "newsvendor_normal_cost": lambda i: _named("cost")(
        newsvendor.newsvendor_normal_cost(
            i["S"], i["holding_cost"], i["stockout_cost"], i["demand_mean"], i["demand_sd"], i.get("lead_time", 0)
        )
    ),
    "base_stock_normal_lead_time": lambda i: STOCK(
        newsvendor.newsvendor_normal(
            i["holding_cost"], i["stockout_cost"], i["demand_mean"], i["demand_sd"], i["lead_time"]
        )
    ),
    "base_stock_normal_lead_time_cost": lambda i: _named("cost")(
        newsvendor.newsvendor_normal_cost(
            i["S"], i["holding_cost"], i["stockout_cost"], i["demand_mean"], i["demand_sd"], i["lead_time"]
        )
    ),
    "newsvendor_poisson": lambda i: STOCK(
        newsvendor.newsvendor_poisson(i["holding_cost"], i["stockout_cost"], i["demand_mean"])
    ),
    "newsvendor_poisson_lead_time": lambda i: STOCK(
        newsvendor.newsvendor_poisson(i["holding_cost"], i["stockout_cost"], i["demand_mean"], i["lead_time"])
    ),
    "newsvendor_lognormal": lambda i: STOCK(newsvendor.newsvendor_lognormal(**i)),
    "newsvendor_discrete": lambda i: STOCK(
        newsvendor.newsvendor_discrete(
            i["holding_cost"], i["stockout_cost"], {float(k): v for k, v in i["demand_pmf"].items()}
        )
    ),
    "newsvendor_explicit": lambda i: _named("S", "profit")(
        newsvendor.newsvendor_profit(
            i["revenue"], i["purchase_cost"], i["salvage_value"], i["demand_mean"], i["demand_sd"],
            i.get("holding_cost", 0.0), i.get("stockout_cost", 0.0),
        )
    ),
    "standard_normal_loss": lambda i: _named("L", "L_bar")(loss.standard_normal_loss(i["z"])),
    "normal_loss": lambda i: _named("n", "n_bar")(loss.normal_loss(i["x"], i["mean"], i["sd"])),
    "rQ_cost": lambda i: {"cost": continuous.lot_cost(_system(i), i["r"], i["Q"])},
    "rQ_optimal_r_for_Q": lambda i: {
        f"Q={q}": continuous.reorder_point_for_lot(_system(i), q) for q in (318, 150, 750)
    },
    "rQ_EIL": lambda i: LOT(continuous.expected_inventory_level(_system(i))),
    "rQ_EOQB": lambda i: LOT(continuous.eoq_with_backorders(_system(i))),
    "rQ_EOQ_plus_SS": lambda i: LOT(continuous.eoq_plus_safety_stock(_system(i))),
    "rQ_loss_function": lambda i: LOT(continuous.loss_function_lot(_system(i))),
    "rQ_poisson_exact": lambda i: LOT(continuous.poisson_lot(**i)),
    "sS_exact_poisson": lambda i: _fields(s="least", S="most", cost="cost")(periodic.min_max_poisson(**i)),
    "sS_power_approx": lambda i: _fields(s="least", S="most")(periodic.min_max_power(**i)),
}  # fmt: skip


@pytest.mark.skipif(not FILE.exists(), reason="the shared vectors are not beside the repository")
def test_every_kind_of_vector_is_computed() -> None:
    assert {vector["kind"] for vector in _vectors()} == set(COMPUTE)


@pytest.mark.parametrize("vector", _vectors(), ids=lambda v: f"{v['kind']}-{v['name']}")
def test_published_instance(vector: dict[str, Any]) -> None:
    answer = COMPUTE[vector["kind"]](vector["inputs"])
    tolerance = {"abs": 10 ** -vector["places"]} if "places" in vector else {"rel": 1e-6}
    for name, expected in vector["expected"].items():
        assert answer[name] == pytest.approx(expected, **tolerance), name


@pytest.mark.skipif(not FILE.exists(), reason="the shared vectors are not beside the repository")
def test_zheng_federgruen_table() -> None:
    """Table I of Zheng and Federgruen 1991; costs are printed to three decimals."""
    table = json.loads(FILE.read_text(encoding="utf-8"))["zheng_federgruen_1991"]
    assert len(table["rows"]) == 24
    for row in table["rows"]:
        answer = periodic.min_max_poisson(table["h"], table["p"], table["K"], row["mu"])
        assert (answer.least, answer.most) == (row["s"], row["S"])
        assert answer.cost == pytest.approx(row["cost"], abs=5.1e-4)
