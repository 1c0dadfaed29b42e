"""Disturbs a process at its n-th file operation or database statement, by wrapping what Python calls."""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

OPERATIONS = ("fsync", "rename", "replace", "link", "symlink", "unlink", "mkdir", "rmdir")
ERRORS = {"full": errno.ENOSPC, "failing": errno.EIO, "read only": errno.EROFS}


@dataclass(frozen=True)
class Disturbance:
    """What happens at which operation: `kill`, `power`, `full`, `failing` or `read only` at operation `place` (from 1)."""

    kind: str
    place: int


def disturbed(disturbance: Disturbance | None, act: Callable[[], None]) -> int:
    """Run `act` with the disturbance (None: only count); returns how many operations it did. For a process of its own."""
    counter = _Counter(disturbance)
    for name in OPERATIONS:
        setattr(os, name, counter.around(name, getattr(os, name)))
    writing = counter.around_open(io.open)
    builtins.open = writing
    io.open = writing
    sa.event.listen(sa.engine.Engine, "before_cursor_execute", lambda *_: counter.step("statement", ()))
    sa.event.listen(sa.engine.Engine, "commit", lambda *_: counter.step("commit", ()))
    act()
    return counter.done


class _Counter:
    def __init__(self, disturbance: Disturbance | None) -> None:
        self.disturbance, self.done, self.synced = disturbance, 0, set[int]()
        self.renamed = os.replace

    def around(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            self.step(name, arguments)
            if name == "fsync":
                self.synced.add(os.fstat(arguments[0]).st_ino)
            return real(*arguments, **named)

        return wrapped

    def around_open(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            if set(mode) & set("wax+"):
                self.step("open", (file,))
            return real(file, mode, *arguments, **named)

        return wrapped

    def step(self, name: str, arguments: tuple[Any, ...]) -> None:
        """Count one operation; at its place the disturbance comes."""
        self.done += 1
        if self.disturbance is None or self.done != self.disturbance.place:
            return
        kind = self.disturbance.kind
        if kind in ERRORS:
            raise OSError(ERRORS[kind], os.strerror(ERRORS[kind]))
        if kind == "power" and name in ("rename", "replace"):
            self._lose(arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    def _lose(self, arguments: tuple[Any, ...]) -> None:
        """The rename reached the disk, what was written before it only where it was synced."""
        source, target = Path(arguments[0]), Path(arguments[1])
        found = source.lstat()
        if stat.S_ISREG(found.st_mode) and found.st_ino not in self.synced:
            os.truncate(source, found.st_size // 2)
        os.system(f"mv -fT '{source}' '{target}'")
