"""The k best routes are those of trying every combination, and every hand-over in them is valid."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.matching_data import PLACES, make_offers
from collab.matching.records import Criterion, NeedProfile, Offer, Offered, Place, Step
from collab.matching.score import great_circle_km
from collab.routing import ahead, pieces, tables, walker
from collab.routing.checks import Sight
from collab.routing.existence import route_exists
from collab.routing.lanes import lane_of, road_of
from collab.routing.meeting import merge
from collab.routing.plan import (
    FAR_KM,
    Candidate,
    Plan,
    PlanStep,
    Weeks,
    centi,
    kind_of_handover,
    logistics_weeks,
    make_plan,
)
from collab.routing.planner import OBJECTIVES, Search
from collab.routing.rules import check_step, new_questions, rule_book, says, walk
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()
BOOK = rule_book(VOCABULARY)
CHAINS = [
    ("epitaxy.mocvd", "etching.icp", "deposition.metallization", "thermal.rta"),
    ("foundry.mpw", "packaging.wire-bond", "packaging.hermetic-seal"),
    ("thinning.lapping", "singulation.cleaving", "facet.ar-coating", "test.bar-chip"),
    ("mask.photomask", "lithography.contact", "etching.icp"),
]
NEED = NeedProfile(materials=("inp",), quantity=(5.0, "wafer"), trl=("ge", 6), level="nda")
LOOKING = {  # a technique that each rule looks at
    place: next(t for t in sorted(VOCABULARY.techniques) if place in BOOK.to_rules(t, NEED))
    for place in BOOK.checkers
}
SAID = {"excluded-materials": Offered(choices=("au", "cu")), "final-thickness": Offered(90.0, 90.0)}
STATED = {
    t: [
        replace(o, values={**o.values, **SAID} if o.id % 2 else o.values)
        for o in make_offers(VOCABULARY, 20, technique=t, fill=0.9)
    ]
    for t in sorted(set(LOOKING.values()))
}
METALS = [c.id for c in VOCABULARY.parameters["pad-metal"].values]
FLAGS = sorted({f for row in tables.FLAGS_SET.values() for f in row})
LOGISTICS = {"same_site": (0.0, 0.0), "same_country": (0.5, 1.0), "cross_border": (2.0, 4.0)}


def invent(rng: random.Random, technique: str, number: int) -> Offer:
    values = {}
    if rng.random() < 0.7:
        values["wafer-diameter"] = Offered(choices=tuple(rng.sample((50.0, 76.0, 100.0, 150.0), 2)))
    if rng.random() < 0.7:
        heat = float(rng.choice((200, 350, 600)))
        values["process-temperature"] = Offered(heat, heat)
    if rng.random() < 0.6:
        values["excluded-materials"] = Offered(choices=rng.choice((("au",), ("li",), ("iii-v",))))
    organisation = rng.randrange(4)
    lead = rng.choice((None, (1.0, 2.0), (3.0, 5.0)))
    return Offer(number, f"k{number:03d}", organisation, f"o{organisation}", (technique,),
                 values=values, place=PLACES[organisation * 2], lead_weeks=lead)  # fmt: skip


def plan_for(seed: int, graph: bool = False) -> Plan:
    rng = random.Random(seed)
    techniques = rng.choice(CHAINS)
    steps = []
    for place, technique in enumerate(techniques):
        found = []
        for n in range(rng.randint(1, 4)):
            offer = invent(rng, technique, place * 10 + n)
            low, high = offer.lead_weeks or (1.0, 3.0)
            weeks = Weeks(low, high, offer.lead_weeks is not None)
            found.append(Candidate(offer, technique, weeks, rng.randrange(3), "meets"))
        before: tuple[int, ...] = (place - 1,) if place else ()
        if graph and place == 1:
            before = ()
        if graph and place == 2:
            before = (0, 1)
        steps.append(PlanStep(place, Step(str(place), (technique,)), before, tuple(found)))
    deadline = rng.choice((None, None, 6.0))
    need = NeedProfile(
        steps=tuple(s.step for s in steps), materials=rng.choice(((), ("inp",), ("tfln",))),
        criteria=(Criterion("wavelength", "eq", 1550.0),), deadline_weeks=deadline,
    )  # fmt: skip
    return Plan(need, tuple(steps), (), LOGISTICS)


def slow_walk(plan: Plan, path: tuple[int, ...]) -> int | None:
    """Questions of a route, None when a hand-over is broken: rules asked one by one, no memo."""
    after: list[pieces.Piece] = []
    questions = 0
    for step, number in zip(plan.steps, path, strict=True):
        incoming = [after[b] for b in step.before] or [pieces.start(BOOK.terms, plan.need)]
        piece = merge(BOOK.terms, incoming)
        candidate = step.candidates[number]
        sight = Sight(BOOK.terms, piece, candidate.offer, candidate.done, plan.need)
        checked = check_step(BOOK, sight)
        if any(c.verdict == "block" for c in checked):
            return None
        questions += new_questions(piece, checked) + candidate.open_questions
        after.append(walk(BOOK, sight, checked))
    return questions


def slow_cost(plan: Plan, path: tuple[int, ...], objective: str) -> int | None:
    weights = OBJECTIVES[objective]
    questions = slow_walk(plan, path)
    if questions is None:
        return None
    finish: list[int] = []
    stated: list[int] = []
    handovers = km = 0
    for step, number in zip(plan.steps, path, strict=True):
        weeks = step.candidates[number].weeks
        start = late = 0
        for b in step.before:
            sender = plan.steps[b].candidates[path[b]].offer
            receiver = step.candidates[number].offer
            kind = kind_of_handover(sender, receiver)
            start = max(start, finish[b] + centi(sum(logistics_weeks(plan, kind))))
            late = max(late, stated[b])
            handovers += kind != "none"
            far = great_circle_km(sender.place, receiver.place) if kind != "none" else None
            km += math.floor(far + 0.5) if far is not None else FAR_KM * (kind != "none")
        finish.append(start + centi(weeks.low + weeks.high))
        stated.append(late + (centi(weeks.low) if weeks.stated else 0))
    if plan.need.deadline_weeks is not None and max(stated) > centi(plan.need.deadline_weeks):
        return None
    return (weights.weeks * max(finish) + weights.handovers * handovers + weights.km * km
            + weights.questions * questions)  # fmt: skip


def brute(plan: Plan, objective: str, count: int) -> list[tuple[int, ...]]:
    paths = itertools.product(*(range(len(s.candidates)) for s in plan.steps))
    costed = [(slow_cost(plan, p, objective), p) for p in paths]
    return [p for _, p in sorted((c, p) for c, p in costed if c is not None)[:count]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(sorted(OBJECTIVES)), st.sampled_from([1, 4, 10]))
def test_the_best_routes_equal_trying_everything(seed: int, objective: str, count: int) -> None:
    search = Search(plan_for(seed), BOOK)
    assert search.best(objective, count) == brute(search.plan, objective, count)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.sampled_from(sorted(OBJECTIVES)), st.sampled_from([1, 4, 10]))
def test_parallel_steps_too(seed: int, objective: str, count: int) -> None:
    search = Search(plan_for(seed, graph=True), BOOK)
    assert search.best(objective, count) == brute(search.plan, objective, count)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_every_handover_of_a_route_is_valid_for_the_slow_checker(seed: int) -> None:
    search = Search(plan_for(seed), BOOK)
    for objective in OBJECTIVES:
        for path in search.best(objective, 10):
            assert slow_walk(search.plan, path) is not None


def wide_plan(seed: int) -> Plan:
    """Four steps of 25 candidates: too many routes to try, enough pieces for moves to differ."""
    rng = random.Random(seed)
    steps = []
    for place, technique in enumerate(rng.choice([c for c in CHAINS if len(c) == 4])):
        offers = [invent(rng, technique, place * 100 + n) for n in range(25)]
        found = tuple(
            Candidate(o, technique, Weeks(*(o.lead_weeks or (1.0, 3.0))), rng.randrange(3), "meets")
            for o in offers
        )
        before = (place - 1,) if place else ()
        steps.append(PlanStep(place, Step(str(place), (technique,)), before, found))
    need = NeedProfile(steps=tuple(s.step for s in steps), materials=("inp",))
    return Plan(need, tuple(steps), (), LOGISTICS)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 100_000), st.booleans())
def test_moves_worked_out_beforehand_change_no_route(seed: int, graph: bool) -> None:
    plan = wide_plan(seed)
    if graph:
        side_by_side = [(), (), (0, 1), (2,)]
        steps = (replace(s, before=b) for s, b in zip(plan.steps, side_by_side, strict=True))
        plan = replace(plan, steps=tuple(steps))
    search = Search(plan, BOOK)
    search.look_ahead()
    with_tables = {kind: search.best(kind, 10) for kind in OBJECTIVES}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ahead, "MAX_TABLE", 0)
        bare = Search(plan, BOOK)
        assert {kind: bare.best(kind, 10) for kind in OBJECTIVES} == with_tables
        assert bare.tables is None
        assert bare.questions is None
        assert bare.complete
    with pytest.MonkeyPatch.context() as patch:  # more questions than bits of a machine's number
        patch.setattr(walker, "HIGHEST", 1)
        large = Search(plan, BOOK)
        large.look_ahead()
        assert {kind: large.best(kind, 10) for kind in OBJECTIVES} == with_tables
    for objective, paths in with_tables.items():
        costs = [slow_cost(plan, p, objective) for p in paths]
        assert None not in costs
        assert costs == sorted(costs, key=lambda c: c or 0)


def any_piece(rng: random.Random) -> pieces.Piece:
    """A piece with something in every field, likely or not."""

    def some(names: Sequence[str]) -> frozenset[str] | None:
        return frozenset(rng.sample(names, 2)) if rng.random() < 0.7 else None

    def span() -> tuple[float, float]:
        low = rng.choice((0.1, 20.0, 125.0, 250.0, 400.0, math.inf))
        return low, rng.choice((low, 2 * low))

    figures = tuple((n, span()) for n in sorted(tables.FIGURES) if rng.random() < 0.6)
    return pieces.Piece(
        rng.choice(["", *BOOK.terms.orders]), rng.choice((None, frozenset({100.0}))), figures,
        some(METALS), some(("1x plate", "4x reticle", "5x reticle")), some(("edge", "grating")),
        frozenset(rng.sample(("au", "cu", "iii-v"), rng.randrange(3))), rng.random() < 0.5,
        span(), span(),
        frozenset(rng.sample(FLAGS, 4)), 0, rng.getrandbits(len(BOOK.rules)), frozenset(),
        rng.randrange(2),
    )  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_a_rule_reads_of_a_piece_no_more_than_it_says(seed: int) -> None:
    """The search asks a rule once for all pieces that it sees alike: they have to be judged alike,
    however they differ otherwise."""
    rng = random.Random(seed)
    for place, technique in LOOKING.items():
        offer = rng.choice(STATED[technique])
        one, other = any_piece(rng), any_piece(rng)
        for field in pieces.Piece._fields:
            mixed = one._replace(**{field: getattr(other, field)})
            if BOOK.glances[place](one) == BOOK.glances[place](mixed):
                said = [says(BOOK, Sight(BOOK.terms, p, offer, technique, NEED), place)
                        for p in (one, mixed)]  # fmt: skip
                assert said[0] == said[1], (BOOK.rules[place].id, field)


def stands_at(rng: random.Random, number: int) -> Candidate:
    """A capability of one of four organisations that may stand in several places, or nowhere."""
    offer = replace(
        invent(rng, "etching.icp", number),
        place=rng.choice([*PLACES, Place(country="china"), Place(lat=30.59, lon=114.31)]),
    )
    return Candidate(offer, "etching.icp", Weeks(1.0, 2.0), 0, "meets")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000))
def test_what_lies_between_two_steps_is_what_lies_between_each_two_capabilities(seed: int) -> None:
    rng = random.Random(seed)
    lanes = []
    plan = Plan(NeedProfile(), (), (), LOGISTICS)
    for place in range(2):
        found = tuple(stands_at(rng, n) for n in range(rng.randint(1, 9)))
        lanes.append((found, lane_of(PlanStep(place, Step("s", ("etching.icp",)), (), found))))
    (senders, one), (receivers, other) = lanes
    road = road_of(plan, one, other)
    values = np.array([[rng.randrange(500) for _ in receivers] for _ in range(3)])
    least = road.least(road.weeks, values)
    for i, sender in enumerate(senders):
        ways = [kind_of_handover(sender.offer, r.offer) for r in receivers]
        weeks = [centi(sum(logistics_weeks(plan, way))) for way in ways]
        assert road.row(road.weeks, i).tolist() == weeks
        assert [road.entry(road.weeks, i, j) for j in range(len(weeks))] == weeks
        assert least[:, i].tolist() == (values + np.array(weeks)).min(axis=1).tolist()


def test_no_steps_and_no_candidates_give_no_route() -> None:
    empty = Plan(NeedProfile(), (), (), LOGISTICS)
    assert Search(empty, BOOK).best("fastest", 3) == []
    bare = PlanStep(0, Step("1", ("etching",)), (), ())
    assert Search(Plan(NeedProfile(), (bare,), (), LOGISTICS), BOOK).best("surest", 3) == []


@pytest.mark.parametrize("chain", [None, "tfln-modulator"])
def test_steps_follow_the_chain_or_else_the_text(chain: str | None) -> None:
    written = ("singulation.stealth-dicing", "lithography.ebl", "etching.ibe")
    need = NeedProfile(steps=tuple(Step(t, (t,)) for t in written), chain=chain)
    from collab.matching.answer import judge_steps
    from collab.matching.snapshot import build

    plan = make_plan(VOCABULARY, need, judge_steps(VOCABULARY, build(VOCABULARY, []), need))
    order = [s.step.key for s in plan.steps]
    assert order == (list(written) if chain is None else [written[1], written[2], written[0]])


@settings(max_examples=120, deadline=None)
@given(st.integers(0, 100_000), st.booleans())
def test_a_route_exists_exactly_when_trying_everything_finds_one(seed: int, graph: bool) -> None:
    plan = plan_for(seed, graph)
    assert route_exists(VOCABULARY, plan) is bool(brute(plan, "fewest", 1))


@pytest.mark.parametrize("first", [1.0, 5.0])
def test_the_quickest_of_those_seen_alike_decides_whether_a_deadline_can_be_met(
    first: float,
) -> None:
    """One kind holds quick and slow ones, in whatever order they come."""
    offers = [invent(random.Random(3), "etching.icp", n) for n in range(2)]
    alike = replace(offers[0], key=offers[1].key, id=1)
    found = tuple(
        Candidate(o, "etching.icp", Weeks(low, low, stated=True), 0, "meets")
        for o, low in zip((offers[0], alike), (first, 6.0 - first), strict=True)
    )
    step = PlanStep(0, Step("0", ("etching.icp",)), (), found)
    for deadline, holds in ((1.0, True), (0.5, False)):
        need = NeedProfile(steps=(step.step,), deadline_weeks=deadline)
        plan = Plan(need, (step,), (), LOGISTICS)
        assert len(walker.Walker(plan, BOOK).kinds[0].kinds) == 1
        assert route_exists(VOCABULARY, plan) is holds
        assert bool(brute(plan, "fewest", 1)) is holds


def test_a_step_takes_the_place_in_the_chain_that_names_its_very_technique() -> None:
    """Opening the sensing window is called by the parent of microfluidics: not the same step."""
    from collab.routing.plan import order_steps

    written = ("foundry.mpw", "singulation.blade-dicing", "biointerface.microfluidics",
               "packaging.coupling.grating", "biointerface.functionalization")  # fmt: skip
    need = NeedProfile(steps=tuple(Step(t, (t,)) for t in written), chain="photonic-biosensor")
    ordered, before, _ = order_steps(VOCABULARY, need, range(len(written)))
    assert [written[i] for i in ordered] == list(written)
    assert before[4] == (2, 3)  # after the fluidics and the optics, which run side by side
