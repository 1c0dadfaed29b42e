"""`fct_stock_ageing`: the layers of one age bucket."""

from __future__ import annotations

from assets.explain.model import MartRecipes, Recipe
from assets.explain.recipes.words import money, units

_BUCKET = "from layers where bucket_no = (select bucket_no from cell)"
_LAYERS = ("layers", "settings")


def _layers(result: str, **inputs: str) -> Recipe:
    return Recipe(result, {name: f"select {query} {_BUCKET}" for name, query in inputs.items()}, _LAYERS)


AGEING = MartRecipes(
    key=("item_id", "warehouse_id", "snapshot_date", "bucket_no"),
    context=("bucket_label",),
    recipes={
        "bucket_no": _layers("bucket", bucket="max(bucket_no)"),
        "quantity_units": _layers(units("layer_units"), layer_units="sum(quantity_units)"),
        "negative_units": _layers(
            units("owed_units"), owed_units="coalesce(sum(quantity_units) filter (where is_negative), 0)"
        ),
        "stock_value": _layers(
            f"case when valued_layers > 0 and unknown_layers = 0 then {money('layers_value')} end",
            valued_layers="count(*) filter (where is_valued)",
            unknown_layers="count(*) filter (where is_valued and not is_cost_known)",
            layers_value="sum(layer_value) filter (where is_valued)",
        ),
        "age_unit_days": _layers(units("unit_days"), unit_days="sum(quantity_units * layer_age_days)"),
        "oldest_age_days": _layers("oldest_days", oldest_days="max(layer_age_days)"),
        "layers": _layers("layer_count", layer_count="count(*)"),
    },
)
