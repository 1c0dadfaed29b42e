"""The demo company: forecasts against the demand that customers truly had, with and without the censoring correction.

Orders are what the systems see; `truth/demand` also holds customers who met an empty shelf and left. The history ends
13 weeks before the end, and the true demand of those weeks is the actual; two earlier quarters tell what is chance.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from assets.planning.demand.history import build_demand_history
from assets.planning.demand.settings import DemandSettings
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.settings import PUBLISHED_QUANTILES, ForecastSettings

HORIZON = 13
#: Quarters that are forecast, and draws of the bootstrap.
QUARTERS, DRAWS = 3, 400
KEYS = ["item_id", "warehouse_id"]


def truth(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Demand as customers wanted it, and the stock of every day."""
    names = {"item_code": "item_id", "warehouse_code": "warehouse_id", "date": "business_date"}
    demand = pd.read_parquet(folder / "demand.parquet").rename(columns=names)
    stock = pd.read_parquet(folder / "daily_stock.parquet").rename(columns=names)
    for frame in (demand, stock):
        frame["business_date"] = pd.to_datetime(frame["business_date"])
    return demand, stock


def demand_history(
    demand: pd.DataFrame, stock: pd.DataFrame, end: pd.Timestamp, settings: DemandSettings
) -> pd.DataFrame:
    """`planning.demand_history` as it would have been on the day `end`."""
    daily = demand.assign(
        demand_units=demand["ordered_units"].astype(float),
        shipped_units=0.0,
        returned_units=0.0,
        demand_source="orders",
        is_promotion=False,
    )
    balances = stock.assign(
        valid_from_date=stock["business_date"],
        valid_to_date=stock["business_date"],
        available_units=stock["physical_units"],
    )
    # An item begins with its first stock or order: the days before its launch are no empty shelf.
    moved = pd.concat(
        [stock.loc[stock["physical_units"] > 0, [*KEYS, "business_date"]], demand[[*KEYS, "business_date"]]]
    )
    spine = moved.groupby(KEYS)["business_date"].min().rename("first_movement_date").reset_index()
    began = balances.merge(spine, on=KEYS)
    balances = began[began["business_date"] >= began["first_movement_date"]].drop(columns="first_movement_date")
    spine = spine[spine["first_movement_date"] <= end]
    early = daily["business_date"] <= end
    known = balances["business_date"] <= end
    return build_demand_history(daily[early], balances[known], spine, as_of=end.date(), settings=settings)


def run_demo(workspace: str, seed: int = 1) -> dict[str, Any]:
    """Bias, WAPE and coverage on true demand, by variant of the correction.

    `workspace` is a folder with `truth/`; where there is none the demo company is simulated into a temporary one.
    """
    folder = Path(workspace) / "truth"
    if folder.exists():
        return _compare(*truth(folder))
    from demo.simulate import write_demo

    with tempfile.TemporaryDirectory() as temporary:
        write_demo(Path(temporary), seed=seed)
        return _compare(*truth(Path(temporary) / "truth"))


def _compare(demand: pd.DataFrame, stock: pd.DataFrame) -> dict[str, Any]:
    last = demand["business_date"].max()
    newest = last - pd.Timedelta(days=int((last.weekday() + 1) % 7)) - pd.Timedelta(weeks=HORIZON)
    quarters = [_quarter(demand, stock, newest - pd.Timedelta(weeks=HORIZON * back)) for back in range(QUARTERS)]
    return {
        "horizon_weeks": HORIZON,
        **quarters[0],
        "earlier_quarters": quarters[1:],
        "history_bias_of_orders_rate": round(
            float(demand["ordered_units"].sum() / demand["wanted_units"].sum() - 1.0), 4
        ),
    }


def _quarter(demand: pd.DataFrame, stock: pd.DataFrame, end: pd.Timestamp) -> dict[str, Any]:
    """Figures of the `HORIZON` weeks after `end`, by variant of the correction."""
    future = demand[(demand["business_date"] > end) & (demand["business_date"] <= end + pd.Timedelta(weeks=HORIZON))]
    week = ((future["business_date"] - end).dt.days - 1) // 7
    wanted = future.assign(week=week).groupby([*KEYS, "week"])["wanted_units"].sum()
    variants = {
        "without_correction": DemandSettings(are_orders_censored=False),
        "share_of_lost_orders_from_data": DemandSettings(),
        "all_orders_on_empty_shelf_lost": DemandSettings(are_orders_censored=True),
    }
    figures: dict[str, Any] = {"end": str(end.date())}
    seen = demand_history(demand, stock, end, DemandSettings())
    empty = (seen["in_stock_rate"] < 0.85).groupby([seen[k] for k in KEYS]).mean()
    touched = set(empty.index[empty > 0.1])
    for label, settings in variants.items():
        result = forecast(demand_history(demand, stock, end, settings), settings=ForecastSettings(horizon=HORIZON))
        mean = result.forecasts["mean_units"].to_numpy().reshape(-1, HORIZON)
        index = pd.MultiIndex.from_frame(result.keys)
        actual = np.stack(
            [wanted.reindex([(*k, w) for k in index]).fillna(0.0).to_numpy(float) for w in range(HORIZON)], axis=1
        )
        table = result.forecasts[[f"q{round(100 * q):02d}_units" for q in PUBLISHED_QUANTILES]].to_numpy()
        inside = (actual.ravel() >= table[:, 0]) & (actual.ravel() <= table[:, 7])
        member = np.array([k in touched for k in index])
        figures[label] = {
            **_errors(mean, actual),
            "coverage_90": round(float(inside.mean()), 4),
            "horizon_sum_coverage_95": round(
                float((actual.sum(axis=1) <= result.sum_quantiles(HORIZON, [0.95])[:, 0]).mean()), 4
            ),
        }
        if member.any():
            figures[label]["often_empty"] = _errors(mean[member], actual[member])
    return figures


def _errors(mean: np.ndarray, actual: np.ndarray) -> dict[str, Any]:
    """Bias with its standard error over series (bootstrap: a few large series make most of the units), and WAPE."""
    gap, units = (mean - actual).sum(axis=1), actual.sum(axis=1)
    picks = np.random.default_rng(0).integers(0, len(gap), (DRAWS, len(gap)))
    drawn = gap[picks].sum(axis=1) / np.maximum(units[picks].sum(axis=1), 1e-9)
    return {
        "series": len(gap),
        "bias_rate": round(float(gap.sum() / units.sum()), 4),
        "bias_standard_error": round(float(drawn.std()), 4),
        "wape": round(float(np.abs(mean - actual).sum() / actual.sum()), 4),
    }
