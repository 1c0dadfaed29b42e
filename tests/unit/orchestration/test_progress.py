"""The progress of a run in a log: one line a step, when it has ended; on a terminal the same steps, live."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from orchestration.progress import StepDisplay


@pytest.mark.parametrize("is_terminal", [False, True])
def test_each_step_is_shown_with_its_end(is_terminal: bool) -> None:
    shown = io.StringIO()
    with StepDisplay(Console(file=shown, force_terminal=is_terminal, color_system=None, width=80)) as display:
        display.on_step("start", "landing")
        display.on_step("success", "landing")
        display.on_step("start", "ledger")
        display.on_step("failure", "ledger")
        display.on_step("skipped", "release")
    text = re.sub(r"\x1b\[[?0-9;]*\w", "", shown.getvalue())
    lines = [line.split()[:2] for line in text.splitlines() if line.split()]
    ended = [["landing", "done"], ["ledger", "failed"], ["release", "skipped"]]
    assert lines[-3:] == ended and (is_terminal or lines == ended)
