"""The overview from the dashboard's own queries as plain HTML: what dashboard_browser compares the pages with. Not part of the product."""

from __future__ import annotations

import argparse
import html
from pathlib import Path
from typing import Any

import pandas as pd

from assets.publish.releases import read_release
from benchmarks.dashboard import pages
from dashboard.filters import Filter
from dashboard.release_reader import ReleaseReader
from dashboard.texts import Words


def _picture(values: list[float]) -> str:
    top = max(values, default=1.0) or 1.0
    points = " ".join(f"{10 * i},{100 - 95 * value / top:.1f}" for i, value in enumerate(values))
    return f'<svg viewBox="0 0 {10 * max(1, len(values))} 100" width="600"><polyline fill="none" stroke="#2563a8" points="{points}"/></svg>'


def _overview(reader: ReleaseReader, words: Words) -> str:
    _, kpis, work, actions, trend, capital = pages(reader, Filter())["overview"]()
    tiles = "".join(
        f"<p>{html.escape(words(f'kpi_{kpi.name}'))} <b>{html.escape(words.kpi(kpi.name, kpi.value))}</b></p>"
        for kpi in kpis
    )
    numbers = [float(value) for value in pd.to_numeric(trend["ending_value"]).fillna(0)]
    tables = work.to_html(index=False) + capital.to_html(index=False) + pd.DataFrame([actions]).to_html(index=False)
    return f"<!doctype html><title>x</title><h1>Overview</h1>{tiles}{_picture(numbers)}{tables}"


def serve() -> None:
    """Answer until the process is ended."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.responses import HTMLResponse, PlainTextResponse
    from starlette.routing import Route

    parser = argparse.ArgumentParser(prog="python -m benchmarks.dashboard_plain")
    parser.add_argument("--release", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    chosen = parser.parse_args()
    reader, words = ReleaseReader(read_release(chosen.release)), Words("en")

    def overview(request: Any) -> HTMLResponse:
        return HTMLResponse(_overview(reader, words))

    routes = [Route("/overview", overview), Route("/health", lambda request: PlainTextResponse("ok"))]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=chosen.port, log_level="warning")


if __name__ == "__main__":
    serve()
