"""Needs that cannot be answered, or not any more: a clear answer on the page and in the API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlmodel import col, select

from collab.facilities.models import Capability
from collab.kernel import clock
from collab.kernel.happened import CapabilityChanged, CatalogueReplaced, OrganisationChanged
from collab.members.models import Organisation
from collab.members.rules import Membership
from collab.needs.models import Need
from collab.web.answer_page import price
from tests.site import Site, csrf

TEN = ("design.layout", "mask.photomask", "wafer.soi", "lithography.contact", "etching.icp",
       "deposition.pecvd", "deposition.metallization", "singulation.blade-dicing",
       "packaging.wire-bond", "test.insertion-loss")  # fmt: skip


def structure(*techniques: str, **more: Any) -> dict[str, Any]:
    return {"techniques": [{"id": t} for t in techniques], **more}


def bound(parameter: str, op: str, value: Any, unit: str = "") -> dict[str, Any]:
    return {"id": parameter, "op": op, "value": value, "unit": unit}


def asked(site: Site, wanted: dict[str, Any], who: str = "owner") -> dict[str, Any]:
    """The answer of the API to a structure that is not saved."""
    client = site.browser(who)
    body = {"structure": wanted}
    answer = client.post("/api/v1/matches", json=body, headers={"X-CSRFToken": csrf(client)})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def kept(site: Site, wanted: dict[str, Any]) -> str:
    """A published need of that structure; its key."""
    key = site.published("members", text="需要电子束光刻")
    with site.database.writing() as uow:
        row = uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()
        row.structure = {**row.structure, "techniques": [], "parameters": [], **wanted}
        uow.session.add(row)
    return key


def pages(site: Site, key: str, who: str = "owner") -> tuple[str, str]:
    """The need's page in Chinese and in English, without the frame around it."""
    shown = []
    for lang in ("zh", "en"):
        page = site.get(f"/needs/{key}?lang={lang}", who)
        assert page.status_code == 200
        shown.append(page.text.split("<main", 1)[1])
    return shown[0], shown[1]


def codes(found: dict[str, Any]) -> set[str]:
    return {n["code"] for n in found["notes"]}


def test_an_empty_catalogue_says_so(bare: Site) -> None:
    found = asked(bare, structure("lithography.ebl"))
    assert codes(found) == {"empty_catalogue"}
    assert (found["routes"], found["steps"][0]["candidates"]) == ([], [])
    assert found["gaps"][0]["code"] == "not_offered"
    zh, en = pages(bare, kept(bare, structure("lithography.ebl")))
    assert "目录中还没有任何能力" in zh
    assert "The catalogue holds no capability yet" in en
    assert "目录中没有机构提供电子束光刻" in zh


def test_a_need_without_steps_is_asked_what_is_to_be_done(bare: Site) -> None:
    assert "no_steps" in codes(asked(bare, {}))
    zh, en = pages(bare, kept(bare, {}))
    assert "需求中没有可识别的工艺步骤，请补充要做什么" in zh
    assert "No process step was found in the need" in en
    preview = bare.post("/needs/new", "visitor", {"text": "你们好", "act": "preview"})
    assert preview.status_code in (200, 302, 401, 422)


CONTRARY: list[tuple[dict[str, Any], str, str]] = [
    (structure("lithography.ebl", parameters=[bound("min-feature", "le", 5.0, "nm"),
                                              bound("min-feature", "ge", 500.0, "nm")]),
     "最小线宽至多 5 nm和至少 500 nm不可能同时满足",
     "cannot be at most 5 nm and at least 500 nm at once"),
    (structure("lithography.ebl", materials=[{"id": "tfln"}],
               excluded_materials=[{"id": "lithium-niobate"}]),
     "薄膜铌酸锂既被要求又被排除", "is both asked for and refused"),
    (structure("etching.wet", excluded_techniques=[{"id": "etching.wet", "reason": "reject"}]),
     "湿法腐蚀既被要求又被排除", "is both asked for and refused"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "zh", "en"), CONTRARY)
def test_a_need_that_contradicts_itself_is_told_where(
    bare: Site, wanted: dict[str, Any], zh: str, en: str
) -> None:
    found = asked(bare, wanted)
    note = next(n for n in found["notes"] if n["code"] == "contradiction")
    assert zh in note["zh"]
    assert en in note["en"]
    assert found["routes"] == []
    shown = pages(bare, kept(bare, wanted))
    assert zh in shown[0]
    assert en in shown[1]


@pytest.mark.parametrize(
    "wanted",
    [
        structure("lithography.ebl", parameters=[bound("min-feature", "le", 100.0, "nm"),
                                                 bound("min-feature", "ge", 50.0, "nm")]),
        structure("lithography.ebl", parameters=[bound("wafer-diameter", "eq", 100.0, "mm"),
                                                 bound("wafer-diameter", "eq", 150.0, "mm")]),
        structure("etching", excluded_techniques=[{"id": "etching.wet", "reason": "reject"}]),
        structure("etching.icp", materials=[{"id": "iii-v"}], excluded_materials=[{"id": "inp"}]),
    ],
)  # fmt: skip
def test_what_can_be_met_together_is_no_contradiction(bare: Site, wanted: dict[str, Any]) -> None:
    assert "contradiction" not in codes(asked(bare, wanted))


