"""The dataset and the demo alliance come in whole, once, and the demo goes without a trace."""

from __future__ import annotations

import shutil
import stat
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from collab import tables
from collab.facilities.models import Capability, CapabilityTechnique, MpwRun
from collab.facilities.rules import Evidence
from collab.importing import dataset, seeding
from collab.importing.demo_removal import remove_demo
from collab.importing.demo_seeding import PASSWORD_FILE, demo_password, has_demo, seed_demo
from collab.kernel.errors import NotFound
from collab.kernel.identity import Role
from collab.members import passwords, service, sessions
from collab.members.models import CoBuildAgreement, Organisation, Person, RoleGrant
from collab.members.rules import Membership, SessionLimits
from collab.needs.models import Need, NeedInvitation, NeedTechnique
from collab.needs.rules import Disclosure, NeedState
from collab.storage import migrate
from collab.storage.database import Database
from collab.storage.models import OutboxEvent
from collab.storage.uow import UnitOfWork
from tests.service import seeding as process

TODAY = process.TODAY


@pytest.fixture(scope="module")
def _files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The dataset alone, and with the demo and its password, each made once for this module."""
    folder = tmp_path_factory.mktemp("seeded")
    plain, full = folder / "plain" / "collab.db", folder / "full" / "collab.db"
    for path in (plain, full):
        path.parent.mkdir()
    made = Database(f"sqlite:///{plain}", synchronous="NORMAL")
    migrate.create_all(made, tables.metadata)
    with made.writing() as uow:
        seeding.seed(uow)
    settle(made)
    shutil.copyfile(plain, full)
    made = Database(f"sqlite:///{full}", synchronous="NORMAL")
    with made.writing() as uow:
        seed_demo(uow, TODAY, full.parent)
    settle(made)
    return plain, full


def settle(database: Database) -> None:
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


@pytest.fixture
def plain(_files: tuple[Path, Path], tmp_path: Path) -> Iterator[Database]:
    shutil.copyfile(_files[0], tmp_path / "collab.db")
    database = Database(f"sqlite:///{tmp_path / 'collab.db'}", synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture
def seeded(_files: tuple[Path, Path], tmp_path: Path) -> Iterator[Database]:
    shutil.copyfile(_files[1], tmp_path / "collab.db")
    shutil.copy2(_files[1].parent / PASSWORD_FILE, tmp_path / PASSWORD_FILE)
    database = Database(f"sqlite:///{tmp_path / 'collab.db'}", synchronous="NORMAL")
    yield database
    database.close()


def counts(database: Database) -> dict[str, int]:
    """Rows of every table."""
    with database.reading() as uow:
        connection = uow.session.connection()
        return {
            t.name: connection.execute(sa.select(sa.func.count()).select_from(t)).scalar_one()
            for t in tables.metadata.sorted_tables
        }


def without_records(rows: dict[str, int]) -> dict[str, int]:
    """Without the tables that only ever grow."""
    grow = {"activity", "activity_head", "outbox_event", "outbox_delivery"}
    return {name: number for name, number in rows.items() if name not in grow}


def content(database: Database) -> dict[str, list[Any]]:
    """What the dataset's tables hold, without the time of writing."""
    found = {}
    with database.reading() as uow:
        for name in ("organisation", "capability", "relation", "region", MpwRun.__tablename__):
            table = tables.metadata.tables[str(name)]
            kept = [c for c in table.c if c.name not in ("created_at", "updated_at")]
            rows = uow.session.connection().execute(sa.select(*kept).order_by(table.c.id))
            found[str(name)] = [tuple(map(str, row)) for row in rows]
    return found


def people(uow: UnitOfWork) -> list[Person]:
    return list(uow.session.exec(select(Person)).all())


def test_the_dataset_comes_in_whole_and_a_second_time_changes_nothing(plain: Database) -> None:
    before, rows = content(plain), counts(plain)
    assert (rows["organisation"], rows["capability"], rows["relation"]) == (222, 352, 137)
    with plain.writing() as uow:
        told = seeding.seed(uow)
    assert (told["organisations"], told["capabilities"], told["runs"]) == (222, 352, 23)
    assert content(plain) == before
    assert without_records(counts(plain)) == without_records(rows)


