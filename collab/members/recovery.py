"""Use cases of a forgotten password, an address to be verified, and an account that ends."""

from __future__ import annotations

from typing import Any

from collab.kernel import clock
from collab.kernel.errors import NotFound, Rejected
from collab.kernel.happened import AccountChanged
from collab.kernel.identity import Actor, Role
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import links, passwords, store
from collab.members import store_joining as joined
from collab.members import store_signing as signing
from collab.members.breached import BreachList
from collab.members.confirming import own_person, prove
from collab.members.links import Purpose
from collab.members.models import Person
from collab.members.password_change import known_words
from collab.storage.uow import UnitOfWork

ERASED = "已注销用户 / erased"


def ask_for_reset(uow: UnitOfWork, email: str, secret: str, language: str = "zh") -> None:
    """Send a link to an active person of this address; nothing tells whether there is one."""
    person = store.person_by_email(uow, email[:254])
    if person is not None and person.active:
        _reset_link(uow, person, secret, language)
    else:  # a link of nobody, never sent: the same work, so that time tells nothing either
        facts = {"nobody": True}
        links.issue(uow, secret, Purpose.RESET, email[:254], facts=facts, language=language)


def reset_for(uow: UnitOfWork, actor: Actor, person_key: str, secret: str) -> str:
    """The secretariat makes a link for somebody whom no e-mail reaches; its path."""
    joined.require(uow, actor, Permission.ORGANISATION_ADMIT)
    person = joined.person_by_key(uow, person_key)
    if not person.active:
        raise NotFound("person", person_key)
    uow.note(actor, "reset_link_made", "person", person.public_id)
    return _reset_link(uow, person, secret, person.language)


def _reset_link(uow: UnitOfWork, person: Person, secret: str, language: str) -> str:
    return links.issue(
        uow, secret, Purpose.RESET, person.email, person_id=person.id, language=language
    )


def reset_link(uow: UnitOfWork, token: str) -> Person:
    """The person of a live reset link; Rejected("link_dead") otherwise."""
    return _person(uow, Purpose.RESET, token)


def _person(uow: UnitOfWork, purpose: Purpose, token: str) -> Person:
    row = links.opened(uow, purpose, token)
    person = store.person_by_id(uow, row.person_id or 0)
    if person is None or not person.active or person.email != row.email:
        raise Rejected([Problem("", "link_dead")])
    return person


def reset_password(uow: UnitOfWork, token: str, new: str, breached: BreachList) -> Person:
    """Set a new password by a link; every session and token ends, the second factor stays."""
    person = reset_link(uow, token)
    wrong = list(passwords.new_password_problems(new, known_words(person), breached))
    if wrong:
        raise Rejected(wrong)
    row = links.opened(uow, Purpose.RESET, token)
    links.use(uow, row)
    person.password_hash = passwords.hash_password(new)
    if row.facts.get("mailed"):  # a link that was shown on a page proves no address
        person.verified_at = person.verified_at or clock.now()
    uow.session.add(person)
    joined.drop_sessions(uow, person.id or 0)
    joined.end_tokens(uow, person.id or 0, clock.now())
    uow.note(Actor(person_id=person.id), "password_reset", "person", person.public_id)
    uow.record(AccountChanged(person.id or 0, "password_reset", clock.now()))
    return person


def ask_to_verify(uow: UnitOfWork, actor: Actor, secret: str, language: str) -> None:
    """Send the actor a link that proves the address to be theirs."""
    person = own_person(uow, actor)
    if person.verified_at is None:
        links.issue(
            uow, secret, Purpose.VERIFY, person.email, person_id=person.id, language=language
        )


def verify(uow: UnitOfWork, token: str) -> None:
    """The address is theirs; Rejected("link_dead") for anything but a live link."""
    person = _person(uow, Purpose.VERIFY, token)
    links.use(uow, links.opened(uow, Purpose.VERIFY, token))
    person.verified_at = clock.now()
    uow.session.add(person)
    uow.note(Actor(person_id=person.id), "verified", "person", person.public_id)


