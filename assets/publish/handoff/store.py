"""Decisions about draft orders: who approved what, what was handed over, what came back. SQLAlchemy, beside the incidents.

A draft is of one release; what is decided is kept here with its lines, so that a later run cannot change it. States:
approved or rejected by a person, exported, then acknowledged once every line has an answer. History only grows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa

STORE_VARIABLE = "STOCKTURN_ORDERS_URL"
_META = sa.MetaData()
_ORDERS = sa.Table(
    "order_decisions", _META,
    sa.Column("draft_no", sa.Text, primary_key=True), sa.Column("release_id", sa.Text, nullable=False),
    sa.Column("as_of_date", sa.Date, nullable=False), sa.Column("supplier_id", sa.Text, nullable=False),
    sa.Column("warehouse_id", sa.Text, nullable=False), sa.Column("state", sa.Text, nullable=False),
)  # fmt: skip
_LINES = sa.Table(
    "order_decision_lines", _META,
    sa.Column("draft_no", sa.Text, sa.ForeignKey("order_decisions.draft_no"), primary_key=True),
    sa.Column("draft_line_id", sa.Text, primary_key=True), sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("proposed_units", sa.Float, nullable=False), sa.Column("approved_units", sa.Float, nullable=False),
    sa.Column("unit_price", sa.Float), sa.Column("due_date", sa.Date), sa.Column("ack_status", sa.Text, nullable=False),
    sa.Column("acknowledged_units", sa.Float), sa.Column("po_no", sa.Text, nullable=False),
)  # fmt: skip
_HISTORY = sa.Table(
    "order_history", _META,
    sa.Column("history_no", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.DateTime, nullable=False), sa.Column("draft_no", sa.Text, nullable=False, index=True),
    sa.Column("action", sa.Text, nullable=False), sa.Column("user_name", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
)  # fmt: skip


class OrderError(ValueError):
    """A decision that cannot be made; the message says why and what to do."""


@dataclass(frozen=True)
class Line:
    """One line of a draft: units proposed by the plan and, once decided, approved."""

    draft_line_id: str
    item_id: str
    proposed_units: float
    approved_units: float
    unit_price: float | None
    due_date: date | None
    ack_status: str = ""
    acknowledged_units: float | None = None
    po_no: str = ""


@dataclass(frozen=True)
class Order:
    """A draft with its lines; state `proposed` as long as nobody decided."""

    draft_no: str
    release_id: str
    as_of_date: date
    supplier_id: str
    warehouse_id: str
    state: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Answer:
    """What came back for a line: `accepted` with units, number and date, or `rejected`."""

    draft_no: str
    draft_line_id: str
    ack_status: str
    units: float | None = None
    po_no: str = ""
    due_date: date | None = None


class OrderStore:
    """A database that holds the decisions."""

    def __init__(self, url: str | sa.URL) -> None:
        """`url` is a SQLAlchemy URL; the tables are made where they are missing."""
        self.engine = sa.create_engine(url)
        _META.create_all(self.engine, checkfirst=True)

    @classmethod
    def at(cls, path: Path) -> OrderStore:
        """The store of a workspace: PostgreSQL where STOCKTURN_ORDERS_URL names one, else a SQLite file."""
        if given := os.environ.get(STORE_VARIABLE):
            return cls(given)
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(sa.URL.create("sqlite", database=str(path)))

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def get(self, draft_no: str) -> Order | None:
        """A decided draft, or None."""
        found = self.orders([draft_no])
        return found[0] if found else None

    def orders(self, draft_nos: Sequence[str] | None = None) -> list[Order]:
        """Decided drafts by number; all of them, or those named."""
        query = sa.select(_ORDERS).order_by(_ORDERS.c.draft_no)
        if draft_nos is not None:
            query = query.where(_ORDERS.c.draft_no.in_(list(draft_nos)))
        with self.engine.connect() as connection:
            heads = connection.execute(query).all()
            rows = connection.execute(sa.select(_LINES)).all()
        lines: dict[str, list[Line]] = {}
        for row in rows:
            values = dict(row._mapping)
            lines.setdefault(str(values.pop("draft_no")), []).append(Line(**values))
        return [
            Order(**dict(head._mapping), lines=tuple(sorted(lines.get(head.draft_no, []), key=_place)))
            for head in heads
        ]  # fmt: skip

    def history(self, draft_no: str) -> list[tuple[datetime, str, str, str]]:
        """What was done with a draft: time (UTC), action, user, comment."""
        query = sa.select(_HISTORY).where(_HISTORY.c.draft_no == draft_no).order_by(_HISTORY.c.history_no)
        with self.engine.connect() as connection:
            return [(row.at, row.action, row.user_name, row.comment) for row in connection.execute(query)]

    def decide(self, order: Order, state: str, user: str, comment: str = "") -> None:
        """Keep a decision (`approved` or `rejected`) with the lines as they are in `order`.

        Raises:
            OrderError: it was handed over already, or nothing of it is approved.
        """
        before = self.get(order.draft_no)
        if before is not None and before.state in ("exported", "acknowledged"):
            raise OrderError(f"{order.draft_no} was handed over already; change the order in the ERP")
        if state == "approved" and not any(line.approved_units > 0 for line in order.lines):
            raise OrderError(f"{order.draft_no}: no line has units; reject it instead")
        with self._writing(order.draft_no, state, user, comment) as connection:
            connection.execute(_LINES.delete().where(_LINES.c.draft_no == order.draft_no))
            connection.execute(_ORDERS.delete().where(_ORDERS.c.draft_no == order.draft_no))
            head = {
                name: getattr(order, name)
                for name in ("draft_no", "release_id", "as_of_date", "supplier_id", "warehouse_id")
            }
            connection.execute(_ORDERS.insert().values(**head, state=state))
            rows = [{"draft_no": order.draft_no} | vars(line) for line in order.lines]
            connection.execute(_LINES.insert(), rows)

    def exported(self, draft_no: str, user: str, comment: str) -> int:
        """Note that an approved draft was handed over; returns the number of the note."""
        with self._writing(draft_no, "exported", user, comment) as connection:
            self._state(connection, draft_no, "exported")
            used = (_LINES.c.draft_no == draft_no) & (_LINES.c.approved_units > 0)
            connection.execute(_LINES.update().where(used).values(ack_status="sent"))
            return int(connection.execute(sa.select(sa.func.max(_HISTORY.c.history_no))).scalar_one())

    def acknowledge(self, answers: Sequence[Answer], user: str, comment: str) -> int:
        """Keep what came back, all of it or nothing; returns the number of the last note.

        Raises:
            OrderError: an answer to a draft or line that was not handed over.
        """
        number = 0
        known = {(order.draft_no, line.draft_line_id): line for order in self.orders() for line in order.lines}
        for answer in answers:
            line = known.get((answer.draft_no, answer.draft_line_id))
            if line is None or line.ack_status == "":
                raise OrderError(f"{answer.draft_no} line {answer.draft_line_id}: no such line was handed over")
        with self.engine.begin() as connection:
            for answer in answers:
                here = (_LINES.c.draft_no == answer.draft_no) & (_LINES.c.draft_line_id == answer.draft_line_id)
                changed: dict[str, object] = {
                    "ack_status": answer.ack_status,
                    "acknowledged_units": answer.units,
                    "po_no": answer.po_no,
                }
                if answer.due_date is not None:
                    changed["due_date"] = answer.due_date
                connection.execute(_LINES.update().where(here).values(**changed))
            for draft_no in sorted({answer.draft_no for answer in answers}):
                waiting = connection.execute(
                    sa.select(sa.func.count()).select_from(_LINES).where(
                        (_LINES.c.draft_no == draft_no) & (_LINES.c.ack_status == "sent")
                    )
                ).scalar_one()  # fmt: skip
                if waiting == 0:
                    self._state(connection, draft_no, "acknowledged")
                number = self._note(connection, draft_no, "acknowledged", user, comment)
        return number

    @contextmanager
    def _writing(self, draft_no: str, action: str, user: str, comment: str) -> Iterator[sa.Connection]:
        with self.engine.begin() as connection:
            self._note(connection, draft_no, action, user, comment)
            yield connection

    def _note(self, connection: sa.Connection, draft_no: str, action: str, user: str, comment: str) -> int:
        now = datetime.now(UTC).replace(tzinfo=None)
        values = {"at": now, "draft_no": draft_no, "action": action, "user_name": user, "comment": comment}
        written = connection.execute(_HISTORY.insert().values(**values)).inserted_primary_key
        return int(written[0]) if written is not None else 0

    def _state(self, connection: sa.Connection, draft_no: str, state: str) -> None:
        connection.execute(_ORDERS.update().where(_ORDERS.c.draft_no == draft_no).values(state=state))


def _place(line: Line) -> tuple[int, str]:
    return (int(line.draft_line_id) if line.draft_line_id.isdigit() else 0, line.draft_line_id)
