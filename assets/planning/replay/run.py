"""Runs the kernel over all rows, in blocks on threads, and names what comes out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from assets.planning.policy.levels import STOCKLESS as STOCKLESS_POLICIES
from assets.planning.policy.suggest import LOTS
from assets.planning.replay import kernel
from assets.planning.replay.level_path import LevelPath
from assets.planning.replay.ragged import Ragged
from assets.planning.replay.settings import ReplaySettings


@dataclass(frozen=True)
class Scene:
    """Everything about the past that no policy changes, per row; days are counted from the start of the run.

    demand, supply (on order at the start), leads (lead times to draw from, in `day`); opening units; minimum, multiple,
    shelf_life_days (0: none).
    """

    days: int
    measured_from: int
    demand: Ragged
    supply: Ragged
    leads: Ragged
    opening: np.ndarray
    minimum: np.ndarray
    multiple: np.ndarray
    shelf_life_days: np.ndarray


def run_policy(
    scene: Scene,
    policy: np.ndarray,
    review_days: np.ndarray,
    path: LevelPath,
    *,
    settings: ReplaySettings,
    block: int = 5_000,
) -> pd.DataFrame:
    """Figures of each row over the measured days; columns are `kernel.OUTPUTS`, units and days."""
    rows = len(policy)
    kind = np.where(
        np.isin(policy, STOCKLESS_POLICIES), kernel.STOCKLESS, np.where(np.isin(policy, LOTS), kernel.R_Q, kernel.UP_TO)
    ).astype(np.int64)
    vintage = (np.searchsorted(path.day, np.arange(scene.days), side="right") - 1).astype(np.int64)
    out = np.zeros((rows, len(kernel.OUTPUTS)))
    review = np.maximum(np.rint(review_days), 1).astype(np.int64)
    life = np.nan_to_num(scene.shelf_life_days).astype(np.int64)

    def part(first: int) -> None:
        last = min(first + block, rows)
        here = slice(first, last)
        ends = slice(first, last + 1)
        kernel.simulate(
            first, scene.demand.start[ends], scene.demand.day, scene.demand.units, scene.days, scene.measured_from,
            scene.opening[here], scene.supply.start[ends], scene.supply.day, scene.supply.units,
            scene.leads.start[ends], scene.leads.day, vintage, kind[here], path.reorder[here], path.up_to[here],
            path.lot[here], review[here], scene.minimum[here], scene.multiple[here], life[here],
            not settings.is_backordered, settings.seed, out[here],
        )  # fmt: skip

    with ThreadPoolExecutor(settings.workers) as pool:
        list(pool.map(part, range(0, rows, block)))
    return pd.DataFrame(out, columns=list(kernel.OUTPUTS))
