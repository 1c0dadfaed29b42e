"""How long goods take to each item x warehouse: from the supplier where they are bought, over the lane where they are moved."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.network.settings import NetworkSettings
from assets.planning.parameters.settings import ParameterSettings
from assets.planning.transfers.settings import TransferSettings

KEYS = ["item_id", "warehouse_id"]
LANE = ["from_warehouse_id", "warehouse_id"]


def along_lanes(
    lead_times: pd.DataFrame,
    network: pd.DataFrame,
    lanes: pd.DataFrame,
    stated: pd.DataFrame,
    *,
    settings: NetworkSettings,
    parameters: ParameterSettings,
    transfers: TransferSettings,
) -> pd.DataFrame:
    """Lead times of all rows with those of the lane where a row is fed by another warehouse.

    Args:
        lead_times: result of `parameters.lead_times`. network: `supply_network`, the same rows in the same order.
        lanes: int_supply_lanes. stated: int_supply_sources; an agreed time goes before a measured one, and a lane of the
            transfer settings before both.

    Returns:
        The columns of lead_times and lane_interval_days: days between two deliveries on the way (0 where bought).
        lead_time_source of a moved row: `stated`, `lane` (measured), `transfer_default`.
    """
    result = lead_times.reset_index(drop=True).copy()
    agreed = _agreed(network, stated)
    interval = np.where(np.isfinite(agreed["review"]), agreed["review"], 0.0)
    bought_agreed = np.isfinite(agreed["lead"])
    moved = (network["source_kind"] == "transfer").to_numpy()
    measured = network[LANE].reset_index(drop=True).merge(lanes.drop_duplicates(LANE), on=LANE, how="left")
    enough = measured["moves"].fillna(0).to_numpy(float) >= settings.min_lane_moves
    has_time = enough & measured["lead_time_days_mean"].notna().to_numpy()
    named = {(lane.from_warehouse_id, lane.to_warehouse_id): lane.lead_time_days for lane in transfers.lanes}
    pairs = zip(network["from_warehouse_id"], network["warehouse_id"], strict=True)
    configured = np.array([named.get(pair) if named.get(pair) is not None else np.nan for pair in pairs], float)
    choices = [np.isfinite(configured), bought_agreed, has_time]
    mean = np.select(
        choices, [configured, agreed["lead"], measured["lead_time_days_mean"].to_numpy(float)], transfers.lead_time_days
    )
    spread = measured["lead_time_days_sd"].fillna(0.0).to_numpy(float)
    sd = np.where(has_time, spread, parameters.assumed_lead_time_cv_rate * mean)
    source = np.select(choices, ["stated", "stated", "lane"], "transfer_default")
    moves = np.nan_to_num(measured["moves"].to_numpy(float)).astype(int)
    for name, values in {
        "lead_time_days_mean": mean, "lead_time_days_sd": sd, "lead_time_source": source, "lead_time_receipts": moves,
    }.items():  # fmt: skip
        result[name] = np.where(moved, values, result[name].to_numpy())
    stated_bought = ~moved & bought_agreed
    result["lead_time_days_mean"] = np.where(
        stated_bought, agreed["lead"], result["lead_time_days_mean"].to_numpy(float)
    )
    result["lead_time_source"] = np.where(stated_bought, "stated", result["lead_time_source"].to_numpy(object))
    result["lead_time_days_mean"] = result["lead_time_days_mean"].astype(float)
    result["lead_time_days_sd"] = result["lead_time_days_sd"].astype(float)
    result["lead_time_receipts"] = result["lead_time_receipts"].astype(int)
    result["supplier_id"] = network["supplier_id"].to_numpy(object)
    seen = np.where(enough, measured["interval_days"].fillna(settings.default_interval_days).to_numpy(float), np.nan)
    lane_interval = np.where(np.isfinite(seen), seen, settings.default_interval_days)
    result["lane_interval_days"] = np.where(moved & (interval <= 0), lane_interval, interval)
    return result


def _agreed(network: pd.DataFrame, stated: pd.DataFrame) -> dict[str, np.ndarray]:
    """Agreed lead time and review period of each row; those of the item go before those of the warehouse."""
    given = stated[stated["source_basis"] == "stated"]
    of_item = given[given["item_id"].notna()].drop_duplicates(KEYS).set_index(KEYS)
    of_house = given[given["item_id"].isna()].drop_duplicates("warehouse_id").set_index("warehouse_id")
    answer = {}
    for name, column in (("lead", "lead_time_days"), ("review", "review_period_days")):
        own = of_item[column].reindex(pd.MultiIndex.from_frame(network[KEYS])).to_numpy(float)
        whole = of_house[column].reindex(network["warehouse_id"]).to_numpy(float)
        use = (network["source_basis"] == "stated").to_numpy()
        answer[name] = np.where(use, np.where(np.isfinite(own), own, whole), np.nan)
    return answer
