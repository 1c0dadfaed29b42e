"""SQL of the reconciliation tests over schema `landing`; nothing is run here.

Each query gives rows (subject, expected, found, doc_no, source_file, source_row) of disagreements, the earliest first.
"""

from __future__ import annotations

from assets.ingest.reconcile.outcome import Limits

EFFECTIVE = "doc_status IN ('approved', 'posted', 'closed')"
GRAIN = (
    "company_code",
    "item_code",
    "variant_key",
    "warehouse_code",
    "lot_no",
    "stock_status",
    "owner_type",
    "owner_code",
)
_DOCUMENT = "doc_no, source_file, source_row"


def c1_ledger_and_book(limits: Limits, *, with_lots: bool) -> str:
    """C1: movements up to a day add up to the stock of that day, for every stock grain.

    The first day that disagrees is blamed on a document after the last day that agreed: one whose quantity is the gap
    (an unapproved one that the book counts, an approved one that it does not), else the first one.
    """
    grain = ", ".join(part for part in GRAIN if with_lots or part != "lot_no")
    subject = f"concat_ws(' ', {grain.replace('company_code, ', '')})"
    return f"""
WITH book AS (
    SELECT {grain}, as_of_date, sum(on_hand_units) AS units FROM landing.stock_on_hand GROUP BY ALL
), days AS (SELECT DISTINCT company_code, as_of_date FROM landing.stock_on_hand
), ledger AS (
    SELECT {grain}, business_date, quantity_units FROM landing.stock_movement WHERE {EFFECTIVE}
), held AS (
    SELECT {_prefixed(grain, "l")}, d.as_of_date, sum(l.quantity_units) AS units
    FROM ledger AS l JOIN days AS d ON d.company_code = l.company_code AND l.business_date <= d.as_of_date GROUP BY ALL
), compared AS (
    SELECT {grain}, as_of_date, COALESCE(b.units, 0) AS book_units, COALESCE(h.units, 0) AS ledger_units
    FROM book AS b FULL JOIN held AS h USING ({grain}, as_of_date)
), gaps AS (
    SELECT *, book_units - ledger_units AS gap FROM compared WHERE abs(book_units - ledger_units) > {limits.units}
    QUALIFY row_number() OVER (PARTITION BY {grain} ORDER BY as_of_date) = 1
), starts AS (
    SELECT g.*, max(c.as_of_date) AS agreed_on FROM gaps AS g LEFT JOIN compared AS c
    ON {_equal(grain, "g", "c")} AND c.as_of_date < g.as_of_date GROUP BY ALL
)
SELECT {_prefixed_subject(subject, grain, "s")} || ' on ' || s.as_of_date, s.ledger_units, s.book_units,
    m.doc_no, m.source_file, m.source_row
FROM starts AS s LEFT JOIN landing.stock_movement AS m ON {_equal(grain, "s", "m")}
    AND m.business_date <= s.as_of_date AND m.business_date > COALESCE(s.agreed_on, DATE '0001-01-01')
    AND (m.{EFFECTIVE} OR m.doc_status <> 'cancelled')
QUALIFY row_number() OVER (PARTITION BY {_prefixed(grain, "s")} ORDER BY
    CASE WHEN m.{EFFECTIVE} THEN m.quantity_units = -s.gap ELSE m.quantity_units = s.gap END DESC NULLS LAST,
    m.{EFFECTIVE} DESC, m.business_date, m.doc_no, m.source_row) = 1
ORDER BY s.as_of_date, 1"""


def c2_transfers(limits: Limits) -> str:
    """C2: the legs of a move cancel out, or the goods are on the road and not for too long."""
    return f"""
WITH legs AS (
    SELECT company_code, source_instance, transfer_group_id, movement_type, doc_status, quantity_units, business_date, {_DOCUMENT}
    FROM landing.stock_movement WHERE transfer_group_id IS NOT NULL AND doc_status <> 'cancelled' AND movement_type <> 'scrap'
), sums AS (
    SELECT company_code, transfer_group_id, sum(quantity_units) FILTER ({EFFECTIVE}) AS moved,
        max(business_date) AS last_date, arg_min(doc_no, business_date) AS doc_no,
        arg_min(source_file, business_date) AS source_file, arg_min(source_row, business_date) AS source_row
    FROM legs GROUP BY ALL
), today AS (SELECT max(business_date) AS day FROM landing.stock_movement)
SELECT 'transfer ' || transfer_group_id, 0, moved, {_DOCUMENT} FROM sums, today
WHERE abs(moved) > {limits.units} AND NOT (moved < 0 AND last_date >= today.day - {limits.transit_days})
ORDER BY last_date, transfer_group_id"""


