"""The review page as a PDF: the same HTML, laid out for paper by WeasyPrint, which needs no browser. Extra `pdf`."""

from __future__ import annotations

import io
import logging

from assets.optional import MissingExtraError, optional

_PAPER = """@page {size: A4; margin: 14mm; @bottom-right {content: counter(page) " / " counter(pages); font-size: 9px; color: #52606d;}}
body {font-size: 10px; max-width: none; margin: 0; padding: 0;} h1 {font-size: 18px;} h2 {font-size: 12px;}
.charts {display: block;} .charts section {break-inside: avoid; width: 88%;} .scroll {overflow: visible;}"""


def pdf_bytes(html: str) -> bytes:
    """The page as a PDF. Nothing is fetched: the page holds all that it needs.

    Raises:
        assets.optional.MissingExtraError: the extra `pdf`, or Pango, is not installed.
    """
    try:
        weasyprint = optional("weasyprint", "pdf")
    except OSError as error:  # the package is there, Pango of the operating system is not
        raise MissingExtraError(
            "weasyprint finds no Pango; install it (Debian: libpango-1.0-0, libpangoft2-1.0-0)"
        ) from error
    # styles of the screen that paper does not have are no matter for a log
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    target = io.BytesIO()
    fetches_nothing = weasyprint.urls.URLFetcher(allowed_protocols=())
    document = weasyprint.HTML(string=html, url_fetcher=fetches_nothing)
    document.write_pdf(target, stylesheets=[weasyprint.CSS(string=_PAPER)], pdf_identifier=b"stockturn review")
    return target.getvalue()
