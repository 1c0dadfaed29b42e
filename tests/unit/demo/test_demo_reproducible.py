"""One seed, one delivery, byte for byte; a later end continues the same history."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from demo.settings import DemoSettings
from demo.simulate import write_demo

TINY = {"items": 48, "days": 150}


def contents(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("defects", [False, True])
def test_same_seed_same_bytes(tmp_path: Path, defects: bool) -> None:
    first = write_demo(tmp_path / "a", seed=3, defects=defects, **TINY)
    second = write_demo(tmp_path / "b", seed=3, defects=defects, **TINY)
    assert contents(first.out_dir) == contents(second.out_dir)
    assert any(name.endswith(".xlsx") for name in contents(first.out_dir))


def test_another_seed_is_another_company(tmp_path: Path) -> None:
    first = contents(write_demo(tmp_path / "a", seed=3, **TINY).out_dir)
    second = contents(write_demo(tmp_path / "b", seed=4, **TINY).out_dir)
    name = "inbox/erp/item_master_20260630.csv"
    assert first[name] != second[name]


@pytest.mark.parametrize("end_date", [date(2026, 6, 24), date(2026, 6, 29)])
def test_a_later_end_only_adds_files(tmp_path: Path, end_date: date) -> None:
    """Daily runs are simulated by moving the end: what was delivered before must not change."""
    before = contents(write_demo(tmp_path / "a", end_date=end_date, defects=False, **TINY).out_dir)
    after = contents(write_demo(tmp_path / "b", defects=False, **TINY).out_dir)
    masters = ("item_", "warehouses", "suppliers", "supplier_closures", "supply_sources", "promotions")
    documents = [name for name in before if name.startswith("inbox/") and not name.split("/")[-1].startswith(masters)]
    assert len(documents) > 20
    for name in documents:
        assert before[name] == after[name], name
    assert any(name not in before for name in after if name.startswith("inbox/erp/stock_movements"))


def test_rewriting_leaves_no_file_of_another_world(tmp_path: Path) -> None:
    write_demo(tmp_path, **TINY)
    write_demo(tmp_path, end_date=date(2026, 6, 25), **TINY)
    assert not list(tmp_path.rglob("*_20260630.*"))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"items": 3}, "items"),
        ({"days": 10}, "days"),
        ({"end_date": date(2020, 1, 1)}, "end_date"),
        ({"seed": -1}, "seed"),
    ],
)
def test_impossible_worlds_are_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DemoSettings(**wrong)
