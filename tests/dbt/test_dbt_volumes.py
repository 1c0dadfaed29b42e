"""Documents of a warehouse or of a kind that lack beside the others are a finding; a company that merely varies is none."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from jinja2 import Environment

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
FIRST, LAST = dt.date(2026, 1, 1), dt.date(2026, 6, 27)
OTHERS = {
    "sales_shipment_lines": "shipment_date",
    "purchase_receipt_lines": "receipt_date",
    "sales_order_lines": "order_date",
}
SHARES = {"W1": 0.6, "W2": 0.25, "W3": 0.15}
Line = tuple[dt.date, str, str]


def _history(seed: int) -> list[Line]:
    """Half a year of a company with some 90 lines on a working day and 40 on others; a week of rest in February."""
    rng = random.Random(seed)
    lines = []
    for number in range((LAST - FIRST).days + 1):
        day = FIRST + dt.timedelta(days=number)
        usual = 40 if day.isoweekday() >= 6 else 90
        if dt.date(2026, 2, 16) <= day <= dt.date(2026, 2, 22):
            usual = 6
        for _ in range(max(1, round(rng.gauss(usual, usual**0.5)))):
            warehouse = rng.choices(list(SHARES), list(SHARES.values()))[0]
            lines.append((day, warehouse, rng.choices(["sales_issue", "purchase_receipt", "scrap"], [80, 18, 2])[0]))
    return lines


class _DuckDB:
    """dbt's adapter, as far as macros of dates ask for it."""

    macros: Any = None

    def dispatch(self, name: str) -> Any:
        return getattr(self.macros, f"duckdb__{name}")


def _query() -> str:
    """The model's SQL: a compilation by dbt takes ten seconds, and every build of the scene makes one."""
    adapter = _DuckDB()
    macros = "".join(
        (PROJECT / "macros" / f"{name}.sql").read_text(encoding="utf-8") for name in ("dates", "documents")
    )
    model = (PROJECT / "models" / "reconciliation" / "rec_short_volumes.sql").read_text(encoding="utf-8")
    environment = Environment()
    adapter.macros = environment.from_string(macros).make_module({"adapter": adapter})
    return environment.from_string(macros + model).render(
        adapter=adapter, ref="staging.{}".format, source="{}.{}".format
    )


@pytest.fixture(scope="module")
def short_volumes() -> Iterator[Callable[[Sequence[Line]], list[Any]]]:
    """What the model finds in the lines of a company."""
    query = _query()
    with duckdb.connect() as connection:
        for schema in ("staging", "quality", "control"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            "create table control.run_parameters as select date '2026-06-30' as as_of_date, 3::bigint as transit_days;"
            "create table quality.landing_batches as select 'C' as company_code, contract, 9 as contract_rows,"
            " d::date as extract_date, strftime(d, 'm%Y%m%d.csv') as source_file, row_number() over (order by d) as batch_sequence"
            " from generate_series(timestamp '2026-01-01', timestamp '2026-06-30', interval 1 day) as days(d),"
            " (values ('stock_movement'), ('sales_shipment_line')) as kinds(contract)"
        )

        def found(lines: Sequence[Line], *, as_shipments: bool = False) -> list[Any]:
            for name, day in OTHERS.items():
                columns = f"{day} date, warehouse_id varchar, doc_status varchar"
                connection.execute(f"create or replace table staging.stg_{name} ({columns})")
            connection.execute(
                "create or replace table staging.stg_stock_movements"
                " (business_date date, warehouse_id varchar, movement_type varchar, doc_status varchar)"
            )
            days, places, kinds = (list(values) for values in zip(*lines, strict=True))
            connection.execute(
                "insert into staging.stg_stock_movements"
                " select unnest(?::date[]), 'C/' || unnest(?::varchar[]), unnest(?::varchar[]), 'posted'",
                [days, places, kinds],
            )
            if as_shipments:
                connection.execute(
                    "insert into staging.stg_sales_shipment_lines"
                    " select business_date, warehouse_id, doc_status from staging.stg_stock_movements;"
                    "delete from staging.stg_stock_movements"
                )
            return connection.execute(
                "select part_kind, part, last_date, span_days, part_lines, usual_lines, source_file"
                f" from ({query}) order by all"
            ).fetchall()

        yield found


def test_a_company_that_varies_is_no_finding(short_volumes: Callable[[Sequence[Line]], list[Any]]) -> None:
    for seed in range(4):
        assert short_volumes(_history(seed)) == [], seed


def test_a_warehouse_that_is_gone_is_found(short_volumes: Callable[[Sequence[Line]], list[Any]]) -> None:
    first, last = dt.date(2026, 5, 12), dt.date(2026, 5, 14)
    lines = [line for line in _history(1) if not (line[1] == "W2" and first <= line[0] <= last)]
    (found,) = short_volumes(lines)
    assert found[:2] == ("warehouse", "C/W2")
    assert first <= found[2] <= last + dt.timedelta(days=3)
    assert found[4] < 0.8 * found[5]
    assert found[6] == f"m{found[2]:%Y%m%d}.csv"
    # Once the lines have come, there is nothing left.
    assert short_volumes(_history(1)) == []


def test_sales_of_a_shop_that_are_not_in_the_export_are_found(short_volumes: Callable[..., list[Any]]) -> None:
    lines = [line for line in _history(5) if line[1] != "W3" or line[0] < dt.date(2026, 6, 15)]
    assert [found[:2] for found in short_volumes(lines, as_shipments=True)] == [("warehouse", "C/W3")]


def test_half_of_the_lines_of_a_warehouse_are_missed_within_a_week(
    short_volumes: Callable[[Sequence[Line]], list[Any]],
) -> None:
    rng = random.Random(3)
    lines = [line for line in _history(2) if line[1] != "W1" or line[0] < dt.date(2026, 6, 10) or rng.random() < 0.4]
    assert [found[:2] for found in short_volumes(lines)] == [("warehouse", "C/W1")]


def test_a_kind_that_is_gone_is_found_and_one_that_grows_rarer_is_not(
    short_volumes: Callable[[Sequence[Line]], list[Any]],
) -> None:
    begin = dt.date(2026, 6, 8)
    gone = [line for line in _history(4) if not (line[2] == "purchase_receipt" and line[0] >= begin)]
    (found,) = short_volumes(gone)
    assert (*found[:2], found[4]) == ("movement_type", "purchase_receipt", 0)
    rarer = [
        line for at, line in enumerate(_history(4)) if line[2] != "purchase_receipt" or line[0] < begin or at % 3 == 0
    ]
    assert short_volumes(rarer) == []
