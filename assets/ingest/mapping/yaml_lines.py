"""YAML with line numbers, so that a mistake in a mapping is reported with file, line and key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from assets.ingest.errors import MappingError

# The parser in C where there is one: a vendor's mapping of 500 lines takes a second in Python (measured 2026-11).
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
KeyPath = tuple[str | int, ...]


class Located:
    """A YAML document as plain data together with the line of every key."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.lines: dict[KeyPath, int] = {}
        self.files: dict[KeyPath, str] = {}
        try:
            node = yaml.compose(text, Loader=_LOADER)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark is not None else 1
            raise MappingError(f"{file}:{line}: not valid YAML: {getattr(error, 'problem', error)}") from error
        loader = yaml.SafeLoader("")
        self.data: Any = self._plain(loader, node, ()) if node is not None else None

    def _plain(self, loader: yaml.SafeLoader, node: yaml.Node, path: KeyPath) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            result: dict[Any, Any] = {}
            for key_node, value_node in node.value:
                key = loader.construct_object(key_node, deep=True)
                line = key_node.start_mark.line + 1
                if key in result:
                    raise MappingError(f"{self.file}:{line}: {'.'.join(map(str, (*path, key)))}: the key appears twice")
                self.lines[(*path, key)] = line
                result[key] = self._plain(loader, value_node, (*path, key))
            return result
        if isinstance(node, yaml.SequenceNode):
            return [self._plain(loader, child, (*path, index)) for index, child in enumerate(node.value)]
        return loader.construct_object(node, deep=True)

    def place(self, path: Sequence[str | int]) -> str:
        """`file:line: key` of a key path, or of the nearest key above it."""
        found = tuple(path)
        while found not in self.lines and found:
            found = found[:-1]
        file = self.files.get(found, self.file)
        return f"{file}:{self.lines.get(found, 1)}: {'.'.join(map(str, path)) or 'mapping'}"

    def take_over(self, other: Located, theirs: KeyPath, ours: KeyPath) -> None:
        """Put what another document has at a place into this one, with the lines where it is there."""
        value: Any = other.data
        for part in theirs:
            value = value[part]
        target: Any = self.data
        for part in ours[:-1]:
            target = target[part]
        if isinstance(target, list):
            target.append(value)
        else:
            target[ours[-1]] = value
        for path, line in other.lines.items():
            if path[: len(theirs)] == theirs:
                moved = (*ours, *path[len(theirs) :])
                self.lines[moved] = line
                self.files[moved] = other.files.get(path, other.file)


def read_located(path: Path) -> Located:
    """Read a YAML file; raises MappingError where it is missing or no YAML."""
    if not path.is_file():
        raise MappingError(f"{path.name}: no such mapping file")
    return Located(path.name, path.read_text(encoding="utf-8"))
