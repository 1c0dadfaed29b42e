"""The vendor matrix of docs/sources.md: which entity is read from which system, how sure that is, and what is lost.

`python -m assets.ingest.mapping.source_matrix` writes it from the mapping files; a test keeps the committed page in step.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assets.ingest.contracts import load_contracts
from assets.ingest.mapping.language import Mapping
from assets.ingest.mapping.loader import MAPPINGS_FOLDER, load_mapping

TARGET = Path(__file__).resolve().parents[3] / "docs" / "sources.md"
_MARKS = {"yes": "V", "partly": "v", "no": "U"}
_HEAD = """# Sources

Written by `python -m assets.ingest.mapping.source_matrix` from `assets/ingest/mappings`; change the mappings, not this page.

A cell says how sure the columns of an entity are: **V** seen in a public source (or against a running system), **v** in part,
**U** not verified: check it on the database with `stockturn mapping check` before relying on it. An empty cell is not read; what
needs it is `not_available`, never zero. Every mapping has a fixture built from the documented columns with the documented traps
(`tests/fixtures/vendors`); the ledger, the stock, row accounting and the reconciliations C1 to C9 are tested on each that has a
ledger. Mappings of real tables (SAP text exports, OpenLMIS, AdventureWorks, SCMS, InvenTree) are in [real-data.md](real-data.md).
"""


def shipped_vendors() -> list[Mapping]:
    """Mappings of vendors: those that say what they are called, by title."""
    every = (load_mapping(path.stem) for path in sorted(MAPPINGS_FOLDER.glob("*.yml")))
    return sorted((mapping for mapping in every if mapping.title), key=lambda mapping: mapping.mapping)


def fed_contracts(mapping: Mapping) -> list[str]:
    """Contracts that some dataset of a mapping fills, by name."""
    return sorted({dataset.contract for dataset in mapping.datasets})


def matrix_markdown(mappings: Sequence[Mapping]) -> str:
    """The page: entity by vendor, capability by vendor, and what degrades."""
    return "\n".join([_HEAD, *_entities(mappings), *_capabilities(mappings), *_losses(mappings)]) + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _entities(mappings: Sequence[Mapping]) -> list[str]:
    lines = ["## Entities", "", _row(["entity", *(mapping.title for mapping in mappings)])]
    lines.append(_row(["---"] * (len(mappings) + 1)))
    for contract in load_contracts():
        cells = [_mark(mapping, contract) for mapping in mappings]
        lines.append(_row([f"`{contract}`", *cells]))
    return [*lines, ""]


def _mark(mapping: Mapping, contract: str) -> str:
    if contract not in fed_contracts(mapping):
        return ""
    entity = mapping.entities.get(contract)
    return _MARKS[entity.verified] if entity is not None else _MARKS["no"]


def _capabilities(mappings: Sequence[Mapping]) -> list[str]:
    names = sorted({name for mapping in mappings for name in mapping.capabilities})
    lines = ["## Capabilities", "", _row(["capability", *(mapping.title for mapping in mappings)])]
    lines.append(_row(["---"] * (len(mappings) + 1)))
    for name in names:
        flags = [mapping.capabilities.get(name) for mapping in mappings]
        lines.append(_row([f"`{name}`", *("yes" if flag else "no" if flag is False else "" for flag in flags)]))
    return [*lines, ""]


def _losses(mappings: Sequence[Mapping]) -> list[str]:
    lines = ["## What degrades", ""]
    for mapping in mappings:
        lines += [f"### {mapping.title} (`{mapping.mapping}`)", ""]
        lines += [f"- `{name}`: {entity.degrades}." for name, entity in mapping.entities.items() if entity.degrades]
        missing = [name for name in load_contracts() if name not in fed_contracts(mapping)]
        lines.append(f"- Not read: {', '.join(missing) or 'nothing'}.")
        if mapping.parameters:
            lines.append("- Parameters:")
        for name, parameter in mapping.parameters.items():
            default = "must be set" if parameter.default is None else f"default `{parameter.default}`"
            lines.append(f"  - `{name}` ({default}): {parameter.meaning}")
        lines.append("")
    return lines[:-1]


def main() -> None:
    """Write the page."""
    TARGET.write_text(matrix_markdown(shipped_vendors()), encoding="utf-8")


if __name__ == "__main__":
    main()
