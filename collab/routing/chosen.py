"""One route given by its capabilities, worked out anew: what a kept address of a route leads to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collab.matching.answer import StepResult
from collab.matching.prepare import prepare
from collab.matching.records import NeedProfile
from collab.matching.rules import Class
from collab.matching.snapshot import Snapshot
from collab.matching.verdicts import judge
from collab.routing.answer import plan_routes
from collab.routing.checklist import route_view
from collab.vocabulary.catalog import Vocabulary


def chosen_route(
    vocabulary: Vocabulary, snapshot: Snapshot, need: NeedProfile, legs: Mapping[str, str]
) -> dict[str, Any] | None:
    """The route with this capability (public id) at each step key, judged as of now; None when it
    no longer holds: a capability that is gone or fits no longer, a hand-over that breaks.

    Steps that are not named are left out, as optional ones are.
    """
    asks = [ask for ask in prepare(vocabulary, need) if ask.step.key in legs]
    if not asks or len(asks) != len(legs):
        return None
    if any(a.step.key not in legs and not a.step.optional for a in prepare(vocabulary, need)):
        return None
    results = []
    for ask in asks:
        offer = snapshot.get(legs[ask.step.key])
        verdict = judge(vocabulary, ask, offer) if offer is not None else None
        if verdict is None or verdict.klass is Class.NEAR:
            return None
        results.append(StepResult(ask, (verdict,), ()))
    routes = plan_routes(vocabulary, snapshot, need, results, count=1)
    for kind, found in routes.by_kind.items():
        for route in found:
            if len([leg for leg in route.legs if leg.key]) == len(legs):
                return route_view(vocabulary, routes.plan, route, kind, 1, False)
    return None
