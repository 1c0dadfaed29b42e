"""`stockturn releases`: what was published when, how two releases differ, and the way back."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from assets.publish.history import diff_releases, find_release, previous_release
from assets.publish.history import rollback as roll_back
from assets.publish.releases import ReleaseError, current_id, damaged_releases, list_releases
from assets.publish.settings import postgres_url
from assets.workspace import WorkspaceBusyError
from orchestration.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    console,
    one_sentence,
    problems,
    published,
    read_settings,
)

app = typer.Typer(help="Releases: list, compare, go back.")


@app.command("list")
def list_(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Every kept release, oldest first; then those whose manifest is damaged."""
    folder = read_settings(config).workspace().releases
    current = current_id(folder)
    table = Table("release", "as of", "built at (UTC)", "rows", "")
    for release in list_releases(folder):
        rows = sum(mart["rows"] for mart in release.manifest["marts"])
        mark = "current" if release.release_id == current else ""
        table.add_row(release.release_id, str(release.as_of), release.manifest["built_at"], f"{rows:,}", mark)
    console.print(table)
    for damage in damaged_releases(folder).values():
        problems.print(f"[red]{escape(damage)}[/red]", soft_wrap=True)


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="Release id; the one before the current by default.")] = "",
    after: Annotated[str, typer.Argument(help="Release id; the current one by default.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Rows added, removed and changed per mart, and the KPIs that moved."""
    settings = read_settings(config)
    folder = settings.workspace().releases
    with one_sentence():
        new = find_release(folder, after) if after else published(settings)
        old = find_release(folder, before) if before else previous_release(folder, new)
        if old is None:
            raise ReleaseError("there is only one release; nothing to compare with")
        found = diff_releases(old, new)
    marts = Table("mart", "added", "removed", "changed", title=f"{old.release_id} -> {new.release_id}")
    for change in found.marts:
        marts.add_row(change.mart, str(change.added), str(change.removed), str(change.changed))
    moves = Table("KPI", "for", "before", "after")
    for move in found.kpis:
        moves.add_row(move.kpi, f"{move.scope} {move.scope_value}".strip(), str(move.before), str(move.after))
    console.print(marts)
    console.print(moves)


@app.command()
def rollback(
    release: Annotated[str, typer.Argument(help="Release id.")], config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Make an earlier release the current one, in the files, in PostgreSQL and in the lake."""
    settings = read_settings(config)
    workspace = settings.workspace()
    with one_sentence(WorkspaceBusyError), workspace.exclusive():
        back = roll_back(workspace.releases, release, settings.publish)
    places = ["in the files", *(["in PostgreSQL"] if postgres_url() else [])]
    where = " and ".join([*places, *(["in the lake"] if settings.publish.iceberg else [])])
    console.print(f"current is now {back.release_id} (as of {back.as_of}), {where}")
