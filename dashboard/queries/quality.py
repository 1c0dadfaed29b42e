"""Findings, sources and checks: what is known about the data itself."""

from __future__ import annotations

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
        f"""select severity, item_id, warehouse_id, doc_no, business_date,
                {_in_language(reader, "explanation", language)}, variance_units, variance_value, cause,
                source_file, source_row, owner_name
            from {relation} where rule_id = $rule_id
            order by abs(variance_value) desc nulls last, finding_id limit {int(limit)}""",
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