def c3_keys() -> str:
    """C3: a key appears once, and the legs of a line are one single one or out, in and transit."""
    return f"""
SELECT 'line ' || concat_ws('|', source_doc_type, source_doc_id, source_line_id), 'legs 0, or 1 to 3 once each',
    'legs ' || array_to_string(list_sort(list(leg)), ', '), any_value(doc_no), any_value(source_file), min(source_row)
FROM landing.stock_movement
GROUP BY source_instance, source_doc_type, source_doc_id, source_line_id
HAVING count(*) <> count(DISTINCT leg) OR (bool_or(leg = 0) AND count(*) > 1) OR bool_or(leg NOT BETWEEN 0 AND 3)
ORDER BY {_ORDER_BY_FIRST}"""


_ORDER_BY_FIRST = "4, 1"


def c4_value(limits: Limits) -> str:
    """C4: entries of the value ledger add up to the value of the stock, item by item, at the last stated day."""
    return f"""
WITH stated AS (
    SELECT company_code, item_code, as_of_date, sum(stock_value) AS total FROM landing.stock_on_hand
    WHERE owner_type = 'own' GROUP BY company_code, item_code, as_of_date HAVING count(stock_value) > 0
    QUALIFY row_number() OVER (PARTITION BY company_code, item_code ORDER BY as_of_date DESC) = 1
), entries AS (
    SELECT e.company_code, e.item_code, sum(e.entry_value) AS total FROM landing.inventory_value_entry AS e
    JOIN stated AS s ON s.company_code = e.company_code AND s.item_code = e.item_code AND e.business_date <= s.as_of_date GROUP BY ALL
)
SELECT 'value of ' || s.item_code || ' on ' || s.as_of_date, COALESCE(e.total, 0), s.total, v.doc_no, v.source_file, v.source_row
FROM stated AS s LEFT JOIN entries AS e USING (company_code, item_code)
LEFT JOIN landing.inventory_value_entry AS v ON v.company_code = s.company_code AND v.item_code = s.item_code
    AND v.business_date <= s.as_of_date
WHERE abs(s.total - COALESCE(e.total, 0)) > {limits.value}
QUALIFY row_number() OVER (PARTITION BY s.company_code, s.item_code ORDER BY
    abs(abs(v.entry_value) - abs(s.total - COALESCE(e.total, 0))) <= {limits.value} DESC, v.business_date, v.doc_no) = 1
ORDER BY 1"""


def c5_orders(limits: Limits) -> str:
    """C5: no more comes in or goes out than was ordered and tolerated; a closed order has nothing open."""
    rate = 1 + limits.over_delivery_rate
    return f"""
SELECT 'purchase order line ' || po_line_id || ' received', 'at most ' || CAST(ordered_units AS VARCHAR),
    received_units, po_no, source_file, source_row
FROM landing.purchase_order_line WHERE doc_status <> 'cancelled' AND received_units > ordered_units * {rate}
UNION ALL SELECT 'closed purchase order line ' || po_line_id || ' open', '0', open_units, po_no, source_file, source_row
FROM landing.purchase_order_line WHERE (is_closed OR doc_status IN ('closed', 'cancelled')) AND abs(open_units) > {limits.units}
UNION ALL SELECT 'sales order line ' || so_line_id || ' shipped', 'at most ' || CAST(ordered_units AS VARCHAR),
    shipped_units, so_no, source_file, source_row
FROM landing.sales_order_line WHERE doc_status <> 'cancelled' AND shipped_units > ordered_units * {rate}
ORDER BY 4, 1"""


C6_FACTS = (
    ("stock_movement", "doc_no", {"item_code": "item", "warehouse_code": "warehouse"}),
    ("stock_on_hand", "''", {"item_code": "item", "warehouse_code": "warehouse"}),
    ("purchase_order_line", "po_no", {"item_code": "item", "warehouse_code": "warehouse", "supplier_code": "supplier"}),
    ("purchase_receipt_line", "receipt_no", {"item_code": "item", "supplier_code": "supplier"}),
    ("sales_order_line", "so_no", {"item_code": "item", "warehouse_code": "warehouse", "customer_code": "customer"}),
    ("sales_shipment_line", "shipment_no", {"item_code": "item", "customer_code": "customer"}),
)


def c6_codes(masters: set[str]) -> str:
    """C6: every code of a fact is in its master; a code that differs in case or leading zeros only is named."""
    parts = []
    for contract, document, columns in C6_FACTS:
        for column, master in columns.items():
            if master not in masters:
                continue
            code = f"{master}_code"
            plain = "lower(ltrim({}, '0'))"
            parts.append(
                f"SELECT '{contract}.{column} ' || f.{column}, 'a code of {master}', COALESCE('not there; close to ' || "
                f"(SELECT min(n.{code}) FROM landing.{master} AS n WHERE n.company_code = f.company_code AND "
                f"{plain.format('n.' + code)} = {plain.format('f.' + column)}), 'not there'), "
                f"min({document}), min(f.source_file), min(f.source_row) FROM landing.{contract} AS f "
                f"ANTI JOIN landing.{master} AS m ON m.company_code = f.company_code AND m.{code} = f.{column} "
                f"WHERE f.{column} IS NOT NULL GROUP BY f.company_code, f.{column}"
            )
    return " UNION ALL ".join(parts) + " ORDER BY 1"


