"""`stockturn incidents`: the work queue of operations."""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from expectations import incidents as core
from expectations.after_run import open_store
from expectations.incidents.policy import Queue
from expectations.incidents.queries import failed_results, latest_run, result_history
from expectations.incidents.render import check_history_table, incident_view, queues_view
from expectations.incidents.sentences import say
from expectations.incidents.texts import Language, name_of, sentence, word
from orchestration.commands.common import (
    DEFAULT_CONFIG,
    ConfigOption,
    LangOption,
    console,
    language,
    one_sentence,
    read_settings,
)
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings

app = typer.Typer(help="Failed checks as incidents: who owns them, what they cost, until a later run passes.")

IncidentId = Annotated[str, typer.Argument(help="For instance INC-00042.")]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the history.")]


def acting() -> str:
    """Who acts: the account of this session as the operating system knows it, never a name given on the command line."""
    return pwd.getpwuid(os.getuid()).pw_name


@contextmanager
def _store(settings: Settings, spoken: Language) -> Iterator[core.IncidentStore]:
    """The store of the company; what it refuses ends the command with a sentence in the language."""
    with one_sentence(ValueError):
        try:
            store = open_store(settings.workspace().incident_store, load_company_rules(settings))
            try:
                yield store
            finally:
                store.close()
        except core.IncidentError as error:
            raise ValueError(sentence(error.sentence, spoken)) from error


def _act(config: Path, lang: str, action: Callable[..., Any], incident: str, *arguments: Any) -> None:
    settings = read_settings(config)
    spoken = language(lang, settings)
    with _store(settings, spoken) as store:
        changed = action(store, incident, acting(), *arguments)
        state = name_of("state", changed.state, spoken)
        console.print(word("now_is", spoken, incident=changed.incident_id, state=state))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not a date; write it as YYYY-MM-DD") from error


@app.command("list")
def list_(
    config: ConfigOption = DEFAULT_CONFIG,
    closed: Annotated[bool, typer.Option("--closed", help="Closed ones too.")] = False,
    owner: Annotated[str, typer.Option(help="Only those of this owner.")] = "",
    rule: Annotated[str, typer.Option(help="Only those of this rule, for instance sign_flip.")] = "",
    item: Annotated[str, typer.Option(help="Only those that touch this item id.")] = "",
    queue: Annotated[
        str, typer.Option(help="data (figures that cannot be trusted) or business (work to be done).")
    ] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those past their due date.")] = False,
    lang: LangOption = "",
) -> None:
    """What is open, most urgent first: what makes figures untrustworthy, then what is to be done."""
    settings = read_settings(config)
    spoken = language(lang, settings)
    with _store(settings, spoken) as store:
        states = tuple(core.State) if closed else core.IncidentFilter().states
        if queue not in ("", *get_args(Queue)):
            raise typer.BadParameter(f"{queue} is no queue; there are {' and '.join(get_args(Queue))}")
        wanted = core.IncidentFilter(states=states, owner_name=owner, rule_id=rule, item_id=item, is_overdue=overdue)
        queues = [one for one in get_args(Queue) if queue in ("", one)]
        found = {one: core.list_incidents(store, replace(wanted, queue=one)) for one in queues}
        console.print(queues_view(found, spoken))


@app.command()
def show(incident: IncidentId, config: ConfigOption = DEFAULT_CONFIG, lang: LangOption = "") -> None:
    """One incident: rows with file and line, first bad run, marts and items touched, history, runbook."""
    settings = read_settings(config)
    spoken = language(lang, settings)
    with _store(settings, spoken) as store:
        console.print(incident_view(core.get_incident(store, incident), spoken))


@app.command()
def checks(
    check: Annotated[str, typer.Argument(help="Id of one check; all that failed in the last run without it.")] = "",
    config: ConfigOption = DEFAULT_CONFIG,
    lang: LangOption = "",
) -> None:
    """The history of a check, newest first: run, day, result, rows."""
    settings = read_settings(config)
    spoken = language(lang, settings)
    with _store(settings, spoken) as store:
        if check:
            found = result_history(store, check, limit=60)
            if not found:
                raise core.IncidentError(say("no_such_check", check))
        else:
            run = latest_run(store)
            found = failed_results(store, run["run_seq"]) if run else []
        console.print(check_history_table(found, check, spoken, load_company_rules(settings).titles))


@app.command()
def ack(incident: IncidentId, config: ConfigOption = DEFAULT_CONFIG, lang: LangOption = "") -> None:
    """Say that you work on it."""
    _act(config, lang, core.acknowledge, incident)


@app.command()
def assign(
    incident: IncidentId,
    owner: Annotated[str, typer.Argument()],
    config: ConfigOption = DEFAULT_CONFIG,
    lang: LangOption = "",
) -> None:
    """Give it to somebody."""
    _act(config, lang, core.assign, incident, owner)


@app.command()
def comment(
    incident: IncidentId,
    text: Annotated[str, typer.Argument()],
    config: ConfigOption = DEFAULT_CONFIG,
    lang: LangOption = "",
) -> None:
    """Write something down."""
    _act(config, lang, core.comment, incident, text)


@app.command()
def resolve(
    incident: IncidentId,
    config: ConfigOption = DEFAULT_CONFIG,
    reason: Reason = "",
    fixed: Annotated[bool, typer.Option("--fixed", help="Fixed at its source; the next run decides.")] = False,
    accept_until: Annotated[
        str, typer.Option(help="Still failing and accepted as a risk until this day, YYYY-MM-DD.")
    ] = "",
    lang: LangOption = "",
) -> None:
    """Close an incident whose check passes again; while it fails, say that it is fixed or accept the risk."""
    if fixed and accept_until:
        raise typer.BadParameter("--fixed and --accept-until exclude one another")
    if accept_until:
        _act(config, lang, partial(core.accept_risk, until=_day(accept_until)), incident, reason)
    else:
        _act(config, lang, core.report_fix if fixed else core.resolve, incident, reason)


@app.command()
def snooze(
    incident: IncidentId,
    until: Annotated[str, typer.Option(help="No reminders until this day, YYYY-MM-DD.")],
    config: ConfigOption = DEFAULT_CONFIG,
    reason: Reason = "",
    lang: LangOption = "",
) -> None:
    """No reminders until a day."""
    _act(config, lang, partial(core.snooze, until=_day(until), reason=reason), incident)


@app.command()
def reopen(
    incident: IncidentId, config: ConfigOption = DEFAULT_CONFIG, reason: Reason = "", lang: LangOption = ""
) -> None:
    """Open a closed one again."""
    _act(config, lang, core.reopen, incident, reason)
