"""Loss functions: expected shortage n(x) = E[(D - x)+] and expected leftover n_bar(x) = E[(x - D)+].

Snyder and Shen, Fundamentals of Supply Chain Theory, 2nd ed., appendix C.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats


def standard_normal_loss(z: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Loss and complementary loss of the standard normal: phi(z) - z (1 - Phi(z)), and z plus it."""
    value = np.asarray(z, float)
    loss = stats.norm.pdf(value) - value * stats.norm.sf(value)
    return loss, value + loss


def normal_loss(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Loss and complementary loss of a normal; sd > 0, units of x."""
    spread = np.asarray(sd, float)
    loss, complement = standard_normal_loss((np.asarray(x, float) - np.asarray(mean, float)) / spread)
    return loss * spread, complement * spread


def normal_second_loss(x: ArrayLike, mean: ArrayLike, sd: ArrayLike) -> np.ndarray:
    """n2(x) = half E[((D - x)+)^2] of a normal: sd^2 / 2 ((z^2 + 1)(1 - Phi(z)) - z phi(z))."""
    spread = np.asarray(sd, float)
    z = (np.asarray(x, float) - np.asarray(mean, float)) / spread
    return spread**2 / 2 * ((z**2 + 1) * stats.norm.sf(z) - z * stats.norm.pdf(z))


def poisson_loss(x: ArrayLike, mean: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Loss and complementary loss of a Poisson at whole x: -(x - m)(1 - F(x)) + m f(x), and x - m plus it."""
    stock, rate = np.asarray(x, float), np.asarray(mean, float)
    loss = -(stock - rate) * stats.poisson.sf(stock, rate) + rate * stats.poisson.pmf(stock, rate)
    return loss, stock - rate + loss


def lognormal_loss(x: float, mu: float, sigma: float) -> tuple[float, float]:
    """Loss and complementary loss of a lognormal with log-mean mu and log-deviation sigma; x > 0."""
    mean = float(np.exp(mu + sigma**2 / 2))
    above = float(stats.norm.cdf((mu + sigma**2 - np.log(x)) / sigma))
    loss = mean * above - x * float(stats.norm.sf((np.log(x) - mu) / sigma))
    return loss, x - mean + loss
