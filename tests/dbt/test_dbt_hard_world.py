"""Every figure of the hard world recomputed by a plain program from the same files, equal to the cent.

Prevents: a figure that the ledger has right and a mart loses (settlements, corrections, units without a cost, goods under way), and
companies that are added together.
"""

from __future__ import annotations

import itertools
import sys
from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from warehouse_builder import build_warehouse

from assets.ledger.daily import run_ledger
from assets.ledger.settings import LedgerSettings
from demo.hard_world import COMPANIES, LAST_DAY, write_hard_world
from orchestration.dbt_runner import Warehouse, build

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit" / "ledger"))
from hard_world_reference import HardWorld
from hard_world_rows import INSTANCES, landed, packs

CENT = Fraction(1, 200)
BUCKETS = [(1, 30), (2, 60), (3, 90), (4, 180), (5, 365), (6, 10**6)]


MARTS = (
    "fct_stock_balances", "fct_stock_layers", "fct_stock_ageing", "fct_turnover_rolling", "fct_turnover", "fct_conservation",
    "dim_warehouses", "dim_dates", "dim_fiscal_periods", "fct_provisions",
    "fct_stock_movements", "rec_findings_figures", "fct_kpi_summary", "fct_turnover_variants", "fct_cash_conversion",
    "int_order_lines", "rec_count_lines", "fct_sales_lines",
)  # fmt: skip


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hard")
    write_hard_world(folder)
    return folder / "inbox"


@pytest.fixture(scope="module")
def rows(inbox: Path) -> Iterator[Any]:
    """Read the figures: landing, then what dbt makes of it, the ledger, and the marts of the ledger."""
    path = inbox.parent / "warehouse.duckdb"
    books = [
        {"company_code": code, "company_name": code, "currency_code": currency, "is_main": code == "EAST"}
        for code, currency in COMPANIES.items()
    ]
    found = landed(inbox)
    for contract, lines in packs().items():
        found[contract] += lines
    build_warehouse(
        path, landing=found, tables={("control", "companies"): books},
        run_parameters={"as_of_date": LAST_DAY.isoformat()},
    )  # fmt: skip
    first = [f"fqn:stockturn.{part}" for part in ("staging", "intermediate")]
    before = ["resource_type:seed", *first]
    for selected, left_out in ((before, []), ([f"+{mart}" for mart in MARTS], before)):
        results = build(Warehouse(path), selected, exclude=left_out, target=path.parent / "target")
        assert [one for one in results if not one.is_good] == []
        if not left_out:
            with duckdb.connect(str(path)) as connection:
                run_ledger(connection, path.parent / "ledger", as_of=LAST_DAY, settings=LedgerSettings())
    with duckdb.connect(str(path), read_only=True) as connection:

        def read(sql: str) -> list[dict[str, Any]]:
            found = connection.execute(sql)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, values, strict=True)) for values in found.fetchall()]

        yield read


@pytest.fixture(scope="module")
def world(inbox: Path) -> HardWorld:
    return HardWorld(inbox, INSTANCES, LAST_DAY)


def near(published: Any, right: Fraction | None, what: object) -> None:
    """Equal to the cent, or both missing."""
    assert (published is None) == (right is None), (what, published, right and float(right))
    if right is not None:
        assert abs(Fraction(published) - right) < CENT, (what, published, float(right))


def test_balances_of_every_day(rows: Any, world: HardWorld) -> None:
    seen = set()
    for row in rows("select * from marts.fct_stock_balances"):
        place, day = (row["item_id"], row["warehouse_id"]), row["valid_from_date"]
        while day <= row["valid_to_date"]:
            right = world.days[place][day]
            assert Fraction(row["on_hand_units"]) == right.units, (place, day)
            near(row["inventory_value"], right.value, (place, day))
            seen.add((place, day))
            day += timedelta(days=1)
    held = {
        (place, day) for place, days in world.days.items() for day, here in days.items() if here.units or here.value
    }
    assert held - seen == set() and len(seen) > 3000


def test_periods_are_those_of_each_company(rows: Any, world: HardWorld) -> None:
    """4-4-5 weeks in one company, calendar months in the other; every day is in one period of each."""
    found = rows("select * from marts.dim_fiscal_periods order by company_code, period_start_date")
    for company, calendar in world.calendars.items():
        own = [row for row in found if row["company_code"] == company]
        listed = {row["period_start_date"]: (row["period_end_date"], row["period_name"]) for row in own}
        for start, end, name in calendar.periods:
            assert listed[start] == (end, f"{name[:4]}-{name[4:]}"), (company, name)
        assert all(
            earlier["period_end_date"] + timedelta(days=1) == later["period_start_date"]
            for earlier, later in itertools.pairwise(own)
        )
        assert {row["period_basis"] for row in own} == ({"source", "calendar"} if company == "EAST" else {"calendar"})
    [december] = [row for row in found if row["company_code"] == "EAST" and row["period_name"] == "2025-12"]
    assert str(december["period_end_date"]) == "2025-12-28", "the month before the first period ends where that begins"
    [day] = rows("select * from marts.dim_dates where date_day = '2026-06-28'")
    assert (day["fiscal_period_number"], day["is_fiscal_period_end"], day["month_number"]) == (6, True, 6)
    assert str(day["fiscal_period_start_date"]) == "2026-05-25"


