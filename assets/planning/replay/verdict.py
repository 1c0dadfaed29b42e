"""What the replay says about a plan: its verdict goes with every published parameter."""

from __future__ import annotations

import pandas as pd

from assets.planning.policy.flags import with_flag
from assets.planning.sentences import joined, say, with_clause

KEYS = ["item_id", "warehouse_id"]
SIDES = ["filled_units", "fill_rate", "stockout_days", "average_stock_units", "average_stock_value", "turnover_rate",
         "orders", "cost_value"]  # fmt: skip
COLUMNS = [
    *KEYS, "window_from_date", "window_to_date", "abc_xyz_cell", "policy", "service_measure", "service_level_rate",
    "demand_units", *(f"replay_{name}" for name in SIDES), *(f"actual_{name}" for name in SIDES), "replay_cycles",
    "replay_served_cycles", "replay_cycle_service_rate", "replay_written_off_units", "actual_written_off_units",
    "verdict", "verdict_reason",
]  # fmt: skip


def not_replayed(assigned: pd.DataFrame, reason: str) -> pd.DataFrame:
    """planning.policy_replay where no window could be measured: every row has the sentence that says why, and null figures."""
    rows = assigned.assign(verdict="not_replayed", verdict_reason=reason)
    return rows.reindex(columns=COLUMNS)


def with_verdict(replenishment: pd.DataFrame, replayed: pd.DataFrame) -> pd.DataFrame:
    """The plan with `replay_verdict`; where the policy did worse than what was done, flag and reason say so.

    Args:
        replenishment: planning.replenishment. replayed: planning.policy_replay, any order; a row that is not in it is
            `not_replayed`.
    """
    found = replayed.drop_duplicates(KEYS).set_index(KEYS).reindex(pd.MultiIndex.from_frame(replenishment[KEYS]))
    verdict = found["verdict"].fillna("not_replayed").to_numpy(object)
    worse = verdict == "not_recommended"
    why = found["verdict_reason"].fillna("").to_numpy(object)
    return replenishment.assign(
        replay_verdict=verdict,
        flags=with_flag(replenishment["flags"], worse, "not_recommended"),
        reason=with_clause(replenishment["reason"], worse, [joined(say("not_recommended"), text) for text in why]),
    )