def test_ends_the_wrong_way_round_are_a_range_all_the_same(site: Site) -> None:
    one, two = (
        asked(site, structure("test.insertion-loss",
                              parameters=[bound("wavelength", "between", ends, "nm")]))
        for ends in ([1500.0, 1600.0], [1600.0, 1500.0])
    )  # fmt: skip
    got = [[c["capability"] for c in a["steps"][0]["candidates"]] for a in (one, two)]
    assert got[0] == got[1]
    assert asked(site, structure("test.insertion-loss", parameters=[bound("wavelength", "eq", [])]))


def test_one_step_and_ten_steps(site: Site) -> None:
    single = asked(site, structure("lithography.ebl"))
    assert len(single["steps"]) == 1
    assert all(len(r["legs"]) == 1 and r["handovers"] == 0 for r in single["routes"])
    many = asked(site, structure(*TEN))
    assert [s["technique"] for s in many["steps"]] == list(TEN)
    assert many["routes"] or many["gaps"]
    zh, en = pages(site, kept(site, structure(*TEN)))
    assert zh.count('id="step-') == en.count('id="step-') == 10


def test_nobody_for_the_first_step_alone(site: Site) -> None:
    found = asked(site, structure("transfer.mass-transfer", "lithography.ebl"))
    first, second = found["steps"]
    assert first["candidates"] == []
    assert second["candidates"]
    assert found["routes"] == []
    gap = found["gaps"][0]
    assert gap["step"] == first["key"]
    assert [g["step"] for g in found["gaps"]] == [first["key"]]
    zh, en = pages(site, kept(site, structure("transfer.mass-transfer", "lithography.ebl")))
    assert "2 步中 1 步有候选，1 步有缺口" in zh
    assert "1 of 2 steps" in en or "of 2 steps" in en


def best(site: Site, key: str) -> str:
    """The public id of the first candidate on the need's page."""
    zh, _ = pages(site, key)
    found = re.search(r"/capabilities/(cap-\w+)", zh)
    assert found
    return found[1]


@pytest.mark.parametrize("how", ["retired", "suspended", "deleted"])
def test_a_provider_that_vanished_meanwhile_is_in_no_answer_and_breaks_none(
    site: Site, how: str
) -> None:
    key = kept(site, structure("lithography.ebl"))
    site.settle()
    gone = best(site, key)
    before = asked(site, structure("lithography.ebl"))
    assert gone in {c["capability"] for c in before["steps"][0]["candidates"]}
    vanish(site, gone, how)
    zh, _ = pages(site, key)  # before anything derived has caught up
    assert gone not in zh
    now = site.browser("owner").get(f"/api/v1/needs/{key}/matches?top=50").json
    listed = {c["capability"] for s in now["steps"] for c in (*s["candidates"], *s["near"])}
    assert gone not in listed | {leg["capability"] for r in now["routes"] for leg in r["legs"]}
    site.settle()
    assert gone not in pages(site, key)[0]
    # links kept from yesterday's page end in a plain "not found", never in an error
    assert site.get(f"/needs/{key}/ask/{gone}", "owner").status_code == 404
    assert site.post(f"/needs/{key}/ask/{gone}", "owner", {"q": "1"}).status_code == 404
    assert site.get(f"/capabilities/{gone}", "visitor").status_code == 404


def vanish(site: Site, key: str, how: str) -> None:
    """The capability leaves the catalogue in one of the ways it can."""
    with site.database.writing() as uow:
        row = uow.session.exec(select(Capability).where(col(Capability.public_id) == key)).one()
        ids = row.id or 0, row.organisation_id
        if how == "retired":
            row.retired_at = clock.now()
        elif how == "suspended":
            owner = uow.session.get(Organisation, row.organisation_id)
            assert owner is not None
            owner.membership = Membership.SUSPENDED
        else:
            uow.session.delete(row)
        events = {
            "retired": CapabilityChanged(ids[0]),
            "suspended": OrganisationChanged(ids[1]),
            "deleted": CatalogueReplaced("demo removed"),  # rows go only with all of their kind
        }
        uow.record(events[how])


def test_the_price_of_a_route_says_what_is_unknown_and_what_is_above_the_budget(bare: Site) -> None:
    known = [{"amount": 1600000.0, "currency": "CNY"}]
    over = {"amount": 700000.0, "currency": "CNY"}
    with bare.app.test_request_context("/?lang=zh"):
        assert price({"known": known, "missing": 0, "over": None}, 3) == "CNY 1,600,000"
        said = price({"known": known, "missing": 1, "over": over}, 3)
        assert said == "已知价格 CNY 1,600,000（另 1 步待询），超出预算 CNY 700,000"
    with bare.app.test_request_context("/?lang=en"):
        said = price({"known": known, "missing": 0, "over": over}, 3)
        assert said == "CNY 1,600,000, CNY 700,000 above the budget"
        assert price(None, 3) == "Price on request"
