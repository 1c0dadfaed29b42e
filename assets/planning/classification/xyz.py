"""XYZ and the demand pattern: how much of the demand can be foreseen."""

from __future__ import annotations

import numpy as np
import pandas as pd

XYZ = np.array(["X", "Y", "Z"])
# The standard deviation of a normal error over its mean absolute value; turns a WAPE into a coefficient of variation.
DEVIATION_PER_MEAN_ABSOLUTE = float(np.sqrt(np.pi / 2))


def error_cv_rate(accuracy: pd.DataFrame) -> pd.Series:
    """Forecast error as a coefficient of variation: sqrt(pi / 2) x WAPE of the chosen model.

    Args:
        accuracy: planning.forecast_accuracy; rows with is_chosen count. WAPE = sum |error| / sum actual.

    Returns:
        Indexed by item_id, warehouse_id; a series whose backtest saw no demand is absent or NaN.
    """
    if accuracy.empty:
        return pd.Series(dtype=float, index=pd.MultiIndex.from_arrays([[], []], names=["item_id", "warehouse_id"]))
    chosen = accuracy[accuracy["is_chosen"].fillna(False).astype(bool)]
    wape = chosen.groupby(["item_id", "warehouse_id"], sort=True)["wape"].first().astype(float)
    return (wape * DEVIATION_PER_MEAN_ABSOLUTE).replace([np.inf, -np.inf], np.nan)


def xyz_index(cv_rate: np.ndarray, x_rate: float, y_rate: float) -> np.ndarray:
    """0 for X, 1 for Y, 2 for Z; a variability that is not known is Z."""
    known = np.where(np.isfinite(cv_rate), cv_rate, np.inf)
    return (known > x_rate).astype(int) + (known > y_rate).astype(int)


def demand_pattern(adi: np.ndarray, cv2: np.ndarray, adi_cut: float = 1.32, cv2_cut: float = 0.49) -> np.ndarray:
    """smooth, erratic, intermittent or lumpy; `none` where there was no demand (ADI not finite)."""
    rare, uneven = adi >= adi_cut, cv2 >= cv2_cut
    label = np.select([~rare & ~uneven, ~rare & uneven, rare & ~uneven], ["smooth", "erratic", "intermittent"], "lumpy")
    return np.where(np.isfinite(adi), label, "none")
