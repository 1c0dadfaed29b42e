"""`stockturn validate`: everything that can be known to be wrong without reading an extract."""

from __future__ import annotations

from dataclasses import dataclass

from assets.documents import DocumentError
from assets.ingest.mapping.loader import load_mapping
from orchestration.build import build_definitions
from orchestration.jobs import DAILY_JOB
from orchestration.resources import load_company_rules
from orchestration.settings import Settings


@dataclass(frozen=True)
class Validation:
    """One sentence per problem; the summary where there is none."""

    problems: tuple[str, ...]
    summary: str


def validate_all(settings: Settings) -> Validation:
    """Mappings of all sources, source folders, dbt project and asset graph."""
    problems: list[str] = []
    for source in settings.sources:
        try:
            load_mapping(source.mapping)
        except DocumentError as error:
            problems.append(str(error))
        if source.kind == "file" and source.remote is None and not source.path.is_dir():
            problems.append(f"source {source.name}: no folder {source.path}; create it or fix `path`")
    unknown = load_company_rules(settings).policy.unknown_owners() if settings.rule_book else []
    if unknown:
        problems.append(
            f"{settings.rule_book}: not listed under people: {', '.join(unknown)}; nobody would hear of them"
        )
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
