"""What a person can take away, and what goes with the account: every table that names people."""

from __future__ import annotations

from pathlib import Path

from collab import personal, tables
from collab.files.models import Attachment
from collab.moderation.models import Report
from collab.storage import audit_reading
from collab.storage.database import Database
from tests.site import PASSWORD, Site, copied
from tests.web.test_disclosure_in_time import accepted
from tests.web.test_matrix import Field, _things


def naming(database: Database, person_id: int) -> set[str]:
    """The columns that name the person in any row."""
    with database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        return {
            f"{t.name}.{c.name}"
            for t in tables.metadata.sorted_tables
            for c in t.columns
            if any(key.target_fullname == "person.id" for key in c.foreign_keys)
            and run(f'SELECT 1 FROM "{t.name}" WHERE {c.name} = {person_id}').first()
        }


def lived_in(template: Path, folder: Path) -> tuple[Site, str]:
    """A site where owner and other did everything there is to do; the need they share."""
    site = copied(template, folder)
    deal = site.published("members", title="一桩")
    made = Field(site)
    made.keys["interest"] = accepted(site, deal).rpartition("/")[2]
    _things(made, deal, site.organisations["alpha"])
    asked = f"/questions/{made.keys['questions']}/{made.keys['question']}/answer"
    said = {"version": "1", "stance": "yes", "text": "可以，每月一批。"}
    assert site.post(asked, "other", said).status_code == 302
    site.post("/notices/mail", "owner", {"deals": "daily", "finds": "never"})
    capability = made.keys["asked"]
    site.post(f"/reports/capabilities/{capability}", "owner", {"reason": "other", "text": "旧了"})
    site.settle()
    return site, deal


def test_every_table_that_names_people_says_what_becomes_of_it() -> None:
    known = {f"{p.table.__tablename__}.{p.column}" for p in personal.PLACES}
    found = {
        f"{t.name}.{c.name}"
        for t in tables.metadata.sorted_tables
        for c in t.columns
        if any(key.target_fullname == "person.id" for key in c.foreign_keys)
    }
    assert found == known | personal.ELSEWHERE
    assert not known & personal.ELSEWHERE
    assert len({p.section for p in personal.PLACES}) == len(personal.PLACES)


def test_a_person_takes_away_what_they_wrote_did_and_chose_and_nobody_elses(
    bare_template: Path, tmp_path: Path
) -> None:
    site, deal = lived_in(bare_template, tmp_path)
    data = site.get("/account/data", "owner").get_json()
    theirs = site.get("/account/data", "other").get_json()
    for section in ("needs", "files", "questions_asked", "imports", "vocabulary_proposals",
                    "saved_searches", "mail_choices", "reports", "api_tokens_made", "notices",
                    "activity"):  # fmt: skip
        assert data[section], section
    assert theirs["interests"][0]["message"]
    assert theirs["questions_answered"][0]["answer"] == "可以，每月一批。"
    assert data["mail_choices"] == [{"deals": "daily", "finds": "never"}]
    assert data["reports"][0]["text"] == "旧了"
    assert data["interests"] == [], "the other side's words are theirs"
    assert data["questions_answered"] == []
    assert [f["name"] for f in data["files"]] == ["a.pdf"]
    assert theirs["files"] == []
    assert theirs["saved_searches"] == []
    nobody = site.get("/account/data", "member").get_json()
    assert {k for k in nobody if nobody[k]} <= {"person", "roles", "sessions", "notices"}
    assert "argon2" not in str(data) + str(theirs)
    with site.database.writing() as uow:  # the role ends
        run = uow.session.connection().exec_driver_sql
        run(f"UPDATE rolegrant SET revoked_at = '2020-01-01' "
            f"WHERE person_id = {site.people['owner']}")  # fmt: skip
    after = site.get("/account/data", "owner").get_json()
    assert {tuple(n) for n in after["needs"]} == {("id", "title")}, "not how they stand by now"
    assert deal not in str(after["notices"])
    assert [f["name"] for f in after["files"]] == ["a.pdf"]
    site.database.close()


def test_with_the_account_goes_what_names_the_person_and_the_rest_keeps_a_number(
    bare_template: Path, tmp_path: Path
) -> None:
    site, _ = lived_in(bare_template, tmp_path)
    key = site.people["owner"]
    before = naming(site.database, key)
    gone = {f"{p.table.__tablename__}.{p.column}" for p in personal.PLACES
            if p.stays == personal.GOES}  # fmt: skip
    assert {"savedsearch.person_id", "mailwish.person_id", "apitoken.person_id"} <= before & gone
    assert site.post("/account/erase", "owner", {"erase_password": PASSWORD}).status_code == 302
    after = naming(site.database, key)
    assert not after & gone
    assert after == before - gone - {"signinsession.person_id"}, "what stays is as it was"
    with site.database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        for table in tables.metadata.sorted_tables:
            held = str(run(f'SELECT * FROM "{table.name}"').all())
            assert site.emails["owner"] not in held, table.name
            assert "owner 某" not in held, table.name
        assert uow.session.get(Attachment, 1) is not None, "the organisation's file"
        assert len(run("SELECT 1 FROM report").all()) == 1
        assert uow.session.get(Report, 1) is not None
    assert audit_reading.broken(site.database) == []
    site.settle()
    site.database.close()
