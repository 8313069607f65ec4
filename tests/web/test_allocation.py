"""Waiting needs on free capacity: the best assignment, over needs its viewer may read alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import col, select

from collab.facilities.models import Capability, CapabilityTechnique, MpwRun
from collab.kernel import clock
from collab.kernel.happened import CapabilityChanged
from collab.members.models import Organisation
from collab.needs.models import Need
from tests.site import EVERYBODY, HOUSES, Site, csrf, need_rows

TEXT = "{word}：需要多项目晶圆流片，SOI，10片"
WORDS = {"public": "鹮分公开", "members": "鹮分成员", "invited": "鹮分定向"}


def with_room(site: Site, seats: int) -> tuple[str, str]:
    """A shuttle run of beta with free seats and the capability behind it: their public ids."""
    with site.database.writing() as uow:
        wanted = select(Organisation).where(col(Organisation.name_zh) == HOUSES["beta"][0])
        owner = uow.session.exec(wanted).one().id or 0
        line = Capability(
            organisation_id=owner, category="process", name_zh="鹭流片", name_en="Run"
        )
        run = MpwRun(
            organisation_id=owner, technology="鹭八英寸硅光", techniques=["foundry.mpw"],
            materials=["soi"], tape_in=clock.today() + timedelta(days=40), seats=seats + 3,
            seats_taken=3,
        )  # fmt: skip
        uow.session.add_all([line, run])
        uow.flush()
        uow.session.add(CapabilityTechnique(capability_id=line.id, technique="foundry.mpw"))
        uow.record(CapabilityChanged(line.id or 0))
        return run.public_id, line.public_id


@pytest.fixture
def world(bare: Site) -> tuple[Site, dict[str, str], str, str]:
    run, line = with_room(bare, 1)
    keys = {
        d: bare.published(d, text=TEXT.format(word=word), title=word) for d, word in WORDS.items()
    }
    with bare.database.writing() as uow:
        rows = {n.public_id: n for n in uow.session.exec(select(Need))}
        rows[keys["members"]].priority = 3
        rows[keys["invited"]].priority = 9  # would win, if the viewer could read it
    bare.settle()
    return bare, keys, run, line


def ask(site: Site, who: str, assume: list[dict[str, object]]) -> dict[str, object]:
    client = site.browser(who)
    answer = client.post(
        "/api/v1/alliance/allocation",
        json={"assume": assume},
        headers={"X-CSRFToken": csrf(client)},
    )
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json
    return found


def test_the_most_priority_that_the_viewer_may_read_gets_the_room(
    world: tuple[Site, dict[str, str], str, str],
) -> None:
    site, keys, run, line = world
    before = need_rows(site.database)
    found = ask(site, "coordinator", [])
    assert [(a["need"]["id"], a["at"]) for a in found["assigned"]] == [(keys["members"], run)]
    assert [n["id"] for n in found["waiting"]] == [keys["public"]]
    assert (found["served"], found["optimal"]) == (3.0, True)
    assert [(s["free"], s["taken"]) for s in found["slots"]] == [(1, 3)]
    month = f"{clock.today() + timedelta(days=70):%Y-%m}"
    more = ask(site, "coordinator", [{"capability": line, "month": month, "free": 5}])
    assert {a["need"]["id"] for a in more["assigned"]} == {keys["public"], keys["members"]}
    assert more["waiting"] == []
    address = f"/coordinator/allocation?capability={line}&month={month}&free=5"
    for path in ("/coordinator/allocation", address):
        page = site.get(path, "coordinator").text
        assert WORDS["members"] in page
        assert WORDS["invited"] not in page
        assert keys["invited"] not in page
    assert "鹭八英寸硅光" in page
    assert need_rows(site.database) == before


@pytest.mark.parametrize("who", EVERYBODY)
def test_only_those_who_coordinate_allocate(
    world: tuple[Site, dict[str, str], str, str], who: str
) -> None:
    site = world[0]
    allowed = who in ("coordinator", "coordinator-elsewhere", "secretariat")
    expected = 200 if allowed else 302 if who == "visitor" else 404
    assert site.get("/coordinator/allocation", who).status_code == expected
    client = site.browser(who)
    answer = client.post(
        "/api/v1/alliance/allocation", json={}, headers={"X-CSRFToken": csrf(client)}
    )
    assert answer.status_code == (200 if allowed else 401 if who == "visitor" else 403)


def test_a_run_after_the_deadline_or_in_another_material_takes_nobody(bare: Site) -> None:
    with_room(bare, 5)
    late = bare.published("public", text="需要多项目晶圆流片，SOI，10片，3周内交付", title="急")
    other = bare.published("public", text="需要磷化铟多项目晶圆流片，10片", title="铟")
    bare.settle()
    found = ask(bare, "secretariat", [])
    placed = {a["need"]["id"] for a in found["assigned"]}
    assert late not in placed
    assert other not in placed
    assert found["slots"]


def test_room_beyond_what_can_be_compared_and_months_gone_by_are_refused(bare: Site) -> None:
    client = bare.browser("secretariat")
    next_year = f"{clock.today().year + 1}-06"
    for assumed in ([{"capability": f"cap-{n}", "month": next_year, "free": 999} for n in range(2)],
                    [{"capability": "cap-1", "month": "2020-01", "free": 1}]):  # fmt: skip
        answer = client.post("/api/v1/alliance/allocation", json={"assume": assumed},
                             headers={"X-CSRFToken": csrf(client)})  # fmt: skip
        assert answer.status_code == 422, answer.text
        assert answer.json["errors"]
    assert bare.get("/coordinator/allocation?capability=cap-1&month=2020-01&free=3",
                    "secretariat").status_code == 422  # fmt: skip
