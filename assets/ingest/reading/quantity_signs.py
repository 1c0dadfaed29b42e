"""Whether the one quantity column of a file is signed: found out per file, from the documents that send goods out.

Systems export the same list either way. In a signed file what goes out is negative but for red documents; in an unsigned
one it is positive but for them. A column `_sign` (1 or -1) is added to the raw rows, by which expressions multiply.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from assets.ingest.errors import IngestError
from assets.ingest.mapping.column_rules import Scalar
from assets.ingest.mapping.language import Dataset, Mapping, Signs
from assets.ingest.reading.raw_table import RAW_TABLE, RawFile, normal_header
from assets.ingest.sqltext import literal_list
from assets.ingest.typing.column_sql import half_width

SIGN = "_sign"
OUTWARD = (
    *("purchase_return", "sales_issue", "production_receipt_return", "production_issue", "subcontract_issue"),
    *("transfer_out", "count_loss", "adjustment_out", "status_change_out", "conversion_out"),
    *("consignment_transfer_out", "scrap", "internal_use", "other_out"),
)
_UNCLEAR = (0.25, 0.75)
"""Share of negatives among goods going out between which there is no note: red documents are rare, a file in which a
quarter of the issues is red is either something else or a selection (set 2026-11; no measurement, a margin of safety)."""
_FEW = 3
"""Fewer negative rows than this could be a short file of red documents alone."""


def add_signs(
    connection: duckdb.DuckDBPyConnection,
    raw: RawFile,
    dataset: Dataset,
    mapping: Mapping,
    parameters: dict[str, Scalar],
    file: str,
) -> RawFile:
    """Add column `_sign` where the dataset declares `signs`. Raises IngestError where the sign cannot be determined.

    Rows that come back from quarantine bring their sign along, as a few rows tell less than their file did.
    """
    rule = dataset.signs
    if rule is None or SIGN in raw.header:
        return raw
    quantity, kind = (_column(raw, dataset.spellings(header)) for header in (rule.quantity, rule.type))
    outward = [half_width(code) for code, value in mapping.enums.get(rule.enum, {}).items() if value in OUTWARD]
    note, sign = "", "'1'"
    if quantity is not None and kind is not None and outward:
        goes_out = f"COALESCE(list_contains({literal_list(outward)}, sk_code({kind})), false)"
        title = raw.header[raw.columns.index(quantity)]
        is_signed, note = _is_signed(connection, quantity, goes_out, rule, parameters.get(rule.parameter), file, title)
        sign = "'1'" if is_signed else f"CASE WHEN {goes_out} THEN '-1' ELSE '1' END"
    column = f"c{len(raw.header)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE raw_signed AS SELECT *, {sign} AS {column} FROM {RAW_TABLE}")
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {RAW_TABLE} AS SELECT * FROM raw_signed")
    return replace(raw, header=(*raw.header, SIGN), notes=(*raw.notes, note) if note else raw.notes)


def _is_signed(
    connection: duckdb.DuckDBPyConnection,
    quantity: str,
    goes_out: str,
    rule: Signs,
    told: object,
    file: str,
    title: str,
) -> tuple[bool, str]:
    """Whether the column is signed, and a note where the file has shown it."""
    if str(told).lower() in ("true", "false"):
        return str(told).lower() == "true", ""
    row = connection.execute(
        f"SELECT count(*) FILTER (q < 0), count(*) FILTER (q > 0) FROM (SELECT sk_number({quantity}) AS q "
        f"FROM {RAW_TABLE} WHERE {goes_out})"
    ).fetchone()
    negative, positive = row or (0, 0)
    share = negative / (negative + positive) if negative + positive else 0.0
    if _UNCLEAR[0] <= share <= _UNCLEAR[1] or (share and not positive and negative < _FEW):
        raise IngestError(
            f"{negative} of {negative + positive} quantities that go out are negative, so it cannot be determined whether the "
            "file is signed or holds red documents",
            file=file,
            column=title,
            fix=f"Set `parameters: {{{rule.parameter}: true}}` of the source where what goes out is negative, false where "
            "only red documents are.",
        )
    is_signed = share > _UNCLEAR[1]
    said = "is signed" if is_signed else "is not signed; red documents are negative"
    return (
        is_signed,
        f"{title} {said}: {negative} of {negative + positive} that go out are negative" if negative else "",
    )


def _column(raw: RawFile, names: Sequence[str]) -> str | None:
    places = {normal_header(title): column for title, column in zip(raw.header, raw.columns, strict=True)}
    return next((places[name] for name in map(normal_header, names) if name in places), None)
