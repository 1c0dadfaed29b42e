"""No page has a serious accessibility fault: axe-core in Chromium, every page, both languages, a desk and a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe import faults, fetch_axe
from browser import dashboard_server, running_browser
from dashboard_pages import PAGES, address, keep, settle
from once import made_once
from published_demo import demo_config

from dashboard.texts import LANGUAGES

pytestmark = pytest.mark.slow
SIZES = {"desk": {"width": 1400, "height": 1000}, "phone": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> str:
    return (made_once(tmp_path_factory, "axe", fetch_axe) / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dashboard_server(demo_config(tmp_path_factory)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser() as opened:
        yield opened


@pytest.mark.parametrize("size", list(SIZES))
@pytest.mark.parametrize("language", list(LANGUAGES))
def test_no_page_has_a_serious_fault(browser: Any, server: str, script: str, language: str, size: str) -> None:
    page = browser.new_page(viewport=SIZES[size])
    found = {}
    for name in PAGES:
        page.goto(address(server, name, language))
        settle(page)
        keep(page, f"axe-{name}-{language}-{size}")
        if problems := faults(page, script):
            found[name] = problems
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"], f"{name} scrolls sideways"
    page.close()
    assert found == {}, "\n".join(line for problems in found.values() for line in problems)
