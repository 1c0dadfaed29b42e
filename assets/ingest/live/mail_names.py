"""Names and subjects of mails as text, also where a Chinese mail program wrote them in GBK and called it GB2312, or wrote bytes without
saying in what encoding. imap-tools and the standard library drop or replace such characters. Pure functions.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message

_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "gb_2312-80": "gb18030"}
"""GB18030 holds the characters of the older ones at the same places, and those that programs write under their names."""
_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]+')
_LONGEST_BYTES = 240
"""File systems allow 255 bytes; what is written first has a longer name."""


def header_text(message: Message, name: str) -> str:
    """A header of a message as text, on one line; empty where it has none."""
    return re.sub(r"\s+", " ", _words(_raw(message, name))).strip()


def attachment_name(part: Message) -> str:
    """The name that a mail program gave an attachment; empty where it gave none."""
    for header, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        raw = _raw(part, header)
        if not raw:
            continue
        plain = Message()
        plain[header] = re.sub(r"[\r\n]+", " ", raw)
        value = plain.get_param(parameter, header=header)
        if isinstance(value, tuple):  # RFC 2231: character set, language, value
            return _decoded(value[2].encode("raw-unicode-escape", "replace"), value[0]).strip()
        if value:
            return _words(str(value)).strip()
    return ""


def safe_name(start: str, name: str) -> str:
    """A file name of `start` and the name of an attachment, without what leads to another folder, and not too long."""
    clean = _UNSAFE.sub("_", re.split(r"[/\\]", name)[-1]).strip() or "attachment"
    stem, dot, suffix = clean.rpartition(".") if "." in clean[-12:] else (clean, "", "")
    room = _LONGEST_BYTES - len(f"{start}{dot}{suffix}".encode())
    return f"{start}{stem.encode()[:room].decode(errors='ignore')}{dot}{suffix}"


def _raw(message: Message, name: str) -> str:
    """A header as it was sent; bytes in no stated encoding are UTF-8 or else GB18030."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    data = raw.encode("utf-8", "surrogateescape")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _words(text: str) -> str:
    """Encoded words (RFC 2047) as text."""
    try:
        pieces = decode_header(text)
    except HeaderParseError:
        return text
    return "".join(piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in pieces)


def _decoded(data: bytes, charset: str | None) -> str:
    named = (charset or "ascii").lower()
    for encoding in (_WIDER.get(named, named), "utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            continue
    return data.decode("gb18030", "replace")
