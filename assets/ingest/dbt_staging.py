"""What dbt reads of the contracts: the source `landing` and the columns of the staging models, described by the contracts.

`python -m assets.ingest.dbt_staging` writes models/staging/_contracts.yml; a test keeps the committed file in step. The
models themselves take their columns from it by `contract_columns` (macros/contract_columns.sql), so that a column that a
contract gains is in staging without a change there. A staging model with a `.yml` of its own is not described here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from assets.documents import shipped_document
from assets.ingest.contracts import (
    CONTRACTS_FOLDER,
    Column,
    ColumnType,
    Contract,
    landing_columns,
    load_contracts,
    load_envelope,
)

STAGING = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "staging"
TARGET = STAGING / "_contracts.yml"
_HEAD = (
    "# Written by `python -m assets.ingest.dbt_staging` from assets/ingest/contracts; "
    "change the contracts, not this file.\n"
)
_UNITS = {
    ColumnType.TEXT: "text",
    ColumnType.ENUM: "code",
    ColumnType.INTEGER: "count",
    ColumnType.RATE: "rate",
    ColumnType.FACTOR: "factor",
    ColumnType.BOOLEAN: "true/false",
    ColumnType.DATE: "date",
    ColumnType.TIMESTAMP: "UTC instant",
}
_CURRENCY = "currency_code"
# what the macro `envelope` selects; tests/dbt/test_dbt_project.py compares with what is built
_ENVELOPE = (
    "source_system",
    "source_instance",
    "company_code",
    "batch_id",
    "source_file",
    "source_row",
    "extract_date",
)


def dbt_staging_yaml(contracts: Mapping[str, Contract]) -> str:
    """Text of `_contracts.yml`: source `landing`, a table per contract, and the staging model of each with its columns."""
    source: dict[str, Any] = {
        "name": "landing",
        "schema": "landing",
        "description": "Extracts that keep their contract: effective rows of the batches up to the as-of date.",
        # a week: the longest that daily, weekly and working-day deliveries stay away; what is late is a finding's matter
        "config": {"freshness": {"warn_after": {"count": 7, "period": "day"}}},
    }
    lines = [_HEAD + "version: 2\nsources:\n" + _block([source], "").rstrip("\n"), "  tables:"]
    for contract in contracts.values():
        lines += [_block([_table(contract)], "  ").rstrip("\n"), "    columns:"]
        lines += [f"    - {_line(_source_column(column))}" for column in landing_columns(contract)]
    lines.append("models:")
    for sql in sorted(STAGING.glob("stg_*.sql")):
        if sql.with_suffix(".yml").exists():
            continue
        text = sql.read_text(encoding="utf-8")
        contract = contracts[re.findall(r"source\('landing', '(\w+)'\)", text)[0]]
        described = f"{contract.meaning} As landed, with the keys that every later layer uses."
        lines += [_block([{"name": sql.stem, "description": described}], "").rstrip("\n"), "  columns:"]
        lines += [f"  - {_line(one)}" for one in _model_columns(sql.stem, text, contract)]
    return "\n".join(lines) + "\n"


def _block(value: Any, indent: str) -> str:
    text = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=160)
    return "".join(indent + line for line in text.splitlines(keepends=True))


def _line(value: Mapping[str, Any]) -> str:
    text = yaml.safe_dump(dict(value), allow_unicode=True, sort_keys=False, default_flow_style=True, width=10_000)
    return text.strip()


def _table(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.name,
        "description": f"{contract.title} ({contract.label_zh}). {contract.meaning}",
        "config": {
            "meta": {"dagster": {"asset_key": ["landing", contract.name]}},
            "loaded_at_query": f"{{{{ stockturn.latest_extract_at('{contract.name}') }}}}",
        },
    }


def _source_column(column: Column) -> dict[str, Any]:
    unit = f" Unit: {column.unit}." if column.unit else ""
    values = f" One of: {', '.join(column.values)}." if column.values else ""
    meta: dict[str, Any] = {"unit": _unit(column)}
    if column.name in load_envelope():
        meta["is_envelope"] = True
    return {
        "name": column.name,
        "data_type": column.type.duckdb.lower(),
        "description": f"{column.meaning.rstrip('.')} ({column.label_zh}).{unit}{values}",
        "config": {"meta": meta},
    }


def _unit(column: Column) -> str:
    return column.unit or _UNITS[column.type]


def _model_columns(model: str, sql: str, contract: Contract) -> Iterator[dict[str, Any]]:
    """The columns of a staging model in the order in which its last select and `contract_columns` name them."""
    last = sql.partition("final as (")[2]
    for part in re.finditer(r" as (\w+),$|^ +(\w+),?$|\{\{ (contract_columns|envelope)\(", last, re.MULTILINE):
        added, plain, macro = part.groups()
        if macro == "contract_columns":
            yield from _contract_columns(model, contract)
        elif macro == "envelope":
            yield from (_described(load_envelope()[name]) for name in _ENVELOPE)
        elif added:
            yield _added(model, added)
        elif plain in load_envelope():
            yield _described(load_envelope()[plain])


def _contract_columns(model: str, contract: Contract) -> Iterator[dict[str, Any]]:
    """What `contract_columns` (macros/contract_columns.sql) selects."""
    amounts: list[Column] = []
    for column in contract.columns.values():
        if column.name == _CURRENCY:
            yield from (_of_document(amount) for amount in amounts)
            yield _added(model, _CURRENCY)
            yield _added(model, "exchange_rate")
            continue
        if _unit(column).startswith("currency") and _CURRENCY in contract.columns:
            amounts.append(column)
        yield _described(column)


def _described(column: Column) -> dict[str, Any]:
    meta = {"unit": _unit(column), "label_zh": column.label_zh}
    if column.meaning_zh:
        meta["description_zh"] = column.meaning_zh
    return {"name": column.name, "description": column.meaning, "config": {"meta": meta}}


def _of_document(amount: Column) -> dict[str, Any]:
    words = _words()["document_*"]
    return {
        "name": f"document_{amount.name}",
        "description": words["meaning"].format(amount.meaning.rstrip(".")),
        "config": {"meta": {"unit": f"document {amount.unit}", "label_zh": words["label_zh"].format(amount.label_zh)}},
    }


def _added(model: str, name: str) -> dict[str, Any]:
    words = _words().get(f"{model}.{name}") or _words()[name]
    meta = {"unit": words.get("unit", "text"), "label_zh": words["label_zh"]}
    return {"name": name, "description": words["meaning"], "config": {"meta": meta}}


def _words() -> Mapping[str, Mapping[str, str]]:
    read: Mapping[str, Mapping[str, str]] = shipped_document(CONTRACTS_FOLDER / "_staging.yml")["columns"]
    return read


def main() -> None:
    """Write the file."""
    TARGET.write_text(dbt_staging_yaml(load_contracts()), encoding="utf-8")


if __name__ == "__main__":
    main()
