"""Who learns what of a need through the API: lists, counts, cursors, single needs, answers."""

from __future__ import annotations

import pytest
from sqlmodel import select

from collab.members.models import Organisation, Region
from collab.members.rules import Membership, OrganisationKind
from collab.needs.models import Need
from tests.web.api_world import TEXT, World

READERS = {
    "public": {"", "alpha", "beta", "gamma", "secretary"},
    "members": {"alpha", "beta", "gamma", "secretary"},
    "anonymous": {"alpha", "beta", "gamma", "secretary"},
    "invited": {"alpha", "gamma"},
}
EVERYBODY = ("", "alpha", "beta", "gamma", "secretary")


@pytest.mark.parametrize("disclosure", READERS)
def test_list_count_and_single_agree_on_who_may_read(world: World, disclosure: str) -> None:
    key = world.published(disclosure, ("gamma",) if disclosure == "invited" else ())
    for who in EVERYBODY:
        may = who in READERS[disclosure]
        listed = world.get("/needs", who).json
        assert listed["total"] == len(listed["items"]) == may, who
        assert listed["next"] is None, who
        single = world.get(f"/needs/{key}", who)
        assert single.status_code == (200 if may else 404), who
        answer = world.get(f"/needs/{key}/matches", who)
        assert answer.status_code == (200 if may else 404), who
        assert not may or answer.json["need"]["id"] == key


def test_hidden_and_missing_needs_answer_the_same(world: World) -> None:
    key = world.published("invited", ("gamma",))
    for path in ("", "/matches"):
        hidden = world.get(f"/needs/{key}{path}", "beta")
        missing = world.get(f"/needs/need-0000000000{path}", "beta")
        assert hidden.data == missing.data
        assert hidden.status_code == missing.status_code == 404
    for path, body in (("/withdraw", {}), ("/publish", {"version": 1})):
        hidden = world.post(f"/needs/{key}{path}", "beta", body)
        missing = world.post(f"/needs/need-0000000000{path}", "beta", body)
        assert (hidden.status_code, hidden.data) == (missing.status_code, missing.data)
    assert world.get(f"/needs/{key}", "gamma").status_code == 200


def test_a_draft_is_known_to_its_own_people_only(world: World) -> None:
    key = world.post("/needs", "alpha", {"text": TEXT}).json["id"]
    for who in ("", "beta", "secretary"):
        assert world.get(f"/needs/{key}", who).status_code == 404
        assert world.get("/needs", who).json["total"] == 0
        assert world.get("/needs?mine=true", who).json["total"] == 0
    assert world.get("/needs?mine=true&state=draft", "alpha").json["total"] == 1
    assert world.get("/needs?state=draft", "alpha").status_code == 422


def test_an_anonymous_need_never_names_its_owner(world: World) -> None:
    key = world.published("anonymous")
    owner = world.organisations["alpha"]
    for path in ("/needs", f"/needs/{key}", f"/needs/{key}/matches"):
        told = world.get(path, "beta").text
        assert owner not in told
        assert "alpha" not in told
        assert "wuhan" not in told or path.endswith("matches"), path
    single = world.get(f"/needs/{key}", "beta").json
    assert single["organisation"] is None
    assert single["region"] is None
    assert single["invited"] is None
    assert single["reads"] is None
    own = world.get(f"/needs/{key}", "alpha").json
    assert own["organisation"]["id"] == owner
    assert own["region"] == "wuhan"


def test_a_province_is_named_where_five_members_stand(world: World) -> None:
    key = world.published("anonymous")
    with world.database.writing() as uow:
        wuhan = uow.session.exec(select(Region).where(Region.code == "wuhan")).one()
        for name in ("delta", "epsilon"):
            uow.session.add(
                Organisation(
                    name_zh=name, kind=OrganisationKind.LAB, region_id=wuhan.id or 0,
                    membership=Membership.ADMITTED,
                )
            )  # fmt: skip
    assert world.get(f"/needs/{key}", "beta").json["region"] == "hubei"
    assert world.get("/needs", "beta").json["items"][0]["region"] == "hubei"


