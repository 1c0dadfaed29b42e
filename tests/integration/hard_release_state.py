"""State of each item and place on the day, what the settings were, counts, room and the ledgers beside each other, recomputed."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hard_orders_reference import ZERO
from hard_plan_reference import Place, place_of
from hard_release_book import CENT, MILLIONTH, Book, Row, code

from demo.hard_world import COMPANIES, FIRST_DAY, LAST_DAY

ANNUAL = (("storage", Fraction(8, 100)), ("capital", Fraction(12, 100)), ("insurance", Fraction(2, 100)))
BUCKETS = [30, 60, 90, 180, 365]


def _ratio(over: Any, under: Any) -> Fraction | None:
    return Fraction(over) / Fraction(under) if under else None


def _sum(rows: list[Row], column: str) -> Fraction:
    return sum((Fraction(row[column] or 0) for row in rows), ZERO)


def check_state_of_each_place(book: Book) -> None:
    """Shelf, service, carrying cost and findings of each place; what the planner says of it is what its own mart says."""
    found, world = book.documents, book.world
    plan, classes = book.by_place("fct_replenishment"), book.by_place("dim_item_classes")
    supply, ways, alarms, empty = (defaultdict(list) for _ in range(4))
    for mart, target in (
        ("fct_open_supply", supply),
        ("fct_disposals", ways),
        ("fct_findings", alarms),
        ("fct_stockout_days", empty),
    ):
        for row in book.given(mart):
            if row["item_id"] and row["warehouse_id"]:
                target[place_of(row)].append(row)
    asked = defaultdict(list)
    for order in found.orders.values():
        if order.requested <= LAST_DAY:
            asked[order.place].append(order)
    moved, wanted = defaultdict(list), defaultdict(list)
    for row in world.rows:
        moved[place_of(row)].append(row["business_date"])
        if row["is_demand"] and row["quantity_units"] < 0:
            wanted[row["item_id"]].append(row["business_date"])
    for row in book.rows("fct_inventory_health"):
        place = place_of(row)
        here, is_under_way = world.days[place][LAST_DAY], place[1].endswith("IN-TRANSIT")
        book.exact(row, available_units=ZERO if is_under_way else here.units, expired_units=0, near_expiry_units=ZERO)
        if not is_under_way:
            book.exact(
                row, unit_cost_latest=found.unit_cost(place), idle_movement_days=(LAST_DAY - max(moved[place])).days,
                idle_item_days=(LAST_DAY - max(wanted.get(place[0]) or [min(d for p in moved if p[0] == place[0] for d in moved[p])])).days,
            )  # fmt: skip
        book.exact(
            row,
            on_order_units=_sum(supply[place], "on_order_units"),
            overdue_units=_sum(supply[place], "overdue_units"),
        )
        is_known = row["value_status"] == "ok"
        book.same(row, "long_dead_stock_value", ZERO if is_known else None)
        book.same(row, "near_expiry_value", ZERO if is_known else None)
        _service(book, row, asked[place])
        average = world.average(place, world.first_day, LAST_DAY)
        days = (LAST_DAY - world.first_day).days + 1
        book.exact(row, turnover_period_days=days)
        for part, rate in ANNUAL:
            book.same(row, f"carrying_{part}_value_365", None if average is None else average * rate * days / 365)
        book.same(row, "booked_loss_value_365", ZERO)
        book.same(row, "carrying_shrinkage_value_365", None if average is None else ZERO)
        book.same(row, "carrying_cost_value_365", None if average is None else average * Fraction(22, 100) * days / 365)
        book.exact(row, stockout_days_365=_sum(empty[place], "stockout_days"), open_findings=len(alarms[place]),
                   critical_findings=sum(one["severity"] == "critical" for one in alarms[place]))  # fmt: skip
        book.same(row, "lost_sales_units_365", _sum(empty[place], "lost_sales_units"), 10 * MILLIONTH)
        book.exact(row, disposal_units=_sum(ways[place], "disposal_units"))
        book.same(row, "disposal_recovery_value", _sum(ways[place], "expected_recovery_value") if ways[place] else None)
        _planned(book, row, plan.get(place))
        assert row["abc_xyz_cell"] == classes.get(place, {}).get("abc_xyz_cell"), row


def _service(book: Book, row: Row, orders: list[Any]) -> None:
    found = book.documents
    due, short = sum(order.due > 0 for order in orders), sum(found.is_stockout(order) for order in orders)
    units = sum((order.due for order in orders), ZERO)
    in_time = sum((min(order.by(order.requested), order.due) for order in orders), ZERO)
    book.exact(
        row, due_lines_365=due, stockout_lines_365=short, due_units_365=units, on_time_units_365=in_time,
        ordered_units_365=sum((order.ordered for order in orders), ZERO),
        cancelled_units_365=sum((order.cancelled for order in orders), ZERO),
    )  # fmt: skip
    book.rate(row, "stockout_line_rate", _ratio(short, due))
    book.rate(row, "fill_rate", _ratio(in_time, units))


def _planned(book: Book, row: Row, plan: Row | None) -> None:
    same = (
        "safety_stock",
        "reorder_point",
        "order_up_to",
        "suggested_order",
        "excess",
        "shortage",
        "transfer_in",
        "transfer_out",
    )
    for column in (*(f"{name}_units" for name in same), "suggested_order_value", "excess_value", "cover_days"):
        book.same(row, column, None if plan is None else plan[column], MILLIONTH)
    pace = None
    if plan is not None and plan["protection_days"]:
        pace = Fraction(plan["protection_demand_units"]) / Fraction(plan["protection_days"])
    book.same(row, "forecast_daily_units", pace, MILLIONTH if pace is None else 2 * MILLIONTH + pace / 10**6)
    value = book.world.days[place_of(row)][LAST_DAY].value
    if row["value_status"] == "ok" and value is not None:
        is_slow = (
            plan is not None
            and plan["cover_days"] is not None
            and row["on_hand_units"] > 0
            and plan["cover_days"] > 180
        )
        book.same(row, "slow_moving_value", value if is_slow else ZERO)
        excess = (
            None
            if plan is None or plan["excess_value"] is None
            else min(Fraction(plan["excess_value"]), max(value, ZERO))
        )
        if excess is not None:
            book.same(row, "excess_stock_value", excess)


def check_conservation_and_movements(book: Book) -> None:
    """Opening and what came less what went is what is left; every movement is a line of its file at its document's price."""
    lines = {row["movement_key"]: row for row in book.world.rows}
    came, went, number = defaultdict(Fraction), defaultdict(Fraction), defaultdict(int)
    for row in book.rows("fct_stock_movements", "movement_type <> 'value_correction'"):
        right = lines[row["movement_key"]]
        book.exact(row, quantity_units=right["quantity_units"], source_row=right["source_row"])
        book.same(row, "document_unit_cost", right["document_unit_cost"], MILLIONTH)
        book.same(row, "document_cost_value", right["document_cost_value"])
        number[place_of(row)] += 1
        (came if row["quantity_units"] > 0 else went)[place_of(row)] += abs(Fraction(row["quantity_units"]))
    for row in book.rows("fct_conservation"):
        place = place_of(row)
        here = book.world.days[place][LAST_DAY]
        if not place[1].endswith("IN-TRANSIT"):
            book.exact(row, movements=number[place], ledger_in_units=came[place], ledger_out_units=went[place], ledger_opening_units=0,
                       bucket_units=here.units)  # fmt: skip
        if here.value is not None:
            book.same(row, "value_out", Fraction(row["value_in"]) - here.value)


