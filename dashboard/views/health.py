"""Data health: which release this is, what it was made of, how fresh the sources are, and how releases differ."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from assets.publish.dictionary import mart_labels
from assets.publish.history import ReleaseDiff, diff_releases, find_release
from assets.publish.releases import damaged_releases, list_releases
from dashboard.components import column_config, table
from dashboard.context import Context
from dashboard.markup import Tile, heading, message, note, tiles
from dashboard.queries import quality
from expectations.incidents.queries import failed_results, latest_run
from expectations.incidents.texts import check_in_words
from orchestration.rule_book import load_company_rules


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
                [reader.release_id, f"{words('built_at')} {_moment(manifest.get('built_at', ''))}"],
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
        note(words("accounting", **{name: f"{accounting.get(name, 0):,}" for name in names}))
    if context.store is not None and (run := latest_run(context.store)):
        status = words.maybe(f"status_{run['status']}", run["status"])
        note(words("last_run", run=run["run_id"][:8], day=run["as_of_date"], status=status))
        _failed_checks(context, failed_results(context.store, run["run_seq"]))
    heading(words("sources"))
    counted = ("rows_in", "rows_loaded", "rows_quarantined", "rows_duplicate")
    table(
        context,
        "sources",
        lambda limit: sources.head(limit),
        marts=("fct_data_quality",),
        texts=["contract"],
        totals={"rows": len(sources), **{name: int(sources[name].sum()) for name in counted}} if len(sources) else None,
    )
    _releases(context)
    heading(words("marts"))
    labels = mart_labels()
    frame = pd.DataFrame(
        {
            "mart": [mart["name"] for mart in manifest["marts"]],
            "mart_label": [
                labels.get(mart["name"], {}).get(words.language) or words.maybe(f"mart_{mart['name']}", "")
                for mart in manifest["marts"]
            ],
            "rows": [mart["rows"] for mart in manifest["marts"]],
        }
    )
    st.dataframe(
        frame, hide_index=True, placeholder="", width="stretch", column_config=column_config(context, frame, ())
    )


def _moment(text: str) -> str:
    """An instant to the minute: `2026-11-22 03:19 UTC`."""
    return f"{text[:10]} {text[11:16]} UTC" if len(text) >= 16 else text


def _failed_checks(context: Context, failed: list[dict[str, Any]]) -> None:
    words = context.words
    heading(words("failed_checks"))
    if not failed:
        note(words("checks_all_good"))
        return
    titles = load_company_rules(context.settings).titles
    said = [check_in_words(one, titles.get(one["rule_id"], {}), words.language) for one in failed]
    frame = pd.DataFrame(
        {
            "severity": [words(f"severity_{one['severity']}") for one in failed],
            "check": [name for name, _ in said],
            "rows_failed": [one["rows_failed"] for one in failed],
            "message": [message for _, message in said],
        }
    )
    st.dataframe(
        frame, hide_index=True, placeholder="", width="stretch", column_config=column_config(context, frame, ())
    )


def _releases(context: Context) -> None:
    words = context.words
    folder = context.settings.workspace().releases
    known = list_releases(folder)[::-1]
    heading(words("releases"))
    damaged = damaged_releases(folder)
    if damaged:
        message("warning", words("release_damaged"))
        st.code("\n".join(damaged.values()), language=None, wrap_lines=True)
    frame = pd.DataFrame(
        {
            words("release"): [one.release_id for one in known],
            words("date"): [str(one.as_of) for one in known],
            words("built_at"): [_moment(str(one.manifest.get("built_at", ""))) for one in known],
        }
    )
    st.dataframe(frame, hide_index=True, placeholder="", width="stretch")
    others = [one.release_id for one in known if one.release_id != context.reader.release_id]
    if not others or not context.user.sees_everything:
        return
    other = st.selectbox(words("compare"), others, index=None, placeholder=words("compare_choose"), key="compare")
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
