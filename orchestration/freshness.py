"""Freshness: the release must be renewed daily, and `dg dev` says so when it is not."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

# One missed daily run plus half a day to fix it; set 2026-11-21 with the daily schedule, owner: data engineering.
MAXIMUM_AGE = timedelta(hours=36)


def with_freshness(release: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The release with its freshness policy attached."""
    policy = dg.FreshnessPolicy.time_window(fail_window=MAXIMUM_AGE)
    return release.map_asset_specs(lambda spec: dg.apply_freshness_policy(spec, policy))
