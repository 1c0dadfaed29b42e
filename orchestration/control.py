"""The schema `control`: the configuration as tables, so that the same SQL serves every day without a reparse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from orchestration.settings import Settings

CONTROL_TABLES = ("run_parameters", "companies", "age_buckets", "kpi_targets", "teams", "source_capabilities")


def control_tables(
    settings: Settings, as_of: date, capabilities: Sequence[tuple[str, str, str, str, bool]]
) -> dict[str, pa.Table]:
    """All tables of `control` for one run (columns: docs/interfaces.md)."""
    return {
        "run_parameters": _run_parameters(settings, as_of),
        "companies": _companies(settings),
        "age_buckets": _age_buckets(settings.ageing.bucket_days),
        "kpi_targets": _kpi_targets(settings),
        "teams": _teams(settings),
        "source_capabilities": _capabilities(capabilities),
    }


def _run_parameters(settings: Settings, as_of: date) -> pa.Table:
    checks, ageing = settings.checks, settings.ageing
    abc = settings.planning.classification
    row = {
        "as_of_date": as_of,
        "currency": settings.company.currency,
        "timezone": settings.company.timezone,
        "ageing_mode": settings.ledger.ageing,
        "dead_days": ageing.dead_days,
        "long_dead_days": ageing.long_dead_days,
        "new_item_guard_days": ageing.new_item_guard_days,
        "demand_frequency": settings.demand_frequency,
        "abc_a_rate": abc.abc_a_rate,
        "abc_b_rate": abc.abc_b_rate,
        "count_tolerance_a_rate": checks.count_tolerance_a_rate,
        "count_tolerance_b_rate": checks.count_tolerance_b_rate,
        "count_tolerance_c_rate": checks.count_tolerance_c_rate,
        "late_document_days": checks.late_document_days,
        "transit_days": checks.transit_days,
        "stale_snapshot_days": checks.stale_snapshot_days,
        **{f"carrying_{name}": rate for name, rate in settings.carrying_cost.model_dump().items()},
    }
    schema = pa.Table.from_pylist([row]).schema
    rate = schema.get_field_index("carrying_shrinkage_rate")  # null where what was booked is taken: a type all the same
    return pa.Table.from_pylist([row], schema=schema.set(rate, pa.field("carrying_shrinkage_rate", pa.float64())))


def _companies(settings: Settings) -> pa.Table:
    codes, names, currencies, mains = zip(*settings.books(), strict=True)
    return pa.table(
        {
            "company_code": pa.array(codes, pa.string()),
            "company_name": pa.array(names, pa.string()),
            "currency_code": pa.array(currencies, pa.string()),
            "is_main": pa.array(mains, pa.bool_()),
        }
    )


def _age_buckets(bounds: tuple[int, ...]) -> pa.Table:
    lower = [0, *(bound + 1 for bound in bounds)]
    upper: list[int | None] = [*bounds, None]
    labels = [f"{low}-{high}" for low, high in zip(lower, bounds, strict=False)] + [f"> {bounds[-1]}"]
    return pa.table(
        {
            "bucket_no": pa.array(range(1, len(lower) + 1), pa.int32()),
            "bucket_label": pa.array(labels),
            "from_days": pa.array(lower, pa.int32()),
            "to_days": pa.array(upper, pa.int32()),
        }
    )


def _capabilities(rows: Sequence[tuple[str, str, str, str, bool]]) -> pa.Table:
    names = ("source_instance", "source_system", "contract", "capability", "is_available")
    kinds = (pa.string(), pa.string(), pa.string(), pa.string(), pa.bool_())
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table(
        {name: pa.array(list(column), kind) for name, kind, column in zip(names, kinds, columns, strict=True)}
    )


def _kpi_targets(settings: Settings) -> pa.Table:
    schema = pa.schema(
        [
            ("kpi", pa.string()),
            ("scope", pa.string()),
            ("scope_value", pa.string()),
            ("target_rate", pa.float64()),
            ("floor_rate", pa.float64()),
            ("ceiling_rate", pa.float64()),
            ("owner_name", pa.string()),
        ]
    )
    rows = [target.model_dump() for target in settings.all_targets()]
    return pa.Table.from_pylist(rows, schema=schema)


def _teams(settings: Settings) -> pa.Table:
    rows = [{"owner_name": person, "team_name": team} for team, people in settings.teams.items() for person in people]
    return pa.Table.from_pylist(rows, schema=pa.schema([("owner_name", pa.string()), ("team_name", pa.string())]))
