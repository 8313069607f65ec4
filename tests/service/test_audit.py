"""The record of acts shows any later change, and the database refuses to change it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from collab.kernel.identity import Actor
from collab.storage import audit
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
    "change": ["UPDATE activity SET actor = 'other' WHERE sequence = 3"],
    "change of a value": ["UPDATE activity SET after = '{\"价\": 9}' WHERE sequence = 3"],
    "removal": ["DELETE FROM activity WHERE sequence = 3"],
    "removal of the first": ["DELETE FROM activity WHERE sequence = 1"],
    "removal of the last": ["DELETE FROM activity WHERE sequence = 6"],
    "removal of all": ["DELETE FROM activity"],
    "insertion": [
        "INSERT INTO activity (sequence, at, actor, action, kind, key, prev_hash, hash)"
        " SELECT 7, at, actor, action, kind, key, hash, hash FROM activity WHERE sequence = 6"
    ],
    "order": [
        "UPDATE activity SET sequence = 99 WHERE sequence = 2",
        "UPDATE activity SET sequence = 2 WHERE sequence = 3",
        "UPDATE activity SET sequence = 3 WHERE sequence = 99",
    ],
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
