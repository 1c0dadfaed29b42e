"""How text becomes a value: DuckDB macros for texts, codes, numbers, booleans, dates and instants.

Each macro gives NULL both for "nothing there" and for "cannot be read"; the matching `*_is_blank` macro tells the
two apart,
so that what cannot be read goes to quarantine. Rules: R8, R9 of the canonical contracts, 6-8 of the file rules.
A number is rounded half away from zero to the scale of its type; a quantity finer than 1e-6 is noise of binary floats.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

import duckdb

from assets.ingest.contracts import ColumnType
from assets.ingest.sqltext import literal, literal_list

_HALF = "".join(chr(code) for code in range(0x21, 0x7F))
_FULL = "".join(chr(code + 0xFEE0) for code in range(0x21, 0x7F))
_SPACES = " \t\r\n\u00a0\u3000\ufeff\u200b"
FULL_WIDTH = "[\uff01-\uff5e]"
# Patterns of texts that are as they should be kept: no blanks around them; for codes, no full-width letters either.
# Most texts are of these letters alone, which is the cheapest test.
PLAIN_TEXT = "[!-~\u4e00-\u9fff]+"
TRIMMED_TEXT = rf"[^{_SPACES}]((?s:.)*[^{_SPACES}])?"
TRIMMED_CODE = rf"[^{_SPACES}{FULL_WIDTH[1:-1]}]([^{FULL_WIDTH[1:-1]}]*[^{_SPACES}{FULL_WIDTH[1:-1]}])?"
# What systems write for "no value" in a numeric column (file rule 7); it is missing, never 0.
_NO_NUMBER = ["-", "--", "—", "——", "–", "－"]
# Initial values of SAP, .NET and Excel that mean "no date" (R9).
_NO_DATE_TEXT = ["0", "00000000", "0000-00-00", "0000/00/00", "00/00/0000", "-", "—"]
_NO_DATE = ["0001-01-01", "1899-12-30", "1899-12-31", "1900-01-01", "9999-12-31"]
# Outside of it a date is a typing or century error, not a business date: it is refused, not guessed.
_FIRST_YEAR, _LAST_YEAR = 1950, 2199
_TRUE = ["true", "t", "yes", "y", "1", "是", "√", "✓", "启用", "有"]
_FALSE = ["false", "f", "no", "n", "0", "否", "×", "x", "停用", "无"]

_DIRECTIVES = {
    "Y": r"\d{4}",
    "m": r"\d{1,2}",
    "d": r"\d{1,2}",
    "y": r"\d{2}",
    "b": r"[A-Za-z]{3}",
    "B": r"[A-Za-z]{3,9}",
}
ISO_FORMATS = ("%Y-%m-%d",)
# Also read without being asked: year first, so that day and month cannot be taken for each other (file rule 8).
UNAMBIGUOUS_FORMATS = ("%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")
EXCEL_SERIAL = "excel_serial"
EXCEL_SERIAL_1904 = "excel_serial_1904"
# A month (`2024-01`, `202401`) or a span of days represents its first or its last day: only where a mapping says so.
PERIOD_START, PERIOD_END = "period_start", "period_end"
NAMED_FORMATS = (EXCEL_SERIAL, EXCEL_SERIAL_1904, PERIOD_START, PERIOD_END)
_SPAN = r"\s*(?:至|到|~|—+|--| - )\s*"
_MONTH = r"\d{4}([-/.]\d{1,2}|年\d{1,2}月|\d{2})"
_PLAIN_DAY = r"\d{4}([-/.]\d{1,2}[-/.]\d{1,2}|年\d{1,2}月\d{1,2}日|\d{4})"


def format_pattern(date_format: str) -> str:
    """The regular expression of texts that a date format takes; raises ValueError on an unknown directive.

    DuckDB's strptime is lenient (`2024015` for `%Y%m%d`): digits that touch must have their full width.
    """
    parts = re.findall(r"%.|[^%]+", date_format)
    out = []
    for number, part in enumerate(parts):
        if not part.startswith("%"):
            out.append(re.escape(part))
            continue
        if part[1] not in _DIRECTIVES:
            raise ValueError(f"{date_format!r}: only %Y %y %m %d %b %B can be in a date format")
        touches = any(
            0 <= other < len(parts) and parts[other].startswith("%") and part[1] in "md"
            for other in (number - 1, number + 1)
        )
        out.append(r"\d{2}" if touches else _DIRECTIVES[part[1]])
    used = [part[1].lower() for part in parts if part.startswith("%")]
    if sorted(used) not in (["b", "d", "y"], ["d", "m", "y"]):
        raise ValueError(f"{date_format!r}: a date format names year, month and day once each")
    return "".join(out)


def _date_branches(formats: Sequence[str]) -> str:
    """WHEN branches that read `t` by each format in turn."""
    branches = []
    for date_format in formats:
        if date_format in (PERIOD_START, PERIOD_END):
            branches.append(f"WHEN regexp_matches(t, {literal(f'^{_MONTH}$|{_SPAN}')}) THEN sk_{date_format}(t)")
        elif date_format in (EXCEL_SERIAL, EXCEL_SERIAL_1904):
            epoch = "1899-12-30" if date_format == EXCEL_SERIAL else "1904-01-01"
            days = "TRY_CAST(regexp_extract(t, '^[0-9]+') AS INTEGER)"
            branches.append(rf"WHEN regexp_full_match(t, '\d{{5}}(\.\d+)?') THEN DATE '{epoch}' + {days}")
        else:
            pattern = literal(format_pattern(date_format))
            branches.append(
                f"WHEN regexp_full_match(t, {pattern}) THEN CAST(try_strptime(t, {literal(date_format)}) AS DATE)"
            )
    return " ".join(branches)


_STEADY_FROM = 1992
"""China ended its summer time in September 1991; most zones without summer time have kept their offset since."""
# As a pattern: the years of a business date.
_YEARS = "(?:19[5-9][0-9]|20[0-9]{2}|21[0-9]{2})"


@lru_cache(maxsize=64)
def _steady_offset(timezone: str) -> int | None:
    """Microseconds east of Greenwich of a zone that keeps one offset from 1992 on; None where it does not."""
    zone = ZoneInfo(timezone)
    months = ((year, month) for year in range(_STEADY_FROM, _LAST_YEAR + 1) for month in range(1, 13))
    offsets = {dt.datetime(year, month, 1, tzinfo=zone).utcoffset() for year, month in months}
    offset = offsets.pop() if len(offsets) == 1 else None
    return offset // dt.timedelta(microseconds=1) if offset is not None else None


def _quick_instant(text: str, timezone: str) -> str:
    """SQL that reads an ISO date and full time of day; by one subtraction where the zone allows it, half the cost.

    The text bounds the year, so that nothing has to be read twice to judge it.
    """
    offset = _steady_offset(timezone)
    first = _FIRST_YEAR if offset is None else _STEADY_FROM + 1
    moment = f"TRY_CAST({text} AS TIMESTAMP)"
    instant = (
        f"timezone({literal(timezone)}, {moment})"
        if offset is None
        else f"make_timestamptz(epoch_us({moment}) - {offset})"
    )
    # Half the cost of a regular expression. Of what the cast reads nothing else has this outline, but for a last letter
    # that is no digit (Z, a blank, a point), which is ruled out, and for other blanks than a space before the hour.
    outline = (
        f"{text} LIKE '____-__-_____:__:__' AND {text} >= '{first}' AND {text} < '{_LAST_YEAR + 1}' "
        f"AND NOT (suffix({text}, 'Z') OR suffix({text}, ' ') OR suffix({text}, '.'))"
    )
    return f"CASE WHEN {outline} THEN {instant} END"


def quick_date(text: str) -> str:
    """SQL that reads an ISO date and nothing else."""
    pattern = literal(rf"{_YEARS}-[0-9]{{2}}-[0-9]{{2}}")
    return f"CASE WHEN regexp_full_match({text}, {pattern}) THEN TRY_CAST({text} AS DATE) END"


def date_macros(suffix: str, formats: Sequence[str], timezone: str) -> list[str]:
    """CREATE MACRO statements `sk_date<suffix>` and `sk_timestamp<suffix>` for a list of formats.

    ISO comes first, then the formats asked for, then the unambiguous year-first ones. A time after a date is cut off by
    `sk_date`; `sk_timestamp` gives an instant, taking a text without an offset as local time of `timezone` (R8).
    """
    every = list(dict.fromkeys([*formats, *ISO_FORMATS, *UNAMBIGUOUS_FORMATS]))
    return [
        f"CREATE OR REPLACE MACRO sk_day_of{suffix}(t) AS CASE {_date_branches(every)} END",
        # The ISO path first: nearly every row takes it, and it needs no regular expression.
        f"CREATE OR REPLACE MACRO sk_date{suffix}(s) AS sk_real_date(COALESCE(CASE WHEN length(s) = 10 AND "
        f"substr(s, 5, 1) = '-' "
        f"THEN CAST(try_strptime(s, '%Y-%m-%d') AS DATE) END, sk_day_of{suffix}(sk_date_part(s))))",
        # ISO with a full time of day, which nearly every system writes: one pattern instead of the chain below.
        f"CREATE OR REPLACE MACRO sk_quick_timestamp{suffix}(s) AS {_quick_instant('s', timezone)}",
        f"CREATE OR REPLACE MACRO sk_timestamp{suffix}(s) AS CASE WHEN sk_has_offset(s) THEN "
        f"TRY_CAST(trim(s) AS TIMESTAMPTZ) "
        f"ELSE timezone({literal(timezone)}, sk_date{suffix}(s) + COALESCE(sk_time_part(s), TIME '00:00:00')) END",
    ]


def _words(words: Sequence[str], value: str) -> str:
    return " ".join(f"WHEN {literal(word)} THEN {value}" for word in words)


def _period_macro(edge: str, part: str, day_of_month: str) -> str:
    """`sk_period_<edge>`: a month or a span of days as its first or last day; `part` takes that edge out of a span.

    The lambda binds the edge once: a macro repeats its argument wherever it is named, and planning would grow with it.
    """
    own = rf"regexp_replace(regexp_replace(t, {literal(part)}, '\1'), '\s+\d{{1,2}}:.*$', '')"
    first = r"CAST(try_strptime(regexp_replace(p, '^(\d{4})\D?(\d{1,2})\D?$', '\1-\2-01'), '%Y-%m-%d') AS DATE)"
    day = f"CAST(try_strptime(p, {literal_list([*ISO_FORMATS, *UNAMBIGUOUS_FORMATS])}) AS DATE)"
    return (
        f"sk_period_{edge}(t) AS list_transform([{own}], lambda p: CASE WHEN regexp_full_match(p, {literal(_MONTH)}) THEN "
        f"{day_of_month}({first}) WHEN regexp_full_match(p, {literal(_PLAIN_DAY)}) THEN {day} END)[1]"
    )


def _base_macros() -> list[str]:
    spaces, full, half = literal(_SPACES), literal(_FULL), literal(_HALF)
    number = r"(\d{1,3}(,\d{3})+(\.\d*)?|\d+(\.\d*)?|\.\d+)"
    shape = literal(rf"([+-]?{number}|{number}-|\({number}\))%?")
    return [
        f"sk_text(s) AS NULLIF(trim(s, {spaces}), '')",
        # True only for texts of ASCII that `sk_text` and `sk_code` keep: a third of the cost of a pattern, and most texts.
        "sk_is_ascii_word(s) AS (s >= '!' AND s < chr(127) AND strlen(s) = length(s) AND NOT (suffix(s, ' ') "
        "OR suffix(s, chr(9)) OR suffix(s, chr(13)) OR suffix(s, chr(10))))",
        # `translate` walks its tables for every letter (3 us a Chinese code); the pattern settles most texts without it.
        f"sk_half(s) AS CASE WHEN strlen(s) = length(s) OR NOT regexp_matches(s, {literal(FULL_WIDTH)}) THEN s "
        f"ELSE translate(s, {full}, {half}) END",
        "sk_code(s) AS NULLIF(sk_half(sk_text(s)), '')",
        f"sk_number_is_blank(s) AS (sk_text(s) IS NULL OR list_contains({literal_list(_NO_NUMBER)}, sk_text(s)))",
        r"sk_bare_number(s) AS regexp_replace(sk_half(sk_text(s)), '[¥￥$\s]', '', 'g')",
        # Canonical text of a number written with separators, brackets, a trailing minus or a per cent sign.
        r"sk_number_text(b) AS CASE WHEN regexp_full_match(b, '[+-]?\d+(\.\d*)?[eE][+-]?\d{1,2}') THEN b "
        f"WHEN regexp_full_match(b, {shape}) THEN "
        "(CASE WHEN contains(b, '-') OR contains(b, '(') THEN '-' ELSE '' END) || regexp_replace(b, "
        "'[(),%+-]', '', 'g') "
        "|| (CASE WHEN contains(b, '%') THEN 'e-2' ELSE '' END) END",
        # DuckDB casts text to a DECIMAL above 18 digits two hundred times slower than to one below (measured
        # 2026-11, 1.5.5),
        # so the plain numbers that nearly every row holds take the short type first. Nothing is rounded on this path.
        r"sk_quick_number(s) AS CASE WHEN regexp_full_match(s, '-?[0-9]{1,11}(\.[0-9]{1,6})?') "
        "THEN CAST(CAST(s AS DECIMAL(18,6)) AS DECIMAL(38,10)) END",
        "sk_number(s) AS COALESCE(sk_quick_number(s), TRY_CAST(sk_number_text(sk_bare_number(s)) AS DECIMAL(38,10)))",
        "sk_integer(s) AS CASE WHEN sk_number(s) = trunc(sk_number(s)) THEN TRY_CAST(sk_number(s) AS BIGINT) END",
        "sk_number_as_text(n) AS CASE WHEN contains(CAST(n AS VARCHAR), '.') "
        "THEN regexp_replace(CAST(n AS VARCHAR), '[.]?0*$', '') ELSE CAST(n AS VARCHAR) END",
        f"sk_quick_boolean(s) AS CASE s {_words(_TRUE, 'true')} {_words(_FALSE, 'false')} END",
        f"sk_boolean(s) AS CASE WHEN list_contains({literal_list(_TRUE)}, s) THEN true "
        f"WHEN list_contains({literal_list(_FALSE)}, s) THEN false END",
        r"sk_date_part(s) AS trim(regexp_replace(sk_half(sk_text(s)), '[ T]+\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?"
        r" *(Z|[+-]\d{2}(:?\d{2})?)?$', ''))",
        f"sk_date_is_blank(s) AS (sk_text(s) IS NULL OR list_contains({literal_list(_NO_DATE_TEXT)}, sk_date_part(s)) "
        f"OR COALESCE(list_contains({literal_list(_NO_DATE)}, CAST(CAST(try_strptime(sk_date_part(s), "
        "['%Y-%m-%d', '%Y/%m/%d', '%Y%m%d']) AS DATE) AS VARCHAR)), false))",
        # DuckDB reads a time only with all of its parts and two digits each.
        r"sk_clock(c) AS TRY_CAST(CASE WHEN length(split_part(c, ':', 1)) = 1 THEN '0' ELSE '' END || c "
        r"|| CASE WHEN length(c) <= 5 THEN ':00' ELSE '' END AS TIME)",
        r"sk_time_part(s) AS sk_clock(regexp_extract(trim(s), '\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$'))",
        r"sk_has_offset(s) AS regexp_matches(s, '\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)\s*$')",
        _period_macro("start", rf"^(.+?){_SPAN}.+$", ""),
        _period_macro("end", rf"^.+?{_SPAN}(.+)$", "last_day"),
        f"sk_real_date(d) AS CASE WHEN year(d) BETWEEN {_FIRST_YEAR} AND {_LAST_YEAR} THEN d END",
    ]


def install_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that do not depend on a mapping."""
    for macro in _base_macros():
        connection.execute(f"CREATE OR REPLACE MACRO {macro}")


