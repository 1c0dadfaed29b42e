"""A small HTTP server for monitoring: `/health` (200 or 503, JSON) and `/metrics` (Prometheus). It changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, str, bytes]


def monitoring_server(address: str, port: int, pages: dict[str, Callable[[], Answer]]) -> ThreadingHTTPServer:
    """A server that answers each path of `pages` with status, content type and body; port 0 takes a free one.

    Raises:
        OSError: the port is taken.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path.partition("?")[0])
            try:
                status, kind, body = page() if page else (404, "text/plain", b"there are: " + ", ".join(pages).encode())
            except Exception as error:  # one page that fails must not end the server
                status, kind, body = 500, "text/plain", f"{type(error).__name__}".encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Monitoring asks every few seconds: nothing of that belongs in a log."""

    return ThreadingHTTPServer((address, port), Handler)
