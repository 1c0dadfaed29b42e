"""Four worlds of one company - clean, faults in its books, in its files, files to refuse - and what was found in each."""

from __future__ import annotations

import io
import json
import pickle
import shutil
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from catalogue import Catalogue, Entry, Kind
from company import MEASURES, Figures, Outcome, examine, outcome_of
from file_faults import file_kinds
from files import Inbox, Spoiler
from history_kinds import delivery_kinds, history_kinds
from refusal_faults import harmless_kinds, refusal_kinds
from stock_tools import Breach, seen_by_stock_tools

from benchmarks.recording import RESULTS
from demo.defects import masters
from demo.defects.plan import Plan
from demo.delivery import build_extracts
from demo.extracts import Extract
from demo.findings import Expected
from demo.settings import DEFAULT_END, DemoSettings
from demo.world import History, run_world
from demo.writing import write_extract

SETTINGS = DemoSettings(seed=7, items=180, days=400, daily_from=DEFAULT_END - timedelta(days=29))
MOVES_RATE = 0.001
CLEAN_DAYS = RESULTS / "clean_days.json"
DRAWN = RESULTS / "drawn_faults.json"
INJECTED = "injected.pickle"


@dataclass
class Verdict:
    """One kind: was it injected, did it move a figure, was it seen, was its cause named, what does it cost."""

    kind: Kind
    entries: list[Entry] = field(default_factory=list)
    moves: bool = False
    is_seen: bool = False
    is_named: bool = False
    found: tuple[str, ...] = ()
    value: float = 0.0
    by_stock_tools: str = ""

    @property
    def is_harmless(self) -> bool:
        return bool(self.entries) and not self.entries[0].rules


@dataclass
class Worlds:
    """The clean world's findings and every kind's verdict."""

    clean: Outcome
    verdicts: list[Verdict]
    strangers: list[dict[str, Any]]


def run_worlds(folder: Path) -> Worlds:
    """Simulate the company once; examine it clean, with damaged books, with damaged files and with files to refuse."""
    history = run_world(SETTINGS)
    _deliver(folder / "clean", build_extracts(history, {}))
    for world in ("files", "refusals"):
        shutil.copytree(folder / "clean" / "inbox", folder / world / "inbox")
    clean = examine(folder / "clean", SETTINGS.end_date)
    plain = seen_by_stock_tools(folder / "clean" / "inbox")

    books = Catalogue()
    entries = _spoil_books(history, books, folder / "books")
    damaged_books = examine(folder / "books", SETTINGS.end_date)
    breaches = seen_by_stock_tools(folder / "books" / "inbox") - plain
    verdicts = {"books": _judged(books, entries, damaged_books, clean.figures, breaches)}
    for world, kinds in (("files", (file_kinds,)), ("refusals", (refusal_kinds, harmless_kinds))):
        catalogue, inbox = Catalogue(), Inbox(folder / world / "inbox", SETTINGS.end_date)
        for add in kinds:
            add(Spoiler(catalogue, inbox))
        entries = {name: kind.in_files(inbox.folder) for name, kind in catalogue.kinds.items() if kind.in_files}
        outcome = examine(folder / world, SETTINGS.end_date)
        breaches = seen_by_stock_tools(inbox.folder) - plain
        verdicts[world] = _judged(catalogue, entries, outcome, clean.figures, breaches)
    (folder / INJECTED).write_bytes(
        pickle.dumps({name: [_plain(one) for one in found] for name, found in verdicts.items()})
    )
    return _together(clean, damaged_books, verdicts)


def judged_again(folder: Path) -> Worlds:
    """The worlds that were built in `folder`, with what their warehouses hold now; that a fault moves figures is as it was."""
    found = {path.parent.parent.name: outcome_of(path) for path in folder.glob("*/data/warehouse.duckdb")}
    injected: dict[str, list[Verdict]] = pickle.loads((folder / INJECTED).read_bytes())
    for world, verdicts in injected.items():
        for verdict in verdicts:
            _look(verdict, found[world])
    return _together(found["clean"], found["books"], injected)


def _plain(verdict: Verdict) -> Verdict:
    """Without the functions that inject it."""
    return replace(verdict, kind=replace(verdict.kind, in_history=None, in_delivery=None, in_files=None))


def _together(clean: Outcome, damaged_books: Outcome, verdicts: dict[str, list[Verdict]]) -> Worlds:
    every = [verdict for found in verdicts.values() for verdict in found]
    strangers = [
        finding for finding in damaged_books.findings
        if finding["severity"] == "critical"
        and not any(entry.is_seen(finding) for verdict in every for entry in verdict.entries)
    ]  # fmt: skip
    return Worlds(clean, every, strangers)


