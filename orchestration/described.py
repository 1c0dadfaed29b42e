"""What every asset says of itself on Dagster's page: description, columns, owner, tags. One place for all stages.

Tables that Python makes are described where the SQL reads them, as sources of the dbt project; here that is looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from assets.publish.dictionary import declared_columns
from orchestration.settings import Settings


def described(
    assets: Iterable[dg.AssetsDefinition], manifest: Mapping[str, Any], settings: Settings
) -> list[dg.AssetsDefinition]:
    """The same assets with what is known of each in its spec."""
    known = {
        dg.AssetKey(source["meta"]["dagster"]["asset_key"]): source
        for source in manifest["sources"].values()
        if source.get("meta", {}).get("dagster", {}).get("asset_key")
    }
    columns = {key: source["columns"] for key, source in known.items()}
    declared = declared_columns(manifest)
    for node in manifest["nodes"].values():
        if node["config"].get("meta", {}).get("columns_of"):  # dbt knows no columns of such a model
            columns[dg.AssetKey([node["schema"], node["name"]])] = declared[node["name"]]
    return [
        one.map_asset_specs(lambda spec: _described(spec, known.get(spec.key), columns.get(spec.key), settings))
        for one in assets
    ]


def _described(
    spec: dg.AssetSpec, source: Mapping[str, Any] | None, columns: Mapping[str, Any] | None, settings: Settings
) -> dg.AssetSpec:
    metadata = dict(spec.metadata)
    if columns is not None and "dagster/column_schema" not in metadata:
        metadata["dagster/column_schema"] = _columns(columns.values())
    if "dagster/table_name" not in metadata and len(spec.key.path) == 2 and source is not None:
        metadata["dagster/table_name"] = ".".join(spec.key.path)
    return spec.replace_attributes(
        description=spec.description or (source["description"] if source else None),
        metadata=metadata,
        owners=[*spec.owners] or [f"team:{settings.company.team}"],
        tags={**spec.tags, "stockturn/company": settings.company.code, "stockturn/layer": spec.key.path[0]},
    )


def _columns(columns: Iterable[Mapping[str, Any]]) -> dg.TableSchema:
    return dg.TableSchema(
        [
            dg.TableColumn(one["name"], one.get("data_type") or "?", description=one.get("description") or None)
            for one in columns
        ]
    )


def column_lineage(
    dictionary: Sequence[Mapping[str, Any]], keys: Mapping[str, dg.AssetKey]
) -> dict[str, dg.TableColumnLineage]:
    """Where the columns of each mart come from, by mart, read from the dictionary.

    Args:
        dictionary: as `assets.publish.dictionary.build_dictionary` gives it.
        keys: asset key of every table, by the name that the dictionary uses (`model`, `schema.table` of a source).
    """
    found = {}
    for mart in dictionary:
        columns = {}
        for column in mart["columns"]:
            parts = [text.rpartition(".") for text in column["source"]]
            columns[column["name"]] = [
                dg.TableColumnDep(asset_key=keys[table], column_name=name) for table, _, name in parts if table in keys
            ]
        found[mart["name"]] = dg.TableColumnLineage(columns)
    return found
