"""The dashboard in a real browser on the demo release: every page, both languages, a phone, and an incident acted on.

Screenshots are kept in `build/screenshots` (or below STOCKTURN_BUILD).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from browser import dashboard_server, running_browser
from dashboard_pages import PAGES, PATIENCE_MS, address, keep, settle
from published_demo import demo_config

from assets.publish.releases import current_release
from dashboard.filters import Filter
from dashboard.queries import item
from dashboard.release_reader import ReleaseReader
from dashboard.texts import LANGUAGES, Words
from expectations.incidents import IncidentFilter, IncidentStore, get_incident, list_incidents
from orchestration.settings import load_settings

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is a development dependency")
PICK_MS = 5_000
STRANGE = "strange.example"  # a name of somebody else that leads to this machine


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo_config(tmp_path_factory)


@pytest.fixture(scope="module")
def server(config: Path) -> Iterator[str]:
    with dashboard_server(config) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser(f"--host-resolver-rules=MAP {STRANGE} 127.0.0.1") as opened:
        yield opened


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:
    return browser.new_page(viewport={"width": 1400, "height": 1000})


def pick(page: Any, box: Any, text: str) -> None:
    """Choose from a list by what it says. A page that is drawn again closes an open list, which is then opened again."""
    option = page.locator('[role="option"]').filter(has_text=text).first
    for _ in range(PATIENCE_MS // PICK_MS):
        if not option.is_visible():
            box.locator("input").click()
        try:
            option.click(timeout=PICK_MS)
            return
        except sync_api.TimeoutError:
            settle(page)
    pytest.fail(f"no entry {text!r} was offered in {PATIENCE_MS} ms")


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_without_an_error(page: Any, server: str, name: str, language: str) -> None:
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address(server, name, language))
    settle(page)
    assert page.inner_text("h1") == Words(language)(f"page_{name}")  # type: ignore[arg-type]
    shown = [part.inner_text() for part in page.query_selector_all('[data-testid="stException"]')]
    errors = page.query_selector_all(".st-message.error")
    assert shown == [] and errors == [] and problems == []
    charts = page.query_selector_all('[data-testid="stVegaLiteChart"]')
    assert all(chart.query_selector("canvas, svg") for chart in charts)
    keep(page, f"{name}-{language}")


@pytest.mark.parametrize(("name", "least"), [("overview", 8), ("replenishment", 5), ("incidents", 4)])
def test_it_reads_on_a_phone(browser: Any, server: str, name: str, least: int) -> None:
    """Nothing may need scrolling sideways."""
    phone = browser.new_page(viewport={"width": 390, "height": 844})
    phone.goto(address(server, name, "zh"))
    settle(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    tiles = phone.query_selector_all(".st-tile")
    assert len(tiles) >= least
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= 390 for tile in tiles if (box := tile.bounding_box()))
    keep(phone, f"{name}-zh-phone")
    phone.close()


def test_a_figure_is_led_back_to_its_documents(page: Any, server: str) -> None:
    page.goto(address(server, "item", "en"))
    settle(page)
    box = page.locator('[data-testid="stSelectbox"]').filter(has_text="Lead a figure back")
    pick(page, box, "Inventory value")
    page.wait_for_selector("text=The evidence below gives the published figure", timeout=PATIENCE_MS)
    settle(page)
    shown = page.inner_text('[data-testid="stMain"]')
    assert "source rows in" in shown and "Master record" in shown
    keep(page, "item-explained")


def test_filter_period_and_language_go_along_to_every_page(page: Any, server: str) -> None:
    """By the links of the sidebar, by a tile, and by loading the page again; the address says it all."""
    page.goto(f"{server}/?lang=en&months=6&abc=A")  # the root is the overview
    settle(page)
    assert page.inner_text("h1") == "Overview"
    for name in ("replenishment", "ageing", "overview"):
        page.locator(f'[data-testid="stSidebar"] a[href*="{name}"]').first.click()
        page.wait_for_url(f"**/{name}?*", timeout=PATIENCE_MS)
        settle(page)
        assert parse_qs(urlsplit(page.url).query) == {"lang": ["en"], "months": ["6"], "abc": ["A"]}, name
        assert page.inner_text("h1") == Words("en")(f"page_{name}")
        assert "A" in page.inner_text('[data-testid="stMultiSelect"]:has-text("ABC class")')
    page.locator("a.st-tile").first.click()
    page.wait_for_url("**abc=A**", timeout=PATIENCE_MS)
    settle(page)
    assert page.inner_text("h1") != "Overview"
    page.reload()
    settle(page)
    assert "A" in page.inner_text('[data-testid="stMultiSelect"]:has-text("ABC class")')


def test_a_link_shows_the_same_to_somebody_else(browser: Any, page: Any, server: str, config: Path) -> None:
    release = current_release(load_settings(config).workspace().releases)
    assert release is not None
    wanted = item.find(ReleaseReader(release), Filter(), "").iloc[1]  # the first is what the page shows unasked
    page.goto(f"{server}/item?lang=en&months=12")
    settle(page)
    pick(
        page,
        page.locator('[data-testid="stSelectbox"]').first,
        f"{wanted['item_code']} {wanted['item_name']} · {wanted['warehouse_name']}",
    )
    page.wait_for_url("**item=**", timeout=PATIENCE_MS)
    settle(page)
    link = page.url
    said = {"item": [wanted["item_id"]], "at": [wanted["warehouse_id"]], "lang": ["en"], "months": ["12"]}
    assert parse_qs(urlsplit(link).query) == said
    other = browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()
    other.goto(link)
    settle(other)
    for part in ("h1", "h2 >> nth=0", ".st-tiles >> nth=0"):
        assert other.inner_text(part) == page.inner_text(part), part
    other.context.close()


def test_names_are_shown_as_they_are_written(page: Any, server: str) -> None:
    """Read as Markdown, the stars would be gone and a word slanted."""
    page.goto(f"{server}/item?lang=en&item=" + quote("纸箱 100*50*20 _a_ <b>"))
    settle(page)
    assert "item 纸箱 100*50*20 _a_ <b>," in page.inner_text(".st-message")


def test_a_name_of_another_site_does_not_lead_to_the_server_of_this_machine(browser: Any, server: str) -> None:
    """DNS rebinding: a page elsewhere gives a name of its own the address 127.0.0.1."""
    page = browser.new_page()
    page.goto(server.replace("127.0.0.1", STRANGE))
    page.wait_for_timeout(3000)
    assert page.query_selector(".st-tile") is None and "Overview" not in page.inner_text("body")
    page.close()


def test_an_incident_is_acted_on_and_the_store_knows_by_whom(page: Any, server: str, config: Path) -> None:
    store = IncidentStore.at(load_settings(config).workspace().incident_store)
    try:
        first = list_incidents(store, IncidentFilter(limit=1))[0]
        page.goto(f"{address(server, 'incidents', 'en')}&incident={first.incident_id}")
        settle(page)
        assert first.incident_id in page.inner_text('[data-testid="stMain"]')
        page.get_by_role("button", name="Save").click()
        page.wait_for_selector("text=Saved: Acknowledge", timeout=PATIENCE_MS)
        after = get_incident(store, first.incident_id)
        assert after.incident.state == "acknowledged"
        entry = after.history[-1]
        assert (entry.action, entry.user_name) == ("acknowledged", after.incident.acknowledged_by)
        assert entry.user_name != ""
        keep(page, "incident-acknowledged")
    finally:
        store.close()


def test_a_choice_of_warehouse_changes_the_figures(page: Any, server: str) -> None:
    page.goto(address(server, "overview", "en"))
    settle(page)
    before = page.inner_text(".st-tiles >> nth=0")
    pick(page, page.locator('[data-testid="stMultiSelect"]').first, "")
    page.wait_for_function(
        "before => document.querySelector('.st-tiles').innerText !== before", arg=before, timeout=PATIENCE_MS
    )


def test_off_localhost_nobody_enters_without_the_proxy(browser: Any, config: Path) -> None:
    """The headers of a person who reached the port directly are worth nothing."""
    secret = {"STOCKTURN_PROXY_SECRET": "of the proxy"}
    with dashboard_server(config, "--address", "0.0.0.0", **secret) as url:
        page = browser.new_page()
        page.goto(url)
        page.wait_for_selector("text=the proxy sent no X-Stockturn-User", timeout=PATIENCE_MS)
        assert page.query_selector(".st-tile") is None
        headers = {"X-Stockturn-User": "eva", "X-Stockturn-Role": "viewer"}
        page.close()
        for given, said in (("guessed", "did not come through"), ("of the proxy", "You may look, not act")):
            page = browser.new_page(extra_http_headers={**headers, "X-Stockturn-Proxy-Secret": given})
            page.goto(address(url, "incidents", "en"))
            page.wait_for_selector(f"text={said}", timeout=PATIENCE_MS)
            text = page.inner_text('[data-testid="stMain"]')
            assert ("eva (viewer)" in text) == (given == "of the proxy")
            assert page.get_by_role("button", name="Save").count() == 0
            page.close()
