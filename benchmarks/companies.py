"""The demo company, set up in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import yaml

from orchestration.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent


def configure_demo(folder: Path) -> Settings:
    """`config/demo.yml` with extracts in `folder/demo/inbox` and everything else in `folder/data`."""
    data = yaml.safe_load((ROOT / "config" / "demo.yml").read_text(encoding="utf-8"))
    data["data_dir"] = str(folder / "data")
    for source in data["sources"]:
        source["path"] = str(folder / "demo" / "inbox" / source["name"])
    data["rule_book"] = str(ROOT / data["rule_book"])
    path = folder / "demo.yml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return load_settings(path)
