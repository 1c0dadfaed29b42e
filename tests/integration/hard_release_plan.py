"""The planner's marts of the release: each figure from the documents, or from the published figures that it follows from."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from hard_orders_reference import ZERO
from hard_plan_reference import Place, held_share, levels, place_of, policy_cost
from hard_release_book import CENT, MILLIONTH, Book, Row, code

from demo.hard_world import LAST_DAY

THOUSANDTH = Fraction(1, 1000)
ORDER_COST = 40


def _known(value: Any) -> Fraction:
    return ZERO if value is None else Fraction(value)


def check_levels_and_position(book: Book) -> None:
    """Levels from the published quantiles; position from shelf, open orders and promises; money at the latest cost."""
    found = book.documents
    reserved: dict[Place, Fraction] = defaultdict(Fraction)
    for order in found.orders.values():
        reserved[order.place] += max(order.due - order.by(date.max), ZERO)
    supply: dict[Place, Fraction] = defaultdict(Fraction)
    for row in book.given("fct_open_supply"):
        supply[place_of(row)] += Fraction(row["on_order_units"])
    moved: dict[tuple[str, Place], Fraction] = defaultdict(Fraction)
    for row in book.given("fct_transfers"):
        moved["in", (row["item_id"], row["to_warehouse_id"])] += Fraction(row["transfer_units"])
        moved["out", (row["item_id"], row["from_warehouse_id"])] += Fraction(row["transfer_units"])
    replays = book.by_place("fct_policy_replay")
    demand = book.by_place("fct_lead_time_demand")
    for row in book.rows("fct_replenishment"):
        place, cost = place_of(row), found.unit_cost(place_of(row))
        for column, right in levels(row).items():
            book.same(row, column, right, 2 * MILLIONTH)
        # what expires before it sells cannot be sold; how much that is follows from the lots (check_lots_that_expire)
        shelf = max(found.shelf(place, LAST_DAY), ZERO) - Fraction(row["unavailable_units"])
        assert not row["unavailable_units"] or row["unavailable_reason"], row
        book.exact(
            row,
            on_hand_units=shelf,
            on_order_units=supply[place],
            transfer_in_units=moved["in", place],
            transfer_out_units=moved["out", place],
        )
        if row["stock_scope"] == "own":
            book.exact(row, position_units=shelf + supply[place] - Fraction(row["late_supply_units"]) - reserved[place])
        pace, position = Fraction(row["day_units"]), Fraction(row["position_units"])
        if pace > 0:
            held = max(position + Fraction(row["late_supply_units"]), ZERO)
            book.same(row, "cover_days", held / pace, held / pace * 2 * MILLIONTH / pace + THOUSANDTH)
        order = Fraction(row["suggested_order_units"])
        if order and pace > 0:
            lasts = (position + order + Fraction(row["transfer_in_units"])) / pace
            book.same(row, "order_cover_days", lasts, lasts * 2 * MILLIONTH / pace + THOUSANDTH)
        for units, value in (("suggested_order_units", "suggested_order_value"), ("excess_units", "excess_value")):
            book.same(row, value, None if cost is None else Fraction(row[units]) * cost)
        for column in ("lead_time_days_mean", "lead_time_days_sd", "protection_days"):
            book.same(row, column, demand[place][column], MILLIONTH)
        book.exact(
            row,
            protection_demand_units=demand[place]["mean_units"],
            protection_demand_sd_units=demand[place]["sd_units"],
        )
        replay = replays.get(place, {})
        for column in (
            "replay_fill_rate",
            "actual_fill_rate",
            "replay_average_stock_value",
            "actual_average_stock_value",
        ):
            book.same(row, column, replay.get(column), MILLIONTH)
    for row in book.rows("fct_lead_time_demand"):
        book.same(
            row,
            "protection_days",
            Fraction(row["lead_time_days_mean"]) + Fraction(row["review_period_days"]),
            2 * MILLIONTH,
        )


def check_supply_plan_adds_up(book: Book) -> None:
    """Week by week: opening, what comes and what goes is the closing, which opens the next; planned orders are what is released."""
    released: dict[tuple[Place, date], Fraction] = defaultdict(Fraction)
    arrives: dict[tuple[Place, date], Fraction] = defaultdict(Fraction)
    sent: dict[tuple[Place, date], Fraction] = defaultdict(Fraction)
    monday = LAST_DAY + timedelta(days=1)

    def week(day: date) -> date:
        return monday + timedelta(days=7 * max((day - monday).days // 7, 0))

    orders = book.rows("fct_planned_orders")
    for row in orders:
        units = Fraction(row["planned_units"])
        released[place_of(row), week(row["release_date"])] += units
        arrives[place_of(row), week(row["arrival_date"])] += units
        if row["from_warehouse_id"]:
            sent[(row["item_id"], row["from_warehouse_id"]), week(row["release_date"])] += units
    plan = book.by_place("fct_replenishment")
    for row in orders:
        if row["is_due_now"]:
            right = plan[place_of(row)]
            names = ("suggested_order", "withheld_order", "suggested_transfer", "transfer_in")
            book.same(row, "planned_units", sum(Fraction(right[f"{name}_units"]) for name in names), MILLIONTH)
    rows = sorted(book.rows("fct_supply_plan"), key=lambda row: (*place_of(row), row["week_start_date"]))
    before: Row | None = None
    for row in rows:
        place, start = place_of(row), row["week_start_date"]
        if before is not None and place_of(before) == place and before["week_start_date"] == start - timedelta(days=7):
            book.same(
                row, "opening_units", Fraction(before["closing_units"]) - Fraction(before["short_units"]), 2 * MILLIONTH
            )
        net = {
            name: Fraction(row[f"{name}_units"])
            for name in ("opening", "receipts", "planned_receipts", "demand", "sent", "closing", "safety_stock")
        }
        closing = net["opening"] + net["receipts"] + net["planned_receipts"] - net["demand"] - net["sent"]
        book.same(row, "closing_units", max(closing, ZERO), 4 * MILLIONTH)
        book.same(row, "short_units", max(-closing, ZERO), 4 * MILLIONTH)
        lacks = net["demand"] + net["sent"] + net["safety_stock"] - net["opening"] - net["receipts"]
        book.same(row, "net_requirement_units", max(lacks, ZERO), 4 * MILLIONTH)
        book.exact(row, released_units=released[place, start], planned_receipts_units=arrives[place, start], sent_units=sent[place, start],
                   safety_stock_units=plan[place]["safety_stock_units"])  # fmt: skip
        before = row


def check_messages_on_open_orders(book: Book) -> None:
    """Each message is about an open line: units, days late, money at its price; put off costs holding, a miss half the cost."""
    found = book.documents
    for row in book.rows("fct_order_exceptions", "source = 'purchase_order'"):
        [(_, order)] = [
            (key, one) for key, one in found.purchases.items()
            if key[1:] == (row["order_no"], row["order_line_id"]) and one.company == code(row["item_id"])
        ]  # fmt: skip
        open_units, cost = order.ordered - order.received, found.unit_cost(place_of(row))
        book.exact(row, open_units=open_units, overdue_days=max((LAST_DAY - order.due).days, 0))
        price = cost if order.price is None else order.price
        book.same(row, "open_value", None if price is None else open_units * price)
        units, shift = Fraction(row["message_units"]), Fraction(row["shift_days"])
        assert cost is not None
        right = {
            "cancel": units * cost, "reduce": units * cost, "overdue": units * cost / 2,
            "put_off": units * cost * Fraction(22, 100) * max(shift, ZERO) / 365,
        }  # fmt: skip
        if row["message"] in ("cancel", "put_off", "overdue"):
            book.exact(row, message_units=open_units)
        if row["message"] in right:
            book.same(row, "message_value", right[row["message"]], abs(right[row["message"]]) / 50 + CENT)


def check_drafts(book: Book) -> None:
    """Draft orders are the plan's purchases at the latest cost; heads and payments are their sums."""
    plan, found = book.by_place("fct_replenishment"), book.documents
    lines: dict[str, list[Row]] = defaultdict(list)
    for row in book.rows("fct_order_draft_lines"):
        right, cost = plan[place_of(row)], found.unit_cost(place_of(row))
        lines[row["draft_no"]].append(row)
        if not row["is_top_up"]:
            book.exact(row, order_units=right["suggested_order_units"], order_cover_days=right["order_cover_days"])
        book.exact(
            row, cover_limit_days=right["cover_limit_days"], price_from_units=None, volume_m3=None, weight_kg=None
        )
        book.same(row, "unit_price", cost, MILLIONTH)
        value = None if cost is None else Fraction(row["order_units"]) * cost
        book.same(row, "order_value", value)
        if value is not None and right["day_units"]:
            lasts = float(row["order_units"]) / float(right["day_units"])
            book.same(row, "holding_cost_year_value", float(value) * 0.22 * held_share(lasts), CENT + value / 1000)
    bought = {place for place, row in plan.items() if row["suggested_order_units"] and found.supplier(place[0])}
    assert bought <= {place_of(row) for group in lines.values() for row in group}
    for row in book.rows("fct_order_drafts"):
        mine = lines[row["draft_no"]]
        book.exact(row, lines_no=len(mine), order_units=sum(Fraction(line["order_units"]) for line in mine), volume_m3=None, weight_kg=None,
                   load_count_units=None, last_load_rate=None, min_order_value=None)  # fmt: skip
        for column in ("order_value", "holding_cost_year_value"):
            book.same(row, column, sum(Fraction(line[column]) for line in mine), CENT * len(mine))
    paid: dict[tuple[str, date], Fraction] = defaultdict(Fraction)
    for draft, group in lines.items():
        for line in group:
            paid[draft, line["payment_date"].replace(day=1)] += _known(line["order_value"])
    for row in book.rows("fct_order_cash"):
        book.same(row, "cash_value", paid[row["draft_no"], row["month_start_date"]], CENT * 10)


