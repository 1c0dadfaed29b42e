"""The textbook formulas against the library stockpyl on instances that nobody published.

Prevents: a formula that only fits the published examples.
"""

from __future__ import annotations

import numpy as np
import pytest

from assets.planning.policy import continuous, economic, lot_sizing, newsvendor, periodic

stockpyl = pytest.importorskip("stockpyl", reason="a development dependency")
RNG = np.random.default_rng(8)
CASES = [
    {"h": float(RNG.uniform(0.1, 3)), "p": float(RNG.uniform(4, 40)), "k": float(RNG.uniform(5, 200)),
     "d": float(RNG.uniform(10, 900)), "cv": float(RNG.uniform(0.05, 0.4))}
    for _ in range(6)
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_eoq_with_backorders(case: dict[str, float]) -> None:
    from stockpyl.eoq import economic_order_quantity_with_backorders

    quantity, waiting, cost = economic_order_quantity_with_backorders(case["k"], case["h"], case["p"], case["d"])
    assert economic.eoq_backorders(case["k"], case["h"], case["p"], case["d"]) == pytest.approx(
        (quantity, waiting, cost), rel=1e-9
    )


@pytest.mark.parametrize("case", CASES)
def test_newsvendor_and_order_point(case: dict[str, float]) -> None:
    from stockpyl.newsvendor import newsvendor_normal
    from stockpyl.rq import r_q_cost

    level, cost = newsvendor_normal(case["h"], case["p"], case["d"], case["d"] * case["cv"])
    ours = newsvendor.newsvendor_normal(case["h"], case["p"], case["d"], case["d"] * case["cv"])
    assert (ours.base_stock, ours.cost) == pytest.approx((level, cost), rel=1e-9)
    system = continuous.LotSystem(case["h"], case["p"], case["k"], case["d"], case["d"] * case["cv"], 0.1)
    point, lot = system.lead_mean + system.lead_sd, system.demand_mean / 7
    theirs = r_q_cost(point, lot, case["h"], case["p"], case["k"], case["d"], case["d"] * case["cv"], 0.1)
    # 1e-6: theirs integrates numerically
    assert continuous.lot_cost(system, point, lot) == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_wagner_whitin_and_min_max(case: dict[str, float]) -> None:
    from stockpyl.ss import s_s_discrete_exact
    from stockpyl.wagner_whitin import wagner_whitin

    demand = [int(value) for value in np.random.default_rng(int(case["d"])).integers(0, 90, 9)]
    _, cost, _, _ = wagner_whitin(9, case["h"], case["k"], demand)
    assert lot_sizing.wagner_whitin(demand, case["k"], case["h"]).cost == pytest.approx(cost, rel=1e-9)
    mean = case["d"] / 60
    least, most, exact = s_s_discrete_exact(case["h"], case["p"], case["k"], True, mean)
    ours = periodic.min_max_poisson(case["h"], case["p"], case["k"], mean)
    assert (ours.least, ours.most) == (least, most)
    assert ours.cost == pytest.approx(exact, rel=1e-6)