def c7_closed_periods() -> str:
    """C7: nothing is entered into a period after it was closed."""
    return f"""
SELECT 'period ' || p.period, 'no entry after ' || CAST(COALESCE(CAST(p.closed_at AS DATE), p.end_date) AS VARCHAR),
    'entered ' || CAST(CAST(m.entered_at AS DATE) AS VARCHAR), m.doc_no, m.source_file, m.source_row
FROM landing.stock_movement AS m JOIN landing.fiscal_period AS p ON p.company_code = m.company_code
    AND p.module IN ('stock', 'cost') AND p.is_closed AND m.business_date BETWEEN p.start_date AND p.end_date
WHERE m.{EFFECTIVE} AND p.closed_at IS NOT NULL AND m.entered_at > p.closed_at
ORDER BY m.business_date, m.doc_no"""


def c7_late_share() -> str:
    """Rows entered more than a day after their business date, and all rows that say when they were entered."""
    return (
        "SELECT count(*) FILTER (business_date < CAST(entered_at AS DATE) - 1), count(entered_at) "
        f"FROM landing.stock_movement WHERE {EFFECTIVE} AND movement_type <> 'opening'"
    )


def c8_counts(limits: Limits) -> str:
    """C8: what a posted count found over or short is what gain and loss documents booked until the next count."""
    grain = "company_code, item_code, variant_key, warehouse_code, lot_no"
    return f"""
WITH counted AS (
    SELECT {grain}, count_date, any_value(count_no) AS doc_no, min(source_file) AS source_file, min(source_row) AS source_row,
        sum(counted_units - (book_units + COALESCE(adjustment_in_units, 0) - COALESCE(adjustment_out_units, 0))) AS variance
    FROM landing.stock_count_line WHERE counted_units IS NOT NULL AND book_units IS NOT NULL AND {EFFECTIVE} GROUP BY ALL
), windows AS (
    SELECT *, least(COALESCE(lead(count_date) OVER (PARTITION BY {grain} ORDER BY count_date), DATE '9999-12-31'),
        count_date + {limits.posting_days}) AS until_date FROM counted
), posted AS (
    SELECT {_prefixed(grain, "w")}, w.count_date, sum(m.quantity_units) AS units FROM windows AS w
    JOIN landing.stock_movement AS m ON {_equal(grain, "w", "m")} AND m.movement_type IN ('count_gain', 'count_loss')
        AND m.{EFFECTIVE} AND m.business_date >= w.count_date AND m.business_date < w.until_date GROUP BY ALL
)
SELECT 'count of ' || w.item_code || ' in ' || w.warehouse_code || ' on ' || w.count_date, w.variance, COALESCE(p.units, 0),
    w.doc_no, w.source_file, w.source_row
FROM windows AS w LEFT JOIN posted AS p ON {_equal(grain, "w", "p")} AND p.count_date = w.count_date
WHERE abs(w.variance - COALESCE(p.units, 0)) > {limits.units} ORDER BY w.count_date, w.doc_no, 1"""


def c9_costs(limits: Limits) -> str:
    """C9: the cost of a movement is of the order of the item's cost; a price unit or a pack read wrongly is not."""
    return f"""
WITH costs AS (
    SELECT company_code, item_code, median(unit_cost) AS unit_cost FROM landing.item_cost WHERE unit_cost > 0 GROUP BY ALL
), moved AS (
    SELECT company_code, item_code, business_date, {_DOCUMENT},
        COALESCE(abs(cost_value / nullif(quantity_units, 0)), unit_cost) AS unit_cost FROM landing.stock_movement WHERE {EFFECTIVE}
)
SELECT 'cost of ' || m.item_code, 'about ' || CAST(round(c.unit_cost, 4) AS VARCHAR), round(m.unit_cost, 4), {_DOCUMENT}
FROM moved AS m JOIN costs AS c USING (company_code, item_code)
WHERE m.unit_cost > 0 AND (m.unit_cost > c.unit_cost * {limits.cost_ratio} OR m.unit_cost * {limits.cost_ratio} < c.unit_cost)
ORDER BY m.business_date, m.doc_no"""


def _prefixed(columns: str, alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in columns.split(", "))


def _equal(columns: str, left: str, right: str) -> str:
    return " AND ".join(f"{left}.{name} = {right}.{name}" for name in columns.split(", "))


def _prefixed_subject(subject: str, grain: str, alias: str) -> str:
    names = [name for name in grain.split(", ") if name != "company_code"]
    return f"concat_ws(' ', {', '.join(f'nullif({alias}.{name}, {chr(39) * 2})' for name in names)})"
