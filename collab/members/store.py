"""Named queries over regions, organisations and people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from collab.kernel import clock
from collab.kernel.errors import NotFound
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members.access import POLICY
from collab.members.filters import OrganisationFilter
from collab.members.models import (
    ApiToken,
    CoBuildAgreement,
    Organisation,
    Person,
    Region,
    Relation,
    RoleGrant,
    SignInSession,
    Throttle,
)
from collab.members.rules import Membership, OrganisationKind, RelationKind
from collab.storage import grants
from collab.storage.doors import Door, open_row
from collab.storage.uow import UnitOfWork

DOOR = Door(
    Organisation, "organisation", POLICY, Permission.ORGANISATION_READ, ("public_id", "slug")
)


def open_organisation(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.ORGANISATION_READ
) -> Organisation:
    """The organisation with this public id or slug; NotFound when it may not be known."""
    return open_row(DOOR, uow, actor, key, permission)


def _conditions(actor: Actor, wanted: OrganisationFilter) -> list[ColumnElement[bool]]:
    conditions = [grants.where(POLICY[Permission.ORGANISATION_READ], actor)]
    if wanted.text:
        like = f"%{wanted.text}%"
        conditions.append(
            or_(col(Organisation.name_zh).ilike(like), col(Organisation.name_en).ilike(like))
        )
    if wanted.kinds:
        kinds = [OrganisationKind(k) for k in wanted.kinds if k in set(OrganisationKind)]
        conditions.append(col(Organisation.kind).in_(kinds))
    if wanted.members_only:
        conditions.append(col(Organisation.membership) == "admitted")
    if wanted.region_path:
        conditions.append(
            col(Organisation.region_id).in_(
                select(Region.id).where(col(Region.path).startswith(wanted.region_path))
            )
        )
    return conditions


def readable_organisations(
    uow: UnitOfWork, actor: Actor, wanted: OrganisationFilter, number: int, size: int
) -> Page[Organisation]:
    """One page of organisations by name."""
    conditions = _conditions(actor, wanted)
    total = uow.session.exec(select(func.count(col(Organisation.id))).where(*conditions)).one()
    rows = uow.session.exec(
        select(Organisation)
        .where(*conditions)
        .order_by(col(Organisation.demo), col(Organisation.name_zh), col(Organisation.id))
        .offset((number - 1) * size)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def organisation_facets(
    uow: UnitOfWork, actor: Actor, wanted: OrganisationFilter
) -> dict[str, dict[str, int]]:
    """How many organisations each kind and each region has under the same filter."""
    conditions = _conditions(actor, wanted)
    kinds = uow.session.exec(
        select(Organisation.kind, func.count(col(Organisation.id)))
        .where(*conditions)
        .group_by(col(Organisation.kind))
    ).all()
    regions = uow.session.exec(
        select(Region.code, func.count(col(Organisation.id)))
        .join(Region, col(Region.id) == col(Organisation.region_id))
        .where(*conditions)
        .group_by(col(Region.code))
    ).all()
    return {"kind": {str(k): n for k, n in kinds}, "region": dict(regions)}


def organisations_by_id(uow: UnitOfWork, ids: Collection[int]) -> dict[int, Organisation]:
    """Organisations by database key, without a permission check: for rows already readable."""
    if not ids:
        return {}
    rows = uow.session.exec(select(Organisation).where(col(Organisation.id).in_(ids))).all()
    return {row.id: row for row in rows if row.id is not None}


def all_regions(uow: UnitOfWork) -> dict[int, Region]:
    """Every region by database key; a few hundred rows, read once in a unit of work."""
    found: dict[int, Region] | None = uow.session.info.get("regions")
    if found is None:
        found = {r.id: r for r in uow.session.exec(select(Region)).all() if r.id is not None}
        if not uow.writable:
            uow.session.info["regions"] = found
    return found


def region_by_code(uow: UnitOfWork, code: str) -> Region:
    """The region with this code; NotFound otherwise."""
    row = uow.session.exec(select(Region).where(col(Region.code) == code)).first()
    if row is None:
        raise NotFound("region", code)
    return row


def relation(uow: UnitOfWork, from_id: int, to_id: int, kind: RelationKind) -> Relation | None:
    """The tie of one kind that leads from one organisation to another."""
    return uow.session.exec(
        select(Relation).where(
            col(Relation.from_id) == from_id,
            col(Relation.to_id) == to_id,
            col(Relation.kind) == kind,
        )
    ).first()


def relations_of(uow: UnitOfWork, organisation_id: int) -> Sequence[Relation]:
    """Ties from and to an organisation."""
    return uow.session.exec(
        select(Relation)
        .where(
            or_(col(Relation.from_id) == organisation_id, col(Relation.to_id) == organisation_id)
        )
        .order_by(col(Relation.kind), col(Relation.id))
    ).all()


def agreements_of(uow: UnitOfWork, organisation_id: int) -> Sequence[CoBuildAgreement]:
    """Co-build agreements of an organisation, newest first."""
    return uow.session.exec(
        select(CoBuildAgreement)
        .where(col(CoBuildAgreement.organisation_id) == organisation_id)
        .order_by(col(CoBuildAgreement.signed_on).desc())
    ).all()


def people_of(uow: UnitOfWork, organisation_id: int) -> Sequence[tuple[Person, RoleGrant]]:
    """People with a standing role in an organisation."""
    return uow.session.exec(
        select(Person, RoleGrant)
        .join(RoleGrant, col(RoleGrant.person_id) == col(Person.id))
        .where(
            col(RoleGrant.organisation_id) == organisation_id, col(RoleGrant.revoked_at).is_(None)
        )
        .order_by(col(Person.name), col(Person.id))
    ).all()


def person_by_email(uow: UnitOfWork, email: str) -> Person | None:
    """The person with this e-mail address, compared in lower case."""
    return uow.session.exec(
        select(Person).where(col(Person.email) == email.strip().lower())
    ).first()


def person_by_id(uow: UnitOfWork, person_id: int) -> Person | None:
    """The person with this key."""
    return uow.session.get(Person, person_id)


def standing_roles(
    uow: UnitOfWork, person_id: int, at: datetime
) -> Sequence[tuple[RoleGrant, str | None, str | None]]:
    """Standing roles with the organisation's membership and the region's path."""
    return uow.session.exec(
        select(RoleGrant, Organisation.membership, Region.path)
        .join(Organisation, col(Organisation.id) == col(RoleGrant.organisation_id), isouter=True)
        .join(Region, col(Region.id) == col(RoleGrant.region_id), isouter=True)
        .where(
            col(RoleGrant.person_id) == person_id,
            col(RoleGrant.revoked_at).is_(None),
            or_(col(RoleGrant.expires_at).is_(None), col(RoleGrant.expires_at) > at),
        )
    ).all()


def region_ids_under(uow: UnitOfWork, paths: Collection[str]) -> frozenset[int]:
    """Keys of the regions at and below the given paths."""
    if not paths:
        return frozenset()
    below = or_(*(col(Region.path).startswith(p) for p in paths))
    ids = uow.session.exec(select(Region.id).where(below)).all()
    return frozenset(i for i in ids if i is not None)


def session_by_hash(uow: UnitOfWork, token_hash: str) -> SignInSession | None:
    """The sign-in session of a cookie's hash."""
    return uow.session.exec(
        select(SignInSession).where(col(SignInSession.token_hash) == token_hash)
    ).first()


