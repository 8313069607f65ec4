"""What is taken out can be brought back unchanged, and shows nobody more than the pages do."""

# ruff: noqa: E501 - assertions over lists read best on one line
from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlmodel import col, select

from collab import tables
from collab.facilities.models import Capability, MpwRun
from collab.importing import exports, seeding, service
from collab.importing.columns import KINDS
from collab.importing.demo_seeding import seed_demo
from collab.importing.exports import FORMATS, Format
from collab.kernel.errors import NotFound
from collab.kernel.identity import SYSTEM, VISITOR, Actor
from collab.members.models import Organisation, Person
from collab.members.service import actor_of
from collab.needs.models import Need, NeedRead
from collab.storage import migrate
from collab.storage.database import Database
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """The dataset and the demo; tests that write roll back."""
    path: Path = tmp_path_factory.mktemp("exports") / "collab.db"
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    migrate.create_all(database, tables.metadata)
    with database.writing() as uow:
        seeding.seed(uow)
        seed_demo(uow, date(2026, 11, 24))
    return database


def person(database: Database, email: str) -> Actor:
    with database.reading() as uow:
        return actor_of(uow, uow.session.exec(select(Person).where(Person.email == email)).one())


def out(database: Database, kind: str, wanted: Format, actor: Actor = SYSTEM) -> bytes:
    with database.reading() as uow:
        return exports.export(uow, actor, kind, wanted)


@pytest.mark.parametrize("wanted", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_list_that_was_taken_out_says_nothing_new(
    full: Database, kind: str, wanted: Format
) -> None:
    content = out(full, kind, wanted)
    with full.reading() as uow:
        plan = service.plan_import(uow, SYSTEM, kind, content, VOCABULARY)
    assert plan.unknown == ()
    wrong = [(p.line, p.header, p.code, dict(p.facts)) for p in plan.problems]
    # two records of the dataset name no technique, which an owner has to
    assert {code for _, _, code, _ in wrong} <= {"required"}
    assert len(wrong) <= 2
    changed = [(r.title, service.report(plan, kind)["rows"][i]["changes"])
               for i, r in enumerate(plan.rows) if r.effect.value in ("changed", "new")]  # fmt: skip
    assert changed == []


def test_json_has_the_documented_shape(full: Database) -> None:
    found = json.loads(out(full, "capabilities", "json"))
    assert len(found) >= 352
    wanted = {"id", "organisation", "category", "techniques", "materials", "parameters",
              "evidence", "source"}  # fmt: skip
    assert all(wanted <= set(one) for one in found)
    assert all(t in VOCABULARY.techniques for one in found for t in one["techniques"])
    assert all(
        v["unit"] == VOCABULARY.parameters[p].unit
        for one in found
        for p, v in one["parameters"].items()
    )
    equipment = json.loads(out(full, "equipment", "json"))
    assert {one["category"] for one in equipment} == {"equipment"}
    assert len(json.loads(out(full, "organisations", "json"))) == 232
    assert len(json.loads(out(full, "runs", "json"))) == 25


def test_an_export_of_needs_shows_each_person_what_the_pages_show(full: Database) -> None:
    member = person(full, "member-compound@example.org")
    with full.reading() as uow:
        every = {n.public_id: n for n in uow.session.exec(select(Need)).all()}
    for actor in (VISITOR, member):
        seen = {one["id"]: one for one in json.loads(out(full, "needs", "json", actor))}
        disclosures = {every[key].disclosure.value for key in seen}
        if actor is VISITOR:
            assert disclosures == {"public"}
        else:
            assert {"public", "members", "anonymous"} <= disclosures
        for key, one in seen.items():
            own = every[key].organisation_id in actor.organisation_ids
            if every[key].disclosure == "anonymous" and not own:
                assert (one["organisation"], one["organisation_zh"]) == (None, None)
            if every[key].state in ("draft", "withdrawn"):
                assert own


def test_asking_for_one_owner_does_not_betray_who_is_anonymous(full: Database) -> None:
    member = person(full, "member-compound@example.org")
    with full.reading() as uow:
        hidden = uow.session.exec(select(Need).where(Need.disclosure == "anonymous")).all()
        assert hidden
        for need in hidden:
            if need.organisation_id in member.organisation_ids:
                continue
            owner = uow.session.get(Organisation, need.organisation_id)
            assert owner is not None
            found = exports.records(uow, member, "needs", owner.public_id)
            assert need.public_id not in {one["id"] for one in found}


def test_taking_out_an_invited_need_is_a_read_on_record(full: Database) -> None:
    invited = person(full, "owner-pengcheng@example.org")
    with full.reading() as uow, pytest.raises(RuntimeError):
        exports.export(uow, invited, "needs", "csv")
    with full.writing() as uow:
        content = exports.export(uow, invited, "needs", "csv").decode("utf-8-sig")
        reads = uow.session.exec(select(NeedRead.person_id)).all()
    assert set(reads) == {invited.person_id}
    assert "3.2T共封装光引擎样机" in content


def test_contact_details_leave_only_with_their_own_people(full: Database) -> None:
    owner = person(full, "owner-siph@example.org")
    for actor, least, most in ((VISITOR, 0, 0), (owner, 1, 1), (SYSTEM, 10, 300)):
        found = json.loads(out(full, "organisations", "json", actor))
        assert least <= sum(1 for one in found if one["contact"]) <= most


def test_hostile_words_are_no_formulas_in_what_is_taken_out(full: Database) -> None:
    with full.writing() as uow:
        row = uow.session.exec(select(Capability).where(col(Capability.demo))).first()
        assert row is not None
        kept, row.description = row.description, '=HYPERLINK("http://x")'
        run = uow.session.exec(select(MpwRun)).first()
        assert run is not None
        uow.flush()
        text = exports.export(uow, SYSTEM, "capabilities", "csv").decode("utf-8-sig")
        book = load_workbook(io.BytesIO(exports.export(uow, SYSTEM, "capabilities", "xlsx")))
        row.description = kept
    assert "\"'=HYPERLINK" in text
    cells = [c for line in book.worksheets[0].iter_rows() for c in line if c.value is not None]
    assert {c.data_type for c in cells} <= {"s", "n"}
    assert any(c.value == '=HYPERLINK("http://x")' for c in cells)


@pytest.mark.parametrize("kind", KINDS)
def test_templates_are_bilingual_and_read_back(full: Database, kind: str) -> None:
    content = exports.template(kind, VOCABULARY)
    book = load_workbook(io.BytesIO(content))
    header = [str(cell.value) for cell in next(book.worksheets[0].iter_rows())]
    assert all(" / " in title for title in header)
    assert book.sheetnames[1] == "说明 Columns"
    explained = list(book.worksheets[1].iter_rows(values_only=True))
    assert len(explained) == len(header) + 1
    assert all(row[2] and row[3] for row in explained)
    if kind in ("capabilities", "equipment", "runs"):
        ids = {row[1] for row in book.worksheets[2].iter_rows(values_only=True)}
        assert set(VOCABULARY.materials) <= ids


def test_unknown_lists_and_organisations_are_not_found(full: Database) -> None:
    with full.reading() as uow:
        with pytest.raises(NotFound):
            exports.export(uow, SYSTEM, "people", "csv")
        with pytest.raises(NotFound):
            exports.export(uow, SYSTEM, "runs", "exe")  # type: ignore[arg-type]
        with pytest.raises(NotFound):
            exports.export(uow, SYSTEM, "runs", "csv", "nobody")
    assert set(FORMATS) == {"csv", "xlsx", "json"}
