"""The encoding of a text file: byte order mark, else UTF-8 strictly, else GB18030 (never GBK, which loses rare characters).

A file whose lines are in several encodings is read line by line; a line that is in none of them is marked, so that its row is
kept back and no other is touched.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from assets.ingest.errors import IngestError
from assets.ingest.reading.text_records import UNREADABLE

_BLOCK = 1 << 22
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_HIGH = re.compile(rb"[\x80-\xff]+")
# Chinese in UTF-8: three bytes a character, and nothing else above ASCII but the usual marks.
_CHINESE_UTF8 = re.compile(rb"[\xe2-\xef][\x80-\xbf]{2}")
_MIXED = "by line"
_COMMON_SHARE = 0.5
"""Of the characters above ASCII of a Chinese text at least this share is in the plane of GB2312: 0.9997 and more in nine vendor
fixtures and the header lists of the mappings (2026-11-30)."""
_FEWEST = 8
_LONE_SHARE = 0.9
"""Of the runs of bytes above ASCII, those of one byte: at most 0.002 in the same Chinese texts in GB18030, 0.999 in a delivery history
of 10,324 lines in Windows-1252 (2026-11-30)."""


@dataclass(frozen=True)
class Encoding:
    """Name of an encoding as Python knows it, `by line` where lines differ, and what is to be noted about it."""

    name: str
    note: str = ""


UTF_8 = Encoding("utf-8")


def detect_encoding(path: Path, name: str) -> Encoding:
    """Encoding of a text file; raises IngestError for what is no text."""
    with path.open("rb") as stream:
        head = stream.read(4)
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            if not _decodes(path, name, encoding):
                break
            return Encoding(encoding)
    if _decodes(path, name, "utf-8"):
        return UTF_8
    return _by_lines(path, name)


def is_utf8(path: Path) -> bool:
    """True for bytes that are UTF-8 and hold no zero byte."""
    try:
        return _decodes(path, path.name, "utf-8")
    except IngestError:
        return False


def read_decoded(path: Path, name: str) -> str:
    """The text of a file that is no table of lines; raises IngestError where it is in no one encoding."""
    encoding = detect_encoding(path, name)
    if encoding.name == _MIXED:
        raise IngestError("holds text in several encodings", file=name, fix="Export it again as UTF-8.")
    return path.read_text(encoding=encoding.name)


def _decodes(path: Path, name: str, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            if b"\x00" in block and encoding != "utf-16":
                raise IngestError(
                    "holds zero bytes, so it is no text file", file=name, fix="Export it again as CSV or Excel."
                )
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _by_lines(path: Path, name: str) -> Encoding:
    """The encoding of bytes that are not UTF-8 as a whole."""
    counts = {"utf-8": 0, "gb18030": 0, "": 0}
    common = characters = lone = runs = 0
    with path.open("rb") as stream:
        for line in stream:
            found = _HIGH.findall(line)
            if not found:
                continue
            runs += len(found)
            lone += sum(len(run) == 1 for run in found)
            if _is_chinese_utf8(line):
                counts["utf-8"] += 1
                continue
            try:
                text = line.decode("gb18030")
            except UnicodeDecodeError:
                counts[""] += 1
                continue
            counts["gb18030"] += 1
            wide = [letter.encode("gb18030") for letter in text if letter > "\x7f"]
            characters += len(wide)
            common += sum(len(letter) == 2 and letter[1] >= 0xA1 for letter in wide)
    is_western = lone > runs * _LONE_SHARE and not counts["utf-8"]
    if is_western:
        return Encoding("cp1252", "warning: read as Windows-1252 (Western); export as UTF-8 to be certain")
    if (characters >= _FEWEST and common < characters * _COMMON_SHARE) or counts[""] > counts["gb18030"] + counts[
        "utf-8"
    ]:
        raise IngestError(
            "the text is neither UTF-8 nor GB18030", file=name, fix="Export it again as UTF-8, or as Excel."
        )
    if counts["utf-8"] or counts[""]:
        labels = {"utf-8": "in UTF-8", "gb18030": "in GB18030", "": "in neither, which are kept back"}
        parts = ", ".join(f"{count} {labels[kind]}" for kind, count in counts.items() if count)
        return Encoding(_MIXED, f"warning: lines of several encodings, each read by its own: {parts}")
    return Encoding("gb18030")


def _is_chinese_utf8(line: bytes) -> bool:
    """True where all above ASCII is UTF-8 of three bytes: by chance a line of GB18030 is that once in thousands."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(len(run) % 3 == 0 and _CHINESE_UTF8.match(run) for run in _HIGH.findall(line))


def transcode(path: Path, encoding: Encoding, target: Path) -> Path:
    """Write a file again as UTF-8; a line that cannot be read begins with UNREADABLE."""
    if encoding.name != _MIXED:
        with (
            path.open(encoding=encoding.name, newline="", errors="replace") as source,
            target.open("w", encoding="utf-8", newline="") as sink,
        ):
            while block := source.read(_BLOCK):
                sink.write(block)
        return target
    with path.open("rb") as lines, target.open("wb") as out:
        for line in lines:
            out.write(line if line.isascii() or _is_chinese_utf8(line) else _from_gb18030(line))
    return target


def _from_gb18030(line: bytes) -> bytes:
    try:
        return line.decode("gb18030").encode()
    except UnicodeDecodeError:
        return (UNREADABLE + line.decode("utf-8", errors="replace")).encode()
