"""The API against its document for minutes: every operation, many requests, several seeds."""

from __future__ import annotations

import pytest

from tests.web.api_contract import check
from tests.web.api_world import World
from tests.web.conftest import app, client, seeded, seeded_file, world

__all__ = ["app", "client", "seeded", "seeded_file", "world"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_answer_is_as_documented_for_minutes(world: World, seed: int) -> None:
    world.client.application.extensions["collab"].search.ensure()
    outcome = check(world, examples=100, seconds=900, seed=seed)
    assert not outcome.faults, "\n".join(outcome.faults[:20])
    assert outcome.requests > 3000
    assert max(outcome.statuses) < 500
