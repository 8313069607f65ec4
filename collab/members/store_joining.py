"""Named queries over applications, one-time links and role grants."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, literal, or_
from sqlmodel import col, select

from collab.kernel.errors import NotAllowed, NotFound
from collab.kernel.identity import Actor, Role
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members.access import POLICY
from collab.members.models import (
    ApiToken,
    Application,
    OneTimeToken,
    Organisation,
    Person,
    Region,
    RoleGrant,
    SignInSession,
)
from collab.members.rules import Membership
from collab.storage import grants
from collab.storage.uow import UnitOfWork

OPEN = "submitted"


def link_by_hash(uow: UnitOfWork, token_hash: str) -> OneTimeToken | None:
    """The one-time link with this hash; held while writing, so that two cannot use it at once."""
    query = select(OneTimeToken).where(col(OneTimeToken.token_hash) == token_hash)
    return uow.session.exec(query.with_for_update() if uow.writable else query).first()


def link_by_id(uow: UnitOfWork, token_id: int) -> OneTimeToken | None:
    """The one-time link with this key."""
    return uow.session.get(OneTimeToken, token_id)


def open_links(uow: UnitOfWork, purpose: str, email: str, at: datetime) -> Sequence[OneTimeToken]:
    """Links of a purpose for an address that still open."""
    return uow.session.exec(
        select(OneTimeToken).where(
            col(OneTimeToken.purpose) == purpose,
            col(OneTimeToken.email) == email,
            col(OneTimeToken.used_at).is_(None),
            col(OneTimeToken.expires_at) > at,
        )
    ).all()


def waiting_invitations(uow: UnitOfWork, at: datetime) -> Sequence[OneTimeToken]:
    """Invitations nobody has accepted yet, latest first."""
    return uow.session.exec(
        select(OneTimeToken)
        .where(
            col(OneTimeToken.purpose) == "invite",
            col(OneTimeToken.used_at).is_(None),
            col(OneTimeToken.expires_at) > at,
        )
        .order_by(col(OneTimeToken.id).desc())
        .limit(500)
    ).all()


def remove_links_to(uow: UnitOfWork, email: str, person_id: int) -> None:
    """Forget every link sent to an address or made for a person."""
    theirs = or_(col(OneTimeToken.email) == email, col(OneTimeToken.person_id) == person_id)
    uow.session.connection().execute(delete(OneTimeToken).where(theirs))


def application_by_key(uow: UnitOfWork, actor: Actor, key: str) -> Application:
    """An application for its deciders; NotFound when there is none to be known."""
    row = uow.session.exec(
        select(Application).where(
            col(Application.public_id) == key,
            grants.where(POLICY[Permission.APPLICATION_DECIDE], actor),
        )
    ).first()
    if row is None:
        raise NotFound("application", key)
    return row


def application_by_id(uow: UnitOfWork, application_id: int) -> Application | None:
    """The application with this key."""
    return uow.session.get(Application, application_id)


def applications(
    uow: UnitOfWork, actor: Actor, state: str, number: int, size: int
) -> Page[Application]:
    """Applications in a state (all when empty), oldest open ones first."""
    conditions = [grants.where(POLICY[Permission.APPLICATION_DECIDE], actor)]
    if state:
        conditions.append(col(Application.state) == state)
    total = uow.session.exec(select(func.count(col(Application.id))).where(*conditions)).one()
    rows = uow.session.exec(
        select(Application)
        .where(*conditions)
        .order_by(col(Application.state) != OPEN, col(Application.id))
        .offset((number - 1) * size)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def open_applications(uow: UnitOfWork) -> Sequence[Application]:
    """Every application that waits for a decision."""
    return uow.session.exec(select(Application).where(col(Application.state) == OPEN)).all()


def applications_by_email(uow: UnitOfWork, email: str) -> Sequence[Application]:
    """Applications in which this address is the contact."""
    return uow.session.exec(
        select(Application).where(col(Application.contact_email) == email)
    ).all()


def organisation_by_code(uow: UnitOfWork, code: str) -> Organisation | None:
    """The organisation with this identifier, whatever its membership."""
    return uow.session.exec(
        select(Organisation).where(col(Organisation.credit_code) == code)
    ).first()


def organisation_names(uow: UnitOfWork) -> Sequence[tuple[int, str, str]]:
    """Key and names of every organisation, for finding the same name in another spelling."""
    rows = uow.session.exec(
        select(Organisation.id, Organisation.name_zh, Organisation.name_en)
    ).all()
    return [(key, zh, en) for key, zh, en in rows if key is not None]


def members(uow: UnitOfWork, actor: Actor, number: int, size: int) -> Page[Organisation]:
    """Admitted and suspended organisations, for those who admit."""
    conditions = [
        grants.where(POLICY[Permission.ORGANISATION_ADMIT], actor),
        col(Organisation.membership).in_([Membership.ADMITTED, Membership.SUSPENDED]),
    ]
    total = uow.session.exec(select(func.count(col(Organisation.id))).where(*conditions)).one()
    rows = uow.session.exec(
        select(Organisation)
        .where(*conditions)
        .order_by(col(Organisation.name_zh), col(Organisation.id))
        .offset((number - 1) * size)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def guarded(uow: UnitOfWork, actor: Actor, key: str, permission: Permission) -> Organisation:
    """An organisation in any state for those whom `permission` names; NotFound otherwise."""
    row = uow.session.exec(
        select(Organisation).where(
            or_(col(Organisation.public_id) == key, col(Organisation.slug) == key),
            grants.where(POLICY[permission], actor),
        )
    ).first()
    if row is None:
        raise NotFound("organisation", key)
    return row


def administered(uow: UnitOfWork, actor: Actor) -> Sequence[Organisation]:
    """Member organisations whose people the actor looks after, by name."""
    return uow.session.exec(
        select(Organisation)
        .where(
            grants.where(POLICY[Permission.PEOPLE_ADMINISTER], actor),
            col(Organisation.membership).in_([Membership.ADMITTED, Membership.SUSPENDED]),
        )
        .order_by(col(Organisation.name_zh), col(Organisation.id))
        .limit(2000)
    ).all()


def standing_grants(
    uow: UnitOfWork, organisation_id: int | None, at: datetime
) -> Sequence[tuple[Person, RoleGrant, Region | None]]:
    """People with a standing role in an organisation, or (None) in the alliance or a region."""
    scope = (
        col(RoleGrant.organisation_id).is_(None)
        if organisation_id is None
        else col(RoleGrant.organisation_id) == organisation_id
    )
    rows = uow.session.exec(
        select(Person, RoleGrant, Region)
        .join(RoleGrant, col(RoleGrant.person_id) == col(Person.id))
        .join(Region, col(Region.id) == col(RoleGrant.region_id), isouter=True)
        .where(scope, *_standing(at))
        .order_by(col(Person.name), col(Person.id), col(RoleGrant.id))
    ).all()
    return [(person, grant, region) for person, grant, region in rows]


def _standing(at: datetime) -> list[ColumnElement[bool]]:
    return [
        col(RoleGrant.revoked_at).is_(None),
        or_(col(RoleGrant.expires_at).is_(None), col(RoleGrant.expires_at) > at),
        col(Person.active).is_(True),
    ]


def holders(uow: UnitOfWork, role: Role, organisation_id: int | None, at: datetime) -> set[int]:
    """Keys of the active people who hold a role in this scope."""
    return {
        person.id
        for person, grant, _ in standing_grants(uow, organisation_id, at)
        if grant.role is role and person.id is not None
    }


def grant_by_id(uow: UnitOfWork, grant_id: int) -> RoleGrant | None:
    """The grant with this key."""
    return uow.session.get(RoleGrant, grant_id)


def grants_of(uow: UnitOfWork, person_id: int) -> Sequence[RoleGrant]:
    """Every grant of a person, ended ones included."""
    return uow.session.exec(
        select(RoleGrant).where(col(RoleGrant.person_id) == person_id).order_by(col(RoleGrant.id))
    ).all()


def person_by_key(uow: UnitOfWork, key: str) -> Person:
    """The person with this public id; NotFound otherwise."""
    row = uow.session.exec(select(Person).where(col(Person.public_id) == key)).first()
    if row is None:
        raise NotFound("person", key)
    return row


def require(uow: UnitOfWork, actor: Actor, permission: Permission) -> None:
    """Refuse an actor to whom a permission over the whole alliance is not given by its policy."""
    given = select(literal(1)).where(grants.where(POLICY[permission], actor))
    if uow.session.exec(given).first() is None:
        raise NotAllowed(permission)


def require_people_of(uow: UnitOfWork, actor: Actor, organisation_id: int) -> None:
    """Refuse an actor who does not look after the people of an organisation."""
    given = select(Organisation.id).where(
        col(Organisation.id) == organisation_id,
        grants.where(POLICY[Permission.PEOPLE_ADMINISTER], actor),
    )
    if uow.session.exec(given).first() is None:
        raise NotAllowed(Permission.PEOPLE_ADMINISTER)


def drop_sessions(uow: UnitOfWork, person_id: int) -> None:
    """Remove every session of a person, browser names included."""
    uow.session.connection().execute(
        delete(SignInSession).where(col(SignInSession.person_id) == person_id)
    )


def end_access(uow: UnitOfWork, person_id: int, at: datetime) -> None:
    """End every session and token of a person."""
    for session in uow.session.exec(
        select(SignInSession).where(
            col(SignInSession.person_id) == person_id, col(SignInSession.revoked_at).is_(None)
        )
    ).all():
        session.revoked_at = at
        uow.session.add(session)
    end_tokens(uow, person_id, at)


def end_tokens(uow: UnitOfWork, person_id: int, at: datetime) -> None:
    """End every token of a person: a thief may have made one."""
    for token in uow.session.exec(
        select(ApiToken).where(
            col(ApiToken.person_id) == person_id, col(ApiToken.revoked_at).is_(None)
        )
    ).all():
        token.revoked_at = at
        uow.session.add(token)
