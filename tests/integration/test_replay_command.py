"""`stockturn replay` on the published demo company: a table, its files, and one sentence for each mistake."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from published_demo import demo_config
from typer.testing import CliRunner

from orchestration.cli import app

runner = CliRunner()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_config(tmp_path_factory)


def _call(config: Path, policy: Path, *arguments: str) -> tuple[int, str]:
    result = runner.invoke(app, ["replay", "--policy", str(policy), "--config", str(config), *arguments])
    return result.exit_code, result.output


@pytest.mark.slow
def test_a_what_if_is_replayed_and_written(config: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text(
        "name: Cost decides\nall_cells: {service_measure: cost}\ncells:\n  AZ: {policy: r_q}\n  CZ: {policy: s_s}\n",
        encoding="utf-8",
    )
    status, text = _call(config, policy, "--out", str(tmp_path / "out"), "--refit-days", "213")
    assert status == 0, text
    assert "Cost decides" in text and "At the fill rate that was had" in text
    cells = pd.read_csv(tmp_path / "out" / "cells.csv").set_index("abc_xyz_cell")
    rows = pd.read_csv(tmp_path / "out" / "replay.csv")
    assert cells.loc["all", "rows"] == len(rows) == cells["rows"].sum() / 2
    # stock of AZ items is not kept by the present policy and is by the file's: service must follow
    assert cells.loc["AZ", "what_if_fill_rate"] > cells.loc["AZ", "present_fill_rate"] + 0.3
    assert cells.loc["AZ", "what_if_average_stock_value"] > cells.loc["AZ", "present_average_stock_value"]
    assert cells.loc["all", "what_if_cost_value"] < cells.loc["all", "present_cost_value"]
    curve = pd.read_csv(tmp_path / "out" / "trade_off.csv").sort_values("safety_scale_rate")
    assert curve["fill_rate_by_value"].is_monotonic_increasing and curve["average_stock_value"].is_monotonic_increasing
    assert (tmp_path / "out" / "trade_off.svg").read_text(encoding="utf-8").count("what happened") >= 1
    assert (tmp_path / "out" / "trade_off.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cells: {AQ: {policy: r_q}}\n", "AQ"),
        ("items: [{item_id: DEMO/none, policy: r_q}]\n", "the company has no DEMO/none"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(config: Path, tmp_path: Path, text: str, message: str) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text(text, encoding="utf-8")
    status, shown = _call(config, policy)
    assert status == 2 and message in shown and "Traceback" not in shown


def test_a_company_that_never_ran_is_told_so(config: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yml"
    policy.write_text("name: nothing\n", encoding="utf-8")
    text = config.read_text(encoding="utf-8").splitlines()
    moved = ["data_dir: " + str(tmp_path / "empty") if line.startswith("data_dir:") else line for line in text]
    (tmp_path / "company.yml").write_text("\n".join(moved), encoding="utf-8")
    status, shown = _call(tmp_path / "company.yml", policy)
    assert status == 2 and "stockturn run" in shown
