"""The files that people open, opened by a real spreadsheet: no cell runs, shares are shares, codes and Chinese are whole."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest
from office import opened_in_libreoffice
from published_demo import demo_release

from assets.publish.bi.excel import write_workbook
from assets.publish.bi.export import model_of
from assets.publish.review.tables import Table
from assets.publish.review.workbook import workbook
from dashboard.components import csv_bytes

EVIL = ["=1+1", "+1+1", "-1+1", "@SUM(1,1)", "＝1+1", '=HYPERLINK("http://x","y")', "\t=1+1"]
NAME = "纸箱 100*50*20"


@pytest.mark.slow
def test_an_exported_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"item_name": [*EVIL, NAME], "fill_rate": [0.125] * (len(EVIL) + 1), "stock_value": [-2.5] * (len(EVIL) + 1)}
    )
    path = tmp_path / "export.csv"
    path.write_bytes(csv_bytes(frame, {"item_name": "品名", "fill_rate": "满足率", "stock_value": "金额"}))
    sheet = opened_in_libreoffice(path, tmp_path).active
    assert [cell.value for cell in sheet[1]] == ["品名", "满足率", "金额"]
    for row, written in zip(sheet.iter_rows(min_row=2), [*EVIL, NAME], strict=True):
        name, share, value = row
        assert name.data_type == "s" and str(name.value).lstrip("'\t") == written.lstrip("\t"), written
        assert share.value == pytest.approx(0.125) and "%" in share.number_format
        assert value.value == -2.5


@pytest.mark.slow
def test_a_sheet_of_the_review(tmp_path: Path) -> None:
    path = tmp_path / "review.xlsx"
    rows = [[text, 0.125] for text in [*EVIL, NAME]]
    workbook([Table("x", "复盘", ["品名", "满足率"], ["text", "rate"], rows)]).save(path)
    sheet = opened_in_libreoffice(path, tmp_path)["复盘"]
    for (name, share), written in zip(sheet.iter_rows(min_row=2), [*EVIL, NAME], strict=True):
        assert name.data_type == "s" and str(name.value).lstrip("'") == written, written
        assert share.value == 0.125 and share.number_format == "0.0%"


@pytest.mark.slow
def test_the_pivots_of_the_workbook_add_up_to_the_marts(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """They are filled by the program that opens the file, so only such a program shows whether they can be."""
    release = demo_release(tmp_path_factory)
    written = write_workbook(model_of(release, "en"), release.database, tmp_path / "stockturn.xlsx")
    book = opened_in_libreoffice(written, tmp_path)
    with duckdb.connect(str(release.database), read_only=True) as connection:
        sums = connection.execute(
            "select sum(inventory_value), sum(dead_stock_value), sum(excess_stock_value) from fct_inventory_health"
        ).fetchone()
    assert sums is not None
    [total] = [row for row in book["Capital"].iter_rows(values_only=True) if row[0] == "Total Result"]
    shown = [float(value) for value in total if isinstance(value, int | float)]
    assert shown == pytest.approx([float(value) for value in sums], rel=1e-9)
