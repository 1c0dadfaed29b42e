"""Classes, forecasts, promises, days without stock and swings of orders in the release, against documents and published figures."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from fractions import Fraction

from hard_orders_reference import ZERO, months, sample_variance
from hard_plan_reference import Place, median, place_of, promises, shares
from hard_release_book import CENT, MILLIONTH, Book, Row, code

from demo.hard_world import COMPANIES, LAST_DAY


def check_classes(book: Book) -> None:
    """Consumption of the year, its shares within each company, and the nine cells."""
    rows = book.rows("dim_item_classes")
    for company in COMPANIES:
        mine = {f"{row['item_id']}|{row['warehouse_id']}": row for row in rows if code(row["item_id"]) == company}
        right = shares({key: Fraction(row["annual_consumption_value"]) for key, row in mine.items()})
        for key, (share, up_to) in right.items():
            book.same(mine[key], "consumption_share_rate", share, Fraction(1, 10**5))
            book.same(mine[key], "cumulative_share_rate", up_to, Fraction(1, 10**5))
    _consumption(book, rows)
    classed = {place_of(row): row for row in rows}
    for row in book.rows("fct_class_cells"):
        mine = [one for one in rows if one["abc_xyz_cell"] == row["abc_xyz_cell"]]
        uncosted = sum(book.documents.unit_cost(place_of(one)) is None for one in mine)
        book.exact(row, item_warehouses=len(mine), unvalued_item_warehouses=uncosted)
        for column in ("annual_consumption_value", "consumption_share_rate", "on_hand_value", "stock_share_rate"):
            book.same(row, column, None)  # companies of two currencies
    plan = book.by_place("fct_replenishment")
    for row in book.rows("fct_class_review"):
        place, cost = place_of(row), book.documents.unit_cost(place_of(row))
        shelf = max(book.documents.shelf(place, LAST_DAY), ZERO) - Fraction(plan[place]["unavailable_units"])
        book.exact(row, on_hand_units=shelf)
        book.same(row, "on_hand_value", None if cost is None else shelf * cost)
        book.same(row, "annual_consumption_value", classed[place]["annual_consumption_value"])
    for row in book.rows("fct_class_history", "valid_to_date is null"):
        assert row["abc_xyz_cell"] == classed[place_of(row)]["abc_xyz_cell"]
    book.named.add("fct_class_history")


def _consumption(book: Book, rows: list[Row]) -> None:
    """Units and cost of what was used, lifted to a year of the company's own life where the place is younger."""
    world = book.world
    first: dict[str, date] = {}
    used: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for one in world.rows:
        for name in (code(one["item_id"]), "|".join(place_of(one))):
            first[name] = min(first.get(name, LAST_DAY), one["business_date"])
        if one["is_demand"]:
            used[place_of(one)] -= one["quantity_units"]
    for row in rows:
        place = place_of(row)
        age, window = ((LAST_DAY - first[name]).days for name in ("|".join(place), code(place[0])))
        scale = Fraction(window, max(age, 28)) if max(age, 28) < window else Fraction(1)
        units, cost = used[place] * scale, book.documents.unit_cost(place)
        sold = world.sold(place, world.first_day, LAST_DAY)
        book.same(row, "annual_consumption_units", max(units, ZERO), MILLIONTH * 2 + abs(units) / 10**9)
        if cost is not None:
            value = units * cost if sold is None else sold * scale
            book.same(row, "annual_consumption_value", max(value, ZERO), 2 * CENT)


def check_capital_curve(book: Book) -> None:
    """One curve of the capital of companies in two currencies would add them: there are points, and no money in them."""
    points: dict[str, list[int]] = defaultdict(list)
    for row in book.rows("fct_capital_curve"):
        book.same(row, "invested_value", None)
        book.same(row, "fill_rate", None)
        points[row["curve"]].append(row["point_no"])
    assert points and all(sorted(given) == list(range(1, len(given) + 1)) for given in points.values())
    book.seen.add(("fct_capital_curve", "point_no"))


