"""Who may read a need changes: at once, everywhere, and what was read is on the owner's record."""

from __future__ import annotations

import re

import pytest
from sqlmodel import col, select

from collab.matching.models import Match
from collab.needs.models import Need, NeedRead
from collab.notices.models import Notice
from tests.site import EVERYBODY, Site
from tests.surfaces import said
from tests.web.test_leaks import CANARIES, canary_text


def accepted(site: Site, key: str, who: str = "other", house: str = "beta") -> str:
    """An interest of a house in a need that the owner accepted; its address."""
    offer = {"organisation": site.organisations[house], "message": "能做"}
    assert site.post(f"/needs/{key}/interest", who, offer).status_code == 302
    page = site.get(f"/needs/{key}", "owner").text
    path = re.findall(rf"/needs/{key}/interest/int-\w+", page)[0]
    answer = {"state": "accepted", "reply": "好", "version": "1"}
    assert site.post(path, "owner", answer).status_code == 302
    return str(path)


def moved(site: Site, house: str, state: str, version: int) -> None:
    """The secretariat suspends or readmits a member."""
    form = {"state": state, "reason": "协议到期", "version": str(version)}
    path = f"/members/{site.organisations[house]}/move"
    assert site.post(path, "secretariat", form).status_code == 302


def tell_tales(site: Site, who: str, word: str) -> set[str]:
    """Addresses at which somebody still reads of a word, other than in the own question."""
    return {
        path
        for path, text in said(site, who, words=("电子束光刻", "鹮")).items()
        if word.lower() in text.lower()
    }


def test_needs_of_a_suspended_member_are_closed_to_all_but_the_parties_of_running_deals(
    bare: Site,
) -> None:
    form = {"organisation": bare.organisations["beta"], "category": "process",
            "name_zh": "乙的光刻", "techniques": "lithography.ebl"}  # fmt: skip
    assert bare.post("/capabilities/new", "other", form).status_code == 302
    shown = [bare.published("public", text=canary_text("public"), title="鹮公开词"),
             bare.published("members", text=canary_text("members"), title="鹮公开词")]  # fmt: skip
    deal = bare.published("members", text=canary_text("anonymous"), title="鹮匿名词")
    accepted(bare, deal)
    bare.settle()
    assert {"/needs", "/notices"} <= tell_tales(bare, "other", "鹮公开词")
    moved(bare, "alpha", "suspended", 1)
    for settled in (False, True):  # at once, and when everything derived has caught up
        if settled:
            bare.settle()
        for who in ("other", "owner") if settled else ("visitor", "secretariat"):
            # what the suspended person wrote stays among the own data to take away
            own = {"/account/data"} if who == "owner" else set()
            assert tell_tales(bare, who, "鹮公开词") == own, (who, settled)
            for key in shown:
                assert bare.get(f"/needs/{key}", who).status_code == 404, who
                assert bare.get(f"/api/v1/needs/{key}", who).status_code == 404, who
        for who in ("visitor", "coordinator", "secretariat", "owner", "invited"):
            assert bare.get(f"/needs/{deal}", who).status_code == 404, who
        assert "甲鹮光电" in bare.get(f"/needs/{deal}", "other").text
        offer = {"organisation": bare.organisations["gamma"], "message": "能做"}
        assert bare.post(f"/needs/{shown[0]}/interest", "invited", offer).status_code == 404
    with bare.database.reading() as uow:
        assert uow.session.exec(select(Match)).all() == []
    moved(bare, "alpha", "admitted", 2)
    bare.settle()
    for who in EVERYBODY:
        assert bare.get(f"/needs/{shown[0]}", who).status_code == 200, who
    assert "鹮公开词" in bare.get("/search?kind=need&sort=fresh", "visitor").text
    with bare.database.reading() as uow:
        assert uow.session.exec(select(Match)).all() != []


