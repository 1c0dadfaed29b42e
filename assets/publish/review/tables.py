"""A review as titled tables with headings in one language: what the HTML and the workbook both show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from assets.documents import shipped_document
from assets.publish.dictionary import english
from assets.publish.review.figures import Review
from assets.publish.values import value_list

Language = Literal["en", "zh"]


@dataclass(frozen=True)
class Amount:
    """A figure whose kind differs from row to row (a KPI)."""

    value: float | None
    kind: str


@dataclass(frozen=True)
class Table:
    """One table; `kinds` says how each column is to be shown: text, number, money, rate, ratio or date."""

    key: str
    title: str
    headings: Sequence[str]
    kinds: Sequence[str]
    rows: Sequence[Sequence[Any]]


@lru_cache(maxsize=1)
def _catalogue() -> Mapping[str, Mapping[str, str]]:
    return dict(shipped_document(Path(__file__).with_name("words.yml")))


def word(language: Language, key: str, **values: Any) -> str:
    """A text of the review."""
    return _catalogue()[key][language].format(**values)


def all_tables(review: Review, language: Language) -> list[Table]:
    """The tables in the order of the meeting: targets, what came of the last actions, causes, what to look at, what to do."""
    return [
        _targets(review, language),
        _comments(review, language),
        _last_actions(review, language),
        _bridge(review, language),
        _causes(review, language),
        _dead(review, language),
        _misses(review, language),
        _mismatches(review, language),
        _actions(review, language),
        _incidents(review, language),
        _changes(review, language),
    ]


def _table(language: Language, key: str, columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> Table:
    headings = [word(language, name) for name, _ in columns]
    return Table(key, word(language, key), headings, [kind for _, kind in columns], rows)


def _targets(review: Review, language: Language) -> Table:
    columns = [
        ("kpi", "text"),
        ("now", "ratio"),
        ("before", "ratio"),
        ("target", "ratio"),
        ("state", "text"),
        ("owner", "text"),
    ]
    rows, known = [], review.release.kpis().kpis
    for row in review.kpis:
        judged = value_name("attainment", row["attainment_state"], language)
        missing = row["kpi_value"] is None
        state = f"{word(language, 'not_available')}: {row['kpi_status']}" if missing else judged
        kpi = known.get(row["kpi"])  # an older version of the product may have had others
        name = kpi.label.model_dump()[language] if kpi else english(row["kpi"])
        kind = kpi.kind if kpi else "rate"
        shown = kind if kind in ("rate", "money") else "ratio"
        figures = [Amount(row.get(column), shown) for column in ("kpi_value", "before_value", "target_rate")]
        rows.append([name, *figures, state, row["owner_name"]])
    return _table(language, "targets", columns, rows)


def value_name(values: str, code: str | None, language: Language) -> str:
    """A published code by its name, itself where it has none."""
    return value_list(values).get(code, {}).get(language, code) if code else ""


def _comments(review: Review, language: Language) -> Table:
    rows = [[one["at"], one["user_name"], one["comment"]] for one in review.comments]
    return _table(language, "comments", [("at", "date"), ("user", "text"), ("comment", "text")], rows)


def _bridge(review: Review, language: Language) -> Table:
    rows = [[word(language, f"cause_{row['cause']}"), row["cause_value"]] for row in review.bridge]
    return _table(language, "bridge_table", [("cause", "text"), ("amount", "money")], rows)


def _changes(review: Review, language: Language) -> Table:
    columns = [("mart", "text"), ("added", "number"), ("removed", "number"), ("changed", "number"), ("because", "text")]
    marts = review.changes.marts if review.changes else ()
    rows = []
    for change in marts:
        moved = sorted(change.changed_columns, key=lambda pair: (-pair[1], pair[0]))[:4]
        because = ", ".join(f"{name} ({count})" for name, count in moved)
        rows.append([change.mart, change.added, change.removed, change.changed, because])
    return _table(language, "changes", columns, rows)


def _dead(review: Review, language: Language) -> Table:
    columns = [
        ("item", "text"),
        ("warehouse", "text"),
        ("dead_value", "money"),
        ("idle", "number"),
        ("gone", "number"),
        ("state", "text"),
        ("owner", "text"),
    ]
    rows = []
    for row in review.dead_stock:
        gone = row.get("units_gone")
        state = ""
        if review.before is not None:
            state = (
                word(language, "new_here") if not row["was_dead"] else ("" if gone else word(language, "nothing_done"))
            )
        name = f"{row['item_code']} {row['item_name'] or ''}".strip()
        where = row["warehouse_name"] or row["warehouse_id"]
        rows.append([name, where, row["dead_stock_value"], row["idle_days"], gone, state, row["owner_name"]])
    return _table(language, "dead", columns, rows)


def _misses(review: Review, language: Language) -> Table:
    columns = [
        ("item", "text"),
        ("warehouse", "text"),
        ("model", "text"),
        ("bias", "rate"),
        ("miss_value", "money"),
        ("owner", "text"),
    ]
    rows = [
        [
            f"{row['item_code']} {row['item_name'] or ''}".strip(),
            row["warehouse_name"],
            row["model"],
            row["bias"],
            row["miss_value"],
            row["owner_name"],
        ]
        for row in review.forecast_misses
    ]
    return _table(language, "misses", columns, rows)


def _mismatches(review: Review, language: Language) -> Table:
    columns = [("rule", "text"), ("severity", "text"), ("findings", "number"), ("gross_value", "money")]
    title = "title_zh" if language == "zh" else "title"
    rows = [
        [
            row[title] or row["rule_id"],
            value_name("severity", row["severity"], language),
            row["findings"],
            row["gross_value"],
        ]
        for row in review.mismatches
    ]
    return _table(language, "mismatches", columns, rows)


def _causes(review: Review, language: Language) -> Table:
    columns = [
        ("category", "text"), ("value_now", "money"), ("value_before", "money"), ("moved", "money"), ("turnover_now", "ratio"),
        ("turnover_before", "ratio"), ("dead_value", "money"),
    ]  # fmt: skip
    names = (
        "inventory_value",
        "before_value",
        "moved_value",
        "inventory_turnover",
        "before_turnover",
        "dead_stock_value",
    )
    rows = [
        [row["category_name"] or word(language, "no_category"), *(row.get(name) for name in names)]
        for row in review.causes
    ]
    return _table(language, "causes", columns, rows)


def _action(row: Mapping[str, Any], language: Language) -> list[Any]:
    """What, which item, where, units, who."""
    named = _catalogue().get(f"{row['kind']}_{row['detail']}")  # a company may have ways of its own
    detail = (
        named[language] if named else " ".join(part for part in (word(language, row["kind"]), row["detail"]) if part)
    )
    where = row["warehouse_name"] or row["warehouse_id"]
    if row["kind"] == "move":
        where = f"{row['from_warehouse_name'] or row['from_warehouse_id']} → {where}"
    return [detail, f"{row['item_code'] or row['item_id']} {row['item_name'] or ''}".strip(), where, row["units"]]


def _actions(review: Review, language: Language) -> Table:
    columns = [
        ("action", "text"), ("item", "text"), ("warehouse", "text"), ("units", "number"), ("owner", "text"), ("due", "date"),
        ("expected", "money"),
    ]  # fmt: skip
    rows = [
        [*_action(row, language), row["owner_name"] or word(language, "nobody"), row["due_date"], row["expected_value"]]
        for row in review.actions
    ]
    return _table(language, "actions", columns, rows)


def _last_actions(review: Review, language: Language) -> Table:
    columns = [
        ("action", "text"), ("item", "text"), ("warehouse", "text"), ("units", "number"), ("owner", "text"), ("due", "date"),
        ("expected", "money"), ("done_units", "number"), ("came", "money"), ("outcome", "text"),
    ]  # fmt: skip
    rows = [
        [
            *_action(row, language), row["owner_name"] or word(language, "nobody"), row["due_date"], row["expected_value"],
            row["done_units"], row["came_value"], word(language, row["outcome"]),
        ]
        for row in review.last_actions
    ]  # fmt: skip
    return _table(language, "last_actions", columns, rows)


def _incidents(review: Review, language: Language) -> Table:
    columns = [
        ("incident", "text"),
        ("rule", "text"),
        ("gross_value", "money"),
        ("state", "text"),
        ("due", "date"),
        ("owner", "text"),
    ]
    title = "title_zh" if language == "zh" else "title"
    is_mixed = len({one["currency_code"] for one in review.incidents if one["gross_value"] is not None}) > 1
    if is_mixed:  # companies with books in several currencies share one list of incidents
        columns.insert(3, ("currency", "text"))
    rows = [
        [
            one["incident_id"],
            one[title],
            one["gross_value"],
            *([one["currency_code"]] if is_mixed else []),
            word(language, f"state_{one['state']}"),
            one["due_date"],
            one["owner_name"],
        ]
        for one in review.incidents
    ]
    return _table(language, "incidents", columns, rows)
