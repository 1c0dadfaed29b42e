"""Which keys appear more than once, found from sorted runs of 64-bit hashes in bounded memory. Pure but for the runs' files.

A run is a file of ascending hashes. Ranges of hashes are looked at one after the other, so that never more than `AT_ONCE`
hashes are in memory, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
AT_ONCE = 1 << 21
"""16 MiB of hashes: what a processor's cache can about hold while they are sorted."""


def write_run(path: Path, hashes: Hashes) -> Path:
    """Keep hashes, sorted; returns the path."""
    with path.open("wb") as stream:
        np.save(stream, np.sort(hashes))
    return path


def read_run(path: Path) -> Hashes:
    """The ascending hashes of a run, mapped and not loaded."""
    run: Hashes = np.load(path, mmap_mode="r")
    return run


def repeated(runs: Sequence[Hashes], at_once: int = AT_ONCE) -> Hashes:
    """Hashes that appear more than once in all runs together, ascending and each once."""
    return _collect(
        chunk[1:][chunk[1:] == chunk[:-1]]
        for chunk in (np.sort(np.concatenate(part)) for part in _ranges(runs, at_once))
    )


def shared(runs: Sequence[Hashes], known: Hashes, at_once: int = AT_ONCE) -> Hashes:
    """Hashes of the runs that `known` (ascending) holds too, ascending and each once."""
    return _collect(
        np.intersect1d(np.concatenate(part[:-1]), part[-1])
        for part in _ranges([*runs, known], at_once)
        if len(part) > 1
    )


def holds_any(run: Hashes, hashes: Hashes) -> bool:
    """True where a run holds one of the hashes."""
    if not len(run) or not len(hashes):
        return False
    places = np.minimum(np.searchsorted(run, hashes), len(run) - 1)
    return bool((run[places] == hashes).any())


def _collect(found: Iterable[Hashes]) -> Hashes:
    parts = [np.unique(part) for part in found]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def _ranges(runs: Sequence[Hashes], at_once: int) -> Iterable[list[Hashes]]:
    """The runs cut at the same values; hashes are spread evenly, so equal ranges of values hold about as many."""
    count = max(1, -(-sum(len(run) for run in runs) // at_once))
    edges = np.array([number * (1 << 64) // count for number in range(1, count)], np.uint64)
    places = [[0, *np.searchsorted(run, edges).tolist(), len(run)] for run in runs]
    for number in range(count):
        yield [run[place[number] : place[number + 1]] for run, place in zip(runs, places, strict=True)]
