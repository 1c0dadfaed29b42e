"""`fct_kpi_summary`: the catalogue's own SQL over the rows of the group, which marts.yml fetches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from assets.explain.model import MartRecipes, Recipe
from assets.explain.recipes.words import ratio
from assets.publish.kpis import Kpi, kpi_catalogue

_ROWS = {
    "item_warehouses": "health_rows",
    "order_lines": "order_rows",
    "purchase_lines": "purchase_rows",
    "count_lines": "count_rows",
}
_EVIDENCE = ("definition", *_ROWS.values())
_AMOUNT = "cast({} as decimal(28, 6))"
_IS_AMOUNT = "is_amount"
_VALUE = f"case when {_IS_AMOUNT} then round(cast(numerator as double), 4) else {ratio('numerator', 'denominator')} end"
_TARGETS = "from set_targets where scope = (select scope from cell) and scope_value = (select scope_value from cell)"
_COMPANY = "from set_targets where scope = 'company'"


def kpi_summary(fetched: MartRecipes) -> MartRecipes:
    """Recipes of the mart; `fetched` brings the evidence."""
    inputs = {
        "numerator": _by_kpi(_numerator),
        "denominator": _by_kpi(_denominator),
        "is_amount": "select kind = 'money' from definition",
        "known_rows": _by_kpi(lambda kpi: f"count(*) filter (where {kpi.known})"),
        "all_rows": _by_kpi(lambda _: "count(*)"),
        "direction": "select direction from definition",
        **{f"own_{name}": f"select max({name}) {_TARGETS}" for name in ("target_rate", "floor_rate", "ceiling_rate")},
        "has_own": f"select count(*) > 0 {_TARGETS}",
        **{
            f"company_{name}": f"select max({name}) {_COMPANY}"
            for name in ("target_rate", "floor_rate", "ceiling_rate")
        },
        "is_company": "select scope = 'company' from cell",
    }

    def recipe(result: str, names: str, *more: str) -> Recipe:
        return Recipe(result, {name: inputs[name] for name in names.split()}, (*_EVIDENCE, *more))

    targets = {}
    for name in ("target_rate", "floor_rate", "ceiling_rate"):
        targets[name] = f"case when has_own then own_{name} when is_company or not is_amount then company_{name} end"
    figures = {
        "numerator_value": recipe(_AMOUNT.format("numerator"), "numerator"),
        "denominator_value": recipe(_AMOUNT.format("denominator"), "denominator"),
        "kpi_value": recipe(_VALUE, "numerator denominator is_amount"),
        "coverage_rate": recipe(f"coalesce({ratio('known_rows', 'all_rows')}, 0)", "known_rows all_rows"),
        **{
            name: recipe(result, f"has_own own_{name} company_{name} is_company is_amount", "set_targets")
            for name, result in targets.items()
        },
        "attainment_rate": recipe(
            f"case when direction = 'higher' then {ratio(f'({_VALUE})', '(' + targets['target_rate'] + ')')}"
            f" else {ratio('(' + targets['target_rate'] + ')', f'({_VALUE})')} end",
            "numerator denominator is_amount direction has_own own_target_rate company_target_rate is_company",
            "set_targets",
        ),
    }
    return replace(fetched, recipes=figures)


def _by_kpi(expression: Callable[[Kpi], str]) -> str:
    branches = [
        f"when '{name}' then (select {expression(kpi)} from {_ROWS[kpi.base]})"
        for name, kpi in kpi_catalogue().kpis.items()
    ]
    return f"select case kpi {' '.join(branches)} end from cell"


def _numerator(kpi: Kpi) -> str:
    if kpi.distinct:
        good = f"count(distinct {kpi.distinct}) - count(distinct case when {kpi.failed} then {kpi.distinct} end)"
        return f"case when count(*) > 0 then cast({good} as decimal(38, 6)) end"
    return f"sum(case when {kpi.known} then cast({kpi.numerator} as decimal(38, 6)) end)"


def _denominator(kpi: Kpi) -> str:
    if kpi.distinct:
        return f"case when count(*) > 0 then cast(count(distinct {kpi.distinct}) as decimal(38, 6)) end"
    if kpi.is_amount:
        return "max(cast(null as decimal(38, 6)))"
    return f"sum(case when {kpi.known} then cast({kpi.denominator} as decimal(38, 6)) end)"
