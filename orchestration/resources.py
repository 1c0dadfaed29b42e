"""What the assets are given: the workspace and each stage's section of the settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import dagster as dg

from assets.workspace import Workspace
from orchestration.event_files import kept_open
from orchestration.rule_book import load_company_rules
from orchestration.settings import Settings

RUN_WAITS_SECONDS = 1800.0  # a daily run takes minutes; a run that Dagster starts beside the command lets it end


def build_resources(settings: Settings) -> dict[str, Any]:
    """Resources by the names that the assets ask for."""
    return {
        "workspace": locked_workspace(settings),
        "settings": settings,
        "company_code": settings.company.code,
        "sources": settings.sources,
        "ledger_settings": settings.ledger,
        "planning_settings": settings.planning.at_frequency(settings.demand_frequency, settings.seed),
        "publish_settings": settings.publish,
        "rule_book": load_company_rules(settings),
        "dbt_manifest": settings.dbt().manifest,
        "kpis": settings.kpis(),
    }


def _event_files(context: dg.InitResourceContext) -> AbstractContextManager[None]:
    """Those of the run, where there is one."""
    if context.instance is None or context.run_id is None:
        return nullcontext()
    return kept_open(context.instance, context.run_id)


def locked_workspace(settings: Settings) -> dg.ResourceDefinition:
    """The workspace, held by the run from its first step to its last: no other run or command writes to it meanwhile."""

    @dg.resource(description="Folders and warehouse of the company, held for one run")
    def workspace(context: dg.InitResourceContext) -> Iterator[Workspace]:
        found = settings.workspace()
        with found.exclusive(RUN_WAITS_SECONDS), _event_files(context):
            yield found

    return workspace