def test_a_refresh_mends_what_the_dataset_says_and_leaves_what_an_owner_declared(
    plain: Database,
) -> None:
    with plain.writing() as uow:
        rows = uow.session.exec(select(Capability).order_by(col(Capability.id)).limit(2)).all()
        documented, declared = rows
        documented.name_zh = declared.name_zh = "改过"
        declared.evidence = Evidence.DECLARED
        uow.session.exec(sa.delete(CapabilityTechnique))
    with plain.writing() as uow:
        seeding.seed(uow)
        now = [uow.session.get(Capability, r.id) for r in (documented, declared)]
        names = [row.name_zh for row in now if row is not None]
        kept = set(uow.session.exec(select(CapabilityTechnique.capability_id)).all())
    assert names[0] != "改过"
    assert names[1] == "改过"
    assert documented.id in kept
    assert declared.id not in kept


def test_public_ids_are_the_same_on_every_machine(plain: Database) -> None:
    with plain.reading() as uow:
        found = uow.session.exec(select(Capability).where(col(Capability.slug).is_not(None))).all()
    slugs = {c.slug for c in dataset.load_capabilities()}
    ids = {row.slug: row.public_id for row in found}
    assert set(ids) == slugs
    assert ids == {s: seeding.derived_public_id("cap-", s) for s in slugs}


def test_the_demo_has_organisations_people_capabilities_needs_and_runs(seeded: Database) -> None:
    with seeded.reading() as uow:
        organisations = uow.session.exec(select(Organisation).where(col(Organisation.demo))).all()
        states = Counter(uow.session.exec(select(Need.state)).all())
        disclosures = set(uow.session.exec(select(Need.disclosure)).all())
        roles = set(uow.session.exec(select(RoleGrant.role)).all())
        runs = uow.session.exec(select(MpwRun).where(col(MpwRun.demo))).all()
        agreements = uow.session.exec(select(CoBuildAgreement)).all()
        capabilities = uow.session.exec(select(Capability).where(col(Capability.demo))).all()
        invited = uow.session.exec(select(NeedInvitation)).all()
    assert len(organisations) == 10
    assert {o.membership for o in organisations} == {Membership.ADMITTED}
    assert all("演示" in o.name_zh for o in organisations)
    assert len(agreements) == 10
    assert set(states) == set(NeedState)
    assert disclosures == set(Disclosure)
    assert roles == set(Role)
    assert [r.seats for r in runs] == [16, 10]
    assert {str(c.evidence) for c in capabilities} == {"declared", "verified"}
    assert all(c.confirmed_at is not None for c in capabilities)
    assert len(invited) >= 4


def test_demo_needs_are_understood_like_anybody_s(seeded: Database) -> None:
    with seeded.reading() as uow:
        needs = uow.session.exec(select(Need)).all()
        asked = Counter(uow.session.exec(select(NeedTechnique.need_id)).all())
    assert len(needs) == 24
    assert all(need.demo and need.structure["techniques"] for need in needs)
    assert set(asked) == {need.id for need in needs}
    assert all(n.published_at is None for n in needs if n.state is NeedState.DRAFT)
    live = [n for n in needs if n.state is NeedState.PUBLISHED]
    assert all(n.expires_on is not None and n.expires_on > TODAY for n in live)


def test_demo_people_sign_in_with_the_password_of_the_file_and_no_other(
    seeded: Database, tmp_path: Path
) -> None:
    path = tmp_path / PASSWORD_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    password = demo_password(tmp_path)
    assert len(password) >= 12
    with seeded.writing() as uow:
        owner = service.with_password(uow, "owner-siph@example.org", password)
        assert owner is not None
        assert service.actor_of(uow, owner).editor_organisation_ids
        assert service.with_password(uow, "owner-siph@example.org", password + "x") is None
        assert len({p.password_hash for p in people(uow)}) == 1
        assert all(password not in p.password_hash for p in people(uow))


def test_without_a_place_for_the_password_nobody_of_the_demo_can_sign_in(
    plain: Database,
) -> None:
    with plain.writing() as uow:
        seed_demo(uow, TODAY)
        assert {p.password_hash for p in people(uow)} == {""}
        assert not passwords.password_fits("", "")


def test_the_demo_a_second_time_changes_nothing(seeded: Database, tmp_path: Path) -> None:
    before = counts(seeded)
    password = demo_password(tmp_path)
    with seeded.writing() as uow:
        told = seed_demo(uow, TODAY + timedelta(days=30), tmp_path)
    assert told.added == 0
    assert counts(seeded) == before
    assert demo_password(tmp_path) == password


