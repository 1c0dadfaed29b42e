"""The dictionary: what every published column is, generated from the dbt project's manifest.

Words, units and Chinese labels are beside the models (yml), or in the contract whose column a model passes on; grain is
that of the model's `grain` test; formula and source are read from the SQL that dbt compiled (lineage.py); tests are the
checks that really run on the column: the dbt data tests of every run, the rules of every release (release_rules.py), and
dbt's unit tests, marked as CI's.
Nothing is written down twice, so nothing can differ from what runs.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlglot

from assets.documents import shipped_document
from assets.publish.kpis import KpiCatalogue, kpi_catalogue
from assets.publish.lineage import ColumnOrigin, column_origins, relation_names
from assets.publish.public import added_keys, public_model, references
from assets.publish.release_rules import column_rules
from assets.publish.spreadsheets import plain_text
from assets.publish.values import column_description_zh, column_values, mart_description_zh

SCHEMAS = ("marts", "reconciliation")
REQUIRED = ("type", "unit", "description", "formula", "source", "tests", "label_en", "label_zh")
_RELEASE = "release: "  # what the check `release_rules` of every release holds a column to (release_rules.py)
LABELS = Path(__file__).parent / "labels.yml"
_WORDS = ("description", "meta", "config")  # of a column in the manifest
_MODEL_LABELS = ("label_en", "label_zh")  # a model's own meta goes before labels.yml
_TYPE_NAMES = {
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "text": "VARCHAR",
    "string": "VARCHAR",
    "int": "INTEGER",
    "bool": "BOOLEAN",
}
_UPPER = {
    "id": "ID",
    "cogs": "COGS",
    "abc": "ABC",
    "xyz": "XYZ",
    "kpi": "KPI",
    "wape": "WAPE",
    "adi": "ADI",
    "cv": "CV",
}


def build_dictionary(manifest: Mapping[str, Any], schemas: Sequence[str] = SCHEMAS) -> list[dict[str, Any]]:
    """Every mart with its columns, in order of schema and name; `manifest` is dbt's manifest.json as read.

    A public mart says so, names the keys to its dimensions, and holds the keys that its public view adds (public.py).

    A column of codes has `values`: code -> language -> name. A fact that the models do not state is left empty; `gaps`
    lists those.
    """
    names = relation_names(manifest)
    declared = declared_columns(manifest)
    marts = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] in {"model", "seed", "snapshot"}
        and node["schema"] in schemas
        and node["config"]["materialized"] != "ephemeral"
    ]
    tests = _tests_by_node(manifest)
    return with_public(
        [
            _mart(node, names, declared, tests.get(node["unique_id"], []))
            for node in sorted(marts, key=lambda node: (node["schema"], node["name"]))
        ]
    )


def with_types(dictionary: Sequence[Mapping[str, Any]], marts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The dictionary with the types that a release really has; marts and columns that it does not have are left out."""
    known = {mart["name"]: mart for mart in dictionary}
    result = []
    for mart in marts:
        words = known.get(mart["name"])
        if words is None:
            continue
        columns = {column["name"]: column for column in words["columns"]}
        described = [
            {**columns[column["name"]], "type": column["type"]}
            for column in mart["columns"]
            if column["name"] in columns
        ]
        result.append({**words, "columns": described})
    return result


def with_warehouse_types(
    dictionary: Sequence[Mapping[str, Any]], types: Mapping[tuple[str, str], Mapping[str, str]]
) -> list[dict[str, Any]]:
    """The dictionary with what the models leave out and the warehouse has: types, and columns that no yml names.

    The shipped models state both; a company's own marts need not.

    Args:
        dictionary: Every mart with its columns, as `build_dictionary` gives it.
        types: Type of each column in the warehouse, in order, by (schema, table).
    """
    result = []
    for mart in dictionary:
        held = types.get((mart["schema"], mart["name"]), {})
        columns = [{**column, "type": column["type"] or held.get(column["name"], "")} for column in mart["columns"]]
        named = {column["name"] for column in columns}
        columns += [_undeclared(name, kind, mart["model"]) for name, kind in held.items() if name not in named]
        result.append({**mart, "columns": columns})
    return result


def with_own_kpis(dictionary: Sequence[Mapping[str, Any]], kpis: KpiCatalogue) -> list[dict[str, Any]]:
    """The dictionary with the names of the company's own KPIs wherever a column holds KPIs."""
    shipped = set(kpi_catalogue().kpis)
    own = {name: kpis.kpis[name].label.model_dump() for name in kpis.kpis if name in kpis.own}

    def named(column: Mapping[str, Any]) -> dict[str, Any]:
        holds_kpis = bool(own) and shipped <= set(column["values"])
        return {**column, "values": {**column["values"], **own}} if holds_kpis else dict(column)

    parts = ("columns", "added_columns")
    return [
        {**mart, **{part: [named(column) for column in mart[part]] for part in parts if part in mart}}
        for mart in dictionary
    ]


