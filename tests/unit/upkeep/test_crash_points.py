"""A crash at any point leaves one whole state, and the next run gives the undisturbed result (`benchmarks crash_points`)."""

from __future__ import annotations

import pytest

from benchmarks.crash_points import run_campaign
from benchmarks.crash_scenarios import SCENARIOS

POINTS = 8  # of each kind; the benchmark takes them all


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_is_lost(scenario) -> None:
    campaign = run_campaign(POINTS, 15, (scenario,))
    assert campaign.losses == []
    assert sum(campaign.points.values()) >= 5 * min(POINTS, 4)
