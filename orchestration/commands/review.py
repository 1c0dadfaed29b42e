"""`stockturn review`: the monthly review pack."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.common import DEFAULT_CONFIG, ConfigOption, console, one_sentence, published, read_settings


def review(
    month: Annotated[str, typer.Option(help="YYYY-MM; the month of the current release by default.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder; `reviews` of the workspace by default.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write the review of a month: one HTML page that needs nothing else, one workbook, one PDF (extra `pdf`)."""
    from orchestration.review import review_month

    settings = read_settings(config)
    with one_sentence(ValueError):
        packs = review_month(settings, _first_day(month) if month else published(settings).as_of, out)
    for path in (path for pack in packs for path in (pack.html, pack.xlsx, pack.pdf) if path is not None):
        console.print(str(path), soft_wrap=True)


def _first_day(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise ValueError(f"--month {text}: not a month; write it as YYYY-MM") from error
