"""Use cases of the own password and the own address: both end what a thief might hold."""

from __future__ import annotations

from collab.kernel import clock
from collab.kernel.errors import Rejected
from collab.kernel.happened import AccountChanged
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.members import links, passwords, rules, sessions, store
from collab.members import store_joining as joined
from collab.members.breached import BreachList
from collab.members.confirming import own_person, prove
from collab.members.links import Purpose
from collab.members.models import Person
from collab.members.rules import SessionLimits
from collab.members.service import actor_of
from collab.storage.uow import UnitOfWork


def known_words(person: Person) -> tuple[str, ...]:
    """What must not make up a password of this person."""
    return (person.email, person.name, "oecollab", "collab")


def change_password(
    uow: UnitOfWork,
    actor: Actor,
    current: str,
    new: str,
    *,
    keep_session: str,
    breached: BreachList,
    fresh: bool = False,
) -> None:
    """Set a new password; other sessions and tokens end. Who has none yet sets the first one."""
    person = own_person(uow, actor)
    prove(person, current, fresh=fresh, field="current")
    wrong = list(passwords.new_password_problems(new, known_words(person), breached, "new"))
    if wrong:
        raise Rejected(wrong)
    person.password_hash = passwords.hash_password(new)
    uow.session.add(person)
    sessions.revoke_others(uow, actor, keep_session, tell=False)
    joined.end_tokens(uow, person.id or 0, clock.now())
    uow.note(actor, "password_changed", "person", person.public_id)
    uow.record(AccountChanged(person.id or 0, "password_changed", clock.now()))


def ask_for_address(
    uow: UnitOfWork, actor: Actor, email: str, password: str, secret: str, language: str,
    *, fresh: bool,
) -> None:  # fmt: skip
    """Send a link to the new address. The answer is the same when somebody else has it already."""
    person = own_person(uow, actor)
    prove(person, password, fresh=fresh, field="email_password")
    email = email.strip().lower()
    wrong = list(rules.email_problems(email, "new_email"))
    if actor.held_back:  # the address is what proves a first factor: a password must not move it
        wrong.append(Problem("new_email", "factor_first"))
    if not wrong and email == person.email:
        wrong.append(Problem("new_email", "same_email"))
    if wrong:
        raise Rejected(wrong)
    links.issue(
        uow, secret, Purpose.EMAIL, email, person_id=person.id,
        facts={"scope": person.public_id, "old": person.email}, language=language,
    )  # fmt: skip
    uow.note(actor, "address_asked", "person", person.public_id)


def change_address(uow: UnitOfWork, token: str, limits: SessionLimits) -> Person:
    """The new address is theirs: it takes the old one's place, and the old one is told."""
    row = links.opened(uow, Purpose.EMAIL, token)
    person = store.person_by_id(uow, row.person_id or 0)
    taken = store.person_by_email(uow, row.email) is not None
    stale = person is None or not person.active or person.email != row.facts.get("old")
    if person is None or stale or taken or _waits(uow, person, limits):
        raise Rejected([Problem("", "link_dead")])
    links.use(uow, row)
    person.email, person.verified_at = row.email, clock.now()
    uow.session.add(person)
    joined.drop_sessions(uow, person.id or 0)
    joined.end_tokens(uow, person.id or 0, clock.now())
    uow.note(Actor(person_id=person.id), "address_changed", "person", person.public_id)
    uow.record(AccountChanged(person.id or 0, "address_changed", clock.now(), row.id))
    return person


def _waits(uow: UnitOfWork, person: Person, limits: SessionLimits) -> bool:
    """Whether the person became a secretary meanwhile and has no factor yet."""
    return sessions.held_to(uow, person, actor_of(uow, person), limits).held_back
