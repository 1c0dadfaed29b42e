"""Codes of published columns and their names in both languages (values.yml), and Chinese descriptions (descriptions_zh.yml)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from assets.documents import shipped_document
from assets.publish.kpis import kpi_catalogue

VALUES = Path(__file__).with_name("values.yml")
DESCRIPTIONS_ZH = Path(__file__).with_name("descriptions_zh.yml")
RULES = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds" / "rules.csv"
NOT_AVAILABLE = "not_available: "
_STATUS_ZH = {"ok": "正常", "no_sales": "无销售"}
_NOT_AVAILABLE_ZH = "无数据："
Names = Mapping[str, Mapping[str, str]]
"""Code -> language -> name."""


@lru_cache(maxsize=1)
def _values() -> Mapping[str, Any]:
    read = shipped_document(VALUES)
    with RULES.open(encoding="utf-8", newline="") as handle:
        rules = {row["rule_id"]: {"en": row["title"], "zh": row["title_zh"]} for row in csv.DictReader(handle)}
    kpis = {name: kpi.label.model_dump() for name, kpi in kpi_catalogue().kpis.items()}
    return {**read, "lists": {**read["lists"], "rules": rules, "kpis": kpis}}


def value_list(name: str) -> Names:
    """The codes of a list of values.yml with their names, in its order."""
    found: Names = _values()["lists"][name]
    return found


def column_values(mart: str, column: str) -> Names:
    """The codes that a column of a mart may hold, with their names; empty where it is no column of codes."""
    declared: Mapping[str, list[str]] = _values()["columns"]
    lists = declared.get(f"{mart}.{column}", declared.get(column, []))
    return {code: names for name in lists for code, names in value_list(name).items()}


def value_names() -> Names:
    """`<column>_<code>` -> language -> name, for every column of codes: what the pages look a code up by."""
    found: dict[str, Mapping[str, str]] = {}
    for column in _values()["columns"]:
        mart, _, name = column.rpartition(".")
        found.update({f"{name}_{code}": names for code, names in column_values(mart, name).items()})
    return found


def unit_zh(unit: str) -> str:
    """A unit of the dictionary in Chinese, itself where it has none."""
    known: Mapping[str, str] = _values()["units"]
    return known.get(unit, unit)


def status_names() -> dict[str, str]:
    """The values of a status column that have a Chinese name, with it: `ok`, `no_sales`, and `not_available: <reason>`."""
    reasons: Mapping[str, str] = _values()["reasons"]
    return {
        **_STATUS_ZH,
        **{f"{NOT_AVAILABLE}{reason}": f"{_NOT_AVAILABLE_ZH}{zh}" for reason, zh in sorted(reasons.items())},
    }


@lru_cache(maxsize=1)
def _descriptions() -> Mapping[str, Mapping[str, str]]:
    read: Mapping[str, Mapping[str, str]] = shipped_document(DESCRIPTIONS_ZH)
    return read


def mart_description_zh(mart: str) -> str:
    """What a mart of the product holds, in Chinese; empty where nothing is known."""
    return _descriptions()["marts"].get(mart, "")


def column_description_zh(mart: str, column: str) -> str:
    """What a column of a mart of the product is, in Chinese; empty where nothing is known."""
    known = _descriptions()["columns"]
    return known.get(f"{mart}.{column}", known.get(column, ""))
