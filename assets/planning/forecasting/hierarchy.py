"""Coherent forecasts over a hierarchy: a category's mean is the sum of its series', at every level, with quantiles.

Stages: (1) the series of a panel are added up to the nodes of each level; (2) the engine forecasts the sums as series of
their own, which calibrates their quantiles on their own past; (3) the mean of a node is the sum of its series' (bottom
up: a plan made from the series stays what it was); (4) the quantiles of a node are its own, moved with its mean. Means
add up, quantiles do not and must not: the 95 % quantile of a sum is less than the sum of 95 % quantiles.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from assets.planning.forecasting.engine import KEYS, forecast_panel
from assets.planning.forecasting.panel import Panel, panel_of_history
from assets.planning.forecasting.result import ForecastResult
from assets.planning.forecasting.settings import ForecastSettings

TOTAL = "total"
NODE_COLUMNS = [
    "node_level", "node_name", "item_warehouses", "origin_date", "period_start_date", "horizon_periods", "mean_units",
    "q10_units", "q50_units", "q80_units", "q90_units", "q95_units", "q98_units",
]  # fmt: skip


def nodes_of(levels: Mapping[str, NDArray[np.object_]], count: int) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Nodes (level, node), the total first, and the series of each as a matrix of membership in rows (node, series).

    levels: name of each series' node (count,) by level. A level whose nodes are single series throughout is left out:
    it says what the series say.
    """
    rows, members = [(TOTAL, TOTAL)], [np.arange(count)]
    for level, names in levels.items():
        codes, unique = pd.factorize(np.asarray(names, dtype=object), sort=True)
        if len(unique) == count:
            continue
        rows += [(level, str(name)) for name in unique]
        members += [np.flatnonzero(codes == k) for k in range(len(unique))]
    pairs = np.concatenate([np.stack([np.full(len(m), k), m]) for k, m in enumerate(members)], axis=1)
    return pd.DataFrame(rows, columns=["level", "node"]), pairs.astype(np.int64)


def summed_panel(panel: Panel, nodes: pd.DataFrame, pairs: NDArray[np.int64]) -> Panel:
    """The panel of the nodes: demand added up, known where the periods of most of its running series are."""
    n, count = len(nodes), panel.size[1]
    y, known, running = np.zeros((n, count)), np.zeros((n, count)), np.zeros((n, count))
    started = np.arange(count)[None, :] >= panel.start[:, None]
    np.add.at(y, pairs[0], panel.y[pairs[1]])
    np.add.at(known, pairs[0], panel.ok[pairs[1]].astype(float))
    np.add.at(running, pairs[0], started[pairs[1]].astype(float))
    start = np.full(n, count, dtype=np.int64)
    np.minimum.at(start, pairs[0], panel.start[pairs[1]])
    ok = (running > 0) & (known >= 0.5 * running)
    group = pd.factorize(nodes["level"], sort=False)[0].astype(np.int64)
    promotion = None
    if panel.promotion is not None:
        weight = np.where(panel.ok, panel.y, 0.0).mean(axis=1)
        top, bottom = np.zeros((n, panel.promotion.shape[1])), np.zeros(n)
        np.add.at(top, pairs[0], weight[pairs[1], None] * panel.promotion[pairs[1]])
        np.add.at(bottom, pairs[0], weight[pairs[1]])
        promotion = top / np.maximum(bottom, 1e-12)[:, None]
    return Panel(
        nodes, np.where(ok, y, 0.0), ok, ok & (known >= running), start, group, panel.first_period, panel.frequency,
        promotion,
    )  # fmt: skip


def company_nodes(
    history: pd.DataFrame,
    result: ForecastResult,
    *,
    settings: ForecastSettings,
    groups: pd.Series,
    promotions: pd.DataFrame,
) -> pd.DataFrame:
    """`planning.forecast_nodes`: the company, its warehouses, categories and items over all warehouses.

    Args:
        history, groups, promotions: as `engine.forecast` had them. result: what it gave.
    """
    if history.empty:
        return pd.DataFrame(columns=NODE_COLUMNS)
    panel = panel_of_history(
        history, key_columns=KEYS, frequency=settings.frequency, groups=groups, promotions=promotions,
        horizon=settings.horizon_periods,
    )  # fmt: skip
    names = groups.reindex(pd.MultiIndex.from_frame(panel.keys)).fillna("").to_numpy(object)
    levels = {"warehouse": panel.keys["warehouse_id"].to_numpy(object), "category": names,
              "item": panel.keys["item_id"].to_numpy(object)}  # fmt: skip
    table = node_forecasts(panel, result, levels, settings)
    return table.rename(columns={"level": "node_level", "node": "node_name", "series": "item_warehouses"})[NODE_COLUMNS]


def node_forecasts(
    panel: Panel,
    result: ForecastResult,
    levels: Mapping[str, NDArray[np.object_]],
    settings: ForecastSettings,
    *,
    quantiles: tuple[float, ...] | None = None,
) -> pd.DataFrame:
    """Forecasts of the nodes above the series of a panel.

    Args:
        panel, result: the series, and what the engine forecast for them.
        levels: node of each series by level, in the panel's order. quantiles: as in `forecast_panel`.

    Returns:
        level, node, then the columns of `ForecastResult.forecasts` and series (how many the node sums).
    """
    horizon = settings.horizon_periods
    nodes, pairs = nodes_of(levels, len(panel.keys))
    table = forecast_panel(summed_panel(panel, nodes, pairs), settings, quantiles=quantiles).forecasts
    own = table["mean_units"].to_numpy(float).reshape(-1, horizon)
    series = result.forecasts["mean_units"].to_numpy(float).reshape(-1, horizon)
    mean = np.zeros_like(own)
    np.add.at(mean, pairs[0], series[pairs[1]])
    factor = np.divide(mean, own, out=np.ones_like(own), where=own > 0).ravel()
    moved = {name: table[name].to_numpy(float) * factor for name in table.columns if name.startswith("q")}
    size = np.bincount(pairs[0], minlength=len(nodes))
    return table.assign(**moved, mean_units=mean.ravel(), series=np.repeat(size, horizon))
