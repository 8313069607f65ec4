"""Candidates share judgements and words; each says exactly what it says when it is judged alone."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.matching_data import make_need, make_offers
from collab.matching.answer import candidate_view, judge_steps
from collab.matching.prepare import prepare_step
from collab.matching.rules import RULES
from collab.matching.snapshot import build
from collab.matching.verdicts import judge, judge_pair
from collab.routing.answer import answer
from collab.vocabulary.catalog import load_vocabulary
from tests.unit.test_matching_pairs import LABELS, OFFERS, ORGANISATIONS, need_of
from tests.unit.test_routing_answer import TODAY

VOCABULARY = load_vocabulary()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_candidate_of_many_equals_the_candidate_alone(seed: int) -> None:
    snapshot = build(VOCABULARY, make_offers(VOCABULARY, 400, seed=seed % 5))
    need = make_need(VOCABULARY, seed, criteria=5)
    for result in judge_steps(VOCABULARY, snapshot, need):
        for verdict in (*result.fits, *result.near):
            alone = prepare_step(VOCABULARY, need, result.ask.index)
            single = judge(VOCABULARY, alone, verdict.offer)
            assert single == verdict
            together = candidate_view(VOCABULARY, result.ask, verdict)
            assert together == candidate_view(VOCABULARY, alone, single)


@pytest.mark.parametrize("backwards", [False, True])
def test_nothing_is_inherited_from_the_capability_judged_before(backwards: bool) -> None:
    """The fault of MANU-SQUARE: materials of one supplier's process stayed with the next."""
    for row in LABELS["needs"]:
        need = need_of(row, ORGANISATIONS)
        ask = prepare_step(VOCABULARY, need, 0)
        for key in sorted(OFFERS, reverse=backwards):
            assert judge(VOCABULARY, ask, OFFERS[key]) == judge_pair(VOCABULARY, need, OFFERS[key])


@pytest.mark.parametrize("rule", [r.id for r in RULES if r.reads is not None])
def test_a_rule_looks_at_nothing_but_what_it_says_it_reads(rule: str) -> None:
    """Sharing is only right when equal readings give equal judgements: compared pair by pair."""
    entry = next(r for r in RULES if r.id == rule)
    assert entry.reads is not None
    offers = make_offers(VOCABULARY, 500, seed=3)
    applied = 0
    for seed in range(40):
        ask = prepare_step(VOCABULARY, make_need(VOCABULARY, seed), 0)
        if not entry.applies(ask):
            continue
        seen: dict[object, object] = {}
        for offer in offers:
            said = tuple(entry.judge(VOCABULARY, ask, offer))
            assert seen.setdefault(entry.reads(offer), said) == said
            applied += 1
    assert applied


def test_an_answer_leaves_no_mark_on_the_next_one() -> None:
    snapshot = build(VOCABULARY, make_offers(VOCABULARY, 400, seed=1))
    needs = [make_need(VOCABULARY, n, criteria=4) for n in range(12)]

    def said() -> list[str]:
        return [
            json.dumps(answer(n, snapshot, VOCABULARY, today=TODAY), sort_keys=True) for n in needs
        ]

    first = said()
    needs.reverse()
    assert said()[::-1] == first