@pytest.mark.parametrize("after", ["invited", "withdrawn"])
def test_what_was_told_of_a_need_goes_with_the_right_to_read_it(bare: Site, after: str) -> None:
    form = {"organisation": bare.organisations["beta"], "category": "process",
            "name_zh": "乙的光刻", "techniques": "lithography.ebl"}  # fmt: skip
    assert bare.post("/capabilities/new", "other", form).status_code == 302
    assert bare.post("/search/saved?q=电子束光刻", "other", {"title": "光刻"}).status_code == 302
    word = CANARIES["members"][0]
    key = bare.published("members", text=canary_text("members"), title=word)
    bare.settle()
    before = {
        "/",
        "/needs",
        "/notices",
        "/search",
        "/search?q=电子束光刻",
        "/search/export.csv?q=鹮",
    }
    assert before <= tell_tales(bare, "other", word)
    assert 'aria-label="通知，1 条未读"' in bare.get("/?lang=zh", "other").text
    if after == "invited":
        form = {
            "disclosure": "invited",
            "invited": bare.organisations["gamma"],
            "act": "disclosure",
        }
        assert bare.post(f"/needs/{key}/publish", "owner", form).status_code == 302
    else:
        assert bare.post(f"/needs/{key}/move", "owner", {"state": after}).status_code == 302
    for settled in (False, True):
        if settled:
            bare.settle()
        assert tell_tales(bare, "other", word) == set()
        assert 'aria-label="通知，1 条未读"' not in bare.get("/?lang=zh", "other").text
        assert key not in bare.get("/account/data", "other").text
    with bare.database.reading() as uow:  # it is kept, and comes back with the right to read
        kept = [n for n in uow.session.exec(select(Notice)).all() if key in n.url]
    assert len(kept) == 1


def test_a_notice_still_under_way_does_not_reach_who_may_no_longer_read(bare: Site) -> None:
    form = {"organisation": bare.organisations["beta"], "category": "process",
            "name_zh": "乙的光刻", "techniques": "lithography.ebl"}  # fmt: skip
    assert bare.post("/capabilities/new", "other", form).status_code == 302
    key = bare.published("members", text=canary_text("members"), title="鹮成员词")
    form = {"disclosure": "invited", "invited": bare.organisations["gamma"], "act": "disclosure"}
    assert bare.post(f"/needs/{key}/publish", "owner", form).status_code == 302
    bare.settle()
    with bare.database.reading() as uow:
        people = {n.person_id for n in uow.session.exec(select(Notice)).all()}
    assert bare.people["other"] not in people


def log(site: Site, key: str) -> list[tuple[str, str]]:
    """Who read a need and how, oldest first."""
    names = {number: who for who, number in site.people.items()}
    with site.database.reading() as uow:
        need = uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()
        rows = uow.session.exec(
            select(NeedRead).where(col(NeedRead.need_id) == need.id).order_by(col(NeedRead.id))
        )
        return [(names[r.person_id], r.channel) for r in rows]


def test_every_way_of_reading_an_invited_need_is_on_record_once_and_says_for_whom(
    bare: Site,
) -> None:
    key = bare.published("invited", text=canary_text("invited"), title="给丙的需求")
    bare.settle()
    ways = (
        (f"/needs/{key}", "page"), (f"/api/v1/needs/{key}", "api"),
        (f"/api/v1/needs/{key}/matches", "api"), ("/imports/export/needs.csv", "export"),
        ("/imports/export/needs.xlsx", "export"), ("/imports/export/needs.json", "export"),
        ("/search/export.csv?q=电子束光刻&kind=need", "export"),
    )  # fmt: skip
    expected: list[tuple[str, str]] = []
    for path, channel in ways:
        assert bare.get(path, "invited").status_code == 200, path
        expected.append(("invited", channel))
        assert log(bare, key) == expected, path
        for who in ("owner", "member", "other", "secretariat", "visitor"):
            bare.get(path, who)
        assert log(bare, key) == expected, path
    page = bare.get(f"/needs/{key}?lang=zh", "owner").text
    assert "invited 某（丙鹳封装）" in page
    assert page.count("接口") >= 2
    reads = bare.get(f"/api/v1/needs/{key}", "owner").json["reads"]
    assert {r["organisation"]["id"] for r in reads} == {bare.organisations["gamma"]}
    assert [r["channel"] for r in reversed(reads)] == [way for _, way in expected]
    assert "阅读记录" not in bare.get(f"/needs/{key}?lang=zh", "invited").text


def test_what_is_shown_without_a_record_never_holds_the_words_of_an_invited_need(
    bare: Site,
) -> None:
    """Lists and hits name it to the invited; its text is read where the owner sees it read."""
    text = "内文独有鹮词：需要电子束光刻，线宽100nm，10片"
    key = bare.published("invited", text=text, title="给丙的需求")
    bare.settle()
    found = said(bare, "invited", words=("电子束光刻",))
    exports = {p for p in found if "export" in p}
    assert {p for p, words in found.items() if "给丙的需求" in words} >= {"/needs", "/search"}
    holding = {p for p, words in found.items() if "内文独有" in words}
    assert holding <= exports
    assert {how for _, how in log(bare, key)} == {"export"}
    assert "内文独有" in bare.get(f"/needs/{key}", "invited").text
