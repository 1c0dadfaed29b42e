"""Effects as rows (`planning.forecast_effects`): what a promotion, a holiday or a regressor does to demand, and on what ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from assets.planning.forecasting.panel import Panel

if TYPE_CHECKING:
    from assets.planning.forecasting.conditions import Conditions

#: Columns after the keys of a series, with their types. A row without keys holds for the whole family.
COLUMNS = {
    "family_name": "str", "feature": "str", "effect_rate": "float64", "standard_error": "float64",
    "kept_rate": "float64", "learned_from": "str", "observed_periods": "int64",
}  # fmt: skip


def no_effects() -> pd.DataFrame:
    """Typed columns without a row."""
    return pd.DataFrame({name: pd.Series(dtype="object" if kind == "str" else kind) for name, kind in COLUMNS.items()})


def effect_table(panel: Panel, at: Conditions) -> pd.DataFrame:
    """Rows of the effects at the origin of `at`: key columns (null for a family), then `COLUMNS`.

    effect_rate: of a promotion, the share of its expected uplift that comes true; of another feature, the change of
    demand when the feature goes up by 1 (-0.2: a fifth less). kept_rate: the part of it that is applied; 0 with learned_from
    `not_used` where a regressor did not bring the demand after earlier cuts nearer, `not_known` where it is not known.
    """
    parts = [no_effects()]
    if at.promotions is not None:
        rows = at.promotions.table
        keys = panel.keys.iloc[rows["position"]].reset_index(drop=True)
        learned = rows.assign(
            family_name=panel.family_names[panel.group[rows["position"]]],
            feature="promotion",
            effect_rate=rows["response_rate"],
            kept_rate=1.0,
            learned_from=rows["source"],
            observed_periods=rows["promoted_periods"],
        )
        parts.append(pd.concat([keys, learned[list(COLUMNS)]], axis=1))
    if at.effects is not None and len(at.effects.table):
        rows = at.effects.table
        found = rows.assign(
            family_name=panel.family_names[rows["group"].to_numpy(np.int64)],
            effect_rate=np.expm1(rows["log_effect"]),
            learned_from="family",
            observed_periods=at.end,
        )
        parts.append(found[list(COLUMNS)])
    if at.regressors is not None and len(at.regressors.table):
        rows = at.regressors.table
        found = rows.assign(
            family_name=panel.family_names[rows["group"].to_numpy(np.int64)],
            effect_rate=np.expm1(rows["log_effect"]),
            observed_periods=np.where(rows["learned_from"] == "not_known", 0, at.end),
        )
        parts.append(found[list(COLUMNS)])
    out = pd.concat(parts, ignore_index=True)
    return out.reindex(columns=[*panel.keys.columns, *COLUMNS])