def own_data(uow: UnitOfWork, actor: Actor) -> dict[str, Any]:
    """What is kept of the actor's account, roles, sessions and tokens; no secret and no hash."""
    person = own_person(uow, actor)
    key = person.id or 0
    return {
        "person": {
            "id": person.public_id, "email": person.email, "name": person.name,
            "language": person.language, "created_at": _iso(person.created_at),
            "verified_at": _iso(person.verified_at), "last_seen_at": _iso(person.last_seen_at),
            "second_factor": bool(person.second_factor),
        },
        "passkeys": [
            {"id": k.public_id, "name": k.name, "created_at": _iso(k.created_at),
             "last_used_at": _iso(k.last_used_at)}
            for k in signing.passkeys_of(uow, key)
        ],
        "sign_in_services": [
            {"issuer": i.issuer, "subject": i.subject, "last_used_at": _iso(i.last_used_at)}
            for i in signing.identities_of(uow, key)
        ],
        "roles": [
            {"role": g.role, "organisation": _organisation(uow, g.organisation_id),
             "granted_at": _iso(g.created_at), "expires_at": _iso(g.expires_at),
             "revoked_at": _iso(g.revoked_at)}
            for g in joined.grants_of(uow, key)
        ],
        "sessions": [
            {"agent": s.agent, "seen_at": _iso(s.seen_at), "expires_at": _iso(s.expires_at)}
            for s in store.sessions_of(uow, key, clock.now())
        ],
        "tokens": [
            {"id": t.public_id, "name": t.name, "scopes": t.scopes,
             "expires_at": _iso(t.expires_at), "last_used_at": _iso(t.last_used_at)}
            for t in store.tokens_of(uow, key)
        ],
        "applications": [
            {"id": a.public_id, "name": a.name_zh, "state": a.state}
            for a in joined.applications_by_email(uow, person.email)
        ],
    }  # fmt: skip


def _organisation(uow: UnitOfWork, key: int | None) -> str | None:
    found = store.organisations_by_id(uow, {key}) if key is not None else {}
    return found[key].public_id if key in found else None


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if moment is not None else None


def erase(uow: UnitOfWork, actor: Actor, password: str, *, fresh: bool = False) -> Person:
    """Remove what names the actor; the record keeps the person's number, which is a pseudonym."""
    person = own_person(uow, actor)
    prove(person, password, fresh=fresh, field="erase_password")
    _leave_someone_behind(uow, person)
    at, key, email = clock.now(), person.id or 0, person.email
    for grant in joined.grants_of(uow, key):
        grant.revoked_at = grant.revoked_at or at
        uow.session.add(grant)
    for row in joined.applications_by_email(uow, email):
        row.contact_name, row.contact_email = ERASED, ""
        uow.session.add(row)
    joined.end_access(uow, key, at)
    uow.flush()
    joined.drop_sessions(uow, key)
    joined.remove_links_to(uow, email, key)
    for forget in (signing.drop_passkeys, signing.drop_recovery_codes, signing.drop_identities):
        forget(uow, key)
    person.email, person.name = f"{person.public_id}@erased.invalid", ERASED
    person.password_hash, person.second_factor = "", ""
    person.active, person.erased_at = False, at
    uow.session.add(person)
    uow.note(Actor(person_id=key), "erased", "person", person.public_id)
    return person


def _leave_someone_behind(uow: UnitOfWork, person: Person) -> None:
    """The last of the secretariat and the last administrator of a member name a successor."""
    key = person.id or 0
    for grant in joined.grants_of(uow, key):
        last = grant.role in (Role.SECRETARIAT, Role.ORGANISATION_ADMIN)
        if grant.revoked_at is not None or not last:
            continue
        holders = joined.holders(uow, grant.role, grant.organisation_id, clock.now())
        if key in holders and holders == {key}:
            raise Rejected([Problem("erase_password", "last_administrator")])
