"""The monthly review in the pages: why capital and turnover moved, what came of the last actions, what to do next, comments."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from assets.publish.releases import Release, ReleaseError
from assets.publish.review.figures import read_review
from assets.publish.review.html import shown
from assets.publish.review.month import month_of, month_releases
from assets.publish.review.tables import Language, Table, all_tables
from dashboard.components import csv_bytes
from dashboard.context import Context
from dashboard.identity import Role
from dashboard.markup import heading, message, note
from orchestration.review import comment_on, read_comments

PARTS = ("targets", "causes", "last_actions", "actions", "bridge_table")
"""Tables of the pack that are no page of their own, in the order of a manager's questions; `comments` follow."""


def show(context: Context) -> None:
    words = context.words
    if not context.user.sees_everything:
        message("info", words("review_whole_only"))
        return
    release, before = _releases(context)
    month = month_of(release, release.as_of).name
    note(words("review_of", month=month, before=before.as_of if before else words("review_none_before")))
    tables = {table.key: table for table in _tables(release, before, words.language, context.reader.company)}
    for key in PARTS:
        _table(context, tables[key])
    _comments(context, release, month)


def _releases(context: Context) -> tuple[Release, Release | None]:
    """The month of the release that the pages show, and what the pack compares it with."""
    release = context.reader.release
    try:
        return release, month_releases(context.settings.workspace().releases, release.as_of)[1]
    except ReleaseError:
        return release, None


@st.cache_data(max_entries=8, show_spinner=False, hash_funcs={Release: lambda release: release.release_id})
def _tables(release: Release, before: Release | None, language: Language, company: str) -> list[Table]:
    """Kept by the server: releases do not change."""
    return all_tables(read_review(release, before, (), company), language)


def _table(context: Context, table: Table) -> None:
    heading(table.title)
    if not table.rows:
        note(context.words("review_nothing"))
        return
    rows = [[shown(value, kind) for value, kind in zip(row, table.kinds, strict=True)] for row in table.rows]
    frame = pd.DataFrame(rows, columns=_distinct(table.headings))
    st.dataframe(frame, key=f"review_{table.key}", hide_index=True, placeholder="", width="stretch")
    st.download_button(
        context.words("export"),
        data=lambda: csv_bytes(frame, {str(name): str(name) for name in frame.columns}),
        file_name=f"stockturn_review_{table.key}_{context.reader.release.as_of}.csv",
        mime="text/csv",
        key=f"export_review_{table.key}",
        on_click="ignore",
    )


def _distinct(headings: Sequence[str]) -> list[str]:
    return [f"{name} ({number})" if name in headings[:number] else name for number, name in enumerate(headings)]


def _comments(context: Context, release: Release, month: str) -> None:
    words, folder = context.words, context.settings.workspace().root / "reviews"
    heading(words("review_comments"))
    said = read_comments(folder, month)
    for one in said:
        note(f"{one['at']} · {one['user_name']}: {one['comment']}")
    if not context.user.may(Role.OPERATOR):
        return
    with st.form("review_comment", clear_on_submit=True):
        text = st.text_area(words("words"), height=90)
        sent = st.form_submit_button(words("submit"), type="primary")
    if sent and text.strip():
        comment_on(context.settings, release.as_of, context.user.name, text)
        st.rerun()
