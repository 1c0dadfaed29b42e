"""The web application: who, which release, which language, which filter; then the page. See `python -m dashboard`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st
from altair.utils.schemapi import disable_debug_mode

from assets.publish.companies import Company
from assets.publish.releases import ReleaseError
from dashboard import address
from dashboard.context import Context, readers, settings, signed_in
from dashboard.filters import Filter
from dashboard.identity import AccessRefusedError, User
from dashboard.markup import STYLE, heading, message, note
from dashboard.queries.quality import choices, warehouse_names
from dashboard.release_reader import ReleaseReader
from dashboard.texts import LANGUAGES, Language, Words
from dashboard.views import (
    ageing,
    cells,
    forecast,
    health,
    incidents,
    item,
    orders,
    overview,
    replenishment,
    review,
    wall,
)

PAGES: dict[str, tuple[str, Callable[[Context], None]]] = {
    "overview": (":material/dashboard:", overview.show),
    "ageing": (":material/hourglass_bottom:", ageing.show),
    "cells": (":material/grid_view:", cells.show),
    "replenishment": (":material/local_shipping:", replenishment.show),
    "orders": (":material/shopping_cart:", orders.show),
    "item": (":material/inventory_2:", item.show),
    "incidents": (":material/report:", incidents.show),
    "forecast": (":material/query_stats:", forecast.show),
    "review": (":material/summarize:", review.show),
    "health": (":material/monitor_heart:", health.show),
    "wall": (":material/tv:", wall.show),
}
MONTHS = ("6", "12", "24")  # how far back the charts over time go


# A chart is checked against Vega's schema once, when it is drawn; checking each part as it is built as well was a tenth of a page's time.
disable_debug_mode()


def main() -> None:
    company = settings().company
    st.set_page_config(page_title=f"Stockturn · {company.name}", page_icon="📦", layout="wide")
    st.html(STYLE)
    words = Words(_language(company.language))
    try:
        user = signed_in()
    except AccessRefusedError as error:
        message("error", f"{words('refused')}: {error}")
        st.stop()
    try:
        opened = readers()
    except ReleaseError as error:
        message("error", words("release_damaged"))
        st.code(str(error), language=None, wrap_lines=True)
        st.stop()
    if opened is None:
        message("info", words("no_release"))
        st.stop()
    words = Words(words.language, opened[0].kpis)
    shown = _pages(partial(_page, words, user, *opened), words)
    shown.run()


def _pages(page: Callable[[str], None], words: Words) -> st.Page:
    """The page that the address names. The links to the others carry what the address says of filter and language.

    The overview is found at the root and under its name: Streamlit keeps the name of its default page for the root.
    """
    pages = {
        name: st.Page(partial(page, name), title=words(f"page_{name}"), icon=icon, url_path=name)
        for name, (icon, _) in PAGES.items()
    }
    root = st.Page(partial(page, "overview"), title=words("page_overview"), url_path="start", default=True)
    st.session_state["pages"] = pages
    shown = st.navigation([root, *pages.values()], position="hidden")
    with st.sidebar:
        for one in pages.values():
            st.page_link(one, query_params=address.frame())
    return shown


def _page(words: Words, user: User, reader: ReleaseReader, before: ReleaseReader | None, name: str) -> None:
    shown = settings().company.name
    company = _company(reader, words)
    if company is not None:
        shown = f"{company.name} ({company.currency})"
        reader, before = reader.of_company(company.code), before.of_company(company.code) if before else None
    wanted = _filter(reader, words, user)
    months = _months(words)
    context = Context(settings(), reader, before, user, words, wanted, months)
    st.title(words(f"page_{name}"))
    role = words(f"role_{user.role.name.lower()}")
    who = words("signed_in", name=user.name, role=role)
    note(f"{shown} · {words('as_of', day=reader.release.as_of)} · {who}")
    PAGES[name][1](context)


def _language(default: Language) -> Language:
    """What the address says (`lang`), else the company's."""
    names = list(LANGUAGES)
    with st.sidebar:
        chosen = address.choose(
            st.segmented_control,
            "语言 / Language",
            address.LANGUAGE,
            names,
            default,
            format_func=lambda name: LANGUAGES[name],
            required=True,
        )
    return next((name for name in names if name == chosen), default)


def _company(reader: ReleaseReader, words: Words) -> Company | None:
    """Which one, where the release holds several: each has a currency of its own, so there is no page of all of them."""
    known = {one.code: one for one in _companies(reader.release_id, reader)}
    if len(known) < 2:
        return None
    codes = list(known)
    with st.sidebar:
        chosen = address.choose(
            st.selectbox, words("company"), address.COMPANY, codes, codes[0], format_func=lambda code: known[code].name
        )
    return known[chosen or codes[0]]


@st.cache_data(max_entries=10, show_spinner=False)
def _companies(release_id: str, _reader: ReleaseReader) -> list[Company]:
    return _reader.companies()


def _months(words: Words) -> int:
    with st.sidebar:
        chosen = address.choose(
            st.segmented_control,
            words("months_shown"),
            address.MONTHS,
            MONTHS,
            MONTHS[-1],
            format_func=lambda n: words("months_n", n=n),
            required=True,
        )
    return int(chosen or MONTHS[-1])


def _filter(reader: ReleaseReader, words: Words, user: User) -> Filter:
    """Choices in the sidebar, within what the user may see."""
    limit = Filter(allowed_owners=user.owners, allowed_warehouses=user.warehouses)
    known, named = _choices(reader.release_id, reader.company, user.owners, user.warehouses, reader)
    options = {**known, "abc_classes": ["A", "B", "C"], "xyz_classes": ["X", "Y", "Z"]}
    with st.sidebar:
        heading(words("filters"), 3)
        chosen = {
            name: address.choose_several(
                words(name),
                key,
                options[name],
                placeholder=words("all"),
                format_func=lambda value: named.get(value, value),
            )
            for name, key in address.FILTERS.items()
            if len(options[name]) > 1
        }
    return Filter(**chosen, allowed_owners=limit.allowed_owners, allowed_warehouses=limit.allowed_warehouses)


@st.cache_data(max_entries=50, show_spinner=False)
def _choices(
    release_id: str,
    company: str,
    owners: tuple[str, ...] | None,
    warehouses: tuple[str, ...] | None,
    _reader: ReleaseReader,
) -> tuple[dict[str, list[str]], dict[str, str]]:
    limit = Filter(allowed_owners=owners, allowed_warehouses=warehouses)
    return choices(_reader, limit), warehouse_names(_reader)


if __name__ == "__main__":
    main()
