"""Orders in the pages: decided in the user's name, within the role, and only by who may see all of an order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest

from assets.publish.handoff.store import OrderError, OrderStore
from benchmarks.synthetic_release import write_release
from dashboard.context import Context
from dashboard.filters import Filter
from dashboard.identity import Role, User
from dashboard.queries import orders as queries
from dashboard.release_reader import ReleaseReader
from dashboard.texts import Words
from dashboard.views.orders import allowed, order_of, perform

OWNERS = ("责任人1", "责任人2")


class Desk(Context):
    """A context whose stores are in the test's folder."""

    @property
    def order_store(self) -> OrderStore:
        return cast(OrderStore, self.settings)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OrderStore]:
    opened = OrderStore.at(tmp_path / "orders.db")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReleaseReader]:
    """D1: two lines of two owners. D2: one line of the first owner at the dearer supplier."""
    release = write_release(tmp_path_factory.mktemp("releases"), 60, 14)
    with duckdb.connect(str(release.database)) as connection:
        connection.execute("set search_path = 'marts'")
        connection.execute(
            f"""create table fct_order_draft_lines as
                   select l.*, h.item_id, h.warehouse_id, date '2026-07-05' as expected_arrival_date,
                       order_units * unit_price as order_value, 9.0 as order_cover_days, 'order' as reason
                   from (values ('D1', '1', 'C/S1', '{OWNERS[0]}', 10, 1.0), ('D1', '2', 'C/S1', '{OWNERS[1]}', 20, 1.0),
                                ('D2', '1', 'C/S2', '{OWNERS[0]}', 33, 3.0))
                       l(draft_no, draft_line_id, supplier_id, owner_name, order_units, unit_price)
                   join (select owner_name, min(item_id) as item_id, arg_min(warehouse_id, item_id) as warehouse_id
                         from fct_inventory_health group by 1) h using (owner_name);
               create table fct_order_drafts as
                   select draft_no, supplier_id, min(warehouse_id) as warehouse_id, count(*) as lines_no,
                       sum(order_value) as order_value, date '2026-07-05' as expected_arrival_date, 'ok' as order_status
                   from fct_order_draft_lines group by 1, 2"""
        )
        owners = connection.execute("select distinct owner_name from fct_inventory_health").fetchall()
        assert {name for (name,) in owners} >= set(OWNERS)
    opened = ReleaseReader(release)
    yield opened
    opened.close()


def desk(
    reader: ReleaseReader, store: OrderStore, role: Role, owners: tuple[str, ...] | None = None, **chosen: Any
) -> Desk:
    return Desk(
        cast(Any, store), reader, None, User("eva", role, owners), Words("en"), Filter(allowed_owners=owners, **chosen)
    )


def test_drafts_stand_by_supplier_and_follow_the_filter(reader: ReleaseReader, store: OrderStore) -> None:
    assert list(queries.drafts(reader, Filter())["draft_no"]) == ["D2", "D1"]
    assert list(queries.drafts(reader, Filter(owners=(OWNERS[1],)))["draft_no"]) == ["D1"]


def test_who_may_not_see_every_line_sees_no_part_of_the_order(reader: ReleaseReader, store: OrderStore) -> None:
    mine = Filter(allowed_owners=(OWNERS[0],))
    assert list(queries.drafts(reader, mine)["draft_no"]) == ["D2"]
    with pytest.raises(PermissionError, match="may not see D1"):
        perform(desk(reader, store, Role.ADMIN, (OWNERS[0],)), "D1", "approve", {}, "", "")
    assert store.orders() == []


def test_a_decision_is_kept_in_the_users_name_with_the_units_that_were_typed(
    reader: ReleaseReader, store: OrderStore
) -> None:
    eva = desk(reader, store, Role.OPERATOR)
    perform(eva, "D1", "approve", {"1": 10, "2": 5}, "less of the second", "")
    order = order_of(eva, "D1")
    assert order.state == "approved" and [line.approved_units for line in order.lines] == [10, 5]
    assert [(action, user, comment) for _, action, user, comment in store.history("D1")] == [
        ("approved", "eva", "less of the second")
    ]
    perform(eva, "D1", "reject", {}, "too early", "")
    assert order_of(eva, "D1").state == "rejected"


@pytest.mark.parametrize(("role", "state", "choices"), [
    (Role.VIEWER, "proposed", []), (Role.OPERATOR, "proposed", ["approve", "reject"]),
    (Role.OPERATOR, "approved", ["approve", "reject"]), (Role.ADMIN, "approved", ["approve", "reject", "hand_over"]),
])  # fmt: skip
def test_what_each_role_may_do(
    reader: ReleaseReader, store: OrderStore, role: Role, state: str, choices: list[str]
) -> None:
    if state == "approved":
        perform(desk(reader, store, Role.OPERATOR), "D2", "approve", {}, "", "")
    someone = desk(reader, store, role)
    assert allowed(someone, order_of(someone, "D2")) == choices
    for action in {"approve", "reject", "hand_over"} - set(choices):
        with pytest.raises((PermissionError, OrderError)):
            perform(someone, "D2", action, {}, "because", "csv")


def test_a_rejection_needs_a_reason(reader: ReleaseReader, store: OrderStore) -> None:
    with pytest.raises(OrderError, match="needs a reason"):
        perform(desk(reader, store, Role.ADMIN), "D1", "reject", {}, " ", "")
