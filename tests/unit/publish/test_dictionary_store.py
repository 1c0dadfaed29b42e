"""The kept dictionary: read back as it was made, made again when the manifest changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assets.publish import dictionary_store
from assets.publish.dictionary_store import stored_dictionary


def test_it_is_made_once_for_each_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dictionary of yesterday's models beside today's marts would describe columns that are not there."""
    made: list[Any] = []

    def build(manifest: Any) -> list[dict[str, Any]]:
        made.append(manifest)
        return [{"name": "库存", "manifest": manifest}]

    monkeypatch.setattr(dictionary_store.dictionary, "build_dictionary", build)
    manifest = tmp_path / "manifest.json"
    for version, expected in ((1, 1), (1, 1), (2, 2)):
        manifest.write_text(json.dumps({"version": version}), encoding="utf-8")
        assert stored_dictionary(manifest) == [{"name": "库存", "manifest": {"version": version}}]
        assert len(made) == expected
    assert not list(tmp_path.glob(".*"))
