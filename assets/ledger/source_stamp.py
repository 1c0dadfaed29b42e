"""A number that changes with the text of the kernel, so that a compiled kernel cached on disk is never older than its parts.

numba's cache looks at the file of the function it saves, not at those of the functions it calls; the stamp is closed over by the one
function that is cached, which makes it part of the key. Reads this package's own source; nothing else.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

KERNEL_FILES = (
    "emit.py",
    "fields.py",
    "jit.py",
    "kernel.py",
    "kernel_convert.py",
    "kernel_cost.py",
    "kernel_nodes.py",
    "kernel_steps.py",
    "kernel_tables.py",
    "kernel_waiting.py",
    "scale.py",
    "wide.py",
)


def source_stamp() -> int:
    """48 bits of the hash of the kernel's files."""
    digest = hashlib.sha256()
    for name in KERNEL_FILES:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return int.from_bytes(digest.digest()[:6], "big")


def package_stamp() -> str:
    """Hash of everything that computes the ledger: a state made by other code is not continued."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