def _judged(
    catalogue: Catalogue, entries: dict[str, list[Entry]], outcome: Outcome, clean: Figures, breaches: set[Breach]
) -> list[Verdict]:
    verdicts = [_judge(kind, entries[name], outcome, clean) for name, kind in catalogue.kinds.items()]
    for verdict in verdicts:
        tests = {row.test for row in breaches if any(row.concerns(entry) for entry in verdict.entries)}
        verdict.by_stock_tools = ", ".join(sorted(tests))
    return verdicts


def _deliver(folder: Path, extracts: list[Extract]) -> None:
    for extract in extracts:
        write_extract(folder / "inbox", extract)


def _spoil_books(history: History, catalogue: Catalogue, folder: Path) -> dict[str, list[Entry]]:
    history_kinds(catalogue)
    plan = Plan(history)
    planted: dict[str, list[Expected]] = {}
    for name, kind in catalogue.kinds.items():
        before = len(plan.sheet.entries)
        assert kind.in_history is not None
        kind.in_history(plan)
        planted[name] = plan.sheet.entries[before:]
    renamed = masters.choose_reused_codes(plan)
    before = len(plan.sheet.entries)
    _reuse_parts(plan, renamed)
    extracts = build_extracts(history, renamed)
    masters.note_reused_codes(plan, extracts, renamed)
    names = ("code reused", "code reused again", "unit changed", "category changed")
    for name, expected in zip(names, plan.sheet.entries[before:], strict=True):
        catalogue.add(Kind(name, expected.note, in_history=_nothing))
        planted[name] = [expected]
    known = set(catalogue.kinds)
    delivery_kinds(catalogue)
    for name in [name for name in catalogue.kinds if name not in known]:
        before = len(plan.sheet.entries)
        deliver = catalogue.kinds[name].in_delivery
        assert deliver is not None
        extracts = deliver(plan, extracts)
        planted[name] = plan.sheet.entries[before:]
    _deliver(folder, extracts)
    records = plan.sheet.resolve(history.catalogue, extracts)
    by_entry = {id(expected): record for expected, record in zip(plan.sheet.entries, records, strict=True)}
    return {name: [_entry(name, by_entry[id(e)]) for e in found if e.is_required] for name, found in planted.items()}


def _nothing(plan: Plan) -> None:
    """Master records are damaged while they are exported."""


def _reuse_parts(plan: Plan, renamed: dict[int, Any]) -> None:
    """Two more codes: one with another unit only, one with another category only."""
    items = plan.history.catalogue.items
    free = [n for n, item in enumerate(items) if not item.is_lot_tracked and item.pattern not in ("new", "dying")]
    for change in ({"base_uom": "箱"}, {"code": "99", "name": "待分类"}):
        chosen = plan.choose(free, lambda position: position, lambda position: True)
        assert chosen is not None
        renamed[chosen] = items[chosen].name, items[chosen].category._replace(**change)


def _entry(kind: str, record: dict[str, Any]) -> Entry:
    rules = (record["rule_id"], *record["also_acceptable_rules"])
    is_row = record["rule_id"] in ("duplicate_file", "duplicate_row", "quarantined_row", "refused_file")
    return Entry(
        kind,
        rules,
        item_code="" if is_row else record["item_code"] or "",
        warehouse_code="" if is_row else record["warehouse_code"] or "",
        doc_no=record["doc_no"] or "",
        day=record["business_date"] or "",
        file=record["source_file"] or "",
    )


def _judge(kind: Kind, entries: list[Entry], outcome: Outcome, clean: Figures) -> Verdict:
    verdict = Verdict(kind, entries, moves=bool(kind.moves))
    if kind.moves is None:
        verdict.moves = any(_moved(entry, outcome.figures, clean) for entry in entries)
    _look(verdict, outcome)
    return verdict


def _look(verdict: Verdict, outcome: Outcome) -> None:
    """What the findings of a world say of a fault that was injected there."""
    seen = [f for f in outcome.findings if any(entry.is_seen(f) for entry in verdict.entries)]
    named = [f for f in seen if any(entry.is_named(f) for entry in verdict.entries)]
    verdict.is_seen, verdict.is_named = bool(seen), bool(named)
    verdict.found = tuple(sorted({f["rule_id"] for f in seen}))
    verdict.value = max((abs(float(f["variance_value"] or 0)) for f in named or seen), default=0.0)


def _moved(entry: Entry, now: Figures, clean: Figures) -> bool:
    """Some figure of the item (in its warehouse, where one is named) differs by more than 0.1 % from the clean world's."""
    for (item, warehouse), before in clean.items():
        if item.split("/")[1] != entry.item_code or entry.warehouse_code not in ("", warehouse.split("/")[1]):
            continue
        after = now.get((item, warehouse), (0.0,) * len(MEASURES))
        if any(abs(a - b) > MOVES_RATE * abs(b) for a, b in zip(after, before, strict=True)):
            return True
    return False


