"""Draft orders decided, exported in the shapes of ERPs, acknowledged, and read again as supply."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path

import pytest

from assets.publish.handoff.answers import file_name, landed_text, read_answers
from assets.publish.handoff.shapes import SHAPES, document
from assets.publish.handoff.store import Answer, Line, Order, OrderError, OrderStore

DAY = dt.date(2026, 6, 30)
ORDER = Order(
    "D20260630-S1-W1", "r1", DAY, "C/S1", "C/W1", "proposed",
    (
        Line("1", "C/A", 48.0, 48.0, 2.5, dt.date(2026, 7, 9)),
        Line("2", "C/B/red", 10.0, 0.0, 3.0, None),
        Line("3", "C/螺丝", 5.5, 5.5, None, dt.date(2026, 7, 12)),
    ),
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> OrderStore:
    return OrderStore.at(tmp_path / "quality" / "orders.db")


def test_what_was_approved_stays_whatever_the_next_run_proposes(store: OrderStore) -> None:
    store.decide(ORDER, "approved", "amy", "fine")
    kept = store.get(ORDER.draft_no)
    assert kept is not None and (kept.state, kept.lines, kept.as_of_date) == ("approved", ORDER.lines, DAY)
    store.decide(ORDER, "rejected", "bob", "no budget")
    assert [row[1:] for row in store.history(ORDER.draft_no)] == [
        ("approved", "amy", "fine"),
        ("rejected", "bob", "no budget"),
    ]
    nothing = Order(**{**vars(ORDER), "lines": (ORDER.lines[1],)})
    with pytest.raises(OrderError, match="reject it instead"):
        store.decide(nothing, "approved", "amy")


def test_an_order_that_was_handed_over_is_not_decided_again(store: OrderStore) -> None:
    store.decide(ORDER, "approved", "amy")
    store.exported(ORDER.draft_no, "amy", "csv")
    with pytest.raises(OrderError, match="handed over already"):
        store.decide(ORDER, "rejected", "amy", "late")
    sent = store.get(ORDER.draft_no)
    assert sent is not None and [line.ack_status for line in sent.lines] == ["sent", "", "sent"]


def test_answers_are_kept_whole_or_not_at_all(store: OrderStore) -> None:
    store.decide(ORDER, "approved", "amy")
    store.exported(ORDER.draft_no, "amy", "csv")
    good = Answer(ORDER.draft_no, "1", "accepted", 40.0, "PO77", dt.date(2026, 7, 15))
    with pytest.raises(OrderError, match="line 2: no such line was handed over"):
        store.acknowledge([good, Answer(ORDER.draft_no, "2", "accepted")], "amy", "f")
    before = store.get(ORDER.draft_no)
    assert before is not None and before.lines[0].ack_status == "sent"
    store.acknowledge([good], "amy", "f")
    part = store.get(ORDER.draft_no)
    assert part is not None and part.state == "exported"
    store.acknowledge([Answer(ORDER.draft_no, "3", "rejected")], "amy", "f")
    done = store.get(ORDER.draft_no)
    assert done is not None and done.state == "acknowledged"
    rows = list(csv.DictReader(io.StringIO(landed_text([done], DAY))))
    assert [(row["draft_line_id"], row["ack_status"], row["ordered_units"], row["po_no"]) for row in rows] == [
        ("1", "accepted", "40", "PO77"), ("3", "rejected", "5.5", ""),
    ]  # fmt: skip
    assert rows[0]["due_date"] == "2026-07-15" and rows[0]["supplier_code"] == "S1"


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_shape_carries_all_that_is_ordered(shape: str) -> None:
    """Prevents: a shape that loses a line, a digit, a Chinese code or the number by which the answer is found."""
    found = document(ORDER, shape)
    text = found.text.encode(found.encoding).decode(found.encoding)
    if found.name.endswith(".json"):
        whole = json.dumps(json.loads(text), ensure_ascii=False)
    else:
        rows = list(csv.reader(io.StringIO(text)))
        assert len(rows) == 3 and all(len(row) == len(rows[0]) for row in rows)
        whole = "|".join(cell for row in rows for cell in row)
    for needed in ("48", "5.5", "螺丝", "S1", ORDER.draft_no, "2026-07-09"):
        assert needed in whole
    assert "B/red" not in whole


def test_named_shapes_have_the_fields_that_their_systems_read() -> None:
    k3 = json.loads(document(ORDER, "kingdee_k3cloud").text)["data"]["Model"]
    assert k3["FSupplierId"] == {"FNumber": "S1"}
    assert k3["FPOOrderEntry"][0]["FMaterialId"] == {"FNumber": "A"} and k3["FPOOrderEntry"][0]["FQty"] == 48
    b1 = json.loads(document(ORDER, "sap_b1").text)
    assert (b1["CardCode"], b1["DocDueDate"], len(b1["DocumentLines"])) == ("S1", "2026-07-12", 2)
    odoo = list(csv.reader(io.StringIO(document(ORDER, "odoo").text)))
    assert odoo[1][0] == "S1" and odoo[2][0] == ""  # the head is on the first line alone


def test_an_answer_in_the_headers_of_an_erp_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "u8.csv"
    file.write_bytes('cPOID,cDefine1,cbMemo,iQuantity,dArriveDate\nPO9,D1,1,"1,200",2026/07/09\n'.encode("gb18030"))
    assert read_answers(file) == [Answer("D1", "1", "accepted", 1200.0, "PO9", dt.date(2026, 7, 9))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("draft_no,units\nD1,5\n", "no column draft_line_id"),
        ("draft_no,draft_line_id,units\nD1,1,many\n", "row 2, column units: 'many' is no number"),
        ("draft_no,draft_line_id,units\nD1,1,-4\n", "negative"),
        ("draft_no,draft_line_id,due_date\nD1,1,soon\n", "write it as YYYY-MM-DD"),
        ("draft_no,draft_line_id,ack_status\nD1,1,perhaps\n", "none of accepted, rejected"),
        ("draft_no,draft_line_id\nD1,1\nD1,1\n", "row 3: line 1 of D1 appears twice"),
        ("draft_no,draft_line_id\n", "no row below its header"),
    ],
)
def test_a_bad_answer_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "answers.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(OrderError, match=said):
        read_answers(file)


def test_files_of_one_day_count_in_the_order_in_which_they_were_written() -> None:
    assert sorted([file_name(DAY, 12), file_name(DAY, 9)]) == [file_name(DAY, 9), file_name(DAY, 12)]
