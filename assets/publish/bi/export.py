"""Every template and export of a release, written into one folder that appears whole."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from assets.publish.bi.excel import write_workbook
from assets.publish.bi.fine_bi import fine_bi_notes
from assets.publish.bi.model import BiModel, Language, bi_model
from assets.publish.bi.power_bi import power_bi_files
from assets.publish.bi.semantic import cube_files, osi_document
from assets.publish.bi.superset import superset_files
from assets.publish.bi.tableau import tableau_files
from assets.publish.bi.target import Target
from assets.publish.public import public_model
from assets.publish.releases import Release

TOOLS = ("power_bi", "tableau", "excel", "superset", "fine_bi", "osi", "cube")
_MADE_AT = (2026, 1, 1, 0, 0, 0)  # of files in an archive: the same model gives the same bytes


class UnknownToolError(ValueError):
    """No template is made for a tool of this name."""


def model_of(release: Release, language: Language) -> BiModel:
    """The public model of a release, by its own dictionary."""
    path = release.path / "dictionary.json"
    words = json.loads(path.read_text(encoding="utf-8"))["marts"] if path.is_file() else []
    version = release.manifest.get("public", {}).get("contract_version", public_model().contract_version)
    known = {mart["name"]: mart for mart in words}
    return bi_model(release.public_marts(), known, int(version), language, release.kpis())


def export_bi(
    release: Release, folder: Path, target: Target, language: Language, tools: Sequence[str] = TOOLS
) -> list[Path]:
    """Write the templates of `tools` into `folder`, in place of what an earlier export wrote there for them.

    Returns:
        What a person opens of each tool: a project file, a folder, an archive, a page.

    Raises:
        UnknownToolError: a tool that is not in TOOLS.
    """
    if unknown := [tool for tool in tools if tool not in TOOLS]:
        raise UnknownToolError(f"no template for {', '.join(unknown)}; there are {', '.join(TOOLS)}")
    model = model_of(release, language)
    chinese = model if language == "zh" else model_of(release, "zh")
    folder.mkdir(parents=True, exist_ok=True)
    opened = []
    for tool in tools:
        partial, final = folder / f".{tool}.{os.getpid()}", folder / tool
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        opened.append(final / _write(tool, release, model, chinese, target, partial))
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
    return opened


def _write(tool: str, release: Release, model: BiModel, chinese: BiModel, target: Target, folder: Path) -> str:
    """Write one tool's files; returns the name of what a person opens."""
    if tool == "power_bi":
        _write_files(folder, power_bi_files(model, target))
        return "stockturn.pbip"
    if tool == "tableau":
        _write_files(folder, tableau_files(model, target))
        return ""
    if tool == "excel":
        return write_workbook(model, release.database, folder / "stockturn.xlsx").name
    if tool == "superset":
        (folder / "stockturn_superset.zip").write_bytes(archive(superset_files(model, target)))
        return "stockturn_superset.zip"
    if tool == "fine_bi":
        _write_files(folder, {"FineBI.md": fine_bi_notes(chinese, target)})
        return "FineBI.md"
    if tool == "osi":
        _write_files(folder, {"stockturn.osi.yaml": osi_document(model, target)})
        return "stockturn.osi.yaml"
    _write_files(folder, cube_files(model, target))
    return ""


def _write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def archive(files: Mapping[str, str]) -> bytes:
    """A zip of texts by path; the same texts give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in sorted(files.items()):
            bundle.writestr(zipfile.ZipInfo(name, _MADE_AT), text)
    return buffer.getvalue()
