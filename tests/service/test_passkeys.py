"""Passkeys at the services: made, used and refused, with an authenticator written for the test."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from collab.kernel import clock
from collab.kernel.errors import NotAllowed, NotFound, Rejected
from collab.kernel.identity import Actor
from collab.members import challenges, passkeys, second_factor
from collab.members.challenges import Purpose
from collab.members.models import Passkey, Person, SignInChallenge
from collab.members.passkeys import Copied, Party
from collab.storage.database import Database
from collab.storage.models import Activity, OutboxEvent
from tests.authenticator import PRESENT, Authenticator, text
from tests.conftest import Freezer

PARTY = Party("localhost", "http://localhost")


@pytest.fixture
def people(database: Database) -> list[Actor]:
    """Two people."""
    with database.writing() as uow:
        rows = [Person(email=f"p{n}@x.example", name=f"人{n}", password_hash="x") for n in range(2)]
        uow.session.add_all(rows)
        uow.flush()
        return [Actor(person_id=row.id, name=row.name) for row in rows]


def made(database: Database, actor: Actor, device: Authenticator, name: str = "手机") -> str:
    """Register a device for somebody; the passkey's public id."""
    with database.writing() as uow:
        options, handle = passkeys.begin(uow, actor, PARTY, fresh=True)
    return kept(database, actor, handle, device.make(options), name)


def kept(database: Database, actor: Actor, handle: str, answer: str, name: str = "手机") -> str:
    with database.writing() as uow:
        question = challenges.taken(uow, Purpose.PASSKEY_NEW, handle)
    with database.writing() as uow:
        return passkeys.register(uow, actor, question, PARTY, answer, name).public_id


def asked(database: Database) -> tuple[dict[str, Any], str]:
    with database.writing() as uow:
        options, handle = passkeys.ask(uow, PARTY)
    return json.loads(options), handle


def entered(database: Database, handle: str, answer: str, party: Party = PARTY) -> int | None:
    """Who comes in with an answer."""
    with database.writing() as uow:
        question = challenges.taken(uow, Purpose.PASSKEY, handle)
    with database.writing() as uow:
        person = passkeys.answered(uow, question, party, answer)
        return person.id if person is not None else None


def test_the_last_way_in_is_not_removed(database: Database, people: list[Actor]) -> None:
    keys = [made(database, people[0], Authenticator(), name) for name in ("手机", "电脑")]
    with database.writing() as uow:
        person = uow.session.get(Person, people[0].person_id)
        assert person is not None
        person.password_hash = ""
        uow.session.add(person)
    with database.writing() as uow:
        passkeys.remove(uow, people[0], keys[0], fresh=True)
    with pytest.raises(Rejected) as refusal, database.writing() as uow:
        passkeys.remove(uow, people[0], keys[1], fresh=True)
    assert [p.code for p in refusal.value.problems] == ["last_way_in"]
    with database.reading() as uow:
        assert [k.public_id for k in passkeys.own(uow, people[0])] == keys[1:]


def test_a_passkey_is_made_named_used_and_removed(database: Database, people: list[Actor]) -> None:
    one, two = Authenticator(), Authenticator()
    first = made(database, people[0], one, "  办公室\u200b 电脑 ")
    made(database, people[0], two, "手机")
    for device in (one, two, one):
        options, handle = asked(database)
        assert options["allowCredentials"] == [], "the question names nobody"
        assert options["userVerification"] == "required"
        assert entered(database, handle, device.sign(options)) == people[0].person_id
    with database.writing() as uow:
        rows = passkeys.own(uow, people[0])
        assert [r.name for r in rows] == ["办公室 电脑", "手机"]
        assert rows[0].transports == ["internal"]
        assert rows[0].last_used_at is not None
        with pytest.raises(NotFound):
            passkeys.rename(uow, people[1], first, "mine")
        with pytest.raises(NotFound):
            passkeys.remove(uow, people[1], first, fresh=True)
        with pytest.raises(Rejected):
            passkeys.remove(uow, people[0], first, fresh=False)
        with pytest.raises(Rejected):
            passkeys.rename(uow, people[0], first, " \n")
        passkeys.rename(uow, people[0], first, "家里")
        passkeys.remove(uow, people[0], first, fresh=True)
    options, handle = asked(database)
    assert entered(database, handle, one.sign(options)) is None
    with database.reading() as uow:
        acts = [a.action for a in uow.session.exec(select(Activity)).all()]
        told = [e.payload["what"] for e in uow.session.exec(select(OutboxEvent)).all()]
    assert acts == ["passkey_added", "passkey_added", "passkey_removed"]
    assert told == acts