def check_ageing_in_units(book: Book) -> None:
    layers: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in book.given("fct_stock_layers"):
        place = f"{code(row['item_id'])}/IN-TRANSIT" if row["is_in_transit"] else row["warehouse_id"]
        age = max((row["snapshot_date"] - row["origin_date"]).days, 0)
        bucket = sum(age > limit for limit in BUCKETS) + 1
        layers[row["item_id"], place, row["snapshot_date"], bucket].append({**row, "age": age})
    for row in book.rows("fct_stock_ageing"):
        mine = layers[row["item_id"], row["warehouse_id"], row["snapshot_date"], row["bucket_no"]]
        book.exact(row, quantity_units=_sum(mine, "quantity_units"), layers=len(mine))
    for row in book.rows("fct_stock_layers"):
        age = max((row["snapshot_date"] - row["origin_date"]).days, 0)
        book.exact(row, bucket_no=sum(age > limit for limit in BUCKETS) + 1)


def check_turnover_of_roll_ups(book: Book) -> None:
    """Sums of a company are those of its places; ratios are those of the sums; variants differ from them by what they say."""
    places = {
        (row["item_id"], row["warehouse_id"], row["window_days"]): row for row in book.given("fct_turnover_rolling")
    }
    rows = book.rows("fct_turnover", "scope = 'company' and period_kind like 'rolling%'")
    for row in rows:
        window = int(row["period_kind"].split("_")[1])
        mine = [one for (item, _, days), one in places.items() if days == window and code(item) == row["company_code"]]
        known = [one for one in mine if one["average_inventory_value"] is not None and one["cogs_value"] is not None]
        book.exact(row, item_warehouses=len(mine), known_item_warehouses=len(known))
        book.rate(row, "coverage_rate", _ratio(len(known), len(mine)))
        for column in (
            "ending_inventory_value",
            "average_inventory_value_two_point",
            "average_inventory_value_month_end_points",
        ):
            book.same(row, column, _sum(known, column), CENT * len(known))
        for name, base in (
            ("two_point", "average_inventory_value_two_point"), ("month_end_points", "average_inventory_value_month_end_points"),
            ("ending", "ending_inventory_value"),
        ):  # fmt: skip
            right = _ratio(Fraction(row["cogs_value"]) * 365, Fraction(row[base]) * row["period_days"])
            book.rate(row, f"inventory_turnover_annualised_{name}", right)
    whole = {(row["company_code"], row["scope"], row["scope_value"], row["period_kind"], row["period_start_date"]): row
             for row in book.given("fct_turnover")}  # fmt: skip
    bases = {"two_point": "average_inventory_value_two_point", "month_end_points": "average_inventory_value_month_end_points",
             "ending": "ending_inventory_value"}  # fmt: skip
    for row in book.rows("fct_turnover_variants"):
        right = whole[
            row["company_code"], row["scope"], row["scope_value"], row["period_kind"], row["period_start_date"]
        ]
        book.same(
            row, "variant_turnover_annualised", right[f"inventory_turnover_annualised_{row['variant']}"], MILLIONTH
        )
        if row["variant"] in bases:
            book.same(row, "variant_average_value", right[bases[row["variant"]]])
        if row["variant_average_value"] is not None and row["average_inventory_value"] is not None:
            book.same(row, "average_difference_value", row["variant_average_value"] - row["average_inventory_value"])
        turns, variant = row["inventory_turnover_annualised"], row["variant_turnover_annualised"]
        right_rate = (
            None if turns is None or variant is None else _ratio(Fraction(variant) - Fraction(turns), Fraction(turns))
        )
        book.same(
            row,
            "difference_rate",
            right_rate,
            MILLIONTH if right_rate is None else MILLIONTH * 2 + abs(right_rate) / 10**4,
        )


