"""docs/mutation.md says of mutation testing what was measured: the score of each part, and of each survivor why it is one."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "mutation.md").read_text(encoding="utf-8")
FIGURES = json.loads((ROOT / "benchmarks" / "results" / "mutants.json").read_text(encoding="utf-8"))["figures"]


def test_scores_are_those_that_were_measured() -> None:
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) % \|", PAGE, re.MULTILINE)
    assert {name: tuple(map(int, figures)) for name, *figures in rows} == {
        name: (one["mutants"], one["run"], one["killed"], round(100 * one["score"])) for name, one in FIGURES.items()
    }


def test_every_survivor_has_a_reason() -> None:
    named = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", PAGE, re.MULTILINE))
    survivors = {name for one in FIGURES.values() for name in one["survivors"]}
    assert set(named) == survivors and all(reason.strip() for reason in named.values())
