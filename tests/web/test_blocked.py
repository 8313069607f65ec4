"""The page on which an organisation keeps others away, and who sees nothing of it."""

from __future__ import annotations

from sqlmodel import col, select

from collab.members.models import Organisation
from tests.site import HOUSES, Site, csrf


def key_of(site: Site, house: str) -> str:
    with site.database.reading() as uow:
        wanted = select(Organisation.public_id).where(col(Organisation.name_zh) == HOUSES[house][0])
        return uow.session.exec(wanted).one()


def test_an_editor_keeps_an_organisation_away_and_only_its_own_people_see_it(bare: Site) -> None:
    alpha, beta = key_of(bare, "alpha"), key_of(bare, "beta")
    page = bare.get(f"/organisations/{beta}", "owner").text
    assert f"/my-organisation/blocked?other={beta}" in page
    assert "/my-organisation/blocked" not in bare.get(f"/organisations/{beta}", "visitor").text
    add = f"/my-organisation/{alpha}/blocked"
    assert bare.post(add, "owner", {"other": beta}).status_code == 302
    assert HOUSES["beta"][0] in bare.get("/my-organisation/blocked", "owner").text
    theirs = bare.get("/my-organisation/blocked", "other").text
    assert HOUSES["alpha"][0] not in theirs.split("<main", 1)[1]
    assert bare.post(add, "member", {"other": beta}).status_code == 403
    assert bare.post(add, "other", {"other": beta}).status_code == 403
    found = bare.get(f"/my-organisation/blocked?find={HOUSES['beta'][0]}", "owner").text
    assert "已在名单中" in found
    assert f'value="{alpha}"' not in found
    assert "没有名称含" in bare.get("/my-organisation/blocked?find=查无此名", "owner").text
    wrong = bare.post(add, "owner", {"other": "org-nowhere"}, follow_redirects=True)
    assert "org-nowhere" in wrong.text
    itself = bare.post(add, "owner", {"other": alpha}, follow_redirects=True)
    assert "贵单位自己" in itself.text
    assert bare.post(f"{add}/remove", "owner", {"other": beta}).status_code == 302
    bare.get("/my-organisation/blocked", "owner")  # shows the message of the change once
    assert HOUSES["beta"][0] not in bare.get("/my-organisation/blocked", "owner").text


def test_programs_read_and_write_the_list_and_nobody_else_learns_of_it(bare: Site) -> None:
    alpha, beta = key_of(bare, "alpha"), key_of(bare, "beta")
    path = f"/api/v1/organisations/{alpha}/blocked"
    owner = bare.browser("owner")
    assert owner.get(path).json["items"] == []
    assert bare.browser("other").get(path).status_code == 403
    assert bare.browser("visitor").get(path).status_code == 401
    for who, allowed in (("member", 403), ("other", 403), ("owner", 204)):
        client = bare.browser(who)
        headers = {"X-CSRFToken": csrf(client)}
        assert client.put(f"{path}/{beta}", headers=headers).status_code == allowed
    assert [o["id"] for o in owner.get(path).json["items"]] == [beta]
    headers = {"X-CSRFToken": csrf(owner)}
    assert owner.delete(f"{path}/{beta}", headers=headers).status_code == 204
    assert owner.get(path).json["total"] == 0