def _clean_walk() -> str:
    """What `benchmarks clean_days` came to, as it was saved."""
    saved = json.loads(CLEAN_DAYS.read_text(encoding="utf-8"))
    found = saved["figures"]
    opened = ", ".join(f"{rule} {count}" for rule, count in found["incidents_opened_by_rule"].items())
    return (
        f"- {found['clean_days']} clean days of another company ({found['items']} items, seed {saved['seed']}), every {found['every']}th"
        f" day examined with the incident store carried along, {found['examined_days']} in all (`python -m benchmarks clean_days`,"
        f" {saved['date']}): critical findings {found['critical_findings']}, failed checks {found['failed_checks']}, incidents"
        f" opened {found['incidents_opened']}{f' ({opened})' if opened else ''}, open at the end {found['incidents_open_at_the_end']}."
        + (f" {found['stopped'].capitalize()}." if "stopped" in found else "")
    )


def drawn_faults_line() -> str:
    """What `benchmarks drawn_faults` came to on worlds that served no correction, as it was saved."""
    saved = json.loads(DRAWN.read_text(encoding="utf-8"))
    found = saved["figures"]["competing"]
    first, last = saved["figures"]["worlds"]

    def share(name: str) -> str:
        one = found[name]
        return f"{one['share']:.0%} (95 %: {one['low']:.0%} to {one['high']:.0%})"

    return (
        f"- {found['draws']} faults drawn from a grammar that knows no rule, several in each of {last - first + 1} copies of a company, so"
        f" that one may be near another's finding (`python -m benchmarks drawn_faults`, {saved['date']}):"
        f" {share('seen_of_moving')} of the {found['moving']} that move a figure are seen, {share('cause_named')} of all are named"
        f" rightly, {share('false_causes')} of {found['alarms']} alarms name a false cause."
    )


def as_page(worlds: Worlds) -> str:
    """docs/faults.md: every kind with what it should be called, what it was called, and what it costs."""
    real = [v for v in worlds.verdicts if not v.is_harmless]
    moving = [v for v in real if v.moves]
    seen, named = sum(v.is_seen for v in moving), sum(v.is_named for v in real)
    plain = sum(bool(v.by_stock_tools) for v in real)
    plain_moving = sum(bool(v.by_stock_tools) for v in moving)
    out = io.StringIO()
    clean = worlds.clean.findings
    lines = [
        "# Faults: what is injected, and what is found",
        "",
        "Made by `pytest tests/faults` (`STOCKTURN_RENEW_FAULTS=1` writes it again); do not edit. Each kind is injected into",
        f"the demo company ({SETTINGS.items} items, {SETTINGS.days} days, seed {SETTINGS.seed}): one world with faults in its",
        "books, one with faults in its files, one with files that must be refused, one without any.",
        "",
        f"- {len(real)} kinds of fault and {len(worlds.verdicts) - len(real)} harmless variations of files.",
        f"- {len(moving)} of them move a published figure by more than 0.1 %; seen: {seen} of {len(moving)}.",
        f"- Cause named right: {named} of {len(real)} ({named / len(real):.0%}).",
        f"- Critical findings on the last of {SETTINGS.days} clean days: {sum(f['severity'] == 'critical' for f in clean)};"
        f" findings of any kind: {len(clean)}.",
        _clean_walk(),
        drawn_faults_line(),
        "- The defaults of dbt and Great Expectations (not null, unique, accepted values, relationships, on the same files)"
        f" see {plain} of {len(real)}, {plain_moving} of the {len(moving)} that move a figure, and name no cause.",
        "",
        "`moves`: measured on the item's stock, value, cost of sales, demand and orders against the clean world; stated for",
        "whole files. `money`: the largest value among the findings, in the company's currency; 0 where they have none.",
        "",
        "| kind | what happens | moves | expected cause | found | named | money | dbt / GX defaults |",
        "|---|---|---|---|---|---|---|---|",
    ]
    out.write("\n".join(lines) + "\n")
    for v in worlds.verdicts:
        rules = ", ".join(sorted({rule for entry in v.entries for rule in entry.rules})) or "nothing"
        mark = "yes" if v.is_named else ("as it should" if v.is_harmless and not v.is_seen else "no")
        out.write(
            f"| {v.kind.name} | {v.kind.what} | {'yes' if v.moves else 'no'} | {rules} | {', '.join(v.found) or '-'} | {mark} "
            f"| {v.value:,.0f} | {v.by_stock_tools or '-'} |\n"
        )
    return out.getvalue()
