"""The smallest changes over all steps are those of trying every set, and the words say which."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from collab.matching import relax
from collab.matching.answer import judge_steps
from collab.matching.records import Criterion, NeedProfile, Offered, Step
from collab.matching.relax import Relaxation
from collab.matching.snapshot import Snapshot, build
from collab.routing.answer import plan_routes
from collab.routing.widening import pool, widenings
from collab.vocabulary.catalog import load_vocabulary
from tests.unit.test_routing_alliance import some_needs, some_offers
from tests.unit.test_routing_answer import ask, offer, wafers

VOCABULARY = load_vocabulary()


def opened(
    snapshot: Snapshot, need: NeedProfile, chosen: tuple[Relaxation, ...]
) -> tuple[bool, bool]:
    """(every step has a candidate, a route holds), judged from scratch."""
    for one in chosen:
        need = relax.relaxed(need, one)
    results = judge_steps(VOCABULARY, snapshot, need, near=0)
    matched = all(r.fits or r.ask.step.optional for r in results)
    routes = plan_routes(VOCABULARY, snapshot, need, results)
    return matched, any(routes.by_kind.values())


def smallest_by_trying(
    snapshot: Snapshot, need: NeedProfile, singles: list[Relaxation], level: int, most: int
) -> set[frozenset[int]]:
    """Every set of up to `most` changes that opens while none of its parts does."""
    good = {
        frozenset(chosen)
        for size in range(1, most + 1)
        for chosen in combinations(range(len(singles)), size)
        if opened(snapshot, need, tuple(singles[i] for i in chosen))[level]
    }
    return {s for s in good if not any(other < s for other in good)}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 5_000))
def test_the_smallest_sets_are_those_of_trying_every_set(seed: int) -> None:
    snapshot = build(VOCABULARY, some_offers(seed % 50, 1))
    for need in some_needs(seed, 3):
        results = judge_steps(VOCABULARY, snapshot, need)
        if opened(snapshot, need, ())[1]:
            continue
        singles = pool(VOCABULARY, snapshot, results)
        found = widenings(VOCABULARY, snapshot, need, results)
        most = 3 if any(not r.fits for r in results) else 2
        routes = smallest_by_trying(snapshot, need, singles, 1, most)
        level, best = ("route", routes)
        if not routes:
            matched = opened(snapshot, need, ())[0]
            best = set() if matched else smallest_by_trying(snapshot, need, singles, 0, most)
            level = "match"
        if not best:
            assert found is None
            continue
        assert found is not None
        assert found.level == level
        shown = {frozenset(singles.index(one) for one in chosen) for chosen in found.sets}
        assert shown <= best
        assert len(shown) == min(5, len(best))
        assert min(map(len, shown)) == min(map(len, best))


def test_two_steps_that_lack_something_are_opened_together_and_only_so() -> None:
    need = NeedProfile(
        steps=(
            Step("1", ("lithography.ebl",), criteria=(Criterion("min-feature", "le", 5.0, "nm"),)),
            Step("2", ("etching.icp",), criteria=(Criterion("wafer-diameter", "eq", 200.0, "mm"),)),
        )
    )
    write = offer("write", "lithography.ebl", 1, values={"min-feature": Offered(8.0, 8.0)})
    etch = offer("etch", "etching.icp", 2, values=wafers(150.0))
    found = ask(need, write, etch)
    assert found["routes"] == []
    assert {g["step"] for g in found["gaps"]} == {"1", "2"}
    smallest = found["openings"]
    assert smallest[0]["opens"] == "route"
    assert [(a["criterion"], a["step"]) for a in smallest[0]["accept"]] == [
        ("min-feature", "1"), ("wafer-diameter", "2"),
    ]  # fmt: skip
    assert smallest[0]["zh"] == (
        "若电子束光刻接受最小线宽 至多 8 nm，并电感耦合等离子刻蚀接受晶圆直径 150 mm，则有完整路线"
    )
    assert smallest[0]["en"].startswith("a whole route opens if for electron-beam lithography, ")
    assert all(len(one["accept"]) == 2 for one in smallest)
    # with both accepted there is nothing left to change
    wider = need
    for one in (
        relax.Relaxation("min-feature", need.steps[0].criteria[0], None),
        relax.Relaxation("wafer-diameter", need.steps[1].criteria[0], None),
    ):
        wider = relax.relaxed(wider, one)
    again = ask(wider, write, etch)
    assert again["routes"]
    assert again["openings"] == []


def test_nothing_is_promised_where_nothing_helps() -> None:
    need = NeedProfile(steps=(Step("1", ("etching.ibe",)), Step("2", ("packaging.wire-bond",))))
    found = ask(need, offer("w", "packaging.wire-bond"))
    assert found["routes"] == []
    assert found["openings"] == []


def test_a_wire_bond_does_not_stand_in_for_a_seal() -> None:
    found = ask(
        NeedProfile(steps=(Step("1", ("packaging.hermetic-seal",)),)),
        offer("w", "packaging.wire-bond"),
    )
    assert found["gaps"][0]["instead"] == []
    other = ask(NeedProfile(steps=(Step("1", ("etching.icp",)),)), offer("r", "etching.rie"))
    assert other["gaps"][0]["instead"][0]["accept"][0]["value"] == ["etching.rie"]
    assert other["openings"][0]["zh"] == "若用反应离子刻蚀代替电感耦合等离子刻蚀，则有完整路线"
