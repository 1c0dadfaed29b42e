"""Whatever a command raises, its user sees one message and an exit status by kind, and never a traceback."""

from __future__ import annotations

import errno
import importlib
import inspect
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from assets.ingest.errors import SourceUnreadable
from orchestration import validate as validate_module
from orchestration.cli import app
from orchestration.commands import common
from orchestration.faults import RunCrashedError

PACKAGES = ("assets", "expectations", "orchestration")


def own_errors() -> list[type[Exception]]:
    """Every exception class of the product."""
    found: dict[str, type[Exception]] = {}
    for package in PACKAGES:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            source = Path(module.module_finder.path, f"{module.name.rpartition('.')[2]}.py")  # type: ignore[union-attr]
            if not source.is_file() or "Error" not in source.read_text("utf-8"):
                continue
            for name, kind in vars(importlib.import_module(module.name)).items():
                if inspect.isclass(kind) and issubclass(kind, Exception) and kind.__module__ == module.name:
                    found[f"{module.name}.{name}"] = kind
    return [found[name] for name in sorted(found)]


def made(kind: type[Exception]) -> Exception:
    error = kind.__new__(kind)
    Exception.__init__(error, "config/mine.yml:3: sources.0: [red] what is wrong; write this instead")
    return error


def outcome(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> tuple[int, str]:
    def broken(settings: object) -> None:
        raise error

    monkeypatch.setattr(validate_module, "validate_all", broken)
    result = CliRunner().invoke(app, ["validate", "-c", "config/demo.yml"])
    return result.exit_code, result.output


def test_every_error_of_the_product_is_one_message(monkeypatch):
    kinds = own_errors()
    assert SourceUnreadable in kinds and len(kinds) > 15
    for kind in kinds:
        status, output = outcome(monkeypatch, made(kind))
        assert status == (3 if kind is RunCrashedError else 2), kind
        assert output.strip() == "config/mine.yml:3: sources.0: [red] what is wrong; write this instead", kind


@pytest.mark.parametrize("kind", [ValueError, KeyError, TypeError, ZeroDivisionError, RuntimeError, MemoryError])
def test_a_fault_of_the_program_is_one_line_with_its_own_status(monkeypatch, kind):
    status, output = outcome(monkeypatch, kind("two\nlines"))
    assert status == 3
    assert "Traceback" not in output and len(output.strip().splitlines()) == 1 and "STOCKTURN_DEBUG=1" in output


@pytest.mark.parametrize("kind", [FileNotFoundError, PermissionError, IsADirectoryError])
def test_what_the_machine_refuses_is_one_line(monkeypatch, kind):
    status, output = outcome(monkeypatch, kind(13, "not allowed", "var/mine/manifest"))
    assert status == 2 and output.strip() == "[Errno 13] not allowed: 'var/mine/manifest'"


def test_a_mistake_in_a_mapping_is_named_by_file_line_and_key(tmp_path):
    (tmp_path / "inbox").mkdir()
    mapping = tmp_path / "mine.yml"
    mapping.write_text(
        "mapping: mine\nversion: 1\nsource_system: mine\ndatasets:\n  - name: items\n    contract: item\n    files: a*.csv\n"
        "    scope: full\n    columns: {item_code: 存货编码, item_nam: 名称}\n",
        encoding="utf-8",
    )
    config = tmp_path / "mine_config.yml"
    config.write_text(
        "company: {code: m, name: m, currency: CNY, timezone: Asia/Shanghai}\ndata_dir: var\nschedule: {first_date: 2024-01-01}\n"
        f"sources:\n  - {{name: a, kind: file, mapping: {mapping}, path: inbox, instance: m}}\n",
        encoding="utf-8",
    )
    result = CliRunner().invoke(app, ["validate", "-c", str(config)])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    (line, *_) = [line for line in result.output.splitlines() if "'item_nam'" in line]
    assert (
        line
        == "mine.yml:9: datasets.0.columns.item_nam: contract item has no column 'item_nam'; did you mean item_name?"
    )


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_disk_that_fails_is_a_fault(monkeypatch, number):
    status, output = outcome(monkeypatch, OSError(number, os.strerror(number), "var/mine/manifest"))
    assert status == 3 and os.strerror(number) in output and len(output.strip().splitlines()) == 1
    assert "report it" not in output, "it is no fault of the program"


def every_command(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from every_command(command, (*path, name))
        else:
            yield (*path, name), command


def arguments_of(command: Any, file: Path) -> list[str]:
    """What a command cannot do without: an existing file where it wants one, else a number."""
    given: list[str] = []
    for parameter in command.params:
        value = str(file) if "path" in repr(parameter.type_descriptor).lower() else "1"
        if parameter.required:
            given += [parameter.opts[0], value] if parameter.opts[0].startswith("-") else [value]
    return given


@pytest.mark.parametrize("kind", [RuntimeError, KeyError, UnicodeDecodeError])
def test_every_command_ends_a_fault_with_one_line(monkeypatch, tmp_path, kind):
    """The fault comes from where all commands pass, the reading of the configuration."""
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    fault = kind("utf-8", b"x", 0, 1, "bad") if kind is UnicodeDecodeError else kind("two\nlines")

    def broken(path: Path) -> None:
        raise fault

    monkeypatch.setattr(common, "load_settings", broken)
    monkeypatch.chdir(tmp_path)
    seen = []
    for path, command in every_command(get_command(app)):
        if not any(parameter.name == "config" for parameter in command.params):
            continue
        result = CliRunner().invoke(app, [*path, *arguments_of(command, file)])
        assert "Traceback" not in result.output and not isinstance(result.exception, kind), path
        if "a fault of the program" in result.output:
            assert result.exit_code == 3 and len(result.output.strip().splitlines()) == 1, (path, result.output)
            seen.append(" ".join(path))
        else:
            assert result.exit_code == 2, (path, result.output)
    assert len(seen) >= 25, seen
