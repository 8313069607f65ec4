"""The first factor of somebody whose rights of the secretariat wait for it: proved by the address.

A password alone must not set one up: whoever stole it would have the rights. Somebody who came by
an invitation just now has shown that they hold its link.
"""

from __future__ import annotations

from collab.kernel import clock
from collab.kernel.errors import NotFound, Rejected
from collab.kernel.happened import RightsBegan
from collab.kernel.identity import Actor, Role
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import links, store
from collab.members import store_joining as joined
from collab.members import store_signing as signing
from collab.members.confirming import own_person
from collab.members.links import Purpose
from collab.members.models import OneTimeToken, Person
from collab.members.service import digest
from collab.storage.uow import UnitOfWork


def ask(uow: UnitOfWork, actor: Actor, secret: str, language: str) -> None:
    """Send the actor the link that lets a first factor be set up; nothing where none is wanted."""
    person = own_person(uow, actor)
    if actor.held_back:
        _issue(uow, person, secret, language)
        uow.note(actor, "factor_link_asked", "person", person.public_id)


def link_for(uow: UnitOfWork, actor: Actor, person_key: str, secret: str) -> str:
    """The secretariat makes the link for a colleague whom no e-mail reaches; its path."""
    joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
    person = joined.person_by_key(uow, person_key)
    key = person.id or 0
    colleague = key in joined.holders(uow, Role.SECRETARIAT, None, clock.now())
    if not colleague or key == actor.person_id or signing.factor_holders(uow, {key}):
        raise NotFound("person", person_key)
    uow.note(actor, "factor_link_made", "person", person.public_id)
    return _issue(uow, person, secret, person.language)


def link_to(uow: UnitOfWork, actor: Actor, email: str, secret: str) -> str:
    """The same for the colleague of this address, as the operator's command makes it."""
    person = store.person_by_email(uow, email)
    if person is None:
        raise NotFound("person", email)
    return link_for(uow, actor, person.public_id, secret)


def _issue(uow: UnitOfWork, person: Person, secret: str, language: str) -> str:
    return links.issue(
        uow, secret, Purpose.FACTOR, person.email, person_id=person.id, language=language
    )


def opened(uow: UnitOfWork, actor: Actor, token: str) -> OneTimeToken:
    """The actor's own live link; Rejected("link_dead") for anything else."""
    row = links.opened(uow, Purpose.FACTOR, token)
    person = own_person(uow, actor)
    if row.person_id != person.id or row.email != person.email:
        raise Rejected([Problem("", "link_dead")])
    return row


def is_proved(uow: UnitOfWork, actor: Actor, keep: str, token: str) -> bool:
    """Whether the actor may set up a first factor in the browser of the `keep` cookie."""
    if not actor.held_back or by_invitation(uow, keep):
        return True
    try:
        opened(uow, actor, token)
    except Rejected:
        return False
    return True


def want(uow: UnitOfWork, actor: Actor, keep: str, token: str) -> None:
    """Rejected unless the actor may set up a first factor here."""
    if not is_proved(uow, actor, keep, token):
        raise Rejected([Problem("", "confirm_by_mail")])


def by_invitation(uow: UnitOfWork, keep: str) -> bool:
    """Whether this browser's session began with an invitation, a short while ago."""
    row = store.session_by_hash(uow, digest(keep))
    fresh = row is not None and clock.now() - row.created_at < links.LIVES[Purpose.FACTOR]
    return fresh and row is not None and row.method == "invitation"


def use(uow: UnitOfWork, actor: Actor, keep: str, token: str) -> None:
    """Rights of the secretariat begin with this factor: Rejected without a proof by the address.

    The link is used up with this transaction, and the rest of the secretariat is told.
    """
    if not actor.held_back:
        return
    want(uow, actor, keep, token)
    if not by_invitation(uow, keep):
        links.use(uow, opened(uow, actor, token))
    key = own_person(uow, actor).public_id
    uow.note(actor, "rights_began", "person", key, after={"role": Role.SECRETARIAT})
    uow.record(RightsBegan(actor.person_id or 0, clock.now()))
