"""What follows from the catalogue in the dbt project: the macros of fct_kpi_summary and dim_kpis, and the MetricFlow metrics.

dbt reads no file of ours and MetricFlow has no loops, so both are written out; a test keeps the committed files in step. A
company's own KPIs (own.py) come in by dispatch: each macro of the product ends with the company's `own_kpi_...`, where its dbt
project has one, and its metrics are in a file of that project.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from assets.publish.kpis.catalogue import Base, Kpi, KpiCatalogue

PROJECT = Path(__file__).resolve().parents[3] / "dbt_project"
MACROS = PROJECT / "macros" / "kpi_catalogue.sql"
METRICS = PROJECT / "models" / "semantic" / "_kpis.yml"
_SAID = "Written by `python -m assets.publish.kpis` from assets/publish/kpis/catalogue.yml; change the catalogue, not this file."


OWN_SAID = "Written by Stockturn from kpis.yml of this dbt project; change kpis.yml, not this file."


def dbt_files(catalogue: KpiCatalogue) -> dict[Path, str]:
    """Text of each file, by its path."""
    return {MACROS: macros(catalogue), METRICS: metrics(catalogue)}


def macros(catalogue: KpiCatalogue) -> str:
    """Macros that give SQL text (a macro that returned data would be nothing to the linter and to the dictionary)."""
    parts = [f"{{# {_SAID} #}}\n"]
    for name, base in catalogue.bases.items():
        kpis = catalogue.of_base(name)
        parts.append(_macro(f"kpi_where_{name}", "", base.where))
        sums = ",\n".join(line for key, kpi in kpis.items() for line in _sums(key, kpi))
        parts.append(_macro(f"kpi_sums_{name}", "", f"{sums}{_own('sums', repr(name))}"))
        rows = "\nunion all\n".join(_row(key, kpi) for key, kpi in kpis.items())
        parts.append(_macro(f"kpi_rows_{name}", "relation", f"{rows}{_own('rows', f'{name!r}, relation')}"))
    definitions = "\nunion all\n".join(_definition(key, kpi) for key, kpi in catalogue.kpis.items())
    parts.append(_macro("kpi_definitions", "", f"{definitions}{_own('definitions', '')}"))
    for key, kpi in catalogue.kpis.items():
        parts.append(_macro(f"kpi_direction_{key}", "", f"'{kpi.direction}'"))
    return "\n".join(parts)


def own_files(project: Path, bases: Mapping[str, Base], own: Mapping[str, Kpi]) -> dict[Path, str]:
    """Text of each file of a company's dbt project that follows from its own KPIs, by its path."""
    paths = (project / "macros" / "own_kpis.sql", project / "models" / "semantic" / "own_kpis.yml")
    if not own:
        return dict.fromkeys(paths, "")
    used = {name: base for name, base in bases.items() if name in {kpi.base for kpi in own.values()}}
    catalogue = KpiCatalogue(bases=used, kpis=own)
    return dict(zip(paths, (own_macros(catalogue), metrics(catalogue, is_own=True)), strict=True))


def own_macros(catalogue: KpiCatalogue) -> str:
    """What a company's project answers where the product's macros ask for its own KPIs; each begins where theirs end."""
    of_base = {name: catalogue.of_base(name) for name in catalogue.bases}
    sums = {name: [line for key, kpi in kpis.items() for line in _sums(key, kpi)] for name, kpis in of_base.items()}
    rows = {name: [_row(key, kpi) for key, kpi in kpis.items()] for name, kpis in of_base.items()}
    definitions = [_definition(key, kpi) for key, kpi in catalogue.kpis.items()]
    parts = (
        _macro("default__own_kpi_sums", "base", _by_base(",\n", sums)),
        _macro("default__own_kpi_rows", "base, relation", _by_base("\nunion all\n", rows)),
        _macro("default__own_kpi_definitions", "", _each_after("\nunion all\n", definitions)),
    )
    return "\n".join([f"{{# {OWN_SAID} #}}\n", *parts])


