"""Attachments of a mailbox on a real IMAP server are copied once, and what gives no file is named."""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from imap_tools.imap_utf7 import utf7_encode
from mail import PASSWORD, USER, MailServer, mail, running
from pydantic import ValidationError

from assets.ingest.errors import IngestError, PartlyUnread, SourceUnreadable
from assets.ingest.live import mailbox
from assets.ingest.live.mailbox import fetch_mail
from assets.ingest.live.secrets import Secrets, variable
from assets.ingest.settings import MailSettings, SourceSettings
from assets.ingest.stage import ingest_all, resync

DAY = dt.date(2024, 6, 30)
_FOLDERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[MailServer]:
    with running() as found:
        yield found


@pytest.fixture
def folder() -> str:
    return f"box{next(_FOLDERS)}"


@pytest.fixture
def secrets(server: MailServer) -> Secrets:
    return Secrets("erp", {variable("erp", part): value for part, value in environment(server).items()})


def environment(server: MailServer) -> dict[str, str]:
    return {"USER": USER, "PASSWORD": PASSWORD, "CA_FILE": str(server.certificate)}


def source(remote: str, path: Path, mapping: str = "m.yml", **asked: object) -> SourceSettings:
    settings = MailSettings.model_validate({"files": ["*.csv"], **asked})
    return SourceSettings(
        name="erp", kind="file", mapping=mapping, path=path, instance="X", remote=remote, mail=settings
    )


def shorter(names: tuple[str, ...]) -> list[str]:
    """Names without the hash of the message."""
    return [re.sub(r"^(\d{8}_\d{6})_[0-9a-f]{8}_", r"\1 ", name) for name in names]


def at(day: int) -> dt.datetime:
    return dt.datetime(2024, 7, day, 20, tzinfo=dt.UTC)


@pytest.mark.parametrize("encryption", ["address", "start_tls"])
def test_an_attachment_is_copied_once(
    server: MailServer, secrets: Secrets, folder: str, tmp_path: Path, encryption: str
) -> None:
    inbox = tmp_path / "inbox"
    one = source(f"{getattr(server, encryption)}/{folder}", inbox)
    server.deliver(mail({"stock.csv": "x\n1\n", "logo.png": b"\x89"}), folder)
    server.deliver(mail({"stock.csv": "x\n2\n"}, at=at(1)), folder)
    first = fetch_mail(secrets, one)
    # 20:00 UTC is the next day in Shanghai, the time zone of the source
    assert shorter(first) == ["20240630_161500 stock.csv", "20240702_040000 stock.csv"]
    assert [(inbox / name).read_text() for name in first] == ["x\n1\n", "x\n2\n"]
    assert fetch_mail(secrets, one) == ()
    server.deliver(mail({"STOCK.CSV": "x\n3\n"}, at=at(3)), folder)
    assert shorter(fetch_mail(secrets, one)) == ["20240704_040000 STOCK.CSV"]
    (inbox / first[0]).unlink()
    assert fetch_mail(secrets, one) == (first[0],), "what the folder lacks is copied again"
    assert resync(tmp_path, [one], "erp") == ["erp"]
    assert fetch_mail(secrets, one) == ()
    client = server.client()
    client.select(folder)
    assert client.search(None, "UNSEEN")[1] == [b"1 2 3"], "nothing is changed in the mailbox"
    client.logout()


def test_new_numbers_of_the_same_messages_copy_nothing(
    server: MailServer, secrets: Secrets, folder: str, tmp_path: Path
) -> None:
    messages = [mail({"a.csv": "1"}), mail({"b.csv": "2"}, at=at(1))]
    one = source(f"{server.address}/{folder}", tmp_path)
    for message in messages:
        server.deliver(message, folder)
    assert len(fetch_mail(secrets, one)) == 2
    server.delete(folder)
    for message in [mail({"c.csv": "3"}, at=at(2)), *reversed(messages)]:
        server.deliver(message, folder)
    assert shorter(fetch_mail(secrets, one)) == ["20240703_040000 c.csv"]


