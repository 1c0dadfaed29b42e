"""Where pieces of series are computed: threads of the process, unless another engine takes them (assets/spark/spread.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class Spread(Protocol):
    """Does some work for each of several pieces of series and gives the results, in the order of the pieces.

    `work` is a function of a module; `job` gives what it needs for some rows, and nothing of the others.
    """

    def __call__(
        self, work: Callable[[Any], Any], job: Callable[[Rows], Any], rows: Sequence[Rows], /
    ) -> Iterable[Any]: ...


def by_threads(workers: int) -> Spread:
    """Threads of this process; the kernels release the interpreter lock."""

    def spread(work: Callable[[Any], Any], job: Callable[[Rows], Any], rows: Sequence[Rows]) -> Iterable[Any]:
        with ThreadPoolExecutor(max_workers=workers) as pool:
            yield from pool.map(lambda part: work(job(part)), rows)

    return spread
