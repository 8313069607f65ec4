"""The API does what its document says, on what the document allows and on what it forbids."""

from __future__ import annotations

import pytest

from tests.web.api_contract import check
from tests.web.api_world import World

HEAVY = r"matches$|structure$"  # a thousand cases each; the soak has them


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_answer_is_as_documented(world: World) -> None:
    world.client.application.extensions["collab"].search.ensure()
    outcome = check(world, examples=0, seconds=75, leave_out=HEAVY)
    assert not outcome.faults, "\n".join(outcome.faults[:20])
    assert outcome.requests > 500
    assert 0 not in outcome.statuses
    assert {200, 201, 404, 422} <= set(outcome.statuses)
    assert max(outcome.statuses) < 500
