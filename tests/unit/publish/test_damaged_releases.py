"""One release whose manifest is damaged stops nobody: not the dashboard, not the way back, not the review, not the next run."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner, Result

from assets.publish.releases import ReleaseError, current_id, current_release, list_releases, prune_releases
from benchmarks.companies import configure_demo
from benchmarks.synthetic_release import write_release
from orchestration.cli import app
from orchestration.settings import Settings
from orchestration.upkeep.environment import CONFIG_VARIABLE

KEPT = """
from dashboard.context import Context, readers, settings
from dashboard.identity import Role, User
from dashboard.texts import Words
from dashboard.views.health import _releases

reader, before = readers()
_releases(Context(settings(), reader, before, User("u", Role.ADMIN), Words("en"), None))
"""
APP = Path(__file__).resolve().parents[3] / "dashboard" / "app.py"
DAMAGES = {
    "torn": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "bits": lambda text: "\udc80" + text[1:],
    "no day": lambda text: text.replace("as_of_date", "as_of_dote"),
    "not a manifest": lambda text: "[]",
}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings]:
    """A company with a good current release (`synthetic`) and one older release for each kind of damage, and a good old one."""
    folder = tmp_path_factory.mktemp("damaged")
    settings = configure_demo(folder)
    releases = settings.workspace().releases
    release = write_release(releases, 60, 3)
    for number, damage in enumerate([*DAMAGES.values(), str]):
        old = releases / f"r{number}"
        shutil.copytree(release.path, old)
        text = damage((old / "manifest.json").read_text(encoding="utf-8"))
        (old / "manifest.json").write_bytes(text.encode("utf-8", errors="surrogateescape"))
    return folder / "demo.yml", settings


def _command(company: tuple[Path, Settings], *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(company[0])])


def test_the_list_has_the_good_ones_and_names_each_damaged_one(company: tuple[Path, Settings]) -> None:
    assert [one.release_id for one in list_releases(company[1].workspace().releases)] == ["r5", "synthetic"]
    result = _command(company, "releases", "list")
    assert result.exit_code == 0 and "synthetic" in result.stdout
    for number in range(len(DAMAGES)):
        assert f"r{number}/manifest.json is damaged" in result.stderr


def test_the_dashboard_shows_its_pages_and_the_damage(
    company: tuple[Path, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(company[0]))
    # Streamlit puts its script in the place of __main__, which processes that later tests spawn would run
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    streamlit.config.set_option("server.address", "localhost")
    page = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not page.exception and not page.error
    assert any("X" in one.options for one in [*page.multiselect, *page.selectbox]), "the filter of the overview"
    kept = AppTest.from_string(KEPT, default_timeout=60).run()
    assert not kept.exception, kept.exception
    assert [len(frame.value) for frame in kept.dataframe] == [2]
    assert [code.value.count("is damaged") for code in kept.code] == [len(DAMAGES)]


def test_the_review_is_written(company: tuple[Path, Settings], tmp_path: Path) -> None:
    result = _command(company, "review", "--month", "2026-06", "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert {path.suffix for path in tmp_path.iterdir()} == {".html", ".pdf", ".xlsx"}


def test_a_damaged_current_release_is_one_message_with_the_way_back(company: tuple[Path, Settings]) -> None:
    """Rollback to a damaged one is refused; from a damaged one it works; status and health say what is wrong."""
    releases = company[1].workspace().releases
    refused = _command(company, "releases", "rollback", "r0")
    assert refused.exit_code == 2 and current_id(releases) == "synthetic"
    (releases / "current").unlink()
    (releases / "current").symlink_to("r0")
    try:
        with pytest.raises(ReleaseError, match=r"r0/manifest.json is damaged .*rollback"):
            current_release(releases)
        assert "is damaged" in " ".join(_command(company, "status").output.replace("│", " ").split())
        assert _command(company, "health").exit_code != 0
        assert prune_releases(releases, 5) == []
        back = _command(company, "releases", "rollback", "synthetic")
        assert back.exit_code == 0, back.output
        assert current_release(releases).as_of == date(2026, 6, 30)
    finally:
        (releases / "current").unlink()
        (releases / "current").symlink_to("synthetic")