def sessions_of(uow: UnitOfWork, person_id: int, at: datetime) -> Sequence[SignInSession]:
    """Live sessions of a person, latest first."""
    return uow.session.exec(
        select(SignInSession)
        .where(
            col(SignInSession.person_id) == person_id,
            col(SignInSession.revoked_at).is_(None),
            col(SignInSession.expires_at) > at,
        )
        .order_by(col(SignInSession.seen_at).desc())
    ).all()


def token_by_hash(uow: UnitOfWork, token_hash: str) -> ApiToken | None:
    """The API token with this hash."""
    return uow.session.exec(select(ApiToken).where(col(ApiToken.token_hash) == token_hash)).first()


def tokens_of(uow: UnitOfWork, person_id: int) -> Sequence[ApiToken]:
    """Tokens of a person that are not revoked."""
    return uow.session.exec(
        select(ApiToken)
        .where(col(ApiToken.person_id) == person_id, col(ApiToken.revoked_at).is_(None))
        .order_by(col(ApiToken.id))
    ).all()


def region_names(regions: Mapping[int, Region]) -> dict[str, Region]:
    """Regions by code."""
    return {r.code: r for r in regions.values()}


def throttle(uow: UnitOfWork, key: str) -> Throttle | None:
    """The counter of a key."""
    return uow.session.exec(select(Throttle).where(col(Throttle.key) == key)).first()


