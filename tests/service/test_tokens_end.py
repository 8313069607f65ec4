"""API tokens end with what a thief might hold, and are made by somebody who is there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import select

from collab.kernel.errors import Rejected
from collab.kernel.identity import Actor
from collab.members import links, password_change, passwords, recovery, second_factor, service
from collab.members.breached import BreachList
from collab.members.forms import TokenIn
from collab.members.links import Purpose
from collab.members.models import Person
from collab.members.rules import SessionLimits
from collab.storage.database import Database
from collab.storage.models import OutboxEvent
from collab.storage.uow import UnitOfWork

OLD, NEW = "three calm otters swimming", "seven quiet herons crossing"
Change = Callable[[UnitOfWork, Person], object]


def change(uow: UnitOfWork, person: Person) -> None:
    own = Actor(person_id=person.id)
    password_change.change_password(uow, own, OLD, NEW, keep_session="", breached=BreachList())


def reset(uow: UnitOfWork, person: Person) -> None:
    path = links.issue(uow, "key", Purpose.RESET, person.email, person_id=person.id)
    recovery.reset_password(uow, path.rpartition("/")[2], NEW, BreachList())


def move(uow: UnitOfWork, person: Person) -> None:
    facts = {"old": person.email}
    path = links.issue(uow, "key", Purpose.EMAIL, "n@lab.example", person_id=person.id, facts=facts)
    password_change.change_address(uow, path.rpartition("/")[2], SessionLimits())


def lose_factor(uow: UnitOfWork, person: Person) -> None:
    second_factor.reset(uow, Actor(person_id=person.id, secretariat=True), person.public_id)


@pytest.mark.parametrize("happens", [change, reset, move, lose_factor])
def test_tokens_end_with_password_address_and_factor(database: Database, happens: Change) -> None:
    with database.writing() as uow:
        stored = passwords.hash_password(OLD)
        people = [
            Person(email=f"{n}@lab.example", name=n, password_hash=stored) for n in ("li", "wu")
        ]
        uow.session.add_all(people)
        uow.flush()
        own, other = (
            service.issue_token(uow, Actor(person_id=p.id), TokenIn(name="t"), fresh=True)[1]
            for p in people
        )
        key = people[0].id
    with database.reading() as uow:
        assert service.actor_of_token(uow, own) is not None
    with database.writing() as uow:
        person = uow.session.get(Person, key)
        assert person is not None
        happens(uow, person)
    with database.reading() as uow:
        assert service.actor_of_token(uow, own) is None
        assert service.actor_of_token(uow, other) is not None, "somebody else's goes on"


def test_a_token_is_made_by_somebody_who_is_there_and_told(database: Database) -> None:
    with database.writing() as uow:
        person = Person(email="li@lab.example", name="李")
        uow.session.add(person)
        uow.flush()
        own = Actor(person_id=person.id)
    with pytest.raises(Rejected) as refusal, database.writing() as uow:
        service.issue_token(uow, own, TokenIn(name="t"), fresh=False)
    assert [p.code for p in refusal.value.problems] == ["confirm_again"]
    with database.writing() as uow:
        service.issue_token(uow, own, TokenIn(name="t"), fresh=True)
    with database.reading() as uow:
        assert "token_issued" in str([e.payload for e in uow.session.exec(select(OutboxEvent))])
