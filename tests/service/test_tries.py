"""Counters of tries hold when many try at once; questions are taken by one alone."""

from __future__ import annotations

from collab.kernel.errors import TooMany
from collab.kernel.identity import Actor
from collab.members import challenges, second_factor, service
from collab.members.challenges import Purpose
from collab.members.models import Person
from collab.storage.database import Database
from collab.storage.sealing import Sealer
from tests.conftest import Freezer
from tests.service.together import together


def test_many_at_once_get_no_more_tries_than_one_after_the_other(
    database: Database, freeze: Freezer
) -> None:
    freeze()

    def attempt(_number: int) -> str:
        try:
            with database.writing() as uow:
                service.count_try(uow, "sign-in:li@lab.example")
        except TooMany as refusal:
            return "refused" if 0 < refusal.retry_after <= 901 else "refused wrongly"
        return "tried"

    answers = together(16, attempt)
    assert sorted(answers) == ["refused"] * 8 + ["tried"] * 8
    assert attempt(0) == "refused"
    freeze.forward(minutes=16)
    assert attempt(0) == "tried"


def test_a_question_is_taken_by_one_of_many(database: Database) -> None:
    with database.writing() as uow:
        handle = challenges.put(uow, Purpose.PASSKEY, challenge="x")

    def take(_number: int) -> bool:
        with database.writing() as uow:
            return challenges.taken(uow, Purpose.PASSKEY, handle) is not None

    assert sorted(map(str, together(8, take))).count("True") == 1


def test_a_code_on_paper_is_used_by_one_of_many(database: Database) -> None:
    sealer = Sealer(["key"])
    with database.writing() as uow:
        person = Person(email="li@lab.example", name="李", second_factor="s1:x:y")
        uow.session.add(person)
        uow.flush()
        key = person.id or 0
        codes = second_factor.new_codes(uow, Actor(person_id=key), fresh=True)

    def use(_number: int) -> bool:
        with database.writing() as uow:
            found = uow.session.get(Person, key)
            assert found is not None
            return second_factor.accepts(uow, found, codes[0], sealer)

    assert sorted(map(str, together(8, use))).count("True") == 1
