"""Which columns a forecaster may read, and which it is judged on."""

from __future__ import annotations


def spread_step(periods: int, horizon: int, count: int, earliest: tuple[int, ...]) -> int:
    """Periods between origins so that `count` of them reach back to the latest of `earliest` that history allows.

    Origins close together tell the same story six times; a horizon apart they do not overlap, and further apart they
    would describe a past that no longer matters. `earliest` are columns from which on models become possible.
    """
    last = periods - horizon
    reach = max((e for e in earliest if e <= last), default=last)
    return int(min(max((last - reach) // max(count - 1, 1), 1), horizon))


def rolling_origins(periods: int, horizon: int, count: int, step: int, min_train: int) -> list[int]:
    """Ends (exclusive) of the training columns, oldest first; each is followed by `horizon` known columns.

    Fewer than `count` where the history is too short; none where not even one origin leaves `min_train` columns.
    """
    ends = [periods - horizon - step * k for k in range(count)]
    return [end for end in reversed(ends) if end >= min_train]
