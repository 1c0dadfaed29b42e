"""What a disposal really brought, beside what was expected: the figures that the settings should learn from."""

from __future__ import annotations

import numpy as np
import pandas as pd

KEYS = ["item_id", "warehouse_id", "way"]


def track_recovery(decided: pd.DataFrame, realised: pd.DataFrame) -> pd.DataFrame:
    """Expected against realised, per item, warehouse and way.

    Args:
        decided: item_id, warehouse_id, way, decided_date, disposal_units, book_value, expected_recovery_value.
        realised: item_id, warehouse_id, way, business_date, units, recovered_value; what came before
            the decision does not count.

    Returns:
        decided with done_units, recovered_value, open_units, recovery_rate (recovered / book value of what is done),
        shortfall_value (expected for what is done - recovered) and state (`open`, `partly`, `done`).
    """
    both = decided[[*KEYS, "decided_date"]].merge(realised, on=KEYS, how="left")
    counts = pd.to_datetime(both["business_date"]) >= pd.to_datetime(both["decided_date"])
    both = both[counts]
    sums = both.groupby([*KEYS, "decided_date"], sort=True)[["units", "recovered_value"]].sum().reset_index()
    result = decided.merge(sums.rename(columns={"units": "done_units"}), on=[*KEYS, "decided_date"], how="left")
    result[["done_units", "recovered_value"]] = result[["done_units", "recovered_value"]].astype(float).fillna(0.0)
    result["open_units"] = (result["disposal_units"] - result["done_units"]).clip(lower=0)
    share = (result["done_units"] / result["disposal_units"]).clip(upper=1).to_numpy(float)
    done_value = result["book_value"].to_numpy(float) * share
    recovered = result["recovered_value"].to_numpy(float)
    result["recovery_rate"] = np.divide(recovered, done_value, out=np.full(len(result), np.nan), where=done_value > 0)
    result["shortfall_value"] = result["expected_recovery_value"] * share - recovered
    result["state"] = np.select([result["done_units"] <= 0, result["open_units"] > 0], ["open", "partly"], "done")
    return result


def learnt_rates(tracked: pd.DataFrame, *, prior_value: float) -> pd.DataFrame:
    """Recovery rate of each way from experience: recovered / book value done, leaning on the expectation.

    prior_value: book value that the expectation is worth, currency.
    """
    share = (tracked["done_units"] / tracked["disposal_units"]).clip(upper=1)
    done = tracked.assign(done_value=tracked["book_value"] * share, hoped=tracked["expected_recovery_value"] * share)
    sums = done.groupby("way", sort=True)[["done_value", "recovered_value", "hoped"]].sum()
    expected = done.groupby("way", sort=True)[["expected_recovery_value", "book_value"]].sum()
    prior = expected["expected_recovery_value"] / expected["book_value"].where(expected["book_value"] > 0)
    rate = (sums["recovered_value"] + prior_value * prior) / (sums["done_value"] + prior_value)
    return pd.DataFrame({"expected_rate": prior, "learnt_rate": rate, "done_value": sums["done_value"]}).reset_index()
