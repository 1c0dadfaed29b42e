"""Which columns a forecaster may read, and which it is judged on."""

from __future__ import annotations


def rolling_origins(periods: int, horizon: int, count: int, step: int, min_train: int) -> list[int]:
    """Ends (exclusive) of the training columns, oldest first; each is followed by `horizon` known columns.

    Fewer than `count` where the history is too short; none where not even one origin leaves `min_train` columns.
    """
    ends = [periods - horizon - step * k for k in range(count)]
    return [end for end in reversed(ends) if end >= min_train]
