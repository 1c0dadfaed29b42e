"""Stock, layers, turnover, entries, provisions, KPIs and calendars of the release against the plain books of the hard world."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hard_release_book import CENT, MILLIONTH, Book, code
from hard_world_reference import HardWorld

from demo.hard_world import COMPANIES, LAST_DAY

BUCKETS = [30, 60, 90, 180, 365, 10**6]


def check_stock_of_every_day(book: Book) -> None:
    for row in book.rows("fct_stock_balances"):
        place, day = (row["item_id"], row["warehouse_id"]), row["valid_from_date"]
        is_under_way = row["warehouse_id"].endswith("/IN-TRANSIT")
        while day <= row["valid_to_date"]:
            right = book.world.days[place][day]
            book.same(row, "inventory_value", right.value)
            book.same(row, "on_hand_units", right.units, MILLIONTH)
            book.same(row, "valued_units", right.units, MILLIONTH)
            book.same(row, "available_units", Fraction(0) if is_under_way else right.units, MILLIONTH)
            day += timedelta(days=1)


def _ends(world: HardWorld) -> dict[str, set[date]]:
    return {
        company: {end for _, end, _ in calendar.periods if end < LAST_DAY} | {LAST_DAY}
        for company, calendar in world.calendars.items()
    }


def check_layers_and_buckets_of_every_period_end(book: Book) -> None:
    world, ends = book.world, _ends(book.world)
    layers: dict[Any, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
    for row in book.rows("fct_stock_layers"):
        place = f"{code(row['item_id'])}/IN-TRANSIT" if row["is_in_transit"] else row["warehouse_id"]
        key = (row["item_id"], place, row["snapshot_date"])
        assert row["snapshot_date"] in ends[code(row["item_id"])]
        layers[key][0] += Fraction(row["quantity_units"])
        layers[key][1] += Fraction(row["layer_value"] or 0)
        age = (row["snapshot_date"] - row["origin_date"]).days
        book.same(row, "layer_age_days", Fraction(max(age, 0)), MILLIONTH)
        if row["unit_cost"] is not None and row["layer_value"] is not None:
            book.same(row, "unit_cost", Fraction(row["layer_value"]) / Fraction(row["quantity_units"]),
                      CENT / abs(Fraction(row["quantity_units"])) + MILLIONTH)  # fmt: skip
    book.mart = "fct_stock_layers"
    checked = 0
    for place, days in world.days.items():
        for day in sorted(ends[code(place[0])]):
            if day in days and days[day].value is not None:
                found = layers[(*place, day)]
                book.same({"quantity_units": found[0]}, "quantity_units", days[day].units, MILLIONTH)
                book.same({"layer_value": found[1]}, "layer_value", days[day].value)
                checked += 1
    assert checked > 200
    for row in book.rows("fct_stock_ageing", "value_status = 'ok'"):
        here = world.days[row["item_id"], row["warehouse_id"]][row["snapshot_date"]]
        low = 0 if row["bucket_no"] == 1 else BUCKETS[row["bucket_no"] - 2] + 1
        aged = {age: value for age, value in here.ages.items() if low <= age <= BUCKETS[row["bucket_no"] - 1]}
        book.same(row, "stock_value", sum(aged.values(), Fraction(0)))


def _months(world: HardWorld, place: tuple[str, str]) -> list[tuple[date, date]]:
    """Periods in which the place had a balance, cut to the day of the run."""
    first = min(world.days[place])
    periods = world.calendars[code(place[0])].periods
    return [(start, min(end, LAST_DAY)) for start, end, _ in periods if end >= first and start <= LAST_DAY]


def turnover(world: HardWorld, place: tuple[str, str], start: date, end: date, is_month: bool) -> dict[str, Any]:
    """The turnover family of a place, as METRICS says it."""
    days, span = world.days[place], (end - start).days + 1

    def value(day: date) -> Fraction | None:
        return days[day].value if day in days else Fraction(0)

    average, sold = world.average(place, start, end), world.sold(place, start, end)
    evening, ending = value(start - timedelta(days=1)), value(end)
    ends = [last for _, last in _months(world, place) if start <= last <= end]
    points = [evening, ending] if is_month else [evening, *(value(day) for day in ends)]
    units = sum(
        (days[start + timedelta(days=n)].units for n in range(span) if start + timedelta(days=n) in days), Fraction(0)
    )
    sold_units = sum(
        (world.sold_units[place].get(start + timedelta(days=n), Fraction(0)) for n in range(span)), Fraction(0)
    )
    is_known = average is not None
    right: dict[str, Any] = {
        "period_days": Fraction(span), "average_inventory_value": average, "average_inventory_units": units / span,
        "ending_units": days[end].units if end in days else Fraction(0), "cogs_units": sold_units,
        "opening_inventory_value": evening if is_known else None, "ending_inventory_value": ending if is_known else None,
    }  # fmt: skip
    known = [point for point in points if point is not None]
    if is_known and evening is not None and ending is not None and len(known) == len(points):
        right["average_inventory_value_two_point"] = (evening + ending) / 2
        right["average_inventory_value_month_end_points"] = sum(known, Fraction(0)) / len(known)
    if units > span:  # as with the value below
        right["inventory_turnover_annualised_units"] = sold_units * 365 / units
    if is_known and sold is not None and average is not None:
        right["cogs_value"] = sold
        if average > 100:  # below, the last digit of a published average is the ratio
            right["inventory_turnover"] = sold / average
            right["inventory_turnover_annualised"] = sold * 365 / (average * span)
            if sold > 0:
                right["days_inventory_outstanding"] = average * span / sold
    return right


def check_turnover_of_places(book: Book) -> None:
    for mart in ("fct_turnover_monthly", "fct_turnover_rolling"):
        is_month = mart.endswith("monthly")
        for row in book.rows(mart):
            place, end = (row["item_id"], row["warehouse_id"]), row["period_end_date"]
            start = row["month_start_date"] if is_month else row["period_start_date"]
            if is_month:
                assert (start, end) in _months(book.world, place)
            book.all(row, turnover(book.world, place, start, end, is_month))


def check_turnover_of_companies_and_the_group(book: Book) -> None:
    rates = book.world.rates["EAST"]
    for row in book.rows("fct_turnover", "scope in ('company', 'group') and period_kind like 'rolling%'"):
        start, end = row["period_start_date"], row["period_end_date"]
        average = sold = Fraction(0)
        for company, currency in COMPANIES.items():
            if row["company_code"] in ("", company):
                rate = rates.of(currency, end) if row["scope"] == "group" else Fraction(1)
                own = book.world.company(company, start, end)
                average, sold = average + own[0] * rate, sold + own[1] * rate
        book.same(row, "average_inventory_value", average, 200 * CENT)
        book.same(row, "cogs_value", sold, 20 * CENT)
        span = (end - start).days + 1
        for column, right in (
            ("inventory_turnover", sold / average), ("inventory_turnover_annualised", sold * 365 / span / average),
            ("days_inventory_outstanding", average * span / sold), ("period_days", Fraction(span)),
        ):  # fmt: skip
            book.same(row, column, right, right * Fraction(1, 10**4))


def check_entries_and_movements_add_up_to_the_books(book: Book) -> None:
    """Entries of sales are the cost of sales of each day; all entries up to a day are the value of the stock."""
    world = book.world
    sold: dict[Any, Fraction] = defaultdict(Fraction)
    value: dict[Any, Fraction] = defaultdict(Fraction)
    units: dict[Any, Fraction] = defaultdict(Fraction)
    for row in book.rows("fct_value_entries"):
        place = (row["item_id"], row["warehouse_id"])
        value[place] += Fraction(row["entry_value"] or 0)
        units[place] += Fraction(row["quantity_units"] or 0)
        if row["is_cogs"]:
            sold[(*place, row["business_date"])] -= Fraction(row["entry_value"] or 0)
    for place, days in world.days.items():
        if days[LAST_DAY].value is not None:
            book.same({"entry_value": value[place]}, "entry_value", days[LAST_DAY].value)
            book.same({"quantity_units": units[place]}, "quantity_units", days[LAST_DAY].units, MILLIONTH)
        for day, right in world.cogs[place].items():
            if not world.uncosted[place].get(day):
                assert abs(sold[(*place, day)] - right) <= CENT, (place, day)
    moved: dict[Any, Fraction] = defaultdict(Fraction)
    for row in book.rows("fct_stock_movements"):
        moved[row["item_id"], row["warehouse_id"]] += Fraction(row["quantity_units"])
        if row["currency_code"] and row["document_unit_cost"] is not None:
            rate = world.rates[code(row["item_id"])].of(row["currency_code"], row["business_date"])
            book.same(row, "exchange_rate", rate, MILLIONTH)
            book.same(
                row, "source_unit_cost", None if rate is None else Fraction(row["document_unit_cost"]) * rate, MILLIONTH
            )
    for place, right in moved.items():
        book.same({"quantity_units": right}, "quantity_units", world.days[place][LAST_DAY].units, MILLIONTH)
    for row in book.rows("fct_conservation"):
        here = world.days[row["item_id"], row["warehouse_id"]][LAST_DAY]
        for column in ("movement_units", "balance_units", "ledger_closing_units", "ledger_layer_units"):
            book.same(row, column, here.units, MILLIONTH)
        for column in ("ledger_units_gap", "value_gap"):
            book.same(row, column, Fraction(0), MILLIONTH)
        if here.value is not None:
            book.same(row, "value_left", here.value)


def check_health_on_the_day(book: Book) -> None:
    world = book.world
    checked = 0
    for row in book.rows("fct_inventory_health"):
        place = (row["item_id"], row["warehouse_id"])
        here = world.days[place][LAST_DAY]
        book.same(row, "on_hand_units", here.units, MILLIONTH)
        book.same(row, "inventory_value", here.value)
        span = int(row["turnover_period_days"])
        start = LAST_DAY - timedelta(days=span - 1)
        assert start == world.first_day
        right = turnover(world, place, start, LAST_DAY, False)
        book.same(row, "average_inventory_value_365", right["average_inventory_value"])
        if "cogs_value" in right:
            book.same(row, "cogs_value_365", right["cogs_value"])
        for column in ("inventory_turnover_annualised", "days_inventory_outstanding"):
            if column in right:
                book.same(row, column, right[column], right[column] * Fraction(1, 10**5) + MILLIONTH)
        sold = [day for day, units in world.sold_units[place].items() if units > 0]
        if sold:
            book.same(row, "idle_days", Fraction((LAST_DAY - max(sold)).days), MILLIONTH)
        if here.value is not None and here.value > 0 and all(value >= 0 for value in here.ages.values()):
            book.same(
                row, "oldest_age_days", Fraction(max(age for age, value in here.ages.items() if value)), MILLIONTH
            )
        book.same(row, "dead_stock_value", Fraction(0) if here.value is not None else None)
        checked += 1
    assert checked > 30


def check_provisions_of_every_period_end(book: Book) -> None:
    """Nothing is older than the 181 days at which the shipped rates begin, nor near its expiry: what is provided is what the last price
    does not bring. What goes with the goods is released, the rest of a fall reversed."""
    world = book.world
    rows = sorted(
        book.rows("fct_provisions"), key=lambda row: (row["item_id"], row["warehouse_id"], row["snapshot_date"])
    )
    assert {row["snapshot_date"] for row in rows} == set().union(*_ends(world).values())
    moved: dict[tuple[date, str, str, str], list[Fraction]] = defaultdict(list)
    categories = {row["item_id"]: row["category_name"] for row in book.given("dim_items")}
    before: tuple[tuple[str, str], Fraction, Fraction] | None = None
    for row in rows:
        place = (row["item_id"], row["warehouse_id"])
        here, price = world.days[place][row["snapshot_date"]], book.documents.unit_price(row["item_id"])
        opening, held = before[1:] if before is not None and before[0] == place else (Fraction(0), Fraction(0))
        book.same(row, "opening_provision_value", opening)
        if here.value is None:
            before = (place, Fraction(0), here.units)
            continue
        lacks = Fraction(0) if price is None else max(here.value - here.units * price, Fraction(0))
        provided = max(min(here.value, lacks), Fraction(0))
        released = (
            min(opening - provided, opening * max(held - here.units, Fraction(0)) / held)
            if provided < opening
            else Fraction(0)
        )
        right = {
            "stock_value": here.value, "provision_value": provided, "carrying_value": here.value - provided, "shortfall_value": lacks,
            "realisable_value": None if price is None else here.units * price, "age_provision_value": Fraction(0),
            "expiry_provision_value": Fraction(0), "charge_value": max(provided - opening, Fraction(0)), "release_value": released,
            "reversal_value": max(opening - provided, Fraction(0)) - released,
        }  # fmt: skip
        book.same(row, "stock_units", here.units, MILLIONTH)
        book.all(row, right)
        for kind in ("charge", "release", "reversal"):
            if (worth := right[f"{kind}_value"]) is not None and worth > Fraction(1, 20_000):
                moved[row["snapshot_date"], row["warehouse_id"], categories[row["item_id"]], kind].append(worth)
        before = (place, provided, here.units)
    for row in book.rows("fct_provision_journal"):
        parts = moved.pop((row["posting_date"], row["warehouse_id"], row["category_name"], row["entry_kind"]))
        book.same(row, "entry_value", sum(parts, Fraction(0)))
        book.same(row, "items", Fraction(len(parts)))
    assert not moved


def check_kpis_variants_and_cash(book: Book) -> None:
    world = book.world
    start = max(world.first_day, LAST_DAY - timedelta(days=364))
    span = (LAST_DAY - start).days + 1
    books = {company: world.company(company, start, LAST_DAY) for company in COMPANIES}
    for row in book.rows("fct_kpi_summary", "scope = 'company'"):
        average, sold = books[row["company_code"]]
        own = [days[LAST_DAY].value for place, days in world.days.items() if code(place[0]) == row["company_code"]]
        right = {
            "inventory_capital": sum((value for value in own if value is not None), Fraction(0)),
            "inventory_turnover": sold * 365 / span / average,
            "days_inventory_outstanding": average * span / sold,
            "dead_stock_rate": Fraction(0),
        }
        if row["kpi"] in right:
            wanted = right[row["kpi"]]
            book.same(row, "kpi_value", wanted, CENT if row["kpi"] == "inventory_capital" else wanted / 10**5)
    for row in book.rows("fct_turnover_variants", "scope = 'company' and period_kind = 'rolling_365'"):
        average, sold = books[row["company_code"]]
        book.same(row, "average_inventory_value", average, 20 * CENT)
        book.same(row, "inventory_turnover_annualised", sold * 365 / span / average, Fraction(1, 10**4))
    for row in book.rows("fct_cash_conversion", "company_code <> ''"):
        average, sold = world.company(row["company_code"], row["period_start_date"], row["period_end_date"])
        book.same(row, "average_inventory_value", average, 20 * CENT)
        book.same(row, "cogs_value", sold, 20 * CENT)


def check_calendars_companies_and_rates(book: Book) -> None:
    world = book.world
    found = {(row["company_code"], row["period_start_date"]): row for row in book.rows("dim_fiscal_periods")}
    for company, calendar in world.calendars.items():
        for start, end, name in calendar.periods:
            row = found[company, start]
            book.same(row, "period_days", Fraction((end - start).days + 1), MILLIONTH)
            book.same(row, "fiscal_year", Fraction(int(name[:4])), MILLIONTH)
            book.same(row, "period_number", Fraction(int(name[4:])), MILLIONTH)
            book.same(row, "fiscal_quarter", Fraction((int(name[4:]) + 2) // 3), MILLIONTH)
    for row in book.rows("dim_dates", "date_day between '2026-01-05' and '2026-06-29'"):
        name = world.calendars["EAST"].of(row["date_day"])[2]
        book.same(row, "fiscal_period_number", Fraction(int(name[4:])), MILLIONTH)
        book.same(row, "year_number", Fraction(row["date_day"].year), MILLIONTH)
        book.same(row, "month_number", Fraction(row["date_day"].month), MILLIONTH)
    for row in book.rows("dim_companies"):
        book.same(
            row, "group_exchange_rate", world.rates["EAST"].of(COMPANIES[row["company_code"]], LAST_DAY), MILLIONTH
        )
    for row in book.rows("dim_exchange_rates"):
        rate = world.rates[row["company_code"]].of(row["currency_code"], row["valid_from_date"])
        book.same(row, "exchange_rate", rate, MILLIONTH)