def check_settings_and_kpis(book: Book) -> None:
    """The settings that nobody changed are those that the manual gives; a KPI is its numerator over its denominator."""
    for row in book.rows("dim_run_parameters"):
        book.exact(
            row, dead_days=180, long_dead_days=365, new_item_guard_days=90, abc_a_rate=Fraction("0.8"), abc_b_rate=Fraction("0.95"),
            count_tolerance_a_rate=Fraction("0.002"), count_tolerance_b_rate=Fraction("0.01"), count_tolerance_c_rate=Fraction("0.02"),
            late_document_days=7, transit_days=3, stale_snapshot_days=35, carrying_storage_rate=Fraction("0.08"),
            carrying_capital_rate=Fraction("0.12"), carrying_insurance_rate=Fraction("0.02"), carrying_shrinkage_rate=None,
        )  # fmt: skip
    practice = {  # target, floor, ceiling of trade practice (docs/kpis.md)
        "inventory_turnover": ("8", "6", None), "carrying_cost_rate": ("0.25", None, "0.30"), "dead_stock_rate": ("0.05", None, "0.08"),
        "stockout_line_rate": ("0.02", None, "0.05"), "on_time_delivery_rate": ("0.95", "0.90", None),
        "record_accuracy_rate": ("0.995", "0.98", None),
    }  # fmt: skip
    limits = {kpi: [None if one is None else Fraction(one) for one in given] for kpi, given in practice.items()}
    for mart in ("dim_kpis", "dim_kpi_targets", "fct_kpi_summary"):
        for row in book.rows(mart):
            target, floor, ceiling = limits.get(row["kpi"], [None] * 3)
            book.exact(row, target_rate=target, floor_rate=floor, ceiling_rate=ceiling)
    for row in book.rows("fct_kpi_summary", "kpi_value is not null"):
        if row["denominator_value"]:
            annual = 365 if row["kpi"] == "inventory_turnover" else 1
            right = Fraction(row["numerator_value"]) / Fraction(row["denominator_value"])
            if annual == 1:
                book.same(row, "kpi_value", right, abs(right) / 10**5 + MILLIONTH)
        if row["attainment_rate"] is not None:
            value, target = Fraction(row["kpi_value"]), Fraction(row["target_rate"])
            is_less_better = row["kpi"] in ("carrying_cost_rate", "dead_stock_rate", "stockout_line_rate")
            right = target / value if is_less_better else value / target
            book.same(row, "attainment_rate", right, abs(right) / 10**4 + MILLIONTH)
    people = {row["owner_name"] for row in book.given("fct_kpi_summary")} | {
        row["owner_name"] for row in book.given("fct_findings")
    }
    assert {row["owner_name"] for row in book.rows("dim_owners")} == people - {None, ""}
    book.named.add("dim_owners")


