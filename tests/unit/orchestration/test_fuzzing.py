"""Configurations, mappings, rule books and incident commands that chance has changed: taken, or refused with a sentence, never a crash."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import yaml
from mutations import VALUES, mutated
from typer.testing import CliRunner

from assets.documents import DocumentError
from assets.ingest.mapping.loader import load_mapping
from expectations.after_run import open_store
from expectations.incidents import Finding, RunRecord, record_run
from expectations.rules import RuleError, check_names
from expectations.rules.book import load_rule_book
from orchestration.cli import app
from orchestration.dbt_runner import SHIPPED
from orchestration.rule_book import load_company_rules
from orchestration.settings import load_settings
from orchestration.validate import declared_columns

ROOT = Path(__file__).parents[3]
ACTIONS = ("list", "show", "checks", "ack", "assign", "comment", "resolve", "snooze", "reopen")
OPTIONS = (
    "--owner",
    "--rule",
    "--item",
    "--queue",
    "--overdue",
    "--closed",
    "--reason",
    "--fixed",
    "--accept-until",
    "--until",
    "--lang",
)


@lru_cache(maxsize=1)
def _declared() -> Mapping[str, Mapping[str, str]]:
    return declared_columns(SHIPPED.folder)


def _rules(path: Path) -> None:
    check_names(load_rule_book(path).rules, _declared())


DOCUMENTS: dict[str, Callable[[Path], object]] = {
    "config/demo.yml": load_settings,
    "config/rules.yml": _rules,
    "assets/ingest/mappings/demo_erp.yml": lambda path: load_mapping(str(path)),
    "assets/ingest/mappings/kingdee_k3cloud.yml": lambda path: load_mapping(str(path)),
}


def _read_changed(folder: Path, name: str, seed: int, count: int) -> None:
    taken = refused = 0
    for number, (what, text) in enumerate(mutated(ROOT / name, seed, count)):
        path = folder / f"{number}.yml"
        path.write_text(text, encoding="utf-8")
        try:
            DOCUMENTS[name](path)
            taken += 1
        except (DocumentError, RuleError) as error:
            assert str(error).strip(), what
            refused += 1
        except Exception as error:
            raise AssertionError(f"{name}, {what}: {type(error).__name__} {error}") from error
    assert refused, f"{taken} changes and none refused: they try nothing"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_changed_document_is_taken_or_refused(tmp_path: Path, name: str) -> None:
    _read_changed(tmp_path, name, seed=2, count=12)


@pytest.mark.slow
@pytest.mark.parametrize("name", DOCUMENTS)
def test_many_changed_documents_are_taken_or_refused(tmp_path: Path, name: str) -> None:
    _read_changed(tmp_path, name, seed=1, count=500)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company with one incident."""
    data = yaml.safe_load((ROOT / "config" / "demo.yml").read_text(encoding="utf-8"))
    data |= {"data_dir": str(tmp_path / "data"), "rule_book": str(ROOT / "config" / "rules.yml")}
    path = tmp_path / "company.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    settings = load_settings(path)
    store = open_store(settings.workspace().incident_store, load_company_rules(settings))
    row = Finding(
        "f1", "shrink", "critical", item_id="DEMO/1", warehouse_id="DEMO/W1", source_file="f.csv", source_row=3
    )
    record_run(store, RunRecord("r1", settings.schedule.first_date, evaluated_rules=frozenset({"shrink"})), [], [row])
    store.close()
    return path


def _command_by_chance(config: Path, seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    texts = [str(value) for value in VALUES] + [
        "INC-00001",
        "INC-00002",
        "inc-1",
        "2026-07-01",
        "shrink",
        "en",
        "zh",
        "data",
    ]
    for _ in range(count):
        words = [ACTIONS[int(rng.integers(len(ACTIONS)))]]
        for _ in range(int(rng.integers(4))):
            words.append(
                texts[int(rng.integers(len(texts)))] if rng.random() < 0.6 else OPTIONS[int(rng.integers(len(OPTIONS)))]
            )
        result = CliRunner().invoke(app, ["incidents", *words, "-c", str(config)])
        told = f"{words}: {result.exit_code} {result.output[-400:]} {result.exception!r}"
        assert result.exit_code in (0, 2) and "Traceback" not in result.output, told
        assert result.exception is None or isinstance(result.exception, SystemExit), told


def test_incident_commands_end_with_0_or_2(config: Path) -> None:
    _command_by_chance(config, seed=3, count=25)


@pytest.mark.slow
def test_many_incident_commands_end_with_0_or_2(config: Path) -> None:
    _command_by_chance(config, seed=4, count=1000)
