"""Roles are given, taken and handed over; a second factor, own data, and the record of it all."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pyotp
import pytest
from sqlmodel import col, select

from collab import tables
from collab.kernel import clock
from collab.members.models import Organisation, Person, RoleGrant
from collab.members.rules import name_key
from collab.members.second_factor import place
from collab.needs.models import Need
from collab.storage import audit_reading, sealing
from collab.storage.models import Activity
from tests.conftest import Freezer
from tests.site import PASSWORD, Site, csrf

NEW = "a kite above nine rivers"


def link(text: str, kind: str) -> str:
    """The path of the one-time link on a page."""
    found = re.search(rf"(/{kind}/[0-9a-f]{{64}})", text)
    assert found, text[-2000:]
    return found[1]


def person(site: Site, who: str) -> Person:
    with site.database.reading() as uow:
        found = uow.session.get(Person, site.people[who])
        assert found is not None
        return found


def grants(site: Site, who: str) -> list[RoleGrant]:
    with site.database.reading() as uow:
        query = select(RoleGrant).where(col(RoleGrant.person_id) == site.people[who])
        return list(uow.session.exec(query).all())


def acts(site: Site) -> list[Activity]:
    with site.database.reading() as uow:
        return list(uow.session.exec(select(Activity).order_by(col(Activity.id))).all())


def invited(site: Site, **more: str) -> str:
    form = {"scope": site.organisations["beta"], "email": "New@beta.example", "name": "新人",
            "role": "member", **more}  # fmt: skip
    page = site.post("/members/people/invite", "other", form)
    assert page.status_code == 200, page.text
    return link(page.text, "invitation")


def test_an_administrator_invites_and_the_invited_stand_where_they_were_asked_to(
    bare: Site,
) -> None:
    path = invited(bare, expires_on="2099-01-01")
    client = bare.app.test_client()
    form = {"name": "新人", "password": NEW, "csrf_token": csrf(client)}
    assert client.post(path, data=form).status_code == 302
    assert "乙鹭微纳" in client.get("/my-organisation").text
    assert client.get("/members/people").status_code == 404
    with bare.database.reading() as uow:
        row = uow.session.exec(select(RoleGrant).order_by(col(RoleGrant.id).desc())).first()
    assert row is not None
    assert row.granted_by == bare.people["other"]
    assert row.expires_at is not None
    assert row.expires_at.date() == date(2099, 1, 2)


def test_nobody_gives_what_is_not_theirs_to_give(bare: Site) -> None:
    form = {"email": "x@y.example", "name": "某", "role": "member"}
    alpha, beta = bare.organisations["alpha"], bare.organisations["beta"]
    for who in ("owner", "member", "coordinator", "suspended", "expired"):
        answer = bare.post("/members/people/invite", who, {**form, "scope": beta})
        assert answer.status_code == 404, who
    assert bare.post("/members/people/invite", "other", {**form, "scope": alpha}).status_code == 404
    for role in ("secretariat", "regional_coordinator", "king"):
        for scope, status in ((beta, 422), ("alliance", 403)):
            answer = bare.post("/members/people/invite", "other",
                               {**form, "scope": scope, "role": role})  # fmt: skip
            assert answer.status_code == status, (role, scope)
    mine = grants(bare, "owner")[0].id
    taken = bare.post("/members/people/revoke", "other", {"scope": beta, "id": str(mine)})
    assert taken.status_code == 404
    assert grants(bare, "owner")[0].revoked_at is None


def test_a_known_person_accepts_only_when_signed_in_as_themselves(bare: Site) -> None:
    path = invited(bare, email="member@example.net")
    assert bare.post(path, data={"name": "x", "password": NEW}).status_code == 422
    assert bare.post(path, "owner").status_code == 422
    assert bare.post(path, "member").status_code == 302
    assert {g.organisation_id for g in grants(bare, "member")} == {1, 2}


def test_an_invitation_ends_by_time_and_by_withdrawal(bare: Site, freeze: Freezer) -> None:
    freeze(clock.now())
    path = invited(bare)
    again = invited(bare)
    assert bare.get(path).status_code == 422, "a newer one takes its place"
    page = bare.get("/members/people", "other").text
    number = re.search(r'people/withdraw".*?name="id" value="(\d+)"', page, re.S)
    assert number
    form = {"scope": bare.organisations["beta"], "id": number[1]}
    assert bare.post("/members/people/withdraw", "other", form).status_code == 302
    assert bare.get(again).status_code == 422
    third = invited(bare)
    assert bare.get(third).status_code == 200
    freeze.forward(days=8)
    assert bare.get(third).status_code == 422


def test_a_coordinator_is_made_for_a_region_and_the_last_secretary_stays(bare: Site) -> None:
    form = {"scope": "alliance", "person": person(bare, "secretariat").public_id,
            "grant_role": "regional_coordinator"}  # fmt: skip
    assert bare.post("/members/people/grant", "secretariat", form).status_code == 422
    done = bare.post("/members/people/grant", "secretariat", {**form, "grant_region": "jilin"})
    assert done.status_code == 302
    assert bare.actor("secretariat").region_ids
    last = grants(bare, "secretariat")[0].id
    gone = bare.post("/members/people/revoke", "secretariat",
                     {"scope": "alliance", "id": str(last)})  # fmt: skip
    assert gone.status_code == 422
    assert bare.actor("secretariat").secretariat
    assert [a.action for a in acts(bare)][-1] == "granted"


def test_who_leaves_hands_over_needs_and_loses_every_session(bare: Site) -> None:
    key = bare.draft("owner")
    browser = bare.fresh_browser("owner")
    form = {"scope": bare.organisations["alpha"], "leaver": person(bare, "owner").public_id,
            "successor": person(bare, "member").public_id}  # fmt: skip
    same = {**form, "successor": form["leaver"]}
    assert bare.post("/members/people/leave", "secretariat", same).status_code == 422
    assert bare.post("/members/people/leave", "secretariat", form).status_code == 302
    with bare.database.reading() as uow:
        need = uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()
    assert need.author_id == bare.people["member"]
    assert not person(bare, "owner").active
    assert browser.get("/account").status_code == 302
    noted = [a for a in acts(bare) if a.action in ("revoked", "deactivated", "handed_over")]
    assert [a.action for a in noted] == ["revoked", "deactivated", "handed_over"]
    assert all(a.before for a in noted)


def test_who_may_invite_no_more_has_nobody_coming_in(bare: Site) -> None:
    path = invited(bare)
    beta = bare.organisations["beta"]
    form = {"scope": beta, "email": "kept@beta.example", "name": "留", "role": "member"}
    kept = link(bare.post("/members/people/invite", "secretariat", form).text, "invitation")
    visitor = bare.app.test_client()
    assert visitor.get(path).status_code == 200
    with bare.database.reading() as uow:
        query = select(RoleGrant.id).where(col(RoleGrant.person_id) == bare.people["other"])
        grant = uow.session.exec(query).one()
    taken = {"scope": beta, "id": str(grant)}
    assert bare.post("/members/people/revoke", "secretariat", taken).status_code == 302
    assert visitor.get(path).status_code == 422
    assert visitor.get(kept).status_code == 200, "somebody else's invitation stands"
    assert [a.action for a in acts(bare)][-2:] == ["revoked", "invitation_withdrawn"]


def everything(site: Site) -> list[object]:
    """All that the database holds."""
    with site.database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        return [run(f'SELECT * FROM "{t.name}"').all() for t in tables.metadata.sorted_tables]


def signed(site: Site, code: str | None) -> int:
    client = site.app.test_client()
    form = {"email": "owner@example.net", "password": PASSWORD, "csrf_token": csrf(client)}
    first = client.post("/sign-in", data=form)
    if code is None:
        assert client.get("/account").status_code == 302, "a password alone opens nothing"
        return first.status_code
    return client.post("/sign-in/code", data={"code": code, "csrf_token": csrf(client)}).status_code


def test_a_second_factor_is_asked_for_and_each_code_works_once(bare: Site, freeze: Freezer) -> None:
    freeze("2026-11-24T09:00:00+00:00")
    page = bare.get("/account/second-factor", "owner").text
    assert "data:image/svg+xml" in page
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    assert bare.post("/account/second-factor", "owner", {"code": "000"}).status_code == 422
    now = totp.at(clock.now())
    done = bare.post("/account/second-factor", "owner", {"code": now})
    papers = re.findall(r"<code>([2-9a-z]{4}(?:-[2-9a-z]{4}){3})</code>", done.text)
    assert len(set(papers)) == 10
    assert found[1].replace(" ", "") not in str(everything(bare))
    assert papers[0].replace("-", "") not in str(everything(bare))
    assert signed(bare, None) == 302
    assert signed(bare, now) == 422, "used when it was set up"
    freeze.forward(seconds=60)
    fresh = totp.at(clock.now())
    assert signed(bare, fresh) == 302
    assert signed(bare, fresh) == 422
    assert signed(bare, papers[3].upper()) == 302
    assert signed(bare, papers[3]) == 422, "a code on paper works once"
    assert signed(bare, "2222-2222-2222-2222") == 422
    key = person(bare, "owner").public_id
    off = f"/members/people/{key}/second-factor"
    assert bare.post(off, "other").status_code == 403
    assert bare.post(off, "secretariat", {"scope": "alliance"}).status_code == 302
    assert person(bare, "owner").second_factor == ""
    assert bare.get("/account", "owner").status_code == 302, "every session ended"
    reset = acts(bare)[-1]
    assert (reset.action, reset.key) == ("second_factor_reset", key)
    assert (reset.before or {})["second_factor"] is True


def test_codes_cannot_be_guessed_without_end(bare: Site) -> None:
    with bare.database.writing() as uow:
        row = uow.session.get(Person, bare.people["owner"])
        assert row is not None
        row.second_factor = bare.platform.sealer.seal(pyotp.random_base32(), place(row))
        uow.session.add(row)
    client = bare.app.test_client()
    form = {"email": "owner@example.net", "password": PASSWORD, "csrf_token": csrf(client)}
    client.post("/sign-in", data=form)
    data = {"code": "12345", "csrf_token": csrf(client)}
    seen = [client.post("/sign-in/code", data=data).status_code for _ in range(9)]
    assert (seen[0], seen[-1]) == (422, 429)


def test_own_data_is_taken_away_and_the_account_erased_to_a_number(bare: Site) -> None:
    bare.draft("owner")
    data = bare.get("/account/data", "owner").get_json()
    assert data["person"]["email"] == "owner@example.net"
    assert len(data["needs"]) == 1
    assert "argon2" not in str(data)
    assert bare.post("/account/erase", "owner", {"erase_password": "no"}).status_code == 422
    assert bare.post("/account/erase", "other", {"erase_password": PASSWORD}).status_code == 422, (
        "the last administrator names a successor first"
    )
    assert bare.post("/account/erase", "owner", {"erase_password": PASSWORD}).status_code == 302
    row = person(bare, "owner")
    assert not row.active
    assert row.erased_at is not None
    with bare.database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        for table in ("person", "activity", "onetimetoken", "signinsession", "notice"):
            held = str(run(f"SELECT * FROM {table}").all())
            assert "owner@example.net" not in held, table
            assert "owner 某" not in held, table
    assert audit_reading.broken(bare.database) == []


def test_the_record_is_read_narrowed_and_exported_by_the_secretariat_alone(bare: Site) -> None:
    hidden = bare.draft("owner", title="=2+2")
    key = bare.published("members", title="=1+1")
    for who in ("owner", "other", "coordinator", "suspended"):
        assert bare.get("/audit", who).status_code == 403
        assert bare.get("/audit/export.csv", who).status_code == 403
    page = bare.get("/audit?kind=need&person=owner@example.net", "secretariat")
    assert key in page.text
    assert key not in bare.get("/audit?person=nobody@example.net", "secretariat").text
    assert key not in bare.get("/audit?since=2099-01-01", "secretariat").text
    assert bare.get("/audit?since=x&until=9999-12-31&page=0", "secretariat").status_code == 200
    text = bare.get("/audit/export.csv?kind=need", "secretariat").get_data(as_text=True)
    assert key in text
    assert hidden not in page.text + text, "a draft is known to its own people only"
    assert "127.0.0.0/24" in text, "from where"
    assert acts(bare)[-1].action == "exported"


def command(site: Site, *words: str) -> tuple[int, str]:
    """Exit status and words of a command."""
    with site.app.app_context():
        done = site.app.test_cli_runner().invoke(args=list(words))
    return done.exit_code, done.output


def test_the_chain_is_anchored_and_a_change_shows_by_command(bare: Site, tmp_path: Path) -> None:
    bare.draft("owner")
    file = tmp_path / "anchors"
    assert command(bare, "audit-anchor", str(file))[0] == 0
    assert command(bare, "audit-verify", "--anchors", str(file))[0] == 0
    with bare.database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER tr_activity_no_update")
        connection.exec_driver_sql("UPDATE activity SET action = 'x' WHERE sequence = 1")
    code, said = command(bare, "audit-verify", "--anchors", str(file))
    assert (code, "content" in said) == (1, True)
    file.write_text("not anchors", "utf-8")
    assert command(bare, "audit-verify", "--anchors", str(file))[0] == 2


def test_a_new_key_seals_every_secret_anew_and_ends_open_links(bare: Site) -> None:
    with bare.database.writing() as uow:
        row = uow.session.get(Person, bare.people["owner"])
        assert row is not None
        row.second_factor = bare.platform.sealer.seal("JBSWY3DPEHPK3PXP", place(row))
        uow.session.add(row)
    path = bare.platform.settings.secret_path
    before, sealed = path.read_text("ascii"), row.second_factor
    assert command(bare, "rotate-key")[0] == 2
    assert path.read_text("ascii") == before
    assert command(bare, "rotate-key", "--yes")[0] == 0
    after = sealing.installation_keys(path)
    assert len(after) == 1
    assert after[0] not in before
    now = person(bare, "owner").second_factor
    assert now != sealed
    assert sealing.Sealer(after).open(now, place(row)) == "JBSWY3DPEHPK3PXP"
    with bare.database.writing() as uow:
        found = uow.session.get(Person, bare.people["owner"])
        assert found is not None
        found.second_factor = now[:-6] + "AAAAA="
        uow.session.add(found)
    assert command(bare, "rotate-key", "--yes")[0] == 2, "what cannot be opened stops it"
    assert after[0] in sealing.installation_keys(path), "and the old key is kept"


def test_every_day_the_worker_anchors_the_record(bare: Site) -> None:
    bare.draft("owner")
    bare.settle()
    path = bare.platform.settings.data_dir / audit_reading.ANCHORS
    before = len(list(audit_reading.anchors(path)))
    assert before >= 1
    bare.settle()
    assert len(list(audit_reading.anchors(path))) == before


def test_whoever_finds_a_weakness_finds_an_address(bare: Site) -> None:
    text = bare.get("/.well-known/security.txt").text
    assert re.search(r"^Contact: (https?|mailto):", text, re.M)
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT00:00:00Z$", text, re.M)


@pytest.mark.parametrize(("one", "other", "same"), [
    ("武汉光电有限公司", "武汉光电 股份有限公司", True), ("ＡＢＣ Co., Ltd", "abc", True),
    ("Cologne Photonics", "Cologne Photonics GmbH", True), ("甲光", "乙光", False),
    ("Costas", "Costas AG", True), ("AG", "ag", True),
    ("武漢光電科技股份有限公司", "武汉光电科技有限责任公司", True), ("臺積電", "台积电", True),
    ("武汉光电（集团）公司", "武汉光电集团有限公司", True), ("武汉光电集团", "武汉光电", False),
    ("Alpha Photonics,Inc.", "ALPHA-PHOTONICS", True), ("Ａｌｐｈａ　Ｌｔｄ．", "alpha", True),
    ("Beta Optik GmbH & Co. KG", "Beta Optik", True), ("Gamma S.p.A.", "Gamma", True),
    ("Delta Pte. Ltd.", "Delta (Pty) Ltd", True), ("Incas", "Inc", False),
    ("Ag Optics", "Optics", False), ("光電\u200b技术", "光电技术", True),
])  # fmt: skip
def test_names_are_compared_without_spelling_and_legal_form(
    one: str, other: str, same: bool
) -> None:
    assert (name_key(one) == name_key(other)) is same


def test_the_cast_is_as_these_tests_think(bare: Site) -> None:
    with bare.database.reading() as uow:
        names = [o.name_zh for o in uow.session.exec(select(Organisation)).all()]
    assert names[:2] == ["甲鹮光电", "乙鹭微纳"]