def test_the_answer_to_an_anonymous_need_does_not_depend_on_where_its_owner_sits(
    world: World,
) -> None:
    key = world.published("anonymous")
    before = world.get(f"/needs/{key}/matches", "beta").json["steps"]
    with world.database.writing() as uow:
        far = uow.session.exec(select(Region).where(Region.code == "guangdong")).one()
        row = uow.session.exec(select(Need).where(Need.public_id == key)).one()
        row.region_id = far.id or 0
        uow.session.add(row)
    assert world.get(f"/needs/{key}/matches", "beta").json["steps"] == before


def test_reading_an_invited_need_from_outside_is_on_its_owners_record(world: World) -> None:
    key = world.published("invited", ("gamma",))
    assert world.get(f"/needs/{key}", "alpha").json["reads"] == []
    world.get("/needs", "gamma")
    assert world.get(f"/needs/{key}", "alpha").json["reads"] == []
    world.get(f"/needs/{key}", "gamma-reader")
    world.get(f"/needs/{key}/matches", "gamma")
    world.get(f"/needs/{key}", "beta")
    reads = world.get(f"/needs/{key}", "alpha").json["reads"]
    assert [r["name"] for r in reads] == ["gamma 某", "gamma 某"]
    assert world.get(f"/needs/{key}", "gamma").json["reads"] is None


def test_a_restriction_takes_effect_with_the_answer(world: World) -> None:
    key = world.published("public")
    assert world.get(f"/needs/{key}").status_code == 200
    version = world.get(f"/needs/{key}", "alpha").json["version"]
    tag = world.get(f"/needs/{key}").headers["ETag"]
    body = {"disclosure": "invited", "invited": [world.organisations["gamma"]]}
    assert (
        world.put(f"/needs/{key}/disclosure", "beta", body | {"version": version}).status_code
        == 403
    )
    nobody = {"disclosure": "invited", "invited": [], "version": version}
    assert world.put(f"/needs/{key}/disclosure", "alpha", nobody).status_code == 422
    done = world.put(f"/needs/{key}/disclosure", "alpha", body | {"version": version})
    assert [o["name"]["en"] for o in done.json["invited"]] == ["gamma"]
    assert world.get(f"/needs/{key}", headers={"If-None-Match": tag}).status_code == 404
    assert world.get("/needs").json["total"] == 0
    assert world.get(f"/needs/{key}", "gamma").status_code == 200


def test_a_cursor_never_pages_into_what_its_reader_may_not_see(world: World) -> None:
    for disclosure in ("public", "members", "public", "members"):
        world.published(disclosure)
    seen_by_member = world.get("/needs?limit=1", "beta").json
    assert seen_by_member["total"] == 4
    path, titles = seen_by_member["next"].removeprefix("/api/v1"), []
    while path:
        page = world.get(path).json
        assert page["total"] == 2
        titles += [n["disclosure"] for n in page["items"]]
        path = (page["next"] or "").removeprefix("/api/v1")
    assert titles == ["public"]


def test_the_life_of_a_need(world: World) -> None:
    made = world.post("/needs", "alpha", {"text": TEXT}).json
    path = f"/needs/{made['id']}"
    again = world.put(path, "alpha", {"text": TEXT + "，预算30万", "version": made["version"]})
    assert again.json["structure"]["budget"]["value"] == 300000
    structure = again.json["structure"] | {"quantity": {"value": 25, "unit": "wafer"}}
    body = {"structure": structure, "version": again.json["version"]}
    kept = world.put(path + "/structure", "alpha", body)
    assert kept.status_code == 200, kept.text
    assert kept.json["structure"]["quantity"]["value"] == 25
    assert world.put(path + "/structure", "alpha", body).status_code == 409
    unknown = body | {"structure": {"techniques": [{"id": "no-such"}]},
                      "version": kept.json["version"]}  # fmt: skip
    refused = world.put(path + "/structure", "alpha", unknown)
    assert refused.json["errors"][0]["field"] == "techniques"
    published = world.post(path + "/publish", "alpha", {"version": kept.json["version"]})
    assert published.json["state"] == "published"
    version = published.json["version"]
    late = world.put(path, "alpha", {"text": "别的", "version": version})
    assert (late.status_code, late.json["type"]) == (409, "urn:oe-collab:problem:not_a_draft")
    assert world.post(path + "/withdraw", "beta").status_code == 403
    assert world.post(path + "/withdraw", "alpha").json["state"] == "withdrawn"
    assert world.post(path + "/withdraw", "alpha").status_code == 409
    assert world.get(path, "beta").status_code == 404
