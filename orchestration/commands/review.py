"""`stockturn review`: the monthly review pack."""

from __future__ import annotations

import getpass
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.common import DEFAULT_CONFIG, ConfigOption, console, one_sentence, published, read_settings


def review(
    month: Annotated[str, typer.Option(help="YYYY-MM; the month of the current release by default.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder; `reviews` of the workspace by default.")] = None,
    comment: Annotated[str, typer.Option(help="Something to say about the month; kept, and shown in the pack.")] = "",
    user: Annotated[str, typer.Option("--user", "-u", help="Who comments; your login name by default.")] = "",
    send: Annotated[list[str] | None, typer.Option("--send", help="A channel to send it to; may be repeated.")] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write the review of a month: one HTML page that needs nothing else, one workbook, one PDF (extra `pdf`)."""
    from orchestration.review import comment_on, review_month, send_review

    settings = read_settings(config)
    with one_sentence(ValueError):
        day = _mid_month(month) if month else published(settings).as_of
        if comment.strip():
            comment_on(settings, day, user or getpass.getuser(), comment, out)
        packs = review_month(settings, day, out)
    for path in (path for pack in packs for path in pack.files):
        console.print(str(path), soft_wrap=True)
    with one_sentence(ValueError):
        send_review(packs, send or ())


def _mid_month(text: str) -> date:
    """A day that the accounting period of that name holds as well as the calendar month does."""
    try:
        return date.fromisoformat(f"{text}-15")
    except ValueError as error:
        raise ValueError(f"--month {text}: not a month; write it as YYYY-MM") from error
