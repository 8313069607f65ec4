"""PRODUCT.md, "What a match means", sentence by sentence: each test quotes what it holds to."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.matching_data import make_need, make_offers
from collab.matching import score
from collab.matching.answer import judge_steps
from collab.matching.engine import find
from collab.matching.prepare import prepare_step
from collab.matching.records import (
    Criterion,
    Evidence,
    NeedProfile,
    Offer,
    Offered,
    Place,
    Status,
    Step,
)
from collab.matching.rules import Class
from collab.matching.snapshot import build
from collab.matching.verdicts import Verdict, judge_pair, rank
from tests.unit.test_routing_answer import LEUVEN, VOCABULARY, WUHAN, ask, need, offer

EBL, ICP = "lithography.ebl", "etching.icp"


def verdict(asked: NeedProfile, offered: Offer) -> Verdict:
    found = judge_pair(VOCABULARY, asked, offered)
    assert found is not None
    return found


def marks(asked: NeedProfile, offered: Offer) -> dict[str, str]:
    return {j.id: j.mark.value for j in verdict(asked, offered).judged}


def wants(parameter: str, op: str, value: Any, technique: str = EBL, **more: Any) -> NeedProfile:
    unit = VOCABULARY.parameters[parameter].unit
    return need(technique, criteria=(Criterion(parameter, op, value, unit, **more),))


# "A need has steps; a step has a technique (or a category) and criteria."


def test_a_step_is_answered_by_its_technique_or_by_its_category() -> None:
    by_category = NeedProfile(steps=(Step("1", (), "packaging"),))
    bond, etch = offer("bond", "packaging.wire-bond", 1), offer("etch", ICP, 2)
    assert judge_pair(VOCABULARY, by_category, bond) is not None
    assert judge_pair(VOCABULARY, by_category, etch) is None
    assert judge_pair(VOCABULARY, need(ICP), bond) is None
    own = Step("1", (EBL,), criteria=(Criterion("min-feature", "le", 20.0, "nm"),))
    writer = offer("w", EBL, values={"min-feature": Offered(50.0, 50.0)})
    assert verdict(NeedProfile(steps=(own,)), writer).klass is Class.NEAR


# "Each criterion is hard or preferred; parameters.yaml of the vocabulary says which comparison it
#  uses (at most, at least, within, contains, one of, equals) and its unit."


@pytest.mark.parametrize(
    ("parameter", "technique", "compare", "op", "value", "good", "bad"),
    [
        ("min-feature", EBL, "cap_le_need", "le", 100.0, Offered(20.0, 20.0),
         Offered(130.0, 130.0)),
        ("channel-count", "packaging.coupling.fiber-array", "cap_ge_need", "ge", 16.0,
         Offered(high=32.0), Offered(high=8.0)),
        ("wavelength", "test.insertion-loss", "cap_range_covers", "between", (1500.0, 1600.0),
         Offered(1260.0, 1640.0), Offered(1520.0, 1640.0)),
        ("wafer-diameter", EBL, "cap_set_contains", "eq", 150.0,
         Offered(choices=(100.0, 150.0)), Offered(choices=(100.0, 200.0))),
        ("certification", "test.reliability", "cap_set_contains", "in", ("cnas", "cma"),
         Offered(choices=("cnas",)), Offered(choices=("iso9001",))),
        ("certification", "test.reliability", "cap_set_contains", "all_of", ("cnas", "cma"),
         Offered(choices=("cnas", "cma")), Offered(choices=("cnas",))),
    ],
)  # fmt: skip
def test_each_comparison_of_the_vocabulary(
    parameter: str, technique: str, compare: str, op: str, value: Any, good: Offered, bad: Offered
) -> None:
    assert VOCABULARY.parameters[parameter].compare == compare
    asked = wants(parameter, op, value, technique)
    assert marks(asked, offer("good", technique, values={parameter: good}))[parameter] == "meets"
    assert marks(asked, offer("bad", technique, values={parameter: bad}))[parameter] == "misses"


def test_the_same_figure_a_hair_beyond_a_strict_bound_is_a_miss() -> None:
    line = offer("a", EBL, values={"min-feature": Offered(100.0, 100.0)})
    assert marks(wants("min-feature", "le", 100.0), line)["min-feature"] == "meets"
    assert marks(wants("min-feature", "lt", 100.0), line)["min-feature"] == "misses"


# "Against a capability each criterion is judged meets, unknown (the capability says nothing: a
#  question to ask, not a failure) or misses (with the distance: "needs 150 mm, offers up to
#  100 mm")."


def test_silence_is_a_question_and_a_miss_has_its_distance_in_both_languages() -> None:
    asked = need(
        EBL,
        criteria=(Criterion("wafer-diameter", "eq", 150.0, "mm"),),
        materials=("soi",),
        deadline_weeks=8.0,
        region_require=("hubei",),
    )
    silent = offer("silent", EBL)
    small = offer("small", EBL, 2, values={"wafer-diameter": Offered(high=100.0)}, place=LEUVEN,
                  materials=("inp",), lead_weeks=(10.0, 12.0))  # fmt: skip
    found = ask(asked, silent, small)["steps"][0]
    quiet, miss = found["candidates"][0], found["near"][0]
    open_ones = {c["id"] for c in quiet["criteria"] if c["verdict"] == "unknown"}
    assert open_ones == {"material", "region", "wafer-diameter", "deadline"}
    assert {q["criterion"] for q in quiet["questions"]} == open_ones
    assert all(q["zh"].endswith("？") and q["en"].endswith("?") for q in quiet["questions"])
    assert quiet["class"] == "unknown"
    said = {c["id"]: c for c in miss["criteria"]}
    assert said["wafer-diameter"]["reason"] == {
        "zh": "晶圆直径：需要 150 mm，提供至 100 mm",
        "en": "Wafer diameter: needs 150 mm, offers up to 100 mm",
    }
    assert said["wafer-diameter"]["distance"] == 50.0
    assert said["deadline"]["distance"] == 2.0
    assert [said[i]["verdict"] for i in ("material", "region", "deadline")] == ["misses"] * 3


# "Order: all hard criteria met, then those with unknowns, then near misses; a hard miss is never
#  shown as a match."


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_classes_whatever_the_score(seed: int) -> None:
    offers = make_offers(VOCABULARY, 120, seed=seed % 50, technique="foundry.mpw")
    asked = make_need(VOCABULARY, seed, techniques=("foundry.mpw",), criteria=4)
    step = judge_steps(VOCABULARY, build(VOCABULARY, offers), asked, 200, 200)[0]
    shown = [v.klass for v in (*step.fits, *step.near)]
    assert shown == sorted(shown, key=["meets", "unknown", "near"].index)
    for v in step.fits:
        hard = [j for j in v.judged if j.hard]
        assert not any(j.mark.value == "misses" for j in hard)
        counting = any(j.mark.value == "unknown" and j.counts for j in hard)
        assert v.klass is (Class.UNKNOWN if counting else Class.MEETS)
    for v in step.near:
        assert any(j.hard and j.mark.value == "misses" for j in v.judged)


@pytest.mark.parametrize("wish", ["criterion", "region", "budget", "deadline"])
def test_a_preferred_thing_that_is_missed_costs_order_and_never_the_class(wish: str) -> None:
    asked = {
        "criterion": wants("min-feature", "le", 20.0, hard=False),
        "region": need(EBL, region_prefer=("belgium",)),
        "budget": need(EBL, budget=(100.0, "CNY")),
        "deadline": need(EBL, deadline_weeks=1.0, deadline_hard=False),
    }[wish]
    kept: dict[str, Any] = {"place": WUHAN, "price": (900.0, "CNY"), "lead_weeks": (6.0, 6.0)}
    line = offer("a", EBL, values={"min-feature": Offered(50.0, 50.0)}, **kept)
    found = verdict(asked, line)
    assert found.klass is Class.MEETS
    assert found.parts["preferred"] == 0.0


# "Inside a class a documented score (fit of technique in the hierarchy, margins, evidence level,
#  freshness, lead time, distance, load) sorts; every component is shown."


@pytest.mark.parametrize(
    ("better", "worse", "part"),
    [
        ({"evidence": Evidence.VERIFIED}, {"evidence": Evidence.DECLARED}, "evidence"),
        ({"evidence": Evidence.DECLARED}, {"evidence": Evidence.DOCUMENTED}, "evidence"),
        ({"age_days": 10}, {"age_days": 700}, "freshness"),
        ({"lead_weeks": (2.0, 3.0)}, {"lead_weeks": (9.0, 9.0)}, "lead"),
        ({"place": WUHAN}, {"place": LEUVEN}, "distance"),
        ({"load": 0.1}, {"load": 0.9}, "load"),
        ({"values": {"min-feature": Offered(10.0, 10.0)}},
         {"values": {"min-feature": Offered(90.0, 90.0)}}, "margin"),
    ],
)  # fmt: skip
def test_every_component_moves_the_order_alone(
    better: dict[str, Any], worse: dict[str, Any], part: str
) -> None:
    asked = need(EBL, place=WUHAN, criteria=(Criterion("min-feature", "le", 100.0, "nm"),))
    plain: dict[str, Any] = {"values": {"min-feature": Offered(50.0, 50.0)}}
    one, two = offer("z", EBL, 1, **plain | better), offer("a", EBL, 2, **plain | worse)
    found = ask(asked, one, two)["steps"][0]["candidates"]
    assert [c["capability"] for c in found] == ["z", "a"]
    values = [{p["id"]: p for p in c["parts"]} for c in found]
    assert [n for n in score.WEIGHTS if values[0][n]["value"] != values[1][n]["value"]] == [part]
    for shown, candidate in zip(values, found, strict=True):
        assert set(shown) == set(score.WEIGHTS)
        assert all(p["zh"] and p["en"] for p in shown.values())
        total = sum(p["points"] for p in shown.values())
        assert candidate["score"] == pytest.approx(100.0 * total / score.TOTAL, abs=0.02)


def test_the_fit_of_the_technique_sorts() -> None:
    exact, narrow = offer("z", "lithography.duv", 1), offer("a", "lithography.duv-193", 2)
    found = ask(need("lithography.duv"), exact, narrow)["steps"][0]["candidates"]
    assert [(c["capability"], c["class"]) for c in found] == [("z", "meets"), ("a", "meets")]


# "The same inputs always give the same order; ties break by identifier."


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_does_not_hang_on_the_order_of_the_catalogue(seed: int) -> None:
    offers = make_offers(VOCABULARY, 80, seed=seed % 40, technique=ICP)
    offers += [replace(o, key=f"twin-{o.key}", id=o.id + 1000) for o in offers[:20]]
    asked = make_need(VOCABULARY, seed, techniques=(ICP,), criteria=3)
    mixed = random.Random(seed).sample(offers, len(offers))
    one, two = (
        judge_steps(VOCABULARY, build(VOCABULARY, o), asked, 200, 200)[0] for o in (offers, mixed)
    )
    assert [v.offer.key for v in one.fits] == [v.offer.key for v in two.fits]
    assert [v.offer.key for v in one.near] == [v.offer.key for v in two.near]
    for listed in (one.fits, one.near):
        ranked = [(v.klass, -v.score) for v in listed]
        for a, b in zip(range(len(ranked)), range(1, len(ranked)), strict=False):
            if ranked[a] == ranked[b]:
                assert listed[a].offer.key < listed[b].offer.key


# "A broader technique offered for a narrower need is "unknown", a narrower offer for a broader
#  need "meets"." And of the vocabulary: "A capability that lists only a parent does NOT prove a
#  child"; "an excluded technique" is refused ("reject ... excludes capabilities").


def test_the_hierarchy_of_techniques_both_ways_and_what_is_refused() -> None:
    assert marks(need("lithography.duv-193"), offer("a", "lithography"))["technique"] == "unknown"
    assert marks(need("lithography"), offer("a", "lithography.duv-193"))["technique"] == "meets"
    dry = need("etching", excluded_techniques=("etching.wet",))
    assert verdict(dry, offer("a", "etching.wet")).klass is Class.NEAR
    assert marks(dry, offer("a", "etching.wet"))["technique"] == "misses"
    assert marks(dry, offer("a", ICP))["technique"] == "meets"
    assert marks(dry, offer("a", "etching"))["technique"] == "unknown"
    found = ask(dry, offer("wet", "etching.wet", 1), offer("dry", ICP, 2))["steps"][0]
    assert [c["capability"] for c in found["candidates"]] == ["dry"]
    assert [c["capability"] for c in found["near"]] == ["wet"]


# "A missing material never merely lowers a score." And of the vocabulary: "For materials the
#  reverse also holds when a capability lists a family (iii-v for inp): judge it unknown".


@pytest.mark.parametrize(
    ("wanted", "listed", "mark", "klass"),
    [
        (("inp",), ("inp",), "meets", Class.MEETS),
        (("iii-v",), ("inp",), "meets", Class.MEETS),
        (("inp",), ("iii-v",), "unknown", Class.UNKNOWN),
        (("inp",), (), "unknown", Class.UNKNOWN),
        (("inp",), ("soi", "sin"), "misses", Class.NEAR),
        (("soi", "sin"), ("soi",), "unknown", Class.UNKNOWN),
        (("tfln",), ("lithium-niobate",), "unknown", Class.UNKNOWN),
        (("lithium-niobate",), ("tfln",), "meets", Class.MEETS),
    ],
)
def test_materials_and_their_families(
    wanted: tuple[str, ...], listed: tuple[str, ...], mark: str, klass: Class
) -> None:
    found = verdict(need(ICP, materials=wanted), offer("a", ICP, materials=listed))
    assert {j.id: j.mark.value for j in found.judged}["material"] == mark
    assert found.klass is klass


def test_refused_materials() -> None:
    asked = need(ICP, excluded_materials=("lithium-niobate",))
    assert marks(asked, offer("a", ICP, materials=("tfln",)))["material-excluded"] == "misses"
    assert marks(asked, offer("a", ICP, materials=("tfln", "inp")))["material-excluded"] == "meets"
    assert marks(asked, offer("a", ICP))["material-excluded"] == "unknown"


# "A parameter of a need belongs to every step whose technique lists it in params, ancestors
#  included; otherwise to the whole need."


def test_where_a_parameter_of_a_need_belongs() -> None:
    asked = need(EBL, "singulation.blade-dicing", criteria=(Criterion("min-feature", "le", 50.0),))
    coarse = {"min-feature": Offered(900.0, 900.0)}
    write, saw = (
        offer("w", EBL, values=coarse),
        offer("s", "singulation.blade-dicing", values=coarse),
    )
    assert verdict(asked, write).klass is Class.NEAR  # lithography lists it, its child inherits it
    step = judge_pair(VOCABULARY, asked, saw, 1)
    assert step is not None
    assert "min-feature" not in {j.id for j in step.judged}
    # nobody's: of the whole need, asked of every step, and silence about it lowers nobody's class
    whole = need(EBL, ICP, criteria=(Criterion("certification", "in", ("cnas",)),))
    for place, line in enumerate((write, offer("e", ICP))):
        step = judge_pair(VOCABULARY, whole, line, place)
        assert step is not None
        said = {j.id: j for j in step.judged}["certification"]
        assert (said.mark.value, said.scope, step.klass) == ("unknown", "need", Class.MEETS)
    told = offer("e", ICP, values={"certification": Offered(choices=("iso9001",))})
    miss = judge_pair(VOCABULARY, whole, told, 1)
    assert miss is not None
    assert miss.klass is Class.NEAR


# "Chain weeks and other rules of thumb are estimates, marked as such: they rank, and never produce
#  meets or misses. Stated lead times of a capability do."


@pytest.mark.parametrize(
    ("lead", "mark"),
    [((2.0, 8.0), "meets"), ((9.0, 12.0), "misses"), ((6.0, 9.0), "unknown"), (None, "unknown")],
)
def test_only_stated_lead_times_decide_on_a_deadline(
    lead: tuple[float, float] | None, mark: str
) -> None:
    asked = need("test.gr-468", deadline_weeks=8.0)  # by rule of thumb 12 to 26 weeks
    line = offer("a", "test.gr-468", lead_weeks=lead)
    assert marks(asked, line)["deadline"] == mark
    route = ask(asked, line)["routes"]
    assert bool(route) is (mark != "misses")
    if route:
        assert route[0]["weeks_estimated"] is (lead is None)
        assert route[0]["legs"][0]["weeks_stated"] is (lead is not None)


# "Near candidates stand under "does not fit", never among matches and never in routes."
# "Planned, closed or R&D-only capabilities are shown with that status and are not supply."


@pytest.mark.parametrize("status", [Status.PLANNED, Status.CLOSED, Status.RND_ONLY])
def test_what_is_not_operating_is_shown_and_is_no_supply(status: Status) -> None:
    found = ask(need(EBL), offer("a", EBL, status=status))
    step = found["steps"][0]
    assert (step["candidates"], found["routes"]) == ([], [])
    assert step["near"][0]["status"] == status.value
    said = {c["id"]: c for c in step["near"][0]["criteria"]}["status"]
    assert said["verdict"] == "misses"
    assert status.value not in said["reason"]["zh"]
    assert step["near"][0]["would_fit_if"] == []  # nothing the member accepts makes it supply
    assert found["gaps"][0]["killer"] == "status"


# "Evidence ranks verified > declared > documented."


def test_evidence_ranks() -> None:
    ranked = [score.EVIDENCE_VALUE[e] for e in
              (Evidence.VERIFIED, Evidence.DECLARED, Evidence.DOCUMENTED)]  # fmt: skip
    assert ranked == sorted(set(ranked), reverse=True)


# Issue 4: "conflict of interest and own-organisation exclusion, blocked pairs".


def test_ones_own_line_and_blocked_pairs_are_no_candidates() -> None:
    asked = need(EBL, organisation_id=7, blocked=frozenset({8}))
    assert judge_pair(VOCABULARY, asked, offer("own", EBL, 7)) is None
    assert judge_pair(VOCABULARY, asked, offer("kept-away", EBL, 8)) is None
    assert (
        judge_pair(VOCABULARY, asked, offer("keeps-away", EBL, 9, blocked=frozenset({7}))) is None
    )
    assert judge_pair(VOCABULARY, asked, offer("other", EBL, 9)) is not None
    found = ask(asked, offer("own", EBL, 7), offer("b", EBL, 8), offer("c", EBL, 9))["steps"][0]
    assert [c["capability"] for c in found["candidates"]] == ["c"]
    assert found["near"] == []


# Vocabulary: "Wafer diameters are compared as nominal classes: 50.8 mm is 50, 75 and 76.2 mm are
#  76, 101.6 mm is 100, 203 mm is 200."


@pytest.mark.parametrize(
    ("asked", "offered"),
    [(50.8, 50.0), (75.0, 76.2), (76.0, 75.0), (100.0, 101.6), (200.0, 203.0), (300.0, 304.8)],
)
def test_wafer_diameters_are_classes(asked: float, offered: float) -> None:
    line = offer("a", EBL, values={"wafer-diameter": Offered(choices=(offered,))})
    assert marks(wants("wafer-diameter", "eq", asked), line)["wafer-diameter"] == "meets"
    other = offer("b", EBL, values={"wafer-diameter": Offered(choices=(125.0,))})
    assert marks(wants("wafer-diameter", "eq", asked), other)["wafer-diameter"] == "misses"


# Vocabulary: "Money is never converted for a decision".


def test_prices_in_another_currency_decide_nothing() -> None:
    asked = need(EBL, budget=(1000.0, "CNY"))
    assert "budget" not in marks(asked, offer("a", EBL, price=(1.0, "EUR")))
    assert marks(asked, offer("a", EBL, price=(1000.0, "CNY")))["budget"] == "meets"
    assert marks(asked, offer("a", EBL, price=(1001.0, "CNY")))["budget"] == "misses"
    found = ask(
        asked, offer("e", EBL, 1, price=(1.0, "EUR")), offer("c", EBL, 2, price=(5.0, "CNY"))
    )
    assert {c["class"] for c in found["steps"][0]["candidates"]} == {"meets"}


# Regions: a required region holds what lies in it; an excluded one loses; an unknown place asks.


def test_regions() -> None:
    inside, outside = offer("a", EBL, 1, place=WUHAN), offer("b", EBL, 2, place=LEUVEN)
    required = need(EBL, region_require=("hubei",))
    barred = need(EBL, region_exclude=("china",))
    assert [marks(required, o)["region"] for o in (inside, outside)] == ["meets", "misses"]
    assert [marks(barred, o)["region"] for o in (inside, outside)] == ["misses", "meets"]
    assert marks(required, offer("c", EBL, place=Place()))["region"] == "unknown"
    found = ask(barred, inside, outside)["steps"][0]
    assert [c["capability"] for c in found["candidates"]] == ["b"]
    assert [c["capability"] for c in found["near"]] == ["a"]


# What is looked up in columns is what judging one by one gives, with everything a need can say of
# who may be asked: places, materials, techniques refused, money, its own lines and blocked pairs.


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_columns_say_what_judging_says_for_everything_a_need_can_ask(seed: int) -> None:
    rng = random.Random(seed)
    offers = make_offers(VOCABULARY, 150, seed=seed % 30, technique=rng.choice(("etching", ICP)))
    offers += make_offers(VOCABULARY, 60, seed=seed % 30, technique="etching.wet", prefix="wet")
    regions = ("china", "hubei", "wuhan", "belgium", "guangdong")
    asked = replace(
        make_need(VOCABULARY, seed, techniques=(rng.choice(("etching", ICP)),), criteria=2),
        region_require=tuple(rng.sample(regions, rng.choice((0, 0, 1, 2)))),
        region_exclude=tuple(rng.sample(regions, rng.choice((0, 1, 2)))),
        region_prefer=tuple(rng.sample(regions, rng.choice((0, 1)))),
        materials=rng.choice(((), ("inp",), ("soi", "sin"))),
        excluded_materials=rng.choice(((), ("iii-v",), ("lithium-niobate", "gaas"))),
        excluded_techniques=rng.choice(((), ("etching.wet",), ("etching.icp",))),
        budget=rng.choice((None, (950.0, "CNY"), (950.0, "EUR"))),
        organisation_id=rng.choice((None, 3, 5)),
        blocked=rng.choice((frozenset(), frozenset({1, 2}))),
        deadline_weeks=rng.choice((None, 2.0, 5.0)),
        deadline_hard=rng.random() < 0.5,
    )
    step = prepare_step(VOCABULARY, asked, 0)
    slow = rank(VOCABULARY, step, offers)
    found = find(VOCABULARY, build(VOCABULARY, offers), step, 300, 300)
    assert [(f.key, f.klass, f.score) for f in found] == [
        (v.offer.key, v.klass, v.score) for v in slow
    ]
