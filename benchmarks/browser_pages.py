"""The dashboard in a real browser, for measuring it: a server, Chromium, and the instant at which a page has been drawn."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 180
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
# The page's clock at the instant since which everything is drawn: the script at rest, the heading right, every chart there, for 400 ms.
_DRAWN = """heading => new Promise((resolve, reject) => {
    let since = null;
    const opened = performance.now();
    const look = () => {
        if (performance.now() > opened + 60000) reject(new Error(`not drawn within 60 s: ${location.href}`));
        const app = document.querySelector('[data-testid="stApp"]');
        const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
        const done = (!app || app.dataset.testScriptState === 'notRunning') && !document.querySelector('[data-stale="true"]')
            && document.querySelector('h1')?.innerText === heading && charts.every(one => one.querySelector('canvas, svg'))
            && document.readyState === 'complete';
        const now = performance.now();
        since = done ? (since ?? now) : null;
        if (since !== null && now - since >= 400) resolve(since); else requestAnimationFrame(look);
    };
    look();
})"""


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless Chromium; raises FileNotFoundError where there is none."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium")
    if path is None:
        raise FileNotFoundError("no chromium on the path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(*command: str, health: str) -> Iterator[str]:
    """A server of this Python, started with `--port`; gives its address. `health`: what it answers once it is up."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [sys.executable, *command, "--port", str(port)]
    process = subprocess.Popen(
        arguments, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE_SECONDS
        while not _is_up(f"{url}{health}"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not start")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=30)


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def opened(page: Any, url: str, heading: str) -> float:
    """Seconds from the request to the drawn page, at an address that is typed in."""
    page.goto(url, wait_until="commit")
    return float(page.evaluate(_DRAWN, heading)) / 1000


def clicked(page: Any, target: Any, heading: str) -> float:
    """Seconds from a click to the drawn page that it leads to, in the same visit or by a new load."""
    before, clock = page.evaluate("performance.timeOrigin + performance.now()"), time.perf_counter()
    target.click()
    try:
        drawn = page.evaluate(_DRAWN, heading)
    except Exception:  # the click loads a new document: the clock begins again
        page.wait_for_load_state("domcontentloaded")
        drawn = page.evaluate(_DRAWN, heading)
    origin = page.evaluate("performance.timeOrigin")
    seconds = (origin + float(drawn) - before) / 1000
    return seconds if seconds > 0 else time.perf_counter() - clock