def fit_decimal(value: str, kind: str) -> str:
    """SQL that brings a number into a DECIMAL type, rounded half away from zero; NULL where it is too large.

    DuckDB divides 128-bit decimals digit by digit (2 us a value; measured 2026-11, 1.5.5), so what fits into 64 bits is
    rounded there: the same digits, twenty times faster. Only for sk_number's own type: others would round twice.
    """
    scale = kind.rpartition(",")[2].rstrip(")")
    narrow = f"CAST(CAST(TRY_CAST({value} AS DECIMAL(18,10)) AS DECIMAL(18,{scale})) AS {kind})"
    return f"COALESCE(CASE WHEN typeof({value}) = 'DECIMAL(38,10)' THEN {narrow} END, TRY_CAST({value} AS {kind}))"


def cast_text(column_type: ColumnType, text: str, *, is_code: bool = False, date_suffix: str = "") -> str:
    """SQL that reads the SQL text expression `text` as a value of the type; NULL where it cannot."""
    match column_type:
        case ColumnType.TEXT:
            return f"sk_code({text})" if is_code else f"sk_text({text})"
        case ColumnType.ENUM:
            return f"sk_code({text})"
        case ColumnType.BOOLEAN:
            return f"sk_boolean({text})"
        case ColumnType.DATE:
            return f"sk_date{date_suffix}({text})"
        case ColumnType.TIMESTAMP:
            return f"sk_timestamp{date_suffix}({text})"
        case ColumnType.INTEGER:
            return f"sk_integer({text})"
        case _:
            return f"TRY_CAST(sk_number({text}) AS {column_type.duckdb})"
