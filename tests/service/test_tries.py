"""Counters of tries hold when many try at once; questions are taken by one alone."""

from __future__ import annotations

import pytest

from collab.kernel.errors import Rejected, TooMany
from collab.kernel.identity import Actor
from collab.members import challenges, openid, second_factor, service
from collab.members.challenges import Purpose
from collab.members.forms import ProviderIn
from collab.members.models import Organisation, Person, Region
from collab.members.rules import OrganisationKind
from collab.storage.database import Database
from collab.storage.sealing import Sealer
from collab.web.pace import Pace
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


def test_many_reads_refused_while_the_table_is_cleared_stay_refusals(
    database: Database, freeze: Freezer
) -> None:
    freeze()
    pace = Pace(database)
    pace.count("token:a", 1)

    def refuse(*_args: object, **_more: object) -> None:
        pace._keys.clear()  # as another thread does when there are too many keys
        raise TooMany(60)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "count_try", refuse)
        with pytest.raises(TooMany):
            pace.count("token:a", 1)
    with pytest.raises(TooMany):
        pace.count("token:a", 1)
    pace.count("token:b", 1)


def test_a_domain_is_entered_by_one_of_many(database: Database) -> None:
    with database.writing() as uow:
        person = Person(email="s@x.example", name="秘")
        region = Region(code="here", zh="h", en="h", kind="province", path="/here/")
        uow.session.add_all([person, region])
        uow.flush()
        firm, where = OrganisationKind.FIRM, region.id or 0
        houses = [Organisation(name_zh=f"甲{n}", kind=firm, region_id=where) for n in range(6)]
        uow.session.add_all(houses)
        uow.flush()
        keys = [house.public_id for house in houses]
        actor = Actor(person_id=person.id, secretariat=True)

    def enter(number: int) -> str:
        form = ProviderIn(issuer="https://id.example", client_id="x", client_secret="y",
                          domains=["lab.example"], active=True)  # fmt: skip
        try:
            with database.writing() as uow:
                openid.configure(uow, actor, keys[number], form, Sealer(["key"]), fresh=True)
        except Rejected as refusal:
            return str(refusal.problems[0].code)
        return "entered"

    assert sorted(together(6, enter)) == ["domain_taken"] * 5 + ["entered"]
