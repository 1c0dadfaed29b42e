"""The address of a view: page, filter, item, period and language are in the URL, so that a view can be sent and reloaded.

The URL is the only place where these choices are kept. A widget shows what the URL says and writes to it when it is changed; links
within the pages carry the parts that hold for every page (`FRAME`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

# Field of the filter -> its name in the address.
FILTERS = {
    "warehouses": "warehouse",
    "categories": "category",
    "owners": "owner",
    "abc_classes": "abc",
    "xyz_classes": "xyz",
}
LANGUAGE, COMPANY, MONTHS, ITEM, PLACE, DOCUMENT = "lang", "company", "months", "item", "at", "doc"
FRAME = (LANGUAGE, COMPANY, MONTHS, *FILTERS.values())
_MARK = "in_address_"  # keys of the widgets in the session


def asked(key: str) -> str:
    """What the address says for a key; empty where it says nothing."""
    return str(st.query_params.get(key, ""))


def asked_for_all(key: str) -> list[str]:
    """Every value of a key that may be given several times."""
    return [str(value) for value in st.query_params.get_all(key)]


def frame(**changed: str | Sequence[str]) -> dict[str, list[str]]:
    """The parts of the address that every page has, with some of them changed or others added; empty ones left out."""
    parts = {key: asked_for_all(key) for key in FRAME}
    parts |= {key: [value] if isinstance(value, str) else list(value) for key, value in changed.items()}
    return {key: values for key, values in parts.items() if values and values != [""]}


def link(page: str, **changed: str | Sequence[str]) -> str:
    """The address of a page, relative to any other page (so it holds below a proxy's path too), with filter and language."""
    query = urlencode(frame(**changed), doseq=True)
    return f"{page}?{query}" if query else page


def choose(
    widget: Callable[..., Any],
    label: str,
    key: str,
    options: Sequence[str],
    default: str | None = None,
    **arguments: Any,
) -> str | None:
    """One of the options by a widget of Streamlit (`selectbox`, `segmented_control`) that shows and changes the address.

    An option that the address names and that there is not counts as not chosen.
    """
    wanted = asked(key) or None
    value = wanted if wanted in options else default
    name = f"{_MARK}{key}"
    st.session_state[name] = value

    def changed() -> None:
        _write(key, [st.session_state[name]] if st.session_state[name] not in (None, default) else [])

    widget(label, options, key=name, on_change=changed, **arguments)
    return value


def choose_several(label: str, key: str, options: Sequence[str], **arguments: Any) -> tuple[str, ...]:
    """Some of the options; nothing chosen means all."""
    name = f"{_MARK}{key}"
    known = set(options)
    value = [one for one in dict.fromkeys(asked_for_all(key)) if one in known]
    st.session_state[name] = value

    def changed() -> None:
        _write(key, st.session_state[name])

    st.multiselect(label, options, key=name, on_change=changed, **arguments)
    return tuple(value)


def put(values: Mapping[str, str]) -> None:
    """Write parts of the address of the present page; an empty value removes a part."""
    for key, value in values.items():
        _write(key, [value] if value else [])


def _write(key: str, values: Sequence[str]) -> None:
    if values:
        st.query_params[key] = list(values)
    elif key in st.query_params:
        del st.query_params[key]
