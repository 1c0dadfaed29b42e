"""Commands that are imported when they are called: a forecast of one series need not load reports, incidents and BI templates.

Importing all commands took 2.5 of the 4.6 processor seconds of `stockturn forecast` on one series (2026-11-30).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.main import get_command, get_group

from orchestration.commands.common import OneMessage

#: Command -> module below this package and its function or group of commands.
PLACES = {
    "bi": "bi:app",
    "incidents": "incidents:app",
    "mapping": "mapping:app",
    "orders": "orders:app",
    "releases": "releases:app",
    "rules": "rules:app",
    "backup": "upkeep:backup",
    "dbt": "tools:dbt",
    "dbt-project": "init:dbt_project",
    "describe": "mapping:describe",
    "dev": "tools:dev",
    "explain": "explain:explain",
    "forecast": "forecast:forecast",
    "health": "upkeep:health",
    "init": "init:init",
    "mcp": "mcp:mcp",
    "monitor": "upkeep:monitor",
    "plan": "plan:plan",
    "prune": "upkeep:prune",
    "replay": "replay:replay",
    "restore": "upkeep:restore",
    "resync": "mapping:resync",
    "review": "review:review",
}


class LazyCommands(dict[str, Any]):
    """Commands by name; one that is still a place (`module:name`) is imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        found = super().__getitem__(name)
        if isinstance(found, str):
            found = self[name] = _imported(name, found)
        return found

    def get(self, name: str, default: Any = None) -> Any:
        """The command, imported; `default` where there is none of the name."""
        return self[name] if name in self else default  # noqa: SIM401  (get is what is defined here)

    def items(self) -> Any:
        """All commands with their names, imported."""
        return {name: self[name] for name in self}.items()

    def values(self) -> Any:
        """All commands, imported."""
        return {name: self[name] for name in self}.values()


class LazyGroup(OneMessage):
    """`OneMessage` with the commands of `PLACES` beside its own."""

    def __init__(self, *, commands: Any = None, **attributes: Any) -> None:
        super().__init__(commands=LazyCommands({**(commands or {}), **PLACES}), **attributes)

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands; nothing is imported for them."""
        return sorted(self.commands)


def _imported(name: str, place: str) -> Any:
    module, attribute = place.split(":")
    target = getattr(import_module(f"orchestration.commands.{module}"), attribute)
    if isinstance(target, typer.Typer):
        command: Any = get_group(target)
    else:
        single = typer.Typer(add_completion=False)
        single.command(name)(target)
        command = get_command(single)
    command.name = name
    return command
