"""Use cases of identity: whose password, who acts, tokens; and of an organisation's page."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from collab.kernel import clock
from collab.kernel.errors import NotAllowed, NotFound, TooMany
from collab.kernel.happened import AccountChanged, OrganisationChanged
from collab.kernel.identity import VISITOR, Actor, Role
from collab.kernel.permissions import Permission, Scope
from collab.members import passwords, store
from collab.members.confirming import want_fresh
from collab.members.forms import OrganisationIn, TokenIn
from collab.members.models import ApiToken, Organisation, Person
from collab.members.rules import Membership
from collab.storage.uow import UnitOfWork

TRIES = 8
TRY_WINDOW = timedelta(minutes=15)
EDITOR_ROLES = frozenset({Role.FACILITY_OWNER, Role.ORGANISATION_ADMIN})
ADMIN_ROLES = frozenset({Role.ORGANISATION_ADMIN})
TOKEN_PREFIX = "oe_"  # noqa: S105 - the visible start of every token, not a secret


def digest(token: str) -> str:
    """What is stored of a session or API token."""
    return hashlib.sha256(token.encode()).hexdigest()


def count_try(uow: UnitOfWork, key: str, limit: int = TRIES, by: int = 1) -> None:
    """Count attempts under `key`; raises TooMany when the window's limit is used up."""
    at = clock.now()
    row = store.throttle_held(uow, digest(key), at)
    if at - row.window_start > TRY_WINDOW:
        row.window_start, row.count = at, 0
    if row.count >= limit:
        raise TooMany(int((row.window_start + TRY_WINDOW - at).total_seconds()) + 1)
    row.count += by
    uow.session.add(row)


def forgive(uow: UnitOfWork, email_key: str, address_key: str) -> None:
    """A sign-in succeeded: the person's failed tries are forgotten, the address's by one."""
    known = store.throttle(uow, digest(email_key))
    if known is not None:
        known.count = 0
        uow.session.add(known)
    there = store.throttle(uow, digest(address_key))
    if there is not None:
        there.count = max(0, there.count - 1)
        uow.session.add(there)


def with_password(uow: UnitOfWork, email: str, password: str) -> Person | None:
    """The active person whose password this is, otherwise None; says not which was wrong."""
    person = store.person_by_email(uow, email)
    stored = person.password_hash if person is not None and person.active else ""
    if not passwords.password_fits(stored, password) or person is None:
        return None
    if passwords.needs_rehash(stored):
        person.password_hash = passwords.hash_password(password)
        uow.session.add(person)
    return person


def actor_of(uow: UnitOfWork, person: Person, scopes: frozenset[str] | None = None) -> Actor:
    """The person with every standing role; roles in a suspended organisation do not count."""
    if person.id is None:
        return VISITOR
    within: dict[int, set[Role]] = {}
    paths: list[str] = []
    secretariat = False
    for grant, membership, path in store.standing_roles(uow, person.id, clock.now()):
        if grant.organisation_id is not None:
            if membership == Membership.ADMITTED:
                within.setdefault(grant.organisation_id, set()).add(grant.role)
        elif grant.role is Role.REGIONAL_COORDINATOR and path:
            paths.append(path)
        elif grant.role is Role.SECRETARIAT:
            secretariat = True
    return Actor(
        person_id=person.id,
        name=person.name,
        organisation_ids=frozenset(within),
        editor_organisation_ids=frozenset(k for k, r in within.items() if r & EDITOR_ROLES),
        admin_organisation_ids=frozenset(k for k, r in within.items() if r & ADMIN_ROLES),
        region_ids=store.region_ids_under(uow, paths),
        secretariat=secretariat,
        scopes=scopes,
    )


def actor_of_token(uow: UnitOfWork, token: str) -> Actor | None:
    """Who an API token stands for, limited to its scopes; None when it is not valid."""
    row = store.token_by_hash(uow, digest(token))
    if row is None or row.revoked_at is not None or row.expires_at <= clock.now():
        return None
    person = store.person_by_id(uow, row.person_id)
    if person is None or not person.active:
        return None
    return actor_of(uow, person, frozenset(row.scopes))


def issue_token(
    uow: UnitOfWork, actor: Actor, form: TokenIn, *, fresh: bool
) -> tuple[ApiToken, str]:
    """A new API token of the actor and its secret, which is shown this once; the actor is told."""
    if actor.person_id is None or actor.scopes is not None:
        raise NotAllowed("token:issue")
    want_fresh(fresh=fresh)
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        person_id=actor.person_id,
        name=form.name,
        token_hash=digest(secret),
        scopes=sorted({Scope.READ.value, *(s.value for s in form.scopes)}),
        expires_at=clock.now() + timedelta(days=form.days),
    )
    uow.session.add(row)
    uow.note(actor, "token_issued", "token", row.public_id, after={"scopes": row.scopes})
    uow.record(AccountChanged(actor.person_id, "token_issued", clock.now()))
    return row, secret


def revoke_token(uow: UnitOfWork, actor: Actor, key: str) -> None:
    """End one of the actor's tokens."""
    own = store.tokens_of(uow, actor.person_id) if actor.person_id is not None else []
    row = next((t for t in own if t.public_id == key), None)
    if row is None:
        raise NotFound("token", key)
    row.revoked_at = clock.now()
    uow.session.add(row)
    uow.note(actor, "token_revoked", "token", key)


def change_organisation(
    uow: UnitOfWork, actor: Actor, key: str, form: OrganisationIn, version: int
) -> Organisation:
    """Edit an organisation's page; Conflict when somebody changed it since `version`."""
    row = store.open_organisation(uow, actor, key, Permission.ORGANISATION_EDIT)
    uow.expect(row, version)
    before = {name: getattr(row, name) for name in form.model_dump()}
    for name, value in form.model_dump().items():
        setattr(row, name, value)
    row.confirmed_at = clock.now()
    uow.session.add(row)
    uow.session.flush()
    uow.note(actor, "changed", "organisation", row.public_id, before, form.model_dump())
    uow.record(OrganisationChanged(_key(row)))
    return row


def _key(row: Organisation) -> int:
    if row.id is None:
        raise NotFound("organisation", row.public_id)
    return row.id
