"""What a company's own Python code adds: entry points of installed packages, by group.

A package names its functions in `pyproject.toml` (docs/extending.md):

```
[project.entry-points."stockturn.readers"]
dbf = "mycompany.readers:read_dbf"
```

Groups: `stockturn.readers` (files of another kind), `stockturn.forecasters` (one more model of the tournament),
`stockturn.policies` (which policy runs which item). They are code: whoever may install a package may run it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

READERS, FORECASTERS, POLICIES = "stockturn.readers", "stockturn.forecasters", "stockturn.policies"


class ExtensionError(RuntimeError):
    """An entry point cannot be loaded, or does not give what its group asks for; the message names it."""


@lru_cache(maxsize=8)
def names(group: str) -> tuple[str, ...]:
    """Names of the entry points of a group, sorted.

    Raises:
        ExtensionError: two packages use one name.
    """
    found = [point.name for point in entry_points(group=group)]
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise ExtensionError(f"entry points {group}: {twice[0]} comes from two packages; uninstall one of them")
    return tuple(sorted(found))


def load(group: str, name: str) -> Callable[..., Any]:
    """The function of an entry point.

    Raises:
        ExtensionError: there is none, it cannot be imported, or it is no function.
    """
    point: EntryPoint | None = next(iter(entry_points(group=group, name=name)), None)
    if point is None:
        raise ExtensionError(f"no entry point {group}: {name}")
    try:
        function = point.load()
    except Exception as error:
        raise ExtensionError(f"entry point {group}: {name} ({point.value}) cannot be imported: {error}") from error
    if not callable(function):
        raise ExtensionError(f"entry point {group}: {name} ({point.value}) is no function")
    return function


def call(group: str, name: str, *arguments: Any) -> Any:
    """What the function of an entry point returns.

    Raises:
        ExtensionError: see `load`, or the function raised; the message names the entry point.
    """
    function = load(group, name)
    try:
        return function(*arguments)
    except Exception as error:
        raise ExtensionError(f"entry point {group}: {name}: {type(error).__name__}: {error}") from error
