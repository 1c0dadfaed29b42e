"""Runs the SQL of one file in DuckDB and says what becomes of every row: landed, duplicate, quarantined or excluded."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assets.ingest.contracts import ColumnType, Contract
from assets.ingest.landing.database import IngestDatabase
from assets.ingest.landing.known_versions import KNOWN_VERSIONS, KnownVersions, content_columns, hashes
from assets.ingest.landing.pieces_on_spark import SparkPieces
from assets.ingest.landing.row_counts import NOTHING, Counts, Summary, both
from assets.ingest.landing.text_pieces import PieceLanding, constant_texts
from assets.ingest.mapping.language import Dataset
from assets.ingest.mapping.language import Mapping as VendorMapping
from assets.ingest.reading.header_match import match_header
from assets.ingest.reading.pieces import Pieces
from assets.ingest.reading.raw_table import RAW_TABLE, SOURCE_ROW, RawFile
from assets.ingest.settings import SourceSettings
from assets.ingest.sqltext import ident, literal
from assets.ingest.typing.column_sql import Context
from assets.ingest.typing.row_sql import SOURCE_VALUES_TABLE, BranchPlan, plan_branch, raw_json
from assets.ingest.typing.source_values import SourceValues

_DOC_COLUMNS = ("doc_no", "po_no", "so_no", "receipt_no", "shipment_no", "count_no", "promotion_code")
WHOLE_FROM_ROWS = 200_000
"""From this size on every leaf is read in full at once: reading a file again costs more than planning for what is rare.
Below, planning the full reading (50 ms) costs more than 10,000 rows do (measured 2026-11)."""


class FileEngine:
    """One file of one dataset in one connection; the tables it leaves are read by whoever lands them."""

    def __init__(
        self,
        database: IngestDatabase,
        contract: Contract,
        mapping: VendorMapping,
        dataset: Dataset,
        source: SourceSettings,
        raw: RawFile,
        file: str,
        checked_masters: frozenset[str],
        in_full: set[str],
        restore: Callable[[RawFile, str | None], RawFile],
        spark: SparkPieces | None = None,
    ) -> None:
        self.connection, self.contract, self.raw, self._restore = database.connection, contract, raw, restore
        self._spark = spark
        self.held = self.repeated = 0
        self.pieces_landed: PieceLanding | None = None
        self.piece_rows = 0
        self._dataset, self._header, self.notes = dataset, raw.header, raw.notes
        self._matched = match_header(dataset, raw, file)
        self._has_broken, self._knows_items = False, "item" in checked_masters
        context = Context(
            contract,
            mapping,
            dataset,
            source,
            self._matched,
            checked_masters,
            _date_suffixes(database, dataset, raw.date_formats, source.timezone),
            SourceValues(),
        )
        self.source_values = context.source_values
        self.plans: list[BranchPlan] = [plan_branch(context, branch) for branch in dataset.branches]
        self.in_full = in_full if raw.rows < WHOLE_FROM_ROWS else set(self.source_values.found.values())

    def run(
        self, *, place: int, landed: KnownVersions | None, stamp: Mapping[str, str], part_of: Callable[[str], Path]
    ) -> Counts:
        """Fill `staged` (contract rows), `broken` (violations) and `repeated` (duplicates); returns the counts.

        A file in pieces first gives its good rows to landing files, named by `part_of` and stamped with the batch's
        constants; only the others come into these tables. `place` is the batch's position in the order; rows equal to the
        newest earlier version among `landed` are duplicates. `broken` and
        `repeated` are valid only where `held` and `repeated` say that there is something in them.
        """
        if self.raw.pieces is not None:
            self._land_pieces(self.raw.pieces, stamp, part_of)
        self._restore_codes()
        self._stage()
        if self.pieces_landed is not None and self.pieces_landed.call_back(place=place if landed is not None else None):
            self._count_rest(self.pieces_landed)
            self._restore_codes()
            self._stage()
        summary = self._summary()
        if summary.is_open:
            names, query = self.source_values.open_sql(self.in_full)
            self.in_full |= {name for name, rows in zip(names, self._row(query), strict=True) if rows}
            self._stage()
            summary = self._summary()
        if summary.bad_rows or self.raw.malformed:
            self._find_broken()
        if summary.keys < summary.contract_rows:
            self._find_rivals(place)
        if landed is not None:
            self._find_landed(landed, place)
        return self._count(summary)

    def _land_pieces(self, pieces: Pieces, stamp: Mapping[str, str], part_of: Callable[[str], Path]) -> None:
        """Land what is good in the pieces; `raw` then holds the rest, or the whole file where a piece cannot be read."""
        sample = replace(pieces.show_sample(self.connection), header=self._header)
        if not self._knows_items and self._restore(sample, None) != sample:
            # Without a master a code is judged by all of its column.
            self.raw = pieces.read_whole()
            return
        columns = self._dataset.branches[0].columns

        def is_given(name: str) -> bool:
            rule = columns.get(name)
            return rule is not None and (rule.from_ is None or self._matched.has(rule.from_))

        def staged(in_full: set[str]) -> str:
            _with_source_values = f"WITH {SOURCE_VALUES_TABLE} AS NOT MATERIALIZED ({self.source_values.sql(in_full)})"
            return f"{_with_source_values} {self.plans[0].contract_sql(0)}"

        landing = PieceLanding(self.connection, self.contract, pieces, part_of, self._spark)
        if landing.run(self.source_values, staged, constant_texts(self.contract, is_given, stamp)) is not None:
            self.pieces_landed = landing
            self._count_rest(landing)
        else:
            self.raw = pieces.read_whole()

    def _count_rest(self, landing: PieceLanding) -> None:
        rows = self._scalar(f"SELECT count(*) FROM {RAW_TABLE}")
        self.raw = RawFile(self._header, rows, landing.malformed)
        self.piece_rows = landing.rows

    def _restore_codes(self) -> None:
        """Restore damaged codes in `raw`: of a file in pieces, in the rows that were not landed."""
        restored = self._restore(
            self.raw, self.pieces_landed.source if self.pieces_landed is not None and self.piece_rows else None
        )
        self.notes, self.raw = tuple(dict.fromkeys((*self.notes, *restored.notes))), restored

    @property
    def parts(self) -> list[Path]:
        """Landing files that are written already."""
        return self.pieces_landed.paths if self.pieces_landed is not None else []

    def _stage(self) -> None:
        # Several branches read the source values several times, so they are kept; a single one streams through them.
        if len(self.plans) > 1:
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {SOURCE_VALUES_TABLE} AS {self.source_values.sql(self.in_full)}"
            )
        staged = " UNION ALL ".join(plan.contract_sql(number) for number, plan in enumerate(self.plans))
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE staged AS {self._with_source_values}{staged}")

    @property
    def _with_source_values(self) -> str:
        """The source values in front of a SELECT over them, where they are no table."""
        if len(self.plans) > 1:
            return ""
        return f"WITH {SOURCE_VALUES_TABLE} AS NOT MATERIALIZED ({self.source_values.sql(self.in_full)}) "

    def _summary(self, rows: str = "FROM staged") -> Summary:
        """What the staged rows are, in one pass: nearly every file needs nothing more."""
        return Summary(
            *self._row(
                f"SELECT {self._source_rows}, {self._totals}, "
                "count(DISTINCT hash(source_key)), count(*) FILTER (is_bad), COALESCE(bool_or(is_open), false) "
                f"FROM ({rows})"
            )
        )

    @property
    def _totals(self) -> str:
        """SQL of what is added up over contract rows: number, leading quantity and value, first and last day."""
        units, value = (self.contract.first_of_type(kind) for kind in (ColumnType.QUANTITY, ColumnType.VALUE))
        scope = ident(self.contract.scope_date) if self.contract.scope_date else "CAST(NULL AS DATE)"
        return (
            f"count(*), {f'sum({ident(units)})' if units else 'NULL'}, {f'sum({ident(value)})' if value else 'NULL'}, "
            f"min({scope}), max({scope})"
        )

    @property
    def _source_rows(self) -> str:
        """SQL that counts source rows; a source row is one contract row where there is one branch."""
        return f"count(DISTINCT {SOURCE_ROW})" if len(self.plans) > 1 else "count(*)"

    def _open_broken(self) -> None:
        """Make `broken` and `held` for this file, unless they are there."""
        if not self._has_broken:
            self._has_broken = True
            self.connection.execute(
                "CREATE OR REPLACE TEMP TABLE broken (source_row BIGINT, rule_id VARCHAR, column_name VARCHAR, "
                "bad_value VARCHAR, reason VARCHAR, raw_row VARCHAR, item_code VARCHAR, warehouse_code VARCHAR, "
                "doc_no VARCHAR)"
            )
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE held ({SOURCE_ROW} BIGINT)")

    def _find_broken(self) -> None:
        self._open_broken()
        self.held += self._insert(f"INSERT INTO held SELECT DISTINCT {SOURCE_ROW} FROM staged WHERE is_bad")
        if self.held:
            for plan in self.plans:
                self._explain(plan)
        if self.raw.malformed:
            rows = self.raw.malformed
            self.connection.execute(
                "INSERT INTO broken SELECT unnest($rows), 'malformed_row', NULL, NULL, unnest($reasons), unnest($texts), "
                "NULL, NULL, NULL",
                {
                    "rows": [row.source_row for row in rows],
                    "reasons": [row.reason for row in rows],
                    "texts": [json.dumps({"_text": row.text}, ensure_ascii=False) for row in rows],
                },
            )

    def _explain(self, plan: BranchPlan) -> None:
        """One row in `broken` for every rule that a bad row breaks."""
        found = ", ".join(
            f"CASE WHEN {rule.condition} THEN {{'rule_id': {literal(rule.rule_id)}, 'column_name': "
            f"{literal(rule.column)}, "
            f"'bad_value': CAST({rule.bad_value} AS VARCHAR), 'reason': {rule.reason}}} END"
            for rule in plan.rules
        )
        self.connection.execute(
            f"INSERT INTO broken {self._with_source_values}SELECT DISTINCT {SOURCE_ROW}, v.rule_id, v.column_name, v.bad_value, "
            f"v.reason, raw_row, item, warehouse, doc "
            f"FROM (SELECT {SOURCE_ROW}, unnest(list_filter([{found}], lambda e: e IS NOT NULL)) AS v, "
            f"{raw_json(self.raw.header, self.raw.columns)} AS raw_row, {self._subject(plan)} "
            f"FROM ({plan.read_sql}) WHERE {SOURCE_ROW} IN (SELECT {SOURCE_ROW} FROM held)) ORDER BY ALL"
        )

    def _subject(self, plan: BranchPlan) -> str:
        """What a bad row is about, where that can still be read."""
        document = next((name for name in _DOC_COLUMNS if name in self.contract.columns), None)
        wanted = (("item_code", "item"), ("warehouse_code", "warehouse"), (document, "doc"))
        return ", ".join(
            f"{ident('t_' + name)} AS {alias}"
            if name is not None and f'AS "t_{name}"' in plan.read_sql
            else f"CAST(NULL AS VARCHAR) AS {alias}"
            for name, alias in wanted
        )

    @property
    def _good(self) -> str:
        """SQL that is true for staged rows that nothing has kept out so far."""
        return f"{SOURCE_ROW} NOT IN (SELECT {SOURCE_ROW} FROM held)" if self.held else "true"

    def _open_repeated(self) -> None:
        if not self.repeated:
            self.connection.execute(
                "CREATE OR REPLACE TEMP TABLE repeated (row_id BIGINT, source_row BIGINT, source_key VARCHAR, "
                "kind VARCHAR, place BIGINT)"
            )

    def _find_rivals(self, place: int) -> None:
        """Equal rows of one key are duplicates of the first; different ones go to quarantine, the first stays."""
        execute = self.connection.execute
        # A cheap pass over hashes finds the few keys that need the exact one.
        execute(
            f"CREATE OR REPLACE TEMP TABLE shared_keys AS SELECT hash(source_key) AS key_hash FROM staged "
            f"WHERE {self._good} GROUP BY ALL HAVING count(*) > 1"
        )
        if not self._scalar("SELECT count(*) FROM shared_keys"):
            return
        content = f"row({', '.join(content_columns(self.contract))})"
        execute(
            f"CREATE OR REPLACE TEMP TABLE rivals AS SELECT rowid AS row_id, {SOURCE_ROW}, source_key, "
            f"row_number() OVER w AS nth, first_value({SOURCE_ROW}) OVER w AS first_row, "
            f"{content} IS NOT DISTINCT FROM first_value({content}) OVER w AS is_same FROM staged "
            f"WHERE {self._good} AND hash(source_key) IN (SELECT key_hash FROM shared_keys) "
            f"WINDOW w AS (PARTITION BY source_key ORDER BY {SOURCE_ROW}, branch)"
        )
        self._open_broken()
        self._quarantine_rivals()
        self._open_repeated()
        self.repeated += self._insert(
            f"INSERT INTO repeated SELECT row_id, {SOURCE_ROW}, source_key, 'within_batch', {place} FROM rivals "
            f"WHERE nth > 1 AND is_same AND {self._good}"
        )

    def _find_landed(self, landed: KnownVersions, place: int) -> None:
        """Rows equal to the newest version that the batches before `place` have landed are duplicates of that."""
        known = f"SELECT key_hash FROM {KNOWN_VERSIONS} WHERE place < {place}"
        if not self._scalar(f"SELECT count(*) FROM staged WHERE hash(source_key) IN ({known})"):
            return
        fresh = "rowid NOT IN (SELECT row_id FROM repeated)" if self.repeated else "true"
        rows = f"FROM staged WHERE {self._good} AND {fresh} AND hash(source_key) IN ({known})"
        landed.load_content(f"SELECT source_key {rows}")
        self._open_repeated()
        self.repeated += self._insert(
            "INSERT INTO repeated SELECT row_id, any_value(source_row), any_value(source_key), 'already_landed', "
            f"max(k.place) FROM (SELECT rowid AS row_id, {SOURCE_ROW}, source_key, {hashes(self.contract)} {rows}) AS s "
            f"JOIN known_content AS k ON s.key_hash = k.key_hash AND k.place < {place} "
            "GROUP BY row_id, s.content_hash HAVING arg_max(k.content_hash, k.place) = s.content_hash"
        )

    def _quarantine_rivals(self) -> None:
        """Later rows of a key with other content, and copies whose first was held back, go to quarantine."""
        raw = raw_json(self.raw.header, self.raw.columns)
        conflict = (
            f"SELECT {SOURCE_ROW}, min(source_key) AS source_key, min(first_row) AS first_row FROM rivals "
            f"WHERE nth > 1 AND (NOT is_same OR first_row IN (SELECT {SOURCE_ROW} FROM rivals WHERE nth > 1 "
            f"AND NOT is_same)) GROUP BY ALL"
        ).replace("GROUP BY ALL", f"GROUP BY {SOURCE_ROW}")
        item, warehouse, document = (
            f"any_value(s.{ident(name)})" if name in self.contract.columns else "NULL"
            for name in (
                "item_code",
                "warehouse_code",
                next((n for n in _DOC_COLUMNS if n in self.contract.columns), ""),
            )
        )
        key = literal("+".join(self.contract.natural_key))
        self.connection.execute(
            f"INSERT INTO broken SELECT c.source_row, 'duplicate_key', {key}, c.source_key, 'the key ' || "
            f"c.source_key || "
            "' is already in row ' || c.first_row || ' with other content; the first one was kept', "
            f"any_value({raw}), {item}, {warehouse}, {document} "
            f"FROM ({conflict}) AS c JOIN {RAW_TABLE} AS r USING ({SOURCE_ROW}) JOIN staged AS s USING ({SOURCE_ROW}) "
            "GROUP BY c.source_row, c.source_key, c.first_row ORDER BY c.source_row"
        )
        self.held += self._insert(
            f"INSERT INTO held SELECT DISTINCT {SOURCE_ROW} FROM broken WHERE rule_id = 'duplicate_key'"
        )

    @property
    def landed_sql(self) -> str:
        """Contract rows that are to be landed, with `source_row`, in source order."""
        kept = [self._good] if self.held else []
        if self.repeated:
            kept.append("rowid NOT IN (SELECT row_id FROM repeated)")
        return f"SELECT * FROM staged{' WHERE ' + ' AND '.join(kept) if kept else ''}"

    def _count(self, whole: Summary) -> Counts:
        landed = self._summary(self.landed_sql) if self.held or self.repeated else whole
        fast = (
            self._row(f"SELECT {self._totals} FROM {self.pieces_landed.source}")
            if self.piece_rows and self.pieces_landed
            else NOTHING
        )
        return Counts(
            rows_in=self.raw.rows_in + self.piece_rows,
            loaded=landed.source_rows + self.piece_rows,
            quarantined=self.held + len(self.raw.malformed),
            duplicate=whole.source_rows - self.held - landed.source_rows,
            excluded=self.raw.rows - whole.source_rows,
            contract_rows=landed.contract_rows + self.piece_rows,
            units_sum=both(operator.add, landed.units_sum, fast[1]),
            value_sum=both(operator.add, landed.value_sum, fast[2]),
            scope=(both(min, whole.scope_from, fast[3]), both(max, whole.scope_to, fast[4])),
        )

    def _insert(self, statement: str) -> int:
        """Run an INSERT; returns the number of rows."""
        return self._scalar(statement)

    def _row(self, query: str) -> tuple[Any, ...]:
        return self.connection.execute(query).fetchone() or ()

    def _scalar(self, query: str) -> int:
        return int(self._row(query)[0])


def _date_suffixes(
    database: IngestDatabase, dataset: Dataset, extra: Sequence[str], timezone: str
) -> dict[tuple[str, ...], str]:
    """Suffixes of the date macros of a dataset, by the column's own formats."""
    rules = [rule for branch in dataset.branches for rule in branch.columns.values()]
    return {
        formats: database.date_suffix([*formats, *dataset.date_formats, *extra], timezone)
        for formats in dict.fromkeys([(), *(rule.formats for rule in rules)])
    }
