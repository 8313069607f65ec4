"""Use cases of signed-in browsers: open, find, list, end; how long one lasts."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from collab.kernel import clock
from collab.kernel.errors import NotAllowed, NotFound
from collab.kernel.happened import AccountChanged
from collab.kernel.identity import VISITOR, Actor
from collab.members import enrolment, second_factor, store
from collab.members import store_joining as joined
from collab.members.confirming import own_person, prove
from collab.members.models import Person, SignInSession
from collab.members.rules import SessionLimits
from collab.members.service import actor_of, actor_of_token, digest
from collab.storage.uow import UnitOfWork

SEEN_EVERY = timedelta(minutes=5)  # a session row is written at most this often
FRESH = timedelta(minutes=15)


def open_session(
    uow: UnitOfWork, person: Person, agent: str, method: str, limits: SessionLimits
) -> str:
    """A new session of somebody who has proved who they are; its token."""
    token = secrets.token_urlsafe(32)
    at = clock.now()
    person.last_seen_at = at
    uow.session.add(person)
    uow.session.add(
        SignInSession(
            token_hash=digest(token),
            person_id=person.id or 0,
            seen_at=at,
            expires_at=at + limits.whole,
            agent=agent[:200],
            method=method,
        )
    )
    after = {"method": method}
    uow.note(actor_of(uow, person), "sign_in", "person", person.public_id, after=after)
    return token


def sign_out(uow: UnitOfWork, token: str) -> None:
    """End the session of this cookie; a copied cookie is dead too."""
    row = store.session_by_hash(uow, digest(token))
    if row is not None and row.revoked_at is None:
        row.revoked_at = clock.now()
        uow.session.add(row)
        person = store.person_by_id(uow, row.person_id)
        if person is not None:
            actor = Actor(person_id=person.id)
            uow.note(actor, "signed_out", "person", person.public_id)


def ends_at(row: SignInSession, limits: SessionLimits) -> datetime:
    """When a session ends if nobody uses it any more."""
    return min(row.expires_at, row.seen_at + limits.idle)


def found(uow: UnitOfWork, token: str, limits: SessionLimits) -> tuple[Actor, bool]:
    """Who a session cookie stands for, a visitor for a dead one; whether its use is unwritten."""
    row = _live(uow, token, limits)
    person = store.person_by_id(uow, row.person_id) if row is not None else None
    if row is None or person is None or not person.active:
        return VISITOR, False
    actor = held_to(uow, person, actor_of(uow, person), limits)
    return actor, clock.now() - row.seen_at >= SEEN_EVERY


def of_token(uow: UnitOfWork, token: str, limits: SessionLimits) -> Actor | None:
    """Who an API token stands for, held to the same as its owner; None when it is not valid."""
    actor = actor_of_token(uow, token)
    person = store.person_by_id(uow, actor.person_id or 0) if actor is not None else None
    return held_to(uow, person, actor, limits) if actor is not None and person else actor


def held_to(uow: UnitOfWork, person: Person, actor: Actor, limits: SessionLimits) -> Actor:
    """Without a second factor nobody has the secretariat's rights, where the operator wants it."""
    held = actor.secretariat and limits.secretariat_second_factor
    if person.demo and limits.demo_without:
        held = False
    if held and not second_factor.is_wanted(uow, person):
        return replace(actor, secretariat=False, held_back=True)
    return actor


def _live(uow: UnitOfWork, token: str, limits: SessionLimits) -> SignInSession | None:
    row = store.session_by_hash(uow, digest(token))
    if row is None or row.revoked_at is not None or ends_at(row, limits) <= clock.now():
        return None
    return row


def touch(uow: UnitOfWork, token: str) -> None:
    """Record that the session is in use now."""
    row = store.session_by_hash(uow, digest(token))
    if row is not None and row.revoked_at is None:
        row.seen_at = clock.now()
        uow.session.add(row)


def is_fresh(uow: UnitOfWork, token: str) -> bool:
    """Whether the person proved who they are a short while ago, in this browser."""
    row = store.session_by_hash(uow, digest(token))
    if row is None or row.revoked_at is not None:
        return False
    return clock.now() - (row.proved_at or row.created_at) < FRESH


def prove_again(uow: UnitOfWork, actor: Actor, token: str, password: str) -> None:
    """The person in this browser shows once more who they are, for the next quarter of an hour."""
    person = own_person(uow, actor)
    prove(person, password, fresh=False, field="confirm_password")
    row = store.session_by_hash(uow, digest(token))
    if row is not None:
        row.proved_at = clock.now()
        uow.session.add(row)


def name_of(row: SignInSession) -> str:
    """By which a person's page names a session; it opens nothing and counts nothing."""
    return row.token_hash[:16]


def revoke_one(uow: UnitOfWork, actor: Actor, key: str) -> None:
    """End one session of the actor; NotFound for one that is not theirs or has ended."""
    row = next((s for s in _own(uow, actor) if name_of(s) == key), None)
    if row is None:
        raise NotFound("session", key)
    _end(uow, actor, [row])


def revoke_others(uow: UnitOfWork, actor: Actor, keep: str = "", *, tell: bool = True) -> int:
    """End every session of the actor except the one of the `keep` cookie; how many."""
    rows = [s for s in _own(uow, actor) if s.token_hash != digest(keep)]
    _end(uow, actor, rows, tell=tell)
    return len(rows)


def before_factor(uow: UnitOfWork, actor: Actor, keep: str, proof: str) -> None:
    """The actor sets up a second factor in the browser of the `keep` cookie. With the first one
    ends what a password alone opened elsewhere: it would have what the factor is wanted for. Where
    rights of the secretariat waited for it, the address proves it, and tokens end too."""
    person = own_person(uow, actor)
    if second_factor.is_wanted(uow, person):
        return
    enrolment.use(uow, actor, keep, proof)
    revoke_others(uow, actor, keep, tell=False)
    if actor.held_back:
        joined.end_tokens(uow, person.id or 0, clock.now())


def _own(uow: UnitOfWork, actor: Actor) -> list[SignInSession]:
    if actor.person_id is None or actor.scopes is not None:
        raise NotAllowed("session:revoke")
    return list(store.sessions_of(uow, actor.person_id, clock.now()))


def _end(uow: UnitOfWork, actor: Actor, rows: list[SignInSession], *, tell: bool = True) -> None:
    for row in rows:
        row.revoked_at = clock.now()
        uow.session.add(row)
    if rows:
        after = {"count": len(rows)}
        key = own_person(uow, actor).public_id
        uow.note(actor, "sessions_ended", "person", key, after=after)
        if tell:
            uow.record(AccountChanged(actor.person_id or 0, "sessions_ended", clock.now()))
