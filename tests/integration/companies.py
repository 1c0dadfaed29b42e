"""Whole runs for the integration tests: a company in a folder of its own, run by the same code as the command."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import yaml

from assets.publish.releases import Release
from orchestration.run import RunOutcome, run_daily
from orchestration.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("STOCKTURN_SHARED", str(ROOT.parent / "shared")))


@dataclass
class Company:
    """A configured company whose data stand in `folder`."""

    folder: Path
    settings: Settings
    outcomes: list[RunOutcome] = field(default_factory=list)

    def run(self, as_of: date) -> RunOutcome:
        outcome = run_daily(self.settings, as_of)
        self.outcomes.append(outcome)
        return outcome

    @property
    def release(self) -> Release:
        release = self.outcomes[-1].release
        assert release is not None, self.outcomes[-1].errors
        return release


def configure(folder: Path, shipped: str, inbox: Path | None = None) -> Company:
    """The shipped configuration `config/<shipped>.yml`, with its data in `folder` (and its sources below `inbox`)."""
    data = yaml.safe_load((ROOT / "config" / f"{shipped}.yml").read_text(encoding="utf-8"))
    data["data_dir"] = str(folder / "data")
    for source in data["sources"]:
        source["path"] = str(inbox / source["name"] if inbox else (ROOT / source["path"]).resolve())
    if "rule_book" in data:
        data["rule_book"] = str(ROOT / data["rule_book"])
    path = folder / "company.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return Company(folder, load_settings(path))
