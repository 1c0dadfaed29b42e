"""A shortage divided by need: every place is lifted to the same share of its target, as far as the stock goes."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def ration(stock, position, target, given):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Fills `given` with whole-echelon shares of `stock`: what lifts each place to one common share of its target.

    position, target, given: (places,). A place above its share gets nothing; nobody gets more than its target.
    """
    places = len(target)
    wanted = 0.0
    for i in range(places):
        given[i] = max(target[i] - position[i], 0.0)
        wanted += given[i]
    if wanted <= stock:
        return
    low, high = -1.0e6, 1.0
    for _ in range(60):
        share = (low + high) / 2
        used = 0.0
        for i in range(places):
            used += min(max(share * target[i] - position[i], 0.0), max(target[i] - position[i], 0.0))
        if used > stock:
            high = share
        else:
            low = share
    for i in range(places):
        given[i] = min(max(low * target[i] - position[i], 0.0), max(target[i] - position[i], 0.0))


@njit(cache=True, nogil=True)
def divide(stock, keep, held, target, given, step):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Divides the stock of a place among those that ask it, in whole multiples of step; changes held, target and given.

    held, target, given: (1 + places,); the first entry is the place itself, which wants `keep` for its own customers and is
    given nothing.
    """
    held[0], target[0] = 0.0, keep
    ration(stock, held, target, given)
    given[0] = 0.0
    whole_parts(stock, given[1:], step)


@njit(cache=True, nogil=True)
def whole_parts(stock, given, step):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Rounds `given` to whole multiples of step (0: none) without spending more than the stock; largest remainders first."""
    if step <= 0:
        return
    left = stock
    rest = np.empty(len(given))
    for i in range(len(given)):
        down = np.floor(given[i] / step + 1e-9) * step
        rest[i] = given[i] - down
        given[i] = down
        left -= down
    for _ in range(len(given)):
        best = -1
        for i in range(len(given)):
            if rest[i] > 1e-9 and (best < 0 or rest[i] > rest[best] + 1e-12):
                best = i
        if best < 0 or left < step - 1e-9:
            return
        given[best] += step
        left -= step
        rest[best] = 0.0
