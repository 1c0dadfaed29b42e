"""The approval sheet of one draft order, as text: what is bought, why, what it costs, what else could be done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import duckdb

from assets.publish.handoff.store import Order


def approval_sheet(
    marts: duckdb.DuckDBPyConnection, order: Order, history: Sequence[tuple[datetime, str, str, str]]
) -> str:
    """Text of the sheet; `marts` reads the release, `order` holds what is proposed or was approved."""
    head = marts.execute(
        """select s.supplier_name, d.expected_arrival_date, d.order_status, d.holding_cost_year_value, d.reason,
                  d.load_count_units, d.last_load_rate
           from fct_order_drafts as d left join dim_suppliers as s using (supplier_id) where d.draft_no = $draft""",
        {"draft": order.draft_no},
    ).fetchone()
    value = sum(line.approved_units * (line.unit_price or 0.0) for line in order.lines)
    lines = [
        f"{order.draft_no}  {order.state}  supplier {order.supplier_id}  warehouse {order.warehouse_id}  value {value:,.2f}"
    ]
    if head is not None:
        lines.append(
            f"{head[0] or ''}  expected {head[1]}  {head[2]}  holding cost of the next year {_money(head[3])}  {head[4]}"
        )
        if head[5] is not None:
            lines.append(f"loads: {head[5]:g}, the last one {head[6]:.0%} full")
    facts = {
        row[0]: row[1:]
        for row in marts.execute(
            """select l.draft_line_id, i.item_name, l.order_cover_days, l.cover_limit_days, l.cover_status,
                      l.holding_cost_year_value, l.reason, l.alternatives
               from fct_order_draft_lines as l left join dim_items as i using (item_id) where l.draft_no = $draft""",
            {"draft": order.draft_no},
        ).fetchall()
    }
    for line in order.lines:
        price = "no price" if line.unit_price is None else f"at {line.unit_price:g}"
        said = f" (proposed {line.proposed_units:g})" if line.approved_units != line.proposed_units else ""
        back = f"  {line.ack_status} {line.po_no}" if line.ack_status else ""
        name, cover, limit, status, holding, reason, alternatives = facts.get(line.draft_line_id, ("",) + (None,) * 6)
        lines.append(
            f"{line.draft_line_id:>4}  {line.item_id}  {name or ''}  {line.approved_units:g}{said} {price}{back}"
        )
        if reason is not None:
            days = "" if cover is None else f"lasts {cover:.0f} of at most {limit:.0f} days ({status}); "
            lines.append(f"      {days}holding cost {_money(holding)}; {reason}")
            lines.append(f"      instead: {alternatives}")
    cash = marts.execute(
        "select month_start_date, cash_value from fct_order_cash where draft_no = $draft order by 1",
        {"draft": order.draft_no},
    ).fetchall()
    lines.extend(f"cash {month:%Y-%m}: {_money(paid)}" for month, paid in cash)
    lines.extend(f"{at:%Y-%m-%d %H:%M} UTC  {action}  {user}  {comment}" for at, action, user, comment in history)
    return "\n".join(lines)


def _money(value: object) -> str:
    return "not available" if value is None else f"{float(value):,.2f}"  # type: ignore[arg-type]
