"""The track record: kept vintages against what came, by horizon, class and owner, and the worst misses of each month.

Belongs here: which vintages are scored, when a score is final, and which vintage a month is judged by. Scoring is in
`vintages`, causes are in `review`, files are in `vintage_store`.

A company's first run has no kept forecasts. Vintages are then made as the engine would have made them, a horizon and
two ago; they are named `reconstructed`, because they see demand as it is known today (late documents, the correction
for empty shelves).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from assets.planning.demand.periods import period_of_day, period_start_day, to_dates
from assets.planning.forecasting.engine import KEYS, forecast
from assets.planning.forecasting.overrides import VALUE_COLUMNS, override_rows, with_columns
from assets.planning.forecasting.panel import panel_of_history
from assets.planning.forecasting.review import worst_misses
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.forecasting.spread import Spread
from assets.planning.forecasting.vintage_store import PUBLISHED, VintageStore
from assets.planning.forecasting.vintages import accuracy_by, matched_forecasts

VINTAGE = {"origin_date": "datetime64[ns]", "vintage_kind": "str", "published_date": "datetime64[ns]"}
ATTRIBUTES = {"abc_xyz_cell": "str", "owner_name": "str"}
ACCURACY_KEYS = [*VINTAGE, "horizon_periods", *ATTRIBUTES]


@dataclass(frozen=True)
class TrackRecord:
    """accuracy: a row per `ACCURACY_KEYS`, in the columns of `vintages.accuracy_by`. review: a row per month and rank,
    in the columns of `review.worst_misses` with the vintage, the class, the owner and the model. overrides: a row per
    forecast that a planner replaced, in `overrides.VALUE_COLUMNS`."""

    accuracy: pd.DataFrame
    review: pd.DataFrame
    overrides: pd.DataFrame


def keep_track(
    store: VintageStore,
    forecasts: pd.DataFrame,
    history: pd.DataFrame,
    *,
    attributes: pd.DataFrame,
    groups: pd.Series | None,
    settings: ForecastSettings,
    promotions: pd.DataFrame | None = None,
    regressors: pd.DataFrame | None = None,
    spread: Spread | None = None,
) -> TrackRecord:
    """Keep this run's forecasts and score those of earlier origins.

    Args:
        store: the company's vintages; the new one is added, and final scores.
        forecasts: planning.forecasts of this run. history: planning.demand_history of this run.
        attributes: item_id, warehouse_id, abc_xyz_cell, owner_name, unit_cost_latest (null where not known).
        groups, promotions, regressors, spread: as in `engine.forecast`.
    """
    if forecasts.empty:
        return TrackRecord(_no_accuracy(), _no_review(), pd.DataFrame(columns=VALUE_COLUMNS))
    origin = pd.Timestamp(forecasts["origin_date"].iloc[0]).date()
    _reconstruct(store, origin, history, groups, promotions, regressors, settings, spread)
    store.keep(forecasts)
    described = attributes.drop_duplicates(KEYS).assign(
        abc_xyz_cell=attributes["abc_xyz_cell"].fillna(""), owner_name=attributes["owner_name"].fillna("")
    )
    judge = _Judge(store, history, described, settings)
    present = override_rows(with_columns(forecasts).assign(vintage_kind=PUBLISHED))
    return TrackRecord(judge.accuracy(origin), judge.review(origin), judge.overrides(origin, present))


def _earlier_origin(origin: date, periods: int, frequency: str) -> date:
    """Last day of the period that lies `periods` before the one that ends on `origin`."""
    number = period_of_day(pd.DatetimeIndex([origin]).to_numpy().astype("datetime64[D]").astype("int64") + 1, frequency)
    start = pd.Timestamp(to_dates(period_start_day(number - periods, frequency))[0])
    return (start - pd.Timedelta(days=1)).date()


def _reconstruct(
    store: VintageStore,
    origin: date,
    history: pd.DataFrame,
    groups: pd.Series | None,
    promotions: pd.DataFrame | None,
    regressors: pd.DataFrame | None,
    settings: ForecastSettings,
    spread: Spread | None,
) -> None:
    """The first vintages of a company that has none a horizon ago, as far as its history reaches."""
    horizon, frequency = settings.horizon_periods, settings.frequency
    newest = _earlier_origin(origin, horizon, frequency)
    if store.origins(_earlier_origin(newest, -1, frequency)):
        return
    quick = settings.model_copy(update={"origins": min(settings.origins, 3)})
    for back in range(1, settings.reconstructed_vintages + 1):
        end = _earlier_origin(origin, horizon * back, frequency)
        known = history[history["period_start_date"] <= pd.Timestamp(end)]
        if known["period_start_date"].nunique() >= settings.min_train_periods + horizon:
            made = forecast(
                known, settings=quick, groups=groups, promotions=promotions, regressors=regressors, spread=spread
            )
            store.keep(made.forecasts, reconstructed=True)


class _Judge:
    """Scores vintages against one history; its panel is made once."""

    def __init__(
        self, store: VintageStore, history: pd.DataFrame, attributes: pd.DataFrame, settings: ForecastSettings
    ) -> None:
        self._store, self._history, self._attributes, self._settings = store, history, attributes, settings
        self._panel = panel_of_history(history, key_columns=KEYS, frequency=settings.frequency)
        self._matched: dict[date, pd.DataFrame] = {}

    def _vintage(self, origin: date) -> pd.DataFrame:
        if origin not in self._matched:
            rows = matched_forecasts(
                self._store.read(origin),
                self._history,
                frequency=self._settings.frequency,
                season=self._settings.season,
                panel=self._panel,
            ).merge(self._attributes, on=KEYS, how="left")
            self._matched[origin] = rows.fillna({"abc_xyz_cell": "", "owner_name": ""})
        return self._matched[origin]

    def accuracy(self, before: date) -> pd.DataFrame:
        """Accuracy of every vintage before an origin; scores that are final are read, not computed."""
        settings = self._settings
        final = _earlier_origin(before, settings.horizon_periods + settings.settle_periods, settings.frequency)
        parts = []
        for origin in self._store.origins(before):
            scores = self._store.settled_scores(origin) if origin <= final else None
            if scores is None:
                scores = accuracy_by(self._vintage(origin), ACCURACY_KEYS)
                if origin <= final:
                    self._store.settle(origin, scores)
            parts.append(scores)
        return pd.concat(parts, ignore_index=True) if parts else _no_accuracy()

    def overrides(self, before: date, present: pd.DataFrame) -> pd.DataFrame:
        """What planners replaced: in every vintage before an origin whose demand is known, then in the `present` one."""
        parts = []
        for origin in self._store.origins(before):
            if self._store.read(origin)["planner_name"].notna().any():
                rows = self._vintage(origin)
                parts.append(override_rows(rows, rows["actual_units"]))
        return pd.concat([*parts, present], ignore_index=True) if parts else present

    def review(self, before: date) -> pd.DataFrame:
        """The worst misses of the newest whole months, each judged by the newest vintage made before the month."""
        origins = self._store.origins(before)
        last = pd.Timestamp(before) + pd.Timedelta(days=1)
        parts = []
        for back in range(self._settings.review_months, 0, -1):
            month = (last.to_period("M") - back).to_timestamp()
            until = month + pd.offsets.MonthEnd(0)
            earlier = [origin for origin in origins if pd.Timestamp(origin) < month]
            if not earlier:
                continue
            rows = self._vintage(earlier[-1])
            rows = rows[rows["period_start_date"].between(month, until)]
            if rows.empty:
                continue
            known = self._history[self._history["period_start_date"] <= until]
            values = self._attributes.set_index(KEYS)["unit_cost_latest"].astype(float)
            worst = worst_misses(rows, known, unit_values=values, top=self._settings.review_rows)
            told = rows[[*KEYS, *VINTAGE, *ATTRIBUTES, "model"]].drop_duplicates(KEYS)
            worst = worst.merge(told, on=KEYS, how="left")
            parts.append(worst.assign(month_start_date=month, miss_rank=range(1, len(worst) + 1)))
        return pd.concat(parts, ignore_index=True) if parts else _no_review()


def _no_accuracy() -> pd.DataFrame:
    """Typed columns without a row: no vintage has met an actual yet."""
    sums = [*(f"{name}_units" for name in ("actual", "error", "absolute_error", "naive_absolute_error"))]
    sums += ["scaled_error_total", "squared_scaled_error_total", "scaled_pinball_total"]
    ratios = ["wape", "bias", "mase", "rmsse", "scaled_pinball", "coverage_90", "forecast_value_added_rate"]
    counts = {"scored_periods": "int64", "inside_90_periods": "int64"}
    types = {**VINTAGE, "horizon_periods": "int64", **ATTRIBUTES, **counts, **dict.fromkeys(sums + ratios, "float64")}
    return _empty(types)


def _no_review() -> pd.DataFrame:
    """Typed columns without a row: no whole month lies behind a vintage."""
    units = ["actual_units", "forecast_units", "error_units", "absolute_error_units", "absolute_error_value"]
    types = {"month_start_date": "datetime64[ns]", "miss_rank": "int64", **dict.fromkeys(KEYS, "str"), **VINTAGE}
    types |= {**ATTRIBUTES, "model": "str", "periods": "int64", **dict.fromkeys(units, "float64")}
    return _empty({**types, "largest_share_rate": "float64", "cause": "str"})


def _empty(types: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="string" if kind == "str" else kind) for name, kind in types.items()})
