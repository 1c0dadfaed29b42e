"""Notes beside the figures: flags for machines, sentences for people."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from assets.planning.policy.suggest import Suggestion
from assets.planning.sentences import joined, say


def flag_texts(raised: dict[str, np.ndarray]) -> np.ndarray:
    """`;`-joined names of the flags that each row raises, in the order given; empty text where none."""
    names = np.array(list(raised), dtype=object)
    matrix = np.column_stack([np.asarray(values, bool) for values in raised.values()])
    combined, position = np.unique(matrix, axis=0, return_inverse=True)
    texts = np.array([";".join(names[row]) for row in combined], dtype=object)
    return texts[position.reshape(-1)]


def with_flag(texts: Iterable[str], raised: Iterable[bool], name: str) -> list[str]:
    """The flags of some rows (`;`-joined), with a further one where it is raised."""
    return [f"{old};{name}".lstrip(";") if hit else old for old, hit in zip(texts, raised, strict=True)]


def reasons(result: pd.DataFrame, assigned: pd.DataFrame, table: pd.DataFrame, order: Suggestion) -> list[str]:
    """Per row what is suggested and why (`assets.planning.sentences`)."""
    columns = zip(
        assigned["abc_xyz_cell"].fillna("no class"), result["policy"], result["service_measure"],
        result["service_level_rate"], result["position_units"], result["reorder_point_units"],
        result["suggested_order_units"], table["lead_time_days_mean"], table["lead_time_source"], order.is_due,
        order.is_refused, strict=True,
    )  # fmt: skip
    texts = []
    for cell, policy, measure, service, position, point, units, lead, source, is_due, is_refused in columns:
        rule = say("plan_rule", cell, policy, f"{service:.1%}", measure, f"{lead:.0f}", source)
        if is_refused:
            action = say("order_refused")
        elif units > 0:
            action = say("order_due", units, position, point)
        elif is_due:
            action = say("order_impossible", position)
        else:
            action = say("nothing_to_order", position, point)
        texts.append(joined(rule, action))
    return texts
