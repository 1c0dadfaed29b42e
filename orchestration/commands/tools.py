"""`stockturn dev` and `stockturn dbt`: Dagster's web page and dbt's own command line, on the company's own folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from assets.optional import optional
from assets.workspace import WorkspaceBusyError
from orchestration.commands.common import DEFAULT_CONFIG, ConfigOption, one_sentence, read_settings
from orchestration.upkeep.environment import CONFIG_VARIABLE


def dev(
    config: ConfigOption = DEFAULT_CONFIG,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 3000,
) -> None:
    """Dagster's web page and daemon for the company: assets, checks, schedules and sensors. Reachable from here only."""
    from orchestration.run import instance_home

    settings = read_settings(config)
    optional("dagster_dg_cli", "web")
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(instance_home(settings.workspace()).resolve()),
        CONFIG_VARIABLE: str(config.resolve()),
    }
    command = [
        _program("dg"),
        "dev",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "-m",
        "orchestration.definitions",
    ]
    os.execve(command[0], command, environment)


class EngineError(ValueError):
    """What a command asks for is not there with the engine of the company."""


def dbt(
    arguments: Annotated[list[str], typer.Argument(help="What dbt is asked: -- build --select fct_findings")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """dbt's own command line on the company's project and warehouse; no run may be active meanwhile. Ends as dbt ends."""
    from assets.publish.kpis.own import write_own_files
    from orchestration.dbt_runner import Warehouse

    settings = read_settings(config)
    project, workspace = settings.dbt(), settings.workspace()
    if workspace.spark:
        raise EngineError(
            "dbt's own command line builds in DuckDB; the engine is spark: use `stockturn run --select MODEL`"
        )
    warehouse = Warehouse(workspace.warehouse.resolve(), workspace.threads, workspace.memory_limit)
    where = ["--project-dir", str(project.folder), "--profiles-dir", str(project.profiles)]
    if settings.dbt_project:
        write_own_files(project.folder)
    with one_sentence(WorkspaceBusyError), workspace.exclusive():
        done = subprocess.run(
            [_program("dbt"), *arguments, *where], env={**os.environ, **warehouse.variables}, check=False
        )
    raise typer.Exit(done.returncode)


def _program(name: str) -> str:
    """The program of this environment, whether or not it is activated."""
    return str(Path(sys.executable).with_name(name))
