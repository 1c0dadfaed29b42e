"""Draft orders of the release: by supplier, and line by line."""

from __future__ import annotations

from typing import Any

import pandas as pd

from assets.publish.handoff.drafts import LINES_SQL
from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader

MARTS = ("fct_order_drafts", "fct_order_draft_lines")


def drafts(reader: ReleaseReader, wanted: Filter) -> pd.DataFrame:
    """Drafts with a line that is wanted, the dearest supplier first. A draft of which a line is beyond the limits of the user
    is not shown: who approves an order sees all of it."""
    within = wanted.limits.of("fct_order_draft_lines")
    beyond = f"select draft_no from fct_order_draft_lines anti join {within} as k using (draft_no, draft_line_id)"
    return reader.frame(
        f"""with shown as (
                select distinct draft_no from {wanted.of("fct_order_draft_lines")} where draft_no not in ({beyond})
            )
            select d.draft_no, coalesce(s.supplier_name, d.supplier_id) as supplier_name, w.warehouse_name, d.lines_no,
                d.order_value, d.expected_arrival_date, d.order_status, d.supplier_id, d.warehouse_id,
                sum(d.order_value) over (partition by d.supplier_id) as supplier_value
            from fct_order_drafts d join shown using (draft_no)
            left join dim_suppliers s using (supplier_id) left join dim_warehouses w using (warehouse_id)
            order by supplier_value desc nulls last, d.supplier_id, d.draft_no""",
        wanted.parameters,
    ).drop(columns="supplier_value")


def lines(reader: ReleaseReader, draft_no: str) -> pd.DataFrame:
    """The lines of a draft with names and reasons."""
    return reader.frame(
        f"""select l.draft_line_id, i.item_code, i.item_name, l.order_units, i.base_uom, l.unit_price, l.order_value,
                l.expected_arrival_date, l.order_cover_days, {reader.sentence("fct_order_draft_lines", "l.reason")},
                l.item_id, l.warehouse_id
            from fct_order_draft_lines l left join dim_items i using (item_id) where l.draft_no = $draft
            order by cast(l.draft_line_id as int)""",
        {"draft": draft_no},
    )


def rows_of(reader: ReleaseReader, draft_no: str) -> list[tuple[Any, ...]]:
    """The lines as `handoff.drafts.proposed` takes them."""
    frame = reader.frame(LINES_SQL, {"draft": draft_no}).astype(object)
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)]
