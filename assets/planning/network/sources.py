"""`planning.supply_network`: where each item x warehouse is supplied from, found from history and overridden by data.

Order of evidence: what the company states for the item, what it states for the warehouse, what the item's own receipts of
the last year show, what the warehouse's receipts of all items show, the warehouse above it in the master data, and last
the usual supplier of the item. A way that leads back to where it began is cut at the row that bought most from outside.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.planning.network.settings import NetworkSettings

KEYS = ["item_id", "warehouse_id"]
COLUMNS = [
    *KEYS, "source_kind", "supplier_id", "from_warehouse_id", "source_basis", "source_share_rate", "source_receipt_days",
    "purchasing_warehouse_id", "stage_no",
]  # fmt: skip
FOUND = ["source_kind", "supplier_id", "from_warehouse_id", "source_basis"]


def supply_network(
    spine: pd.DataFrame, flows: pd.DataFrame, stated: pd.DataFrame, *, settings: NetworkSettings
) -> pd.DataFrame:
    """The source of every row of the spine, in its order.

    Args:
        spine: int_item_warehouses. flows: int_supply_flows (units of the last year by source_kind and source_id).
        stated: int_supply_sources (source_basis `stated` or `parent`; item_id null: every item of the warehouse).

    Returns:
        source_kind (`supplier`, `transfer`, `production`), supplier_id (null for transfers), from_warehouse_id (null for
        all else), source_basis (`stated`, `history`, `warehouse_history`, `parent`, `default`), source_share_rate (share
        of the units of the last year that came this way; null where nothing came), source_receipt_days,
        purchasing_warehouse_id (where the goods enter the company) and stage_no (0 there, 1 for what it feeds, ...).
    """
    rows = spine[KEYS].reset_index(drop=True)
    usual = spine["default_supplier_id"].reset_index(drop=True) if "default_supplier_id" in spine else None
    found = pd.DataFrame({name: pd.Series(None, index=rows.index, dtype=object) for name in FOUND})
    exists = set(map(tuple, rows.to_numpy()))
    for layer in (
        _stated(rows, stated, "stated", of_item=True),
        _stated(rows, stated, "stated", of_item=False),
        _own_history(rows, flows, settings),
        _warehouse_history(rows, flows, settings),
        _stated(rows, stated, "parent", of_item=False),
    ):
        usable = layer["source_kind"].notna() & found["source_kind"].isna()
        is_moved = (layer["source_kind"] == "transfer").to_numpy()
        reachable = [
            not moved or (item, source) in exists
            for moved, item, source in zip(is_moved, rows["item_id"], layer["from_warehouse_id"], strict=True)
        ]
        take = (
            usable.to_numpy()
            & np.array(reachable, bool)
            & (layer["from_warehouse_id"] != rows["warehouse_id"]).to_numpy()
        )
        found.loc[take, FOUND] = layer.loc[take, FOUND].to_numpy()
    nothing = found["source_kind"].isna()
    found.loc[nothing, "source_kind"], found.loc[nothing, "source_basis"] = "supplier", "default"
    _cut_circles(rows, found, flows)
    bought = (found["source_kind"] == "supplier") & found["supplier_id"].isna()
    if usual is not None:
        found.loc[bought, "supplier_id"] = usual[bought]
    return _described(pd.concat([rows, found], axis=1), flows)


def _stated(rows: pd.DataFrame, stated: pd.DataFrame, basis: str, *, of_item: bool) -> pd.DataFrame:
    """What is stated for the item x warehouse, or for the warehouse as a whole; null rows elsewhere."""
    here = stated[(stated["source_basis"] == basis) & (stated["item_id"].notna() == of_item)]
    keys = KEYS if of_item else ["warehouse_id"]
    columns = ["source_kind", "supplier_id", "from_warehouse_id", "source_basis"]
    return rows.merge(here[[*keys, *columns]].drop_duplicates(keys), on=keys, how="left")[columns].astype(object)


def _own_history(rows: pd.DataFrame, flows: pd.DataFrame, settings: NetworkSettings) -> pd.DataFrame:
    """The way that brought most of the item to the warehouse over the last year."""
    return rows.merge(_main_way(flows, KEYS, "history", settings), on=KEYS, how="left")[FOUND].astype(object)


def _warehouse_history(rows: pd.DataFrame, flows: pd.DataFrame, settings: NetworkSettings) -> pd.DataFrame:
    """The way that brings most lines to the warehouse, for items that did not come there yet; suppliers are the items' own."""
    days = flows.assign(received_units=flows["receipt_days"])
    way = _main_way(days, ["warehouse_id"], "warehouse_history", settings)
    way["supplier_id"] = None
    return rows.merge(way, on="warehouse_id", how="left")[FOUND].astype(object)


