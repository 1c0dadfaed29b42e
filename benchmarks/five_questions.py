"""A manager's five questions in the pages: clicks and seconds to the answer, in Chromium, on a company that has been run.

Every question begins at the overview. Seconds: loading the overview is not counted, every click is; reading is not measured.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.browser_pages import chromium, clicked, opened, served
from benchmarks.recording import save_result
from dashboard.texts import Words

# Question -> the clicks to its answer (selector, and the page that it leads to), and the heading above the answer.
QUESTIONS: dict[str, tuple[Sequence[tuple[str, str]], str]] = {
    "what is most capital in": ((), "where_it_sits"),
    "why did turnover fall": ((('[data-testid="stSidebar"] a[href*="review"]', "review"),), "review:causes"),
    "what to order today": ((('a.st-tile[href*="replenishment"] >> text={do_order}', "replenishment"),), "orders"),
    "which figure can't be trusted": ((("a.st-tile[href^=incidents] >> nth=-1", "incidents"),), "rows"),
    "what came of last month's actions": (
        (('[data-testid="stSidebar"] a[href*="review"]', "review"),),
        "review:last_actions",
    ),
}


def main(arguments: list[str]) -> dict[str, Any]:
    """Ask every question, print clicks and seconds, keep them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks five_questions")
    parser.add_argument("--config", "-c", type=Path, required=True, help="configuration of a company with a release")
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results")
    chosen = parser.parse_args(arguments)
    found: dict[str, Any] = {}
    with (
        chromium() as browser,
        served("-m", "dashboard", "--config", str(chosen.config), health="/_stcore/health") as url,
    ):
        for question, (clicks, place) in QUESTIONS.items():
            found[question] = _asked(browser, url, clicks, place)
            print(f"{question:<36}{found[question]['clicks']:>3} clicks{found[question]['seconds']:>8.2f} s")
    figures = {"load_average": round(os.getloadavg()[0], 1), "questions": found}
    if chosen.save:
        save_result("five_questions", figures, seed=0, packages=["streamlit", "playwright"])
    return figures


def _asked(browser: Any, url: str, clicks: Sequence[tuple[str, str]], place: str) -> dict[str, Any]:
    """Clicks and seconds to where the answer is, which must be there."""
    words = Words("en")
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    page = context.new_page()
    opened(page, f"{url}/overview?lang=en", words("page_overview"))
    seconds = 0.0
    for selector, name in clicks:
        target = page.locator(selector.format(do_order="to order")).first
        seconds += clicked(page, target, words(f"page_{name}"))
    heading = _heading(place, words)
    answer = page.locator("h2, h3").filter(has_text=heading).first
    answer.scroll_into_view_if_needed(timeout=30_000)
    context.close()
    return {"clicks": len(clicks), "seconds": round(seconds, 2), "answer": heading}


def _heading(place: str, words: Words) -> str:
    if place.startswith("review:"):
        from assets.publish.review.tables import word

        return word("en", place.removeprefix("review:"))
    return words(place)