def _by_base(mark: str, texts: Mapping[str, Sequence[str]]) -> str:
    """The texts of the base that the macro is called with."""
    return "\n".join(
        f"{{% if base == '{base}' -%}}\n{_each_after(mark, some)}\n{{%- endif -%}}" for base, some in texts.items()
    )


def _each_after(mark: str, texts: Sequence[str]) -> str:
    return "".join(f"{mark}{text}" for text in texts)


def _own(part: str, arguments: str) -> str:
    """Where the company's own follow."""
    return f"\n{{{{ adapter.dispatch('own_kpi_{part}', 'stockturn')({arguments}) }}}}"


def _macro(name: str, arguments: str, body: str) -> str:
    return f"{{% macro {name}({arguments}) -%}}\n{textwrap.indent(body, '    ')}\n{{%- endmacro %}}\n"


def _sums(key: str, kpi: Kpi) -> Iterator[str]:
    if kpi.distinct:
        whole = f"count(distinct case when {kpi.known} then {kpi.distinct} end)"
        bad = f"count(distinct case when {kpi.known} and {kpi.failed} then {kpi.distinct} end)"
        yield f"cast({whole} - {bad} as decimal(38, 6)) as {key}_numerator"
        yield f"cast({whole} as decimal(38, 6)) as {key}_denominator"
    else:
        yield f"sum(case when {kpi.known} then cast({kpi.numerator} as decimal(38, 6)) end) as {key}_numerator"
        if kpi.denominator:
            yield f"sum(case when {kpi.known} then cast({kpi.denominator} as decimal(38, 6)) end) as {key}_denominator"
    yield f"sum(case when {kpi.known} then 1 else 0 end) as {key}_known"


def _row(key: str, kpi: Kpi) -> str:
    denominator = "cast(null as decimal(38, 6))" if kpi.is_amount else f"{key}_denominator"
    empty = kpi.empty or f"not_available: {kpi.missing}"
    return textwrap.dedent(f"""\
        select
            '{key}' as kpi,
            company_code,
            scope,
            scope_value,
            case when {key}_known > 0 then {key}_numerator end as numerator,
            case when {key}_known > 0 then {denominator} end as denominator,
            {key}_known as known_rows,
            all_rows,
            {str(kpi.is_amount).lower()} as is_amount,
            {str(kpi.is_money).lower()} as is_money,
            {_quoted(f"not_available: {kpi.missing}")} as missing_status,
            {_quoted(empty)} as empty_status,
            '{kpi.direction}' as direction
        from {{{{ relation }}}}""")


def _definition(key: str, kpi: Kpi) -> str:
    texts = {
        "kpi": key,
        "label_en": kpi.label.en,
        "label_zh": kpi.label.zh,
        "meaning": kpi.meaning,
        "formula": kpi.formula,
        "base_table": "",
        "kind": kpi.kind,
        "direction": kpi.direction,
        "window_text": kpi.window,
        "owner_role": kpi.owner.en,
        "owner_role_zh": kpi.owner.zh,
    }
    quoted = {name: _quoted(text) for name, text in texts.items()}
    quoted["base_table"] = f"'{kpi.base}'"
    numbers = {"target_rate": kpi.target, "floor_rate": kpi.floor, "ceiling_rate": kpi.ceiling}
    cast = {name: f"cast({'null' if value is None else value} as double)" for name, value in numbers.items()}
    columns = ",\n    ".join(f"{text} as {name}" for name, text in {**quoted, **cast}.items())
    return f"select\n    {columns}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def metrics(catalogue: KpiCatalogue, *, is_own: bool = False) -> str:
    """Semantic models (a base each) and metrics (a KPI each); of a company's project, which has the product as a package, or not."""
    document: dict[str, Any] = {
        "version": 2,
        "semantic_models": [
            _semantic_model(name, base, catalogue.of_base(name), is_own) for name, base in catalogue.bases.items()
        ],
        "metrics": [metric for key, kpi in catalogue.kpis.items() for metric in _metrics(key, kpi)],
    }
    return f"# {OWN_SAID if is_own else _SAID}\n" + yaml.safe_dump(
        document, allow_unicode=True, sort_keys=False, width=160
    )


