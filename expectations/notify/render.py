"""Words of a notice, from `templates/<language>/<kind>.j2`; the first line is the title. Reads nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from expectations.incidents.money import gross_sums, money_text, sums_text
from expectations.incidents.policy import Policy
from expectations.incidents.texts import name_of, said
from expectations.notify.topics import Topic

TEMPLATES = Path(__file__).with_name("templates")
SHOWN = 20  # incidents named in one notice; the rest are counted. A phone shows about this many lines.


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # plain text, no markup
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["money"] = money_text
    environment.filters["said"] = said
    environment.filters["name_of"] = lambda code, kind, language: name_of(kind, code, language)
    return environment


def render(
    kind: str, language: str, topics: Sequence[Topic], today: date, policy: Policy, page_url: str = ""
) -> tuple[str, str]:
    """(title, body) of one notice about `topics`, all of one kind and for one person.

    With `page_url` each incident has the address of its page in the dashboard.
    """
    incidents = [t.incident for t in topics if t.incident is not None]
    runs = [t.run for t in topics if t.run is not None]
    values: Mapping[str, Any] = {
        "person": topics[0].person,
        "today": today,
        "count": len(topics),
        "incidents": incidents[:SHOWN],
        "more": max(0, len(incidents) - SHOWN),
        "data": [i for i in incidents[:SHOWN] if policy.queue(i.rule_id) == "data"],
        "business": [i for i in incidents[:SHOWN] if policy.queue(i.rule_id) == "business"],
        "page_url": page_url.rstrip("/"),
        "run": runs[0] if runs else None,
        "runs": runs,
        "gross": sums_text(gross_sums(incidents)),
        "critical": sum(1 for i in incidents if i.severity == "critical"),
        "overdue": sum(1 for i in incidents if i.is_overdue),
    }
    text = _environment().get_template(f"{language}/{kind}.j2").render(values)
    title, _, body = text.strip().partition("\n")
    return title.strip(), body.strip()


def fit(body: str, max_bytes: int, more: str) -> str:
    """The body within so many bytes of UTF-8: whole lines, then `more` in place of what was cut."""
    if len(body.encode()) <= max_bytes:
        return body
    room = max_bytes - len(more.encode()) - 1
    kept: list[str] = []
    for line in body.splitlines():
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    return "\n".join([*kept, more])
