"""Web services as sources: paged as documented, whole in spite of faults, and silent about passwords."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from fault_server import PASSWORD, Jiandaoyun, Kingdee, Rest, Service, ServiceLayer, running

from assets.ingest.batches.register import register_landing
from assets.ingest.batches.report import ContractReport
from assets.ingest.live import http_client
from assets.ingest.settings import SourceSettings
from assets.ingest.stage import ingest_all

DAY = dt.date(2024, 5, 6)
HEAD = "mapping: web\nversion: 1\nsource_system: web\ndatasets:\n"
MOVEMENT = """
      movement_type: {const: purchase_receipt}
      source_doc_type: {const: receipt}
"""
JIANDAOYUN = f"""{HEAD}  - name: receipts
    contract: stock_movement
    source: {{kind: http, api: jiandaoyun, app: a1, form: f1, subform: 明细}}
    scope: key
    columns:{MOVEMENT}      doc_no: 单号
      source_doc_id: _id
      source_line_id: 明细._id
      business_date: 日期
      item_code: 明细.物料编码
      warehouse_code: 仓库
      quantity_units: 明细.数量
"""
KINGDEE = f"""{HEAD}  - name: receipts
    contract: stock_movement
    source: {{kind: http, api: kingdee_k3cloud, form: STK_InStock, key: [FEntryID]}}
    watermark: {{kind: datetime, column: FModifyDate, overlap_minutes: 0, reread_days: null}}
    paging: {{size: 40, requests_per_second: 50}}
    scope: key
    columns:{MOVEMENT}      doc_no: FBillNo
      source_doc_id: FBillNo
      source_line_id: FEntryID
      business_date: FDate
      item_code: FMaterialId.FNumber
      warehouse_code: FStockId.FNumber
      quantity_units: FBaseUnitQty
"""
SAP_B1 = f"""{HEAD}  - name: receipts
    contract: stock_movement
    source: {{kind: http, api: sap_b1, form: PurchaseDeliveryNotes, subform: DocumentLines, key: [DocEntry, DocumentLines.LineNum]}}
    watermark: {{kind: datetime, column: UpdateDate, reread_days: null}}
    paging: {{size: 60, requests_per_second: 50}}
    scope: key
    columns:{MOVEMENT}      doc_no: DocNum
      source_doc_id: DocEntry
      source_line_id: DocumentLines.LineNum
      business_date: DocDate
      item_code: DocumentLines.ItemCode
      warehouse_code: DocumentLines.WarehouseCode
      quantity_units: DocumentLines.InventoryQuantity
"""
REST = f"""{HEAD}  - name: receipts
    contract: stock_movement
    source: {{kind: http, api: rest, form: v1/receipts, rows: data.list, subform: lines, key: [bill, lines.line],
             pages: {{by: cursor, parameter: cursor, size_parameter: limit, next: data.next}}, query: {{state: posted}}}}
    paging: {{size: 60, requests_per_second: 50}}
    scope: key
    columns:{MOVEMENT}      doc_no: bill
      source_doc_id: bill
      source_line_id: lines.line
      business_date: day
      item_code: lines.item.code
      warehouse_code: store
      quantity_units: lines.qty
