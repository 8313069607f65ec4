"""PRODUCT.md on routes and gaps, sentence by sentence: each test quotes what it holds to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.matching import relax
from collab.matching.answer import judge_steps
from collab.matching.gaps import step_gap
from collab.matching.records import Criterion, NeedProfile, Offered, Place, Status, Step
from collab.matching.snapshot import build
from collab.routing.alliance import Problem, gap_map, leaves, single_providers
from collab.routing.answer import plan_routes
from collab.routing.front import pareto
from collab.routing.meeting import merge
from collab.routing.pieces import Piece
from collab.routing.planner import OBJECTIVES
from collab.routing.rules import rule_book
from collab.routing.scenario import Board
from tests.unit.test_routing_alliance import some_needs, some_offers
from tests.unit.test_routing_answer import LEUVEN, VOCABULARY, WUHAN, ask, need, offer, wafers

EBL, ICP = "lithography.ebl", "etching.icp"
SHANGHAI = Place("shanghai", ("china",), "china", 31.23, 121.47)


def rules_at(route: dict[str, Any], leg: int) -> dict[str, str]:
    return {r["rule"]: r["verdict"] for r in route["legs"][leg]["rules"]}


# "Routes: steps in order, one capability each."


def test_one_capability_for_each_step_in_order() -> None:
    found = ask(need(EBL, ICP), offer("w", EBL), offer("e1", ICP, 2), offer("e2", ICP, 3))
    assert found["routes"]
    for route in found["routes"]:
        assert [leg["technique"] for leg in route["legs"]] == [EBL, ICP]
        assert [leg["after"] for leg in route["legs"]] == [[], [0]]


# "What leaves one step must be accepted by the next (wafer diameter, material, thickness, die form,
#  contamination class, pad and fibre interface): a broken hand-over is not a route, an unknown one
#  is flagged."

BREAKS: list[tuple[str, str, dict[str, Any], str, dict[str, Any], dict[str, Any], str]] = [
    ("die form", "foundry.mpw", {}, "test.wafer-level", {}, {}, "piece-not-wafer"),
    ("contamination", "wafer.lnoi", {}, "thermal.furnace",
     {"values": {"excluded-materials": Offered(choices=("li",))}}, {"materials": ("tfln",)},
     "contamination-list"),
    ("pads", "design.layout", {}, "packaging.wire-bond",
     {"values": {"pad-pitch": Offered(120.0, 120.0)}},
     {"criteria": (Criterion("pad-pitch", "eq", 80.0, "um", hard=False),)}, "pad-pitch-match"),
    ("fibre", "foundry.mpw", {}, "packaging.coupling.fiber-array",
     {"values": {"fiber-pitch": Offered(choices=(250.0,))}},
     {"criteria": (Criterion("fiber-pitch", "eq", 127.0, "um", hard=False),)},
     "fiber-pitch-match"),
    ("temperature", "deposition.metallization", {}, "thermal.furnace",
     {"values": {"process-temperature": Offered(600.0, 900.0)}}, {}, "thermal-budget"),
]  # fmt: skip


@pytest.mark.parametrize("case", BREAKS, ids=[b[0] for b in BREAKS])
def test_a_broken_hand_over_is_no_route_and_an_unknown_one_is_flagged(case: Any) -> None:
    _, first, one, second, two, more, rule = case
    start, end = offer("a", first, 1, **one), offer("b", second, 2, **two)
    broken = ask(need(first, second, **more), start, end)
    assert broken["routes"] == []
    assert broken["gaps"][-1]["killer"] == rule
    if rule == "piece-not-wafer":
        return  # the form of a piece is no statement of the next line
    silent = ask(need(first, second, **more), start, offer("b", second, 2))["routes"][0]
    assert rules_at(silent, 1)[rule] == "unknown"
    assert silent["open_questions"] >= 1
    assert rule in {q["rule"] for q in silent["legs"][1]["questions"]}


def test_a_thickness_that_is_no_single_figure_leaves_a_question() -> None:
    """A line from 80 to 400 um may well stop at 200: nobody has said that it will not."""
    thin = offer("t", "thinning.grinding", 2, values={"final-thickness": Offered(80.0, 400.0)})
    route = ask(need("deposition.pecvd", "thinning.grinding"), offer("d", "deposition.pecvd"), thin)
    assert rules_at(route["routes"][0], 1)["thin-needs-support"] == "unknown"
    deep = need("deposition.pecvd", "thinning.grinding",
                criteria=(Criterion("final-thickness", "eq", 100.0, "um"),))  # fmt: skip
    route = ask(deep, offer("d", "deposition.pecvd"), thin)["routes"][0]
    assert rules_at(route, 1)["thin-needs-support"] == "fix"


def test_a_line_that_only_states_its_highest_temperature_is_asked() -> None:
    metal = offer("m", "deposition.metallization")
    oven = offer("o", "thermal.furnace", 2, values={"process-temperature": Offered(high=1100.0)})
    route = ask(need("deposition.metallization", "thermal.furnace"), metal, oven)["routes"][0]
    assert rules_at(route, 1)["thermal-budget"] == "unknown"


# Vocabulary: "an operand that is unknown gives 'unknown', never 'ok'". A foundry hands over wafers
# or chips as ordered, so what it hands over is a question to the next line.


def test_what_a_foundry_hands_over_is_a_question() -> None:
    run, glue = offer("r", "foundry.pilot-line"), offer("g", "packaging.die-attach.epoxy", 2)
    asked = need("foundry.pilot-line", "packaging.die-attach.epoxy")
    route = ask(asked, run, glue)["routes"][0]
    assert rules_at(route, 1)["dice-before-attach"] == "unknown"
    assert rules_at(route, 1)["state-progress"] == "unknown"
    # one thing of the piece is asked once, however many rules would like to know it
    of_state = [q for q in route["legs"][1]["questions"]
                if q["rule"] in ("dice-before-attach", "state-progress")]  # fmt: skip
    assert len(of_state) == 2
    assert {q["to"] for q in of_state} == {"member"}
    bench = ask(need("foundry.pilot-line", "test.insertion-loss"), run,
                offer("t", "test.insertion-loss", 2))["routes"][0]  # fmt: skip
    assert rules_at(bench, 1).get("state-progress", "ok") == "ok"


# "Report the best few routes under each of: fastest, fewest hand-overs, nearest, surest; each with
#  weeks, hand-overs, kilometres, open questions, and price where known."


def test_the_best_few_of_each_kind_with_all_their_figures() -> None:
    places = [WUHAN, SHANGHAI, LEUVEN]
    offers = [
        offer(f"{t}-{i}", t, i, place=places[i], lead_weeks=(1.0 + i, 2.0 + i), price=(10.0, c))
        for t in (EBL, ICP)
        for i, c in enumerate(("CNY", "CNY", "EUR"))
    ]
    found = ask(need(EBL, ICP), *offers, offer("silent", ICP, 9))
    kinds = {r["kind"] for r in found["routes"]}
    assert set(OBJECTIVES) <= kinds
    for kind in OBJECTIVES:
        ranked = [r for r in found["routes"] if r["kind"] == kind]
        assert [r["rank"] for r in ranked] == list(range(1, len(ranked) + 1))
        assert len(ranked) <= 3
        for route in ranked:
            assert {"weeks", "handovers", "km", "open_questions", "price"} <= set(route)
    assert next(r for r in found["routes"] if r["kind"] == "nearest")["km"] == 0
    mixed = ask(need(EBL, ICP), offers[0], offers[-1])["routes"][0]
    assert mixed["price"] == {
        "known": [{"amount": 10.0, "currency": "CNY"}, {"amount": 10.0, "currency": "EUR"}],
        "missing": 0,
        "over": None,
    }
    assert ask(need(EBL, ICP), offers[0], offer("s", ICP, 9))["routes"][0]["price"]["missing"] == 1


def test_a_place_nobody_knows_is_not_near() -> None:
    known = [offer("a", EBL, 1, place=WUHAN), offer("b", ICP, 2, place=LEUVEN)]
    found = ask(need(EBL, ICP), *known, offer("c", ICP, 3))
    nearest = [r for r in found["routes"] if r["kind"] == "nearest"]
    assert [r["legs"][1]["capability"] for r in nearest] == ["b", "c"]
    assert [r["km_unknown"] for r in nearest] == [0, 1]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**5))
def test_the_pareto_view_holds_exactly_what_nothing_beats(seed: int) -> None:
    snapshot = build(VOCABULARY, some_offers(seed, 3))
    for asked in some_needs(seed, 3):
        results = judge_steps(VOCABULARY, snapshot, asked)
        every = plan_routes(VOCABULARY, snapshot, asked, results).all()
        front = {r.key for r in pareto(every)}

        def beats(a: Any, b: Any) -> bool:
            one, two = ((r.middle, len(r.handovers), r.reach, r.open_questions) for r in (a, b))
            return one != two and all(x <= y for x, y in zip(one, two, strict=True))

        assert front == {r.key for r in every if not any(beats(o, r) for o in every)}


# "Gap: a step without an answer is reported with the criterion that kills it, the nearest misses,
#  and the smallest relaxation that opens a route."


def test_the_criterion_that_kills_is_the_one_that_excludes_most_alone() -> None:
    asked = need(EBL, criteria=(Criterion("min-feature", "le", 20.0, "nm"),), materials=("soi",),
                 region_require=("hubei",))  # fmt: skip
    coarse = {"min-feature": Offered(50.0, 50.0)}
    fine = {"min-feature": Offered(10.0, 10.0)}
    here = {"place": WUHAN}
    lines = [
        offer("a", EBL, 1, values=coarse, materials=("soi",), **here),
        offer("b", EBL, 2, values=coarse, materials=("soi",), **here),
        offer("c", EBL, 3, values=fine, materials=("inp",), place=LEUVEN),
        offer("d", EBL, 4, values=fine, materials=("inp",), place=LEUVEN),
        offer("e", EBL, 5, values=fine, materials=("inp",), place=LEUVEN),
    ]
    gap = ask(asked, *lines)["gaps"][0]
    assert gap["killer"] == "min-feature"  # alone for two; material excludes three, none alone
    counted = {c["criterion"]: (c["alone"], c["excluded"]) for c in gap["criteria"]}
    assert counted == {"min-feature": (2, 2), "material": (0, 3), "region": (0, 3)}
    assert len(gap["nearest"]) == 5
    assert [len(r["accept"]) for r in gap["relaxations"]] == [1, 2]
    assert gap["relaxations"][0]["accept"][0]["value"] == 50.0
    assert gap["relaxations"][0]["opens"] == 2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**5))
def test_every_promised_relaxation_opens_and_none_holds_a_smaller_one(seed: int) -> None:
    """Accepting what is asked gives the step a candidate, and nothing of it is needless."""
    snapshot = build(VOCABULARY, some_offers(seed, 2))
    for asked in some_needs(seed, 4):
        for result in judge_steps(VOCABULARY, snapshot, asked):
            if result.fits:
                continue
            for near in result.near:
                every = relax.relaxations(VOCABULARY, result.ask, near)
                if not every:
                    assert every is None
                    assert near.offer.status is not Status.OPERATING
                    continue
                wider = asked
                for one in every:
                    wider = relax.relaxed(wider, one)
                again = judge_steps(VOCABULARY, snapshot, wider)[result.ask.index]
                assert near.offer.key in {v.offer.key for v in again.fits}
            shown = step_gap(VOCABULARY, snapshot, result)["relaxations"]
            sets = [frozenset(a["criterion"] for a in r["accept"]) for r in shown]
            assert not any(a < b for a in sets for b in sets)


def test_a_deadline_is_relaxed_to_the_long_end_of_what_is_stated() -> None:
    gap = ask(need(EBL, deadline_weeks=4.0), offer("a", EBL, lead_weeks=(6.0, 9.0)))["gaps"][0]
    accept = gap["relaxations"][0]["accept"][0]
    assert (accept["criterion"], accept["op"], accept["value"]) == ("deadline", "le", 9.0)


# "Over all needs the same data gives the coordinator's gap map, single points of failure, and the
#  what-if."


def test_optional_steps_are_no_gap_and_hang_on_nobody() -> None:
    steps = (
        Step("1", (EBL,)),
        Step("2", (ICP,), optional=True),
        Step("3", ("thermal.rta",), optional=True),
    )
    board = Board(VOCABULARY, build(VOCABULARY, [offer("w", EBL), offer("o", "thermal.rta", 2)]),
                  [NeedProfile(steps=steps)])  # fmt: skip
    assert gap_map(board) == []
    assert [e["technique"] for e in single_providers(board)] == [EBL]


def test_what_if_never_counts_a_line_that_does_not_fit() -> None:
    asked = need(EBL, criteria=(Criterion("min-feature", "le", 20.0, "nm"),))
    board = Board(VOCABULARY, build(VOCABULARY, []), [asked])
    coarse = offer("c", EBL, values={"min-feature": Offered(90.0, 90.0)})
    assert board.scenario([coarse])[0] == []
    changes = board.scenario([replace(coarse, values={})])[0]
    assert [c.gained for c in changes] == [True]


def test_what_if_sees_the_route_that_a_better_but_unfit_line_pushes_out_of_view() -> None:
    """A route that held is judged again when a line on it goes."""
    film, saw = offer("f", "deposition.pecvd"), offer("s", "singulation.blade-dicing", 2)
    bond = offer("b", "packaging.wire-bond", 3)
    asked = need("deposition.pecvd", "singulation.blade-dicing", "packaging.wire-bond")
    board = Board(VOCABULARY, build(VOCABULARY, [film, saw, bond]), [asked])
    assert board.standings[0].route
    changes, _ = board.scenario(remove=["s"])
    assert [c.lost for c in changes] == [True]


# "`block` is never a route." "A hand-over that can be mended by a remedy step is a route only with
#  the remedy inserted as a step of its own that some capability offers, or flagged as an open
#  question."


def test_a_remedy_that_makes_a_later_step_impossible_is_left_out_and_the_question_stays() -> None:
    """Too thick a wafer wants grinding; what was ground must be diced before it is bonded, and
    nobody dices here: the thickness stays an open question, not a route that does not work."""
    thick = Criterion("wafer-thickness", "eq", 650.0, "um", hard=False)
    asked = need("epitaxy.mocvd", "lithography.contact", "packaging.wire-bond", criteria=(thick,))
    window = {"wafer-thickness": Offered(100.0, 400.0)}
    lines = [offer("e", "epitaxy.mocvd"), offer("l", "lithography.contact", 2, values=window)]
    grind = offer("g", "thinning.grinding", 2, values={"final-thickness": Offered(300.0, 300.0)})
    two = replace(asked, steps=asked.steps[:2])
    assert [leg["capability"] for leg in ask(two, *lines, grind)["routes"][0]["legs"]] == [
        "e",
        "g",
        "l",
    ]
    whole = ask(asked, *lines, grind, offer("w", "packaging.wire-bond", 3))["routes"][0]
    assert [leg["capability"] for leg in whole["legs"]] == ["e", "l", "w"]
    assert rules_at(whole, 1)["wafer-thickness-window"] == "fix"


# Rules of thumb that may or may not hold for a line are questions, never refusals.


@pytest.mark.parametrize(
    ("first", "second", "heat", "verdict"),
    [
        ("packaging.flip-chip", "packaging.die-attach.eutectic", 300.0, "block"),
        ("packaging.flip-chip", "packaging.smt", 200.0, "unknown"),
        ("packaging.flip-chip", "packaging.die-attach.epoxy", 150.0, "ok"),
        ("packaging.thermocompression-flip-chip", "packaging.smt", 200.0, "ok"),
        ("packaging.die-attach.eutectic", "packaging.smt", 260.0, "ok"),
    ],
)
def test_which_solder_holds_is_asked_where_the_line_does_not_say(
    first: str, second: str, heat: float, verdict: str
) -> None:
    start = offer("a", first)
    end = offer("b", second, 2, values={"process-temperature": Offered(heat, heat)})
    found = ask(need(first, second), start, end)
    if verdict == "block":
        assert found["gaps"][-1]["killer"] in ("solder-hierarchy", "thermal-budget")
        assert found["routes"] == []
        return
    assert rules_at(found["routes"][0], 1).get("solder-hierarchy", "ok") == verdict


def test_the_glue_of_a_carrier_limits_only_while_it_is_on() -> None:
    hot = offer("h", "thermal.rta", 2, values={"process-temperature": Offered(350.0, 350.0)})
    route = ask(need("bonding.temporary", "thermal.rta"), offer("t", "bonding.temporary"), hot)
    assert rules_at(route["routes"][0], 1)["thermal-budget"] == "unknown"


def test_a_remedy_that_breaks_the_deadline_is_left_out() -> None:
    asked = need("epitaxy.mocvd", "lithography.stepper", deadline_weeks=4.0)
    lines = [
        offer("epi", "epitaxy.mocvd", 1, values=wafers(50.0), lead_weeks=(1.0, 1.0)),
        offer("line", "lithography.stepper", 2, values=wafers(150.0), lead_weeks=(1.0, 1.0)),
    ]
    slow = offer("mount", "wafer.carrier-mount", 2, values=wafers(150.0), lead_weeks=(5.0, 6.0))
    assert [leg["capability"] for leg in ask(asked, *lines, slow)["routes"][0]["legs"]] == [
        "epi",
        "line",
    ]
    quick = replace(slow, lead_weeks=(1.0, 1.0))
    legs = ask(asked, *lines, quick)["routes"][0]["legs"]
    assert [leg["capability"] for leg in legs] == ["epi", "mount", "line"]


def test_what_only_replaces_the_step_is_no_remedy_before_it() -> None:
    """Writing by e-beam before the stepper does not make a 1x plate fit the stepper."""
    asked = need("mask.photomask", "lithography.stepper")
    lines = [offer("m", "mask.photomask"), offer("s", "lithography.stepper", 2), offer("e", EBL, 2)]
    route = ask(asked, *lines)["routes"][0]
    assert [leg["capability"] for leg in route["legs"]] == ["m", "s"]
    assert rules_at(route, 1)["mask-fits-tool"] == "fix"
    reticle = ask(asked, *lines, offer("r", "mask.reticle", 1))["routes"][0]
    assert [leg["capability"] for leg in reticle["legs"]] == ["m", "r", "s"]


def test_one_remedy_that_mends_two_things_is_put_in_once() -> None:
    asked = need("deposition.pecvd", "thinning.grinding", "lithography.contact",
                 criteria=(Criterion("final-thickness", "eq", 100.0, "um"),))  # fmt: skip
    window = {"wafer-thickness": Offered(300.0, 800.0)}
    lines = [offer("d", "deposition.pecvd"), offer("g", "thinning.grinding", 2),
             offer("l", "lithography.contact", 3, values=window),
             offer("t", "bonding.temporary", 2)]  # fmt: skip
    for route in ask(asked, *lines)["routes"]:
        legs = [leg["capability"] for leg in route["legs"]]
        assert legs == ["d", "t", "g", "t", "l"]
        assert rules_at(route, 4).get("wafer-thickness-window") == "unknown"


# "Routes follow the chain's graph (steps may run in parallel); rules that look at any earlier step
#  are kept".


def test_what_a_side_branch_brought_counts_after_the_branches_meet() -> None:
    chain = VOCABULARY.chains["ir-focal-plane-array"]
    asked = NeedProfile(chain=chain.id, steps=tuple(
        Step(t, (t,)) for t in ("passivation", "packaging.bumping", "design.driver-tia",
                                "packaging.thermocompression-flip-chip")))  # fmt: skip
    lines = [offer(t, t, i) for i, (t,) in enumerate(s.techniques for s in asked.steps)]
    route = ask(asked, *lines)["routes"][0]
    last = route["legs"][-1]
    assert len(last["after"]) == 2
    # the bumped wafer and the chip's own design meet here: both have bump patterns
    assert rules_at(route, 3)["bump-pitch-match"] == "unknown"


# "Best-investment candidates: every leaf technique x region. Needs of several steps make the gain
#  non-submodular: claim no guarantee, compare with the exact answer on small cases."


def test_a_need_is_only_opened_when_every_open_step_is_answered() -> None:
    two = Problem((), (0,), ((frozenset({0}), frozenset({1})),), (1.0,))
    assert [two.gain(c) for c in ([0], [1], [0, 1])] == [0.0, 0.0, 1.0]
    assert {"lithography.ebl", "etching.icp"} <= set(leaves(VOCABULARY))
    assert not {"lithography", "etching"} & set(leaves(VOCABULARY))


# "contaminants of the material plus metals added by deposition steps" (vocabulary): both stay.


def test_metal_does_not_wash_the_lithium_off() -> None:
    words = ("wafer.lnoi", "deposition.metallization", "etching.icp")
    gold = offer("m", words[1], 2, values={"pad-metal": Offered(choices=("au",))})
    for refused, held in (("li", False), ("au", False), ("cu", True)):
        line = offer("e", words[2], 3, values={"excluded-materials": Offered(choices=(refused,))})
        found = ask(need(*words, materials=("tfln",)), offer("w", words[0]), gold, line)
        assert bool(found["routes"]) is held
        if not held:
            assert found["gaps"][-1]["killer"] == "contamination-list"


def test_dicing_soils_what_was_clean_before_it() -> None:
    words = ("cleaning", "singulation.blade-dicing", "packaging.coupling.edge")
    lines = [offer(t, t, i) for i, t in enumerate(words)]
    route = ask(need(*words), *lines)["routes"][0]
    assert rules_at(route, 2)["clean-before-optical"] == "warn"
    after = ("singulation.blade-dicing", "cleaning", "packaging.coupling.edge")
    route = ask(need(*after), *lines)["routes"][0]
    assert rules_at(route, 2).get("clean-before-optical", "ok") == "ok"


def test_where_branches_meet_the_piece_remembers_all_of_them() -> None:
    terms = rule_book(VOCABULARY).terms
    one = Piece("wafer", max_temperature=(400.0, 400.0), remelt=(280.0, 280.0), history=1,
                carried=frozenset({"li"}), flags=frozenset({"sealed"}),
                asked=frozenset({"a"}))  # fmt: skip
    other = Piece("die", max_temperature=(200.0, 300.0), history=2, remedied=4, open_metals=True,
                  carried=frozenset({"au"}), asked=frozenset({"b"}))  # fmt: skip
    for parts in ([one, other], [other, one]):
        met = merge(terms, parts)
        assert met.state == "die"
        assert met.max_temperature == (200.0, 300.0)
        assert met.remelt == (280.0, 280.0)
        assert (met.history, met.remedied, met.open_metals) == (3, 4, True)
        assert met.carried == {"li", "au"}
        assert met.asked == {"a", "b"}
        assert "sealed" in met.flags
