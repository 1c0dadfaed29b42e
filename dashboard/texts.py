"""Words in the language of the person: reads texts.yml, formats numbers the way that language reads them. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from assets.documents import shipped_document
from assets.publish.kpis import KpiCatalogue, kpi_catalogue
from assets.publish.values import value_names
from expectations.incidents import IncidentError
from expectations.incidents.texts import sentence
from expectations.incidents.texts import words as incident_words

Language = Literal["en", "zh"]
LANGUAGES: dict[Language, str] = {"en": "English", "zh": "中文"}
_STEPS = {"en": ((1e9, "B"), (1e6, "M"), (1e3, "K")), "zh": ((1e8, "亿"), (1e4, "万"))}
_MISSING = "—"
_OF_INCIDENTS = frozenset({"state", "done", "metric", "field", "check"})


@lru_cache(maxsize=1)
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """All texts by key; `<column>_<code>` are the names of published codes, what incidents say is among them."""
    path = Path(__file__).with_name("texts.yml")
    told = {key: text for key, text in incident_words().items() if key.split("_")[0] in _OF_INCIDENTS}
    return {**told, **value_names(), **shipped_document(path)}


class Words:
    """Texts and formats of one language."""

    def __init__(self, language: Language, kpis: KpiCatalogue | None = None) -> None:
        """`kpis`: those of the release that is shown, where it may hold some that the company declared."""
        self.language: Language = language
        self._kpis = kpis or kpi_catalogue()
        self._own = {f"kpi_{name}": self._kpis.kpis[name].label.model_dump() for name in self._kpis.own}

    def __call__(self, key: str, **values: Any) -> str:
        """The text of a key, in the singular where `n` is "1" and the language has one.

        Raises KeyError where it does not exist: a page must not show a key.
        """
        if key in self._own:
            return self._own[key][self.language]
        texts = catalogue()[key]
        if str(values.get("n")) == "1" and (singular := texts.get(f"{self.language}_one")):
            return singular.format(**values)
        return texts[self.language].format(**values)

    def maybe(self, key: str, otherwise: str) -> str:
        """The text of a key that data makes up (a cause, a KPI), or what to show where there is none."""
        return {**self._own.get(key, {}), **catalogue().get(key, {})}.get(self.language, otherwise)

    def refusal(self, error: IncidentError) -> str:
        """What the incident store refuses, in the language."""
        return sentence(error.sentence, self.language)

    def listed(self, parts: Iterable[str]) -> str:
        """Several words in a row."""
        return ("、" if self.language == "zh" else ", ").join(parts)

    def money(self, value: float | None) -> str:
        """`1.23M` or `123.0万`: three digits are enough to read at a glance; tables have all of them."""
        if _is_missing(value):
            return _MISSING
        assert value is not None
        for step, suffix in _STEPS[self.language]:
            if abs(value) >= step:
                return f"{value / step:,.{_digits(value / step)}f}{suffix}"
        return f"{value:,.0f}"

    def number(self, value: float | None, digits: int = 0) -> str:
        return _MISSING if _is_missing(value) else f"{value:,.{digits}f}"

    def percent(self, value: float | None, digits: int = 1) -> str:
        return _MISSING if _is_missing(value) else f"{value:.{digits}%}"

    def cell(self, column: str, value: Any) -> str:
        """One value of a mart: a code by its name, a day as YYYY-MM-DD, a number with the digits that it has."""
        if isinstance(value, str):
            return self.maybe(f"{column}_{value}", value)
        if value is None or value != value:
            return _MISSING
        if isinstance(value, bool | np.bool_):
            return self("yes" if value else "no")
        if isinstance(value, date):
            return f"{value:%Y-%m-%d}"
        return f"{value:,.6f}".rstrip("0").rstrip(".")

    def kpi(self, name: str, value: float | None) -> str:
        """A KPI in its own unit."""
        kind = self._kind(name)
        if kind == "money":
            return self.money(value)
        if kind == "days":
            return _MISSING if _is_missing(value) else f"{value:,.0f} {self('days')}"
        return self.number(value, 2) if kind == "turns" else self.percent(value)

    def change(self, name: str, before: float | None, after: float | None) -> str:
        """How a KPI moved: points for shares, per cent for money, its unit for the rest; empty where unknown.

        What is too little to be seen in the digits that are shown is ±0.
        """
        if _is_missing(before) or _is_missing(after):
            return ""
        assert before is not None and after is not None
        moved = self._moved(name, before, after)
        return moved if not moved or any(digit in moved for digit in "123456789") else "±0"

    def _kind(self, name: str) -> str:
        """How a KPI is shown; one that an older release had and the catalogue has not is taken for a share."""
        known = self._kpis.kpis
        return known[name].kind if name in known else "rate"

    def _moved(self, name: str, before: float, after: float) -> str:
        moved = after - before
        kind = self._kind(name)
        if kind == "money":
            return f"{moved / before:+.1%}" if before else ""
        if kind == "turns":
            return f"{moved:+.2f}"
        if kind == "days":
            return f"{moved:+.1f} {self('days')}"
        return f"{moved * 100:+.2f} pp" if self.language == "en" else f"{moved * 100:+.2f} 个百分点"


def _is_missing(value: float | None) -> bool:
    return value is None or math.isnan(value)


def _digits(value: float) -> int:
    return max(0, 2 - int(math.log10(max(1.0, abs(value)))))