def test_the_demo_comes_back_where_rows_are_missing_and_keeps_what_people_changed(
    seeded: Database, tmp_path: Path
) -> None:
    with seeded.writing() as uow:
        need = uow.session.exec(select(Need).where(col(Need.title) == "磷化铟外延片一批")).one()
        uow.session.exec(sa.delete(Need).where(col(Need.id) == need.id))
        kept = uow.session.exec(select(Need).where(col(Need.title).contains("OLED"))).one()
        kept.title = "我改的标题"
    with seeded.writing() as uow:
        assert seed_demo(uow, TODAY, tmp_path).added == 2  # the need and its agreement
        titles = set(uow.session.exec(select(Need.title)).all())
    assert {"磷化铟外延片一批", "我改的标题"} <= titles


def test_the_demo_without_regions_is_refused_and_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    with pytest.raises(NotFound), database.writing() as uow:
        seed_demo(uow, TODAY, tmp_path)
    assert not any(counts(database).values())


def test_removal_takes_the_whole_demo_and_leaves_the_dataset(
    database: Database, tmp_path: Path
) -> None:
    with database.writing() as uow:
        seeding.seed(uow)
    before, rows = content(database), counts(database)
    with database.writing() as uow:
        seed_demo(uow, TODAY, tmp_path)
    with database.writing() as uow:
        person = service.with_password(uow, "owner-siph@example.org", demo_password(tmp_path))
        assert person is not None
        sessions.open_session(uow, person, "x", "password", SessionLimits())
    with database.writing() as uow:
        gone = remove_demo(uow)
    assert gone["organisation"] == 10
    assert content(database) == before
    assert without_records(counts(database)) == without_records(rows)
    with database.writing() as uow:
        assert remove_demo(uow) == {}
        assert not has_demo(uow)


def test_removal_keeps_what_real_members_wrote_and_widens_no_role(
    seeded: Database,
) -> None:
    with seeded.writing() as uow:
        demo = uow.session.exec(select(Organisation).where(col(Organisation.demo))).first()
        real = uow.session.exec(select(Organisation).where(~col(Organisation.demo))).first()
        author = uow.session.exec(select(Person)).first()
        assert demo is not None
        assert real is not None
        assert author is not None
        person = Person(email="real@example.com", name="真人")
        uow.session.add(person)
        uow.flush()
        uow.session.add(
            RoleGrant(person_id=person.id or 0, role=Role.MEMBER, organisation_id=demo.id)
        )
        need = Need(
            organisation_id=real.id or 0, author_id=author.id, region_id=real.region_id,
            title="真实需求", text="光刻", posted_on=date(2026, 1, 1),
        )  # fmt: skip
        uow.session.add(need)
    with seeded.writing() as uow:
        remove_demo(uow)
    with seeded.reading() as uow:
        left = uow.session.exec(select(Need)).one()
        assert (left.title, left.author_id) == ("真实需求", None)
        assert [p.name for p in people(uow)] == ["真人"]
        assert uow.session.exec(select(RoleGrant)).all() == []


@pytest.mark.parametrize("point", ["dataset", "demo"])
def test_seeding_that_is_killed_leaves_nothing_and_the_next_run_everything(
    sqlite_database: Database, tmp_path: Path, point: str
) -> None:
    url = sqlite_database.url.render_as_string()
    running = process.start(url, tmp_path, point)
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    running.kill()
    running.communicate()
    assert not any(counts(sqlite_database).values())
    with sqlite_database.writing() as uow:
        assert not seeding.is_seeded(uow)
        seeding.seed(uow)
        seed_demo(uow, TODAY, tmp_path)
    rows = counts(sqlite_database)
    assert rows["organisation"] == 232
    assert rows["need"] == 24
    with sqlite_database.writing() as uow:
        password = demo_password(tmp_path)
        assert service.with_password(uow, "secretariat@example.org", password) is not None


def test_seeding_that_was_acknowledged_survives_the_kill(
    sqlite_database: Database, tmp_path: Path
) -> None:
    running = process.start(sqlite_database.url.render_as_string(), tmp_path, "commit")
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    running.kill()
    running.communicate()
    rows = counts(sqlite_database)
    assert (rows["organisation"], rows["need"]) == (232, 24)
    with sqlite_database.reading() as uow:
        names = uow.session.exec(select(OutboxEvent.name)).all()
        assert set(names) == {"CatalogueReplaced"}
        assert uow.session.exec(select(CapabilityTechnique.id).limit(1)).first() is not None
