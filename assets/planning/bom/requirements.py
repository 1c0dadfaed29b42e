"""What the explosion asks of components beyond their own forecast, at the place that they are issued from."""

from __future__ import annotations

import numpy as np
import pandas as pd

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [*KEYS, "period_start_date", "need_date", "dependent_units", "forecast_units", "added_units"]


def issue_places(lines: pd.DataFrame, spine: pd.DataFrame, issues: pd.DataFrame, stock: pd.DataFrame) -> pd.Series:
    """Warehouse of each component: its bill's, else that of most production issues, else of most stock, else the first.

    Args:
        issues: item_id, warehouse_id, units issued to production lately. stock: item_id, warehouse_id, available_units.
    """
    named = lines.dropna(subset=["issue_warehouse_id"]).sort_values(["component_item_id", "issue_warehouse_id"])
    place = named.drop_duplicates("component_item_id").set_index("component_item_id")["issue_warehouse_id"]
    rows = spine.loc[spine["item_id"].isin(lines["component_item_id"]), KEYS]
    rows = rows.merge(issues, on=KEYS, how="left").merge(stock[[*KEYS, "available_units"]], on=KEYS, how="left")
    rows[["units", "available_units"]] = rows[["units", "available_units"]].astype(float).fillna(0.0)
    order = ["item_id", "units", "available_units", "warehouse_id"]
    best = rows.sort_values(order, ascending=[True, False, False, True]).drop_duplicates("item_id")
    usual = best.set_index("item_id")["warehouse_id"]
    return usual.where(~usual.index.isin(place.index), place.reindex(usual.index))


def beyond_forecast(
    dependent: pd.DataFrame, places: pd.Series, forecasts: pd.DataFrame, today: pd.Timestamp, period_days: float
) -> pd.DataFrame:
    """Dependent demand per period beside the component's own forecast, and what it adds to it (COLUMNS).

    The forecast of a component was learnt from what was issued to production before. So the two are not added: in every
    period the plan follows whichever has asked for more so far.

    Args:
        dependent: item_id, need_date, dependent_units. forecasts: item_id, warehouse_id, period_start_date, mean_units.
    """
    if dependent.empty:
        return pd.DataFrame(columns=COLUMNS)
    rows = dependent.assign(warehouse_id=dependent["item_id"].map(places)).dropna(subset=["warehouse_id"])
    rows["period_no"] = ((rows["need_date"] - today).dt.days // period_days).clip(lower=0)
    asked = rows.groupby([*KEYS, "period_no"], sort=True, as_index=False).agg(
        dependent_units=("dependent_units", "sum"), need_date=("need_date", "min")
    )
    own = forecasts.merge(asked[KEYS].drop_duplicates(), on=KEYS)
    ahead = (pd.to_datetime(own["period_start_date"]) - today).dt.days
    own = own.assign(period_no=(ahead // period_days).clip(lower=0))
    known = own.groupby([*KEYS, "period_no"], sort=True, as_index=False)["mean_units"].sum()
    both = asked.merge(known, on=[*KEYS, "period_no"], how="outer").sort_values([*KEYS, "period_no"], ignore_index=True)
    both["forecast_units"] = both["mean_units"].astype(float).fillna(0.0)
    both["dependent_units"] = both["dependent_units"].astype(float).fillna(0.0)
    group = both.groupby(KEYS)
    ahead_units = (group["dependent_units"].cumsum() - group["forecast_units"].cumsum()).clip(lower=0)
    most = ahead_units.groupby([both[name] for name in KEYS]).cummax()
    both["added_units"] = most - most.groupby([both[name] for name in KEYS]).shift().fillna(0.0)
    both["period_start_date"] = today + pd.to_timedelta(both["period_no"] * period_days, unit="D")
    both["need_date"] = pd.to_datetime(both["need_date"]).fillna(both["period_start_date"])
    both["added_units"] = np.where(both["added_units"] > 1e-9, both["added_units"], 0.0)
    return both[COLUMNS]
