"""Reading YAML documents that people write: every mistake is reported with file, line and key.

Belongs here: loading, finding the line of a key, turning a pydantic error into sentences.
What a document means does not.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
# in C where PyYAML was built with it: a start reads 36 shipped documents, 1.2 s of CPU in Python (measured 2026-11)
_SHIPPED_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DocumentError(ValueError):
    """A YAML document that cannot be used; the message names file, line and key."""


def load_document(path: Path, model: type[Model]) -> Model:
    """Read a YAML file into a pydantic model.

    Raises:
        DocumentError: the file is missing, is no YAML, holds a key twice, or breaks the model. One line per mistake.
    """
    return parse_document(read_text(path), model, name=str(path))


def shipped_document(path: Path) -> Any:
    """A YAML document of the product itself, which no user writes: contracts, labels, catalogues."""
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_SHIPPED_LOADER)


def read_text(path: Path) -> str:
    if not path.is_file():
        raise DocumentError(f"{path}: no such file; check the path, or start with `stockturn init`")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error


def parse_document(text: str, model: type[Model], *, name: str) -> Model:
    """Like `load_document`, for text at hand; `name` names the file in messages."""
    data, node = parse_keys(text, name=name)
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise DocumentError("\n".join(_sentences(error, node, model, name))) from error


def parse_keys(text: str, *, name: str) -> tuple[dict[str, Any], yaml.Node | None]:
    """The keys and values of a YAML text, and its nodes, in which `line_of` finds lines.

    Raises:
        DocumentError: it is no YAML, no mapping, or holds a key twice.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        _refuse_double_keys(node, name)
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise DocumentError(f"{name}{line}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(data, dict):
        raise DocumentError(f"{name}: expected keys and values, found {type(data).__name__}")
    return data, node


def line_of(node: yaml.Node | None, path: Sequence[str | int]) -> int:
    """Line (1-based) of the deepest part of `path` that the document has."""
    line = 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(part)), None)
            if found is None:
                return line
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _refuse_double_keys(node: yaml.Node | None, name: str) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise DocumentError(f"{name}, line {key.start_mark.line + 1}: the key '{key.value}' appears twice")
            seen.add(key.value)
            _refuse_double_keys(value, name)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _refuse_double_keys(value, name)


def _sentences(error: ValidationError, node: yaml.Node | None, model: type[BaseModel], name: str) -> list[str]:
    lines = []
    for item in error.errors(include_url=False):
        path = item["loc"]
        dotted = ".".join(str(part) for part in path)
        where = f"{name}, line {line_of(node, path)}"
        if item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]:
            continue  # entries are there, and wrong: each has a line of its own
        if item["type"] == "extra_forbidden":
            lines.append(f"{where}: unknown key '{dotted}'{_suggestion(model, path)}")
        elif item["type"] == "missing":
            lines.append(f"{where}: the key '{dotted}' is missing")
        else:
            said = item["msg"].removeprefix("Value error, ")
            lines.append(f"{where}: '{dotted}': {said} (found {_shown(item.get('input'))})")
    return lines


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _suggestion(model: type[BaseModel], path: Sequence[str | int]) -> str:
    known = _keys_at(model, path[:-1])
    close = difflib.get_close_matches(str(path[-1]), known, n=1)
    if close:
        return f"; did you mean '{close[0]}'?"
    return f"; known keys: {', '.join(sorted(known))}" if known else ""


def _keys_at(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    current: Any = model
    for part in path:
        if isinstance(part, int) or not (isinstance(current, type) and issubclass(current, BaseModel)):
            continue
        field = current.model_fields.get(part)
        if field is None:
            return []
        current = _model_inside(field.annotation)
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _model_inside(annotation: Any) -> Any:
    if isinstance(annotation, type):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        inner = _model_inside(argument)
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return inner
    return None
