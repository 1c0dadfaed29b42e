"""One boosted model over all series: corrects each series' seasonal level by what its kin and the calendar say.

Stages: (1) for past origins and each period ahead, features and the demand that followed, where the shelf was filled; (2)
gradient boosting of Poisson deviance from the log of the plain forecast; (3) the mean of several seeds. Older origins weigh
less; series weigh by the inverse of their level, so that a few fast movers do not decide.

Assumes weekly seasons. Known drawback: no use for fewer than some dozens of series.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from benchmarks.vn2_features import PooledFeatures, PooledPanel


class PooledSettings(BaseModel):
    """How the pooled model is fitted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ahead_periods: int = Field(default=3, ge=1)
    first_origin: int = Field(
        default=40, ge=1, description="Earlier origins have too little history for their features"
    )
    origin_step: int = Field(default=3, ge=1)
    forget_rate: float = Field(default=0.01, ge=0, lt=1, description="Weight lost per period of age")
    rounds: int = Field(default=100, ge=1)
    learning_rate: float = Field(default=0.08, gt=0, le=1)
    leaves: int = Field(default=15, ge=2)
    seeds: tuple[int, ...] = (1,)


@dataclass(frozen=True)
class PooledModel:
    """Fitted boosters, one a seed, and the settings they were fitted with."""

    boosters: tuple[Any, ...]
    settings: PooledSettings

    def mean(self, panel: PooledPanel, end: int) -> np.ndarray:
        """(n, ahead_periods) mean demand of the periods after column `end` (exclusive), units."""
        features = PooledFeatures(panel, end)
        columns = []
        for ahead in range(1, self.settings.ahead_periods + 1):
            block, base = features.row_block(end - 1, ahead)
            raw = np.mean([booster.predict(block, raw_score=True) for booster in self.boosters], axis=0)
            columns.append(np.exp(base + raw))
        return np.column_stack(columns)


def fit_pooled(panel: PooledPanel, end: int, settings: PooledSettings) -> PooledModel:
    """Fit on the columns before `end`.

    Raises:
        ValueError: fewer columns than the first origin needs.
    """
    import lightgbm  # slow to import, and only this needs it

    if end <= settings.first_origin + 1:
        raise ValueError(f"a pooled model needs more than {settings.first_origin + 1} periods, not {end}")
    features = PooledFeatures(panel, end)
    blocks, demand, bases, weights = [], [], [], []
    for origin in range(settings.first_origin, end - 1, settings.origin_step):
        for ahead in range(1, min(settings.ahead_periods, end - 1 - origin) + 1):
            block, base = features.row_block(origin, ahead)
            known = panel.ok[:, origin + ahead]
            blocks.append(block[known])
            demand.append(panel.units[known, origin + ahead])
            bases.append(base[known])
            weights.append((1 - settings.forget_rate) ** (end - 1 - origin) / (np.exp(base[known]) + 0.5))
    data, label = np.concatenate(blocks), np.concatenate(demand)
    base, weight = np.concatenate(bases), np.concatenate(weights)
    fixed = {"objective": "poisson", "learning_rate": settings.learning_rate, "num_leaves": settings.leaves,
             "min_data_in_leaf": 150, "feature_fraction": 0.4, "bagging_fraction": 0.7, "bagging_freq": 1,
             "lambda_l2": 20.0, "max_bin": 63, "verbosity": -1, "num_threads": 1, "deterministic": True}  # fmt: skip
    boosters = tuple(
        lightgbm.train(
            {**fixed, "seed": seed}, lightgbm.Dataset(data, label, init_score=base, weight=weight), settings.rounds
        )
        for seed in settings.seeds
    )
    return PooledModel(boosters, settings)
