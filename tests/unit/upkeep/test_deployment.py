"""What deployment files say can be done: every command exists with its options, every file and secret is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from orchestration.cli import app

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))


def _unit_command(path: Path) -> list[str]:
    [line] = re.findall(r"^ExecStart=(.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    words = shlex.split(line.replace("%%", "%"))
    words = shlex.split(words[2])[1:] if words[0] == "/bin/sh" else words[3:]
    return [word.removeprefix("/opt/stockturn/bin/") for word in words]


COMMANDS = {
    **{
        f"compose {name}": one["command"]
        for name, one in COMPOSE["services"].items()
        if one.get("image") == "stockturn"
    },
    **{f"systemd {path.name}": _unit_command(path) for path in UNITS},
}


def _commands() -> dict[str, Any]:
    """The programs that the files start; typer brings a click of its own, so types differ."""
    from dagster._cli import create_dagster_cli  # the command `dagster`; there is no public name for it
    from dagster._daemon.cli import create_dagster_daemon_cli
    from dagster_webserver.cli import dagster_webserver

    return {
        "stockturn": typer.main.get_command(app),
        "dagster": create_dagster_cli(),
        "dagster-daemon": create_dagster_daemon_cli(),
        "dagster-webserver": dagster_webserver,
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_exists_with_its_options(name: str) -> None:
    """A renamed command or option would be found by the first installation only."""
    words = list(COMMANDS[name])
    program = words.pop(0)
    if program == "python":
        assert words[:2] == ["-m", "dashboard"]
        shown = subprocess.run(
            [sys.executable, "-m", "dashboard", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert all(word in shown.stdout for word in words if word.startswith("--"))
        return
    command = _commands()[program]
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    known = {option for one in command.params for option in one.opts}
    assert {word for word in words if word.startswith("--")} <= known, command.name


def test_every_service_finds_its_secrets_and_files() -> None:
    for name, service in COMPOSE["services"].items():
        environment = service.get("environment", {})
        named = {value.removeprefix("/run/secrets/") for key, value in environment.items() if key.endswith("_FILE")}
        assert named <= set(service.get("secrets", ())) <= set(COMPOSE["secrets"]), name
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"]), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            is_given = source.startswith(("./companies/", "./secrets/")) or source in COMPOSE["volumes"]
            assert is_given or (DEPLOY / source).is_file(), volume
    published = [port for one in COMPOSE["services"].values() for port in one.get("ports", ())]
    assert published == ["127.0.0.1:8080:8080"], "only the proxy can be reached, and from this machine only"
    locations = yaml.safe_load((DEPLOY / "workspace.yaml").read_text(encoding="utf-8"))["load_from"]
    for location in (entry["grpc_server"] for entry in locations):
        command = COMPOSE["services"][location["host"]]["command"]
        assert str(location["port"]) == command[command.index("--port") + 1]


def test_the_image_copies_what_the_wheel_is_built_from() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.*)$", text, flags=re.MULTILINE) for word in line.split()[:-1]
    }
    assert all((ROOT / name).exists() for name in copied)
    packages = re.search(
        r"^include = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert packages is not None
    assert {name.strip('"* ') for name in packages[1].split(",")} <= copied


def test_the_files_keep_the_style_of_yaml() -> None:
    files = [
        str(path)
        for path in (*DEPLOY.rglob("*.yaml"), *(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml")
    ]
    rules = "{extends: relaxed, rules: {line-length: disable}}"
    found = subprocess.run(
        [sys.executable, "-m", "yamllint", "--strict", "-d", rules, *files], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout


def test_dagster_reads_the_instance_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that Dagster does not know would stop web server and daemon at their start."""
    from dagster._core.instance.config import dagster_instance_config  # what the programs read it with

    (tmp_path / "dagster.yaml").write_text((DEPLOY / "dagster.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", "postgresql://u:p@127.0.0.1:1/d")
    found, _ = dagster_instance_config(str(tmp_path))
    assert found["storage"]["postgres"]["postgres_url"] == {"env": "DAGSTER_POSTGRES_URL"}
    helm = yaml.safe_load((DEPLOY / "helm" / "values.yaml").read_text(encoding="utf-8"))
    assert helm["additionalInstanceConfig"]["concurrency"]["pools"] == found["concurrency"]["pools"]
