"""From an accepted interest to a signature in the browser; nobody else learns of it."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlmodel import col, select

from collab.agreements import service
from collab.agreements.forms import AgreementIn
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.kernel import clock
from collab.kernel.identity import Actor
from collab.members.models import Organisation, RoleGrant
from collab.needs.models import Need
from collab.notices.models import Notice
from tests.site import EVERYBODY, HOUSES, Site
from tests.web.api_world import World

SECRET = "鸮鹘协议"


def accepted(site: Site, disclosure: str) -> tuple[str, str]:
    """A need and the interest of beta in it, accepted; alpha's people may also administer."""
    key = site.published(disclosure, title="要签的需求")
    form = {"organisation": site.organisations["beta"], "message": "我们能做"}
    assert site.post(f"/needs/{key}/interest", "other", form).status_code == 302
    found = re.search(rf"/needs/{key}/interest/(int-\w+)", site.get(f"/needs/{key}", "owner").text)
    assert found
    answer = {"state": "accepted", "reply": "好", "version": "1"}
    assert site.post(f"/needs/{key}/interest/{found[1]}", "owner", answer).status_code == 302
    return key, found[1]


def words(**more: str) -> dict[str, str]:
    """What the form sends."""
    today = clock.today()
    plain = {"title": SECRET, "kind": "joint_rnd", "scope": "交付样片", "amount": "98765.40",
             "currency": "CNY", "starts_on": today.isoformat(),
             "ends_on": (today + timedelta(days=200)).isoformat(),
             "milestone_title": "首批样片",
             "milestone_due": (today + timedelta(days=90)).isoformat()}  # fmt: skip
    return plain | more


def version(page: str) -> str:
    """The version that the page's forms carry."""
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


def test_an_agreement_is_drawn_up_and_signed_by_those_who_bind_their_house(bare: Site) -> None:
    need, interest = accepted(bare, "members")
    wrong = bare.post(f"/agreements/new/{interest}", "other", words(ends_on="2020-01-01"))
    assert wrong.status_code == 422
    assert "98765.40" in wrong.text, "what was typed stays"
    assert "首批样片" in wrong.text
    drawn = bare.post(f"/agreements/new/{interest}", "other", words())
    assert drawn.status_code == 302
    where = drawn.location
    again = bare.post(f"/agreements/new/{interest}", "owner", words())
    assert again.status_code == 409
    page = bare.get(where, "owner").text
    assert "98,765.40 CNY" in page
    assert "签署须由机构管理员完成" in page, "alpha's facility owner does not bind alpha"
    read = {"version": version(bare.get(where, "other").text), "shows": "1"}
    assert bare.post(f"{where}/sign", "owner", read).status_code == 403
    assert bare.post(f"{where}/sign", "other", {"version": "999"}).status_code == 409
    assert bare.post(f"{where}/sign", "other", read).status_code == 302
    assert SECRET in bare.get(f"/needs/{need}", "owner").text
    bare.settle()
    assert SECRET in bare.get("/notices", "owner").text
    assert "等待签署" in bare.get(where, "owner").text


def test_nobody_but_the_parties_learns_of_an_agreement(bare: Site) -> None:
    need, interest = accepted(bare, "public")
    others = [who for who in EVERYBODY if who not in ("owner", "member", "other")]
    before = {who: bare.get("/network/data", who).data for who in others}
    where = bare.post(f"/agreements/new/{interest}", "other", words()).location
    key = where.rsplit("/", 1)[1]
    bare.settle()
    for who in others:
        for path in (where, f"{where}/edit", f"/agreements/new/{interest}"):
            real = bare.get(path, who)
            known = bare.get(
                path.replace(key, "agr-0000000000").replace(interest, "int-0000000000"), who
            )
            assert real.status_code == known.status_code, (who, path)
            assert real.status_code in (302, 404), (who, path)
        for path in ("/", "/agreements", "/notices", f"/needs/{need}", "/search?q=" + SECRET,
                     f"/organisations/{bare.organisations['beta']}"):  # fmt: skip
            text = bare.get(path, who).text
            assert SECRET not in text.replace(f'value="{SECRET}"', "").replace(f"“{SECRET}”", ""), (
                who,
                path,
            )
            assert key not in text, (who, path)
            assert "98,765" not in text, (who, path)
        for act in ("sign", "move", "milestones/1"):
            answer = bare.post(f"{where}/{act}", who, {"version": "1", "state": "withdrawn"})
            assert answer.status_code in (302, 404), (who, act)
            assert answer.status_code != 302 or "/sign-in" in answer.location, (who, act)
        assert bare.get("/network/data", who).data == before[who], who
    assert HOUSES["beta"][0] in bare.get(where, "member").text


def test_programs_read_the_agreements_of_their_owner_and_no_others(world: World) -> None:
    need = world.published("members")
    interest = Interest(message="m", state=InterestState.ACCEPTED)
    with world.database.writing() as uow:
        row = uow.session.exec(select(Need).where(col(Need.public_id) == need)).one()
        houses = uow.session.exec(
            select(Organisation).where(col(Organisation.name_en).in_(("alpha", "beta")))
        ).all()
        ids = {h.name_en: h.id or 0 for h in houses}
        interest.need_id, interest.organisation_id = row.id or 0, ids["beta"]
        uow.session.add(interest)
        uow.flush()
        beta = Actor(organisation_ids=frozenset({ids["beta"]}))
        form = AgreementIn.model_validate({k: v for k, v in words().items() if "milest" not in k})
        key = service.propose(uow, beta, interest.public_id, form).public_id
    listed = world.get("/agreements", "alpha").json
    assert [a["id"] for a in listed["items"]] == [key]
    whole = world.get(f"/agreements/{key}", "beta-reader").json
    assert (whole["side"], whole["amount_minor"], whole["state"]) == (
        "provider",
        9876540,
        "proposed",
    )
    for who in ("gamma", "secretary"):
        assert world.get("/agreements", who).json["total"] == 0
        real, none = (world.get(f"/agreements/{k}", who) for k in (key, "agr-0000000000"))
        assert real.status_code == none.status_code == 404
        assert real.text.replace(key, "") == none.text.replace("agr-0000000000", "")
    assert world.get(f"/agreements/{key}").status_code == 401


def test_who_left_a_party_reads_its_agreements_no_more(bare: Site) -> None:
    _need, interest = accepted(bare, "members")
    where = bare.post(f"/agreements/new/{interest}", "other", words()).location
    bare.settle()
    assert SECRET in bare.get("/notices", "member").text
    with bare.database.writing() as uow:
        for grant in uow.session.exec(
            select(RoleGrant).where(col(RoleGrant.person_id) == bare.people["member"])
        ):
            grant.expires_at = clock.now() - timedelta(minutes=1)
    assert bare.get(where, "member").status_code == 404
    for path in ("/notices", "/", "/account/data"):
        assert SECRET not in bare.get(path, "member").text, path
    assert SECRET in bare.get("/notices", "owner").text
    read = {"version": version(bare.get(where, "other").text)}
    assert bare.post(f"{where}/sign", "other", read).status_code == 302
    bare.settle()
    with bare.database.reading() as uow:
        told = uow.session.exec(
            select(Notice.code).where(col(Notice.person_id) == bare.people["member"])
        ).all()
    assert "agreement_half_signed" not in told