def test_layers_and_age_buckets_of_every_period_end(rows: Any, world: HardWorld) -> None:
    layers: dict[Any, Fraction] = defaultdict(Fraction)
    for row in rows("select * from marts.fct_stock_layers where is_cost_known"):
        place = f"{row['item_id'].split('/')[0]}/IN-TRANSIT" if row["is_in_transit"] else row["warehouse_id"]
        layers[(row["item_id"], place, row["snapshot_date"])] += Fraction(row["layer_value"])
    aged: dict[Any, Fraction] = defaultdict(Fraction)
    for row in rows("select * from marts.fct_stock_ageing where value_status = 'ok'"):
        aged[(row["item_id"], row["warehouse_id"], row["snapshot_date"], row["bucket_no"])] += Fraction(
            row["stock_value"]
        )
    checked = 0
    ends = {
        code: {end for _, end, _ in calendar.periods if end < LAST_DAY} | {LAST_DAY}
        for code, calendar in world.calendars.items()
    }
    assert {(company_of(item), day) for item, _, day in layers} <= {(code, day) for code in ends for day in ends[code]}
    for day in world.calendar:
        for place, days in world.days.items():
            if day not in ends[company_of(place[0])] or days[day].value is None:
                continue
            near(layers[(*place, day)], days[day].value, (place, day))
            by_bucket: dict[int, Fraction] = defaultdict(Fraction)
            for age, value in days[day].ages.items():
                by_bucket[next(number for number, upto in BUCKETS if age <= upto)] += value
            for number, _ in BUCKETS:
                near(aged[(*place, day, number)], by_bucket[number], (place, day, number))
            checked += 1
    assert checked > 150


def company_of(item: str) -> str:
    return item.split("/")[0]


def test_turnover_of_every_month_and_window(rows: Any, world: HardWorld) -> None:
    checked = 0
    for mart in ("fct_turnover_monthly", "fct_turnover_rolling"):
        for row in rows(f"select * from marts.{mart}"):
            place, end = (row["item_id"], row["warehouse_id"]), row["period_end_date"]
            start = row.get("month_start_date") or row["period_start_date"]
            what = (mart, place, start)
            if "month_start_date" in row:
                first, last, _ = world.calendars[company_of(place[0])].of(end)
                assert (start, end) == (first, min(last, LAST_DAY)), what
            near(row["average_inventory_value"], world.average(place, start, end), what)
            sold = world.sold(place, start, end)
            if row["value_status"] == "ok" or sold:
                near(row["cogs_value"], sold, what)
            checked += 1
    assert checked > 200
    rolling = {row["window_days"]: row for row in rows("select * from marts.fct_turnover_rolling")}
    assert (rolling[90]["period_end_date"] - rolling[90]["period_start_date"]).days + 1 == 90


def test_companies_stand_apart_and_a_group_is_converted(rows: Any, world: HardWorld) -> None:
    """Two companies, two currencies: two rows, never one sum; the group is the one sum, at the rate of the main company."""
    found = {row["company_code"]: row for row in rows(f"{_TURNOVER} and scope in ('company', 'group')")}
    assert {code: row["currency_code"] for code, row in found.items()} == {**COMPANIES, "": "CNY"}
    average = sold = Fraction(0)
    for code, currency in COMPANIES.items():
        row = found[code]
        own_average, own_sold = world.company(code, row["period_start_date"], row["period_end_date"])
        assert abs(Fraction(row["average_inventory_value"]) - own_average) < 20 * CENT
        near(row["cogs_value"], own_sold, code)
        rate = world.rates["EAST"].of(currency, row["period_end_date"])
        average, sold = average + own_average * rate, sold + own_sold * rate
    assert (
        abs(Fraction(found[""]["average_inventory_value"]) - average) < 200 * CENT
    )  # 20 places of a cent, times the rate
    assert abs(Fraction(found[""]["cogs_value"]) - sold) < 20 * CENT
    others = rows(f"{_TURNOVER} and scope not in ('company', 'group')")
    assert {row["company_code"] for row in others} == set(COMPANIES), "a category of both companies is two rows"


