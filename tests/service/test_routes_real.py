"""Routes over the real dataset for every chain, judged again by the slow second opinion."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collab.importing import seeding
from collab.matching import feed
from collab.matching.answer import judge_steps
from collab.matching.records import NeedProfile, Step
from collab.matching.snapshot import Snapshot, build
from collab.routing.answer import plan_routes
from collab.storage.database import Database
from collab.vocabulary.catalog import Chain
from tests.unit.test_routes_second_opinion import VOCABULARY, holds_up
from tests.unit.test_routing_answer import WUHAN


def asked(chain: Chain, *, named: bool) -> NeedProfile:
    """What a template calls mandatory, any way of doing it, up to ten steps."""
    steps = [s for s in chain.steps if s.level == "mandatory"][:10]
    return NeedProfile(
        steps=tuple(Step(s.key, (*s.techniques, *s.alternatives)) for s in steps),
        materials=chain.materials[:1], chain=chain.id if named else None, place=WUHAN,
    )  # fmt: skip


def answerable(need: NeedProfile, snapshot: Snapshot) -> NeedProfile:
    """The need without the steps that nobody in the dataset offers."""
    results = judge_steps(VOCABULARY, snapshot, need, near=0)
    kept = tuple(s for s, r in zip(need.steps, results, strict=True) if r.fits)
    return replace(need, steps=kept)


def test_every_route_of_every_chain_over_the_real_dataset_holds_up(database: Database) -> None:
    with database.writing() as uow:
        seeding.seed(uow)
    with database.reading() as uow:
        snapshot = build(VOCABULARY, feed.offers(uow))
    seen, with_routes = 0, set()
    for chain in VOCABULARY.chains.values():
        for named in (True, False):
            need = answerable(asked(chain, named=named), snapshot)
            results = judge_steps(VOCABULARY, snapshot, need, near=0)
            for route in plan_routes(VOCABULARY, snapshot, need, results).all():
                holds_up(route, need)
                seen += 1
                with_routes.add(chain.id)
    assert seen > 200
    assert len(with_routes) >= 15
    with pytest.raises(AssertionError):
        holds_up(replace(route, open_questions=-1), need)
