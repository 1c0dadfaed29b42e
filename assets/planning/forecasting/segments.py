"""Segments: series whose forecasts fail alike, so that they may lend each other evidence.

Syntetos & Boylan's four patterns of demand (ADI 1.32, CV2 0.49; 2005, doi:10.1016/j.ijforecast.2004.10.001), with the
slow movers apart, because below one demand in ten periods nearly every quantile is zero and the best model differs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assets.planning.forecasting.panel import Panel

SEGMENT_NAMES = ("new", "smooth", "erratic", "intermittent", "lumpy", "slow")


def demand_interval(panel: Panel) -> NDArray[np.float64]:
    """Mean periods between demands (n,), from the first to the last demand; the periods seen where there is none.

    The silence after the last demand is left out: it tells whether an item is still in use, not how often it is asked for.
    """
    sold = panel.ok & (panel.y > 0)
    hits = sold.sum(axis=1)
    width = sold.shape[1]
    first = sold.argmax(axis=1)
    last = width - 1 - sold[:, ::-1].argmax(axis=1)
    after = np.where(hits > 0, last - first + 1, panel.ok.sum(axis=1))
    return np.maximum(after / np.maximum(hits, 1), 1.0)


def demand_segments(panel: Panel, new_periods: int) -> NDArray[np.int64]:
    """Index into `SEGMENT_NAMES` of each series, from all its known periods; `new` below `new_periods` of them."""
    known = panel.ok
    seen = known.sum(axis=1)
    sold = known & (panel.y > 0)
    hits = sold.sum(axis=1)
    interval = seen / np.maximum(hits, 1)
    mean = np.where(sold, panel.y, 0).sum(axis=1) / np.maximum(hits, 1)
    square = np.where(sold, (panel.y - mean[:, None]) ** 2, 0).sum(axis=1) / np.maximum(hits - 1, 1)
    cv2 = square / np.where(mean > 0, mean, 1.0) ** 2
    steady = cv2 < 0.49
    code = np.where(interval < 1.32, np.where(steady, 1, 2), np.where(steady, 3, 4))
    code = np.where((interval >= 10) | (hits == 0), 5, code)
    return np.where(seen < new_periods, 0, code).astype(np.int64)
