"""What-if equals starting over, advice equals trying everything, allocation is optimal."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.matching_data import make_need, make_offers
from collab.matching.records import Criterion, NeedProfile, Offered, Status, Step
from collab.matching.snapshot import build
from collab.routing.alliance import (
    Investment,
    Problem,
    best_investments,
    chain_coverage,
    exact_by_trying,
    gap_map,
    greedy,
    investment_problem,
    single_providers,
)
from collab.routing.allocation import Slot, allocate
from collab.routing.scenario import Board, Standing
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()
POOL = ("lithography.ebl", "etching.icp", "etching.rie", "deposition.pecvd", "packaging.wire-bond",
        "singulation.blade-dicing", "thinning.lapping", "packaging.hermetic-seal")  # fmt: skip


def some_needs(seed: int, count: int) -> list[NeedProfile]:
    found = []
    for n in range(count):
        chosen = tuple(POOL[(seed * 7 + n * 3 + i * 5) % len(POOL)] for i in range(1 + n % 3))
        found.append(make_need(VOCABULARY, seed * 1000 + n, techniques=chosen, criteria=2))
    return found


def some_offers(seed: int, count: int, prefix: str = "cap") -> list:
    return [
        o
        for i, t in enumerate(POOL)
        for o in make_offers(
            VOCABULARY, count, seed=seed * 10 + i, technique=t, prefix=f"{prefix}{i}"
        )
    ]


def plain(standings: list[Standing]) -> list:
    return [
        (s.route, [[(f.key, f.klass, f.score) for f in found] for found in s.fits])
        for s in standings
    ]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 500), st.integers(0, 3), st.integers(0, 4))
def test_a_scenario_equals_starting_over(seed: int, added: int, removed: int) -> None:
    offers = some_offers(seed, 3)
    needs = some_needs(seed, 12)
    board = Board(VOCABULARY, build(VOCABULARY, offers), needs)
    fresh = some_offers(seed + 1, 1, "new")[:added]
    if added:
        fresh.append(make_offers(VOCABULARY, 1, seed=seed, technique=POOL[0])[0])
        fresh[-1] = fresh[-1].__class__(
            **{**{f: getattr(fresh[-1], f) for f in fresh[-1].__slots__}, "key": offers[-1].key}
        )
    gone = {o.key for o in offers[:removed]}
    kept = {o.key: o for o in offers if o.key not in gone} | {o.key: o for o in fresh}
    before = plain(board.standings)
    followed = board.applied(fresh, gone)
    again = Board(VOCABULARY, build(VOCABULARY, kept.values()), needs)
    assert plain(followed.standings) == plain(again.standings)
    assert plain(board.standings) == before


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6))
def test_a_scenario_sees_what_is_broader_and_narrower_than_asked(seed: int) -> None:
    """Whoever offers a broader technique is a question, whoever offers a narrower one an answer,
    and a step may ask for a whole category."""
    rng = random.Random(seed)
    names = sorted(VOCABULARY.techniques)
    near = {t: [t, *VOCABULARY.ancestors(t), *VOCABULARY.descendants(t)] for t in names}
    asked = [rng.choice([t for t in names if len(near[t]) > 1]) for _ in range(8)]
    categories = [VOCABULARY.techniques[t].category for t in asked[:2]]
    needs = [NeedProfile(steps=(Step("1", (t,)),)) for t in asked]
    needs += [NeedProfile(steps=(Step("1", (), category=c),)) for c in categories]
    board = Board(VOCABULARY, build(VOCABULARY, []), needs)
    for technique in asked:
        for offered in near[technique]:
            added = make_offers(VOCABULARY, 1, technique=offered, prefix=offered)
            # whatever else it states is beside the point here
            said = rng.choice(("", *categories))  # it may say more than its techniques, or less
            plainly = {"techniques": (offered,), "category": said, "status": Status.OPERATING}
            added = [replace(o, **plainly) for o in added]
            again = Board(VOCABULARY, build(VOCABULARY, added), needs)
            assert plain(board.applied(added).standings) == plain(again.standings)
            found = again.standings[asked.index(technique)]
            assert found.route, (technique, offered)
            gone = again.applied((), [added[0].key])
            assert plain(gone.standings) == plain(board.standings)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 500))
def test_adding_a_capability_never_takes_a_match_or_a_route_away(seed: int) -> None:
    board = Board(VOCABULARY, build(VOCABULARY, some_offers(seed, 2)), some_needs(seed, 10))
    changes, _ = board.scenario(some_offers(seed + 9, 1, "new"))
    for change in changes:
        assert not change.lost
        for before, after in zip(change.before.fits, change.after.fits, strict=True):
            assert {f.key for f in before} <= {f.key for f in after}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 500))
def test_giving_up_a_criterion_never_loses_a_match(seed: int) -> None:
    offers = build(VOCABULARY, some_offers(seed, 3))
    for need in some_needs(seed, 6):
        before = Board(VOCABULARY, offers, [need]).standings[0]
        for drop in need.criteria:
            looser = replace(need, criteria=tuple(c for c in need.criteria if c != drop))
            after = Board(VOCABULARY, offers, [looser]).standings[0]
            for kept, now in zip(before.fits, after.fits, strict=True):
                assert {f.key for f in kept} <= {f.key for f in now}


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    m, n = draw(st.integers(1, 7)), draw(st.integers(1, 8))
    places = st.frozensets(st.integers(0, m - 1), max_size=3)
    cover = tuple(tuple(draw(st.lists(places, min_size=1, max_size=3))) for _ in range(n))
    worth = tuple(float(draw(st.integers(1, 5))) for _ in range(n))
    return Problem(tuple(Investment(f"t{i}", "r") for i in range(m)), tuple(range(n)), cover, worth)


@settings(max_examples=40, deadline=None)
@given(problems(), st.integers(1, 3))
def test_the_best_investments_equal_trying_every_choice(problem: Problem, count: int) -> None:
    advice = best_investments(problem, count)
    exact = exact_by_trying(problem, count)[0]
    assert advice.proven
    assert advice.gain == exact
    assert len(advice.chosen) <= count
    assert problem.gain(greedy(problem, count)) <= exact


def test_a_need_with_two_gaps_is_only_opened_by_both() -> None:
    needs = [NeedProfile(steps=(Step("1", ("etching.icp",)), Step("2", ("lithography.ebl",))))] * 2
    board = Board(VOCABULARY, build(VOCABULARY, []), needs)
    problem = investment_problem(board, {"wuhan": frozenset({"wuhan", "china"})})
    assert best_investments(problem, 1).gain == 0.0
    advice = best_investments(problem, 2)
    assert {i.technique for i in advice.chosen} == {"etching.icp", "lithography.ebl"}
    assert advice.needs == (0, 1)
    assert (
        best_investments(
            investment_problem(Board(VOCABULARY, build(VOCABULARY, []), []), {}), 3
        ).gain
        == 0
    )


def test_coverage_gaps_and_single_providers_are_counted() -> None:
    snapshot = build(VOCABULARY, make_offers(VOCABULARY, 3, seed=1, technique="wafer.lnoi"))
    needs = [NeedProfile(steps=(Step("1", ("wafer.lnoi",)), Step("2", ("etching.ibe",))))]
    board = Board(VOCABULARY, snapshot, needs)
    rows = {(c["chain"], c["step"]): c for c in chain_coverage(VOCABULARY, snapshot)}
    assert rows["tfln-modulator", "wafer"]["capabilities"] > 0
    assert rows["tfln-modulator", "etch"]["capabilities"] == 0
    assert gap_map(board)[0]["technique"] == "etching.ibe"
    assert gap_map(board, lambda n: 3.0)[0]["weight"] == 3.0
    owners = {e["organisation"] for e in single_providers(board)}
    assert len(owners) <= 1
    assert gap_map(Board(VOCABULARY, snapshot, [])) == []


def best_by_trying(
    priorities: dict[str, float], slots: list[Slot], allowed: dict[str, list[int]]
) -> float:
    names = sorted(priorities)
    best = 0.0
    for choice in itertools.product(*([None, *allowed[n]] for n in names)):
        if all(choice.count(s) <= slot.free for s, slot in enumerate(slots)):
            best = max(
                best,
                sum(priorities[n] for n, c in zip(names, choice, strict=True) if c is not None),
            )
    return best


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_allocation_serves_the_most_priority(data: st.DataObject) -> None:
    slots = [Slot(f"p{i}", "2026-12", data.draw(st.integers(0, 2))) for i in range(3)]
    names = [f"n{i}" for i in range(data.draw(st.integers(0, 5)))]
    priorities = {n: float(data.draw(st.integers(1, 4))) for n in names}
    allowed = {n: data.draw(st.lists(st.integers(0, 2), unique=True)) for n in names}
    found = allocate(priorities, slots, allowed)
    assert found.served == pytest.approx(best_by_trying(priorities, slots, allowed))
    assert {n for n, _ in found.chosen} | set(found.waiting) == set(names)
    for need, slot in found.chosen:
        assert slot in allowed[need]
    for place, slot in enumerate(slots):
        assert sum(s == place for _, s in found.chosen) <= slot.free


def most_served(
    priorities: dict[str, float], slots: list[Slot], allowed: dict[str, list[int]]
) -> float:
    """The most priority by another way: needs in order of priority, each taken in where somebody
    can move over for it; never worse than any other choice (needs that fit together are a
    matroid)."""
    placed: dict[str, int] = {}

    def finds_room(need: str, seen: set[int]) -> bool:
        for slot in allowed[need]:
            if slot in seen:
                continue
            seen.add(slot)
            here = [n for n, s in placed.items() if s == slot]
            if len(here) < slots[slot].free or any(finds_room(n, seen) for n in here):
                placed[need] = slot
                return True
        return False

    for need in sorted(priorities, key=lambda n: -priorities[n]):
        finds_room(need, set())
    return sum(priorities[n] for n in placed)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_where_many_compete_the_higher_priority_is_served(seed: int) -> None:
    rng = random.Random(seed)
    slots = [Slot(f"p{i}", "2026-12", rng.randrange(4), rng.randrange(9)) for i in range(8)]
    priorities = {f"n{i}": float(rng.randint(1, 9)) for i in range(rng.randint(10, 40))}
    allowed = {n: rng.sample(range(8), rng.randint(1, 3)) for n in priorities}
    found = allocate(priorities, slots, allowed)
    assert found.served == most_served(priorities, slots, allowed)


def total_load(chosen: Iterable[int], slots: list[Slot]) -> int:
    """Every need in a slot costs what is in it already."""
    return sum(slots[s].taken + i for s, n in Counter(chosen).items() for i in range(n))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_among_equal_priority_no_other_choice_spreads_the_load_better(seed: int) -> None:
    rng = random.Random(seed)
    slots = [
        Slot(f"p{i}", "2026-12", rng.randint(1, 3), rng.choice((0, 1, 5000))) for i in range(3)
    ]
    priorities = {f"n{i}": rng.choice((0.01, 1.0, 3.0)) for i in range(5)}
    allowed = {n: rng.sample(range(3), rng.randint(1, 3)) for n in priorities}
    found = allocate(priorities, slots, allowed)
    best = best_by_trying(priorities, slots, allowed)
    loads = []
    for choice in itertools.product(*([None, *allowed[n]] for n in sorted(priorities))):
        served = [(n, c) for n, c in zip(sorted(priorities), choice, strict=True) if c is not None]
        fits = all(choice.count(s) <= slot.free for s, slot in enumerate(slots))
        if fits and sum(priorities[n] for n, _ in served) == pytest.approx(best):
            loads.append(total_load((c for _, c in served), slots))
    assert found.served == pytest.approx(best)
    assert total_load((s for _, s in found.chosen), slots) == min(loads)


def test_equal_priority_spreads_the_load_and_nonsense_is_refused() -> None:
    slots = [Slot("a", "2026-12", 4), Slot("b", "2026-12", 4)]
    found = allocate(dict.fromkeys("wxyz", 1.0), slots, {n: [0, 1] for n in "wxyz"})
    assert sorted(s for _, s in found.chosen) == [0, 0, 1, 1]
    with pytest.raises(ValueError, match="positive"):
        allocate({"a": 0.0}, slots, {"a": [0]})


def test_a_changed_line_does_what_it_did_and_what_it_learned() -> None:
    from collab.network.advice import Question, what_if
    from tests.unit.test_routing_answer import offer

    line = offer("line", "etching.icp", 1, values={"wafer-diameter": Offered(100.0, 150.0)})
    needs = [
        NeedProfile(steps=(Step("1", ("etching.icp",), criteria=(_size(100.0),)),)),
        NeedProfile(steps=(Step("1", ("etching.icp",), criteria=(_size(200.0),)),)),
        NeedProfile(steps=(Step("1", ("etching.rie",)),)),
    ]
    board = Board(VOCABULARY, build(VOCABULARY, [line]), needs)
    before = plain(board.standings)

    def gained(**more: object) -> list[int]:
        question = Question(change="line", **more)  # type: ignore[arg-type]
        assert question.asks
        changes = what_if(board, list(range(3)), question, {})  # type: ignore[arg-type]
        assert changes["lost"] == []
        return changes["gained"]  # type: ignore[return-value]

    assert gained(wafer=200.0) == [1]
    assert gained(technique="etching.rie") == [2]
    assert not Question(change="line").asks
    assert plain(board.standings) == before


def _size(value: float) -> Criterion:
    return Criterion("wafer-diameter", "eq", value, "mm")
