"""What the assets are given: the workspace and each stage's section of the settings."""

from __future__ import annotations

from typing import Any

from orchestration.settings import Settings


def build_resources(settings: Settings) -> dict[str, Any]:
    """Resources by the names that the assets ask for."""
    return {
        "workspace": settings.workspace(),
        "settings": settings,
        "sources": settings.sources,
        "ledger_settings": settings.ledger,
        "planning_settings": settings.planning.at_frequency(settings.demand_frequency, settings.seed),
        "publish_settings": settings.publish,
    }
