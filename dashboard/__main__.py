"""Starts the pages: `python -m dashboard --config config/demo.yml`. Binds to this machine by default."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from dashboard.context import DEFAULT_CONFIG
from dashboard.identity import SECRET_VARIABLE, is_local
from orchestration.upkeep.environment import CONFIG_VARIABLE

PUBLIC_URL_VARIABLE = "STOCKTURN_PUBLIC_URL"
THEME = {"base": "light", "primaryColor": "#2563a8", "secondaryBackgroundColor": "#f4f6f8", "textColor": "#1f2a37"}


def command(address: str, port: int, public_url: str = "") -> list[str]:
    """The arguments of the Streamlit server: no telemetry, no file watching, nothing written.

    `public_url`: where a proxy shows the server (`https://stock.example.com`). Browsers send it as Origin of the WebSocket, which
    the server otherwise takes from this machine's own names only.
    """
    options = {
        "server.address": address,
        "server.port": str(port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
        **({"server.corsAllowedOrigins": public_url.rstrip("/")} if public_url else {}),
        **{f"theme.{name}": value for name, value in THEME.items()},
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(Path(__file__).with_name("app.py")), *flags]


def main(arguments: list[str] | None = None) -> NoReturn:
    parser = argparse.ArgumentParser(prog="python -m dashboard", description=__doc__)
    parser.add_argument("--config", "-c", default=os.environ.get(CONFIG_VARIABLE, DEFAULT_CONFIG))
    parser.add_argument("--address", default="127.0.0.1", help="off localhost a sign-in proxy is required")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument(
        "--public-url",
        default=os.environ.get(PUBLIC_URL_VARIABLE, ""),
        help="the address under which a proxy shows the pages",
    )
    chosen = parser.parse_args(arguments)
    if not is_local(chosen.address) and not os.environ.get(SECRET_VARIABLE):
        parser.error(f"--address {chosen.address}: off localhost set {SECRET_VARIABLE}, shared with the sign-in proxy")
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, CONFIG_VARIABLE: str(Path(chosen.config).resolve()), "PYTHONPATH": path}
    arguments = command(chosen.address, chosen.port, chosen.public_url)
    os.execve(arguments[0], arguments, environment)  # the server takes this process's place: ending it ends the server


if __name__ == "__main__":
    main()
