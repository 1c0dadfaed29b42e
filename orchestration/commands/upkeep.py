"""`stockturn backup`, `restore`, `prune`, `health` and `monitor`: what an operator of an installation needs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape
from rich.table import Table

from orchestration.commands.common import DEFAULT_CONFIG, ConfigOption, console, one_sentence, problems, read_settings

_AgeOption = Annotated[float, typer.Option("--max-age-hours", min=0.1, help="An older release counts as unhealthy.")]


def backup(
    archive: Annotated[Path, typer.Argument(help="The archive to write (tar); it must not exist.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write everything that cannot be derived into one archive: project, landing, forecasts, releases, incidents, runs."""
    from assets.workspace import WorkspaceBusyError
    from orchestration.upkeep.backup import BackupError
    from orchestration.upkeep.backup import backup as write

    settings = read_settings(config)
    with one_sentence(BackupError, WorkspaceBusyError):
        made = write(settings, config, archive, datetime.now(UTC))
    console.print(
        f"{escape(str(archive))}: {len(made.files)} files, {made.bytes:,} bytes, release {made.release_id or 'none'}"
    )


def restore(
    archive: Annotated[Path, typer.Argument(help="An archive of `stockturn backup`.")],
    folder: Annotated[Path, typer.Argument(help="The folder to restore into; made by this command.")],
) -> None:
    """Bring a company back from an archive, on this or an empty machine. Every file is checked before any appears."""
    from expectations.incidents import IncidentError
    from orchestration.settings import load_settings
    from orchestration.upkeep.backup import BackupError
    from orchestration.upkeep.backup import restore as bring_back

    with one_sentence(BackupError, IncidentError):
        made, config = bring_back(archive, folder)
        placed = load_settings(config).data_dir.resolve()
    console.print(
        f"{escape(str(folder))}: {len(made.files)} files of {made.created_at}, release {made.release_id or 'none'}"
    )
    if placed != (folder / made.data_dir).resolve():
        problems.print(f"[yellow]{config} names data_dir {placed}; set it to {made.data_dir}[/yellow]", soft_wrap=True)


def prune(
    config: ConfigOption = DEFAULT_CONFIG,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; delete nothing.")] = False,
) -> None:
    """Delete what is older than the limits of `retention` in the configuration."""
    from assets.workspace import WorkspaceBusyError
    from orchestration.run import open_instance
    from orchestration.upkeep.retention import apply_retention

    settings = read_settings(config)
    workspace = settings.workspace()
    today = datetime.now(ZoneInfo(settings.company.timezone)).date()
    keep = settings.publish.keep_releases
    with one_sentence(WorkspaceBusyError), workspace.exclusive(), open_instance(workspace) as instance:
        removed = apply_retention(workspace, settings.retention, keep, today, instance, is_trial=dry_run)
    table = Table("what", "would go" if dry_run else "deleted", "bytes")
    for one in removed:
        table.add_row(one.kind, str(one.number), f"{one.bytes:,}")
    console.print(table)


def health(config: ConfigOption = DEFAULT_CONFIG, max_age_hours: _AgeOption = 30.0) -> None:
    """One line of JSON; ends 0 if readers have a fresh release and the incident store answers, else 1."""
    from orchestration.upkeep.metrics import health as look
    from orchestration.upkeep.metrics import health_text

    is_good, facts = look(read_settings(config), datetime.now(UTC), max_age_hours)
    print(health_text(facts))  # noqa: T201 - plain, so that a program can read it
    raise typer.Exit(0 if is_good else 1)


def monitor(
    config: ConfigOption = DEFAULT_CONFIG,
    address: Annotated[str, typer.Option("--address", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port; 0 takes a free one.")] = 9108,
    max_age_hours: _AgeOption = 30.0,
) -> None:
    """Serve /health and /metrics (Prometheus) of one company until it is stopped."""
    from assets.optional import MissingExtraError, optional
    from orchestration.run import open_instance
    from orchestration.upkeep.metrics import exposition, figures, health_text
    from orchestration.upkeep.metrics import health as look
    from orchestration.upkeep.server import Answer, monitoring_server

    settings = read_settings(config)

    def metrics_page() -> Answer:
        with open_instance(settings.workspace()) as instance:
            found = figures(settings, instance, datetime.now(UTC))
        return 200, "text/plain; version=0.0.4; charset=utf-8", exposition(found, settings.company.code)

    def health_page() -> Answer:
        is_good, facts = look(settings, datetime.now(UTC), max_age_hours)
        return (200 if is_good else 503), "application/json", health_text(facts).encode()

    with one_sentence(MissingExtraError, OSError):
        optional("prometheus_client", "observability")
        server = monitoring_server(address, port, {"/health": health_page, "/metrics": metrics_page})
    console.print(f"http://{address}:{server.server_port}/health and /metrics")
    with server:
        server.serve_forever()
