"""The company itself: demand patterns, promotions, calendar, encodings and formats that the extracts must show."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from demo.calendar_cn import export_windows, is_working, next_working
from demo.catalogue import PATTERN_SHARES, build_catalogue
from demo.demand import DemandModel, season_factor
from demo.promotions import PromotionCalendar
from demo.settings import DemoSettings

SETTINGS = DemoSettings(items=96, days=420, seed=13)


@pytest.fixture(scope="module")
def weekly(clean: Path) -> dict[str, np.ndarray]:
    """Wanted units of each item by week of the history, from the truth."""
    table = pq.read_table(clean / "truth" / "demand.parquet")
    days = (np.array(table["date"].to_pylist(), dtype="datetime64[D]") - np.datetime64(SETTINGS.start_date)).astype(int)
    codes = np.array(table["item_code"].to_pylist())
    units = table["wanted_units"].to_numpy()
    return {
        code: np.bincount(days[codes == code] // 7, units[codes == code], minlength=60) for code in np.unique(codes)
    }


def of_pattern(weekly: dict[str, np.ndarray], pattern: str) -> list[np.ndarray]:
    items = build_catalogue(SETTINGS).items
    return [weekly.get(item.code, np.zeros(60)) for item in items if item.pattern == pattern]


def test_every_pattern_is_there() -> None:
    patterns = {item.pattern for item in build_catalogue(DemoSettings(items=16)).items}
    assert patterns == set(PATTERN_SHARES)


def test_intermittent_and_lumpy_items_have_empty_weeks_and_steady_ones_do_not(weekly: dict[str, np.ndarray]) -> None:
    def empty(pattern: str) -> float:
        return float(np.mean([np.mean(series == 0) for series in of_pattern(weekly, pattern)]))

    assert empty("steady") < 0.15
    assert empty("intermittent") > 0.4
    assert empty("lumpy") > 0.4


def test_lumpy_sizes_vary_more_than_intermittent_ones(weekly: dict[str, np.ndarray]) -> None:
    def squared_variation(pattern: str) -> float:
        sizes = [series[series > 0] for series in of_pattern(weekly, pattern)]
        return float(np.median([np.var(size) / np.mean(size) ** 2 for size in sizes if len(size) > 3]))

    assert squared_variation("lumpy") > 0.49 > squared_variation("steady")
    assert squared_variation("lumpy") > 1.5 * squared_variation("intermittent")


def test_new_items_start_and_dying_items_end(weekly: dict[str, np.ndarray]) -> None:
    assert all(series[:10].sum() == 0 < series[-10:].sum() for series in of_pattern(weekly, "new"))
    dying = of_pattern(weekly, "dying")
    assert sum(series[-8:].sum() for series in dying) < 0.25 * sum(series[:8].sum() for series in dying)


def test_new_year_goods_peak_before_the_festival() -> None:
    assert season_factor("festival", date(2026, 2, 1)) > 2.5
    assert season_factor("festival", date(2026, 2, 28)) < 0.7
    assert 0.9 < np.mean([season_factor("summer", date(2025, month, 15)) for month in range(1, 13)]) < 1.1


def test_promotions_lift_demand() -> None:
    catalogue = build_catalogue(SETTINGS)
    model, calendar = DemandModel(SETTINGS, catalogue), PromotionCalendar(SETTINGS, catalogue)
    day = next(day for day in SETTINGS.dates if calendar.active_on(day))
    uplift = calendar.uplift_on(day)
    assert uplift.max() > 1.3 and uplift.min() == 1.0
    usual, lifted = model.draw(day, np.ones_like(uplift)), model.draw(day, uplift)
    assert lifted.units.sum() > usual.units.sum()


def test_codes_keep_leading_zeros_and_files_their_encodings(clean: Path) -> None:
    master = (clean / "inbox" / "erp" / "item_master_20260630.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        master.decode("utf-8")
    assert "\r\n010001," in master.decode("gb18030")
    movements = (clean / "inbox" / "erp" / "stock_movements_20260630.csv").read_bytes()
    assert movements.startswith(b"\xef\xbb\xbf")
    on_hand = [path.read_text(encoding="utf-8") for path in (clean / "inbox" / "erp").glob("stock_on_hand_*.csv")]
    assert any('"1,' in text for text in on_hand), "no thousands separator anywhere"


def test_closed_days_and_windows() -> None:
    assert not is_working(date(2026, 2, 16)) and not is_working(date(2026, 2, 23)) and is_working(date(2026, 2, 24))
    assert next_working(date(2026, 6, 27)) == date(2026, 6, 29)
    windows = export_windows(date(2026, 1, 1), date(2026, 6, 24), date(2026, 6, 21), months=3)
    assert windows == [date(2026, 3, 31), *(date(2026, 6, day) for day in range(20, 25))]


def test_windows_of_an_earlier_end_are_a_prefix() -> None:
    start, daily = date(2026, 1, 1), date(2026, 6, 21)
    long = export_windows(start, date(2026, 6, 30), daily, months=1)
    assert export_windows(start, date(2026, 6, 26), daily, months=1) == long[:-4]
