"""The record of acts shows any later change, and the database refuses to change it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection
from sqlmodel import Session

from collab.kernel import origin
from collab.kernel.errors import DomainError
from collab.kernel.identity import Actor
from collab.storage import audit, audit_reading
from collab.storage.database import Database
from collab.storage.models import Activity
from tests.service.together import together


def _acts(database: Database, count: int) -> None:
    for number in range(count):
        with database.writing() as uow:
            for half in (1, 2):
                actor = Actor(person_id=number, name="王小明")
                uow.note(actor, "changed", "thing", f"{number}/{half}", {"价": 1.5}, {"价": half})


def _broken(database: Database, anchor: tuple[int, str] | None = None) -> list[tuple[int, str]]:
    with database.reading() as uow:
        return [(one.sequence, one.code) for one in audit.verify(uow.session, anchor)]


def _tamper(database: Database, *statements: str) -> None:
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER tr_activity_no_update")
            connection.exec_driver_sql("DROP TRIGGER tr_activity_no_delete")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)


TAMPERING = {
    "removal of all": ["DELETE FROM activity"],
    "closing the gap": [
        "DELETE FROM activity WHERE sequence = 3",
        "UPDATE activity SET sequence = sequence - 1 WHERE sequence = 4",
        "UPDATE activity SET sequence = sequence - 1 WHERE sequence = 5",
        "UPDATE activity SET sequence = sequence - 1 WHERE sequence = 6",
    ],
}


@pytest.mark.parametrize("way", TAMPERING)
def test_every_way_of_changing_the_record_shows(database: Database, way: str) -> None:
    _acts(database, 3)
    assert _broken(database) == []
    _tamper(database, *TAMPERING[way])
    assert _broken(database)


LENGTH = 14
OTHERS: dict[str, list[object]] = {
    "at": ["2020-01-01 00:00:00.000000", "not a time"], "person_id": [77, "x"],
    "actor": ["other"], "action": ["granted"], "kind": ["role"], "key": ["x"],
    "address": ["198.51.100.0/24"], "before": ['{"a": 1}', "{"], "after": ['{"价": 9}', "[1"],
    "prev_hash": ["0" * 64], "hash": ["f" * 64], "sequence": [99, 0, -3, "x"],
}  # fmt: skip
ROWS = st.integers(1, LENGTH)
CHANGES = [(column, value) for column, values in OTHERS.items() for value in values]
WAYS = st.one_of(
    st.tuples(st.just("change"), ROWS, st.sampled_from(CHANGES)),
    st.tuples(st.just("blank"), ROWS, st.sampled_from(["before", "after", "person_id", "address"])),
    st.tuples(st.just("remove"), ROWS, st.just("")),
    st.tuples(st.just("swap"), ROWS, ROWS),
    st.tuples(st.just("insert"), st.integers(0, LENGTH), st.just("")),
    st.tuples(st.just("add"), st.sampled_from([0, -7, LENGTH + 1, 999]),
              st.sampled_from([0, -1, LENGTH + 1, LENGTH + 2, 500])),
    st.tuples(st.just("cut"), ROWS, st.just("")),
    st.tuples(st.just("reseal"), ROWS, st.just("")),
)  # fmt: skip
COPIED = "at, person_id, actor, kind, key, address, before, after, prev_hash, hash"


@contextmanager
def open_to_all(database: Database) -> Iterator[Connection]:
    """A connection for which the triggers are off; what it does is taken back."""
    with database.engine.connect() as connection, connection.begin() as transaction:
        if database.is_sqlite:
            for name in ("no_update", "no_delete", "at_the_end"):
                connection.exec_driver_sql(f"DROP TRIGGER tr_activity_{name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        yield connection
        transaction.rollback()


def attack(connection: Connection, way: str, row: int, what: Any) -> None:
    """Do it with full knowledge of how rows are sealed."""

    def run(statement: str, **values: object) -> None:
        connection.execute(sa.text(statement), values)

    if way == "change":
        run(f"UPDATE activity SET {what[0]} = :v WHERE sequence = :s", v=what[1], s=row)
    elif way == "blank":
        empty = "''" if what == "address" else "NULL"
        run(f"UPDATE activity SET {what} = {empty} WHERE sequence = :s", s=row)
    elif way == "remove":
        run("DELETE FROM activity WHERE sequence = :s", s=row)
    elif way == "swap":
        for old, new in ((row, -1), (what, row), (-1, what)):
            run("UPDATE activity SET id = :new WHERE id = :old", new=new, old=old)
    elif way == "insert":
        _forge(run, row)
    elif way == "add":
        _copy(run, row, what, 3)
    elif way == "cut":
        run("DELETE FROM activity WHERE sequence >= :s", s=row)
        _head(connection)
    else:
        run("UPDATE activity SET action = 'other' WHERE sequence = :s", s=row)
        _reseal(connection)


def _copy(run: Callable[..., None], key: int, sequence: int, like: int) -> None:
    """Put in an act that never happened by plain SQL."""
    run(
        f"INSERT INTO activity (id, sequence, action, {COPIED}) SELECT :k, :s, 'forged', {COPIED}"
        " FROM activity WHERE sequence = :l", k=key, s=sequence, l=like,
    )  # fmt: skip


def _forge(run: Callable[..., None], after: int) -> None:
    """Put one in after a row, numbering the later ones anew."""
    run("UPDATE activity SET id = -id, sequence = -sequence WHERE sequence > :s", s=after)
    run("UPDATE activity SET id = 1 - id, sequence = 1 - sequence WHERE id < 0")
    _copy(run, after + 1, after + 1, after or 2)


def _head(connection: Connection) -> None:
    """Make the head agree with the last row that is left."""
    last = connection.exec_driver_sql(
        "SELECT sequence, hash FROM activity ORDER BY id DESC LIMIT 1"
    )
    sequence, sealed = last.first() or (0, "")
    connection.exec_driver_sql(f"UPDATE activity_head SET sequence = {sequence}, hash = '{sealed}'")


def _reseal(connection: Connection) -> None:
    """Compute every hash anew, as somebody with the code and the database can."""
    table, last = Activity.__table__, ""  # type: ignore[attr-defined]
    for row in connection.execute(sa.select(table).order_by(table.c.id)).all():
        sealed = audit._seal(last, row.sequence, audit._unsealed(row))
        changed = sa.update(table).where(table.c.id == row.id)
        connection.execute(changed.values(prev_hash=last, hash=sealed))
        last = sealed
    _head(connection)


def all_rows(connection: Connection) -> list[Any]:
    """The record as it lies there."""
    return list(connection.exec_driver_sql("SELECT * FROM activity ORDER BY id").all())


@settings(max_examples=150, deadline=None, database=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(WAYS)
def test_any_single_change_shows_and_a_cut_or_resealed_end_against_the_anchor(
    database: Database, way: tuple[str, int, Any]
) -> None:
    with database.reading() as uow:
        full = audit.head(uow.session)[0] == LENGTH
    for number in range(0 if full else LENGTH):
        with origin.coming("203.0.113.0/24"), database.writing() as uow:
            uow.note(Actor(person_id=number + 1), "did", "thing", str(number), {"a": 0}, {"b": 1})
    with database.reading() as uow:
        anchor = audit.head(uow.session)
    with open_to_all(database) as connection:
        before = all_rows(connection)
        try:
            attack(connection, *way)
        except (sa.exc.DBAPIError, DomainError):
            return  # PostgreSQL keeps types, both keep unique numbers: nothing was changed
        with Session(connection) as session:
            alone = list(audit.verify(session))
            held = audit_reading.unheld(session, [anchor]) + alone
        changed = before != all_rows(connection)
        assert bool(held) == changed
        if way[0] in ("cut", "reseal"):
            assert alone == [], "nothing but the anchor can tell"
        else:
            assert bool(alone) == changed


def test_an_earlier_end_shows_a_record_rewritten_as_a_whole(database: Database) -> None:
    _acts(database, 2)
    with database.reading() as uow:
        anchor = audit.head(uow.session)
    assert anchor[0] == 4
    _acts(database, 1)
    assert _broken(database, anchor) == []
    _tamper(database, "DELETE FROM activity", "DELETE FROM activity_head")
    _acts(database, 3)
    assert _broken(database) == []
    assert _broken(database, anchor) == [(4, "anchor")]


FORGED = ("INSERT INTO activity (id, sequence, action, " + COPIED + ") SELECT {id}, {sequence},"
          " 'forged', " + COPIED + " FROM activity WHERE sequence = 1")  # fmt: skip
REFUSED = {
    "change": "UPDATE activity SET actor = 'x'",
    "removal": "DELETE FROM activity",
    "a row before": FORGED.format(id=0, sequence=0),
    "a row in the place of another": FORGED.format(id=2, sequence=2).replace(
        "INSERT", "INSERT OR REPLACE"
    ),
    "a key that is in use, at the end": FORGED.format(id=2, sequence=9).replace(
        "INSERT", "INSERT OR REPLACE"
    ),
    "emptying": "TRUNCATE activity CASCADE",
}


@pytest.mark.parametrize("way", REFUSED)
def test_the_database_refuses_to_change_the_record(database: Database, way: str) -> None:
    _acts(database, 1)
    of_one = dict.fromkeys((w for w in REFUSED if " OR REPLACE" in REFUSED[w]), True)
    of_one["emptying"] = False
    if of_one.get(way, database.is_sqlite) != database.is_sqlite:
        pytest.skip("the other database has such a statement")
    refused = pytest.raises(sa.exc.DBAPIError, match="append-only")
    with refused, database.engine.begin() as connection:
        connection.exec_driver_sql(REFUSED[way])
    assert _broken(database) == []
    _acts(database, 1)
    assert _broken(database) == [], "what comes at the end is taken"


def test_acts_of_many_at_once_form_one_chain(database: Database) -> None:
    def act(number: int) -> None:
        for again in range(8):
            with database.writing() as uow:
                uow.note(Actor(person_id=number), "did", "thing", str(again))

    assert together(5, act) == [None] * 5
    assert _broken(database) == []
    with database.reading() as uow:
        assert audit.head(uow.session)[0] == 40
