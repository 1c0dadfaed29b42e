"""How each numeric column of the marts follows from evidence: one module a mart where it takes SQL of its own, else marts.yml."""

from __future__ import annotations

from assets.explain.model import MartRecipes
from assets.explain.recipes.ageing import AGEING
from assets.explain.recipes.balances import BALANCES
from assets.explain.recipes.declared import declared_recipes
from assets.explain.recipes.health import HEALTH
from assets.explain.recipes.kpi_summary import kpi_summary
from assets.explain.recipes.replenishment import REPLENISHMENT
from assets.explain.recipes.turnover import MONTHLY, ROLLING
from assets.explain.recipes.turnover_rollup import TURNOVER
from assets.publish.kpis import KpiCatalogue, kpi_catalogue

_DECLARED = declared_recipes()
RECIPES: dict[str, MartRecipes] = {
    **_DECLARED,
    "fct_kpi_summary": kpi_summary(_DECLARED["fct_kpi_summary"], kpi_catalogue()),
    "fct_inventory_health": HEALTH,
    "fct_replenishment": REPLENISHMENT,
    "fct_stock_ageing": AGEING,
    "fct_stock_balances": BALANCES,
    "fct_turnover": TURNOVER,
    "fct_turnover_monthly": MONTHLY,
    "fct_turnover_rolling": ROLLING,
}


def recipes_of(mart: str, kpis: KpiCatalogue) -> MartRecipes | None:
    """The recipes of a mart in a release that holds these KPIs; None where there are none for the mart."""
    if mart == "fct_kpi_summary" and kpis.own:
        return kpi_summary(_DECLARED[mart], kpis)
    return RECIPES.get(mart)