def _main_way(flows: pd.DataFrame, keys: list[str], basis: str, settings: NetworkSettings) -> pd.DataFrame:
    """The kind with most units per key and, within it, the source with most; ties by name."""
    if flows.empty:
        return pd.DataFrame(columns=[*keys, *FOUND]).astype(object)
    units = flows.assign(received_units=flows["received_units"].astype(float))
    kinds = units.groupby([*keys, "source_kind"], sort=True)["received_units"].sum().reset_index()
    kinds["share"] = kinds["received_units"] / kinds.groupby(keys)["received_units"].transform("sum")
    kinds = kinds[kinds["share"] >= settings.min_share_rate]
    kinds = kinds.sort_values([*keys, "share", "source_kind"], ascending=[*[True] * len(keys), False, True])
    kinds = kinds.drop_duplicates(keys)[[*keys, "source_kind"]]
    sources = units.groupby([*keys, "source_kind", "source_id"], sort=True)["received_units"].sum().reset_index()
    sources = sources.merge(kinds, on=[*keys, "source_kind"])
    order = [*keys, "received_units", "source_id"]
    best = sources.sort_values(order, ascending=[*[True] * len(keys), False, True]).drop_duplicates(keys).copy()
    named = best["source_id"].where(best["source_id"] != "", None).astype(object)
    best["supplier_id"] = named.where(best["source_kind"] == "supplier", None)
    best["from_warehouse_id"] = named.where(best["source_kind"] == "transfer", None)
    best = best[(best["source_kind"] != "transfer") | best["from_warehouse_id"].notna()]
    return best.assign(source_basis=basis)[[*keys, *FOUND]]


def _cut_circles(rows: pd.DataFrame, found: pd.DataFrame, flows: pd.DataFrame) -> None:
    """Makes the row of a circle that bought most from outside buy all it needs; changes `found`."""
    outside = flows[flows["source_kind"] != "transfer"] if not flows.empty else flows
    bought = outside.groupby(KEYS)["received_units"].sum().astype(float).to_dict() if not outside.empty else {}
    moved = found["source_kind"] == "transfer"
    above = {
        (item, house): (item, source)
        for item, house, source in zip(
            rows.loc[moved, "item_id"], rows.loc[moved, "warehouse_id"], found.loc[moved, "from_warehouse_id"], strict=True
        )
    }  # fmt: skip
    place = {tuple(key): row for row, key in enumerate(rows.to_numpy())}
    clear: set[tuple[str, str]] = set()
    for start in sorted(above):
        path: list[tuple[str, str]] = []
        at = start
        while at in above and at not in clear and at not in path:
            path.append(at)
            at = above[at]
        if at in path:
            circle = path[path.index(at) :]
            root = max(circle, key=lambda key: (bought.get(key, 0.0), [-ord(sign) for sign in key[1]]))
            del above[root]
            found.loc[place[root], FOUND] = ["supplier", None, None, "default"]
        clear.update(path)


def _described(network: pd.DataFrame, flows: pd.DataFrame) -> pd.DataFrame:
    """Adds the share of history that agrees, the warehouse that buys, and the stage."""
    total = _units(flows, KEYS)
    kind = _units(flows, [*KEYS, "source_kind"])
    keys = pd.MultiIndex.from_frame(network[KEYS])
    with_kind = pd.MultiIndex.from_frame(network[[*KEYS, "source_kind"]])
    of_all = total.reindex(keys)["received_units"].to_numpy(float)
    of_kind = kind.reindex(with_kind)
    share = np.nan_to_num(of_kind["received_units"].to_numpy(float))
    network["source_share_rate"] = np.divide(share, of_all, out=np.full(len(network), np.nan), where=of_all > 0)
    network["source_receipt_days"] = np.nan_to_num(of_kind["receipt_days"].to_numpy(float))
    root, stage = network["warehouse_id"].to_numpy(object).copy(), np.zeros(len(network), int)
    above = feeding_rows(network)
    at = above.copy()
    while (at >= 0).any():
        on = at >= 0
        stage[on] += 1
        root[on] = network["warehouse_id"].to_numpy(object)[at[on]]
        at = np.where(on, above[at], -1)
    network["purchasing_warehouse_id"], network["stage_no"] = root, stage
    return network[COLUMNS]


def _units(flows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    columns = ["received_units", "receipt_days"]
    if flows.empty:
        return pd.DataFrame(columns=columns, index=pd.MultiIndex.from_arrays([[]] * len(keys)), dtype=float)
    return flows.assign(**{name: flows[name].astype(float) for name in columns}).groupby(keys)[columns].sum()


def feeding_rows(network: pd.DataFrame) -> np.ndarray:
    """(n,) row that feeds each row of a network, -1 where goods come from outside the company."""
    index = pd.MultiIndex.from_frame(network[KEYS])
    wanted = pd.MultiIndex.from_arrays([network["item_id"], network["from_warehouse_id"]])
    return np.where((network["source_kind"] == "transfer").to_numpy(), index.get_indexer(wanted), -1)
