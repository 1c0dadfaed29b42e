"""`stockturn bi`: templates for BI tools, made of the current release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assets.publish.bi.excel import TooManyRowsError
from assets.publish.bi.export import TOOLS, UnknownToolError, export_bi
from assets.publish.bi.model import UnknownColumnError
from assets.publish.bi.target import Target
from orchestration.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    LangOption,
    console,
    language,
    one_sentence,
    published,
    read_settings,
)

app = typer.Typer(help="Templates and semantic models for BI tools.", no_args_is_help=True)


@app.callback()
def _bi() -> None:
    """Templates and semantic models for BI tools."""


@app.command()
def export(
    out: Annotated[Path | None, typer.Option(help="Folder; `bi` of the workspace by default.")] = None,
    host: Annotated[str, typer.Option(help="PostgreSQL server as the BI tool sees it.")] = "localhost",
    port: Annotated[int, typer.Option(help="Its port.")] = 5432,
    database: Annotated[str, typer.Option(help="Its database.")] = "stockturn",
    user: Annotated[
        str, typer.Option(help="The role that the BI tool reads with; the tool asks for its password.")
    ] = "bi",
    only: Annotated[
        list[str] | None, typer.Option("--only", help=f"One of {', '.join(TOOLS)}; may be repeated.")
    ] = None,
    lang: LangOption = "",
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write templates for Power BI, Tableau, Excel, Superset and FineBI, and the model for OSI and Cube.

    They are made of the current release and its dictionary: run it again after a change of the public marts.
    """
    settings = read_settings(config)
    release = published(settings)
    target = Target(host, port, database, settings.publish.postgres.schema_name, user)
    with one_sentence(UnknownToolError, TooManyRowsError, UnknownColumnError):
        opened = export_bi(
            release,
            out or settings.workspace().root / "bi",
            target,
            language(lang, settings),
            tuple(only or TOOLS),
        )
    for path in opened:
        console.print(str(path), soft_wrap=True)
