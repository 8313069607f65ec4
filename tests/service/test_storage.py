"""The unit of work keeps its promises on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from collab.kernel.errors import Conflict, Rejected
from collab.kernel.events import from_json
from collab.kernel.identity import SYSTEM, Actor
from collab.storage import audit, grants
from collab.storage.columns import Money
from collab.storage.database import Database
from collab.storage.models import (
    Activity,
    OutboxEvent,
    derived_public_id,
    new_public_id,
)
from tests.service.scratch import Colour, Counter, Shelf, Thing, ThingColoured, ThingMade, create
from tests.service.together import together


@pytest.fixture(autouse=True)
def _scratch(request: pytest.FixtureRequest) -> None:
    if "database" in request.fixturenames:
        create(request.getfixturevalue("database"))


def _add(database: Database, **values: object) -> Thing:
    with database.writing() as uow:
        thing = Thing(**values)  # type: ignore[arg-type]
        uow.session.add(thing)
    return thing


# ── rows ─────────────────────────────────────────────────────────────────────


def test_values_come_back_as_they_were_written(database: Database) -> None:
    east = timezone(timedelta(hours=8))
    made = _add(
        database,
        name="铌酸锂 𠀀😀",
        price=Decimal("9999999999999999.99"),
        colour=Colour.DEEP_BLUE,
        seen_at=datetime(2026, 1, 1, 8, 0, 0, 123456, tzinfo=east),
        extra={"中": [1, 2.5, None]},
    )
    with database.reading() as uow:
        found = uow.session.exec(select(Thing).where(Thing.price == made.price)).one()
        assert (found.name, found.colour, found.extra) == (made.name, made.colour, made.extra)
        assert found.seen_at == datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
        assert found.price == Decimal("9999999999999999.99")
        text = sa.select(sa.cast(sa.column("extra"), sa.String)).select_from(sa.table("thing"))
        assert "中" in uow.session.connection().execute(text).scalar_one()
        kept = sa.text("SELECT colour FROM thing")
        assert uow.session.connection().execute(kept).scalar_one() == "deep-blue"


def test_sums_of_money_are_exact(database: Database) -> None:
    for number, price in enumerate(("0.10", "0.20")):
        _add(database, name=str(number), price=Decimal(price))
    with database.reading() as uow:
        assert uow.session.exec(select(sa.func.sum(col(Thing.price)))).one() == Decimal("0.30")


@given(st.decimals(allow_nan=True, allow_infinity=True))
def test_money_is_kept_exactly_or_refused(amount: Decimal) -> None:
    money = Money()
    dialect = sa.create_engine("sqlite://").dialect
    try:
        fen = money.process_bind_param(amount, dialect)
    except ValueError:
        huge = amount.is_finite() and abs(amount) > 9 * 10**16
        assert not amount.is_finite() or huge or amount != round(amount, 2)
    else:
        assert money.process_result_value(fen, dialect) == amount


@pytest.mark.parametrize("bad", [0.1, True, "1", Decimal("0.001"), Decimal(10) ** 17])
def test_money_refuses_what_it_cannot_keep(database: Database, bad: object) -> None:
    with pytest.raises(sa.exc.StatementError):
        _add(database, name="x", price=bad)
    assert _add(database, name="x", price=3).price == 3


@pytest.mark.parametrize("bad", ["a\ud800b", "a\x00b"])
def test_text_that_cannot_be_stored_is_the_senders_mistake(database: Database, bad: str) -> None:
    if "\x00" in bad and database.is_sqlite:
        pytest.skip("SQLite stores NUL; the forms refuse it")
    with pytest.raises(Rejected), database.writing() as uow:
        uow.session.add(Thing(name=bad))
    with pytest.raises(Rejected), database.reading() as uow:
        uow.session.exec(select(Thing).where(Thing.name == bad)).all()
    assert _add(database, name="ab").id


def test_a_number_beyond_the_column_is_the_senders_mistake(database: Database) -> None:
    with pytest.raises(Rejected), database.reading() as uow:
        uow.session.get(Thing, 2**70)


def test_public_ids_differ_and_derived_ones_repeat() -> None:
    made = {new_public_id("cap-") for _ in range(2000)}
    assert len(made) == 2000
    assert all(one.startswith("cap-") and len(one) == 14 for one in made)
    derived = [derived_public_id("org-", f"slug-{n}") for n in range(2000)]
    assert derived == [derived_public_id("org-", f"slug-{n}") for n in range(2000)]
    assert len(set(derived)) == 2000
    assert derived_public_id("org-", "a") != derived_public_id("cap-", "a")
    assert Thing().public_id.startswith("th-")
    assert Thing(public_id="th-given").public_id == "th-given"


# ── one use case, one commit ─────────────────────────────────────────────────


def test_an_exception_leaves_no_row_no_event_and_no_note(database: Database) -> None:
    class Oops(Exception):
        pass

    def work(fail: bool) -> None:
        with database.writing() as uow:
            uow.session.add(Thing(name="one"))
            uow.flush()
            uow.record(ThingMade(1))
            uow.note(SYSTEM, "made", "thing", "1")
            if fail:
                raise Oops

    with pytest.raises(Oops):
        work(fail=True)
    with database.reading() as uow:
        for table in (Thing, OutboxEvent, Activity):
            assert uow.session.exec(select(table)).all() == []
    work(fail=False)
    with database.reading() as uow:
        for table in (Thing, OutboxEvent, Activity):
            assert len(uow.session.exec(select(table)).all()) == 1


def test_a_row_whose_event_or_note_fails_is_not_saved(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(audit, "append", fail)
        with pytest.raises(OSError, match="full"):
            _add(database, name="one")
    with database.reading() as uow:
        assert uow.session.exec(select(Thing)).all() == []
    assert _add(database, name="one").id


def test_reading_cannot_write_and_writing_can_afterwards(database: Database) -> None:
    insert = sa.insert(Counter).values(value=1)
    with pytest.raises(sa.exc.DBAPIError), database.reading() as uow:
        uow.session.connection().execute(insert)
    with pytest.raises(RuntimeError), database.reading() as uow:
        uow.record(ThingMade(1))
    with pytest.raises(RuntimeError), database.reading() as uow:
        uow.note(SYSTEM, "made", "thing", "1")
    assert _add(database, name="one").id


def test_reading_sees_one_state_throughout(database: Database) -> None:
    _add(database, name="one")
    with database.reading() as uow:
        assert len(uow.session.exec(select(Thing)).all()) == 1
        _add(database, name="two")
        assert len(uow.session.exec(select(Thing)).all()) == 1
    with database.reading() as uow:
        assert len(uow.session.exec(select(Thing)).all()) == 2


def test_rows_stay_readable_after_the_commit(database: Database) -> None:
    made = _add(database, name="one")
    assert (made.name, made.version) == ("one", 1)
    with database.reading() as uow:
        read = uow.session.exec(select(Thing)).one()
    assert read.name == "one"
    assert read.created_at.tzinfo is not None


def test_a_change_moves_the_time_of_change(
    database: Database, freeze: Callable[[str], datetime]
) -> None:
    freeze("2026-01-01")
    made = _add(database, name="one")
    later = freeze("2026-02-01")
    with database.writing() as uow:
        uow.session.get_one(Thing, made.id).name = "two"
    with database.reading() as uow:
        found = uow.session.get_one(Thing, made.id)
        assert (found.updated_at, found.created_at) == (later, made.created_at)


# ── refusals ─────────────────────────────────────────────────────────────────


def test_a_taken_unique_value_names_its_fields(database: Database) -> None:
    _add(database, name="one")
    with pytest.raises(Conflict) as refused:
        _add(database, name="one")
    assert refused.value.code == "taken"
    assert refused.value.facts == {"table": "thing", "fields": ("name",)}
    with database.writing() as uow:
        uow.session.add(Shelf(id=7, name="s"))
    _add(database, name="two", shelf_id=7, place=1)
    with pytest.raises(Conflict) as refused:
        _add(database, name="three", shelf_id=7, place=1)
    assert refused.value.facts["fields"] == ("shelf_id", "place")
    assert _add(database, name="three", shelf_id=7, place=2).id


def test_a_dangling_reference_is_refused(database: Database) -> None:
    with pytest.raises(Conflict) as refused:
        _add(database, name="one", shelf_id=99)
    assert refused.value.code in {"missing", "in_use_or_missing"}


def test_a_write_on_an_older_version_is_refused(database: Database) -> None:
    made = _add(database, name="one")
    with database.writing() as uow:
        row = uow.session.get_one(Thing, made.id)
        uow.expect(row, 1)
        row.name = "two"
    assert row.version == 2
    with pytest.raises(Conflict) as refused, database.writing() as uow:
        uow.expect(uow.session.get_one(Thing, made.id), 1)
    assert (refused.value.code, refused.value.facts) == ("stale", {"version": 2})
    made.name = "three"  # loaded at version 1
    with pytest.raises(Conflict) as refused, database.writing() as uow:
        uow.session.add(made)
    assert refused.value.code == "stale"
    with database.reading() as uow:
        assert uow.session.get_one(Thing, row.id).name == "two"


# ── many at once ─────────────────────────────────────────────────────────────


def test_no_update_is_lost_when_many_count_at_once(database: Database) -> None:
    with database.writing() as uow:
        uow.session.add(Counter(id=1))

    def count(_: int) -> None:
        for _again in range(15):
            with database.writing() as uow:
                query = select(Counter).where(Counter.id == 1).with_for_update()
                uow.session.exec(query).one().value += 1

    assert together(6, count) == [None] * 6
    with database.reading() as uow:
        assert uow.session.get_one(Counter, 1).value == 90


def test_of_two_people_who_save_the_same_page_one_is_told(database: Database) -> None:
    made = _add(database, name="one")
    read = threading.Barrier(2)

    def save(number: int) -> str:
        with database.reading() as uow:
            seen = uow.session.get_one(Thing, made.id).version
        read.wait()
        with database.writing() as uow:
            row = uow.session.get_one(Thing, made.id)
            uow.expect(row, seen)
            row.name = f"by {number}"
        return "saved"

    assert sorted(map(str, together(2, save))) == ["saved", "stale"]


def test_of_many_who_take_the_same_name_one_gets_it(database: Database) -> None:
    def take(number: int) -> str:
        _add(database, name="wanted")
        return "saved"

    answers = together(6, take)
    assert sorted(map(str, answers)) == ["saved", *["taken"] * 5]


def test_a_lock_that_is_not_to_be_had_is_a_conflict(tmp_path: Path) -> None:
    database, other = (Database(f"sqlite:///{tmp_path}/busy.db", busy_seconds=0) for _ in range(2))
    create(database)
    with database.writing() as uow:
        uow.session.add(Shelf(name="s"))
        uow.flush()
        with pytest.raises(Conflict) as refused:
            _add(other, name="t")
        assert refused.value.code == "busy"
        with pytest.raises(RuntimeError, match="already"):
            _add(database, name="t")
    with other.reading() as uow:
        assert [one.name for one in uow.session.exec(select(Shelf))] == ["s"]
        assert uow.session.exec(select(Thing)).all() == []
    assert _add(other, name="t").id
    database.close()
    other.close()


def test_the_database_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/deep/er/own.db")
    create(database)
    modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "deep/er").iterdir()}
    assert modes.pop("own.db") == 0
    assert set(modes.values()) <= {0}
    database.close()


# ── events ───────────────────────────────────────────────────────────────────


@given(
    st.builds(
        ThingColoured,
        note=st.text(),
        colour=st.sampled_from(Colour),
        on=st.none() | st.dates(),
        at=st.none() | st.datetimes(timezones=st.just(UTC)),
        tags=st.lists(st.text()).map(tuple),
        ids=st.frozensets(st.integers()),
    )
)
def test_an_event_survives_json(event: ThingColoured) -> None:
    text = json.dumps(event.to_json())
    assert from_json(event.name, json.loads(text)) == event


def test_events_of_another_version_of_the_code_are_read() -> None:
    assert from_json("ThingMade", {"thing_id": 3, "gone": 1}) == ThingMade(3)
    with pytest.raises(TypeError):
        from_json("ThingMade", {})
    with pytest.raises(KeyError):
        from_json("NeverHeardOf", {})


def test_a_keyed_event_is_recorded_once(database: Database) -> None:
    for _ in range(2):
        with database.writing() as uow:
            uow.record(ThingMade(1), once="digest:2026-11-22")
            uow.record(ThingMade(2))
    with database.reading() as uow:
        kept = uow.session.exec(select(OutboxEvent)).all()
        assert sorted(one.payload["thing_id"] for one in kept) == [1, 2, 2]


# ── grants ───────────────────────────────────────────────────────────────────


class OnOwnShelf:
    """A rule for the test: things on a shelf whose number is among the actor's organisations."""

    def allows(self, actor: Actor, row: Thing) -> bool:
        return row.shelf_id is not None and row.shelf_id in actor.organisation_ids

    def where(self, actor: Actor) -> sa.ColumnElement[bool]:
        return col(Thing.shelf_id).in_(actor.organisation_ids)


@pytest.mark.parametrize(
    "actor",
    [Actor(), Actor(person_id=1, organisation_ids=frozenset({1, 3})), Actor(secretariat=True)],
)
def test_rules_say_the_same_of_the_row_and_of_the_list(database: Database, actor: Actor) -> None:
    with database.writing() as uow:
        uow.session.add_all([Shelf(id=n, name=str(n)) for n in (1, 2, 3)])
        uow.flush()
        uow.session.add_all([Thing(name=str(n), shelf_id=n or None) for n in range(4)])
    admin = grants.actor_is(lambda one: one.secretariat)
    policies = [
        [OnOwnShelf()],
        grants.any_of(OnOwnShelf(), admin),
        grants.all_of(OnOwnShelf(), grants.ANYONE),
        grants.all_of(OnOwnShelf(), grants.NOBODY),
        [],
        [grants.ANYONE],
    ]
    with database.reading() as uow:
        everything = uow.session.exec(select(Thing)).all()
        for policy in policies:
            listed = uow.session.exec(select(Thing).where(grants.where(policy, actor))).all()
            assert {t.id for t in listed} == {
                t.id for t in everything if grants.allows(policy, actor, t)
            }
