"""Columns of a file that are wrong as a whole are named; sales, seasons and odd rows are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assets.reconciliation.files import COLUMNS, file_errors

ITEMS, FILES, LINES = 30, 24, 18


def _orders(seed: int = 1) -> pd.DataFrame:
    """Order lines of 24 daily files: quantity, unit price and days until due, one row per line."""
    rng = np.random.default_rng(seed)
    price, size, span = rng.uniform(3, 400, ITEMS), rng.integers(2, 60, ITEMS), rng.integers(20, 200, ITEMS)
    rows = []
    for file in range(FILES):
        for line, item in enumerate(rng.integers(0, ITEMS, LINES)):
            units = max(1, round(size[item] * np.exp(rng.normal(0, 0.5))))
            rows.append((f"orders_{file:02d}.csv", line + 2, item, units, round(price[item] * rng.choice([1, 1, 0.9]), 2),
                         int(span[item] + rng.integers(-4, 5))))  # fmt: skip
    return pd.DataFrame(rows, columns=["file", "row", "item", "units", "price", "days"])


def _measures(lines: pd.DataFrame) -> pd.DataFrame:
    parts = []
    for measure, other, kind in (
        ("units", "price", "amount"),
        ("price", "units", "amount"),
        ("days", "swapped", "days"),
    ):
        part = pd.DataFrame({
            "contract": "sales_order_line", "source_instance": "erp", "source_file": lines["file"],
            "extract_date": "2026-06-01", "source_row": lines["row"], "measure": measure, "kind": kind,
            "value": lines[measure].astype(float),
            "other_value": lines[other].astype(float) if other in lines else np.nan,
        })  # fmt: skip
        part["usual_value"] = lines.groupby("item")[measure].transform("median").astype(float)
        part["known_rows"] = lines.groupby("item")[measure].transform("size")
        part["own_rows"] = lines.groupby(["item", "file"])[measure].transform("size")
        parts.append(part)
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def _in_file(lines: pd.DataFrame, number: int = 20) -> pd.Series:
    return lines["file"] == f"orders_{number:02d}.csv"


@pytest.mark.parametrize("factor", [0.0001, 0.01, 100.0, 10.0])
def test_a_column_in_another_scale(factor: float) -> None:
    lines = _orders()
    lines["price"] = np.where(_in_file(lines), lines["price"] * factor, lines["price"])
    found = file_errors(_measures(lines))
    assert found[["cause", "source_file", "measure", "factor"]].to_numpy().tolist() == [
        ["wrong_scale", "orders_20.csv", "price", factor]
    ]


def test_two_columns_swapped_are_one_cause() -> None:
    lines = _orders(2).astype({"units": float})
    wrong = _in_file(lines)
    lines.loc[wrong, ["units", "price"]] = lines.loc[wrong, ["price", "units"]].to_numpy()
    found = file_errors(_measures(lines))
    assert found["cause"].tolist() == ["columns_swapped"] and found["measure"].tolist() == ["price, units"]


def test_day_and_month_swapped() -> None:
    lines = _orders(3)
    rng = np.random.default_rng(4)
    wrong = _in_file(lines) & (rng.random(len(lines)) < 0.5)
    lines["swapped"] = np.where(wrong, lines["days"].astype(float), np.nan)
    lines["days"] = np.where(wrong, lines["days"] + 29 * rng.integers(2, 8, len(lines)), lines["days"])
    found = file_errors(_measures(lines))
    assert found["cause"].tolist() == ["date_order"] and found["source_file"].tolist() == ["orders_20.csv"]


def test_returns_among_documents_that_have_none() -> None:
    lines = _orders(5)
    wrong = _in_file(lines) & (lines["row"] % 4 == 0)
    lines["units"] = np.where(wrong, -lines["units"], lines["units"])
    found = file_errors(_measures(lines))
    assert found["cause"].tolist() == ["wrong_sign"] and found["rows_wrong"].tolist() == [int(wrong.sum())]


def test_a_sale_and_an_odd_row_are_no_wrong_column() -> None:
    lines = _orders(6)
    lines["price"] = np.where(_in_file(lines), lines["price"] * 0.6, lines["price"])
    lines.loc[lines.index[5], "units"] = 90_000
    assert file_errors(_measures(lines)).empty


def test_clean_files_raise_nothing() -> None:
    for seed in range(100, 120):
        found = file_errors(_measures(_orders(seed)))
        assert found.empty, found
