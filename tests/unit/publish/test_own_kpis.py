"""A company's own KPIs: what is refused, what is written for dbt. The whole way: tests/integration/test_own_project.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
import yaml
from jinja2 import Environment
from sqlglot import exp
from typer.testing import CliRunner

from assets.documents import DocumentError
from assets.publish.kpis import catalogue_with, kpi_catalogue
from assets.publish.kpis.dbt_files import MACROS
from assets.publish.kpis.own import declarations, own_kpis, stated_kpis, write_own_files
from orchestration.cli import app
from orchestration.settings import load_settings

TEA: dict[str, Any] = {
    "label": {"en": "Share of tea", "zh": "茶叶占比"},
    "meaning": "Value of tea / value of the stock.",
    "kind": "rate",
    "direction": "lower",
    "window": "at the date",
    "base": "item_warehouses",
    "known": "value_status = 'ok' or is_dead",
    "numerator": "case when category_name = 'Tea' then inventory_value else 0 end",
    "denominator": "inventory_value",
    "missing": "the buyer's list is not there",
    "target": 0.3,
}
CONFIG = """
company: {code: C, name: Company, currency: CNY, timezone: Asia/Shanghai}
data_dir: var/c
dbt_project: dbt
sources: [{name: erp, kind: file, mapping: demo_erp, path: inbox, instance: E, company_code: C, timezone: Asia/Shanghai}]
schedule: {first_date: 2024-01-01}
targets: [{kpi: tea_share, scope: warehouse, scope_value: W1, target_rate: 0.2}]
"""


def _declare(project: Path, name: str = "tea_share", **changed: Any) -> Path:
    project.mkdir(exist_ok=True)
    kpi = {key: value for key, value in {**TEA, **changed}.items() if value is not None}
    (project / "kpis.yml").write_text(yaml.safe_dump({"kpis": {name: kpi}}, allow_unicode=True), encoding="utf-8")
    return project


def _together(own_macros: Path, name: str, *arguments: str) -> str:
    """A macro of the product, with the company's in place as dbt puts them."""
    product, own = (Environment().from_string(path.read_text(encoding="utf-8")) for path in (MACROS, own_macros))
    found = own.make_module()
    adapter = SimpleNamespace(dispatch=lambda macro, _: getattr(found, f"default__{macro}"))
    return str(getattr(product.make_module({"adapter": adapter}), name)(*arguments))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": "Tea"}, "a name is of small letters"),
        ({"name": "fill_rate"}, "the product has a KPI of this name"),
        ({"base": "items"}, "there is no base items; there are item_warehouses, order_lines"),
        ({"numerator": "tea_value"}, "'kpis.tea_share.numerator': fct_inventory_health has no column tea_value"),
        ({"known": "value_status = "}, "'kpis.tea_share.known': no SQL expression"),
        ({"denominator": "sum(inventory_value)"}, "'kpis.tea_share.denominator': an expression over one row"),
        (
            {"numerator": "row_number() over (order by item_id)"},
            "'kpis.tea_share.numerator': an expression over one row",
        ),
        ({"numerator": "inventory_value; drop"}, "without Jinja and semicolons"),
        ({"numerator": "{# x #} 1"}, "without Jinja and semicolons"),
        ({"numerator": "{% if 1 %}1{% endif %}"}, "without Jinja and semicolons"),
        ({"denominator": "b_value + a_value"}, "fct_inventory_health has no column a_value, b_value"),
        ({"name": "Tea9_"}, "a name is of small letters"),
        ({"name": "9tea"}, "a name is of small letters"),
        (
            {"kind": "money", "denominator": None, "numerator": "on_hand_units"},
            "'kpis.tea_share.numerator': a KPI of kind money",
        ),
        ({"numerator": "(select 1)"}, "'kpis.tea_share.numerator': an expression over one row"),
        ({"numerator": "{{ target.name }}"}, "without Jinja"),
        ({"denominator": None}, "a KPI of kind money has no denominator, one of another kind has one"),
        ({"kind": "money"}, "a KPI of kind money has no denominator"),
        ({"kind": "money", "denominator": None, "numerator": "on_hand_units"}, "columns that end in _value"),
        ({"direction": "up"}, "direction"),
        ({"formula": "x"}, "unknown key"),
    ],
)
def test_a_declaration_that_cannot_be_built_is_refused_with_its_place(
    changed: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(DocumentError, match=r"kpis\.yml, line") as refused:
        own_kpis(_declare(tmp_path / "dbt", **changed))
    assert told in str(refused.value)


def test_the_files_for_dbt_follow_the_declaration_and_go_with_it(tmp_path: Path) -> None:
    project = _declare(tmp_path / "dbt")
    macros, metrics = project / "macros" / "own_kpis.sql", project / "models" / "semantic" / "own_kpis.yml"
    write_own_files(project)
    module = Environment().from_string(macros.read_text(encoding="utf-8")).module
    sums = str(module.default__own_kpi_sums("item_warehouses"))  # type: ignore[attr-defined]
    assert sums.lstrip().startswith(",") and "case when (value_status = 'ok' or is_dead) then" in sums
    assert str(module.default__own_kpi_sums("order_lines")).strip() == ""  # type: ignore[attr-defined]
    rows = str(module.default__own_kpi_rows("item_warehouses", "category_health"))  # type: ignore[attr-defined]
    assert rows.lstrip().startswith("union all") and "from category_health" in rows
    whole = _together(macros, "kpi_rows_item_warehouses", "category_health")
    assert len(sqlglot.parse_one(whole, read="duckdb").find(exp.Union).named_selects) == 13  # type: ignore[union-attr]
    assert whole.count("union all") == len(kpi_catalogue().of_base("item_warehouses"))
    sums = sqlglot.parse_one(f"select {_together(macros, 'kpi_sums_item_warehouses')} from health", read="duckdb")
    assert sums.named_selects[-3:] == ["tea_share_numerator", "tea_share_denominator", "tea_share_known"]
    defined = sqlglot.parse_one(_together(macros, "kpi_definitions"), read="duckdb")
    assert len(list(defined.find_all(exp.Select))) == len(kpi_catalogue().kpis) + 1
    assert "'not_available: the buyer''s list is not there' as missing_status" in rows
    [model] = yaml.safe_load(metrics.read_text(encoding="utf-8"))["semantic_models"]
    assert (model["name"], model["model"]) == ("own_item_warehouses", "ref('stockturn', 'fct_inventory_health')")

    written = macros.stat().st_mtime_ns
    write_own_files(project)
    assert macros.stat().st_mtime_ns == written, "unchanged files are left as they are: dbt need not parse again"
    (project / "kpis.yml").unlink()
    write_own_files(project)
    assert not macros.exists() and not metrics.exists()
    macros.write_text("{% macro mine() %}{% endmacro %}")
    write_own_files(project)
    assert macros.exists(), "a file that a person wrote is theirs"
    with pytest.raises(DocumentError, match="a file of yours"):
        write_own_files(_declare(project))


def test_a_release_states_the_kpis_that_it_was_built_with(tmp_path: Path) -> None:
    catalogue = catalogue_with(own_kpis(_declare(tmp_path / "dbt", tile=9)))
    assert stated_kpis(declarations(catalogue)) == catalogue
    assert list(catalogue.kpis)[:-1] == list(kpi_catalogue().kpis) and catalogue.tiles()[-1] == "tea_share"
    assert stated_kpis({}) == kpi_catalogue()


def test_targets_may_name_an_own_kpi_and_no_other(tmp_path: Path) -> None:
    config = tmp_path / "c.yml"
    config.write_text(CONFIG, encoding="utf-8")
    _declare(tmp_path / "dbt")
    found = {target.place: target.target_rate for target in load_settings(config).all_targets()}
    assert found["tea_share", "warehouse", "W1"] == 0.2 and found["tea_share", "company", ""] == 0.3
    _declare(tmp_path / "dbt", name="coffee_share")
    result = CliRunner().invoke(app, ["validate", "--config", str(config)])
    assert (
        result.exit_code != 0
        and "line 7" in result.output
        and "there is no KPI tea_share" in " ".join(result.output.split())
    )
