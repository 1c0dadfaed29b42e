"""Attachments that arrive by mail: those of the messages that a source asks for are copied into its folder, which is then read like
any other.

Belongs here: which messages and attachments are copied, and when. imap-tools does IMAP; names and subjects are decoded in
live/mail_names.py. Nothing is changed in the mailbox: no message is marked as read, moved or deleted.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from assets.ingest.errors import IngestError, PartlyUnread
from assets.ingest.live.mail_names import attachment_name, header_text, safe_name
from assets.ingest.live.remote_folder import SECONDS, STATE_FILE
from assets.ingest.live.secrets import Secrets, variable
from assets.ingest.settings import MailSettings, SourceSettings
from assets.optional import MissingExtraError, optional
from assets.whole_files import write_whole

_HEADERS_AT_ONCE = 200
_NAMES_SHOWN = 10
_CA_FILE = "CA_FILE"
"""Certificates of the authority of a mail server of one's own, in a PEM file; the system's authorities where nothing is set."""


class _Notice(BaseModel):
    """A message that was asked for and gave no file. One that lacks its attachment is forgotten once a later one has it."""

    uid: int
    text: str
    is_without_attachment: bool


class _State(BaseModel):
    """How far a folder of the mailbox has been read. UIDs grow, and count as long as UIDVALIDITY stays (RFC 3501, 2.3.1.1)."""

    asked: str
    uid_validity: int
    last_uid: int = 0
    files: dict[str, int] = {}
    notices: list[_Notice] = []


def fetch_mail(secrets: Secrets, source: SourceSettings) -> tuple[str, ...]:
    """Copy the attachments of new messages into the folder of a source.

    Args:
        secrets: user and password of the mailbox, and where needed the authority of its server.
        source: with `mail`, and `remote` as `imaps://host[:port]/folder`, or `imap://` for STARTTLS; both are encrypted.

    Returns:
        The files that were copied. Their names are day and time of the message in the source's time zone, eight digits of
        a hash of its id, and the name of the attachment: the same message gives the same names, whatever UID it has.

    Raises:
        PartlyUnread: a message that was asked for has no attachment that matches, is too large or has no date. What others
            have is copied all the same.
        IngestError: the server cannot be reached or trusted, refuses the account, or has no such folder. What was copied stays.
    """
    assert source.remote is not None
    assert source.mail is not None
    source.path.mkdir(parents=True, exist_ok=True)
    imap_tools = optional("imap_tools", "remote")
    try:
        with _opened(imap_tools, secrets, source.remote) as box:
            copied, notices = _fetch(box, source.path, source.remote, source.mail, ZoneInfo(source.timezone))
    except (IngestError, MissingExtraError):
        raise
    except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
        raise IngestError(
            f"cannot be read ({secrets.hide(str(error) or type(error).__name__)[:200]})",
            file=source.remote,
            fix=f"Check `remote` of source {secrets.source!r} and its variables in the environment (docs/live-sources.md).",
        ) from None
    if notices:
        raise PartlyUnread("; ".join(notice.text for notice in notices), file=source.remote)
    return copied


@contextmanager
def _opened(imap_tools: Any, secrets: Secrets, remote: str) -> Iterator[Any]:
    """The mailbox with its folder chosen, for reading only."""
    address = urlsplit(remote)
    user, password = secrets.need("USER"), secrets.need("PASSWORD")
    kind = imap_tools.MailBox if address.scheme == "imaps" else imap_tools.MailBoxStartTls
    port = {"port": address.port} if address.port else {}
    ca_file = secrets.get(_CA_FILE)
    try:
        trusted = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise IngestError(
            f"{variable(secrets.source, _CA_FILE)} names no file of certificates ({error.strerror or error})",
            file=remote,
            fix="Name a PEM file with the certificate of the authority.",
        ) from None
    try:
        box = kind(address.hostname, timeout=SECONDS, ssl_context=trusted, **port)
    except ssl.SSLCertVerificationError as error:
        raise IngestError(
            f"the certificate of the server is not trusted ({error.verify_message})",
            file=remote,
            fix=f"Nothing was sent to it. Where it is your own server, name its authority in {variable(secrets.source, _CA_FILE)}.",
        ) from None
    except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
        raise IngestError(
            f"the server cannot be reached, or has no encrypted IMAP there ({error})",
            file=remote,
            fix=f"Check host and port in `remote` of source {secrets.source!r}.",
        ) from None
    try:
        _log_in(imap_tools, box, secrets, remote, user, password)
        folder = unquote(address.path.strip("/")) or "INBOX"
        try:
            box.folder.set(folder, readonly=True)
        except imap_tools.MailboxFolderSelectError:
            names = ", ".join(sorted(found.name for found in box.folder.list())[:_NAMES_SHOWN])
            raise IngestError(
                "there is no such folder in the mailbox",
                file=remote,
                fix=f"Correct `remote` of the source; the mailbox has {names}.",
            ) from None
        yield box
    finally:
        with suppress(OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError):
            box.logout()


def _log_in(imap_tools: Any, box: Any, secrets: Secrets, remote: str, user: str, password: str) -> None:
    """Log in, and say who we are where the server asks for it: the NetEase services let no other client open a folder."""
    log_in = box.login if (user + password).isascii() else box.login_utf8
    try:
        log_in(user, password, initial_folder=None)
    except (imaplib.IMAP4.error, imap_tools.MailboxLoginError) as error:
        if isinstance(error, imaplib.IMAP4.abort):
            raise
        raise IngestError(
            "the server refuses the account",
            file=remote,
            fix=f"Check {variable(secrets.source, 'USER')} and {variable(secrets.source, 'PASSWORD')}; many services ask for a "
            "password that is made for programs.",
        ) from None
    if "ID" in box.client.capabilities:
        box.client.xatom("ID", '("name" "stockturn")')


def _fetch(
    box: Any, folder: Path, remote: str, mail: MailSettings, zone: ZoneInfo
) -> tuple[tuple[str, ...], list[_Notice]]:
    """Copy what is new; the state is written after each message, so a run that is cut off continues after the last one."""
    asked = f"{remote} {mail.model_dump_json()} {zone.key}"
    validity = int(box.folder.status(options=["UIDVALIDITY"])["UIDVALIDITY"])
    state = _state(folder)
    if state is None or state.asked != asked or state.uid_validity != validity:
        # What has been copied is known by its name, so that nothing comes twice.
        state = _State(asked=asked, uid_validity=validity)
    there = sorted(int(uid) for uid in box.uids(_since(mail), None))
    lost = {uid for name, uid in state.files.items() if not (folder / name).is_file()}
    wanted = [uid for uid in there if uid > state.last_uid or uid in lost]
    state.notices = [notice for notice in state.notices if notice.uid in there]
    copied: list[str] = []
    for begin in range(0, len(wanted), _HEADERS_AT_ONCE):
        block = [str(uid) for uid in wanted[begin : begin + _HEADERS_AT_ONCE]]
        heads = box.fetch(
            uid_list=block, headers_only=True, mark_seen=False, bulk=len(block) if len(block) > 1 else False
        )
        for head in sorted(heads, key=lambda one: int(one.uid)):
            if _is_asked_for(head, mail):
                copied += _take(box, head, folder, mail, zone, state)
                state.last_uid = max(state.last_uid, int(head.uid))
                _write_state(folder, state)
        state.last_uid = max(state.last_uid, int(block[-1]))
    _write_state(folder, state)
    return tuple(copied), state.notices


def _take(box: Any, head: Any, folder: Path, mail: MailSettings, zone: ZoneInfo, state: _State) -> list[str]:
    """Copy the attachments of one message that match; notes in the state what the message gave, or why it gave nothing."""
    uid = int(head.uid)
    sent = head.date if head.date.tzinfo is not None else head.date.replace(tzinfo=dt.UTC)
    title = (
        f"message {header_text(head.obj, 'subject')[:80]!r} of {sent.astimezone(zone):%Y-%m-%d %H:%M} from {head.from_}"
    )

    def note(problem: str, *, is_without_attachment: bool = False) -> list[str]:
        text = f"{title} {problem}"
        state.notices.append(_Notice(uid=uid, text=text, is_without_attachment=is_without_attachment))
        return []

    if head.size_rfc822 > mail.max_megabytes << 20:
        return note(
            f"has {head.size_rfc822 / (1 << 20):.1f} MB, and `max_megabytes` of the source is {mail.max_megabytes}"
        )
    if sent.year == 1900:  # what imap-tools gives for a date that it cannot read
        return note("has no date that can be read")
    message = next(iter(box.fetch(uid_list=[head.uid], mark_seen=False)), None)
    if message is None:  # deleted since the headers were read
        return []
    identity = header_text(message.obj, "message-id") or title
    names, copied = [], []
    for number, attachment in enumerate(message.attachments):
        name = attachment_name(attachment.part)
        names.append(name)
        if not any(fnmatchcase(name.casefold(), pattern.casefold()) for pattern in mail.files):
            continue
        mark = hashlib.sha256(f"{identity}|{number}".encode()).hexdigest()[:8]
        file = safe_name(f"{sent.astimezone(zone):%Y%m%d_%H%M%S}_{mark}_", name)
        state.files[file] = uid
        if not (folder / file).is_file():
            write_whole(folder / file, attachment.payload)
            copied.append(file)
    if uid not in state.files.values():
        has = f"has {', '.join(filter(None, names))[:200]}, and no" if any(names) else "has no"
        return note(f"{has} attachment that matches {', '.join(mail.files)}", is_without_attachment=True)
    state.notices = [one for one in state.notices if not one.is_without_attachment or one.uid > uid]
    return copied


def _is_asked_for(head: Any, mail: MailSettings) -> bool:
    sender, subject = head.from_.casefold(), header_text(head.obj, "subject").casefold()
    return fnmatchcase(sender, mail.sender.casefold()) and fnmatchcase(subject, mail.subject.casefold())


def _since(mail: MailSettings) -> str:
    # Names of months are part of the protocol, so no locale may write them.
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"SINCE {mail.since.day}-{months[mail.since.month - 1]}-{mail.since.year}" if mail.since else "ALL"


def _state(folder: Path) -> _State | None:
    """What was read; None where that is not known: then every message is looked at again, which changes no figure."""
    try:
        return _State.model_validate_json((folder / STATE_FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def _write_state(folder: Path, state: _State) -> None:
    write_whole(folder / STATE_FILE, state.model_dump_json(indent=1))