def test_quarters_follow_the_calendar_and_the_group_is_refused_across_calendars(rows: Any, world: HardWorld) -> None:
    for code, calendar in world.calendars.items():
        found = rows(
            f"""select * from marts.fct_turnover where period_kind = 'quarter' and scope = 'company' and company_code = '{code}'"""
        )
        starts = {calendar.quarter(day) for day in world.calendar}
        assert {row["period_start_date"] for row in found} == starts
        for row in found:
            months = {
                calendar.of(day)[:2] for day in world.calendar if calendar.quarter(day) == row["period_start_date"]
            }
            sold = sum((world.company(code, first, min(last, LAST_DAY))[1] for first, last in months), Fraction(0))
            near(row["cogs_value"], sold, (code, row["period_start_date"]))
    group = rows("select * from marts.fct_turnover where scope = 'group' and period_kind in ('month', 'quarter')")
    assert group and all(
        row["turnover_status"] == "not_available: the companies keep different calendars" and row["cogs_value"] is None
        for row in group
    )


_TURNOVER = "select * from marts.fct_turnover where period_kind = 'rolling_365'"


def test_kpis_of_each_company_and_of_the_group(rows: Any, world: HardWorld) -> None:
    """F12: the KPI table has each company for itself, in its own currency, and the group in that of the main one."""
    kpis = {
        (row["kpi"], row["company_code"]): row
        for row in rows("select * from marts.fct_kpi_summary where scope in ('company', 'group')")
    }
    capital = {}
    for code, currency in COMPANIES.items():
        own = [days[LAST_DAY].value for place, days in world.days.items() if place[0].startswith(f"{code}/")]
        capital[code] = sum((value for value in own if value is not None), Fraction(0))
        row = kpis["inventory_capital", code]
        near(row["kpi_value"], capital[code], code)
        assert (row["currency_code"], row["kpi_status"]) == (currency, "ok")
        start = max(world.first_day, LAST_DAY - timedelta(days=364))
        average, sold = world.company(code, start, LAST_DAY)
        days = (LAST_DAY - start).days + 1
        turns = float(sold * 365 / days / average)
        assert abs(kpis["inventory_turnover", code]["kpi_value"] - turns) < 1e-6 * turns
        [mart] = rows(f"{_TURNOVER} and scope = 'company' and company_code = '{code}'")
        assert abs(kpis["inventory_turnover", code]["kpi_value"] - mart["inventory_turnover_annualised"]) < 2e-6
        assert (kpis["fill_rate", code]["kpi_status"], kpis["fill_rate", code]["currency_code"]) == ("ok", None)
    rate = world.rates["EAST"].of("USD", LAST_DAY)
    near(kpis["inventory_capital", ""]["kpi_value"], capital["EAST"] + capital["WEST"] * rate, "group")
    assert kpis["inventory_capital", ""]["scope"] == "group" and kpis["inventory_capital", ""]["currency_code"] == "CNY"


def test_documents_keep_their_currency_beside_the_companys(rows: Any) -> None:
    """20 USD at 7.1 are 142.00 CNY; 250 美元 at 7.25; euro without a rate are no amount, and a finding."""
    found = rows(
        """select document_unit_cost, document_cost_value, currency_code, exchange_rate, source_unit_cost, source_cost_value, cost_status
           from marts.fct_stock_movements where item_id in ('EAST/IMPORTED', 'EAST/EURO') and movement_type = 'purchase_receipt'
           order by item_id desc, business_date"""
    )
    told = [tuple(None if value is None else str(value) for value in row.values()) for row in found]
    assert told[0][:5] == ("20.00000000", None, "USD", "7.1000000000", "142.00000000")
    assert told[1][0] is None, "given by amount: no unit cost of its own"
    assert told[1][1:4] + told[1][5:6] == ("250.0000", "USD", "7.2500000000", "1812.5000")
    assert (
        told[3][0] == "30.00000000" and told[3][2:5] == ("EUR", None, None) and told[3][6].startswith("not_available")
    )
    assert told[4][:5] == ("30.00000000", None, "EUR", "7.9000000000", "237.00000000")
    missing = rows("select message from reconciliation.rec_findings_figures where rule_id = 'missing_exchange_rate'")
    assert len(missing) == 2 and all("EUR" in row["message"].split("\x1f") for row in missing)


def test_goods_under_way_are_a_place_of_their_own(rows: Any) -> None:
    [moved] = rows(
        """select on_hand_units, available_units, inventory_value from marts.fct_stock_balances
           where item_id = 'EAST/MOVED' and warehouse_id = 'EAST/IN-TRANSIT' order by valid_to_date desc limit 1"""
    )
    assert tuple(moved.values()) == (25, 0, 250), "24 shipped, 1 lost on an earlier way"
    [place] = rows(
        "select warehouse_type, is_nettable from marts.dim_warehouses where warehouse_id = 'EAST/IN-TRANSIT'"
    )
    assert tuple(place.values()) == ("transit", False)
    assert all(row["is_closed"] for row in rows("select is_closed from marts.fct_conservation"))