def test_a_question_is_answered_once_soon_and_for_its_purpose(
    database: Database, people: list[Actor], freeze: Freezer
) -> None:
    freeze()
    device = Authenticator()
    made(database, people[0], device)
    options, handle = asked(database)
    answer = device.sign(options)
    assert entered(database, handle, answer) == people[0].person_id
    assert entered(database, handle, answer) is None, "replayed"
    other, fresh = asked(database)
    assert entered(database, fresh, answer) is None, "an answer to another question"
    assert entered(database, fresh, device.sign(other)) is None, "the wrong answer used it up"
    late, handle = asked(database)
    freeze.forward(minutes=6)
    assert entered(database, handle, device.sign(late)) is None
    assert entered(database, "made up", device.sign(late)) is None
    with database.writing() as uow:
        options_new, handle = passkeys.begin(uow, people[0], PARTY, fresh=True)
    assert entered(database, handle, device.sign(options_new)) is None, "another purpose"
    asked(database)
    with database.reading() as uow:
        left = uow.session.exec(select(SignInChallenge)).all()
    assert all(row.expires_at > clock.now() for row in left), "unanswered ones are swept away"


@pytest.mark.parametrize("bent", [
    {"origin": "https://localhost.evil.example"}, {"origin": "http://localhost:99"},
    {"host": "evil.example"}, {"flags": PRESENT}, {"flags": 0}, {"user": text(b"per-0000000000")},
    {"user": ""},
])  # fmt: skip
def test_what_the_authenticator_says_must_be_true(
    database: Database, people: list[Actor], bent: dict[str, Any]
) -> None:
    device = Authenticator()
    made(database, people[0], device)
    options, handle = asked(database)
    assert entered(database, handle, replace(device, **bent).sign(options)) is None, bent
    options, handle = asked(database)
    device.count += 1
    assert entered(database, handle, device.sign(options)) == people[0].person_id


def test_another_key_and_a_changed_answer_are_refused(
    database: Database, people: list[Actor]
) -> None:
    mine, theirs = Authenticator(), Authenticator()
    made(database, people[0], mine)
    made(database, people[1], theirs)
    forged = Authenticator(credential=mine.credential, user=mine.user, count=9)
    options, handle = asked(database)
    assert entered(database, handle, forged.sign(options)) is None
    for broken in ("", "[]", "{}", "null", "\x00", '{"id": 1}', '{"id": "a"}', "x" * 50_000):
        options, handle = asked(database)
        assert entered(database, handle, broken) is None, broken[:20]
    for part in ("authenticatorData", "signature", "clientDataJSON"):
        options, handle = asked(database)
        answer = mine.sign(options, response={part: text(b"\x00" * 40)})
        assert entered(database, handle, answer) is None, part
    options, handle = asked(database)
    assert entered(database, handle, mine.sign(options, kind="webauthn.create")) is None
    options, handle = asked(database)
    assert entered(database, handle, theirs.sign(options)) == people[1].person_id


