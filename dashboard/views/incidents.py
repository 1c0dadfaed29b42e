"""Mismatches and incidents: the work queue, one incident with its evidence, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from dashboard import address
from dashboard.components import chosen_rows, column_config, table
from dashboard.context import Context
from dashboard.filters import Filter
from dashboard.identity import Role
from dashboard.markup import Tile, heading, label, message, note, tiles
from dashboard.queries import quality
from dashboard.texts import Words
from dashboard.views.incident_rows import named_cause, show_rows
from expectations import incidents as work
from expectations.incidents import Incident, IncidentDetail, IncidentError, IncidentFilter, IncidentStore
from expectations.incidents.money import are_mixed, gross_sums
from expectations.incidents.render import change_text
from expectations.incidents.texts import said

Names = Mapping[str, str]
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
        message("info", words("no_store"))
    else:
        _queue(context, store)
    heading(words("findings"))
    found = quality.findings_by_rule(context.reader, context.wanted, words.language)
    if found.empty:
        message("info", words("empty"))
        return
    title = "title_zh" if words.language == "zh" else "title"
    labels = {
        str(row["rule_id"]): f"{row[title] or row['rule_id']} ({row['findings']})" for row in found.to_dict("records")
    }
    rules = list(labels)
    chosen = address.choose(
        st.selectbox, words("rule"), "rule", rules, rules[0], format_func=lambda rule: labels[rule]
    ) or rules[0]  # fmt: skip
    row = found[found["rule_id"] == chosen].iloc[0]
    if row["fix"]:
        note(f"{words('fix')}{'：' if words.language == 'zh' else ': '}{row['fix']}")
    table(
        context,
        f"findings_{chosen}",
        lambda limit: _with_causes(
            context, quality.findings(context.reader, context.wanted, chosen, limit, words.language)
        ),
        marts=("fct_findings", "fct_inventory_health"),
        link=True,
        texts=["severity"],
        totals={
            "rows": int(row["findings"]),
            "gross_value": None if pd.isna(row["gross_value"]) else row["gross_value"],
        },
    )


def _with_causes(context: Context, found: pd.DataFrame) -> pd.DataFrame:
    return found.assign(cause=[named_cause(context, str(cause)) for cause in found["cause"]])


def visible(context: Context, store: IncidentStore, everything: bool) -> list[Incident]:
    """Incidents that the user may see: all, or those of the owners and warehouses that the user may see."""
    states = () if everything else IncidentFilter().states
    found = work.list_incidents(store, IncidentFilter(states=states, limit=10_000))
    if not context.user.sees_everything:
        found = [one for one in found if context.user.sees(one.owner_name, one.warehouse_id)]
    return found


def _queue(context: Context, store: IncidentStore) -> None:
    words = context.words
    options = ["states_open", "states_all"]
    which = address.choose(
        st.segmented_control, words("state"), "show", options, options[0], format_func=words,
        label_visibility="collapsed", required=True,
    )  # fmt: skip
    found = [one for one in visible(context, store, which == "states_all") if _is_wanted(context.wanted, one)]
    found_names = quality.names_of(
        context.reader,
        [one.item_id for one in found if one.item_id],
        [one.warehouse_id for one in found if one.warehouse_id],
    )
    live = [one for one in found if one.state != "closed"]
    critical, overdue = sum(one.severity == "critical" for one in live), sum(one.is_overdue for one in live)
    tiles(
        [
            Tile(words("incidents_open"), words.number(len(live))),
            Tile(words("incidents_critical"), words.number(critical), tone="bad" if critical else "good"),
            Tile(words("incidents_overdue"), words.number(overdue), tone="bad" if overdue else "good"),
            Tile(words("incidents_value"), money_of(words, live)),
        ]
    )
    if not found:
        message("info", words("empty"))
        return
    is_mixed = are_mixed(found)
    frame = pd.DataFrame([_line(context, one, found_names, is_mixed) for one in found])
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
    if rows := chosen_rows(event):
        if st.session_state.get("queue_row") != rows[0]:  # a choice made below the table is not undone by the row above
            address.put({"incident": ids[rows[0]]})
        st.session_state["queue_row"] = rows[0]
    labels = {one.incident_id: _label(context, one, found_names) for one in found}
    chosen = address.choose(
        st.selectbox, words("pick_incident"), "incident", ids, ids[0], format_func=lambda name: labels[name]
    )
    _one(context, store, work.get_incident(store, chosen or ids[0]), found_names)


def _is_wanted(wanted: Filter, one: Incident) -> bool:
    """Incidents have a warehouse and an owner; the other choices do not concern them."""
    return (not wanted.warehouses or one.warehouse_id in wanted.warehouses) and (
        not wanted.owners or one.owner_name in wanted.owners
    )


def money_of(words: Words, incidents: list[Incident]) -> str:
    """The money in them, for each currency apart."""
    sums = gross_sums(incidents)
    if len(sums) < 2:
        return words.money(float(sum(sums.values())))
    return words.listed(f"{words.money(float(value))} {code}".strip() for code, value in sums.items())


def _line(context: Context, one: Incident, names: Names, is_mixed: bool) -> dict:
    words = context.words
    return {
        words("pick_incident"): one.incident_id,
        words("rule"): said(one, "title", words.language),
        words("where"): _where(one, names),
        words("severity"): words(f"severity_{one.severity}"),
        words("incidents_value"): None if one.variance_gross_value is None else float(one.variance_gross_value),
        **({words("currency"): one.currency_code} if is_mixed else {}),
        words("owner"): one.owner_name,
        words("due"): pd.Timestamp(one.due_date),
        words("state"): words(f"state_{one.state}"),
        words("rows"): one.rows_failed,
    }


def _where(one: Incident, names: Names) -> str:
    """What it is about: item, warehouse, document, source; else the cause that tells it from others of its rule."""
    about = (names.get(one.item_id, one.item_id), names.get(one.warehouse_id, one.warehouse_id), one.doc_no)
    named = " ".join(part for part in (*about, one.source_name) if part)
    return named or (one.cause if one.cause != one.rule_id else "")


def _label(context: Context, one: Incident, names: Names) -> str:
    return " · ".join(
        part for part in (one.incident_id, said(one, "title", context.words.language), _where(one, names)) if part
    )


def _one(context: Context, store: IncidentStore, detail: IncidentDetail, names: Names) -> None:
    words, incident = context.words, detail.incident
    language = words.language
    left, right = st.columns([3, 2])
    with left:
        heading(_label(context, incident, names), 3)
        parts = (
            words(f"severity_{incident.severity}"),
            words(f"state_{incident.state}"),
            incident.owner_name,
        )
        st.text(" · ".join(part for part in parts if part))
        if incident.item_id and incident.warehouse_id:
            here = address.frame(item=incident.item_id, at=incident.warehouse_id)
            st.page_link(st.session_state["pages"]["item"], label=label(words("to_item")), query_params=here)
        if incident.explanation:
            st.text(said(incident, "explanation", language))
        if incident.task:
            st.text(words("task", text=said(incident, "task", language)))
        facts = [words("first_bad_run", day=detail.first_bad_as_of_date or "—")]
        if incident.stock_value_touched is not None:
            touched = f"{words.money(float(incident.stock_value_touched))} {incident.currency_code}".strip()
            facts.append(words("stock_touched", value=touched))
        note(" · ".join([*facts, words("runbook", page=detail.runbook)]))
        if detail.marts:
            metrics = words.listed(words.maybe(f"metric_{name}", name) for name in incident.metrics)
            message("warning", words("untrustworthy", metrics=metrics))
    with right:
        _act(context, store, incident)
    show_rows(context, detail)
    heading(words("history"))
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
    heading(words("act"))
    allowed = [name for name, (role, _) in ACTIONS.items() if context.user.may(role)]
    if not allowed:
        message("info", words("viewer_only"))
        return
    if said := st.session_state.pop("said", None):
        message("success", said)
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
            message("error", words.refusal(error))
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
