"""Runs the kernel over all rows, in blocks on threads, and names what comes out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from assets.planning.network.order_step import R_Q, STOCKLESS, UP_TO
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
    shelf_life_days (0: none). above: row that feeds each, -1: it buys; group: first row of each item and the end; without
    them every row is alone. Figures are taken from day measured_from on, before measured_to (None: to the end).
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
    above: np.ndarray | None = None
    group: np.ndarray | None = None
    measured_to: int | None = None


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
    kind = kinds(policy)
    vintage = (np.searchsorted(path.day, np.arange(scene.days), side="right") - 1).astype(np.int64)
    out = np.zeros((rows, len(kernel.OUTPUTS)))
    review = np.maximum(np.rint(review_days), 1).astype(np.int64)
    life = np.nan_to_num(scene.shelf_life_days).astype(np.int64)
    above = np.full(rows, -1, np.int64) if scene.above is None else scene.above.astype(np.int64)
    group = np.arange(rows + 1) if scene.group is None else scene.group
    keep = np.zeros_like(path.reorder) if path.keep is None else path.keep
    until = scene.days if scene.measured_to is None else scene.measured_to

    row = kernel.Rows(above, kind, review, scene.opening, scene.minimum, scene.multiple, life)
    levels = kernel.Levels(vintage, path.reorder, path.up_to, path.lot, keep)
    window = kernel.Window(scene.days, scene.measured_from, until)

    def part(cut: tuple[int, int]) -> None:
        kernel.simulate(
            group[cut[0] : cut[1] + 1].astype(np.int64), row, scene.demand, scene.supply, scene.leads, levels, window,
            not settings.is_backordered, settings.seed, out,
        )  # fmt: skip

    with ThreadPoolExecutor(settings.workers) as pool:
        list(pool.map(part, blocks(group, block)))
    return pd.DataFrame(out, columns=list(kernel.OUTPUTS))


def kinds(policy: np.ndarray) -> np.ndarray:
    """(n,) how each policy orders, as the kernels expect it (`order_step`)."""
    lots = np.where(np.isin(policy, LOTS), R_Q, UP_TO)
    return np.where(np.isin(policy, STOCKLESS_POLICIES), STOCKLESS, lots).astype(np.int64)


def blocks(group: np.ndarray, rows: int) -> list[tuple[int, int]]:
    """Cuts of the groups into parts of about so many rows: positions in `group`, first and end."""
    cuts = [0]
    while cuts[-1] < len(group) - 1:
        last = int(np.searchsorted(group, group[cuts[-1]] + rows, side="left"))
        cuts.append(min(max(last, cuts[-1] + 1), len(group) - 1))
    return list(pairwise(cuts))


def groups(item_ids: pd.Series) -> np.ndarray:
    """First row of each item and the end.

    Raises:
        ValueError: the rows of an item are not together.
    """
    codes = pd.factorize(item_ids)[0]
    if (np.diff(codes) < 0).any():
        raise ValueError("the rows of an item must be together")
    return np.append(np.flatnonzero(np.diff(codes, prepend=-1)), len(codes)).astype(np.int64)
