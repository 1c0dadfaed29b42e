"""The KPI catalogue: its files in dbt are those that are committed, and a target is refused where it means nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
import pytest
from typer.testing import CliRunner

from assets.documents import DocumentError
from assets.publish.kpis import kpi_catalogue
from assets.publish.kpis.dbt_files import PROJECT, dbt_files
from assets.publish.kpis.targets import KpiTarget, targets_of
from orchestration.cli import app
from orchestration.settings import load_settings

CONFIG = """
company: {code: C, name: Company, currency: CNY, timezone: Asia/Shanghai}
data_dir: var/c
sources: [{name: erp, kind: file, mapping: demo_erp, path: inbox, instance: E, company_code: C, timezone: Asia/Shanghai}]
schedule: {first_date: 2024-01-01}
"""


def test_the_committed_dbt_files_are_those_of_the_catalogue() -> None:
    for path, text in dbt_files(kpi_catalogue()).items():
        assert path.read_text(encoding="utf-8") == text, "run python -m assets.publish.kpis"


def test_every_kpi_says_what_it_is() -> None:
    for name, kpi in kpi_catalogue().kpis.items():
        assert kpi.label.en and kpi.label.zh and kpi.meaning and kpi.window and kpi.missing, name
        assert (kpi.kind == "money") == kpi.is_amount, name
        if kpi.target is not None:
            KpiTarget(kpi=name, target_rate=kpi.target, floor_rate=kpi.floor, ceiling_rate=kpi.ceiling)
            assert (kpi.ceiling if kpi.direction == "higher" else kpi.floor) is None, (
                f"{name}: a limit on its good side"
            )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{kpi: turnover, target_rate: 8}", "there is no KPI turnover"),
        ("{kpi: fill_rate, scope: planet, scope_value: x, target_rate: 0.9}", "scope"),
        ("{kpi: fill_rate, target_rate: 0.9, floor_rate: 0.95, ceiling_rate: 0.8}", "floor_rate 0.95 is above ceiling_rate 0.8"),
        ("{kpi: fill_rate, target_rate: 0.5, floor_rate: 0.8}", "below floor_rate"),
        ("{kpi: fill_rate, scope: team, target_rate: 0.5}", "scope_value"),
        ("{kpi: fill_rate, scope_value: Z, target_rate: 0.5}", "a target is for the company Z; the sources are of C"),
        ("{kpi: fill_rate, target_rate: 0.9}, {kpi: fill_rate, target_rate: 0.8}", "two targets for fill_rate company"),
    ],
)  # fmt: skip
def test_validate_refuses_a_target_that_means_nothing(line: str, told: str, tmp_path: Path) -> None:
    config = tmp_path / "c.yml"
    config.write_text(CONFIG + f"targets: [{line}]\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", "--config", str(config)])
    assert result.exit_code != 0
    assert told in " ".join(result.output.split())


def test_the_currency_of_every_company_is_stated(tmp_path: Path) -> None:
    """Two companies of which one has no currency would be added as if they had the same."""
    config = tmp_path / "c.yml"
    second = (
        "{name: two, kind: file, mapping: demo_erp, path: two, instance: F, company_code: D, timezone: Asia/Shanghai}]"
    )
    text = CONFIG.replace("timezone: Asia/Shanghai}]", f"timezone: Asia/Shanghai}}, {second}", 1)
    assert second in text
    config.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match="the currency of D is not stated"):
        load_settings(config)
    config.write_text(text + "companies: {D: {name: Dee, currency: USD}}\n", encoding="utf-8")
    assert load_settings(config).books() == (("C", "Company", "CNY", True), ("D", "Dee", "USD", False))


def test_a_person_is_in_one_team(tmp_path: Path) -> None:
    """In two, the capital of the teams would add up to more than the company's."""
    config = tmp_path / "c.yml"
    config.write_text(CONFIG + "teams: {North: [Li, Wu], South: [Li]}\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["validate", "--config", str(config)])
    assert result.exit_code != 0 and "Li is in two teams" in " ".join(result.output.split())


def test_the_catalogue_fills_in_what_the_company_does_not_set() -> None:
    own = (
        KpiTarget(kpi="dead_stock_rate", target_rate=0.1),
        KpiTarget(kpi="fill_rate", scope="team", scope_value="N", target_rate=0.9),
    )
    found = {target.place: target for target in targets_of(kpi_catalogue(), own, "zh")}
    assert found["dead_stock_rate", "company", ""].target_rate == 0.1, "the company's own is alone"
    assert found["inventory_turnover", "company", ""].owner_name == "库存经理"
    assert ("fill_rate", "company", "") not in found and found["fill_rate", "team", "N"].target_rate == 0.9
    places = [target.place for target in targets_of(kpi_catalogue(), own, "en")]
    assert len(places) == len(set(places)), "the company's own target and the catalogue's are not both there"


def test_a_target_for_a_part_of_the_company_leaves_the_catalogues_for_the_whole() -> None:
    own = tuple(
        KpiTarget(kpi="dead_stock_rate", scope=scope, scope_value=value, target_rate=0.1)
        for scope, value in (("team", "N"), ("company", "D"))
    )
    found = {target.place: target for target in targets_of(kpi_catalogue(), own, "en")}
    whole = found["dead_stock_rate", "company", ""]
    assert (whole.target_rate, whole.floor_rate, whole.ceiling_rate) == (0.05, None, 0.08)
    assert whole.owner_name == "Inventory manager"
    assert found["dead_stock_rate", "team", "N"] == own[0] and found["dead_stock_rate", "company", "D"] == own[1]


@pytest.mark.parametrize(
    ("value", "target", "floor", "ceiling", "direction", "rate", "state"),
    [
        (0.047, 0.02, None, None, "lower", 0.425532, "missed"),
        (0.047, 0.02, None, 0.05, "lower", 0.425532, "within_limits"),
        (0.051, 0.02, None, 0.05, "lower", 0.392157, "missed"),
        (0.02, 0.02, None, 0.05, "lower", 1.0, "target_met"),
        (0.0, 0.02, None, None, "lower", None, "target_met"),
        (0.933, 0.95, 0.9, None, "higher", 0.982105, "within_limits"),
        (0.933, 0.95, None, None, "higher", 0.982105, "missed"),
        (0.95, 0.95, 0.9, None, "higher", 1.0, "target_met"),
        (0.89, 0.95, 0.9, None, "higher", 0.936842, "missed"),
        (20, 8, 6, 12, "higher", 2.5, "missed"),
        (None, 8, 6, None, "higher", None, None),
        (5, None, None, None, "higher", None, None),
        (5, None, 4, None, "higher", None, "within_limits"),
    ],
)  # fmt: skip
def test_attainment_knows_which_way_is_better(
    value: float | None, target: float | None, floor: float | None, ceiling: float | None, direction: str,
    rate: float | None, state: str | None,
) -> None:  # fmt: skip
    """A stock-out rate of 4.7 % against a target of 2 % was 达标 with 236 %."""
    macros = "".join(
        (PROJECT / "macros" / name).read_text(encoding="utf-8") for name in ("arithmetic.sql", "attainment.sql")
    )
    ask = "select {{ attainment_rate('v', 't', 'd') }}, {{ attainment_state('v', 't', 'f', 'c', 'd') }} from x"
    sql = jinja2.Environment().from_string(macros + ask).render()
    row = "select ?::double as v, ?::double as t, ?::double as f, ?::double as c, ? as d"
    found = duckdb.execute(f"with x as ({row}) {sql}", [value, target, floor, ceiling, direction]).fetchone()
    assert found == (rate, state)
