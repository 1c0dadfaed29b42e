"""The words beside the figures: flags for machines, one sentence for people."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.policy.suggest import Suggestion


def flag_texts(raised: dict[str, np.ndarray]) -> np.ndarray:
    """`;`-joined names of the flags that each row raises, in the order given; empty text where none."""
    names = np.array(list(raised), dtype=object)
    matrix = np.column_stack([np.asarray(values, bool) for values in raised.values()])
    combined, position = np.unique(matrix, axis=0, return_inverse=True)
    texts = np.array([";".join(names[row]) for row in combined], dtype=object)
    return texts[position.reshape(-1)]


def reasons(result: pd.DataFrame, assigned: pd.DataFrame, table: pd.DataFrame, order: Suggestion) -> list[str]:
    """One sentence a row: what is suggested and why."""
    columns = zip(
        assigned["abc_xyz_cell"].fillna("no class"), result["policy"], result["service_measure"],
        result["service_level_rate"], result["position_units"], result["reorder_point_units"],
        result["suggested_order_units"], table["lead_time_days_mean"], table["lead_time_source"], order.is_due,
        order.is_refused, strict=True,
    )  # fmt: skip
    texts = []
    for cell, policy, measure, service, position, point, units, lead, source, is_due, is_refused in columns:
        rule = f"{cell}: {policy} at {service:.1%} {measure}, lead time {lead:.0f} days ({source})"
        if is_refused:
            action = "an order is due but most of the smallest lot would expire or not fit: decide by hand"
        elif units > 0:
            action = f"order {units:g}: position {position:g} has reached {point:g}"
        elif is_due:
            action = f"an order is due at position {position:g} but none can be placed"
        else:
            action = f"nothing to order: position {position:g} is above {point:g}"
        texts.append(f"{rule}; {action}")
    return texts
