"""Small demo worlds, written once a session: clean and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.simulate import DemoSummary, write_demo

SMALL = {"items": 96, "days": 420}


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world without defects."""
    return write_demo(tmp_path_factory.mktemp("clean"), seed=13, defects=False, **SMALL).out_dir


@pytest.fixture(scope="session", params=[11, 12, 13])
def damaged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DemoSummary:
    """A world with defects, for three seeds."""
    return write_demo(tmp_path_factory.mktemp("damaged"), seed=request.param, **SMALL)
