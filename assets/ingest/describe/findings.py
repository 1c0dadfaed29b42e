"""What a look at a source says: a sentence, how bad it is, and which dataset it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """`error` prevents a run, `warning` should be looked at, `info` is good to know."""

    level: Literal["error", "warning", "info"]
    dataset: str
    message: str
