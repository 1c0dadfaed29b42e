"""Parts of production orders in the release: who gets them, what is missing, when all are there, and what they ask of the plan."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction

from hard_orders_reference import ZERO
from hard_plan_reference import Place, place_of
from hard_release_book import MILLIONTH, Book, code

from demo.hard_world import LAST_DAY

Part = tuple[str, str, str]
Given = dict[Part, tuple[Fraction, Fraction, Fraction, Fraction, date | None]]
"""Of order number, made item and component: wanted, from stock, from what comes, missing; the day on which it is complete."""


def _served(book: Book) -> Given:
    """Orders are served by their start: shelf first, then what is due, day by day."""
    found, given = book.documents, {}
    stock: dict[str, Fraction] = defaultdict(Fraction)
    for place in found.places():
        stock[place[0]] += found.shelf(place, LAST_DAY)
    coming: dict[str, list[list[object]]] = defaultdict(list)
    for row in sorted(book.given("fct_open_supply"), key=lambda one: one["due_date"]):
        coming[row["item_id"]].append([row["due_date"], Fraction(row["on_order_units"])])
    for _, number, item, _, _, units in sorted(found.making):
        for part, per in sorted(found.bills[item].items()):
            wanted = units * per
            here = min(max(stock[part], ZERO), wanted)
            stock[part] -= here
            left, day = wanted - here, LAST_DAY
            for lot in coming[part]:
                taken = min(left, lot[1])  # type: ignore[type-var]
                if taken > 0:
                    lot[1], left, day = lot[1] - taken, left - taken, max(day, lot[0])  # type: ignore[operator, type-var]
            given[number, item, part] = (wanted, here, wanted - here - left, left, None if left else day)
    return given


def check_parts_and_kits(book: Book) -> None:
    found, given = book.documents, _served(book)
    orders = {(number, item): (start, planned, units) for start, number, item, _, planned, units in found.making}
    rows = book.rows("fct_kit_parts")
    assert len(rows) == len(given) == 12
    for row in rows:
        wanted, here, coming, missing, day = given[row["order_no"], row["item_id"], row["component_item_id"]]
        planned, per = orders[row["order_no"], row["item_id"]][1], found.bills[row["item_id"]][row["component_item_id"]]
        book.exact(row, required_units=planned * per, issued_units=0, wanted_units=wanted, allocated_units=here, substitute_units=0,
                   incoming_units=coming, missing_units=missing)  # fmt: skip
        assert row["available_date"] == day, row
    ready: dict[tuple[str, str], tuple[date | None, Fraction]] = {}
    for row in book.rows("fct_kit_completeness"):
        key = (row["order_no"], row["item_id"])
        start, _, units = orders[key]
        parts = {part: one for (number, item, part), one in given.items() if (number, item) == key}
        there = sum(one[1] >= one[0] for one in parts.values())
        made = min(one[1] / one[0] for one in parts.values()) * units // 1
        days = [one[4] for one in parts.values()]
        done = None if None in days else max(day for day in days if day is not None)
        lacks = ZERO
        for part, one in parts.items():
            cost = found.unit_cost((part, f"{code(part)}/MAIN"))
            assert cost is not None
            lacks += (one[0] - one[1]) * cost
        book.exact(row, open_units=units, components_no=len(parts), complete_components_no=there, kit_units=made)
        book.rate(row, "component_rate", Fraction(there, len(parts)))
        book.rate(row, "kit_rate", made / units)
        book.exact(row, late_days=None if done is None else max((done - start).days, 0))
        book.same(row, "missing_value", lacks)
        ready[key] = (done, made)
    for row in book.rows("fct_kit_forecast"):
        due = [key for key, (start, _, _) in orders.items() if start <= row["kit_date"]]
        done_by = [key for key in due if ready[key][0] is not None and ready[key][0] <= row["kit_date"]]  # type: ignore[operator]
        units = sum((orders[key][2] for key in due), ZERO)
        complete = sum((orders[key][2] if key in done_by else ready[key][1] for key in due), ZERO)
        book.exact(row, due_orders=len(due), complete_orders=len(done_by), due_units=units, complete_units=complete)
        book.rate(row, "kit_rate", Fraction(len(done_by), len(due)) if due else None)


def check_what_parts_ask_of_the_plan(book: Book) -> None:
    """Parts by the day of need, and what they add to the forecast of their own place: the more of the two so far."""
    found = book.documents
    wanted: dict[tuple[str, date, str], Fraction] = defaultdict(Fraction)
    asked: dict[tuple[Place, int], Fraction] = defaultdict(Fraction)
    for start, _, item, _, _, units in found.making:
        for part, per in found.bills[item].items():
            wanted[part, start, item] += units * per
            # issued where most of it is, as nothing was issued before
            places = [place for place in found.places() if place[0] == part]
            most = max(places, key=lambda place: (found.shelf(place, LAST_DAY), place))
            asked[most, (start - LAST_DAY).days // 7] += units * per
    rows = book.rows("fct_dependent_demand")
    assert {(row["item_id"], row["need_date"], row["parent_item_id"]) for row in rows} == wanted.keys()
    for row in rows:
        book.exact(row, dependent_units=wanted[row["item_id"], row["need_date"], row["parent_item_id"]], level_no=1)
    own: dict[tuple[Place, int], Fraction] = defaultdict(Fraction)
    for row in book.given("fct_forecasts"):
        own[place_of(row), max((row["period_start_date"] - LAST_DAY).days // 7, 0)] += Fraction(row["mean_units"])
    so_far: dict[Place, list[Fraction]] = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for row in sorted(
        book.rows("fct_component_requirements"), key=lambda one: (*place_of(one), one["period_start_date"])
    ):
        place, period = place_of(row), (row["period_start_date"] - LAST_DAY).days // 7
        sums = so_far[place]
        sums[0] += asked[place, period]
        sums[1] += own[place, period]
        most = max(sums[2], sums[0] - sums[1], ZERO)
        book.exact(row, dependent_units=asked[place, period])
        book.same(row, "forecast_units", own[place, period], 2 * MILLIONTH)
        book.same(row, "added_units", most - sums[2], 30 * MILLIONTH)
        sums[2] = most
