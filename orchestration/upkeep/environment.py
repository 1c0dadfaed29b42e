"""Secrets from files, and logs as JSON: what a service manager or a container sets by environment variables.

`STOCKTURN_POSTGRES_URL_FILE=/run/secrets/url` represents the content of that file in `STOCKTURN_POSTGRES_URL`; so for
every variable of the product and for Dagster's storage. `python -m orchestration.upkeep.environment COMMAND ...` starts
another program (Dagster's web server, its daemon) with the variables read in.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

from assets.optional import optional

LOG_FORMAT_VARIABLE = "STOCKTURN_LOG_FORMAT"
_PREFIXES, _SUFFIX = ("STOCKTURN_", "DAGSTER_POSTGRES_"), "_FILE"
_TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class SecretFileError(ValueError):
    """A variable names a file that cannot be read, or is set twice. Never contains the secret."""


def read_secret_files(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Set each variable whose `_FILE` twin names a file; gives the names that were set.

    Raises:
        SecretFileError: the file cannot be read, or both variables are set to different things.
    """
    found = []
    for twin in sorted(name for name in environment if name.startswith(_PREFIXES) and name.endswith(_SUFFIX)):
        name, path = twin.removesuffix(_SUFFIX), environment[twin]
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SecretFileError(f"{twin}: {path} cannot be read ({type(error).__name__})") from None
        if environment.get(name, value) != value:
            raise SecretFileError(f"{name} and {twin} are both set and differ; leave one of them out")
        environment[name] = value
        found.append(name)
    return found


def log_formatter() -> logging.Formatter:
    """Lines of text, or of JSON where STOCKTURN_LOG_FORMAT is `json`."""
    if os.environ.get(LOG_FORMAT_VARIABLE, "text") != "json":
        return logging.Formatter(_TEXT_FORMAT)
    structlog = optional("structlog", "observability")
    stdlib, steps = structlog.stdlib, structlog.processors
    formatter: logging.Formatter = stdlib.ProcessorFormatter(
        processors=[stdlib.ProcessorFormatter.remove_processors_meta, steps.JSONRenderer(ensure_ascii=False)],
        foreign_pre_chain=[
            stdlib.add_log_level,
            stdlib.add_logger_name,
            steps.TimeStamper(fmt="iso", utc=True),
            steps.format_exc_info,
        ],
    )
    return formatter


def main(arguments: list[str]) -> None:
    """Read the secret files and become the command."""
    if not arguments:
        sys.exit("usage: python -m orchestration.upkeep.environment COMMAND [ARGUMENTS]")
    try:
        read_secret_files()
    except SecretFileError as error:
        sys.exit(str(error))
    os.execvp(arguments[0], arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
