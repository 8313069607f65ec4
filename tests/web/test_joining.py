"""Organisations apply or claim their record; the secretariat decides; people come in by links."""

from __future__ import annotations

import re

import pytest
from sqlmodel import col, select

from collab.members.models import Application, OneTimeToken, Organisation, Person, Throttle
from collab.members.rules import Membership, OrganisationKind
from tests.site import PASSWORD, Site, csrf

CODE = "91110000600037341L"
FORM = {
    "name_zh": "庚鸢硅光有限公司", "kind": "firm", "region": "wuhan", "country": "CN",
    "identifier": CODE, "contact_name": "李工", "contact_email": "Li@gengyuan.example",
}  # fmt: skip
NEW = "a kite above nine rivers"


def link(text: str, kind: str) -> str:
    """The path of the one-time link on a page."""
    found = re.search(rf"(/{kind}/[0-9a-f]{{64}})", text)
    assert found, text[-2000:]
    return found[1]


def rows(site: Site, table: type) -> list:  # type: ignore[type-arg]
    with site.database.reading() as uow:
        return list(uow.session.exec(select(table).order_by(col(table.id))).all())  # type: ignore[attr-defined]


def applied(site: Site, **more: str) -> Application:
    answer = site.post("/join", data={**FORM, **more})
    assert answer.status_code == 302, answer.text
    return rows(site, Application)[-1]


def admitted(site: Site, **more: str) -> tuple[Application, str]:
    row = applied(site, **more)
    page = site.post(f"/members/applications/{row.public_id}/admit", "secretariat",
                     {"version": "1", "title": "共建协议", "signed_on": "2026-11-01"})  # fmt: skip
    assert page.status_code == 200, page.text
    return row, link(page.text, "invitation")


def listed(site: Site, name: str = "辛鹄激光研究所") -> str:
    """A record of the dataset that belongs to nobody."""
    with site.database.writing() as uow:
        region = uow.session.get(Organisation, 1).region_id  # type: ignore[union-attr]
        row = Organisation(name_zh=name, kind=OrganisationKind.LAB, region_id=region, slug="xinhu")
        uow.session.add(row)
    return "xinhu"


def test_an_organisation_applies_is_admitted_and_its_contact_comes_in(bare: Site) -> None:
    row, path = admitted(bare)
    house = rows(bare, Organisation)[-1]
    assert (house.membership, house.evidence, house.credit_code) == (
        Membership.ADMITTED, "declared", CODE)  # fmt: skip
    assert "共建协议" in bare.get(f"/organisations/{house.public_id}").text
    weak = bare.post(path, data={"name": "李工", "password": "1234567890"})
    assert weak.status_code == 422
    client = bare.app.test_client()
    done = client.post(path, data={"name": "李工", "password": NEW, "csrf_token": csrf(client)})
    assert done.status_code == 302, done.text
    assert house.name_zh in client.get("/my-organisation").text
    assert client.get(f"/members/people?scope={house.public_id}").status_code == 200
    assert bare.get(path).status_code == 422, "a link works once"
    again = bare.post(f"/members/applications/{row.public_id}/admit", "secretariat",
                      {"version": "3"})  # fmt: skip
    assert again.status_code == 409


@pytest.mark.parametrize(("field", "value"), [
    ("identifier", CODE[:-1] + "A"), ("identifier", ""), ("contact_email", "x"),
    ("region", "atlantis"), ("kind", "club"), ("website", "javascript:alert(1)"),
    ("country", "china"), ("name_zh", "x\x00y"),
])  # fmt: skip
def test_a_wrong_application_is_refused_at_its_field(bare: Site, field: str, value: str) -> None:
    answer = bare.post("/join", data={**FORM, field: value})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert rows(bare, Application) == []


def test_doubles_are_found_by_code_and_by_name_however_it_is_written(bare: Site) -> None:
    applied(bare)
    assert bare.post("/join", data={**FORM, "name_zh": "另一家"}).status_code == 422
    foreign = {"country": "DE", "identifier": "HRB 12345", "name_zh": "甲鹮 光电 股份有限公司"}
    known = bare.post("/join", data={**FORM, **foreign})
    assert known.status_code == 422
    assert "甲鹮光电" in known.text
    other = applied(bare, **foreign, another="1")
    assert other.credit_code == "DE:HRB12345"
    assert "甲鹮光电" in bare.get(f"/members/applications/{other.public_id}", "secretariat").text


