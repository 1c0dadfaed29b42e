"""Every module of the product is reached by the product: what only tests or benchmarks import is dead and goes."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
#: Where the product is entered: Dagster and the command line, the dashboard, and modules that are run by their name.
ENTRIES = ("orchestration", "dashboard", "expectations")
#: Not reached yet; each is to be wired or deleted by its owner.
UNREACHED = {"assets.ledger.merge", "assets.publish.release_rules", "assets.publish.schema_changes"}


def _modules() -> dict[str, Path]:
    folders = ("assets", "orchestration", "expectations", "dashboard")
    found = {}
    for path in (path for folder in folders for path in (ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def _imports(path: Path, name: str, known: dict[str, Path]) -> set[str]:
    """Modules that a file imports, wherever in it; `from package import module` counts as the module."""
    wanted: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            wanted |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            base = node.module or ""
            if node.level:
                base = ".".join(
                    [*package.split(".")[: len(package.split(".")) - node.level + 1], *filter(None, [node.module])]
                )
            wanted.add(base)
            wanted |= {f"{base}.{alias.name}" for alias in node.names}
    return {name for name in wanted if name in known}


def _is_run_by_name(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return path.name == "__main__.py" or 'if __name__ == "__main__"' in text


def test_no_module_is_reached_only_from_tests_or_benchmarks() -> None:
    known = _modules()
    texts = "\n".join(path.read_text(encoding="utf-8") for path in known.values())
    reached: set[str] = set()
    waiting = [name for name, path in known.items() if name.split(".")[0] in ENTRIES or _is_run_by_name(path)]
    # the Python models of the dbt project are run by dbt
    for model in sorted((ROOT / "dbt_project" / "models").rglob("*.py")):
        waiting += _imports(model, model.stem, known)
    while waiting:
        name = waiting.pop()
        if name in reached or name not in known:
            continue
        reached.add(name)
        waiting += _imports(known[name], name, known)
        if "." in name:
            waiting.append(name.rpartition(".")[0])
    # modules that are loaded by their name (importlib): the name is in the code that loads them
    dead = {name for name in set(known) - reached if name.startswith("assets") and f'"{name}"' not in texts}
    assert sorted(dead - UNREACHED) == []
    assert set(known) >= UNREACHED, "what was wired or deleted leaves the list"
    assert len(reached) > 300, "a graph that reaches nothing proves nothing"
