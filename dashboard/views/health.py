"""Data health: which release this is, what it was made of, how fresh the sources are, and how releases differ."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from assets.publish.history import ReleaseDiff, diff_releases, find_release
from assets.publish.releases import list_releases
from dashboard.components import Tile, table, tiles
from dashboard.context import Context
from dashboard.queries import quality
from expectations.incidents.queries import latest_run


def show(context: Context) -> None:
    words, reader = context.words, context.reader
    manifest = reader.release.manifest
    sources = quality.sources(reader)
    oldest = sources["extract_age_days"].max() if len(sources) else None
    failed = int(sources["failed_checks"].sum()) if len(sources) else 0
    stale = oldest is not None and oldest > context.settings.checks.stale_snapshot_days
    tiles(
        [
            Tile(
                words("release"),
                str(reader.release.as_of),
                [reader.release_id, f"{words('built_at')} {manifest.get('built_at', '')}"],
            ),
            Tile(
                words("extract_age"),
                f"{words.number(oldest)} {words('days')}",
                [words("stale" if stale else "fresh")],
                "bad" if stale else "good",
            ),
            Tile(words("checks_failed"), words.number(failed), tone="bad" if failed else "good"),
        ]
    )
    if accounting := manifest.get("accounting"):
        names = ("rows_in", "rows_loaded", "rows_quarantined", "rows_duplicate", "rows_excluded")
        st.caption(words("accounting", **{name: f"{accounting.get(name, 0):,}" for name in names}))
    if context.store is not None and (run := latest_run(context.store)):
        st.caption(words("last_run", run=run["run_id"], day=run["as_of_date"], status=run["status"]))
    st.subheader(words("sources"))
    table(context, "sources", lambda limit: quality.sources(reader).head(limit), marts=("fct_data_quality",))
    _releases(context)
    st.subheader(words("marts"))
    rows = [{words("mart"): mart["name"], words("row_count"): mart["rows"]} for mart in manifest["marts"]]
    st.dataframe(pd.DataFrame(rows), hide_index=True, placeholder="", width="stretch")


def _releases(context: Context) -> None:
    words = context.words
    known = list_releases(context.settings.workspace().releases)[::-1]
    st.subheader(words("releases"))
    frame = pd.DataFrame(
        {
            words("release"): [one.release_id for one in known],
            words("date"): [str(one.as_of) for one in known],
            words("built_at"): [str(one.manifest.get("built_at", "")) for one in known],
        }
    )
    st.dataframe(frame, hide_index=True, placeholder="", width="stretch")
    others = [one.release_id for one in known if one.release_id != context.reader.release_id]
    if not others or context.user.owners is not None:
        return
    other = st.selectbox(words("compare"), others, index=None, key="compare")
    if other:
        diff = _compared(other, context.reader.release_id, context)
        st.dataframe(
            pd.DataFrame(
                [
                    {
                        words("mart"): change.mart,
                        words("added"): change.added,
                        words("removed"): change.removed,
                        words("rows_changed"): change.changed,
                        words("columns_moved"): ", ".join(
                            f"{name} ({count})"
                            for name, count in sorted(change.changed_columns, key=lambda pair: -pair[1])[:4]
                        ),
                    }
                    for change in diff.marts
                ]
            ),
            hide_index=True,
            placeholder="",
            width="stretch",
        )


@st.cache_data(max_entries=20)
def _compared(other: str, current: str, _context: Context) -> ReleaseDiff:
    releases = _context.settings.workspace().releases
    return diff_releases(find_release(releases, other), _context.reader.release)
