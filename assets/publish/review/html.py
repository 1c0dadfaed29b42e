"""A review as one HTML page: charts first, then short tables. No script, no link, no font from elsewhere. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from html import escape
from typing import Any

from assets.publish.review import drawing
from assets.publish.review.figures import Review
from assets.publish.review.month import middle_of
from assets.publish.review.tables import Amount, Language, Table, value_name, word

_STYLE = """
body {font: 15px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; color: #1f2a37;
  max-width: 1080px; margin: 2rem auto; padding: 0 1rem;}
h1 {font-size: 1.6rem; margin-bottom: .2rem;} h2 {font-size: 1.1rem; margin: 2rem 0 .5rem;} .note {color: #52606d;}
.charts {display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 1.2rem;}
svg {width: 100%; height: auto;} .ranked {max-width: 640px;}
table {border-collapse: collapse; width: 100%; font-size: .9rem;} .scroll {overflow-x: auto;}
th {text-align: left; color: #52606d; font-weight: 600; border-bottom: 2px solid #e3e8ee; padding: .35rem .6rem;}
td {border-bottom: 1px solid #eef1f4; padding: .35rem .6rem;} td.right, th.right {text-align: right;}
.bad {color: #b0342c; font-weight: 600;} .good {color: #1f7a6f;}
@media print {body {margin: 0;} h2 {break-after: avoid;} tr {break-inside: avoid;}}
"""


def page(review: Review, tables: Sequence[Table], company: str, language: Language) -> str:
    """The whole page."""
    release, before = review.release, review.before
    title = word(language, "title", month=review.month)
    about = word(language, "as_of", company=company, day=release.as_of, release=release.release_id)
    compared = (
        word(language, "compared", release=before.release_id, day=before.as_of) if before else word(language, "first")
    )
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="note">{escape(about)}<br>{escape(compared)}</p>',
        f'<div class="charts">{_charts(review, language)}</div>',
        *[_table(table, language, before is not None, _ranking(table, language)) for table in tables],
    ]
    lang = "zh-CN" if language == "zh" else "en"
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _charts(review: Review, language: Language) -> str:
    months = [f"{middle_of(row['month_start_date']):%y-%m}" for row in review.trend]
    turnover = [_number(row["inventory_turnover"]) for row in review.trend]
    values = [_number(row["ending_value"]) or 0.0 for row in review.trend]
    ages = [_number(row["stock_value"]) or 0.0 for row in review.ageing]
    labels = [str(row["bucket_label"]) for row in review.ageing]
    pictures = {
        "turnover": drawing.line(months, turnover, [f"{value or 0:.1f}" for value in turnover]),
        "value": drawing.bars(months, values, [compact(value, language) for value in values], "#9dbbd8"),
        "bridge": _bridge(review, language),
        "ageing": drawing.bars(labels, ages, [compact(value, language) for value in ages], "#2a9d8f"),
    }
    return "".join(
        f"<section><h2>{escape(word(language, key))}</h2>{picture}</section>" for key, picture in pictures.items()
    )


def _bridge(review: Review, language: Language) -> str:
    names = [word(language, f"cause_{row['cause']}") for row in review.bridge]
    amounts = [_number(row["cause_value"]) or 0.0 for row in review.bridge]
    steps = range(1, len(amounts) - 1)
    texts = [
        ("+" if place in steps and amount > 0 else "") + compact(amount, language)
        for place, amount in enumerate(amounts)
    ]
    return drawing.bridge(names, amounts, texts)


_RANKED = {"dead": (0, 2), "misses": (0, 4), "mismatches": (0, 3)}  # table -> columns of the name and of the money
_BARS = 8


def _ranking(table: Table, language: Language) -> str:
    """The first rows of a table of money as bars: what a meeting looks at before it reads."""
    if table.key not in _RANKED:
        return ""
    name, money = _RANKED[table.key]
    known = [(str(row[name]), amount) for row in table.rows if (amount := _number(row[money]))]
    top = sorted(known, key=lambda pair: -pair[1])[:_BARS]
    if not top:
        return ""
    labels, amounts = [label for label, _ in top], [amount for _, amount in top]
    picture = drawing.ranked(labels, amounts, [compact(amount, language) for amount in amounts])
    return f'<div class="ranked">{picture}</div>'


def _table(table: Table, language: Language, has_before: bool, picture: str) -> str:
    heading = f"<h2>{escape(table.title)}</h2>"
    if not table.rows:
        key = {"changes": "changes_none", "last_actions": "none"}.get(table.key, "none")
        key = "first" if table.key in {"changes", "last_actions"} and not has_before else key
        return f"{heading}<p>{escape(word(language, key))}</p>"
    right = [kind not in {"text", "date"} for kind in table.kinds]
    head = "".join(
        f"<th{' class=right' if is_right else ''}>{escape(name)}</th>"
        for name, is_right in zip(table.headings, right, strict=True)
    )
    lines = []
    for row in table.rows:
        cells = [
            _cell(value, kind, language, is_right)
            for value, kind, is_right in zip(row, table.kinds, right, strict=True)
        ]
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f'{heading}{picture}<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table></div>'


def _cell(value: Any, kind: str, language: Language, is_right: bool) -> str:
    text = escape(shown(value, kind))
    names = ["right"] if is_right else []
    if text in (value_name("attainment", "missed", language), word(language, "not_done")):
        names.append("bad")
    if text in (value_name("attainment", "target_met", language), word(language, "done")):
        names.append("good")
    return f'<td class="{" ".join(names)}">{text}</td>' if names else f"<td>{text}</td>"


def shown(value: Any, kind: str) -> str:
    """A value as text."""
    if isinstance(value, Amount):
        return shown(value.value, value.kind)
    if value is None:
        return "—"
    formats = {"rate": ".1%", "money": ",.0f", "number": ",.0f", "ratio": ",.2f"}
    if kind in formats:
        return format(float(value), formats[kind])
    return value.isoformat() if isinstance(value, date) else str(value)


def compact(value: float, language: Language) -> str:
    """`1.2M` or `123万`."""
    steps = ((1e8, "亿"), (1e4, "万")) if language == "zh" else ((1e9, "B"), (1e6, "M"), (1e3, "K"))
    for step, suffix in steps:
        if abs(value) >= step:
            return f"{value / step:,.3g}{suffix}" if abs(value / step) < 1000 else f"{value / step:,.0f}{suffix}"
    return f"{value:,.0f}"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float, Decimal)) else None
