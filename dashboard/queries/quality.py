"""Findings, sources and checks: what is known about the data itself."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader


def sources(reader: ReleaseReader) -> pd.DataFrame:
    """Per contract and source: rows in and out, age of the newest extract, checks."""
    return reader.frame(
        """select contract, source_instance, last_extract_date, extract_age_days, batches, rows_in, rows_loaded,
               rows_quarantined, rows_duplicate, rows_gap, checks, failed_checks, failed_critical_checks
           from fct_data_quality order by failed_critical_checks desc, extract_age_days desc, contract,
               source_instance"""
    )


def _in_language(reader: ReleaseReader, column: str, language: str) -> str:
    """The column of findings that says it in the language; English where an older release has no other."""
    own = f"{column}_{language}"
    return own if reader.has_column("fct_findings", own) else column


def _currency(reader: ReleaseReader) -> str:
    """The currency of the money, where the release says it."""
    return " f.currency_code," if reader.has_column("fct_findings", "currency_code") else ""


def findings_by_rule(reader: ReleaseReader, wanted: Filter, language: str = "en") -> pd.DataFrame:
    """Findings and money per rule, worst first. A finding without item belongs to everybody who sees everything."""
    relation = "fct_findings" if wanted.is_everything else wanted.of("fct_findings")
    return reader.frame(
        f"""select rule_id, any_value(title) as title, any_value(title_zh) as title_zh, severity, count(*) as findings,
                sum(abs(variance_value)) as gross_value, any_value({_in_language(reader, "fix", language)}) as fix
            from {relation} group by rule_id, severity
            order by case severity when 'critical' then 1 when 'warning' then 2 else 3 end,
                gross_value desc nulls last, rule_id""",
        wanted.parameters,
    )


def findings(
    reader: ReleaseReader, wanted: Filter, rule_id: str, limit: int = 500, language: str = "en"
) -> pd.DataFrame:
    """The findings of one rule, dearest first."""
    relation = "fct_findings" if wanted.is_everything else wanted.of("fct_findings")
    return reader.frame(
        f"""select f.severity, i.item_code, i.item_name, w.warehouse_name, f.doc_no, f.business_date,
                f.{_in_language(reader, "explanation", language)}, f.variance_units, f.variance_value,{_currency(reader)} f.cause,
                f.source_file, f.source_row, f.owner_name, f.item_id, f.warehouse_id
            from {relation} as f left join dim_items as i on i.item_id = f.item_id
            left join dim_warehouses as w on w.warehouse_id = f.warehouse_id
            where f.rule_id = $rule_id
            order by abs(f.variance_value) desc nulls last, f.finding_id limit {int(limit)}""",
        {**wanted.parameters, "rule_id": rule_id},
    )


def choices(reader: ReleaseReader, wanted: Filter) -> dict[str, list[str]]:
    """What the filters can be set to, within what the user may see."""
    row = reader.row(
        f"""select list_sort(list(distinct warehouse_id)) as warehouses,
                list_sort(list(distinct category_name)) as categories,
                list_sort(list(distinct owner_name)) as owners
            from {wanted.health}""",
        wanted.parameters,
    )
    lists = {name: values if values is not None else [] for name, values in row.items()}
    return {name: [str(value) for value in values if value] for name, values in lists.items()}


def warehouse_names(reader: ReleaseReader) -> dict[str, str]:
    """Warehouse -> its name; with its code where another has the same name."""
    rows = reader.frame(
        """select warehouse_id, any_value(warehouse_name) as warehouse_name, any_value(warehouse_code) as warehouse_code
           from fct_inventory_health where warehouse_name is not null group by warehouse_id order by warehouse_id"""
    ).to_dict("records")
    names = [row["warehouse_name"] for row in rows]
    return {
        str(row["warehouse_id"]): f"{row['warehouse_name']} ({row['warehouse_code']})"
        if names.count(row["warehouse_name"]) > 1
        else str(row["warehouse_name"])
        for row in rows
    }


def names_of(reader: ReleaseReader, items: Sequence[str], warehouses: Sequence[str]) -> dict[str, str]:
    """Names of items (code and name) and warehouses by their id; what the release does not have is left out."""
    found = reader.frame(
        """select item_id as id, concat_ws(' ', item_code, item_name) as name from dim_items
           where list_contains($items, item_id)
           union all select warehouse_id, warehouse_name from dim_warehouses
           where list_contains($warehouses, warehouse_id) and warehouse_name is not null""",
        {"items": sorted(set(items)), "warehouses": sorted(set(warehouses))},
    )
    return {str(row["id"]): str(row["name"]) for row in found.to_dict("records")}
