"""The configuration: typed, unknown keys refused, mistakes named by file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from assets.documents import DocumentError
from orchestration.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]
GOOD = """
company: {code: T, name: Test, currency: CNY, timezone: Asia/Shanghai}
data_dir: var/t
sources:
  - {name: erp, kind: file, mapping: demo_erp, path: inbox, instance: E1}
schedule: {first_date: 2024-01-01}
"""


def _write(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "config"
    folder.mkdir(exist_ok=True)
    path = folder / "t.yml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yml")), ids=lambda path: path.stem)
def test_every_shipped_configuration_loads(path: Path) -> None:
    if path.stem == "rules":
        pytest.skip("the rules have a schema of their own")
    assert load_settings(path).sources


def test_paths_are_relative_to_the_folder_above_config(tmp_path: Path) -> None:
    settings = load_settings(_write(tmp_path, GOOD))
    assert settings.data_dir == tmp_path / "var" / "t"
    assert settings.sources[0].path == tmp_path / "inbox"
    assert settings.sources[0].company == "E1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("timezone: Asia/Shanghai", "timezone: Mars/Olympus"), "not an IANA time zone"),
        (("data_dir: var/t", "data_dir: var/t\nageing: {dead_day: 3}"), "unknown key 'ageing.dead_day'; did you mean"),
        (("data_dir: var/t", "data_dir: var/t\nageing: {bucket_days: [60, 30]}"), "must rise from one bound"),
        (("first_date: 2024-01-01", "first_date: soon"), "schedule.first_date"),
        (("name: erp", "nme: erp"), "unknown key"),
        (("kind: file", "kind: carrier_pigeon"), "sources.0"),
        (("currency: CNY", "currency: Yuan"), "company.currency"),
        (("data_dir: var/t", "data_dir: var/t\nmemory_limit: plenty"), "memory_limit"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = _write(tmp_path, GOOD.replace(*change))
    with pytest.raises(DocumentError) as caught:
        load_settings(path)
    assert message in str(caught.value)
    assert f"{path}, line " in str(caught.value)


def test_two_sources_of_one_name_are_refused(tmp_path: Path) -> None:
    line = "  - {name: erp, kind: file, mapping: demo_erp, path: inbox, instance: E1}\n"
    with pytest.raises(DocumentError, match="the source name erp appears twice"):
        load_settings(_write(tmp_path, GOOD.replace(line, line * 2)))


def test_one_budget_over_two_currencies_is_refused(tmp_path: Path) -> None:
    """Capital of two companies would be added as if it were of one."""
    second = "  - {name: us, kind: file, mapping: generic_excel, path: us, instance: U1, company_code: US}\n"
    text = GOOD.replace("sources:\n", "sources:\n" + second) + "companies: {US: {currency: USD}}\n"
    text = text.replace("instance: E1}", "instance: E1, company_code: T}")
    load_settings(_write(tmp_path, text))
    with pytest.raises(DocumentError, match="keep their books in CNY, USD"):
        load_settings(_write(tmp_path, text + "planning: {policy: {capital_budget_value: 1000}}\n"))
