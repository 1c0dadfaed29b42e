"""Means and variances of groups with few observations, pulled towards the group above (empirical Bayes)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GroupMoments:
    """Of each group: observations, mean and unbiased variance (0 where one observation or none)."""

    count: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


def group_moments(codes: np.ndarray, values: np.ndarray, groups: int) -> GroupMoments:
    """Moments of the values by group code 0..groups-1."""
    count = np.bincount(codes, minlength=groups).astype(float)
    mean = np.bincount(codes, values, groups) / np.maximum(count, 1)
    squares = np.bincount(codes, (values - mean[codes]) ** 2, groups)
    return GroupMoments(count, mean, squares / np.maximum(count - 1, 1))


def prior_weight(moments: GroupMoments, fallback: float) -> float:
    """Observations that the prior is worth: variance within groups over variance between them.

    One-way analysis of variance, method of moments (Searle, Casella and McCulloch, Variance Components, ch. 3). Held
    to 0.5 .. 50; `fallback` where fewer than two groups repeat.
    """
    used = moments.count > 0
    count, mean, variance = moments.count[used], moments.mean[used], moments.variance[used]
    total, groups = count.sum(), len(count)
    if groups < 2 or total - groups < 2:
        return fallback
    within = (variance * np.maximum(count - 1, 0)).sum() / (total - groups)
    spread = (count * (mean - (count * mean).sum() / total) ** 2).sum()
    scale = total - (count**2).sum() / total
    between = (spread - (groups - 1) * within) / scale if scale > 0 else 0.0
    if between <= 0:
        return 50.0
    return float(np.clip(within / between, 0.5, 50.0))


def shrink(moments: GroupMoments, prior_mean: np.ndarray, prior_variance: np.ndarray, weight: float) -> GroupMoments:
    """Posterior mean and variance of each group under a prior worth `weight` observations."""
    mean = (moments.count * moments.mean + weight * prior_mean) / (moments.count + weight)
    degrees = np.maximum(moments.count - 1, 0)
    variance = (degrees * moments.variance + weight * prior_variance) / (degrees + weight)
    return GroupMoments(moments.count, mean, variance)