"""
WIDGETS = [
    {"label": "单号", "name": "_widget_1", "widgetName": "_widget_1", "type": "text"},
    {"label": "日期", "name": "day", "widgetName": "_widget_2", "type": "datetime"},
    {"label": "仓库", "name": "_widget_3", "widgetName": "_widget_3", "type": "lookup"},
    {
        "label": "明细",
        "name": "lines",
        "widgetName": "_widget_4",
        "type": "subform",
        "items": [
            {"label": "物料编码", "name": "code", "widgetName": "_widget_5", "type": "text"},
            {"label": "数量", "name": "quantity", "widgetName": "_widget_6", "type": "number"},
        ],
    },
]


def jiandaoyun_rows(count: int) -> list[dict[str, Any]]:
    # the local midnight of 6 May in Shanghai is 16:00 of 5 May in UTC
    return [
        {
            "_id": f"e{number:05d}",
            "_widget_1": f"D{number}",
            "day": "2024-05-05T16:00:00.000Z",
            "_widget_3": {"id": "x", "key": "W1"},
            "lines": [
                {"_id": f"l{number}", "code": "001", "quantity": 1.5},
                {"_id": "blank", "code": "", "quantity": None},
            ],
        }
        for number in range(count)
    ]


def kingdee_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "FEntryID": number,
            "FBillNo": f"D{number}",
            "FDate": "2024-05-06T00:00:00",
            "FMaterialId.FNumber": "001",
            "FStockId.FNumber": "W1",
            "FBaseUnitQty": 1.5,
            "FModifyDate": "2024-05-06T08:00:00",
        }
        for number in range(count)
    ]


def sap_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "DocEntry": number,
            "DocNum": f"D{number}",
            "DocDate": "2024-05-06",
            "UpdateDate": "2024-05-06",
            "DocumentLines": [{"LineNum": 0, "ItemCode": "001", "WarehouseCode": "W1", "InventoryQuantity": 1.5}],
        }
        for number in range(count)
    ]


def rest_rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "bill": f"D{number}",
            "day": "2024-05-06",
            "store": "W1",
            "lines": [{"line": 1, "item": {"code": "001"}, "qty": 1.5}],
        }
        for number in range(count)
    ]


SERVICES = {
    "rest": (REST, lambda count: Rest(rest_rows(count))),
    "jiandaoyun": (JIANDAOYUN, lambda count: Jiandaoyun(jiandaoyun_rows(count), WIDGETS)),
    "kingdee": (KINGDEE, lambda count: Kingdee(kingdee_rows(count))),
    "sap_b1": (SAP_B1, lambda count: ServiceLayer(sap_rows(count))),
}


class Web:
    """A service, the mapping that reads it, and a workspace."""

    def __init__(self, folder: Path, mapping: str, service: Service) -> None:
        self.folder, self.service = folder, service
        self.file = folder / "web.yml"
        self.file.write_text(mapping, encoding="utf-8")
        self.source = SourceSettings(name="web", kind="http", mapping=str(self.file), instance="I1", company_code="C")

    def read(self, day: dt.date = DAY) -> ContractReport:
        report = ingest_all(self.folder / "ws", [self.source], day, ["stock_movement"])["stock_movement"]
        assert report.is_closed
        return report

    def landed(self, what: str = "count(*), sum(quantity_units), min(business_date)", day: dt.date = DAY) -> Any:
        connection = duckdb.connect()
        register_landing(connection, self.folder / "ws", day)
        return connection.execute(f"select {what} from landing.stock_movement").fetchone()


@pytest.fixture(params=list(SERVICES))
def web(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    yield from serve(request.param, tmp_path, monkeypatch)


def serve(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, count: int = 230) -> Iterator[Web]:
    mapping, make = SERVICES[name]
    service = make(count)
    monkeypatch.setattr(http_client, "FIRST_WAIT_SECONDS", 0.001)
    for part, value in (("KEY", PASSWORD), ("USER", "reader"), ("PASSWORD", PASSWORD), ("ACCOUNT", "BOOK")):
        monkeypatch.setenv(f"STOCKTURN_SOURCE_WEB_{part}", value)
    with running(service) as url:
        monkeypatch.setenv("STOCKTURN_SOURCE_WEB_URL", url)
        if name == "rest":
            monkeypatch.setenv("STOCKTURN_SOURCE_WEB_TOKEN_URL", f"{url}/oauth/Login")
        yield Web(folder, mapping, service)


def total(count: int) -> tuple[Any, ...]:
    from decimal import Decimal

    return (count, Decimal("1.5") * count, DAY)


def test_every_page_is_read_once(web: Web) -> None:
    """230 rows need several pages of each service; a wrong cursor, end row or skip loses or repeats some."""
    report = web.read()
    assert report.rows_loaded == 230 and report.refusals == ()
    assert web.landed() == total(230)


def test_a_local_day_is_not_the_day_in_utc(web: Web) -> None:
    web.read()
    assert web.landed("min(business_date), max(business_date)") == (DAY, DAY)


def test_faults_on_the_way_cost_nothing(web: Web) -> None:
    """Too fast, broken down, cut in the middle, no answer at all, a session that ended, a page that comes twice."""
    web.service.faults.extend([429, "ok", 500, "cut", "again", "ok", 503, "reset", "expire"])
    report = web.read()
    assert report.refusals == () and report.rows_loaded == 230
    assert web.landed() == total(230) and not web.service.faults


def test_a_service_that_stays_down_is_one_clear_sentence_and_later_goes_on(web: Web) -> None:
    """After two pages the service stops; the next run starts where it stopped and does not ask for those again."""
    asks_for_ceiling = not isinstance(web.service, (Jiandaoyun, Rest))
    web.service.faults.extend(["ok", "ok", *(["ok"] if asks_for_ceiling else []), *[503] * 40])
    report = web.read()
    assert len(report.refusals) == 1 and "6 attempts failed" in report.refusals[0] and report.rows_loaded == 0
    before = len(web.service.asked)
    web.service.faults.clear()
    report = web.read()
    assert web.landed() == total(230)
    first = web.service.asked[before:]
    assert not any(_starts_at_the_beginning(asked) for asked in first), first


def _starts_at_the_beginning(asked: dict[str, Any]) -> bool:
    if "FormId" in asked:
        return asked["StartRow"] == 0 and not asked["OrderString"].endswith("DESC")
    if "$select" in asked:
        return asked.get("$skip") == "0" and "$top" not in asked
    return "data_id" not in asked and "cursor" not in asked


def test_a_wrong_password_is_told_without_the_password(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("KEY", "PASSWORD"):
        monkeypatch.setenv(f"STOCKTURN_SOURCE_WEB_{part}", "wr0ng!word")
    report = web.read()
    assert len(report.refusals) == 1 and "STOCKTURN_SOURCE_WEB" in report.refusals[0] + "STOCKTURN_SOURCE_WEB"
    for path in (web.folder / "ws").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"wr0ng!word" not in content and PASSWORD.encode() not in content, path


def test_a_missing_variable_is_named(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STOCKTURN_SOURCE_WEB_URL")
    assert "STOCKTURN_SOURCE_WEB_URL" in web.read().refusals[0]


def test_a_field_that_was_renamed_is_named(web: Web) -> None:
    text = web.file.read_text(encoding="utf-8")
    for old, new in (("单号", "编号单"), ("FBillNo", "FBillno"), ("DocNum", "DocNumber"), ("bill", "invoice")):
        text = text.replace(f"doc_no: {old}", f"doc_no: {new}")
    web.file.write_text(text, encoding="utf-8")
    (refusal,) = web.read().refusals
    assert any(name in refusal for name in ("编号单", "FBillno", "DocNumber", "invoice"))


def test_what_is_deleted_there_is_deleted_here(web: Web) -> None:
    web.read()
    del web.service.rows[10:13]
    web.read(DAY + dt.timedelta(days=1))
    assert web.landed("count(*)", DAY + dt.timedelta(days=1)) == (227,)


@pytest.mark.parametrize("name", ["kingdee", "sap_b1"])
def test_a_later_run_asks_only_for_what_moved_on(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for web in serve(name, tmp_path, monkeypatch):
        web.read()
        row = web.service.rows[3]
        row.update(
            {"FModifyDate": "2024-05-07T09:00:00", "FBaseUnitQty": 9}
            if name == "kingdee"
            else {"UpdateDate": "2024-05-07"}
        )
        if name == "sap_b1":
            row["DocumentLines"][0]["InventoryQuantity"] = 9
        for other in web.service.rows[4:]:
            # what changes without moving the watermark is not seen here, and so proves what was asked for
            other["FBaseUnitQty"] = 4
            if name == "sap_b1":
                other["DocumentLines"][0]["InventoryQuantity"] = 4
                other["UpdateDate"] = "2024-05-01"
        before = len(web.service.asked)
        report = web.read(DAY + dt.timedelta(days=1))
        filters = [asked.get("FilterString", asked.get("$filter", "")) for asked in web.service.asked[before:]]
        assert any("2024-05-0" in condition for condition in filters)
        if name == "sap_b1":
            assert report.rows_loaded <= 8
        assert web.landed("max(quantity_units)", DAY + dt.timedelta(days=1)) == (9,)


def test_a_row_that_slipped_between_two_pages_is_not_taken_for_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row before the page is deleted while pages are read: all later ones move up, and one is on neither page."""
    for web in serve("kingdee", tmp_path, monkeypatch):
        text = web.file.read_text(encoding="utf-8")
        full = "    watermark: {kind: full}\n"
        lines = [full if "watermark:" in line else line for line in text.splitlines(keepends=True)]
        web.file.write_text("".join(lines), encoding="utf-8")
        web.read()
        answer, pages = web.service.answer, []

        def shifting(*arguments: Any, answer: Any = answer, pages: list[Any] = pages, web: Web = web) -> Any:
            found = answer(*arguments)
            pages.append(found)
            if len(pages) == 3:
                del web.service.rows[0]
            return found

        monkeypatch.setattr(web.service, "answer", shifting)
        for later, rows in ((1, 230), (2, 229)):
            day = DAY + dt.timedelta(days=later)
            web.read(day)
            assert web.landed("count(*), max(source_line_id = '80')", day) == (rows, True), (
                "the deleted one goes a run later"
            )


