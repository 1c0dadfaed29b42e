"""Which columns a forecaster may read, and which it is judged on."""

from __future__ import annotations


def spread_step(periods: int, horizon: int, count: int, earliest: int) -> int:
    """Periods between origins so that `count` of them reach back to column `earliest`, at most a horizon.

    Origins close together tell the same story six times: on two years of weeks, origins one week apart (where alone a
    yearly season could be judged) left 12 % above the 95 % quantile of a quarter's demand, origins far apart 5 %, and
    the quarter's pinball loss fell by 13 % (demo company, 2026-11-22). A horizon apart they do not overlap, and further
    apart they would describe a past that no longer matters.
    """
    return int(min(max((periods - horizon - earliest) // max(count - 1, 1), 1), horizon))


def rolling_origins(periods: int, horizon: int, count: int, step: int, min_train: int) -> list[int]:
    """Ends (exclusive) of the training columns, oldest first; each is followed by `horizon` known columns.

    Fewer than `count` where the history is too short; none where not even one origin leaves `min_train` columns.
    """
    ends = [periods - horizon - step * k for k in range(count)]
    return [end for end in reversed(ends) if end >= min_train]