def check_counts_and_room(book: Book) -> None:
    """What to count, by class and company; how full the shop will be when stock sells at its pace and open orders come."""
    found = book.documents
    cycles, classes = {"A": 30, "B": 90, "C": 180}, book.by_place("dim_item_classes")
    ranks: dict[str, list[int]] = defaultdict(list)
    for row in book.rows("fct_count_plan"):
        place = place_of(row)
        held, cost = found.shelf(place, LAST_DAY), found.unit_cost(place)
        ranks[code(row["item_id"])].append(row["count_priority"])
        book.exact(row, on_hand_units=held, cycle_days=cycles[classes[place]["abc_class"]])
        book.same(row, "stock_value", None if cost is None else held * cost)
        line = [
            one
            for (company, _), one in found.counts.items()
            if (f"{company}/{one['item_code']}", f"{company}/{one['warehouse_code']}") == place
        ]
        seen = [one for one in line if one["counted_units"] or one["entered_uom"] == "CTN"]
        book.exact(row, days_since_count=0 if seen else None)
        if seen:
            book_units = Fraction(seen[0]["book_units"]) if seen[0]["book_units"] else held
            units = (
                Fraction(seen[0]["counted_units"])
                if seen[0]["counted_units"]
                else Fraction(seen[0]["entered_units"]) * 12
            )
            book.rate(
                row, "last_variance_rate", Fraction(1) if not book_units else abs(units - book_units) / abs(book_units)
            )
            book.exact(
                row,
                tolerance_rate={"A": Fraction("0.002"), "B": Fraction("0.01"), "C": Fraction("0.02")}[row["abc_class"]],
            )
            if row["difference_units"] is not None:
                book.exact(row, difference_units=units - book_units)
                book.same(row, "risk_value", None if cost is None else abs(units - book_units) * cost)
    for given in ranks.values():
        assert sorted(given) == list(range(1, len(given) + 1))
    book.seen.add(("fct_count_plan", "count_priority"))
    plan = book.by_place("fct_replenishment")
    for row in book.rows("fct_storage_forecast"):
        mine = [place for place in plan if place[1] == row["warehouse_id"]]
        held = sum((max(found.shelf(place, LAST_DAY), ZERO) for place in mine), ZERO)
        stock = {place: max(found.shelf(place, LAST_DAY), ZERO) for place in mine}
        coming: dict[tuple[Place, int], Fraction] = defaultdict(Fraction)
        for one in book.given("fct_open_supply"):
            coming[place_of(one), max((one["due_date"] - LAST_DAY).days, 1)] += Fraction(one["on_order_units"])
        for one in book.given("fct_order_draft_lines"):
            coming[place_of(one), max((one["expected_arrival_date"] - LAST_DAY).days, 1)] += Fraction(
                one["order_units"]
            )
        peak = ZERO
        for day in range(183):
            for place in mine:
                used = Fraction(plan[place]["day_units"]) if day else ZERO
                stock[place] = max(stock[place] + coming[place, day] - used, ZERO)
            peak = max(peak, sum(stock.values(), ZERO))
        book.exact(row, limit_units=150, on_hand_units=held)
        book.same(row, "peak_units", peak, MILLIONTH * 200)
        book.rate(row, "use_rate", held / 150)
        book.same(row, "peak_use_rate", peak / 150, MILLIONTH * 3)