def test_only_what_is_asked_for_is_copied(server: MailServer, secrets: Secrets, folder: str, tmp_path: Path) -> None:
    for subject, sender, name in (
        ("库存日报 6月30日", "wms@depot.example", "库存.csv"), ("Re: lunch", "wms@depot.example", "menu.csv"),
        ("库存日报 6月30日", "someone@else.example", "forged.csv"), ("库存日报", "WMS@depot.example", "库存.docx"),
    ):  # fmt: skip
        server.deliver(mail({name: "x"}, subject, sender), folder)
    one = source(f"{server.address}/{folder}", tmp_path, sender="wms@*", subject="库存日报*")
    with pytest.raises(
        PartlyUnread, match=r"message '库存日报' .* from WMS@depot.example has 库存.docx, and no .*\*.csv"
    ) as raised:
        fetch_mail(secrets, one)
    assert "menu" not in str(raised.value)
    assert shorter(tuple(path.name for path in tmp_path.glob("2*"))) == ["20240630_161500 库存.csv"]
    later = one.model_copy(
        update={"path": tmp_path / "later", "mail": MailSettings(files=("*",), since=dt.date(2100, 1, 1))}
    )
    assert fetch_mail(secrets, later) == ()


def test_a_message_without_its_attachment_is_named_until_it_is_there(
    server: MailServer, secrets: Secrets, folder: str, tmp_path: Path
) -> None:
    one = source(f"{server.address}/{folder}", tmp_path)
    server.deliver(mail({}, "forgot it"), folder)
    for _ in range(2):
        with pytest.raises(
            PartlyUnread, match=r"message 'forgot it' of 2024-06-30 16:15 from depot@supplier.example has no att"
        ):
            fetch_mail(secrets, one)
    server.deliver(mail({"a.csv": "1"}, "here it is", at=at(1)), folder)
    assert shorter(fetch_mail(secrets, one)) == ["20240702_040000 a.csv"]
    assert fetch_mail(secrets, one) == ()


def test_a_message_that_is_too_large_is_named_and_not_fetched(
    server: MailServer, secrets: Secrets, folder: str, tmp_path: Path
) -> None:
    server.deliver(mail({"large.csv": b"0" * (1 << 20)}, "large"), folder)
    server.deliver(mail({"small.csv": "1"}, "small", at=at(1)), folder)
    one = source(f"{server.address}/{folder}", tmp_path, max_megabytes=1)
    with pytest.raises(PartlyUnread, match=r"message 'large' .* has 1\.4 MB, and `max_megabytes` of the source is 1"):
        fetch_mail(secrets, one)
    assert shorter(tuple(path.name for path in tmp_path.glob("2*"))) == ["20240702_040000 small.csv"]
    server.delete(folder, "1")
    assert fetch_mail(secrets, one) == (), "a message that is gone is forgotten"


def test_names_in_the_encodings_of_chinese_programs(
    server: MailServer, secrets: Secrets, folder: str, tmp_path: Path
) -> None:
    name = "朱镕库存.csv"  # 镕 is no character of GB2312, and programs write it under that name all the same
    head = (
        b"From: a@b.example\r\nDate: Sun, 30 Jun 2024 08:15:00 +0000\r\nMessage-ID: <%d@b>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: 8bit\r\n"
        b"Content-Disposition: attachment; %s\r\n\r\nx\r\n1\r\n"
    )
    word = b"=?gb2312?B?" + base64.b64encode(name.encode("gbk")) + b"?="
    percent = b"filename*=gb2312''" + "".join(f"%{byte:02X}" for byte in name.encode("gbk")).encode()
    said = [
        b'filename="' + name.encode("gbk") + b'"', b'filename="' + name.encode() + b'"', b'filename="' + word + b'"', percent,
        b'filename="../../../' + word + b'"',
    ]  # fmt: skip
    for number, one in enumerate(said):
        server.deliver(head % (number, one), folder)
    copied = fetch_mail(secrets, source(f"{server.address}/{folder}", tmp_path / "inbox"))
    assert len(copied) == 5
    assert {shorter((one,))[0] for one in copied} == {f"20240630_161500 {name}"}
    assert sorted(path.name for path in tmp_path.rglob("*.csv")) == sorted(copied), (
        "nothing is written beside the folder"
    )


