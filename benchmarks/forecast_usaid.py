"""USAID contraceptive ledger: three months ahead for every site x product, the last three known months as test.

MASE with in-sample seasonal (12-month) scaling, as the forecasting prize on these data was judged by: errors over the
mean absolute 12-month difference before the origin; series that never differ over 12 months have no scale and are
counted apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.backtest.scores import pinball
from assets.planning.demand.censoring import impute_hidden_demand
from assets.planning.forecasting.engine import forecast_panel
from assets.planning.forecasting.panel import Panel
from assets.planning.forecasting.settings import ForecastSettings
from benchmarks.forecast_data import dense_panel, shared

HORIZON = 3
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


def load() -> tuple[Panel, NDArray[np.float64]]:
    """Monthly units distributed, and the share of each month with stock."""
    frame = pd.read_csv(shared("usaid_contraceptive", "stock_ledger_monthly.csv"))
    frame = frame.dropna(subset=["stock_distributed"])
    period = (frame["year"].to_numpy() - 1970) * 12 + frame["month"].to_numpy() - 1
    key = frame["site_code"].astype(str) + "/" + frame["product_code"].astype(str)
    panel = dense_panel(key, period, np.maximum(frame["stock_distributed"].to_numpy(float), 0.0), "M")
    product = panel.keys["series_id"].str.split("/").str[1]
    panel = replace(panel, group=pd.factorize(product, sort=True)[0].astype(np.int64))
    days = np.nan_to_num(frame["stock_stockout_days"].to_numpy(float))
    # Stock-out days are hardly ever filled in (300 of 38,842 rows), so the balances speak too: nothing at the start,
    # nothing received and nothing at the end is a month with an empty shelf.
    balances = frame[["stock_initial", "stock_received", "stock_end"]].fillna(1.0).to_numpy(float)
    hidden = np.maximum(np.clip(days / 30.4, 0.0, 1.0), (balances <= 0).all(axis=1))
    return panel, 1.0 - dense_panel(key, period, hidden, "M").y


def _known(panel: Panel, rate: NDArray, end: int, use_stock: bool) -> Panel:
    """The panel before `end`; months that the shelf was half empty are hidden, milder ones imputed."""
    y, ok, cover = panel.y[:, :end], panel.ok[:, :end], rate[:, :end]
    n = len(y)
    if not use_stock:
        return replace(panel, y=y, ok=ok, exact=ok)
    censored = ~ok | (cover < 0.85)
    filled = impute_hidden_demand(
        np.arange(n + 1) * end, y.ravel(), np.where(ok, cover, 0.0).ravel(), censored.ravel()
    ).reshape(n, end)
    running = np.arange(end)[None, :] >= panel.start[:, None]
    mended = np.where(running & censored, filled, y)
    return replace(panel, y=mended, ok=ok & (cover >= 0.5), exact=ok & ~censored)


def _mase(mean: NDArray, actual: NDArray, ok: NDArray, scale: NDArray) -> float:
    good = ok & (scale > 0)[:, None]
    return float((np.abs(mean - actual) / np.where(scale > 0, scale, 1.0)[:, None])[good].mean())


def run_usaid() -> dict[str, Any]:
    """MASE and scaled pinball of ours, with and without what is known of empty shelves, beside the simple methods."""
    panel, rate = load()
    end = panel.size[1] - HORIZON
    actual, ok = panel.y[:, end:], panel.ok[:, end:]
    y, known = panel.y[:, :end], panel.ok[:, :end]
    both = known[:, 12:] & known[:, :-12]
    scale = np.where(both, np.abs(y[:, 12:] - y[:, :-12]), 0.0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
    recent = np.where(known[:, -3:], y[:, -3:], 0.0).sum(axis=1) / np.maximum(known[:, -3:].sum(axis=1), 1)
    figures: dict[str, Any] = {
        "series": panel.size[0],
        "scored_months": int(ok.sum()),
        "series_without_scale": int((scale <= 0).sum()),
        "mase": {
            "seasonal_naive": _mase(y[:, -12 : -12 + HORIZON], actual, ok, scale),
            "three_month_mean": _mase(np.repeat(recent[:, None], HORIZON, axis=1), actual, ok, scale),
        },
        "mase_of_months_with_stock": {},
        "scaled_pinball": {},
        "bias_rate": {},
    }
    # A month on an empty shelf shows what could be handed out, not what was wanted: apart, for the corrected forecast.
    filled = ok & (rate[:, end:] > 0.5)
    apart = figures["mase_of_months_with_stock"]
    apart["seasonal_naive"] = _mase(y[:, -12 : -12 + HORIZON], actual, filled, scale)
    apart["three_month_mean"] = _mase(np.repeat(recent[:, None], HORIZON, axis=1), actual, filled, scale)
    settings = ForecastSettings(frequency="M", horizon=HORIZON, calendars=())
    for label, use_stock in (("ours_median", True), ("ours_median_without_stock", False)):
        result = forecast_panel(_known(panel, rate, end, use_stock), settings, quantiles=LEVELS)
        table = result.forecasts[[f"q_{q:g}" for q in LEVELS]].to_numpy().reshape(-1, HORIZON, len(LEVELS))
        mean = result.forecasts["mean_units"].to_numpy().reshape(-1, HORIZON)
        figures["mase"][label] = _mase(table[..., 0], actual, ok, scale)
        apart[label] = _mase(table[..., 0], actual, filled, scale)
        figures["mase"][label.replace("median", "mean")] = _mase(mean, actual, ok, scale)
        good = ok & (scale > 0)[:, None]
        loss = pinball(actual, table, np.array(LEVELS)) / np.where(scale > 0, scale, 1.0)[:, None]
        figures["scaled_pinball"][label] = float(loss[good].mean())
        figures["bias_rate"][label] = float((mean - actual)[ok].sum() / actual[ok].sum())
    return figures
