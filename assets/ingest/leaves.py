"""Source columns read as values, once each: the lowest layers of a file's SQL.

Everything above refers to a leaf by its alias. Reading stands in layers of its own because macros repeat their
argument: nested
inside expressions they would grow without bound. The costly reading is done only for rows that the cheap one did
not settle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from assets.ingest.contracts import ColumnType
from assets.ingest.expressions import Kind
from assets.ingest.readers.raw import RAW_TABLE


@dataclass(frozen=True)
class _Way:
    """SQL of one way to read: cheap value, text for the costly reading, costly value, and whether the text means
    nothing."""

    cheap: Callable[[str, str], str]
    prepare: Callable[[str], str]
    costly: Callable[[str, str], str]
    blank: Callable[[str], str]


def _day_fast(raw: str, suffix: str) -> str:
    return (
        f"CASE WHEN length({raw}) = 10 AND substr({raw}, 5, 1) = '-' THEN "
        f"sk_real_date(CAST(try_strptime({raw}, '%Y-%m-%d') AS DATE)) END"
    )


_WAYS = {
    "number": _Way(
        lambda raw, suffix: f"sk_quick_number({raw})",
        lambda raw: f"sk_bare_number({raw})",
        lambda text, suffix: f"TRY_CAST(sk_number_text({text}) AS DECIMAL(38,10))",
        lambda raw: f"sk_number_is_blank({raw})",
    ),
    "date": _Way(
        _day_fast,
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
class Leaves:
    """Collects what is read; `sql` then yields table `raw` with a column for every leaf and a flag for what was
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

    def sql(self) -> str:
        """SELECT over `raw` with all leaves."""
        cheap, costly, flags = [], [], []
        for (raw, way, suffix), alias in self.found.items():
            if way in ("text", "code"):
                cheap.append(f"sk_{way}({raw}) AS {alias}")
                continue
            how = _WAYS[way]
            cheap.append(f"{how.cheap(raw, suffix)} AS fast_{alias}")
            costly.append(
                f"CASE WHEN fast_{alias} IS NULL AND {raw} IS NOT NULL THEN {how.prepare(raw)} END AS slow_{alias}"
            )
            flags.append((alias, raw, how, suffix))
        query = f"SELECT *{''.join(', ' + item for item in cheap)} FROM {RAW_TABLE}"
        if not flags:
            return query
        query = f"SELECT *, {', '.join(costly)} FROM ({query})"
        values = ", ".join(
            f"CASE WHEN slow_{alias} IS NULL THEN fast_{alias} ELSE {how.costly(f'slow_{alias}', suffix)} "
            f"END AS {alias}"
            for alias, _, how, suffix in flags
        )
        dropped = ", ".join(f"fast_{alias}, slow_{alias}" for alias, *_ in flags)
        query = f"SELECT * EXCLUDE ({dropped}), {values} FROM ({query})"
        bad = ", ".join(
            f"CASE WHEN {alias} IS NULL AND {raw} IS NOT NULL THEN NOT {how.blank(raw)} ELSE false END AS bad_{alias}"
            for alias, raw, how, _ in flags
        )
        return f"SELECT *, {bad} FROM ({query})"
