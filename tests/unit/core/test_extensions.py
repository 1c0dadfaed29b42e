"""Entry points of installed packages: found, used, and refused with one sentence that names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from assets import extensions
from assets.extensions import FORECASTERS, POLICIES, READERS, ExtensionError
from assets.ingest.errors import IngestError
from assets.ingest.mapping.language import Dataset
from assets.ingest.reading.any_file import read_file
from assets.planning.forecasting.engine import forecast
from assets.planning.forecasting.settings import ForecastSettings
from assets.planning.policy.assign import assign_policies
from assets.planning.policy.settings import ItemOverride, PolicySettings

MODULE = """
import numpy as np, pandas as pd, pyarrow as pa

def read_fixed(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    return pa.table({"物料": [line[:3] for line in lines], "数量": [line[3:].strip() for line in lines]})

def read_numbers(path):
    return pa.table({"a": [1, 2]})

def broken(*_):
    raise KeyError("column 7")

def oracle(histories, horizon, season):
    return np.array([[np.roll(values, -len(values) % 4)[(len(values) + h) % 4] for h in range(horizon)] for values in histories])

def short(histories, horizon, season):
    return np.zeros((len(histories), horizon - 1))

def seasonal_goods(spine, classes):
    rows = spine[spine["category_name"] == "season"][["item_id", "warehouse_id"]]
    return rows.assign(policy="order_on_demand", service_level_rate=0.8)

def nonsense(spine, classes):
    return spine[["item_id", "warehouse_id"]].assign(service_level_rate=7.0)
"""
Install = Callable[[str, str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package that has one entry point: group, and the name of the function."""
    (tmp_path / "own_things.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))

    def add(group: str, text: str) -> None:
        folder = tmp_path / f"own_{len(list(tmp_path.iterdir()))}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {folder.name.split('-')[0]}\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[{group}]\n{text}\n")
        extensions.names.cache_clear()

    yield add
    monkeypatch.undo()
    extensions.names.cache_clear()


def read(path: Path, tmp_path: Path) -> list[tuple[object, ...]]:
    dataset = Dataset.model_validate(
        {"name": "x", "contract": "item", "files": "*", "scope": "full", "columns": {"item_code": "物料"}}
    )
    with duckdb.connect() as connection:
        raw = read_file(connection, path, path.name, dataset, ["物料", "数量"], tmp_path)
        assert raw.header == ("物料", "数量")
        return connection.execute("select * from raw order by source_row").fetchall()


def test_files_of_another_kind_are_read(install: Install, tmp_path: Path) -> None:
    path = tmp_path / "stock.fix"
    path.write_text("A01  5\nB02 12\n", encoding="utf-8")
    with pytest.raises(IngestError, match=r"files of kind \.fix are not read"):
        read(path, tmp_path)
    install(READERS, "fix = own_things:read_fixed")
    assert read(path, tmp_path) == [(1, "A01", "5"), (2, "B02", "12")]


@pytest.mark.parametrize(
    ("function", "words"),
    [("read_numbers", "columns are all texts"), ("broken", "KeyError: 'column 7'"), ("missing", "cannot be imported")],
)
def test_a_reader_that_fails_refuses_the_file(install: Install, tmp_path: Path, function: str, words: str) -> None:
    install(READERS, f"fix = own_things:{function}")
    path = tmp_path / "stock.fix"
    path.write_text("A01  5\n")
    with pytest.raises(IngestError, match="fix") as caught:
        read(path, tmp_path)
    assert words in str(caught.value)


def history() -> pd.DataFrame:
    """Twelve series that repeat four values: the own forecaster knows it, the built-in models see a season of 52 only."""
    weeks = pd.date_range("2025-01-06", periods=60, freq="7D")
    units = np.tile([40.0, 3.0, 18.0, 7.0], 12 * len(weeks) // 4)
    return pd.DataFrame(
        {
            "item_id": np.repeat([f"C/{n:02d}" for n in range(12)], len(weeks)),
            "warehouse_id": "C/W",
            "period_start_date": np.tile(weeks, 12),
            "demand_units": units,
            "in_stock_rate": 1.0,
            "is_censored": False,
            "is_promotion": False,
            "demand_units_imputed": units,
        }
    )


def test_a_forecaster_takes_part_in_the_tournament_and_wins_where_it_is_better(install: Install) -> None:
    settings = ForecastSettings(frequency="W", horizon=4, origins=3, calendars=(), reconstructed_vintages=0)
    assert "oracle_nb" not in set(forecast(history(), settings=settings).forecasts["model"])
    install(FORECASTERS, "oracle = own_things:oracle")
    chosen = forecast(history(), settings=settings).forecasts
    assert set(chosen["model"]) == {"oracle_nb"}


def test_a_policy_of_the_company_goes_before_its_class_and_after_its_overrides(install: Install) -> None:
    spine = pd.DataFrame(
        {"item_id": ["A", "B", "C"], "warehouse_id": "W", "category_name": ["season", "season", "rest"]}
    )
    classes = pd.DataFrame({"item_id": ["A", "B", "C"], "warehouse_id": "W", "abc_xyz_cell": "AX"})
    settings = PolicySettings(overrides=(ItemOverride(item_id="B", policy="two_bin"),))
    install(POLICIES, "seasonal = own_things:seasonal_goods")
    rows = assign_policies(spine, classes, settings).set_index("item_id")
    assert rows["policy"].to_dict() == {"A": "order_on_demand", "B": "two_bin", "C": "r_q"}
    assert rows["policy_source"].to_dict() == {"A": "seasonal", "B": "item", "C": "cell"}
    assert rows["service_level_rate"].to_dict() == {"A": 0.8, "B": 0.8, "C": 0.97}
    install(POLICIES, "nonsense = own_things:nonsense")
    with pytest.raises(ExtensionError, match=r"nonsense: service_level_rate: "):
        assign_policies(spine, classes, settings)


def test_one_name_from_two_packages_is_refused(install: Install) -> None:
    install(READERS, "fix = own_things:read_fixed")
    install(READERS, "fix = own_things:read_numbers")
    with pytest.raises(ExtensionError, match="fix comes from two packages"):
        extensions.names(READERS)
