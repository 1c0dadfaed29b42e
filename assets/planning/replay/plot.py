"""The trade-off curve as a picture: mean stock value against fill rate, and where the company was."""

from __future__ import annotations

import io
from typing import Literal

import pandas as pd

from assets.optional import optional


def plot_trade_off(
    curve: pd.DataFrame,
    summary: dict[str, float | str],
    *,
    currency: str,
    title: str,
    present: dict[str, float | str] | None = None,
    kind: Literal["svg", "png"] = "svg",
) -> bytes:
    """The curve with the replayed policy and what happened as points, as SVG or PNG.

    Args:
        curve, summary: of a `ReplayResult`. present: summary of the replay of the present policies, drawn as a point.
            Deterministic: the same figures give the same bytes.
    """
    matplotlib = optional("matplotlib", "plots")  # slow to import, and only this needs it
    matplotlib.use("Agg")
    figures = optional("matplotlib.figure", "plots")

    with matplotlib.rc_context({"svg.hashsalt": "stockturn", "svg.fonttype": "none"}):
        figure = figures.Figure(figsize=(7, 4.5), layout="constrained")
        axes = figure.subplots()
        ordered = curve.sort_values("average_stock_value")
        stocks = ordered["average_stock_value"].to_numpy(float)
        fills = ordered["fill_rate_by_value"].to_numpy(float) * 100
        axes.plot(stocks, fills, "o-", label="policy, safety stock scaled")
        for stock, fill, scale in zip(stocks, fills, ordered["safety_scale_rate"], strict=True):
            axes.annotate(f"x{scale:g}", (stock, fill), textcoords="offset points", xytext=(4, -11), fontsize=8)
        marks = [(summary, "actual", "X", "what happened"), (summary, "replay", "D", "policy")]
        marks += [(present, "replay", "s", "present policy")] if present is not None else []
        for figures, name, marker, label in marks:
            stock = float(figures[f"{name}_average_stock_value"])
            fill = float(figures[f"{name}_fill_rate_by_value"]) * 100
            axes.plot([stock], [fill], marker, markersize=9, label=label)
        axes.set_xlabel(f"mean stock ({currency if summary['valued_by'] == 'cost' else 'units'})")
        axes.set_ylabel("fill rate, % of demand value")
        axes.set_title(title)
        axes.grid(visible=True, alpha=0.3)
        axes.legend(loc="lower right")
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else {"Software": None})
    return buffer.getvalue()
