"""What each row of a ledger changed, where some of its rows state the balance instead; see Balance of the mapping language."""

from __future__ import annotations

from collections.abc import Sequence

from assets.ingest.reading.raw_table import SOURCE_ROW


def change_sql(
    by: Sequence[str], order: Sequence[str], change: str, stated: str, source: str, row: str = SOURCE_ROW
) -> str:
    """SELECT of `row` and `change` (a number) for every row of `source`, all arguments being SQL over it.

    Each stated balance opens a run of its own; what a row changed is its change, or what it states less the balance before.
    """
    group = ", ".join(by)
    sorting = ", ".join([*(f"sk_number({key}) NULLS LAST, {key}" for key in order), row])
    window = f"PARTITION BY {group} ORDER BY {sorting} ROWS UNBOUNDED PRECEDING"
    marked = f"SELECT *, ({change}) AS b_change, ({stated}) AS b_stated FROM {source}"
    runs = f"SELECT *, count(b_stated) OVER ({window}) AS b_run FROM ({marked})"
    within = f"PARTITION BY {group}, b_run ORDER BY {sorting} ROWS UNBOUNDED PRECEDING"
    # The first row of a run is the one that states it; run 0 is what came before any statement.
    balance = (
        "COALESCE(first_value(b_stated) OVER w, 0) + "
        "COALESCE(sum(CASE WHEN b_stated IS NULL THEN b_change END) OVER w, 0)"
    )
    running = f"SELECT *, {balance} AS b_after FROM ({runs}) WINDOW w AS ({within})"
    before = f"COALESCE(lag(b_after) OVER (PARTITION BY {group} ORDER BY {sorting}), 0)"
    return f"SELECT {row}, CASE WHEN b_stated IS NULL THEN b_change ELSE b_stated - {before} END AS change FROM ({running})"