def check_transfers_and_disposals(book: Book) -> None:
    found = book.documents
    for row in book.rows("fct_transfers"):
        cost, units = found.unit_cost((row["item_id"], row["from_warehouse_id"])), Fraction(row["transfer_units"])
        assert cost is not None
        book.same(row, "transfer_value", units * cost)
        if row["transfer_kind"] == "excess":
            book.same(row, "cost_value", 15 + units * cost / 50)
        book.same(row, "net_saving_value", _known(row["saving_value"]) - _known(row["cost_value"]))
        taker = book.by_place("fct_replenishment")[row["item_id"], row["to_warehouse_id"]]
        assert Fraction(row["purchase_avoided_units"]) <= units, taker
    ways: dict[Place, list[Row]] = defaultdict(list)
    for row in book.rows("fct_disposal_alternatives"):
        ways[place_of(row)].append(row)
        if row["alternative"] == "keep":
            book.exact(row, net_present_per_unit_value=row["keep_per_unit_value"])
    for group in ways.values():
        for number, row in enumerate(
            sorted(group, key=lambda one: (-one["net_present_per_unit_value"], one["alternative_no"])), start=1
        ):
            book.exact(row, alternative_no=number)
    rank: dict[Place, int] = defaultdict(int)
    for row in sorted(book.rows("fct_disposals"), key=lambda one: (*place_of(one), one["way_rank"])):
        cost, units = found.unit_cost(place_of(row)), Fraction(row["disposal_units"])
        rank[place_of(row)] += 1
        book.exact(row, way_rank=rank[place_of(row)])
        back, keep = Fraction(row["recovery_per_unit_value"]), Fraction(row["keep_per_unit_value"])
        book.same(row, "book_value", None if cost is None else units * cost)
        book.same(row, "expected_recovery_value", units * back, CENT + units / 10**4)
        book.same(row, "gain_value", units * (back - keep), CENT + units / 10**4)
        book.same(row, "expected_loss_value", None if cost is None else units * (cost - back), CENT + units / 10**4)
    for row in book.rows("fct_disposal_ways"):
        book.exact(row, events_no=0, base_value=0, recovered_value=0, weight_rate=0, learnt_rate=row["starting_rate"])