def test_a_claim_changes_nothing_until_it_is_decided(bare: Site) -> None:
    key = listed(bare)
    form = {k: v for k, v in FORM.items() if k not in ("name_zh", "kind", "region")}
    assert bare.post(f"/organisations/{key}/claim", data=form).status_code == 422
    form["evidence"] = "本所官网“联系我们”一页列有本人姓名与邮箱，可电话核实。"
    assert bare.post(f"/organisations/{key}/claim", data=form).status_code == 302
    assert bare.post(f"/organisations/{key}/claim", data=form).status_code == 422
    assert rows(bare, Organisation)[-1].evidence == "documented"
    row = rows(bare, Application)[-1]
    page = bare.post(f"/members/applications/{row.public_id}/admit", "secretariat",
                     {"version": "1"})  # fmt: skip
    assert page.status_code == 200, page.text
    house = rows(bare, Organisation)[-1]
    assert (house.evidence, house.membership) == ("declared", Membership.ADMITTED)
    assert bare.get(f"/organisations/{key}/claim").status_code == 404
    assert bare.get(f"/organisations/{bare.organisations['alpha']}/claim").status_code == 404


def test_a_refusal_needs_a_reason_and_only_the_secretariat_decides(bare: Site) -> None:
    row = applied(bare)
    base = f"/members/applications/{row.public_id}"
    for who in ("owner", "other", "coordinator", "suspended", "expired"):
        assert bare.get("/members/applications", who).status_code == 403
        for act in ("admit", "reject"):
            answer = bare.post(f"{base}/{act}", who, {"version": "1", "reason": "no"})
            assert answer.status_code in (403, 404)
    assert bare.post(f"{base}/reject", "secretariat", {"version": "1"}).status_code == 422
    answer = bare.post(f"{base}/reject", "secretariat", {"version": "1", "reason": "资料不符"})
    assert answer.status_code == 302
    assert rows(bare, Application)[-1].state == "rejected"
    bare.settle()


def test_a_suspended_member_loses_its_rights_until_it_is_readmitted(bare: Site) -> None:
    key = bare.organisations["beta"]
    form = {"version": "1", "state": "suspended"}
    assert bare.get("/members/people", "other").status_code == 200
    assert bare.post(f"/members/{key}/move", "secretariat", form).status_code == 422
    form["reason"] = "未履行协议"
    assert bare.post(f"/members/{key}/move", "other", form).status_code == 403
    assert bare.post(f"/members/{key}/move", "secretariat", form).status_code == 302
    assert bare.get("/members/people", "other").status_code == 404
    assert bare.get(f"/organisations/{key}").status_code == 404
    back = {"version": "2", "state": "admitted", "reason": "已整改"}
    assert bare.post(f"/members/{key}/move", "secretariat", back).status_code == 302
    assert bare.get("/members/people", "other").status_code == 200


def test_joining_claiming_inviting_and_resetting_are_limited(bare: Site) -> None:
    house = bare.organisations["beta"]
    for path, who, form, most in (
        ("/join", "visitor", {}, 10), (f"/organisations/{listed(bare)}/claim", "visitor", {}, 10),
        ("/members/people/invite", "other", {"scope": house}, 40),
        ("/reset", "visitor", {"email": "owner@example.net"}, 3),
        ("/reset/x", "visitor", {}, 60),
    ):  # fmt: skip
        seen = [bare.post(path, who, form).status_code for _ in range(most + 1)]
        assert 429 not in seen[:most], path
        assert seen[-1] == 429, path
    assert len(rows(bare, Throttle)) >= 5


def test_a_forgotten_password_is_set_anew_by_a_link_and_nothing_tells_who_exists(
    bare: Site,
) -> None:
    old = bare.fresh_browser("owner")
    pages = [
        bare.post("/reset", data={"email": e}) for e in ("owner@example.net", "no@body.example")
    ]
    assert [p.status_code for p in pages] == [200, 200]
    assert re.sub(r'name="csrf-token"[^>]*', "", pages[0].text) == re.sub(
        r'name="csrf-token"[^>]*', "", pages[1].text)  # fmt: skip
    kept = [(r.person_id, r.purpose) for r in rows(bare, OneTimeToken)]
    assert sorted(kept, key=str) == [(1, "reset"), (None, "reset")], "the same work for nobody"
    key = rows(bare, Person)[0].public_id
    assert bare.post(f"/members/people/{key}/reset-link", "owner").status_code == 403
    page = bare.post(f"/members/people/{key}/reset-link", "secretariat", {"scope": "alliance"})
    path = link(page.text, "reset")
    assert bare.get(path).status_code == 200
    assert bare.post(path, data={"password": "short"}).status_code == 422
    assert bare.post(path, data={"password": NEW}).status_code == 302
    assert bare.post(path, data={"password": NEW}).status_code == 422
    assert old.get("/account").status_code == 302, "every session has ended"
    client = bare.app.test_client()
    for password, status in ((PASSWORD, 422), (NEW, 302)):
        form = {"email": "owner@example.net", "password": password, "csrf_token": csrf(client)}
        assert client.post("/sign-in", data=form).status_code == status


def test_a_link_is_in_the_database_only_as_a_hash(bare: Site) -> None:
    _, path = admitted(bare)
    token = path.rpartition("/")[2]
    with bare.database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        for table in ("onetimetoken", "outbox_event", "activity"):
            assert token not in str(run(f"SELECT * FROM {table}").all())
