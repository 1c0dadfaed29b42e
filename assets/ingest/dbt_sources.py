"""The dbt source definition of the landing views, derived from the contracts.

`python -m assets.ingest.dbt_sources` writes it; a test keeps the committed file in step.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from assets.ingest.contracts import Column, Contract, landing_columns, load_contracts

TARGET = Path(__file__).resolve().parents[2] / "dbt_project" / "models" / "staging" / "_sources.yml"
_HEAD = (
    "# Written by `python -m assets.ingest.dbt_sources` from assets/ingest/contracts; "
    "change the contracts, not this file.\n"
)


def dbt_sources_yaml(contracts: Mapping[str, Contract]) -> str:
    """Text of `_sources.yml`: source `landing`, a table per contract with asset key, each column described."""
    source: dict[str, Any] = {
        "name": "landing",
        "schema": "landing",
        "description": "Extracts that keep their contract: effective rows of the batches up to the as-of date.",
        # a week: the longest that daily, weekly and working-day deliveries stay away; what is late is a finding's matter
        "config": {"freshness": {"warn_after": {"count": 7, "period": "day"}}},
        "tables": [_table(contract) for contract in contracts.values()],
    }
    document = {"version": 2, "sources": [source]}
    return _HEAD + yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=160)


def _table(contract: Contract) -> dict[str, Any]:
    return {
        "name": contract.name,
        "description": f"{contract.title} ({contract.label_zh}). {contract.meaning}",
        "config": {
            "meta": {"dagster": {"asset_key": ["landing", contract.name]}},
            "loaded_at_query": f"{{{{ stockturn.latest_extract_at('{contract.name}') }}}}",
        },
        "columns": [_column(column) for column in landing_columns(contract)],
    }


def _column(column: Column) -> dict[str, str]:
    unit = f" Unit: {column.unit}." if column.unit else ""
    values = f" One of: {', '.join(column.values)}." if column.values else ""
    return {
        "name": column.name,
        "data_type": column.type.duckdb.lower(),
        "description": f"{column.meaning.rstrip('.')} ({column.label_zh}).{unit}{values}",
    }


def main() -> None:
    """Write the file."""
    TARGET.write_text(dbt_sources_yaml(load_contracts()), encoding="utf-8")


if __name__ == "__main__":
    main()