def check_value_ledgers(book: Book) -> None:
    """The source's entries of value beside our ledger, by item, period and flow."""
    found, world = book.documents, book.world
    entries: dict[tuple[Any, ...], list[Fraction]] = defaultdict(list)
    for item, day, worth in found.value_entries:
        entries[item, found.period(code(item), day)[0], "value_only"].append(worth)
    moved: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in world.rows:
        kind, units = row["movement_type"], row["quantity_units"]
        flow = "transfer" if kind.startswith("transfer") else "in" if units > 0 else "out"
        moved[row["item_id"], found.period(code(row["item_id"]), row["business_date"])[0], flow].append(row)
    for row in book.rows("fct_value_ledger"):
        key = (row["item_id"], row["month_start_date"], row["flow"])
        units, worth = sum((one["quantity_units"] for one in moved[key]), ZERO), sum(entries[key], ZERO)
        book.exact(row, source_entries=len(entries[key]), source_units=0, ledger_units=units, gap_units=-units)
        book.same(row, "source_value", worth)
        book.same(row, "source_cogs_value", ZERO)
        if row["flow"] != "value_only":
            book.exact(row, ledger_movements=len(moved[key]))
        if row["ledger_value"] is None:
            continue
        gap = worth - Fraction(row["ledger_value"])
        is_value, by_units = row["flow"] == "value_only", Fraction(row["quantity_effect_value"] or 0)
        book.same(row, "difference_value", gap)
        book.same(row, "quantity_effect_value", ZERO if is_value or not units else gap, abs(gap) / 1000 + CENT)
        book.same(row, "cost_effect_value", ZERO if is_value else gap - by_units)
        book.same(row, "value_only_effect_value", gap if is_value else ZERO)
    book.mart = "fct_value_ledger"
    first = {
        company: found.period(company, min(day for item, day, _ in found.value_entries if code(item) == company))[0]
        for company in COMPANIES
    }
    totals, sums = defaultdict(Fraction), defaultdict(Fraction)
    unknown = set()
    for row in book.given("fct_value_ledger"):
        totals[row["item_id"]] += Fraction(row["ledger_value"] or 0)
        if row["ledger_value"] is None:
            unknown.add(row["item_id"])
    for place, days in world.days.items():
        if place[1].endswith("IN-TRANSIT"):  # out of one warehouse and not yet in the other
            continue
        before = first[code(place[0])] - timedelta(days=1)
        values = [days[day].value if day in days else ZERO for day in (LAST_DAY, max(before, FIRST_DAY))]
        if None in values:
            unknown.add(place[0])
        else:
            sums[place[0]] += (values[0] or ZERO) - (values[1] or ZERO)
    for item in totals.keys() - unknown:
        book.same({"ledger_value": totals[item], "item_id": item}, "ledger_value", sums[item], 5 * CENT)