def _semantic_model(name: str, base: Base, kpis: dict[str, Kpi], is_own: bool) -> dict[str, Any]:
    """A second one on the same mart has a name and a primary entity of its own, and reaches the columns of the mart by the product's."""
    pair = {"name": "item_warehouse", "type": "foreign", "expr": "item_id || '|' || warehouse_id"}
    entities = [
        {"name": "item", "type": "foreign", "expr": "item_id"},
        {"name": "warehouse", "type": "foreign", "expr": "warehouse_id"},
        {**pair, "type": "unique"} if base.model == "fct_inventory_health" and not is_own else pair,
    ]
    if base.supplier:
        entities.append({"name": "supplier", "type": "foreign", "expr": base.supplier})
    return {
        "name": f"own_{name}" if is_own else name,
        "description": f"{base.what.en[0].upper()}{base.what.en[1:]}: what KPIs add up.",
        "model": f"ref('stockturn', '{base.model}')" if is_own else f"ref('{base.model}')",
        "defaults": {"agg_time_dimension": base.time},
        "primary_entity": f"own_{base.entity}" if is_own else base.entity,
        "entities": entities,
        "dimensions": [
            {"name": base.time, "type": "time", "type_params": {"time_granularity": "day"}},
            {"name": "company_code", "type": "categorical", "expr": "split_part(item_id, '/', 1)"},
            *({"name": column, "type": "categorical"} for column in base.dimensions if not is_own),
        ],
        "measures": [measure for key, kpi in kpis.items() for measure in _measures(key, kpi, base)],
    }


def _measures(key: str, kpi: Kpi, base: Base) -> Iterator[dict[str, Any]]:
    counted = base.where if kpi.known == "true" else f"{base.where} and {kpi.known}"
    if kpi.distinct:
        for part, condition in (("denominator", counted), ("failed", f"{counted} and {kpi.failed}")):
            expression = f"case when {condition} then {kpi.distinct} end"
            yield {"name": f"{key}_{part}", "agg": "count_distinct", "expr": expression, "create_metric": True}
        return
    for part, column in (("numerator", kpi.numerator), ("denominator", kpi.denominator)):
        if column:
            expression = f"case when {counted} then cast({column} as decimal(38, 6)) end"
            yield {"name": f"{key}_{part}", "agg": "sum", "expr": expression, "create_metric": not kpi.is_amount}


def _metrics(key: str, kpi: Kpi) -> Iterator[dict[str, Any]]:
    params: dict[str, Any]
    if kpi.is_amount:
        kind, params = "simple", {"measure": f"{key}_numerator"}
    elif kpi.distinct:
        parts = [{"name": f"{key}_denominator", "alias": "counted"}, {"name": f"{key}_failed", "alias": "failed"}]
        kind, params = "derived", {"expr": "(counted - failed) * 1.0 / nullif(counted, 0)", "metrics": parts}
    else:
        kind, params = "ratio", {"numerator": f"{key}_numerator", "denominator": f"{key}_denominator"}
    meta = {"label_en": kpi.label.en, "unit": kpi.kind, "direction": kpi.direction, "window": kpi.window}
    # Amounts of companies are in their own currencies: where a run holds several, the metric is asked for by company.
    meaning = f"{kpi.meaning} One company at a time: group or filter by company_code." if kpi.is_money else kpi.meaning
    yield {
        "name": key,
        "label": kpi.label.zh,
        "description": meaning,
        "type": kind,
        "type_params": params,
        "config": {"meta": meta},
    }
