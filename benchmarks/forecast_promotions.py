"""The demo company's promotion weeks: forecasts that know the landed promotions beside forecasts that do not.

Four origins a quarter apart; a week counts where an item's expected uplift, averaged over its days, is a tenth or more.
The demo's expected uplifts are what its customers then do on promoted days, so the learned response should come out
near one; what a company's planners expect may be half off, which `tests/unit/forecasting` covers.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assets.planning.demand.periods import period_of_day
from assets.planning.demand.promotions import promotion_intensity
from assets.planning.demand.settings import DemandSettings
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.settings import ForecastSettings
from benchmarks.forecast_demo import HORIZON, KEYS, demand_history, truth

ORIGINS = 4
_PROMOTED = 0.1


def run_promotions(items: int, days: int, seed: int) -> dict[str, Any]:
    """WAPE and bias of promoted and of other weeks at each origin, with and without the promotions."""
    from demo.simulate import write_demo

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        write_demo(folder, seed=seed, items=items, days=days)
        demand, stock = truth(folder / "truth")
        deals = pd.concat(pd.read_csv(path, dtype=str) for path in sorted(folder.rglob("promotions_*.csv")))
    promotions = pd.DataFrame(
        {
            "item_id": deals["sku"],
            "warehouse_id": None,
            "start_date": pd.to_datetime(deals["start"]),
            "end_date": pd.to_datetime(deals["end"]),
            "uplift_expected_rate": deals["expected_uplift"].astype(float),
        }
    )
    last = demand["business_date"].max()
    newest = last - pd.Timedelta(days=int((last.weekday() + 1) % 7)) - pd.Timedelta(weeks=HORIZON)
    rows = []
    for back in range(ORIGINS - 1, -1, -1):
        rows.append(_origin(demand, stock, promotions, newest - pd.Timedelta(weeks=HORIZON * back)))
        print("promotions", rows[-1], flush=True)
    sums = pd.DataFrame([{"label": label, **value} for row in rows for label, value in row.items()])
    total = sums.groupby("label")[["actual", "error", "absolute"]].sum()
    return {
        "items": items,
        "days": days,
        "seed": seed,
        "all_origins": {
            str(label): {"bias": round(r.error / r.actual, 4), "wape": round(r.absolute / r.actual, 4)}
            for label, r in total.iterrows()
        },
        "by_origin_oldest_first": rows,
    }


def _origin(
    demand: pd.DataFrame, stock: pd.DataFrame, promotions: pd.DataFrame, end: pd.Timestamp
) -> dict[str, dict[str, float]]:
    history = demand_history(demand, stock, end, DemandSettings())
    keys = history[KEYS].drop_duplicates()
    groups = pd.Series(keys["item_id"].str[:2].to_numpy(), index=pd.MultiIndex.from_frame(keys))
    future = demand[(demand["business_date"] > end) & (demand["business_date"] <= end + pd.Timedelta(weeks=HORIZON))]
    week = ((future["business_date"] - end).dt.days - 1) // 7
    wanted = future.assign(week=week).groupby([*KEYS, "week"])["wanted_units"].sum()
    out = {}
    for label, known in (("without", None), ("with", promotions)):
        result = forecast(history, settings=ForecastSettings(horizon=HORIZON), groups=groups, promotions=known)
        mean = result.forecasts["mean_units"].to_numpy().reshape(-1, HORIZON)
        series = list(result.keys.itertuples(index=False, name=None))
        actual = np.stack(
            [wanted.reindex([(*key, w) for key in series]).fillna(0.0).to_numpy(float) for w in range(HORIZON)], axis=1
        )
        first = int(period_of_day(np.array([end.to_datetime64().astype("datetime64[D]").astype(int) + 1]), "W")[0])
        intensity = promotion_intensity(promotions, result.keys, first, HORIZON, "W")
        promoted = np.zeros_like(actual, dtype=bool) if intensity is None else intensity >= _PROMOTED
        for name, part in (("promoted_weeks", promoted), ("other_weeks", ~promoted)):
            gap = (mean - actual)[part]
            out[f"{name}_{label}"] = {
                "weeks": int(part.sum()),
                "actual": round(float(actual[part].sum()), 1),
                "error": round(float(gap.sum()), 1),
                "absolute": round(float(np.abs(gap).sum()), 1),
            }
    return out