def test_every_refusal_is_one_message(server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(remote: str, **given: str) -> str:
        known = {**environment(server), **given}
        with pytest.raises(IngestError) as raised:
            fetch_mail(
                Secrets("erp", {variable("erp", part): value for part, value in known.items()}),
                source(remote, tmp_path),
            )
        assert PASSWORD not in str(raised.value)
        assert not isinstance(raised.value, PartlyUnread)
        return str(raised.value)

    box = f"{server.address}/INBOX"
    assert "the server refuses the account. Check STOCKTURN_SOURCE_ERP_USER" in refused(box, PASSWORD="wrong")
    assert "the server refuses the account" in refused(box, PASSWORD="falsch-ä")
    assert "no such folder in the mailbox" in (said := refused(f"{server.address}/报表"))
    assert "INBOX" in said
    assert "is not trusted" in (said := refused(box, CA_FILE=""))
    assert "STOCKTURN_SOURCE_ERP_CA_FILE" in said
    assert "names no file of certificates" in refused(box, CA_FILE=str(tmp_path / "none.pem"))
    assert "cannot be reached" in refused("imaps://localhost:1/INBOX")
    with monkeypatch.context() as short:
        short.setattr(mailbox, "SECONDS", 1)  # the server waits for a client that starts with TLS
        assert "cannot be reached" in refused(box.replace("imaps", "imap"))
    assert "cannot be reached" in refused(server.start_tls.replace("imap", "imaps")), "a port that does not"
    assert "STOCKTURN_SOURCE_ERP_PASSWORD" in refused(box, PASSWORD="")


def test_a_source_lands_what_its_mailbox_has(
    server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapping = tmp_path / "m.yml"
    mapping.write_text(
        "mapping: m\nversion: 1\nsource_system: x\ndatasets:\n  - {name: items, contract: item, files: '*items.csv', scope: full,\n"
        "     columns: {item_code: code, item_name: code, base_uom: {const: pcs}}}\n"
    )
    folder = "库存报表/日报"
    name = utf7_encode(folder).decode()
    server.deliver(mail({"items.csv": "code\nA\nB\n"}), name)
    server.deliver(mail({}, "thanks", at=at(1)), name)
    for part, value in environment(server).items():
        monkeypatch.setenv(variable("erp", part), value)
    one = source(f"{server.address}/{folder}", tmp_path / "in", str(mapping))
    report = ingest_all(tmp_path / "w", [one], DAY, ["item"], must_read=True)["item"]
    assert report.rows_loaded == 2
    assert any("message 'thanks'" in text for text in report.refusals), "named, and the rest is landed"
    monkeypatch.setenv(variable("erp", "PASSWORD"), "wrong")
    with pytest.raises(SourceUnreadable, match=r"source 'erp' cannot be read: .*refuses the account"):
        ingest_all(tmp_path / "w", [one], DAY + dt.timedelta(days=1), ["item"], must_read=True)


@pytest.mark.parametrize(
    ("remote", "asked", "said"),
    [
        ("imaps://host/INBOX", None, "`mail` says which attachments"),
        ("sftp://host/x", {"files": ["*"]}, "`mail` goes with"),
        ("imaps://me:secret@host/INBOX", {"files": ["*"]}, "user and password come from the environment"),
        ("imaps://host/INBOX", {"files": []}, "at least 1 item"),
        ("imaps://host/INBOX", {"files": ["*"], "max_megabytes": 0}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_refused(remote: str, asked: object, said: str, tmp_path: Path) -> None:
    given = {
        "name": "erp",
        "kind": "file",
        "mapping": "odoo",
        "path": tmp_path,
        "instance": "X",
        "remote": remote,
        "mail": asked,
    }
    with pytest.raises(ValidationError, match=said):
        SourceSettings.model_validate(given)
