"""Mismatches and incidents: the work queue, one incident with its evidence, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard.components import Tile, chosen_rows, column_config, table, tiles
from dashboard.context import Context
from dashboard.identity import Role
from dashboard.queries import quality
from dashboard.views.incident_rows import named_cause, show_rows
from expectations import incidents as work
from expectations.incidents import Incident, IncidentDetail, IncidentError, IncidentFilter, IncidentStore
from expectations.incidents.render import change_text
from expectations.incidents.texts import said

# Action -> role it needs, and what must be filled in.
ACTIONS: dict[str, tuple[Role, tuple[str, ...]]] = {
    "acknowledge": (Role.OPERATOR, ()),
    "assign": (Role.OPERATOR, ("owner",)),
    "comment": (Role.OPERATOR, ("text",)),
    "report_fix": (Role.OPERATOR, ("text",)),
    "snooze": (Role.OPERATOR, ("until", "text")),
    "resolve": (Role.OPERATOR, ("text",)),
    "accept_risk": (Role.ADMIN, ("text", "until")),
    "reopen": (Role.ADMIN, ("text",)),
}


def show(context: Context) -> None:
    words = context.words
    store = context.store
    if store is None:
        st.info(words("no_store"))
    else:
        _queue(context, store)
    st.subheader(words("findings"))
    found = quality.findings_by_rule(context.reader, context.wanted, words.language)
    if found.empty:
        st.info(words("empty"))
        return
    title = "title_zh" if words.language == "zh" else "title"
    labels = {
        str(row["rule_id"]): f"{row[title] or row['rule_id']} ({row['findings']})" for row in found.to_dict("records")
    }
    chosen = st.selectbox(words("rule"), list(labels), format_func=lambda rule: labels[rule])
    row = found[found["rule_id"] == chosen].iloc[0]
    if row["fix"]:
        st.caption(f"{words('fix')}{'：' if words.language == 'zh' else ': '}{row['fix']}")
    table(
        context,
        f"findings_{chosen}",
        lambda limit: _with_causes(
            context, quality.findings(context.reader, context.wanted, chosen, limit, words.language)
        ),
        marts=("fct_findings",),
        texts=["severity"],
        totals={
            "rows": int(row["findings"]),
            "gross_value": None if pd.isna(row["gross_value"]) else row["gross_value"],
        },
    )


def _with_causes(context: Context, found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(cause=[named_cause(context, str(cause)) for cause in found["cause"]])


def visible(context: Context, store: IncidentStore, everything: bool) -> list[Incident]:
    """Incidents that the user may see: all, or those of the owners whom the user may see."""
    states = () if everything else IncidentFilter().states
    found = work.list_incidents(store, IncidentFilter(states=states, limit=10_000))
    if context.user.owners is not None:
        found = [one for one in found if one.owner_name in context.user.owners]
    return found


def _queue(context: Context, store: IncidentStore) -> None:
    words = context.words
    options = ["states_open", "states_all"]
    which = st.segmented_control(
        words("state"), options, default=options[0], format_func=words, label_visibility="collapsed"
    )  # fmt: skip
    found = visible(context, store, which == "states_all")
    live = [one for one in found if one.state != "closed"]
    critical, overdue = sum(one.severity == "critical" for one in live), sum(one.is_overdue for one in live)
    tiles(
        [
            Tile(words("incidents_open"), words.number(len(live))),
            Tile(words("incidents_critical"), words.number(critical), tone="bad" if critical else "good"),
            Tile(words("incidents_overdue"), words.number(overdue), tone="bad" if overdue else "good"),
            Tile(words("incidents_value"), words.money(float(sum(one.variance_gross_value or 0 for one in live)))),
        ]
    )
    if not found:
        st.info(words("empty"))
        return
    frame = pd.DataFrame([_line(context, one) for one in found])
    event = st.dataframe(
        frame,
        key="queue",
        hide_index=True,
        placeholder="",
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        column_config=column_config(context, frame, ()),
    )
    ids = [one.incident_id for one in found]
    rows = chosen_rows(event)
    if rows and st.session_state.get("queue_row") != rows[0]:
        st.session_state["queue_row"] = rows[0]
        st.session_state["incident"] = ids[rows[0]]
    if st.session_state.get("incident") not in ids:
        st.session_state["incident"] = ids[0]
    labels = {one.incident_id: _label(context, one) for one in found}
    chosen = st.selectbox(words("pick_incident"), ids, key="incident", format_func=lambda name: labels[name])
    _one(context, store, work.get_incident(store, chosen))


def _line(context: Context, one: Incident) -> dict:
    words = context.words
    return {
        words("pick_incident"): one.incident_id,
        words("rule"): said(one, "title", words.language),
        words("where"): _where(one),
        words("severity"): words(f"severity_{one.severity}"),
        words("incidents_value"): None if one.variance_gross_value is None else float(one.variance_gross_value),
        words("owner"): one.owner_name,
        words("due"): pd.Timestamp(one.due_date),
        words("state"): words(f"state_{one.state}"),
        words("rows"): one.rows_failed,
    }


def _where(one: Incident) -> str:
    """What it is about: item, warehouse, document, source; else the cause that tells it from others of its rule."""
    named = " ".join(part for part in (one.item_id, one.warehouse_id, one.doc_no, one.source_name) if part)
    return named or (one.cause if one.cause != one.rule_id else "")


def _label(context: Context, one: Incident) -> str:
    return " · ".join(
        part for part in (one.incident_id, said(one, "title", context.words.language), _where(one)) if part
    )


def _one(context: Context, store: IncidentStore, detail: IncidentDetail) -> None:
    words, incident = context.words, detail.incident
    language = words.language
    left, right = st.columns([3, 2])
    with left:
        st.markdown(f"#### {incident.incident_id}")
        parts = (
            said(incident, "title", language),
            words(f"severity_{incident.severity}"),
            words(f"state_{incident.state}"),
            incident.owner_name,
        )
        st.text(" · ".join(part for part in parts if part))
        if incident.explanation:
            st.text(said(incident, "explanation", language))
        if incident.task:
            st.text(words("task", text=said(incident, "task", language)))
        facts = [words("first_bad_run", day=detail.first_bad_as_of_date or "—")]
        if incident.stock_value_touched is not None:
            facts.append(words("stock_touched", value=words.money(float(incident.stock_value_touched))))
        st.caption(" · ".join([*facts, words("runbook", page=detail.runbook)]))
        if detail.marts:
            metrics = words.listed(words.maybe(f"metric_{name}", name) for name in incident.metrics)
            st.warning(words("untrustworthy", metrics=metrics))
    with right:
        _act(context, store, incident)
    show_rows(context, detail)
    st.subheader(words("history"))
    history = pd.DataFrame(
        [
            {
                words("at"): f"{entry.at:%Y-%m-%d %H:%M} UTC",
                words("user"): entry.user_name,
                words("action"): words.maybe(f"done_{entry.action}", entry.action),
                words("change"): change_text(entry, language),
                words("words"): said(entry, "comment", language),
            }
            for entry in detail.history
        ]
    )
    st.dataframe(history, hide_index=True, placeholder="", width="stretch")


def _act(context: Context, store: IncidentStore, incident: Incident) -> None:
    words = context.words
    st.subheader(words("act"))
    allowed = [name for name, (role, _) in ACTIONS.items() if context.user.may(role)]
    if not allowed:
        st.info(words("viewer_only"))
        return
    if said := st.session_state.pop("said", None):
        st.success(said)
    action = st.selectbox(words("action"), allowed, format_func=lambda name: words(f"act_{name}"), key="action")
    with st.form("act", clear_on_submit=True):
        needs = ACTIONS[action][1]
        owner = st.text_input(words("new_owner")) if "owner" in needs else ""
        text = st.text_area(words("words"), height=90) if "text" in needs else ""
        until = st.date_input(words("until"), value=date.today() + timedelta(days=7)) if "until" in needs else None  # noqa: DTZ011
        sent = st.form_submit_button(words("submit"), type="primary")
    if sent:
        try:
            perform(context, store, incident.incident_id, action, owner, text, until)
        except IncidentError as error:
            st.error(words.refusal(str(error)))
            return
        st.session_state["said"] = words("saved", what=words(f"act_{action}"))
        st.rerun()


def perform(
    context: Context, store: IncidentStore, incident_id: str, action: str, owner: str, text: str, until: date | None
) -> Incident:
    """Do it in the user's name, if the user may do it and may see the incident.

    Raises:
        PermissionError: the role does not allow it, or the incident is another owner's.
        IncidentError: the incident store refuses it.
    """
    role, _ = ACTIONS[action]
    if not context.user.may(role):
        raise PermissionError(f"{context.user.name} may not {action}")
    if incident_id not in {one.incident_id for one in visible(context, store, everything=True)}:
        raise PermissionError(f"{context.user.name} may not see {incident_id}")
    name = context.user.name
    limit = until or date.max
    calls: dict[str, Callable[[], Incident]] = {
        "acknowledge": lambda: work.acknowledge(store, incident_id, name),
        "assign": lambda: work.assign(store, incident_id, name, owner),
        "comment": lambda: work.comment(store, incident_id, name, text),
        "report_fix": lambda: work.report_fix(store, incident_id, name, text),
        "snooze": lambda: work.snooze(store, incident_id, name, limit, text),
        "resolve": lambda: work.resolve(store, incident_id, name, text),
        "accept_risk": lambda: work.accept_risk(store, incident_id, name, text, limit),
        "reopen": lambda: work.reopen(store, incident_id, name, text),
    }
    return calls[action]()