def throttle_held(uow: UnitOfWork, key: str, at: datetime) -> Throttle:
    """The counter of a key, made if there is none; others who count wait for this transaction."""
    connection = uow.session.connection()
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    made = {"key": key, "window_start": at, "count": 0, "created_at": at, "updated_at": at}
    connection.execute(
        insert(Throttle).values(**made).on_conflict_do_nothing(index_elements=["key"])
    )
    query = select(Throttle).where(col(Throttle.key) == key).with_for_update()
    return uow.session.exec(query.execution_options(populate_existing=True)).one()


def readable_by_id(uow: UnitOfWork, actor: Actor, ids: Collection[int]) -> dict[int, Organisation]:
    """Readable organisations by database key."""
    if not ids:
        return {}
    rows = uow.session.exec(
        select(Organisation).where(
            col(Organisation.id).in_(ids),
            grants.where(POLICY[Permission.ORGANISATION_READ], actor),
        )
    ).all()
    return {row.id: row for row in rows if row.id is not None}


def members_by_region(uow: UnitOfWork) -> dict[int, int]:
    """How many admitted organisations stand in each region itself, without those below it."""
    rows = uow.session.exec(
        select(Organisation.region_id, func.count(col(Organisation.id)))
        .where(col(Organisation.membership) == "admitted")
        .group_by(col(Organisation.region_id))
    ).all()
    return dict(rows)


def readable_keys(uow: UnitOfWork, actor: Actor, keys: Collection[str]) -> set[str]:
    """Public ids of organisations that the actor may see."""
    if not keys:
        return set()
    rows = uow.session.exec(
        select(Organisation.public_id).where(
            col(Organisation.public_id).in_(keys),
            grants.where(POLICY[Permission.ORGANISATION_READ], actor),
        )
    )
    return set(rows)


def person_ids_of(uow: UnitOfWork, organisation_id: int) -> list[int]:
    """Keys of the active people with a standing role in an organisation, once each."""
    rows = uow.session.exec(
        select(Person.id)
        .join(RoleGrant, col(RoleGrant.person_id) == col(Person.id))
        .where(
            col(RoleGrant.organisation_id) == organisation_id,
            *_standing(),
        )
        .distinct()
    )
    return sorted(key for key in rows if key is not None)


def staffed(uow: UnitOfWork, keys: Collection[str]) -> dict[str, int]:
    """Admitted organisations among these public ids in which somebody has a standing role."""
    if not keys:
        return {}
    rows = uow.session.exec(
        select(Organisation.public_id, Organisation.id)
        .join(RoleGrant, col(RoleGrant.organisation_id) == col(Organisation.id))
        .join(Person, col(Person.id) == col(RoleGrant.person_id))
        .where(
            col(Organisation.public_id).in_(keys),
            col(Organisation.membership) == Membership.ADMITTED,
            *_standing(),
        )
        .distinct()
    )
    return {key: row_id for key, row_id in rows if row_id is not None}


def _standing() -> tuple[ColumnElement[bool], ...]:
    """A role that holds now, of a person who may sign in."""
    return (
        col(RoleGrant.revoked_at).is_(None),
        or_(col(RoleGrant.expires_at).is_(None), col(RoleGrant.expires_at) > clock.now()),
        col(Person.active).is_(True),
    )


def slugs(uow: UnitOfWork, keys: Collection[str]) -> dict[str, str]:
    """The shipped dataset's slugs by public id."""
    if not keys:
        return {}
    rows = uow.session.exec(
        select(Organisation.public_id, Organisation.slug).where(
            col(Organisation.public_id).in_(keys)
        )
    )
    return {key: slug for key, slug in rows if slug}


def born(uow: UnitOfWork) -> str:
    """When the first region was written: the same for one database, different for another."""
    first = uow.session.exec(select(func.min(col(Region.created_at)))).one()
    return "" if first is None else str(first)


def person_by_public_id(uow: UnitOfWork, key: str) -> Person | None:
    """The person with this public id."""
    return uow.session.exec(select(Person).where(col(Person.public_id) == key)).first()


def person_names(uow: UnitOfWork, ids: Collection[int]) -> dict[int, str]:
    """Names of people by database key."""
    if not ids:
        return {}
    rows = uow.session.exec(select(Person.id, Person.name).where(col(Person.id).in_(ids))).all()
    return {key: name for key, name in rows if key is not None}
