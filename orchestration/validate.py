"""`stockturn validate`: everything that can be known to be wrong without reading an extract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from assets.documents import DocumentError, parse_keys, read_text, shipped_document
from assets.ingest.live.remote_folder import check_package
from assets.ingest.mapping.loader import load_mapping
from assets.optional import MissingExtraError
from assets.publish.releases import current_release
from assets.spark.faults import SparkError
from assets.spark.session import check_spark
from expectations.rules import RuleBook, RuleError, check_names
from expectations.rules import validate as check_rules
from expectations.rules.evaluate import table_columns
from orchestration.build import build_definitions
from orchestration.dbt_runner import SHIPPED
from orchestration.jobs import DAILY_JOB
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings


@dataclass(frozen=True)
class Validation:
    """One sentence per problem; the summary where there is none."""

    problems: tuple[str, ...]
    summary: str


def validate_all(settings: Settings) -> Validation:
    """Mappings of all sources, source folders, rule book, dbt project and asset graph."""
    problems: list[str] = []
    for source in settings.sources:
        try:
            load_mapping(source.mapping)
        except DocumentError as error:
            problems.append(str(error))
        if source.kind == "file" and source.remote is None and not source.path.is_dir():
            problems.append(f"source {source.name}: no folder {source.path}; create it or fix `path`")
        if source.remote is not None:
            try:
                check_package(source.remote)
            except MissingExtraError as error:
                problems.append(f"source {source.name}: {error}")
    if settings.rule_book:
        try:
            problems += check_rule_book(settings).problems
        except DocumentError as error:
            problems.append(str(error))
    spark = settings.workspace().spark
    if spark:
        try:
            check_spark(spark)
        except (MissingExtraError, SparkError) as error:
            problems.append(str(error))
    if problems:
        return Validation(tuple(problems), "")
    definitions = build_definitions(settings)
    job = definitions.resolve_job_def(DAILY_JOB)
    graph = definitions.resolve_asset_graph()
    summary = (
        f"{settings.company.name}: {len(settings.sources)} sources, {len(graph.materializable_asset_keys)} assets, "
        f"{len(graph.asset_check_keys)} checks, {len(job.nodes)} steps; all valid"
    )
    return Validation((), summary)


@dataclass(frozen=True)
class RuleBookCheck:
    """The rule book, what it was checked against, and one sentence per problem."""

    book: RuleBook
    against: str
    problems: tuple[str, ...]


def check_rule_book(settings: Settings) -> RuleBookCheck:
    """Owners, and every rule's table, columns, types and dates against the marts of the current release, or of the dbt project.

    Raises DocumentError where the book cannot be read.
    """
    book = load_company_rules(settings)
    problems = [
        f"{settings.rule_book}: not listed under people: {name}; nobody would hear of what is theirs"
        for name in book.policy.unknown_owners()
    ]
    release = current_release(settings.workspace().releases)
    try:
        if release is None:
            against = "the marts of the dbt project (no release yet)"
            declared = declared_columns(settings.dbt().folder)
            # a model of the company's own that states no columns is known after its first run
            check_names([rule for rule in book.rules if declared.get(rule.table) != {}], declared)
        else:
            against = f"release {release.release_id}"
            with duckdb.connect(str(release.database), read_only=True) as connection:
                tables = {name: columns for name, (_, columns) in table_columns(connection).items()}
            check_rules(book.rules, tables)
    except RuleError as error:
        problems += [f"{settings.rule_book}: {line}" for line in str(error).splitlines()]
    return RuleBookCheck(book, against, tuple(problems))


def declared_columns(project: Path) -> dict[str, Mapping[str, str]]:
    """Table -> column -> type of every mart and reconciliation table of the product and of every model of a company's own project.

    The type is empty where it is not stated; a model of the company's own that is not described has no column.
    """
    described = [SHIPPED.folder / "models" / layer for layer in ("marts", "reconciliation")]
    found: dict[str, Mapping[str, str]] = {}
    if project != SHIPPED.folder:
        described.append(project / "models")
        found = {path.stem: {} for path in sorted((project / "models").rglob("*.sql"))}
    for folder in described:
        for path in sorted(folder.rglob("*.yml")):
            document = shipped_document(path) if path.is_relative_to(SHIPPED.folder) else _own_document(path)
            for model in document.get("models") or []:
                columns = model.get("columns") or []
                found[model["name"]] = {column["name"]: str(column.get("data_type", "")).upper() for column in columns}
    return found


def _own_document(path: Path) -> Mapping[str, Any]:
    """A YAML file of a company's own dbt project; raises DocumentError where it cannot be read."""
    text = read_text(path)
    return parse_keys(text, name=str(path))[0] if text.strip() else {}
