"""How much demand scatters for its level: each series' own ratio of variance to mean, leaning on the law over all."""

from __future__ import annotations

import numpy as np


def variance_ratio(
    flat: np.ndarray, ok: np.ndarray, *, forget_rate: float = 0.02, own_weight: float = 0.5
) -> np.ndarray:
    """(n,) variance to mean ratio, at least 1.02 (a Poisson and a little).

    Args:
        flat: (n, T) demand without its season, units. ok: (n, T) known. own_weight: weight, in logs, of the series' own
            ratio against its regression on the log of the mean over all series.
    """
    weight = (1 - forget_rate) ** np.arange(flat.shape[1] - 1, -1, -1) * ok
    total = np.maximum(weight.sum(axis=1), 1e-9)
    mean = (flat * weight).sum(axis=1) / total
    variance = ((flat - mean[:, None]) ** 2 * weight).sum(axis=1) / np.maximum(total - 1, 1e-9)
    # below a fiftieth of a unit a period the ratio is noise; 0.8: a regression point may lie under Poisson
    own = np.log(np.maximum(variance / np.maximum(mean, 0.02), 0.8))
    design = np.column_stack([np.ones(len(mean)), np.log(mean + 0.1)])
    law = design @ np.linalg.lstsq(design, own, rcond=None)[0]
    return np.maximum(np.exp(own_weight * own + (1 - own_weight) * law), 1.02)
