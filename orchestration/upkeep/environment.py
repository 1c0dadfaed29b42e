"""Variables of a project's `.env`, secrets from files, and logs as JSON: what commands and services take from the environment.

A project's `.env` sets what the environment does not. STOCKTURN_CONFIG in it is for what is started without naming a
configuration (Dagster's own commands): here the file was found by it.

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

from dotenv.parser import parse_stream

from assets.optional import optional

LOG_FORMAT_VARIABLE = "STOCKTURN_LOG_FORMAT"
CONFIG_VARIABLE = "STOCKTURN_CONFIG"
ENV_FILE = ".env"
_PREFIXES, _SUFFIX = ("STOCKTURN_", "DAGSTER_POSTGRES_"), "_FILE"
_TEXT_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


_of_the_file: dict[str, str] = {}  # what `.env` of the project before has set; another project must not see it


class SecretFileError(ValueError):
    """A variable names a file that cannot be read, or is set twice. Never contains the secret."""


class EnvFileError(ValueError):
    """A project's `.env` cannot be read or has a line that sets nothing. Never contains the line."""


def read_environment(project: Path, environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """Set the variables of the project's `.env`, then those whose `_FILE` twin names a file; gives the names that were set.

    What the environment sets already stays. What the `.env` of a project read before has set is taken back first.

    Raises:
        EnvFileError: `.env` cannot be read, or a line of it is no `NAME=value`.
        SecretFileError: a secret's file cannot be read.
    """
    _take_back(environment)
    stated = _variables(project / ENV_FILE)
    _of_the_file.update({k: v for k, v in stated.items() if k != CONFIG_VARIABLE and k not in environment})
    environment.update(_of_the_file)
    known = set(environment)
    try:
        found = read_secret_files(environment)
    except SecretFileError:
        _take_back(environment)
        raise
    read = {name: environment[name] for name in found if name not in known and name + _SUFFIX in _of_the_file}
    _of_the_file.update(read)
    return sorted({*_of_the_file, *found})


def _take_back(environment: MutableMapping[str, str]) -> None:
    """Unset what `.env` of the project before has set."""
    for name, value in _of_the_file.items():
        if environment.get(name) == value:
            del environment[name]
    _of_the_file.clear()


def _variables(path: Path) -> dict[str, str]:
    """The variables of a file of `NAME=value`, none where there is no file. `$` has no meaning in a value."""
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8-sig") as lines:
            parts = list(parse_stream(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise EnvFileError(f"{path} cannot be read ({type(error).__name__})") from None
    for part in parts:
        if part.error or (part.key and part.value is None):
            raise EnvFileError(f"{path}, line {part.original.line}: write NAME=value, or # before a comment")
    return {part.key: part.value for part in parts if part.key and part.value is not None}


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
