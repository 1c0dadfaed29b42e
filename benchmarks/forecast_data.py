"""Third-party series as panels. Nothing of them is copied here; a set that is absent raises FileNotFoundError.

The folder is `../shared/data` beside the repository, or `STOCKTURN_SHARED/data`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.demand.censoring import impute_hidden_demand
from assets.planning.demand.periods import period_of_day
from assets.planning.forecasting.panel import Panel

ROOT = Path(__file__).resolve().parents[1]


def shared(*parts: str) -> Path:
    """Path below the shared data folder; raises FileNotFoundError with the way to set it."""
    base = Path(os.environ.get("STOCKTURN_SHARED", str(ROOT.parent / "shared")))
    path = base.joinpath("data", *parts)
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there; set STOCKTURN_SHARED to the folder that holds data/")
    return path


def dense_panel(
    keys: NDArray | pd.Series,
    period: NDArray[np.int64],
    units: NDArray[np.float64],
    frequency: str,
    known: NDArray[np.bool_] | None = None,
) -> Panel:
    """Panel of long columns; a series starts at its first row, and missing rows after it are unknown."""
    codes, unique = pd.factorize(np.asarray(keys), sort=True)
    first = int(period.min())
    shape = (len(unique), int(period.max()) - first + 1)
    y, ok = np.zeros(shape), np.zeros(shape, dtype=bool)
    y[codes, period - first] = units
    ok[codes, period - first] = True if known is None else known
    start = np.full(shape[0], shape[1], dtype=np.int64)
    np.minimum.at(start, codes, period - first)
    frame = pd.DataFrame({"series_id": unique})
    return Panel(frame, y, ok, ok.copy(), start, np.zeros(shape[0], dtype=np.int64), first, frequency)


def _numbers(dates: pd.Series, frequency: str) -> NDArray[np.int64]:
    return period_of_day(pd.to_datetime(dates).to_numpy().astype("datetime64[D]").astype(np.int64), frequency)


def raf_spares() -> Panel:
    """5,000 aircraft spares x 84 months."""
    frame = pd.read_parquet(shared("raf_spares", "demand_monthly.parquet"))
    return dense_panel(frame["item_id"], _numbers(frame["month"], "M"), frame["demand_units"].to_numpy(float), "M")


def carparts() -> Panel:
    """2,674 car parts x 51 months; months before a part's first figure are not part of its series."""
    frame = pd.read_parquet(shared("carparts", "demand_monthly.parquet")).dropna(subset=["qty"])
    return dense_panel(frame["item"], _numbers(frame["month"], "M"), frame["qty"].to_numpy(float), "M")


def vn2(use_stock_flags: bool = True) -> Panel:
    """599 store x product series, 157 weeks; weeks with an empty shelf are unknown unless the flags are ignored."""
    frame = pd.read_parquet(shared("vn2", "history_weekly.parquet"))
    keys = frame["store_id"].astype(str).str.zfill(4) + "/" + frame["product_id"].astype(str).str.zfill(4)
    known = frame["in_stock"].to_numpy(bool) if use_stock_flags else None
    return dense_panel(keys, _numbers(frame["week"], "W"), frame["sales_units"].to_numpy(float), "W", known)


def vn2_departments(panel: Panel) -> Panel:
    """The same panel with departments as families, from the set's master data."""
    master = pd.read_csv(shared("vn2", "master.csv"), dtype=str)
    keys = master["store_id"].str.zfill(4) + "/" + master["product_id"].str.zfill(4)
    department = pd.Series(master["department"].to_numpy(), index=keys).reindex(panel.keys["series_id"])
    return replace(panel, group=pd.factorize(department.fillna(""), sort=True)[0].astype(np.int64))


def until(panel: Panel, end: int) -> Panel:
    """What was known at the origin `end`: columns before it, with hidden demand imputed from them alone."""
    y, ok = panel.y[:, :end], panel.ok[:, :end]
    n = len(y)
    running = np.arange(end)[None, :] >= panel.start[:, None]
    hidden = running & ~ok
    filled = impute_hidden_demand(np.arange(n + 1) * end, y.ravel(), ok.ravel().astype(float), (~ok).ravel())
    fixed = np.where(hidden, filled.reshape(n, end), y)
    return replace(panel, y=np.ascontiguousarray(fixed), ok=ok, exact=panel.exact[:, :end])
