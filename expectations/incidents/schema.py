"""Tables of the incident store (SQLAlchemy Core), the same on SQLite and PostgreSQL. No queries here.

A change here needs a revision in `migrations/versions`; a test compares the two.
`check_results` and `incident_history` only ever grow: triggers refuse an update or a delete.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()
FOUR_PLACES = Decimal("0.0001")


class UtcTime(sa.types.TypeDecorator[datetime]):
    """An instant in UTC; SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = sa.DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Aware in, naive UTC stored. Raises ValueError on a naive time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Naive UTC stored, aware out."""
        return None if value is None else value.replace(tzinfo=UTC)


class Money(sa.types.TypeDecorator[Decimal]):
    """A value with four decimals: NUMERIC on PostgreSQL, REAL on SQLite (exact to 4 places below 1e11)."""

    impl = sa.Numeric(24, 4)
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        """REAL where the database has no decimals."""
        return dialect.type_descriptor(sa.Float() if dialect.name == "sqlite" else sa.Numeric(24, 4))

    def process_bind_param(self, value: Decimal | None, dialect: Any) -> Any:
        """Round to four places."""
        if value is None:
            return None
        rounded = Decimal(value).quantize(FOUR_PLACES)
        return float(rounded) if dialect.name == "sqlite" else rounded

    def process_result_value(self, value: Any, dialect: Any) -> Decimal | None:
        """Four places again."""
        return None if value is None else Decimal(str(value)).quantize(FOUR_PLACES)


def _text(name: str, *, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, default=default)


def _serial(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True)


def _number(name: str, *, default: int = 0) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, default=default)


store_facts = sa.Table("store_facts", metadata, sa.Column("name", sa.Text, primary_key=True), _text("value"))

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("run_seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("run_id", sa.Text, nullable=False, unique=True),
    _text("release_id"),
    sa.Column("as_of_date", sa.Date, nullable=False),
    _text("status"),
    sa.Column("started_at", UtcTime),
    sa.Column("finished_at", UtcTime),
    sa.Column("recorded_at", UtcTime, nullable=False),
    sa.Column("is_backfill", sa.Boolean, nullable=False),
    _text("content_hash"),
    _text("outcome"),  # JSON of RunOutcome, so that recording twice answers the same
    _text("message"),
)

check_results = sa.Table(
    "check_results",
    metadata,
    _serial("result_id"),
    sa.Column("run_seq", sa.Integer, sa.ForeignKey("runs.run_seq"), nullable=False),
    _text("check_id"),
    _text("engine"),
    _text("contract_or_model"),
    _text("rule_id"),
    _text("severity"),
    sa.Column("is_blocking", sa.Boolean, nullable=False),
    sa.Column("is_passed", sa.Boolean, nullable=False),
    sa.Column("rows_failed", sa.BigInteger, nullable=False),
    sa.Column("rows_checked", sa.BigInteger),
    sa.Column("variance_value", Money),
    sa.Column("duration_ms", sa.BigInteger),
    _text("message"),
    sa.UniqueConstraint("run_seq", "check_id"),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("incident_no", sa.Integer, primary_key=True, autoincrement=False),
    _text("cause_key"),
    _text("rule_id"),
    _text("title"),
    _text("title_zh"),
    _text("severity"),
    _text("state"),
    _text("owner_name"),
    _text("item_id"),
    _text("warehouse_id"),
    _text("doc_no"),
    _text("source_name"),
    sa.Column("first_business_date", sa.Date),
    _text("cause"),
    _text("explanation"),
    _text("explanation_zh"),
    _text("task"),
    _text("task_zh"),
    _number("rows_failed"),
    sa.Column("variance_net_value", Money),
    sa.Column("variance_gross_value", Money),
    sa.Column("stock_value_touched", Money),
    _text("value_status", default="ok"),
    _text("currency_code"),
    _text("metrics"),
    sa.Column("opened_at", UtcTime, nullable=False),
    sa.Column("opened_as_of_date", sa.Date, nullable=False),
    _number("opened_run_seq"),
    _number("last_failed_run_seq"),
    _number("last_looked_run_seq"),
    sa.Column("due_date", sa.Date, nullable=False),
    sa.Column("acknowledged_at", UtcTime),
    _text("acknowledged_by"),
    sa.Column("snoozed_until_date", sa.Date),
    sa.Column("accepted_until_date", sa.Date),
    sa.Column("accepted_gross_value", Money),
    _number("escalation_level"),
    _number("reopened_count"),
    _text("reason"),
    _text("reason_by"),
    sa.Column("closed_at", UtcTime),
    sa.Column("closed_as_of_date", sa.Date),
    sa.Column("closed_run_seq", sa.Integer),
    sa.Column("previous_incident_no", sa.Integer),
    sa.Index("one_live_incident_per_cause", "cause_key", unique=True, sqlite_where=sa.text("state <> 'closed'"),
             postgresql_where=sa.text("state <> 'closed'")),
    sa.Index("incidents_by_state", "state", "severity"),
)  # fmt: skip

incident_subjects = sa.Table(
    "incident_subjects",
    metadata,
    sa.Column("incident_no", sa.Integer, sa.ForeignKey("incidents.incident_no"), primary_key=True),
    sa.Column("item_id", sa.Text, primary_key=True),
    sa.Column("warehouse_id", sa.Text, primary_key=True),
)

failing_rows = sa.Table(
    "failing_rows",
    metadata,
    _serial("row_no"),
    _text("finding_id"),
    _text("content_hash"),
    _text("rule_id"),
    _text("severity"),
    sa.Column("incident_no", sa.Integer, sa.ForeignKey("incidents.incident_no")),
    _text("item_id"),
    _text("warehouse_id"),
    _text("doc_no"),
    sa.Column("business_date", sa.Date),
    sa.Column("variance_units", sa.Float),
    sa.Column("variance_value", Money),
    _text("cause"),
    _text("explanation"),
    _text("explanation_zh"),
    _text("task"),
    _text("task_zh"),
    _text("source_instance"),
    _text("source_file"),
    sa.Column("source_row", sa.BigInteger),
    _number("first_run_seq"),
    _number("last_run_seq"),
    sa.UniqueConstraint("finding_id", "content_hash"),
    sa.Index("failing_rows_by_incident", "incident_no", "last_run_seq"),
)

incident_history = sa.Table(
    "incident_history",
    metadata,
    _serial("history_id"),
    sa.Column("incident_no", sa.Integer, sa.ForeignKey("incidents.incident_no"), nullable=False, index=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("clock_at", UtcTime, nullable=False),  # what the clock said, believed or not
    _text("user_name"),
    _text("action"),
    _text("field"),
    _text("old_value"),
    _text("new_value"),
    _text("comment"),
    sa.Column("run_seq", sa.Integer),
)

notices = sa.Table(
    "notices",
    metadata,
    _serial("notice_no"),
    _text("kind"),
    _text("recipient"),
    _text("channel"),
    _text("language"),
    _text("incident_nos"),
    _text("title"),
    _text("body"),
    _text("state"),  # pending, sending, sent, given_up
    _number("attempts"),
    sa.Column("created_at", UtcTime, nullable=False),
    sa.Column("next_attempt_at", UtcTime, nullable=False),
    sa.Column("lease_until_at", UtcTime),
    sa.Column("sent_at", UtcTime),
    _text("last_error"),
    sa.Index("notices_due", "state", "next_attempt_at"),
)

notice_subjects = sa.Table(
    "notice_subjects",
    metadata,
    sa.Column("subject_key", sa.Text, primary_key=True),  # what was said to whom through what: never said twice
    sa.Column("notice_no", sa.BigInteger, sa.ForeignKey("notices.notice_no"), nullable=False),
)
