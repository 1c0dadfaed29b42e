"""Kept vintages: the earliest day of an origin counts, days see the past only, scores are final once settled."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.forecasting.track_record import TrackRecord, keep_track
from assets.planning.forecasting.vintage_store import PUBLISHED, RECONSTRUCTED, VintageStore

KEYS = ["item_id", "warehouse_id"]
SETTINGS = ForecastSettings(horizon=4, origins=2, calendars=(), workers=1, settle_periods=1, review_rows=3)
START = date(2024, 1, 1)
WEEKS = 60


def history(weeks: int, factor: float = 1.0) -> pd.DataFrame:
    units = np.random.default_rng(5).poisson(6.0, (WEEKS, 8)).T.astype(float)[:, :weeks] * factor
    return pd.DataFrame(
        {
            "item_id": np.repeat([f"c/{k}" for k in range(8)], weeks),
            "warehouse_id": "c/w",
            "period_start_date": np.tile(pd.date_range(START, periods=weeks, freq="7D"), 8),
            "demand_units": units.ravel(),
            "in_stock_rate": 1.0,
            "is_censored": False,
            "is_promotion": False,
            "demand_units_imputed": units.ravel(),
        }
    )


def last_day(weeks: int) -> date:
    return START + timedelta(days=7 * weeks - 1)


ATTRIBUTES = pd.DataFrame(
    {
        "item_id": [f"c/{k}" for k in range(8)],
        "warehouse_id": "c/w",
        "abc_xyz_cell": ["AX"] * 4 + ["CZ"] * 3 + [None],
        "owner_name": ["Li", "Wang"] * 3 + [None, None],
        "unit_cost_latest": [1.0] * 7 + [None],
    }
)


def run(root: Path, weeks: int, day: date | None = None, factor: float = 1.0) -> tuple[pd.DataFrame, TrackRecord]:
    store = VintageStore(root, day or last_day(weeks))
    known = history(weeks, factor)
    out = forecast(known, settings=SETTINGS).forecasts
    return out, keep_track(store, out, known, attributes=ATTRIBUTES, groups=None, settings=SETTINGS)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[TrackRecord]]:
    """A company that ran in eight weeks one after the other."""
    root = tmp_path_factory.mktemp("vintages")
    return root, [run(root, weeks)[1] for weeks in range(50, 58)]


def test_the_first_run_has_a_record_that_says_it_was_made_later(lived: tuple[Path, list[TrackRecord]]) -> None:
    first = lived[1][0].accuracy
    assert set(first["vintage_kind"]) == {RECONSTRUCTED} and first["published_date"].isna().all()
    assert sorted(first["origin_date"].unique()) == [pd.Timestamp(last_day(w)) for w in (42, 46)]


def test_a_reconstructed_vintage_reads_nothing_after_its_origin(tmp_path: Path) -> None:
    """Moving what came later must leave it as it is; moving what came before must not."""

    def made(folder: str, factor: float, after: int) -> pd.DataFrame:
        store = VintageStore(tmp_path / folder, last_day(50))
        known = history(50)
        moved = known["period_start_date"] > pd.Timestamp(last_day(after))
        known.loc[moved, ["demand_units", "demand_units_imputed"]] *= factor
        now = forecast(known, settings=SETTINGS).forecasts
        keep_track(store, now, known, attributes=ATTRIBUTES, groups=None, settings=SETTINGS)
        return store.read(last_day(46))

    truth = made("truth", 1.0, 46)
    pd.testing.assert_frame_equal(made("future", 9.0, 46), truth)
    assert (made("past", 9.0, 45)["mean_units"] > truth["mean_units"]).all()


def test_published_vintages_follow_and_every_row_is_counted_once(lived: tuple[Path, list[TrackRecord]]) -> None:
    last = lived[1][-1].accuracy
    published = last[last["vintage_kind"] == PUBLISHED]
    assert published["origin_date"].nunique() == 7
    rows = published.groupby("origin_date")["scored_periods"].sum()
    assert rows.tolist() == [32, 32, 32, 32, 24, 16, 8]
    grain = ["origin_date", "vintage_kind", "horizon_periods", "abc_xyz_cell", "owner_name"]
    assert not last.duplicated(grain).any() and not last[grain].isna().any().any()
    assert "" in set(last["owner_name"]) and "" in set(last["abc_xyz_cell"])


def test_a_month_is_judged_by_the_newest_vintage_made_before_it(lived: tuple[Path, list[TrackRecord]]) -> None:
    review = lived[1][-1].review
    assert not review.empty
    assert (review["origin_date"] < review["month_start_date"]).all()
    made = sorted(lived[1][-1].accuracy["origin_date"].unique())
    for month, rows in review.groupby("month_start_date"):
        assert rows["origin_date"].unique().tolist() == [max(day for day in made if day < month)]
        assert rows["miss_rank"].tolist() == [1, 2, 3]
        assert rows["absolute_error_value"].is_monotonic_decreasing


def test_the_same_day_again_changes_nothing_and_later_days_of_the_week_neither(tmp_path: Path) -> None:
    origin = last_day(50)
    first, record = run(tmp_path, 50)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    again, same = run(tmp_path, 50)
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(record.accuracy, same.accuracy)
    run(tmp_path, 50, origin + timedelta(days=2), factor=3.0)
    assert {path: path.read_bytes() for path in files} == files
    kept = VintageStore(tmp_path, origin + timedelta(days=9)).read(origin)
    np.testing.assert_array_equal(kept["mean_units"], first["mean_units"])
    assert kept["published_date"].eq(pd.Timestamp(origin)).all()


def test_a_day_that_is_run_again_sees_nothing_of_later_days(lived: tuple[Path, list[TrackRecord]]) -> None:
    root, records = lived
    pd.testing.assert_frame_equal(run(root, 53)[1].accuracy, records[3].accuracy)


def test_settled_scores_are_read_and_others_follow_late_documents(
    lived: tuple[Path, list[TrackRecord]], tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(lived[0], root)
    before = lived[1][-1].accuracy.set_index("origin_date")["actual_units"].groupby(level=0).sum()
    after = run(root, 57, factor=2.0)[1].accuracy.set_index("origin_date")["actual_units"].groupby(level=0).sum()
    settled = before.index <= pd.Timestamp(last_day(52))
    assert settled.sum() >= 3 and (~settled).sum() >= 3
    pd.testing.assert_series_equal(after[settled], before[settled])
    assert (after[~settled] == 2 * before[~settled]).all()


def test_a_run_without_series_keeps_nothing(tmp_path: Path) -> None:
    nothing = history(1).iloc[:0]
    blank = pd.DataFrame(columns=["origin_date"])
    record = keep_track(
        VintageStore(tmp_path, START), blank, nothing, attributes=ATTRIBUTES, groups=None, settings=SETTINGS
    )
    assert record.accuracy.empty and record.review.empty and not list(tmp_path.iterdir())
    assert record.accuracy["origin_date"].dtype.kind == "M" and record.review["cause"].dtype == "string"
