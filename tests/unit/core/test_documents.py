"""YAML that people write: each mistake must come back with file, line and key, or nobody finds it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from assets.documents import DocumentError, load_document, parse_document


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    days: int = 1


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    parts: list[Inner] = []


def test_unknown_key_is_named_with_its_line_and_a_suggestion() -> None:
    with pytest.raises(DocumentError, match=r"my\.yml, line 4: unknown key 'parts\.1\.dayz'; did you mean 'days'\?"):
        parse_document("name: a\nparts:\n  - days: 1\n  - dayz: 2\n", Outer, name="my.yml")


def test_missing_and_wrong_values_are_both_reported() -> None:
    with pytest.raises(DocumentError) as caught:
        parse_document("parts:\n  - days: many\n", Outer, name="my.yml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "my.yml, line 1: the key 'name' is missing"
    assert lines[1].startswith("my.yml, line 2: 'parts.0.days':")
    assert "'many'" in lines[1]


def test_a_key_that_stands_twice_is_refused() -> None:
    with pytest.raises(DocumentError, match="line 2: the key 'name' appears twice"):
        parse_document("name: a\nname: b\n", Outer, name="my.yml")


@pytest.mark.parametrize("text", ["name: [", "- a\n", ""])
def test_text_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(DocumentError, match=r"^my\.yml"):
        parse_document(text, Outer, name="my.yml")


def test_missing_file_and_wrong_encoding(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        load_document(tmp_path / "none.yml", Outer)
    (tmp_path / "gbk.yml").write_bytes("name: 库存".encode("gb18030"))
    with pytest.raises(DocumentError, match="is not UTF-8"):
        load_document(tmp_path / "gbk.yml", Outer)


def test_entries_that_are_wrong_are_not_said_to_be_missing() -> None:
    class Filled(BaseModel):
        parts: tuple[Inner, ...] = Field(min_length=1)

    with pytest.raises(DocumentError) as caught:
        parse_document("parts:\n  - dayz: 1\n", Filled, name="my.yml")
    assert str(caught.value) == "my.yml, line 2: unknown key 'parts.0.dayz'; did you mean 'days'?"
    with pytest.raises(DocumentError, match="at least 1 item"):
        parse_document("parts: []\n", Filled, name="my.yml")
