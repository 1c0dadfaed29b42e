"""`stockturn status`: the last run, the current release, the sources' freshness, what fails."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

import duckdb
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from assets.publish.releases import Release, ReleaseError, current_release
from expectations.after_run import STORE_VARIABLE, open_store
from expectations.incidents.queries import latest_run
from orchestration.faults import NOT_RELEASED
from orchestration.last_run import LastRun, is_held, read_last_run
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings


def status_tables(settings: Settings) -> list[Table]:
    """Release, sources and findings as tables for a terminal."""
    try:
        release = current_release(settings.workspace().releases)
    except ReleaseError as error:
        table = Table("release", title=settings.company.name)
        table.add_row(escape(str(error)))
        return [*_failed_run_table(settings, None), table]
    failed = _failed_run_table(settings, release)
    if release is None:
        table = Table("release", title=settings.company.name)
        table.add_row("none yet; run `stockturn run`")
        return [*failed, table]
    return [*failed, _release_table(settings, release), _source_table(release), _finding_table(release)]


def _failed_run_table(settings: Settings, release: Release | None) -> list[Table]:
    """The last run, where it failed: when, for which day, on what, and what to do. Empty where it did not fail."""
    workspace = settings.workspace()
    run = read_last_run(workspace)
    if run is not None and run.exit_status is None and is_held(workspace):
        table = Table("a run is in progress", "", title=settings.company.name)
        table.add_row("since (UTC)", run.started_at)
        table.add_row("for the day", run.as_of_date)
        return [table]
    recorded, problem = _recorded_run(settings)
    if run is not None and (run.exit_status is None or run.exit_status >= NOT_RELEASED):
        is_later = recorded is not None and f"{recorded['recorded_at']:%Y-%m-%dT%H:%M:%S}" > (
            run.ended_at or run.started_at
        )
        if not is_later:
            return [_broken_run_table(settings, run, release), *problem]
    return problem or _recorded_failure(settings, release, recorded)


def _broken_run_table(settings: Settings, run: LastRun, release: Release | None) -> Table:
    """A run of the command that did not end well, or did not end at all."""
    table = Table("the last run failed", "", title=settings.company.name, title_style="red")
    table.add_row("when (UTC)", run.ended_at or f"began {run.started_at}, never ended")
    table.add_row("for the day", run.as_of_date)
    what = "; ".join(run.errors) or "it was interrupted: killed, or the machine stopped"
    table.add_row("on what", escape(what))
    if run.exit_status is not None:
        table.add_row("exit status", str(run.exit_status))
    published = f"{release.release_id}, as of {release.as_of}" if release else "nothing"
    is_fresh = release is not None and release.release_id == run.release_id
    table.add_row("published" if is_fresh else "still published", published)
    table.add_row("log", str(settings.workspace().root / "logs" / "run.log"))
    first = "fix what it names, then " if run.errors else ""
    table.add_row("what to do", f"{first}`stockturn run --as-of {run.as_of_date}`; nothing that was landed is lost")
    return table


def _recorded_run(settings: Settings) -> tuple[dict[str, Any] | None, list[Table]]:
    """The last run of the incident store, which Dagster's own runs leave too; or why it cannot be read."""
    workspace = settings.workspace()
    if not os.environ.get(STORE_VARIABLE) and not workspace.incident_store.is_file():
        return None, []
    try:
        store = open_store(workspace.incident_store, load_company_rules(settings))
        try:
            return latest_run(store), []
        finally:
            store.close()
    except (SQLAlchemyError, OSError) as error:
        table = Table("incident store", "", title=settings.company.name, title_style="red")
        table.add_row("cannot be read", escape(str(error).splitlines()[0]))
        table.add_row(
            "what to do", f"check {workspace.incident_store}; restore it with `stockturn restore` if it is damaged"
        )
        return None, [table]


def _recorded_failure(settings: Settings, release: Release | None, run: dict[str, Any] | None) -> list[Table]:
    """A recorded run, where it failed."""
    if run is None or run["status"] == "succeeded":
        return []
    table = Table("the last run failed", "", title=settings.company.name, title_style="red")
    table.add_row("when (UTC)", f"{run['recorded_at']:%Y-%m-%d %H:%M}")
    table.add_row("for the day", str(run["as_of_date"]))
    table.add_row("on what", escape(run["message"]))
    table.add_row("still published", f"{release.release_id}, as of {release.as_of}" if release else "nothing")
    table.add_row("log", str(settings.workspace().root / "logs" / "run.log"))
    table.add_row("what to do", f"fix what it names, then `stockturn run --as-of {run['as_of_date']}`")
    return [table]


def asset_table(settings: Settings) -> Table:
    """Every asset with its group and what it waits for."""
    from orchestration.build import build_definitions  # imports dagster and dbt, which the other tables do without

    graph = build_definitions(settings).resolve_asset_graph()
    table = Table("asset", "group", "waits for")
    for key in sorted(graph.materializable_asset_keys):
        node = graph.get(key)
        table.add_row(key.to_user_string(), node.group_name, str(len(node.parent_keys)))
    return table


def _release_table(settings: Settings, release: Release) -> Table:
    table = Table("release", "as of", "built at (UTC)", "marts", "rows", title=settings.company.name)
    marts = release.manifest["marts"]
    table.add_row(
        release.release_id,
        str(release.as_of),
        release.manifest["built_at"],
        str(len(marts)),
        f"{sum(mart['rows'] for mart in marts):,}",
    )
    return table


def _source_table(release: Release) -> Table:
    table = Table("source", "contract", "newest extract", "days old", "rows in", "loaded", "quarantined", "duplicate")
    with duckdb.connect(str(release.database), read_only=True) as connection:
        rows = connection.execute(
            """select source_instance, contract, max(last_extract_date), sum(rows_in)::bigint, sum(rows_loaded)::bigint,
                      sum(rows_quarantined)::bigint, sum(rows_duplicate)::bigint
               from marts.fct_data_quality group by all order by all"""
        ).fetchall()
    for instance, contract, newest, *counts in rows:
        age = (release.as_of - newest).days if isinstance(newest, date) else "-"
        table.add_row(instance, contract, str(newest), str(age), *(f"{count:,}" for count in counts))
    return table


def _finding_table(release: Release) -> Table:
    table = Table("finding", "severity", "number", "value at stake")
    for finding in release.manifest["findings"]:
        table.add_row(
            finding["rule_id"],
            finding["severity"],
            str(finding["findings"]),
            finding["value_at_stake"] or "not available",
        )
    return table