def _undeclared(name: str, kind: str, model: str) -> dict[str, Any]:
    empty = {"unit": "", "description": "", "description_zh": "", "values": {}, "tests": [], "label_zh": ""}
    return {"name": name, "type": kind, **empty, "formula": f"see {model}", "source": [], "label_en": english(name)}


def with_public(dictionary: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The dictionary with `added_columns` and `references` of the public marts."""
    known = {mart["name"]: {column["name"]: column for column in mart["columns"]} for mart in dictionary}
    public = {mart["name"] for mart in dictionary if mart["is_public"]}
    result = []
    for mart in dictionary:
        if not mart["is_public"]:
            result.append(mart)
            continue
        origin = dict(added_keys(mart["name"], known[mart["name"]], known))
        added = [known[source][name] for name, source in origin.items() if name in known[source]]
        names = [*known[mart["name"]], *origin]
        result.append({**mart, "added_columns": added, "references": references(mart["name"], names, public)})
    return result


def gaps(dictionary: Iterable[Mapping[str, Any]], required: Sequence[str] = REQUIRED) -> list[str]:
    """What is missing, one line a column: `marts.fct_x.column: unit, label_zh`."""
    result = []
    for mart in dictionary:
        name = f"{mart['schema']}.{mart['name']}"
        extra = ("description_zh",) if mart["is_public"] else ()  # who sees Chinese names reads Chinese descriptions
        missing = [part for part in ("description", "grain", "label_en", "label_zh", *extra) if not mart[part]]
        if missing:
            result.append(f"{name}: {', '.join(missing)}")
        for column in mart["columns"]:
            missing = [part for part in (*required, *extra) if not column[part]]
            if missing:
                result.append(f"{name}.{column['name']}: {', '.join(missing)}")
    return result


def dictionary_documents(dictionary: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The files of a release: `dictionary.json`, and `dictionary.csv` with a BOM so that Excel reads the Chinese."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["schema", "mart", "mart_label_zh", "grain", "column", *REQUIRED, "description_zh", "values"])
    for mart in dictionary:
        for column in mart["columns"]:
            facts = [column[part] if isinstance(column[part], str) else "; ".join(column[part]) for part in REQUIRED]
            values = "; ".join(f"{code} = {names['zh']}" for code, names in column["values"].items())
            facts += [column["description_zh"], values]
            grain = ", ".join(mart["grain"])
            cells = [mart["schema"], mart["name"], mart["label_zh"], grain, column["name"], *facts]
            writer.writerow([plain_text(cell) for cell in cells])
    return {
        "dictionary.json": json.dumps({"marts": list(dictionary)}, ensure_ascii=False, indent=1),
        "dictionary.csv": "\ufeff" + text.getvalue(),
    }


def _mart(
    node: Mapping[str, Any],
    names: Mapping[str, str],
    declared: Mapping[str, Mapping[str, Any]],
    tests: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    origins = _origins(node, names, {table: list(columns) for table, columns in declared.items()})
    parents = sorted(parent.split(".")[-1] for parent in node.get("depends_on", {}).get("nodes", ()))
    meta = {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}
    labels = {**mart_labels().get(node["name"], {}), **{key[-2:]: meta[key] for key in _MODEL_LABELS if key in meta}}
    return {
        "name": node["name"],
        "schema": node["schema"],
        "description": node["description"].strip(),
        "description_zh": str(meta.get("description_zh") or mart_description_zh(node["name"])),
        "label_en": labels.get("en", ""),
        "label_zh": labels.get("zh", ""),
        "grain": _grain(tests),
        "model": node["original_file_path"],
        "is_public": public_model().is_public(node["name"]),
        "columns": [
            _column(_described(column, origin, declared), origin, parents, node, tests)
            for column in node["columns"].values()
            for origin in [origins.get(column["name"].lower())]
        ],
    }


def _origins(
    node: Mapping[str, Any], names: Mapping[str, str], tables: Mapping[str, Sequence[str]]
) -> dict[str, ColumnOrigin]:
    """Nothing for a seed, a Python model, and a model that dbt compiles with the warehouse only (`run_query`)."""
    if not node.get("compiled_code") or node.get("language") != "sql":
        return {}
    try:
        return column_origins(node["compiled_code"], names, tables)
    except sqlglot.errors.SqlglotError:  # a company's own SQL; it is published without formulas rather than not at all
        return {}


def _described(
    column: Mapping[str, Any], origin: ColumnOrigin | None, declared: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """The column with its words; where its yml says nothing but name and type, those of the column that it passes on.

    It passes a column on when it is taken from one column alone, which has its name: a column of a contract is described
    there, once, and a mart that publishes it does not repeat it.
    """
    if column["description"].strip() or origin is None or len(origin.sources) != 1:
        return column
    table, _, name = origin.sources[0].rpartition(".")
    passed_on = declared.get(table, {}).get(name, {}) if name == column["name"] else {}
    return {**column, **{part: passed_on[part] for part in _WORDS if part in passed_on}}


def _column(
    column: Mapping[str, Any],
    origin: ColumnOrigin | None,
    parents: Sequence[str],
    node: Mapping[str, Any],
    tests: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    meta = {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}
    if node["resource_type"] == "seed":
        sources, formula = [node["original_file_path"]], "as written in the file"
    elif origin is None:
        sources, formula = list(parents), f"see {node['original_file_path']}"
    else:
        # a model that reads nothing is written out in its file, as a seed is
        sources = list(origin.sources) or list(parents) or [node["original_file_path"]]
        formula = origin.formula or f"as in {', '.join(sources[:3])}"
    name, kind, unit = column["name"], _type(column.get("data_type") or ""), str(meta.get("unit", ""))
    values = column_values(node["name"], name) if public_model().is_public(node["name"]) else {}
    held = column_rules(name, kind, unit, _grain(tests), values)
    rules = {f"{_RELEASE}has the type of the dictionary", *(f"{_RELEASE}{rule}" for rule in held)}
    return {
        "name": name,
        "type": kind,
        "unit": unit,
        "description": column["description"].strip(),
        "description_zh": str(meta.get("description_zh") or column_description_zh(node["name"], name)),
        "values": values,
        "formula": str(meta.get("formula") or formula),
        "source": sources,
        "tests": sorted({test["label"] for test in tests if name.lower() in test["columns"]} | rules),
        "label_en": str(meta.get("label_en") or english(name)),
        "label_zh": str(meta.get("label_zh", "")),
    }


def english(name: str) -> str:
    """`days_inventory_outstanding` -> `Days inventory outstanding`."""
    words = [_UPPER.get(word, word) for word in name.split("_")]
    return " ".join([words[0][:1].upper() + words[0][1:], *words[1:]])


def _type(text: str) -> str:
    plain = re.sub(r"\s+", "", text) if "(" in text else text.strip()
    return _TYPE_NAMES.get(plain.lower(), plain.upper())


def _grain(tests: Iterable[Mapping[str, Any]]) -> list[str]:
    for test in tests:
        if test["kind"] == "grain":
            return list(test["arguments"])
    singles = [test for test in tests if test["kind"] == "unique" and len(test["columns"]) == 1]
    return sorted(singles[0]["columns"]) if singles else []


def _tests_by_node(manifest: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    result: dict[str, list[dict[str, Any]]] = {}
    for node, test in [*_data_tests(manifest), *_unit_tests(manifest)]:
        result.setdefault(node, []).append(test)
    return result


def _data_tests(manifest: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test":
            continue
        metadata = node.get("test_metadata") or {}
        kind = str(metadata.get("name") or "singular")
        arguments = metadata.get("kwargs") or {}
        arguments = {**arguments, **(arguments.get("arguments") or {})}
        listed = arguments.get("columns") or []
        if kind == "singular":
            mentioned = _words(node["raw_code"])
        elif arguments.get("column_name"):
            mentioned = {str(arguments["column_name"]).lower()}
        else:
            mentioned = _words(json.dumps({key: value for key, value in arguments.items() if key != "model"}))
        owners = [node["attached_node"]] if node.get("attached_node") else node["depends_on"]["nodes"]
        label = f"dbt: {node['name'] if kind == 'singular' else kind}"
        for owner in owners:
            yield owner, {"kind": kind, "label": label, "columns": mentioned, "arguments": listed}


def _unit_tests(manifest: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for test in manifest.get("unit_tests", {}).values():
        rows = (test.get("expect") or {}).get("rows")
        columns: set[str] = set()
        if isinstance(rows, list):
            columns = {str(column).lower() for row in rows for column in row}
        elif isinstance(rows, str):
            columns = _words(rows.splitlines()[0] if "select" not in rows.lower() else rows)
        for owner in test["depends_on"]["nodes"]:
            if owner.split(".")[-1] == test["model"]:
                fact = {
                    "kind": "unit_test",
                    "label": f"CI, dbt unit: {test['name']}",
                    "columns": columns,
                    "arguments": [],
                }
                yield owner, fact


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z_][a-z0-9_]*", text.lower()))


def declared_columns(manifest: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The declared columns of every model (by name) and source (`schema.table`).

    Args:
        manifest: of dbt. A model whose `meta` says `columns_of` passes on the columns of that model; they come first.

    Returns:
        Column -> what is declared of it, for each table.
    """
    models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] != "test"}

    def columns(name: str) -> dict[str, Any]:
        node = models[name]
        passed_on = node.get("config", {}).get("meta", {}).get("columns_of")
        return {**(columns(passed_on) if passed_on in models else {}), **node.get("columns", {})}

    sources = {f"{one['source_name']}.{one['name']}": one["columns"] for one in manifest["sources"].values()}
    return {**{name: columns(name) for name in models}, **sources}


def mart_labels() -> Mapping[str, Mapping[str, str]]:
    """English and Chinese name of each mart (labels.yml beside this module)."""
    return _labels()["marts"]


@lru_cache(maxsize=1)
def _labels() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return dict(shipped_document(LABELS))
