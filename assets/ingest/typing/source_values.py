"""Source columns read as values, once each: the lowest layers of a file's SQL.

Everything above refers to a source value by its alias. Reading is done in layers of its own because macros repeat their
argument: nested
inside expressions they would grow without bound. The costly reading is done only for rows that the cheap one did
not settle.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from assets.ingest.contracts import ColumnType
from assets.ingest.mapping.expressions import Kind
from assets.ingest.reading.raw_table import RAW_TABLE
from assets.ingest.sqltext import literal
from assets.ingest.typing.text_macros import PLAIN_TEXT, TRIMMED_CODE, TRIMMED_TEXT, quick_date


@dataclass(frozen=True)
class _Way:
    """SQL of one way to read: cheap value, text for the costly reading, costly value, and whether the text means
    nothing."""

    cheap: Callable[[str, str], str]
    prepare: Callable[[str], str]
    costly: Callable[[str, str], str]
    blank: Callable[[str], str]


_WAYS = {
    "number": _Way(
        lambda raw, suffix: f"sk_quick_number({raw})",
        lambda raw: f"sk_bare_number({raw})",
        lambda text, suffix: f"TRY_CAST(sk_number_text({text}) AS DECIMAL(38,10))",
        lambda raw: f"sk_number_is_blank({raw})",
    ),
    "date": _Way(
        lambda raw, suffix: quick_date(raw),
        lambda raw: f"sk_date_part({raw})",
        lambda text, suffix: f"sk_real_date(sk_day_of{suffix}({text}))",
        lambda raw: f"sk_date_is_blank({raw})",
    ),
    "timestamp": _Way(
        lambda raw, suffix: f"sk_quick_timestamp{suffix}({raw})",
        lambda raw: f"sk_text({raw})",
        lambda text, suffix: f"sk_timestamp{suffix}({text})",
        lambda raw: f"sk_date_is_blank({raw})",
    ),
    "boolean": _Way(
        lambda raw, suffix: f"sk_quick_boolean({raw})",
        lambda raw: f"lower(sk_code({raw}))",
        lambda text, suffix: f"sk_boolean({text})",
        lambda raw: f"(sk_text({raw}) IS NULL)",
    ),
}


# Texts that `sk_text` and `sk_code` keep as they are. A match of the whole text costs a third of a search in it.
_KEPT_BY = {"text": literal(TRIMMED_TEXT), "code": literal(TRIMMED_CODE)}


def way_of(kind: ColumnType) -> str:
    """How a contract type is read from a source column."""
    if kind.is_numeric:
        return "number"
    return {
        ColumnType.DATE: "date",
        ColumnType.TIMESTAMP: "timestamp",
        ColumnType.BOOLEAN: "boolean",
        ColumnType.ENUM: "code",
    }.get(kind, "text")


@dataclass
class SourceValues:
    """Collects what is read; `sql` then yields table `raw` with a column for every source value and a flag for what was
    unreadable."""

    found: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def value(self, raw: str, way: str, suffix: str = "") -> str:
        """Alias of column `raw` read one way: text, code, number, date, timestamp or boolean."""
        suffix = suffix if way in ("date", "timestamp") else ""
        return self.found.setdefault((raw, way, suffix), f"{way}{suffix}_{raw}")

    def of_kind(self, raw: str, kind: Kind, suffix: str) -> str:
        """Alias for a place in an expression that wants a kind."""
        return self.value(raw, kind.value, suffix)

    def unreadable(self, raw: str, way: str, suffix: str = "") -> str:
        """Alias of the flag that the text is there and could not be read."""
        return "bad_" + self.value(raw, way, suffix)

    def sql(self, in_full: Collection[str]) -> str:
        """SELECT over `raw` with all source values and `is_open`; only those of `in_full` are read in every way.

        The others are read the cheap way alone; where that is not enough for a row, `is_open` is true there and the
        values of that row mean nothing.
        """
        cheap, costly, values, flags, dropped = [], [], [], [], []
        for (raw, way, suffix), alias in self.found.items():
            how = _WAYS.get(way)
            if alias not in in_full:
                cheap.append(f"{how.cheap(raw, suffix) if how else raw} AS {alias}")
                flags += [f"false AS bad_{alias}"] if how else []
                continue
            if how is None:
                cheap.append(f"sk_{way}({raw}) AS {alias}")
                continue
            cheap.append(f"{how.cheap(raw, suffix)} AS fast_{alias}")
            costly.append(
                f"CASE WHEN fast_{alias} IS NULL AND {raw} IS NOT NULL THEN {how.prepare(raw)} END AS slow_{alias}"
            )
            values.append(
                f"CASE WHEN slow_{alias} IS NULL THEN fast_{alias} ELSE {how.costly(f'slow_{alias}', suffix)} "
                f"END AS {alias}"
            )
            flags.append(
                f"CASE WHEN {alias} IS NULL AND {raw} IS NOT NULL THEN NOT {how.blank(raw)} ELSE false END "
                f"AS bad_{alias}"
            )
            dropped += [f"fast_{alias}", f"slow_{alias}"]
        query = f"SELECT *{''.join(', ' + item for item in cheap)} FROM {RAW_TABLE}"
        if dropped:
            query = f"SELECT *, {', '.join(costly)} FROM ({query})"
            query = f"SELECT * EXCLUDE ({', '.join(dropped)}), {', '.join(values)} FROM ({query})"
        is_open = " OR ".join(self._open_conditions(in_full).values()) or "false"
        return f"SELECT *{''.join(', ' + flag for flag in flags)}, COALESCE({is_open}, false) AS is_open FROM ({query})"

    def open_sql(self, in_full: Collection[str]) -> tuple[list[str], str]:
        """SourceValues that are read the cheap way, and a SELECT of one row that says in how many rows that is
        too little for each."""
        conditions = self._open_conditions(in_full)
        tests = ", ".join(f"count(*) FILTER ({condition})" for condition in conditions.values())
        alone = SourceValues({key: alias for key, alias in self.found.items() if alias not in in_full})
        cheap = ", ".join(
            f"{_WAYS[way].cheap(raw, suffix) if way in _WAYS else raw} AS {alias}"
            for (raw, way, suffix), alias in alone.found.items()
        )
        return list(conditions), f"SELECT {tests} FROM (SELECT *, {cheap} FROM {RAW_TABLE})"

    def _open_conditions(self, in_full: Collection[str]) -> dict[str, str]:
        return {
            alias: f"({alias} IS NULL AND {raw} IS NOT NULL)"
            if way in _WAYS
            else f"CASE WHEN sk_is_ascii_word({raw}) OR regexp_full_match({raw}, {literal(PLAIN_TEXT)}) THEN false "
            f"ELSE NOT regexp_full_match({raw}, {_KEPT_BY[way]}) END"
            for (raw, way, _), alias in self.found.items()
            if alias not in in_full and not (way == "text" and (raw, "code", "") in self.found)
        }