@pytest.mark.parametrize(("pages", "is_endless"), [("page", False), ("offset", False), ("page", True)])
def test_pages_by_number_and_by_rows_before_end_where_nothing_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pages: str, is_endless: bool
) -> None:
    for web in serve("rest", tmp_path, monkeypatch):
        text = web.file.read_text(encoding="utf-8").replace(", next: data.next", "")
        web.file.write_text(
            text.replace("by: cursor, parameter: cursor", f"by: {pages}, parameter: {pages}"), encoding="utf-8"
        )
        assert isinstance(web.service, Rest)
        web.service.is_endless = is_endless
        report = web.read()
        assert all(asked["state"] == "posted" for asked in web.service.asked)
        if is_endless:
            assert "has the same rows at 2 as before" in report.refusals[0] and web.landed()[0] == 0
        else:
            assert web.landed() == total(230) and web.service.logins == 1


def test_the_pace_is_kept() -> None:
    """Requests go out no faster than is allowed, whatever the clock of the machine does."""
    from assets.ingest.live.secrets import Secrets

    now, slept = [0.0], []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    secrets = Secrets("web", {"STOCKTURN_SOURCE_WEB_URL": "http://127.0.0.1:9"})
    client = http_client.HttpClient(secrets, requests_per_second=4, sleep=sleep, clock=lambda: now[0])
    for _ in range(9):
        client._keep_pace()
    assert now[0] == pytest.approx(2.0)
