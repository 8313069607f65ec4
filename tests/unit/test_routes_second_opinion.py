"""Routes against a slow second opinion that shares no code with the planner (slow_routes.py).

Every hand-over of every route is judged again from the vocabulary's files, the totals are added up
again, and on small cases every combination is tried: none that holds is better than the best shown.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.matching_data import PLACES, _figure
from collab.matching.answer import StepResult, judge_steps
from collab.matching.records import Criterion, NeedProfile, Offer, Offered, Step
from collab.matching.snapshot import build
from collab.routing.answer import Routes, plan_routes
from collab.routing.checks import BAD, OK, Sight
from collab.routing.pieces import Piece
from collab.routing.planner import OBJECTIVES
from collab.routing.route import Leg, Route, Workshop, build_route
from collab.routing.rules import rule_book
from collab.vocabulary.catalog import load_vocabulary
from tests.unit import slow_rules
from tests.unit.slow_routes import NO, STATE_RULES, YES, Stop, under
from tests.unit.slow_rules import Walked, walk_route

VOCABULARY = load_vocabulary()
WAYS = [[(*s.techniques, *s.alternatives) for s in c.steps] for c in VOCABULARY.chains.values()]
ALWAYS = ("wafer-diameter", "process-temperature", "excluded-materials", "wafer-thickness",
          "min-order-quantity", "trl", "confidentiality", "pad-metal")  # fmt: skip
ROUND = {
    "wavelength": (1310.0, 1550.0),
    "fiber-pitch": (127.0, 250.0),
    "pad-pitch": (60.0, 100.0),
    "die-size": (5.0, 10.0),
    "min-feature": (100.0, 500.0),
    "final-thickness": (100.0, 200.0),
}
ASKED = {"wavelength": (1310.0, 1550.0), "fiber-pitch": (127.0,), "min-feature": (100.0, 300.0),
         "final-thickness": (100.0,), "pad-pitch": (80.0,), "die-size": (5.0,), "bow": (30.0, 60.0),
         "wafer-diameter": (100.0, 150.0), "surface-roughness": (0.3, 2.0)}  # fmt: skip
REMEDIES = tuple({r for rule in slow_rules.RULES for r in rule["remedies"]})
LABS = [replace(PLACES[0], lat=30.6), PLACES[0], PLACES[1], PLACES[5], PLACES[7]]


def invent(rng: random.Random, technique: str, number: int, fill: float = 0.6) -> Offer:
    """A capability that states a good deal of what the interface rules read."""
    values = {}
    names = set(VOCABULARY.params_of(technique)) | set(ALWAYS)
    for name in sorted(names & set(VOCABULARY.parameters)):
        if rng.random() < fill:
            values[name] = _figure(VOCABULARY, name, rng)
            if name in ROUND and rng.random() < 0.5:
                figure = rng.choice(ROUND[name])
                values[name] = Offered(figure, figure)
    lab = rng.randrange(len(LABS))
    return Offer(
        number, f"k{number:03d}", lab, f"lab-{lab}", (technique,), values=values, place=LABS[lab],
        materials=tuple(rng.sample(sorted(VOCABULARY.materials), rng.choice([0, 0, 1, 2]))),
        lead_weeks=rng.choice((None, (1.0, 2.0), (1.0, 6.0), (3.0, 3.5))),
        price=rng.choice((None, (900.0, "CNY"), (70.5, "EUR"))),
    )  # fmt: skip


def wish(rng: random.Random, techniques: Sequence[str], chain: str | None = None) -> NeedProfile:
    asked = [Criterion(p, rng.choice(("eq", "le", "approx")), rng.choice(v), hard=False)
             for p, v in ASKED.items() if rng.random() < 0.25]  # fmt: skip
    return NeedProfile(
        steps=tuple(Step(f"s{i}", (t,)) for i, t in enumerate(techniques)),
        criteria=tuple(asked), chain=chain,
        materials=rng.choice(((), ("inp",), ("tfln",), ("soi", "inp"), ("sin",))),
        quantity=rng.choice((None, (20.0, "wafer"))), trl=rng.choice((None, ("ge", 6))),
        level=rng.choice((None, "nda")), deadline_weeks=rng.choice((None, None, 9.0)),
    )  # fmt: skip


def a_line(rng: random.Random, length: int) -> list[str]:
    if rng.random() < 0.25:
        return [rng.choice(sorted(VOCABULARY.techniques)) for _ in range(length)]
    way = rng.choice(WAYS)
    start = rng.randrange(max(1, len(way) - length + 1))
    return [rng.choice(names) for names in way[start : start + length]]


def planned(
    need: NeedProfile, offers: Sequence[Offer], count: int
) -> tuple[Routes, list[StepResult]]:
    snapshot = build(VOCABULARY, offers)
    results = judge_steps(VOCABULARY, snapshot, need, near=0)
    return plan_routes(VOCABULARY, snapshot, need, results, count=count), results


def stop_of(leg: Leg) -> Stop:
    candidate, weeks = leg.candidate, leg.candidate.weeks
    takes = next((c.verdict for c in leg.checked if c.rule.id == "state-progress"), "unknown")
    return Stop(leg.offer, candidate.done, leg.before, candidate.open_questions,
                (weeks.low, weeks.high), weeks.stated, leg.state,
                "broken" if takes == "block" else takes)  # fmt: skip


def same_verdicts(route: Route, walked: Walked) -> None:
    for leg, found in zip(route.legs, walked.rules, strict=True):
        said = {c.rule.id: c.verdict for c in leg.checked}
        for rule in said.keys() | found.keys():
            mine, theirs = found.get(rule), said.get(rule)
            if rule in STATE_RULES and "unknown" in (mine or "unknown", theirs):
                continue  # the state is settled by a table that names more than the templates
            assert theirs == mine, (rule, leg.candidate.done, theirs, mine)


def holds_up(route: Route, need: NeedProfile) -> Walked:
    """The second opinion on one route: verdicts, totals, and nothing broken in it."""
    walked = walk_route(need, [stop_of(leg) for leg in route.legs])
    same_verdicts(route, walked)
    assert not walked.broken
    assert route.weeks == pytest.approx(walked.weeks, abs=0.011)
    assert len(route.handovers) == walked.handovers
    assert route.km == pytest.approx(walked.km, abs=len(route.handovers))
    assert route.unknown_places == walked.lost
    assert route.open_questions == walked.questions
    for leg in route.legs:
        if leg.offer.lead_weeks is not None:
            assert leg.candidate.weeks == (*leg.offer.lead_weeks, True)
    if need.deadline_weeks is not None and need.deadline_hard:
        assert walked.stated <= need.deadline_weeks
    return walked


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_every_route_is_valid_and_adds_up_for_the_second_opinion(seed: int, mends: bool) -> None:
    rng = random.Random(seed)
    techniques = a_line(rng, 5)
    need = wish(rng, techniques)
    offers = [invent(rng, t, 10 * i + n) for i, t in enumerate(techniques) for n in range(3)]
    if mends:  # whoever offers what the rules name as remedies
        offers += [invent(rng, t, 500 + n, 0.3) for n, t in enumerate(sorted(REMEDIES))]
    routes, _ = planned(need, offers, 5)
    for route in routes.all():
        holds_up(route, need)


def tried(need: NeedProfile, routes: Routes) -> list[Walked]:
    """Every combination of candidates that holds, walked by the second opinion."""
    found = []
    shop = Workshop(VOCABULARY, rule_book(VOCABULARY), routes.plan)
    for path in itertools.product(*(range(len(s.candidates)) for s in routes.plan.steps)):
        legs = build_route(shop, path).legs  # for the states it claims, which are checked
        walked = walk_route(need, [stop_of(leg) for leg in legs])
        late = need.deadline_weeks is not None and walked.stated > need.deadline_weeks
        if not walked.broken and not late:
            found.append(walked)
    return found


def none_better(need: NeedProfile, offers: Sequence[Offer], count: int) -> None:
    """The shown are the best of all; where somebody offers a remedy of what is broken, at least
    none that needs no remedy is better than the first."""
    routes, _ = planned(need, offers, count)
    every = tried(need, routes)
    mendable = any(under(t, REMEDIES) for o in offers for t in o.techniques)
    for objective in OBJECTIVES:
        found = routes.by_kind.get(objective, [])
        shown = [holds_up(r, need).rank(objective) for r in found]
        assert shown == sorted(shown)
        if mendable and any(w.mendable for w in every):
            whole = [w.rank(objective)[0] for w in every if not w.mendable]
            assert not whole or shown[0][0] <= min(whole) + 0.011
            continue
        best = sorted(w.rank(objective) for w in every)[:count]
        assert [r[0] for r in shown] == pytest.approx([b[0] for b in best], abs=0.011), objective


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([1, 3, 8]))
def test_no_route_that_holds_is_better_than_the_best_shown(seed: int, count: int) -> None:
    rng = random.Random(seed)
    techniques = a_line(rng, 4)
    need = wish(rng, techniques)
    offers = [invent(rng, t, 10 * i + n, 0.4) for i, t in enumerate(techniques) for n in range(3)]
    none_better(need, offers, count)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(sorted(VOCABULARY.chains)), st.sampled_from([1, 4]))
def test_nor_where_the_chain_lets_steps_run_side_by_side(seed: int, chain: str, count: int) -> None:
    rng = random.Random(seed)
    template = [s for s in VOCABULARY.chains[chain].steps if s.level == "mandatory"]
    techniques = [s.techniques[0] for s in template[:5]]
    need = wish(rng, techniques, chain)
    offers = [invent(rng, t, 10 * i + n, 0.3) for i, t in enumerate(techniques) for n in range(2)]
    none_better(need, offers, count)


def test_no_step_takes_for_granted_what_the_templates_refuse() -> None:
    """Every technique and every state a piece can be in; what only the tables know is asked."""
    book = rule_book(VOCABULARY)
    place = next(i for i, r in enumerate(book.rules) if r.id == "state-progress")
    seen = set()
    for technique in sorted(VOCABULARY.techniques):
        if place not in book.to_rules(technique, NeedProfile()):
            continue
        offer = Offer(1, "k1", 1, "lab-1", (technique,))
        for state in book.terms.orders:
            sight = Sight(book.terms, Piece(state, steps=2), offer, technique, NeedProfile())
            mine = book.checkers[place](sight)
            thing = slow_rules.Thing(states=frozenset({state}))
            theirs = slow_rules.reached(thing, Stop(offer, technique, ()))
            assert (mine, theirs) not in ((OK, NO), (BAD, YES)), (technique, state)
            seen.add((mine, theirs))
    assert {(OK, YES), (BAD, NO)} <= seen


def test_the_second_opinion_can_say_no() -> None:
    """A checker that never objects would prove nothing."""
    need = NeedProfile(steps=(Step("1", ("foundry.mpw",)), Step("2", ("test.wafer-level",))))
    run, probe = (
        Offer(1, "a", 1, "a", ("foundry.mpw",)),
        Offer(2, "b", 2, "b", ("test.wafer-level",)),
    )
    stops = [
        Stop(run, "foundry.mpw", (), state="die"),
        Stop(probe, "test.wafer-level", (0,), state="die"),
    ]
    walked = walk_route(need, stops)
    assert walked.broken
    assert walked.rules[1]["piece-not-wafer"] == "block"
    assert len(slow_rules.RULES) == len([r for r in VOCABULARY.rules if r.evaluable != "plan"])