def check_replay(book: Book) -> None:
    """What happened in the replayed window, from books and orders; what both cost, from their figures."""
    found = book.documents
    wanted = found.demand()
    rows = book.rows("fct_policy_replay")
    assert rows
    for row in rows:
        place, start = place_of(row), row["window_from_date"]
        if start is None:  # less than half a year before the window: nothing is replayed, and there is no note
            for column in (name for name in row if name.endswith(("_units", "_value", "_days", "_orders", "_cycles"))):
                book.same(row, column, None)
            continue
        days = (row["window_to_date"] - start).days + 1
        span = [start + timedelta(days=at) for at in range(days)]
        shelf = [max(found.shelf(place, day), ZERO) for day in span]
        book.same(row, "actual_average_stock_units", sum(shelf, ZERO) / days, MILLIONTH)
        book.exact(
            row, actual_stockout_days=sum(units <= 0 for units in shelf), actual_written_off_units=0, replay_written_off_units=0,
            actual_orders=sum(
                o.place == place and start <= o.ordered_on <= span[-1] and bool(o.receipts) for o in found.purchases.values()
            ),
        )  # fmt: skip
        asked, cost = Fraction(row["demand_units"]), found.unit_cost(place)
        assert (
            asked >= sum((units for day, units in wanted[place].items() if start <= day <= span[-1]), ZERO) - MILLIONTH
        )
        order_cost = ORDER_COST if row["actual_orders"] else 0
        for side in ("replay", "actual"):
            stock, filled = Fraction(row[f"{side}_average_stock_units"]), Fraction(row[f"{side}_filled_units"])
            book.rate(row, f"{side}_fill_rate", filled / asked if asked else None)
            book.same(
                row, f"{side}_average_stock_value", None if cost is None else stock * cost, CENT + stock * MILLIONTH
            )
            turns = filled * 365 / days / stock if stock else None
            book.same(
                row,
                f"{side}_turnover_rate",
                turns,
                MILLIONTH if turns is None else MILLIONTH + turns * 2 * MILLIONTH / stock + turns / 10**5,
            )
            if cost is not None:
                right = policy_cost(
                    stock,
                    asked - filled,
                    row[f"{side}_orders"],
                    row[f"{side}_written_off_units"],
                    cost,
                    days,
                    order_cost,
                )
                book.same(row, f"{side}_cost_value", right, CENT + abs(Fraction(right)) / 10**6)
        cycles = Fraction(row["replay_cycles"])
        book.rate(row, "replay_cycle_service_rate", Fraction(row["replay_served_cycles"]) / cycles if cycles else None)
