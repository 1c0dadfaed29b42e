"""What the commands share: the configuration option, the consoles, and errors that end with one sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup
from typer.exceptions import TyperException

from assets.documents import DocumentError
from orchestration.faults import RunCrashedError, is_foreseen
from orchestration.upkeep.environment import EnvFileError, SecretFileError, read_environment

if TYPE_CHECKING:  # they import slowly, and a forecast of a file needs neither releases nor settings
    from assets.publish.releases import Release
    from orchestration.settings import Settings

console = Console()
problems = Console(stderr=True)

ConfigOption = Annotated[
    Path, typer.Option("--config", "-c", envvar="STOCKTURN_CONFIG", help="Configuration file of the company.")
]
LangOption = Annotated[str, typer.Option("--lang", help="en or zh; the company's language by default.")]
# in a company's own project its configuration, in the sources of the product that of the demo
DEFAULT_CONFIG = next(filter(Path.is_file, [Path("config/company.yml")]), Path("config/demo.yml"))
REFUSED = 2
FAULT = 3


class OneMessage(TyperGroup):
    """A command whose errors end with one message and never with a traceback: 2 for what its user can correct, 3 for a fault
    of the machine or of the program. STOCKTURN_DEBUG=1 shows the traceback of a fault."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; see the class."""
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, TyperException):
            raise
        except Exception as error:
            is_ours = is_foreseen(error)
            if os.environ.get("STOCKTURN_DEBUG") and not is_ours:
                raise
            text = " ".join(str(error).split()) if not is_ours else str(error).strip()
            if not is_ours and not isinstance(error, RunCrashedError | OSError):
                text = f"a fault of the program ({type(error).__name__}: {text}); STOCKTURN_DEBUG=1 shows where. Please report it"
            problems.print(f"[red]{escape(text or type(error).__name__)}[/red]", soft_wrap=True)
            raise typer.Exit(REFUSED if is_ours else FAULT) from error


@contextmanager
def one_sentence(*kinds: type[Exception]) -> Iterator[None]:
    """Errors of these kinds are shown as their message and end the command with status 2."""
    try:
        yield
    except Exception as error:
        from assets.publish.releases import ReleaseError

        if not isinstance(error, (DocumentError, ReleaseError, *kinds)):
            raise
        problems.print(f"[red]{escape(str(error))}[/red]", soft_wrap=True)
        raise typer.Exit(REFUSED) from error


def language(asked: str, settings: Settings) -> Literal["en", "zh"]:
    """The language to answer in: the one asked for, else the company's."""
    if asked not in ("", "en", "zh"):
        raise typer.BadParameter(f"{asked} is not a language of Stockturn; there are en and zh")
    return cast(Literal["en", "zh"], asked or settings.company.language)


def load_settings(path: Path) -> Settings:
    """The configuration of a file; raises DocumentError."""
    from orchestration.settings import load_settings as load

    return load(path)


def read_settings(path: Path) -> Settings:
    """The configuration and the variables of its project, or their mistakes and the end of the command."""
    from orchestration.settings import project_folder

    with one_sentence(EnvFileError, SecretFileError):
        read_environment(project_folder(path))
        return load_settings(path)


def built_warehouse(settings: Settings) -> Path:
    """The file of the warehouse; raises ValueError where no run has built it."""
    warehouse = settings.workspace().warehouse
    if not warehouse.is_file():
        raise ValueError(f"{settings.company.name} has no warehouse yet; run `stockturn run` first")
    return warehouse


def published(settings: Settings) -> Release:
    """The current release, or a sentence and the end of the command."""
    from assets.publish.releases import ReleaseError, current_release

    with one_sentence():
        release = current_release(settings.workspace().releases)
        if release is None:
            raise ReleaseError(f"{settings.company.name} has no release yet; run `stockturn run` first")
        return release
