"""The record of acts shows any later change, and the database refuses to change it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.kernel import origin
from collab.kernel.identity import Actor
from collab.storage import audit, audit_reading
from collab.storage.database import Database
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
OTHERS: dict[str, object] = {
    "at": "2020-01-01 00:00:00.000000", "person_id": 77, "actor": "other", "action": "granted",
    "kind": "role", "key": "x", "address": "198.51.100.0/24", "before": '{"a": 1}',
    "after": '{"价": 9}', "prev_hash": "0" * 64, "hash": "f" * 64, "sequence": 99,
}  # fmt: skip
ROWS = st.integers(1, LENGTH)
WAYS = st.one_of(
    st.tuples(st.just("change"), ROWS, st.sampled_from(sorted(OTHERS))),
    st.tuples(st.just("blank"), ROWS, st.sampled_from(["before", "after", "person_id", "address"])),
    st.tuples(st.just("remove"), ROWS, st.just("")),
    st.tuples(st.just("swap"), ROWS, ROWS),
    st.tuples(st.just("insert"), st.integers(0, LENGTH), st.just("")),
    st.tuples(st.just("cut"), ROWS, st.just("")),
    st.tuples(st.just("reseal"), ROWS, st.just("")),
)


@pytest.fixture(scope="module")
def chain(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A record of some length, each act with everything filled in."""
    path = tmp_path_factory.mktemp("chain") / "collab.db"
    shutil.copyfile(_sqlite_template, path)
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    for number in range(LENGTH):
        with origin.coming("203.0.113.0/24"), database.writing() as uow:
            uow.note(Actor(person_id=number + 1), "did", "thing", str(number), {"a": 0}, {"b": 1})
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def _attacked(path: Path, way: str, row: int, what: object) -> bool:
    """Do it to the file with full knowledge of how rows are sealed; False when nothing changed."""
    with closing(sqlite3.connect(path)) as file:
        file.executescript("DROP TRIGGER tr_activity_no_update; DROP TRIGGER tr_activity_no_delete")
        before = file.execute("SELECT * FROM activity ORDER BY id").fetchall()
        if way == "change":
            file.execute(f"UPDATE activity SET {what} = ? WHERE sequence = ?",
                         (OTHERS[str(what)], row))  # fmt: skip
        elif way == "blank":
            empty = "''" if what == "address" else "NULL"
            file.execute(f"UPDATE activity SET {what} = {empty} WHERE sequence = ?", (row,))
        elif way == "remove":
            file.execute("DELETE FROM activity WHERE sequence = ?", (row,))
        elif way == "swap":
            for old, new in ((row, -1), (what, row), (-1, what)):
                file.execute("UPDATE activity SET id = ? WHERE id = ?", (new, old))
        elif way == "insert":
            _forge(file, row)
        elif way == "cut":
            file.execute("DELETE FROM activity WHERE sequence >= ?", (row,))
            _head(file)
        else:
            file.execute("UPDATE activity SET action = 'other' WHERE sequence = ?", (row,))
            _reseal(file)
        file.commit()
        return before != file.execute("SELECT * FROM activity ORDER BY id").fetchall()


def _forge(file: sqlite3.Connection, after: int) -> None:
    """Put an act that never happened after a row, numbering the later ones anew."""
    file.execute("UPDATE activity SET id = -id, sequence = -sequence WHERE sequence > ?", (after,))
    file.execute("UPDATE activity SET id = 1 - id, sequence = 1 - sequence WHERE id < 0")
    file.execute(
        "INSERT INTO activity (id, sequence, at, person_id, actor, action, kind, key, address,"
        " before, after, prev_hash, hash) SELECT ?, ?, at, person_id, actor, 'forged', kind, key,"
        " address, before, after, prev_hash, hash FROM activity WHERE sequence = ?",
        (after + 1, after + 1, after or 2),
    )


def _head(file: sqlite3.Connection) -> None:
    """Make the head agree with the last row that is left."""
    last = file.execute("SELECT sequence, hash FROM activity ORDER BY id DESC LIMIT 1").fetchone()
    file.execute("UPDATE activity_head SET sequence = ?, hash = ?", last or (0, ""))


def _reseal(file: sqlite3.Connection) -> None:
    """Compute every hash anew, as somebody with the code and the database can."""
    last = ""
    names = list(audit.Note.__slots__)
    query = f"SELECT id, sequence, {', '.join(names)} FROM activity ORDER BY id"
    for key, sequence, *values in file.execute(query).fetchall():
        entry = dict(zip(names, values, strict=True))
        entry["at"] = datetime.fromisoformat(entry["at"]).replace(tzinfo=UTC)
        entry |= {n: json.loads(entry[n]) if entry[n] else None for n in ("before", "after")}
        sealed = audit._seal(last, sequence, audit.Note(**entry))
        file.execute("UPDATE activity SET prev_hash = ?, hash = ? WHERE id = ?",
                     (last, sealed, key))  # fmt: skip
        last = sealed
    _head(file)


@settings(max_examples=150, deadline=None, database=None)
@given(WAYS)
def test_any_single_change_shows_and_a_cut_or_resealed_end_against_the_anchor(
    chain: Path, tmp_path_factory: pytest.TempPathFactory, way: tuple[str, int, object]
) -> None:
    path = tmp_path_factory.mktemp("attack") / "collab.db"
    shutil.copyfile(chain, path)
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    anchors = path.with_name("anchors.jsonl")
    audit_reading.anchor(database, anchors)
    assert audit_reading.broken(database, anchors) == []
    database.close()
    changed = _attacked(path, *way)
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    alone, held = audit_reading.broken(database), audit_reading.broken(database, anchors)
    database.close()
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


def test_the_database_refuses_to_change_the_record(database: Database) -> None:
    _acts(database, 1)
    for statement in ("UPDATE activity SET actor = 'x'", "DELETE FROM activity"):
        refused = pytest.raises(sa.exc.DBAPIError, match="append-only")
        with refused, database.engine.begin() as connection:
            connection.exec_driver_sql(statement)
    assert _broken(database) == []


def test_acts_of_many_at_once_form_one_chain(database: Database) -> None:
    def act(number: int) -> None:
        for again in range(8):
            with database.writing() as uow:
                uow.note(Actor(person_id=number), "did", "thing", str(again))

    assert together(5, act) == [None] * 5
    assert _broken(database) == []
    with database.reading() as uow:
        assert audit.head(uow.session)[0] == 40
