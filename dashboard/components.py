"""Parts that pages share: charts, and tables with headings, totals, links and export."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from assets.publish.dictionary import english
from assets.publish.spreadsheets import percent_text, plain_text, plain_texts
from dashboard import address
from dashboard.context import Context
from dashboard.markup import label as markup_label
from dashboard.markup import message, note_html
from dashboard.release_reader import MAX_EXPORT_ROWS
from dashboard.texts import Words


def chart(picture: Any, description: str) -> None:
    """A chart over the full width; the description is read to those who do not see it."""
    st.altair_chart(picture, width="stretch", alt=description)


def table(
    context: Context,
    key: str,
    query: Callable[[int], pd.DataFrame],
    *,
    marts: Sequence[str] = ("fct_inventory_health",),
    shown: int = 200,
    link: bool = False,
    select: bool = False,
    texts: Sequence[str] = (),
    reasons: Sequence[str] = (),
    totals: Mapping[str, Any] | None = None,
) -> pd.Series | None:
    """The first rows of a query, with the dictionary's headings; the button exports all rows. Gives the row that is chosen.

    `link`: choosing a row opens the page of its item. `select`: choosing a row gives it to the caller. `texts`: columns whose
    values are words of the catalogue (`cause` -> `cause_expired`). `reasons`: columns of sentences.
    `totals`: sums over all rows, those that are not shown too: `rows`, and a figure for each of the columns of money that are
    added up.
    """
    words = context.words
    frame = query(shown)
    if frame.empty:
        message("info", words("empty"))
        return None
    visible = as_percent(translated(context, frame, texts, reasons))
    hidden = {"item_id", "warehouse_id"} if link else set()
    event = st.dataframe(
        visible,
        key=f"table_{key}",
        width="stretch",
        hide_index=True,
        column_order=[name for name in visible.columns if name not in hidden],
        column_config=column_config(context, visible, marts),
        placeholder="",
        on_select="rerun" if link or select else "ignore",
        selection_mode="single-row",
    )
    left, right = st.columns([4, 1], vertical_alignment="center")
    # one row is its own total
    said = [total_line(context, totals, headings(context, frame, marts))] if totals and len(frame) > 1 else []
    if len(frame) >= shown:
        said.append(words("shown", shown=shown))
    if said:
        left.html(note_html("\n".join(said)))
    right.download_button(
        words("export"),
        data=lambda: csv_bytes(
            translated(context, query(MAX_EXPORT_ROWS), texts, reasons), headings(context, frame, marts)
        ),
        help=words("export_help"),
        file_name=f"stockturn_{key}_{context.reader.release.as_of}.csv",
        mime="text/csv",
        key=f"export_{key}",
        on_click="ignore",
        width="stretch",
    )
    rows = chosen_rows(event) if link or select else []
    if not rows:
        return None
    chosen = frame.iloc[rows[0]]
    if link and not _is_empty(chosen["item_id"]):  # a finding may be about no item
        open_page(
            "item",
            item=str(chosen["item_id"]),
            at="" if _is_empty(chosen["warehouse_id"]) else str(chosen["warehouse_id"]),
        )
    return chosen


def open_page(name: str, **parts: str) -> None:
    """Go to another page; filter, period and language go along. `parts`: what else its address says."""
    st.switch_page(st.session_state["pages"][name], query_params=address.frame(**parts))


def chosen_rows(event: Any) -> list[int]:
    """Numbers of the rows that are selected in a table."""
    return list(event.selection.rows)


def total_line(context: Context, totals: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """`Total of 37 rows: dead stock value 17,412`, with the headings of the table's columns."""
    words = context.words
    parts = [
        words("total_part", name=names.get(name) or words.maybe(f"column_{name}", name), value=words.number(value))
        for name, value in totals.items()
        if name != "rows" and value is not None
    ]
    counted = words("total_of", n=words.number(totals.get("rows")))
    return counted + (("：" if words.language == "zh" else ": ") + words.listed(parts) if parts else "")


