"""Parts of the product that need a package which is not always installed: imported by name, with one clear sentence if missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class MissingExtraError(ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


def optional(module: str, extra: str) -> Any:
    """Import a module of an optional dependency.

    Args:
        module: dotted name, for instance `matplotlib.figure`.
        extra: name of the extra in pyproject.toml that installs it.

    Raises:
        MissingExtraError: the package is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or module.split(".")[0] != error.name.split(".")[0]:
            raise  # the package is there and lacks something of its own
        raise MissingExtraError(
            f"{module.split('.')[0]} is not installed; install it with: pip install 'stockturn[{extra}]'"
        ) from error