def check_forecasts(book: Book) -> None:
    """Periods follow each other, nodes are sums of their item-warehouses, ratios of accuracy are those of its sums."""
    by_node: dict[tuple[str, str, date], list[Fraction]] = defaultdict(list)
    categories = {row["item_id"]: row["category_name"] for row in book.given("dim_items")}
    for row in book.rows("fct_forecasts"):
        origin = row["origin_date"]
        book.exact(row, horizon_periods=(row["period_start_date"] - origin).days // 7 + 1)
        book.same(row, "statistical_mean_units", row["mean_units"], MILLIONTH)
        quantiles = [row[name] for name in row if name.startswith("q") and name.endswith("_units")]
        assert quantiles == sorted(quantiles), row
        item, place = place_of(row)
        for node in (("total", "total"), ("warehouse", place), ("category", categories[item]), ("item", item)):
            by_node[(*node, row["period_start_date"])].append(Fraction(row["mean_units"]))
    for row in book.rows("fct_forecast_nodes"):
        parts = by_node[row["node_level"], row["node_name"], row["period_start_date"]]
        book.exact(
            row,
            item_warehouses=len(parts),
            horizon_periods=(row["period_start_date"] - row["origin_date"]).days // 7 + 1,
        )
        book.same(row, "mean_units", sum(parts, ZERO), MILLIONTH * (len(parts) + 1))
    for row in book.rows("fct_forecast_accuracy"):
        scored, actual = row["scored_periods"], Fraction(row["actual_units"])
        error, naive = Fraction(row["absolute_error_units"]), Fraction(row["naive_absolute_error_units"])
        book.same(row, "wape", error / actual if actual else None, CENT)
        book.same(row, "bias", Fraction(row["error_units"]) / actual if actual else None, CENT)
        book.rate(row, "coverage_90", Fraction(row["inside_90_periods"], scored) if scored else None)
        for column, total in (("mase", "scaled_error_total"), ("scaled_pinball", "scaled_pinball_total")):
            book.same(row, column, None if row[total] is None or not scored else Fraction(row[total]) / scored, CENT)
        book.same(row, "forecast_value_added_rate", 1 - error / naive if naive else None, CENT)


def check_places_of_supply_and_their_swings(book: Book) -> None:
    """Where goods came from in the year, and by month what was ordered of the place above against what was delivered."""
    came: dict[Place, dict[str, dict[date, Fraction]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(Fraction)))
    for row in book.world.rows:
        if row["movement_type"] in ("purchase_receipt", "transfer_in") and row["quantity_units"] > 0:
            came[place_of(row)][row["movement_type"]][row["business_date"]] += row["quantity_units"]
    for row in book.rows("dim_supply_network"):
        kinds = came[place_of(row)]
        kind = {"supplier": "purchase_receipt", "transfer": "transfer_in"}[row["source_kind"]]
        total = sum((units for days in kinds.values() for units in days.values()), ZERO)
        book.exact(row, source_receipt_days=len(kinds[kind]), stage_no=int(kind == "transfer_in"))
        book.rate(row, "source_share_rate", sum(kinds[kind].values(), ZERO) / total if total else None)
    _swings(book)


def _swings(book: Book) -> None:
    found, until = book.documents, LAST_DAY.replace(day=1)
    inflow: dict[Place, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    outflow: dict[Place, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for order in found.purchases.values():
        if order.ordered_on < until:
            inflow[order.place][order.ordered_on] += order.ordered
    for place, days in found.demand().items():
        for day, units in days.items():
            outflow[place][day] += units
    for row in book.world.rows:
        if row["movement_type"] == "transfer_in" and row["business_date"] < until:
            inflow[place_of(row)][row["business_date"]] += row["quantity_units"]
            outflow[row["item_id"], f"{code(row['item_id'])}/MAIN"][row["business_date"]] += row["quantity_units"]
    rows = book.rows("fct_bullwhip_stages")
    assert {place_of(row) for row in rows} == set(inflow)
    for row in rows:
        orders, faced = inflow[place_of(row)], outflow[place_of(row)]
        days = sorted(orders)
        span = months(days[0], until - timedelta(days=1))
        usual = median(list(orders.values()))
        cut = {day: min(units, usual * 5 / 2) for day, units in orders.items()}
        ends = dict(zip(days, [*days[1:], until], strict=True))

        def by_month(values: dict[date, Fraction], span: list[date] = span) -> list[Fraction]:
            return [
                sum((units for day, units in values.items() if day.replace(day=1) == month), ZERO) for month in span
            ]

        daily: dict[date, Fraction] = defaultdict(Fraction)
        for day in days:
            for at in range((ends[day] - day).days):
                daily[day + timedelta(days=at)] += cut[day] / (ends[day] - day).days
        ordered, bulkless, spread, delivered = (sample_variance(by_month(part)) for part in (orders, cut, daily, faced))
        book.exact(
            row, months=len(span), order_days=len(days), ordered_units=sum(orders.values(), ZERO), faced_units=sum(by_month(faced), ZERO),
            median_order_units=usual, largest_order_units=max(orders.values()),
        )  # fmt: skip
        book.rate(row, "order_interval_days", Fraction((until - days[0]).days, len(days)))
        if ordered is None or bulkless is None or spread is None or delivered is None:
            continue
        for column, right in (
            ("order_variance", ordered), ("faced_variance", delivered), ("bulk_variance", max(ordered - bulkless, ZERO)),
            ("batch_variance", max(min(ordered, bulkless) - spread, ZERO)),
            ("reaction_variance", max(min(ordered, bulkless, spread) - delivered, ZERO)),
        ):  # fmt: skip
            book.same(row, column, right, MILLIONTH + right / 10**6)
        book.rate(row, "stage_ratio", ordered / delivered if len(span) >= 6 and delivered else None)


def check_promises(book: Book) -> None:
    """Per item over its warehouses: shelf and supply less what is promised already."""
    found = book.documents
    stock: dict[str, Fraction] = defaultdict(Fraction)
    supply: dict[str, list[tuple[date, Fraction]]] = defaultdict(list)
    wanted: dict[str, list[tuple[date, Fraction]]] = defaultdict(list)
    for place in book.by_place("fct_replenishment"):
        stock[place[0]] += max(found.shelf(place, LAST_DAY), ZERO)
    for row in book.given("fct_open_supply"):
        supply[row["item_id"]].append((row["due_date"] or LAST_DAY, Fraction(row["on_order_units"])))
    for order in found.orders.values():
        if left := max(order.due - order.by(date.max), ZERO):
            wanted[order.place[0]].append((order.requested, left))
    for start, _, item, due, _, units in found.making:  # what is made comes, and its parts go
        supply[item].append((due, units))
        for part, per in found.bills[item].items():
            wanted[part].append((start, units * per))
    right = {item: promises(stock[item], supply[item], wanted[item], LAST_DAY) for item in {*stock, *supply}}
    for row in book.rows("fct_available_to_promise"):
        came, gone, free = right[row["item_id"]][row["from_date"]]
        parts = found.bills.get(row["item_id"], {})
        able = min((right[part][LAST_DAY][2] // per for part, per in parts.items()), default=0)
        book.exact(row, supply_units=came, committed_units=gone, promise_units=free, capable_units=able)


def check_days_without_stock(book: Book) -> None:
    """Days of each period on which the shelf was empty, and what is estimated to have been lost on them."""
    found = book.documents
    demand = found.demand()
    hidden: dict[Place, list[Row]] = defaultdict(list)
    for row in book.rows("fct_lost_sales"):
        hidden[place_of(row)].append(row)
        span = range((row["period_end_date"] - row["period_start_date"]).days + 1)
        days = [row["period_start_date"] + timedelta(days=at) for at in span]
        gone = -sum((one["quantity_units"] for one in book.world.rows if place_of(one) == place_of(row) and one["is_demand"]
                     and one["quantity_units"] < 0 and one["business_date"] in days), ZERO)  # fmt: skip
        book.exact(row, shipped_units=gone)
        book.same(row, "lost_sales_units", max(Fraction(row["demand_units_imputed"]) - gone, ZERO), 2 * MILLIONTH)
    rows = book.rows("fct_stockout_days")
    assert rows
    for row in rows:
        place = place_of(row)
        last = max(day for day, units in demand[place].items() if units > 0) + timedelta(days=180)
        first = min(book.world.days[place])
        start, end = max(row["month_start_date"], first), min(row["month_end_date"], LAST_DAY, last)
        days = [start + timedelta(days=at) for at in range((end - start).days + 1)]
        empty = sum(found.shelf(place, day) <= 0 for day in days)
        book.exact(row, active_days=len(days), stockout_days=empty)
        book.rate(row, "stockout_day_rate", Fraction(empty, len(days)))
        lost = ZERO
        for one in hidden[place]:
            begin, until = (
                max(one["period_start_date"], row["month_start_date"]),
                min(one["period_end_date"], row["month_end_date"]),
            )
            part = Fraction(
                max((until - begin).days + 1, 0), (one["period_end_date"] - one["period_start_date"]).days + 1
            )
            lost += Fraction(one["lost_sales_units"]) * part
        book.same(row, "lost_sales_units", lost, 3 * MILLIONTH)
