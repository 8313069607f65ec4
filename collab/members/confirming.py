"""Before something weighty: whose account it is, and that the person is there and not a thief."""

from __future__ import annotations

from collab.kernel.errors import NotAllowed, Rejected
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.members import passwords, store
from collab.members import store_signing as signing
from collab.members.models import Person
from collab.storage.uow import UnitOfWork


def own_person(uow: UnitOfWork, actor: Actor) -> Person:
    """The actor's own account; a token is not let near it."""
    person = store.person_by_id(uow, actor.person_id or 0)
    if person is None or actor.scopes is not None:
        raise NotAllowed("account:own")
    return person


def prove(person: Person, password: str, *, fresh: bool, field: str) -> None:
    """Rejected unless the password fits; who has none must have signed in just now."""
    if person.password_hash:
        if not passwords.password_fits(person.password_hash, password):
            raise Rejected([Problem(field, "wrong_password")])
    elif not fresh:
        raise Rejected([Problem(field, "confirm_again")])


def want_fresh(*, fresh: bool) -> None:
    """Rejected unless the person showed who they are a short while ago, in this browser."""
    if not fresh:
        raise Rejected([Problem("", "confirm_again")])


def keep_a_way_in(uow: UnitOfWork, person: Person) -> None:
    """Rejected when the person has only one way to sign in, which is about to be taken away."""
    key = person.id or 0
    ways = len(signing.passkeys_of(uow, key)) + len(signing.identities_of(uow, key))
    if not person.password_hash and ways <= 1:
        raise Rejected([Problem("", "last_way_in")])
