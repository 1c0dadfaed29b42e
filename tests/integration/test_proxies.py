"""The shipped nginx and Caddy files before a real dashboard, on a public name: signed in, WebSocket open, forged headers dropped."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bcrypt
import pytest
from browser import dashboard_server, running_browser
from debian import install
from published_demo import demo_config

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NAME, SECRET = "stock.example.test", "of the proxy"
START_SECONDS = 30
PATIENCE_MS = 150_000  # the first page of a new server took 70 s at ten times the load of two cores, 2026-11-30
HASH = bcrypt.hashpw(b"pass", bcrypt.gensalt(4)).decode()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], port: int, log: Path, **environment: str) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + START_SECONDS
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None and time.monotonic() < deadline, log.read_text(errors="replace")[-2000:]
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def nginx(folder: Path, port: int, dashboard: str) -> tuple[list[str], dict[str, str]]:
    """The file of the compose project, with addresses of this machine in it."""
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    for shipped, here in {
        "listen 8080;": f"listen 127.0.0.1:{port};",
        "/etc/nginx/users.htpasswd": str(folder / "users"),
        "http://north-dashboard:8501": dashboard,
        "http://south-dashboard:8501": dashboard,
        "http://webserver:3000": dashboard,
        "${STOCKTURN_PROXY_SECRET}": SECRET,  # what the image's entrypoint puts in
    }.items():
        assert shipped in text, shipped
        text = text.replace(shipped, here)
    password = subprocess.run(
        ["openssl", "passwd", "-apr1", "pass"], capture_output=True, text=True, check=True
    ).stdout.strip()
    (folder / "users").write_text(f"eva:{password}\n", encoding="utf-8")
    who = "user root; " if os.geteuid() == 0 else ""  # its workers read the users below a folder that is ours alone
    (folder / "nginx.conf").write_text(
        f"{who}pid {folder}/pid; daemon off; error_log stderr; events {{}} http {{ access_log off; {text} }}",
        encoding="utf-8",
    )
    return ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], {}


def caddy(folder: Path, port: int, dashboard: str) -> tuple[list[str], dict[str, str]]:
    (folder / "users").write_text(f"eva {HASH}\n", encoding="utf-8")
    environment = {
        "STOCKTURN_PUBLIC_URL": f"http://{NAME}:{port}",
        "STOCKTURN_USERS": str(folder / "users"),
        "STOCKTURN_DASHBOARD": re.sub("^http://", "", dashboard),
        "STOCKTURN_PROXY_SECRET": SECRET,
        "HOME": str(folder),
    }
    return ["caddy", "run", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile"], environment


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running_browser(f"--host-resolver-rules=MAP {NAME} 127.0.0.1") as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.parametrize(("program", "package", "path"), [("nginx", "nginx-light", "north"), ("caddy", "caddy", "")])
def test_the_pages_work_on_a_public_name(
    browser: Any, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, program: str, package: str, path: str
) -> None:
    if shutil.which(program) is None and (reason := install(program, package)):
        pytest.skip(reason)
    port = free_port()
    public = f"http://{NAME}:{port}"
    place = {"STREAMLIT_SERVER_BASE_URL_PATH": path} if path else {}
    with dashboard_server(
        demo_config(tmp_path_factory), "--public-url", public, path=path, STOCKTURN_PROXY_SECRET=SECRET, **place
    ) as url:
        command, environment = {"nginx": nginx, "caddy": caddy}[program](tmp_path, port, url)
        with running(command, port, tmp_path / "log", **environment):
            with pytest.raises(urllib.error.HTTPError, match="401"):
                anybody = urllib.request.Request(f"http://127.0.0.1:{port}/{path}/", headers={"Host": f"{NAME}:{port}"})
                urllib.request.urlopen(anybody, timeout=20)
            forged = {"X-Stockturn-Role": "admin", "X-Stockturn-User": "root", "X-Stockturn-Warehouses": "nowhere"}
            context = browser.new_context(
                http_credentials={"username": "eva", "password": "pass"},
                extra_http_headers=forged,
                viewport={"width": 1200, "height": 900},
            )
            page = context.new_page()
            page.goto(f"{public}/{path + '/' if path else ''}incidents?lang=en")
            page.wait_for_selector("text=eva (viewer)", timeout=PATIENCE_MS)
            page.wait_for_selector(".st-tile", timeout=PATIENCE_MS)
            assert page.get_by_role("button", name="Save").count() == 0
            context.close()
