"""The whole answer: candidates, routes with remedies and checklists, gaps, and clear edge cases."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from collab.matching.records import Criterion, NeedProfile, Offer, Offered, Place, Status, Step
from collab.matching.snapshot import build
from collab.routing.answer import answer
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()
TODAY = date(2026, 11, 24)
WUHAN = Place("wuhan", ("hubei", "china"), "china", 30.59, 114.31)
LEUVEN = Place("leuven", ("belgium",), "belgium", 50.88, 4.7)


def offer(key: str, technique: str, organisation: int = 1, **more: Any) -> Offer:
    return Offer(hash(key) % 10_000, key, organisation, f"org-{organisation}", (technique,), **more)


def need(*techniques: str, **more: Any) -> NeedProfile:
    return NeedProfile(steps=tuple(Step(str(i), (t,)) for i, t in enumerate(techniques)), **more)


def ask(profile: NeedProfile, *offers: Offer) -> dict[str, Any]:
    found = answer(profile, build(VOCABULARY, offers), VOCABULARY, today=TODAY)
    json.dumps(found)  # everything is plain data
    return found


def wafers(*sizes: float) -> dict[str, Offered]:
    return {"wafer-diameter": Offered(choices=sizes)}


def test_a_broken_diameter_becomes_a_route_with_the_remedy_as_a_step() -> None:
    two = offer("epi", "epitaxy.mocvd", 1, values=wafers(50.0), place=WUHAN)
    six = offer("line", "lithography.stepper", 2, values=wafers(150.0), place=WUHAN)
    carrier = offer("carrier", "wafer.carrier-mount", 2, place=WUHAN, values=wafers(150.0))
    asked = need("epitaxy.mocvd", "lithography.stepper")
    flagged = ask(asked, two, six)["routes"][0]
    assert [leg["capability"] for leg in flagged["legs"]] == ["epi", "line"]
    assert "wafer-diameter-match" in {q["rule"] for q in flagged["legs"][1]["questions"]}
    mended = ask(asked, two, six, carrier)["routes"][0]
    assert [leg["capability"] for leg in mended["legs"]] == ["epi", "carrier", "line"]
    assert [leg["remedy"] for leg in mended["legs"]] == [None, "wafer-diameter-match", None]
    assert mended["open_questions"] < flagged["open_questions"]


def test_shipping_an_etched_surface_calls_for_a_clean_at_the_receiver() -> None:
    etch, grow = offer("etch", "etching.icp", 1), offer("grow", "epitaxy.regrowth", 2)
    route = ask(need("etching.icp", "epitaxy.regrowth"), etch, grow)["routes"][0]
    verdicts = {r["rule"]: r["verdict"] for r in route["legs"][-1]["rules"]}
    assert verdicts["regrowth-surface-age"] == "fix"
    at_home = ask(need("etching.icp", "epitaxy.regrowth"), etch, replace(grow, organisation_id=1))
    verdicts = {r["rule"]: r["verdict"] for r in at_home["routes"][0]["legs"][-1]["rules"]}
    assert verdicts["regrowth-surface-age"] == "unknown"
    clean = offer("clean", "cleaning", 2)
    mended = ask(need("etching.icp", "epitaxy.regrowth"), etch, grow, clean)["routes"][0]
    assert [leg["capability"] for leg in mended["legs"]] == ["etch", "clean", "grow"]


def test_a_blocked_hand_over_is_no_route_but_the_missing_step_is_named() -> None:
    film = offer("film", "deposition.lpcvd")
    fibre = offer("fibre", "packaging.coupling.fiber-array", 2)
    asked = need("deposition.lpcvd", "packaging.coupling.fiber-array")
    found = ask(asked, film, fibre, offer("saw", "singulation.blade-dicing", 3))
    assert found["routes"] == []
    gap = found["gaps"][0]
    assert (gap["code"], gap["killer"]) == ("no_route", "dice-before-attach")
    assert gap["relaxations"][0]["technique"] == "singulation.blade-dicing"
    assert [leg["capability"] for leg in gap["routes"][0]["legs"]] == ["film", "saw", "fibre"]
    without = ask(asked, film, fibre)
    assert without["routes"] == []
    assert without["gaps"][0]["relaxations"] == []


def test_stated_lead_times_beyond_a_hard_deadline_are_no_route() -> None:
    slow = [
        offer("a", "etching.icp", lead_weeks=(3.0, 3.0)),
        offer("b", "thermal.rta", lead_weeks=(3.0, 3.0)),
    ]
    late = ask(need("etching.icp", "thermal.rta", deadline_weeks=5.0), *slow)
    assert late["routes"] == []
    assert late["gaps"][0]["relaxations"][0]["code"] == "deadline"
    assert ask(need("etching.icp", "thermal.rta", deadline_weeks=6.0), *slow)["routes"]
    soft = need("etching.icp", "thermal.rta", deadline_weeks=5.0, deadline_hard=False)
    assert ask(soft, *slow)["routes"]


def test_weeks_kilometres_and_checklist_of_a_route_across_a_border() -> None:
    one = offer(
        "a", "singulation.blade-dicing", 1, place=WUHAN, lead_weeks=(1.0, 2.0), price=(10.0, "CNY")
    )
    two = offer("b", "packaging.wire-bond", 2, place=LEUVEN, lead_weeks=(1.0, 1.0))
    route = ask(need("singulation.blade-dicing", "packaging.wire-bond"), one, two)["routes"][0]
    assert route["weeks"] == [4.0, 7.0]
    assert route["handovers"] == 1
    assert 8_000 < route["km"] < 9_000
    known = {"known": [{"amount": 10.0, "currency": "CNY"}], "missing": 1}
    assert route["price"] == {**known, "over": None}
    line = route["checklist"][0]
    assert (line["form"], line["carrier"], line["kind"]) == ("die", "gel-pack", "cross_border")
    assert "ships" in line["text"]["en"]
    assert "交给" in line["text"]["zh"]


@pytest.mark.parametrize(
    ("budget", "over"),
    [((25.0, "CNY"), 5.0), ((30.0, "CNY"), None), ((1.0, "EUR"), None), (None, None)],
)
def test_a_route_says_by_how_much_known_prices_alone_are_above_the_budget(
    budget: tuple[float, str] | None, over: float | None
) -> None:
    steps = ("singulation.blade-dicing", "packaging.wire-bond")
    priced = [offer(t, t, price=(15.0, "CNY")) for t in steps]
    route = ask(need(*steps, budget=budget), *priced)["routes"][0]
    assert route["price"]["known"] == [{"amount": 30.0, "currency": "CNY"}]
    assert route["price"]["over"] == (over and {"amount": over, "currency": "CNY"})


def test_near_candidates_are_never_in_routes() -> None:
    small = offer("small", "etching.icp", values=wafers(50.0))
    planned = offer("planned", "etching.icp", 2, values=wafers(150.0), status=Status.PLANNED)
    asked = need("etching.icp", criteria=(Criterion("wafer-diameter", "eq", 150.0),))
    found = ask(asked, small, planned)
    assert found["routes"] == []
    assert found["steps"][0]["candidates"] == []
    assert {c["capability"] for c in found["steps"][0]["near"]} == {"small", "planned"}
    gap = found["gaps"][0]
    assert gap["code"] == "criteria"
    assert gap["relaxations"][0]["accept"][0]["criterion"] == "wafer-diameter"
    assert gap["relaxations"][0]["zh"] == "若接受晶圆直径 50 mm，则符合"


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        (NeedProfile(), "no_steps"),
        (NeedProfile(steps=(Step("1", ()),)), "step_without_technique"),
        (need("etching.icp"), "empty_catalogue"),
    ],
)
def test_empty_things_get_a_clear_answer(profile: NeedProfile, code: str) -> None:
    found = ask(profile)
    assert code in {n["code"] for n in found["notes"]}
    assert found["routes"] == []


def test_optional_steps_are_left_out_when_the_piece_cannot_pass() -> None:
    run, probe = offer("run", "foundry.mpw"), offer("probe", "test.wafer-level", 2)
    asked = NeedProfile(
        steps=(Step("1", ("foundry.mpw",)), Step("2", ("test.wafer-level",), optional=True))
    )
    route = ask(asked, run, probe)["routes"][0]
    assert [leg["capability"] for leg in route["legs"]] == ["run"]
    strict = replace(asked, steps=tuple(replace(s, optional=False) for s in asked.steps))
    assert ask(strict, run, probe)["routes"] == []


def test_contradictory_criteria_are_a_gap_not_an_error() -> None:
    writer = offer("w", "lithography.ebl", values={"min-feature": Offered(8.0, 8.0)})
    asked = need(
        "lithography.ebl",
        criteria=(Criterion("min-feature", "le", 5.0), Criterion("min-feature", "ge", 500.0)),
    )
    gap = ask(asked, writer)["gaps"][0]
    assert gap["killer"] == "min-feature"


def test_an_unstated_load_is_said_to_be_unknown_and_a_stated_one_counts() -> None:
    silent, busy = offer("silent", "etching.icp", 1), offer("busy", "etching.icp", 2, load=0.9)
    free = offer("free", "etching.icp", 3, load=0.1, lead_weeks=(1.0, 2.0), age_days=3)
    step = ask(need("etching.icp"), silent, busy, free)["steps"][0]
    parts = {c["capability"]: {p["id"]: p for p in c["parts"]} for c in step["candidates"]}
    assert [parts[k]["load"]["known"] for k in ("silent", "busy", "free")] == [False, True, True]
    assert parts["silent"]["load"]["value"] == 0.5
    assert parts["busy"]["load"]["value"] == pytest.approx(0.1)
    assert parts["free"]["load"]["value"] == pytest.approx(0.9)
    assert [parts[k]["freshness"]["known"] for k in ("silent", "free")] == [False, True]


def test_a_chain_that_runs_in_a_circle_is_cut_where_it_closes() -> None:
    chain = VOCABULARY.chains["tfln-modulator"]
    keys = [s.key for s in chain.steps]
    circle = replace(chain, steps=(replace(chain.steps[0], after=(keys[-1],)), *chain.steps[1:]))
    words = replace(VOCABULARY, chains={**VOCABULARY.chains, chain.id: circle})
    steps = (
        Step("1", ("lithography.ebl",)),
        Step("2", ("etching.ibe",), optional=True),
        Step("3", ("wafer.lnoi",), optional=True),
    )
    asked = NeedProfile(steps=steps, chain=chain.id)
    offers = [offer(s.key, s.techniques[0], int(s.key)) for s in steps]
    found = answer(asked, build(words, offers), words, today=TODAY)
    assert found["routes"]
    done = [leg["capability"] for leg in found["routes"][0]["legs"]]
    assert done.index("1") < done.index("2") if "2" in done else done  # in the chain's order


def test_a_provider_that_vanished_meanwhile_is_in_no_answer() -> None:
    stays, goes = offer("stays", "etching.icp", 1), offer("goes", "etching.icp", 2)
    before = build(VOCABULARY, [stays, goes])
    after = before.changed(deletes=["goes"])
    asked = need("etching.icp")
    found = [answer(asked, s, VOCABULARY, today=TODAY)["steps"][0] for s in (before, after)]
    listed = [{c["capability"] for c in step["candidates"]} for step in found]
    assert listed == [{"stays", "goes"}, {"stays"}]
    routes = answer(asked, after, VOCABULARY, today=TODAY)["routes"]
    assert {leg["capability"] for r in routes for leg in r["legs"]} == {"stays"}
    nobody = answer(asked, after.changed(deletes=["stays"]), VOCABULARY, today=TODAY)
    assert nobody["routes"] == []
    assert nobody["gaps"][0]["code"] == "not_offered"
    assert {n["code"] for n in nobody["notes"]} == {"empty_catalogue"}


def test_the_order_of_the_catalogue_changes_nothing() -> None:
    offers = [offer(f"o{i}", "etching.icp", i, place=WUHAN if i % 2 else LEUVEN) for i in range(9)]
    assert ask(need("etching.icp"), *offers) == ask(need("etching.icp"), *reversed(offers))
