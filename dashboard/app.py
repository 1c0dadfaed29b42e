"""The web application: who, which release, which language, which filter; then the page. See `python -m dashboard`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from assets.publish.releases import ReleaseError
from dashboard.components import STYLE
from dashboard.context import Context, readers, settings, signed_in
from dashboard.filters import Filter
from dashboard.identity import AccessRefusedError, User
from dashboard.queries.quality import choices
from dashboard.release_reader import ReleaseReader
from dashboard.texts import LANGUAGES, Words
from dashboard.views import ageing, cells, forecast, health, incidents, item, overview, replenishment

PAGES: dict[str, tuple[str, Callable[[Context], None]]] = {
    "overview": (":material/dashboard:", overview.show),
    "ageing": (":material/hourglass_bottom:", ageing.show),
    "cells": (":material/grid_view:", cells.show),
    "replenishment": (":material/local_shipping:", replenishment.show),
    "item": (":material/inventory_2:", item.show),
    "incidents": (":material/report:", incidents.show),
    "forecast": (":material/query_stats:", forecast.show),
    "health": (":material/monitor_heart:", health.show),
}


def main() -> None:
    company = settings().company
    st.set_page_config(page_title=f"Stockturn · {company.name}", page_icon="📦", layout="wide")
    st.markdown(STYLE, unsafe_allow_html=True)
    words = _language(company.language)
    try:
        user = signed_in()
    except AccessRefusedError as error:
        st.error(f"{words('refused')}: {error}")
        st.stop()
    try:
        opened = readers()
    except ReleaseError as error:
        st.error(words("release_damaged"))
        st.code(str(error), language=None, wrap_lines=True)
        st.stop()
    if opened is None:
        st.info(words("no_release"))
        st.stop()
    reader, before = opened
    pages = {
        name: st.Page(
            partial(_page, name, words, user, reader, before),
            title=words(f"page_{name}"),
            icon=icon,
            url_path=name,
            default=name == "overview",
        )
        for name, (icon, _) in PAGES.items()
    }
    st.session_state["item_page"] = pages["item"]
    st.navigation(list(pages.values())).run()


def _page(name: str, words: Words, user: User, reader: ReleaseReader, before: ReleaseReader | None) -> None:
    wanted = _filter(reader, words, user)
    context = Context(settings(), reader, before, user, words, wanted)
    st.title(words(f"page_{name}"))
    role = words(f"role_{user.role.name.lower()}")
    who = words("signed_in", name=user.name, role=role)
    st.caption(f"{settings().company.name} · {words('as_of', day=reader.release.as_of)} · {who}")
    PAGES[name][1](context)


def _language(default: str) -> Words:
    """Chosen in the sidebar or by `?lang=`, which makes a link in a language shareable."""
    asked = st.query_params.get("lang", st.session_state.get("language", default))
    names = list(LANGUAGES)
    index = names.index(asked) if asked in names else names.index(default)  # type: ignore[arg-type]
    with st.sidebar:
        chosen = st.segmented_control(
            "语言 / Language",
            names,
            default=names[index],
            format_func=lambda name: LANGUAGES[name],
            key="language_choice",
        )
    language = chosen or names[index]
    if chosen and chosen != asked and "lang" in st.query_params:
        st.query_params["lang"] = chosen
    st.session_state["language"] = language
    return Words(language)


def _filter(reader: ReleaseReader, words: Words, user: User) -> Filter:
    """Choices in the sidebar, within what the user may see."""
    limit = Filter(allowed_owners=user.owners)
    known = _choices(reader.release_id, user.owners, reader)
    with st.sidebar:
        st.markdown(f"**{words('filters')}**")
        chosen = {
            name: tuple(
                st.multiselect(words(name), options, key=f"filter_{name}", placeholder=words("all"))
                if len(options) > 1
                else ()
            )
            for name, options in (*known.items(), ("abc_classes", ["A", "B", "C"]), ("xyz_classes", ["X", "Y", "Z"]))
        }
    return Filter(**chosen, allowed_owners=limit.allowed_owners)


@st.cache_data(max_entries=50, show_spinner=False)
def _choices(release_id: str, owners: tuple[str, ...] | None, _reader: ReleaseReader) -> dict[str, list[str]]:
    return choices(_reader, Filter(allowed_owners=owners))


if __name__ == "__main__":
    main()