def test_overlapping_periods_are_findings_and_each_day_is_in_one(rows: Any) -> None:
    found = rows(
        """select message, source_row from reconciliation.rec_findings_figures where rule_id = 'overlapping_periods'
           order by source_row"""
    )
    assert [(*row["message"].split("\x1f"), row["source_row"]) for row in found] == [
        ("overlapping_periods.cut", "202701", "2027-01-31", "2027-01-24", 2),
        ("overlapping_periods.backwards", "202703", "2027-02-20", "2027-02-22", 4),
        ("overlapping_periods.same_start", "202713", "2027-01-25", "202702", 5),
    ]
    days = rows(
        """select count(*) as n from marts.dim_fiscal_periods a join marts.dim_fiscal_periods b on a.company_code = b.company_code
           and a.period_start_date < b.period_start_date and a.period_end_date >= b.period_start_date"""
    )
    assert days == [{"n": 0}]


def test_units_are_checked_against_the_master_and_the_order(rows: Any) -> None:
    """2 cartons of 12 entered as 20, found in both companies; 5 bags received as twice what they were ordered as; nothing else."""
    found = rows(
        "select item_id, doc_no, variance_units from reconciliation.rec_findings_figures where rule_id = 'unit_factor_mismatch'"
    )
    told = sorted((row["item_id"], row["variance_units"]) for row in found if row["variance_units"] is not None)
    assert told == [("EAST/PACKED", 4), ("EAST/PLAIN", -5), ("WEST/PACKED", 4)]


def test_units_are_entered_in_cartons_alone(rows: Any) -> None:
    """4 cartons of 12 are 48 pieces; 9 pallets are no quantity, and a finding."""
    found = rows(
        """select item_id, entered_uom, quantity_units from intermediate.int_stock_movements
           where item_id like '%/PACKED' and business_date >= '2026-06-15' order by item_id, business_date"""
    )
    assert [tuple(row.values()) for row in found if row["entered_uom"]] == [
        (f"{code}/PACKED", "CTN", units) for code in COMPANIES for units in (48,)
    ]
    missing = rows("select message from reconciliation.rec_findings_figures where message like '%PALLET%'")
    told = [row["message"].split("\x1f") for row in missing]
    # of each company: the movement, its order and its receipt; a sales order; a count
    assert (
        sorted(told)
        == [["unit_factor_mismatch.unknown", "1", "PALLET"]] * 4 + [["unit_factor_mismatch.unknown", "9", "PALLET"]] * 6
    )


def test_orders_shipments_and_counts_are_entered_in_cartons_alone(rows: Any) -> None:
    """2 cartons ordered are 24 pieces, 3 shipped 36 and 14 counted 168; a pallet is no order line, no count, and no zero."""
    [open_line] = rows("select due_units, open_units from intermediate.int_order_lines where so_no = 'SOE92'")
    assert tuple(open_line.values()) == (24, 24)
    assert rows("select 1 from intermediate.int_order_lines where so_no = 'SOE93'") == []
    shipped = rows("select shipped_units, revenue_value from marts.fct_sales_lines where item_id = 'EAST/PACKED'")
    assert {row["shipped_units"] for row in shipped} == {36} and len(shipped) == 6
    counted = rows(
        "select item_id, counted_units from reconciliation.rec_count_lines where item_id like 'WEST/%' order by 1"
    )
    assert [tuple(row.values()) for row in counted] == [
        ("WEST/PACKED", 168), ("WEST/PLAIN", 31), ("WEST/PLAIN", 5)
    ]  # fmt: skip


def test_figures_of_the_cases(rows: Any) -> None:
    """The same as a bookkeeper says of them, without any program."""
    value = {
        row["item_id"]: row["value"]
        for row in rows("select item_id, sum(entry_value) as value from marts.fct_value_entries group by item_id")
    }
    assert value["EAST/SETTLED"] == 0 and value["EAST/SHORT"] == -50 and value["EAST/REVERSED"] == 44
    sold = {
        row["item_id"]: row["cogs"]
        for row in rows(
            "select item_id, -sum(entry_value) as cogs from marts.fct_value_entries where is_cogs group by item_id"
        )
    }
    assert sold["EAST/SETTLED"] == 250 and sold["EAST/SHORT"] == 100 and sold["EAST/REVERSED"] == 122
    [left] = rows("select sum(entry_value) as value from marts.fct_value_entries where item_id = 'EAST/BY_AMOUNT'")
    assert abs(float(left["value"]) - 100000 * (7000000 - 3500000 - 1234567) / 7000000) < 0.005
