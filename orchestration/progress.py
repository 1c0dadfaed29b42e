"""The progress display of a run: which step is at work, what is done, how long it took."""

from __future__ import annotations

import time
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

MARKS = {"success": "[green]done[/green]", "failure": "[red]failed[/red]", "skipped": "[yellow]skipped[/yellow]"}


class StepDisplay:
    """A line per step: live on a terminal; elsewhere (a log, a pipe) written when the step has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description:<24}"),
            TextColumn("{task.fields[state]:<8}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}
        self._started: dict[str, float] = {}

    def on_step(self, event: str, step: str) -> None:
        """Given by the run of `start`, `success`, `failure` and `skipped`."""
        if not self._console.is_terminal:
            self._write(event, step)
        elif event == "start":
            self._tasks[step] = self._progress.add_task(step, total=1, state="running")
        else:
            task = self._tasks.get(step) or self._progress.add_task(step, total=1, state="")
            self._progress.update(task, completed=1, state=MARKS[event])

    def _write(self, event: str, step: str) -> None:
        if event == "start":
            self._started[step] = time.monotonic()
            return
        seconds = round(time.monotonic() - self._started.get(step, time.monotonic()))
        self._console.print(f"  {step:<24} {MARKS[event]:<8} {timedelta(seconds=seconds)}")

    def __enter__(self) -> StepDisplay:
        if self._console.is_terminal:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._progress.stop()
