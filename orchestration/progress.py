"""The progress display of a run: which step is at work, what is done, how long it took."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

MARKS = {"success": "[green]done[/green]", "failure": "[red]failed[/red]", "skipped": "[yellow]skipped[/yellow]"}


class StepDisplay:
    """A line per step, live on a terminal, plain text elsewhere."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description:<24}"),
            TextColumn("{task.fields[state]:<8}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks: dict[str, TaskID] = {}

    def on_step(self, event: str, step: str) -> None:
        """Given by the run of `start`, `success`, `failure` and `skipped`."""
        if event == "start":
            self._tasks[step] = self._progress.add_task(step, total=1, state="running")
            return
        task = self._tasks.get(step) or self._progress.add_task(step, total=1, state="")
        self._progress.update(task, completed=1, state=MARKS[event])

    def __enter__(self) -> StepDisplay:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
