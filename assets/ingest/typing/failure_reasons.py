"""Why a text could not be read, in words that say what to do: SQL, asked only for the few rows that are kept back."""

from __future__ import annotations

from assets.ingest.sqltext import literal

_UNIT = r"[\p{Han}A-Za-z]+"
_NUMBER = r"\d+(?:[.,]\d+)*"
_SHAPES = {
    "number": (
        (
            rf"[-(]?{_NUMBER} *{_UNIT} *[+]? *{_NUMBER} *(?:{_UNIT})?\)?",
            "is a quantity in two units; export the column of base quantities (基本数量) beside it, or write one number",
        ),
        (rf"[-(]?{_NUMBER} *{_UNIT}\)?", "is a number with its unit; put the unit into the header"),
        (r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!)", "is an error of the spreadsheet; correct its formula"),
    ),
    "date": (
        (r"\d{4}(?:[-/.]\d{1,2}|年\d{1,2}月|\d{2})", "is a month and no day; export the day"),
        (
            r"\d{2}[-/.]\d{1,2}[-/.]\d{1,2}",
            "has two digits for its year, and the file does not show which part it is; name the format in `date_formats`",
        ),
        (
            r"\d{1,2}[-/.]\d{1,2}[-/.]\d{4}",
            "has its year last, so day and month cannot be distinguished; name the format in `date_formats`",
        ),
        (r"\d{5}(?:\.\d+)?", "is the day number of a spreadsheet; add `excel_serial` to `date_formats`"),
    ),
}
_SHAPES["timestamp"] = _SHAPES["date"]


def sentence_of(noun: str, raw: str, plain: str) -> str:
    """SQL of what is wrong with the text in column `raw`, which could not be read as a `noun`; `plain` is used otherwise."""
    text = f"sk_half(sk_text({raw}))"
    branches = " ".join(
        f"WHEN regexp_full_match({text}, {literal(shape)}) THEN {literal(sentence)}"
        for shape, sentence in _SHAPES.get(noun, ())
    )
    return f"CASE {branches} ELSE {literal(plain)} END" if branches else literal(plain)
