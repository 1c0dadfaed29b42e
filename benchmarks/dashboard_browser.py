"""Seconds until a page of the dashboard is drawn in Chromium, at 100,000 item-warehouses x 24 months (bounds: cold 1.5 s, warm 0.5 s).

cold: a new browser without a cache opens the page of a server that is running. warm: the page again, by the link of the sidebar, in
a visit that has seen it. Beside it, in the same run: the overview from the same queries as plain HTML (Starlette, dashboard_plain.py),
which is what another framework could reach at best. docs/adr/ has what was decided by it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.browser_pages import chromium, clicked, opened, served
from benchmarks.dashboard import p95
from benchmarks.recording import save_result
from benchmarks.synthetic_release import size_options, write_release
from dashboard.texts import Words

SEED = 7
PAGES = ("overview", "ageing", "cells", "replenishment", "item", "incidents", "forecast", "review", "health")
COLD_SECONDS, WARM_SECONDS = 1.5, 0.5
_CONFIG = """company: {{code: C, name: Synthetic, currency: CNY, timezone: Asia/Shanghai}}
data_dir: {folder}
sources:
  - {{name: erp, kind: file, instance: erp, path: inbox, mapping: generic_excel, company_code: C}}
schedule: {{first_date: 2026-01-01}}
"""


def main(arguments: list[str]) -> dict[str, Any]:
    """Build the release, visit every page, print a table, keep the figures."""
    chosen = size_options("dashboard_browser", 3, arguments)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        release = write_release(root / "releases", chosen.item_warehouses, chosen.months, SEED)
        config = root / "company.yml"
        config.write_text(_CONFIG.format(folder=root), encoding="utf-8")
        with chromium() as browser:
            with served("-m", "dashboard", "--config", str(config), health="/_stcore/health") as url:
                cold, warm = visits(browser, url, chosen.rounds)
            with served("-m", "benchmarks.dashboard_plain", "--release", str(release.path), health="/health") as url:
                plain = plain_visits(browser, url, chosen.rounds)
    figures = {
        "item_warehouses": chosen.item_warehouses,
        "months": chosen.months,
        "rounds": chosen.rounds,
        "load_average": round(os.getloadavg()[0], 1),
        "cold_seconds": {page: round(statistics.median(one), 2) for page, one in cold.items()},
        "warm_seconds": {page: round(statistics.median(one), 2) for page, one in warm.items()},
        "cold_seconds_p95": round(p95([one for times in cold.values() for one in times]), 2),
        "warm_seconds_p95": round(p95([one for times in warm.values() for one in times]), 2),
        "plain_overview_cold_seconds": round(statistics.median(plain["cold"]), 2),
        "plain_overview_warm_seconds": round(statistics.median(plain["warm"]), 2),
        "bound_cold_seconds": COLD_SECONDS,
        "bound_warm_seconds": WARM_SECONDS,
    }
    for page in cold:
        print(f"{page:<16}{statistics.median(cold[page]):>8.2f}{statistics.median(warm[page]):>8.2f}")
    print(f"{'plain overview':<16}{statistics.median(plain['cold']):>8.2f}{statistics.median(plain['warm']):>8.2f}")
    if chosen.save:
        save_result(
            "dashboard_browser", figures, seed=SEED, packages=["streamlit", "duckdb", "starlette", "playwright"]
        )
    return figures


def visits(browser: Any, url: str, rounds: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Seconds of each cold and warm visit by page. The server has answered once before: its own start is not measured."""
    words = Words("en")
    first = browser.new_context()
    opened(first.new_page(), f"{url}/overview?lang=en", words("page_overview"))
    first.close()
    cold: dict[str, list[float]] = {page: [] for page in PAGES}
    warm: dict[str, list[float]] = {page: [] for page in PAGES}
    for _ in range(rounds):
        for name in PAGES:
            context = browser.new_context(viewport={"width": 1400, "height": 1000})
            cold[name].append(opened(context.new_page(), f"{url}/{name}?lang=en", words(f"page_{name}")))
            context.close()
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    opened(page, f"{url}/overview?lang=en", words("page_overview"))
    for number in range(rounds + 1):  # the first round has not seen the pages yet
        for name in (*PAGES[1:], PAGES[0]):
            link = page.locator(f'[data-testid="stSidebar"] a[href*="{name}"]').first
            seconds = clicked(page, link, words(f"page_{name}"))
            if number:
                warm[name].append(seconds)
    context.close()
    return cold, warm


def plain_visits(browser: Any, url: str, rounds: int) -> dict[str, list[float]]:
    """Cold and warm seconds of the overview as plain HTML."""
    found: dict[str, list[float]] = {"cold": [], "warm": []}
    for _ in range(rounds):
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        page = context.new_page()
        found["cold"].append(opened(page, f"{url}/overview", "Overview"))
        found["warm"].append(opened(page, f"{url}/overview", "Overview"))
        context.close()
    return found
