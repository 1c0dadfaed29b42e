"""Units in headers: `库存金额（万元）` is read as 库存金额, its numbers times 10,000; `数量(kg)` as 数量, its unit noted."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

import duckdb

from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile, normal_header
from assets.ingest.reading.titles import labelled_values
from assets.ingest.sqltext import ident

_FACTORS = {"元": 1, "千元": 1_000, "万元": 10_000, "百万元": 1_000_000, "亿元": 100_000_000}
_SUFFIX = re.compile(r"(?:[(（]\s*(元|千元|万元|百万元|亿元|萬元)\s*[)）]|[/／]\s*(元|千元|万元|百万元|亿元|萬元))\s*$")
# A title `单位：万元` is about amounts. Of prices it says nothing that could be relied on: they are often in 元 beside it.
_TITLE_LABELS = ("单位", "金额单位", "货币单位", "币种单位", "计量单位")
_AMOUNT = re.compile(r"金额|金額|货值|成本$|占用资金|余额|value|amount", re.IGNORECASE)
_PRICE = re.compile(r"价|價|price", re.IGNORECASE)


# What goods are counted in says what the numbers mean, no more; whether it is the item's own unit is judged later.
_COUNTED_IN = (
    "个件箱包袋瓶盒台套只支张片卷条双把桶罐吨克斤米升天日",
    ("千克", "公斤", "毫升", "kg", "g", "t", "mg", "m", "l", "ml", "pcs", "pc", "ea"),
)
_MEASURE = re.compile(
    rf"\s*(?:[(（]\s*([{_COUNTED_IN[0]}]|{'|'.join(_COUNTED_IN[1])})\s*[)）]|/\s*([{_COUNTED_IN[0]}]|{'|'.join(_COUNTED_IN[1])}))\s*$",
    re.IGNORECASE,
)


def scale_units(connection: duckdb.DuckDBPyConnection, raw: RawFile, wanted: Collection[str]) -> RawFile:
    """Bring amounts to the unit of account and take the unit off their headers.

    A header that the mapping asks for as it is, or that would then appear twice, is left alone. `wanted` holds
    normalised headers.
    """
    header, values, factors = list(raw.header), list(raw.columns), list[str]()
    hints: list[tuple[str, str]] = []
    taken = {normal_header(title) for title in raw.header}
    common = _of_title(raw)
    if common > 1 and any(_PRICE.search(title) for title in raw.header):
        factors.append("warning: the title gives the unit of amounts; prices are read as they are")
    for number, title in enumerate(raw.header):
        found = _SUFFIX.search(title)
        measure = _MEASURE.search(title) if found is None else None
        if measure is not None and normal_header(title) not in wanted:
            bare = title[: measure.start()].strip()
            if normal_header(bare) in wanted and normal_header(bare) not in taken:
                header[number] = bare
                unit = measure[1] or measure[2]
                hints.append((raw.columns[number], unit))
                factors.append(f"{bare}: in {unit}, as the header says")
            continue
        if found is None and common > 1 and _AMOUNT.search(title) and not _PRICE.search(title):
            values[number] = _times(raw.columns[number], common)
            factors.append(f"{title}: times {common:,}, as the title says")
            continue
        bare = title[: found.start()].strip() if found else ""
        if found is None or not bare or normal_header(title) in wanted or normal_header(bare) in taken:
            continue
        header[number] = bare
        factor = _FACTORS[(found[1] or found[2]).replace("萬", "万")]
        if factor > 1:
            values[number] = _times(raw.columns[number], factor)
            factors.append(f"{bare}: times {factor:,}")
    if tuple(header) == raw.header and not factors:
        return raw
    if values != list(raw.columns):
        chosen = ", ".join(f"{value} AS {ident(name)}" for value, name in zip(values, raw.columns, strict=True))
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_scaled AS SELECT {SOURCE_ROW}, {chosen} FROM {RAW_TABLE}")
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_scaled")
    return replace(raw, header=tuple(header), notes=(*raw.notes, *factors), units=tuple(hints))


def _times(column: str, factor: int) -> str:
    """SQL of a text times a factor; one that is no number stays, for the quarantine to show it."""
    number = f"TRY_CAST(sk_number({column}) AS DECIMAL(28,10)) * CAST({factor} AS DECIMAL(10,0))"
    return f"COALESCE(sk_number_as_text({number}), {column})"


def _of_title(raw: RawFile) -> int:
    """The factor that the title rows give for all amounts (`单位：万元`); 1 where they give none."""
    facts = labelled_values(raw.above)
    said = {facts[label].replace("萬", "万") for label in _TITLE_LABELS if label in facts}
    factors = {_FACTORS[word] for word in said if word in _FACTORS}
    return factors.pop() if len(factors) == 1 else 1
