"""Texts on the pages: headings, notes, messages, tiles. Every text is shown as it is written.

Streamlit reads most texts as Markdown, where an item called `纸箱 100*50*20` loses its signs. Pages therefore write texts with
these functions only (a test holds them to it): the text is escaped into HTML and nothing in it is markup.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

Tone = Literal["good", "warn", "bad", "plain"]
Kind = Literal["info", "success", "warning", "error"]
STYLE = """<style>
.block-container {padding-top: 2.6rem; padding-bottom: 3rem; max-width: 1400px;}
.st-tiles {display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); gap: .7rem;
  margin: .2rem 0 1.1rem;}
.st-tile {display: block; background: #fff; border: 1px solid #e3e8ee; border-left: 5px solid #9aa5b1; border-radius: 8px;
  padding: .65rem .8rem; min-width: 0; color: inherit; text-decoration: none;}
a.st-tile:hover, a.st-tile:focus-visible {border-color: #2563a8; box-shadow: 0 1px 6px #2563a833;}
.st-tile.good {border-left-color: #2a9d8f;} .st-tile.warn {border-left-color: #e0a030;} .st-tile.bad {border-left-color: #c8453c;}
.st-tile .name {font-size: .8rem; color: #52606d; line-height: 1.25;}
.st-tile .figure {font-size: 1.55rem; font-weight: 650; color: #1f2a37; line-height: 1.3; white-space: nowrap;}
.st-tile .note {font-size: .76rem; color: #5b6672; overflow-wrap: anywhere;} .st-tile.bad .figure {color: #b0342c;}
.st-note {font-size: .85rem; color: #5b6672; margin: 0; white-space: pre-line; overflow-wrap: anywhere;}
.st-message {border-radius: 8px; padding: .7rem .9rem; margin: 0; overflow-wrap: anywhere;}
.st-message.info {background: #e8f1fb; color: #124a86;} .st-message.success {background: #e3f4ea; color: #14532d;}
.st-message.warning {background: #fdf3dc; color: #6b4700;} .st-message.error {background: #fbe6e4; color: #7f1d17;}
h1 {font-size: 1.5rem !important; padding: 0 0 .4rem !important;}
h2.st-heading {font-size: 1.05rem; font-weight: 600; padding: .4rem 0 .2rem; margin: 0;}
h3.st-heading {font-size: .95rem; font-weight: 600; padding: 0; margin: 0;}
@media (max-width: 1100px) {.st-tiles {grid-template-columns: repeat(3, minmax(0, 1fr));}}
@media (max-width: 640px) {
  .block-container {padding: 4rem .8rem 3rem;}
  .st-tiles {grid-template-columns: repeat(2, minmax(0, 1fr));}
  .st-tile .figure {font-size: 1.25rem;}
}
</style>"""


@dataclass(frozen=True)
class Tile:
    """A figure to read at a glance. `link`: the page that says more (dashboard.address), or nothing."""

    name: str
    figure: str
    notes: Sequence[str] = ()
    tone: Tone = "plain"
    link: str = ""


def heading(text: str, level: Literal[2, 3] = 2) -> None:
    """The heading of a part of the page, or (3) of a part of that."""
    st.html(f'<h{level} class="st-heading">{html.escape(text) or "&nbsp;"}</h{level}>')


def note(text: str) -> None:
    """Small print; a line feed begins a new line."""
    st.html(note_html(text))


def note_html(text: str) -> str:
    return f'<p class="st-note">{html.escape(text)}</p>'


def label(text: str) -> str:
    """The text for a place that Streamlit reads as Markdown whatever we do (labels, tooltips): its signs are escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def message(kind: Kind, text: str) -> None:
    """A sentence that must be seen."""
    role = "alert" if kind in {"error", "warning"} else "status"
    st.html(f'<p class="st-message {kind}" role="{role}">{html.escape(text)}</p>')


def tiles(all_tiles: Sequence[Tile]) -> None:
    """A row of figures that wraps on a narrow screen."""
    parts = [_tile(tile) for tile in all_tiles]
    columns = 4 if len(parts) > 6 else len(parts)
    st.html(f'<div class="st-tiles" style="--columns: {columns}">{"".join(parts)}</div>')


def _tile(tile: Tile) -> str:
    notes = "".join(f'<div class="note">{html.escape(note)}</div>' for note in tile.notes if note)
    inside = (
        f'<div class="name">{html.escape(tile.name)}</div><div class="figure">{html.escape(tile.figure)}</div>{notes}'
    )
    shared = f'class="st-tile {tile.tone}" title="{html.escape(tile.name)}"'
    if not tile.link:
        return f"<div {shared}>{inside}</div>"
    return f'<a {shared} href="{html.escape(tile.link)}" target="_self">{inside}</a>'
