"""`fct_kpi_summary`: the catalogue's own SQL over the rows of the group, which marts.yml fetches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assets.explain.model import MartRecipes, Recipe
from assets.explain.recipes.words import ratio
from assets.publish.kpis import Kpi, KpiCatalogue

_ROWS = {
    "item_warehouses": "health_rows",
    "order_lines": "order_rows",
    "purchase_lines": "purchase_rows",
    "count_lines": "count_rows",
}
_EVIDENCE = ("definition", "company", *_ROWS.values())
_COMMON = "is_company is_amount has_company rolled may_roll"
_AMOUNT = "cast({} as decimal(28, 6))"
_IS_AMOUNT = "is_amount"
_VALUE = f"case when {_IS_AMOUNT} then round(cast(numerator as double), 4) else {ratio('numerator', 'denominator')} end"
_TARGETS = """from set_targets where scope <> 'company' and scope = (select scope from cell)
    and scope_value = (select scope_value from cell) and (select is_meant from meant)"""
_COMPANY = """from (select * from set_targets where scope = 'company'
    and (scope_value <> '' and scope_value = (select company_code from cell) or scope_value = '' and (select is_meant from meant))
    order by scope_value desc limit 1)"""
# An amount of which no company is named is one of the main company: it is in its currency.
_WORKING = {
    "meant": """select (select kind from definition) <> 'money' or coalesce((select is_main from company), false)
        or scope in ('warehouse', 'supplier') as is_meant from cell"""
}
_ROLLED = """select case when count(*) = count(targets.target_rate) then sum(targets.target_rate) end
    from warehouses left join set_targets targets on targets.scope = 'warehouse' and targets.scope_value = warehouses.scope_value"""


def kpi_summary(fetched: MartRecipes, kpis: KpiCatalogue) -> MartRecipes:
    """Recipes of the mart for the KPIs of a release; `fetched` brings the evidence."""
    inputs = {
        "numerator": _by_kpi(kpis, _numerator),
        "denominator": _by_kpi(kpis, _denominator),
        "is_amount": "select kind = 'money' from definition",
        "known_rows": _by_kpi(kpis, lambda kpi: f"count(*) filter (where {kpi.known})"),
        "all_rows": _by_kpi(kpis, lambda _: "count(*)"),
        "direction": "select direction from definition",
        **{f"own_{name}": f"select max({name}) {_TARGETS}" for name in ("target_rate", "floor_rate", "ceiling_rate")},
        "has_own": f"select count(*) > 0 {_TARGETS}",
        **{
            f"company_{name}": f"select max({name}) {_COMPANY}"
            for name in ("target_rate", "floor_rate", "ceiling_rate")
        },
        "is_company": "select scope in ('company', 'group') from cell",
        "has_company": f"select count(*) > 0 {_COMPANY}",
        "rolled": _ROLLED,
        "may_roll": "select scope = 'company' from cell",
    }

    def recipe(result: str, names: str, *more: str) -> Recipe:
        return Recipe(result, {name: inputs[name] for name in names.split()}, (*_EVIDENCE, *more))

    targets = {}
    for name in ("target_rate", "floor_rate", "ceiling_rate"):
        rolled = " when may_roll and is_amount then rolled" if name == "target_rate" else ""
        targets[name] = (
            f"case when has_own then own_{name} when has_company and (is_company or not is_amount) then company_{name}{rolled} end"
        )
    figures = {
        "numerator_value": recipe(_AMOUNT.format("numerator"), "numerator"),
        "denominator_value": recipe(_AMOUNT.format("denominator"), "denominator"),
        "kpi_value": recipe(_VALUE, "numerator denominator is_amount"),
        "coverage_rate": recipe(f"coalesce({ratio('known_rows', 'all_rows')}, 0)", "known_rows all_rows"),
        **{
            name: recipe(result, f"has_own own_{name} company_{name} {_COMMON}", "set_targets", "warehouses")
            for name, result in targets.items()
        },
        "attainment_rate": recipe(
            f"case when direction = 'higher' then {ratio(f'({_VALUE})', '(' + targets['target_rate'] + ')')}"
            f" else {ratio('(' + targets['target_rate'] + ')', f'({_VALUE})')} end",
            f"numerator denominator direction has_own own_target_rate company_target_rate {_COMMON}",
            "set_targets",
            "warehouses",
        ),
    }
    return replace(fetched, recipes=figures, working=_WORKING)


def _by_kpi(kpis: KpiCatalogue, expression: Callable[[Kpi], str]) -> str:
    branches = [
        f"when '{name}' then (select {expression(kpi)} from {_ROWS[kpi.base]})" for name, kpi in kpis.kpis.items()
    ]
    return f"select case kpi {' '.join(branches)} end from cell"


def _numerator(kpi: Kpi) -> str:
    if kpi.distinct:
        good = f"count(distinct {kpi.distinct}) - count(distinct case when {kpi.failed} then {kpi.distinct} end)"
        return f"case when count(*) > 0 then cast({good} as decimal(38, 6)) end"
    return _converted(kpi, kpi.numerator)


def _denominator(kpi: Kpi) -> str:
    if kpi.distinct:
        return f"case when count(*) > 0 then cast(count(distinct {kpi.distinct}) as decimal(38, 6)) end"
    if kpi.is_amount:
        return "max(cast(null as decimal(38, 6)))"
    return _converted(kpi, kpi.denominator)


def _converted(kpi: Kpi, part: str) -> str:
    """Sum of known rows; of money in the currency of the row, null where a company of the group has no rate."""
    amount = f"cast({part} as decimal(38, 6))"
    if not kpi.is_money:
        return f"sum(case when {kpi.known} then {amount} end)"
    converted = f"sum(case when {kpi.known} then {amount} * cast(conversion_rate as decimal(28, 10)) end)"
    return f"case when count(*) filter (where {kpi.known} and conversion_rate is null) = 0 then cast({converted} as decimal(38, 6)) end"
