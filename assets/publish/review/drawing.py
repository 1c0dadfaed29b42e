"""Small charts as inline SVG, so that the review is one file that opens anywhere, offline. Pure text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

# in the picture itself: a printer of HTML does not take the styles of the page into it
_TEXTS = (
    ".name {font-size: 12px; text-anchor: end; fill: #3e4c59;} .amount {font-size: 12px; fill: #3e4c59;}"
    " .figure, .label {font-size: 11px; text-anchor: middle; fill: #3e4c59;}"
)
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 520, 200, 8, 26, 18


def bars(labels: Sequence[str], values: Sequence[float], shown: Sequence[str], colour: str = "#2563a8") -> str:
    """Vertical bars with the figure above each."""
    highest = max([abs(value) for value in values] or [0.0]) or 1.0
    step = (WIDTH - LEFT * 2) / max(1, len(values))
    parts = []
    for place, (label, value, text) in enumerate(zip(labels, values, shown, strict=True)):
        height = (HEIGHT - BOTTOM - TOP) * max(0.0, value) / highest
        x, y = LEFT + place * step, HEIGHT - BOTTOM - height
        middle = x + step / 2
        parts.append(
            f'<rect x="{x + step * 0.15:.1f}" y="{y:.1f}" width="{step * 0.7:.1f}" height="{height:.1f}" rx="2" '
            f'fill="{colour}"><title>{escape(label)}: {escape(text)}</title></rect>'
            f'<text x="{middle:.1f}" y="{y - 5:.1f}" class="figure">{escape(text)}</text>'
            f'<text x="{middle:.1f}" y="{HEIGHT - 9}" class="label">{escape(label)}</text>'
        )
    return _svg("".join(parts))


def ranked(labels: Sequence[str], values: Sequence[float], shown: Sequence[str], colour: str = "#c8453c") -> str:
    """Horizontal bars, a row each in the given order, with the figure at the end of each."""
    highest = max([abs(value) for value in values] or [0.0]) or 1.0
    row, left, room = 22, 210, WIDTH - 210 - 70
    parts = []
    for place, (label, value, text) in enumerate(zip(labels, values, shown, strict=True)):
        y, width = place * row + 4, room * max(0.0, value) / highest
        short = label if len(label) <= 24 else f"{label[:23]}…"
        parts.append(
            f'<text x="{left - 8}" y="{y + 12}" class="name">{escape(short)}</text>'
            f'<rect x="{left}" y="{y}" width="{max(1.0, width):.1f}" height="{row - 7}" rx="2" fill="{colour}">'
            f"<title>{escape(label)}: {escape(text)}</title></rect>"
            f'<text x="{left + max(1.0, width) + 6:.1f}" y="{y + 12}" class="amount">{escape(text)}</text>'
        )
    return _svg("".join(parts), row * len(parts) + 8)


def bridge(labels: Sequence[str], values: Sequence[float], shown: Sequence[str]) -> str:
    """From the first value to the last, by steps that begin where the one before ended: up is red, down is green.

    Drawn from zero, so that the bars are as long as what they mean: a small change of a large stock looks small.
    """
    if len(values) < 2:
        return _svg("")
    levels = [(0.0, values[0])]
    for value in values[1:-1]:
        levels.append((levels[-1][1], levels[-1][1] + value))
    levels.append((0.0, values[-1]))
    ends = [end for _, end in levels]
    base, high = min(0.0, *ends), max(0.0, *ends)
    room, step = HEIGHT - BOTTOM - TOP, (WIDTH - LEFT * 2) / len(values)
    parts = []
    for place, ((start, end), label, text) in enumerate(zip(levels, labels, shown, strict=True)):
        is_total = place in (0, len(values) - 1)
        start = 0.0 if is_total else start
        y, bottom = (
            (1 - (level - base) / ((high - base) or 1.0)) * room + TOP for level in (max(start, end), min(start, end))
        )
        colour = "#5b7083" if is_total else ("#c8453c" if end > start else "#2a9d8f")
        x = LEFT + place * step
        parts.append(
            f'<rect x="{x + step * 0.12:.1f}" y="{y:.1f}" width="{step * 0.76:.1f}" height="{max(1.0, bottom - y):.1f}" rx="2" '
            f'fill="{colour}"><title>{escape(label)}: {escape(text)}</title></rect>'
            f'<text x="{x + step / 2:.1f}" y="{y - 5:.1f}" class="figure">{escape(text)}</text>'
            f'<text x="{x + step / 2:.1f}" y="{HEIGHT - 9}" class="label">{escape(label)}</text>'
        )
    return _svg("".join(parts))


def line(labels: Sequence[str], values: Sequence[float | None], shown: Sequence[str], colour: str = "#c8453c") -> str:
    """A line over the labels, with the first and last figure; a missing value is a gap, not a zero."""
    known = [value for value in values if value is not None]
    if not known:
        return _svg("")
    low, high = min(0.0, *known), max(known) or 1.0
    step = (WIDTH - LEFT * 8) / max(1, len(values) - 1)
    points = [
        (LEFT * 4 + place * step, TOP + (HEIGHT - BOTTOM - TOP) * (1 - (value - low) / ((high - low) or 1.0)), place)
        for place, value in enumerate(values)
        if value is not None
    ]
    runs: list[list[str]] = []
    last = -2
    for x, y, place in points:
        if place != last + 1:
            runs.append([])
        runs[-1].append(f"{x:.1f},{y:.1f}")
        last = place
    parts = [f'<polyline points="{" ".join(run)}" fill="none" stroke="{colour}" stroke-width="2.5"/>' for run in runs]
    for x, y, place in points:
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}">'
            f"<title>{escape(labels[place])}: {escape(shown[place])}</title></circle>"
        )
    for x, y, place in {points[0], points[-1]}:
        parts.append(f'<text x="{x:.1f}" y="{y - 8:.1f}" class="figure">{escape(shown[place])}</text>')
    every = max(1, len(labels) // 6)
    parts += [
        f'<text x="{LEFT * 4 + place * step:.1f}" y="{HEIGHT - 9}" class="label">{escape(label)}</text>'
        for place, label in enumerate(labels)
        if place % every == 0
    ]
    return _svg("".join(parts))


def _svg(body: str, height: int = HEIGHT) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img"><style>{_TEXTS}</style>{body}</svg>'
