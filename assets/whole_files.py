"""Files that are whole or not there: written beside their place, synced, renamed.

Without the sync a file that was renamed before a power loss can be empty or torn under its final name.
"""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path

_LONGEST_NAME = 40
"""Characters of a name that its temporary one keeps: a name has at most 255 bytes, and a Chinese character takes three."""


def write_whole(target: Path, content: bytes | str) -> Path:
    """Write a file under its name, whole or not at all; a text in UTF-8.

    Raises:
        OSError: it cannot be written; what was there before is still there.
    """
    partial = target.with_name(f".{target.name[-_LONGEST_NAME:]}.{os.getpid()}.part")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        take_place(partial, target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return target


def take_place(partial: Path, target: Path) -> None:
    """Give a finished file its name: sync, rename, sync the folder."""
    sync(partial)
    partial.replace(target)
    sync(target.parent)


def link_or_copy(path: Path, target: Path) -> None:
    """Give a finished file a second name, or a whole copy where the file system has no links.

    Raises:
        OSError: the file can be neither linked nor copied.
    """
    try:
        os.link(path, target)
    except FileExistsError:  # by the same task, before its worker was lost
        return
    except OSError:
        partial = target.with_name(f".{target.name[-_LONGEST_NAME:]}.{uuid.uuid4().hex}")
        shutil.copyfile(path, partial)
        take_place(partial, target)


def sync(path: Path) -> None:
    """Have a file or a folder on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