def test_a_copied_passkey_is_taken_away_and_its_owner_told(
    database: Database, people: list[Actor]
) -> None:
    device = Authenticator()
    made(database, people[0], device)
    copy = replace(device)
    for _ in range(2):
        options, handle = asked(database)
        assert entered(database, handle, device.sign(options)) == people[0].person_id
    forged = replace(copy, key=Authenticator().key)
    options, handle = asked(database)
    assert entered(database, handle, forged.sign(options)) is None, "unsigned: accuses nobody"
    options, handle = asked(database)
    with pytest.raises(Copied) as caught:
        entered(database, handle, copy.sign(options))
    with database.writing() as uow:
        passkeys.accuse(uow, caught.value)
    with database.reading() as uow:
        assert uow.session.exec(select(Passkey)).all() == []
        last = [e.payload["what"] for e in uow.session.exec(select(OutboxEvent)).all()][-1]
    assert last == "passkey_copied"


def test_a_passkey_without_a_counter_signs_in_again_and_again(
    database: Database, people: list[Actor]
) -> None:
    device = Authenticator(counts=False)
    made(database, people[0], device)
    for _ in range(3):
        options, handle = asked(database)
        assert entered(database, handle, device.sign(options)) == people[0].person_id


def test_a_passkey_is_made_only_for_oneself_freshly_verified_and_once(
    database: Database, people: list[Actor]
) -> None:
    device = Authenticator()
    with database.writing() as uow, pytest.raises(Rejected):
        passkeys.begin(uow, people[0], PARTY, fresh=False)
    with database.writing() as uow, pytest.raises(NotAllowed):
        passkeys.begin(uow, replace(people[0], scopes=frozenset({"write"})), PARTY, fresh=True)
    for bent in ({"origin": "https://evil.example"}, {"host": "evil.example"}, {"flags": PRESENT}):
        with pytest.raises(Rejected):
            made(database, people[0], replace(device, **bent))
    with database.writing() as uow:
        options, handle = passkeys.begin(uow, people[0], PARTY, fresh=True)
    with pytest.raises(Rejected):
        kept(database, people[1], handle, device.make(options))
    with pytest.raises(Rejected):
        kept(database, people[0], handle, device.make(options))
    made(database, people[0], device)
    with pytest.raises(Rejected):
        made(database, people[1], device)
    for _ in range(passkeys.MOST - 1):
        made(database, people[0], Authenticator())
    with pytest.raises(Rejected):
        made(database, people[0], Authenticator())


def test_as_second_factor_only_ones_own_passkey_does(
    database: Database, people: list[Actor]
) -> None:
    mine, theirs = Authenticator(flags=PRESENT), Authenticator(flags=PRESENT)
    for actor, device in zip(people, (mine, theirs), strict=True):
        device.flags |= 0x04
        made(database, actor, device)
        device.flags = PRESENT  # a key without PIN does, after the password

    def second(device: Authenticator) -> int | None:
        with database.writing() as uow:
            person = uow.session.get(Person, people[0].person_id)
            assert person is not None
            assert second_factor.is_wanted(uow, person)
            handle = challenges.put(uow, Purpose.SECOND, person_id=person.id)
        with database.writing() as uow:
            held = challenges.held(uow, Purpose.SECOND, handle)
            assert held is not None
            options = json.loads(passkeys.ask_second(uow, held, PARTY))
        assert [c["id"] for c in options["allowCredentials"]] == [text(mine.credential)]
        with database.writing() as uow:
            question = challenges.asked(uow, Purpose.SECOND, handle)
        with database.writing() as uow:
            person = passkeys.answered(uow, question, PARTY, device.sign(options))
            again = challenges.asked(uow, Purpose.SECOND, handle)
            assert passkeys.answered(uow, again, PARTY, device.sign(options)) is None
        return person.id if person else None

    assert second(theirs) is None
    assert second(mine) == people[0].person_id


def test_who_has_left_does_not_come_in(database: Database, people: list[Actor]) -> None:
    device = Authenticator()
    made(database, people[0], device)
    with database.writing() as uow:
        person = uow.session.get(Person, people[0].person_id)
        assert person is not None
        person.active = False
        uow.session.add(person)
    options, handle = asked(database)
    assert entered(database, handle, device.sign(options)) is None