def translated(
    context: Context, frame: pd.DataFrame, texts: Sequence[str], reasons: Sequence[str] = ()
) -> pd.DataFrame:
    """Coded values, and sentences of the planner, as words of the language."""
    words = context.words
    told: dict[str, list[str]] = {
        name: ["" if _is_empty(value) else words.maybe(f"{name}_{value}", str(value)) for value in frame[name]]
        for name in texts
        if name in frame
    }
    return spoken(frame.assign(**told), reasons, words)


def spoken(frame: pd.DataFrame, reasons: Sequence[str], words: Words) -> pd.DataFrame:
    """Of columns of sentences the one in the language: `reason` or `reason_zh`. A release from before there were both has English alone."""
    pairs = [(name, f"{name}_zh") for name in reasons if f"{name}_zh" in frame]
    return frame.drop(columns=[english if words.language == "zh" else chinese for english, chinese in pairs])


def as_percent(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares as per cent, so that a table can show them with one decimal."""
    return frame.assign(**{str(name): frame[name] * 100 for name in frame.columns if is_share(str(name))})


def is_share(name: str) -> bool:
    """Is the column a share, by its name? Turnover rates are no shares: they count per year."""
    return (name.endswith("_rate") and "turnover" not in name) or name in _SHARES


_SHARES = frozenset({"wape", "bias", "median_wape", "median_bias", "share"})


def _is_empty(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def headings(context: Context, frame: pd.DataFrame, marts: Sequence[str]) -> dict[str, str]:
    """Column -> heading: the release's dictionary, else the catalogue (`column_<name>`), else the name as words."""
    result: dict[str, str] = {}
    for name in frame.columns:
        label = ""
        for mart in marts:
            label = label or context.reader.words(mart).get(str(name), {}).get(f"label_{context.words.language}", "")
        result[str(name)] = label or context.words.maybe(f"column_{name}", "") or english(str(name))
    return result


def column_config(context: Context, frame: pd.DataFrame, marts: Sequence[str]) -> dict[str, Any]:
    """How each column is shown: heading, what it means, and its kind of number. Shares are per cent (`as_percent`)."""
    result: dict[str, Any] = {}
    for name, label in headings(context, frame, marts).items():
        told = "description" if context.words.language == "en" else "description_zh"  # an older release has none
        meaning = next((found.get(told) for mart in marts if (found := context.reader.words(mart).get(name))), None)
        meaning = meaning and markup_label(meaning)
        if pd.api.types.is_object_dtype(frame[name]) and _holds_dates(frame[name]):
            result[name] = st.column_config.DateColumn(label, help=meaning, format="YYYY-MM-DD")
        elif pd.api.types.is_bool_dtype(frame[name]):
            result[name] = st.column_config.CheckboxColumn(label, help=meaning)
        elif pd.api.types.is_datetime64_any_dtype(frame[name]):
            result[name] = st.column_config.DateColumn(label, help=meaning, format="YYYY-MM-DD")
        elif pd.api.types.is_numeric_dtype(frame[name]):
            result[name] = st.column_config.NumberColumn(label, help=meaning, format=_number_format(name, frame[name]))
        else:
            result[name] = st.column_config.TextColumn(label, help=meaning)
    return result


def _holds_dates(values: pd.Series) -> bool:
    first = values.dropna().head(1)
    return bool(len(first)) and isinstance(first.iloc[0], date)


def _number_format(name: str, values: pd.Series) -> str:
    if is_share(name):
        return "%.1f%%"
    if name.endswith("_row"):
        return "%d"  # a line number is no amount
    whole = bool(((values.dropna() % 1) == 0).all())
    if whole or re.search(r"_(value|units|days)(_\d+)?$", name):
        return "%,.0f" if whole or float(values.abs().max() or 0) >= 100 else "%,.1f"
    return "%,.2f"


def csv_bytes(frame: pd.DataFrame, names: dict[str, str]) -> bytes:
    """CSV with a BOM and the headings of the page: shares are per cent, and no text starts a formula."""
    shares = {name: [percent_text(value) for value in frame[name]] for name in frame.columns if is_share(str(name))}
    safe = (
        plain_texts(frame).assign(**shares).rename(columns={name: plain_text(label) for name, label in names.items()})
    )
    return safe.to_csv(index=False).encode("utf-8-sig")
