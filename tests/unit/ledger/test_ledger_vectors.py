"""Other systems' figures, in the mode that matches theirs; where the convention differs on purpose, the difference is what is asserted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ledger_agreement import SAME, VECTORS, page

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "tests" / "vectors"
PAGE = ROOT / "docs" / "agreement.md"


@pytest.mark.parametrize("name", sorted(VECTORS))
def test_vector(name: str) -> None:
    """Every printed figure is ours too, or is not for the stated reason."""
    lines = VECTORS[name](FOLDER)
    assert lines
    for line in lines:
        if line.verdict == SAME:
            assert line.ours == line.theirs, line
        else:
            assert line.ours != line.theirs, f"no longer different: {line}"


def test_page_is_current() -> None:
    """docs/agreement.md shows these very figures."""
    text = page({name: make(FOLDER) for name, make in VECTORS.items()})
    if os.environ.get("STOCKTURN_WRITE_DOCS"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text, "docs/agreement.md is stale: STOCKTURN_WRITE_DOCS=1 rewrites it"
