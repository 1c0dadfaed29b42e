"""Days without a fault, one after the other, raise nothing; the whole year is `python -m benchmarks clean_days`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from benchmarks.clean_days import deliver, walk
from demo.settings import DEFAULT_END

pytestmark = pytest.mark.slow  # a minute of CPU: dbt compiles, Great Expectations is imported, two months are landed


def test_clean_days_open_nothing_and_a_missing_file_does(tmp_path: Path) -> None:
    """The second company is the first without one day's shipments: a walk that finds nothing there would prove nothing."""
    for name, opened in (("clean", {}), ("damaged", {"missing_file": 1})):
        settings = deliver(tmp_path / name, 40, 28, 11)
        if name == "damaged":
            lost = next(
                path
                for back in range(1, 6)
                for path in (tmp_path / name).rglob(f"shipments_{DEFAULT_END - timedelta(days=back):%Y%m%d}.*")
                if (DEFAULT_END - timedelta(days=back)).weekday() < 5
            )
            lost.unlink()
        tally, _ = walk(settings, 28, 9, 2)
        assert (tally.days, tally.critical_findings, tally.failed_checks) == (4, 0, 0), tally.alarms
        assert dict(tally.opened) == opened, tally.alarms
