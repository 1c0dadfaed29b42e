"""ARCHITECTURE.md names files that exist; words that the glossary rules out are not used."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GLOSSARY = ROOT / "docs" / "glossary.md"
_READ = (".py", ".sql", ".yml", ".md")
_OLD = ("docs/adr/", "CHANGELOG.md", "docs/glossary.md", "tests/unit/core/test_documents_of_the_house.py")
"""Records of the past, and the list of the words itself."""


def ruled_out() -> list[str]:
    rows = GLOSSARY.read_text(encoding="utf-8").partition("Not used")[2]
    return [
        word
        for line in rows.splitlines()
        if line.startswith("| `")
        for word in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_path_that_is_named_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    found = [path for path in re.findall(r"`([\w.-]+(?:/[\w.-]+)+/?)`", text) if "*" not in path]
    found += re.findall(r"\]\(([^)#:]+)\)", text)
    missing = [path for path in found if not (ROOT / path).exists()]
    assert missing == []


def test_a_row_reaches_its_mart_in_ten_hops() -> None:
    hops = re.findall(r"^(\d+)\. .*`([\w./-]+)`", (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number, _ in hops] == list(range(1, 11))


def test_words_that_are_out_are_not_used() -> None:
    words = ruled_out()
    assert "stands" in words and len(words) >= 8
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    used = [
        f"{name}:{number}: {found[0]}"
        for name in listed
        if name.endswith(_READ) and not name.startswith(_OLD) and (ROOT / name).is_file()
        for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), start=1)
        if (found := pattern.search(line)) is not None
    ]
    assert used == []
