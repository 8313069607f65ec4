"""Named queries over needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, delete, func, or_
from sqlmodel import col, select

from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members.models import Organisation, Person
from collab.needs.access import POLICY, waiting
from collab.needs.filters import NeedFilter
from collab.needs.models import Need, NeedInvitation, NeedParty, NeedRead, NeedTechnique
from collab.needs.rules import SHOWN_STATES, Disclosure
from collab.storage import grants
from collab.storage.doors import Door, open_row
from collab.storage.uow import UnitOfWork

READS_SHOWN = 100


DOOR = Door(Need, "need", POLICY, Permission.NEED_READ)


def open_need(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.NEED_READ
) -> Need:
    """The need with this public id; NotFound when it may not be known."""
    return open_row(DOOR, uow, actor, key, permission)


def _conditions(actor: Actor, wanted: NeedFilter) -> list[ColumnElement[bool]]:
    conditions = [grants.where(POLICY[Permission.NEED_READ], actor)]
    if wanted.mine:
        conditions.append(grants.where(POLICY[Permission.NEED_EDIT], actor))
    else:
        conditions.append(col(Need.state).in_(sorted(SHOWN_STATES)))
    if wanted.text:
        like = f"%{wanted.text}%"
        conditions.append(or_(col(Need.title).ilike(like), col(Need.text).ilike(like)))
    if wanted.states:
        conditions.append(col(Need.state).in_(wanted.states))
    if wanted.chain:
        conditions.append(col(Need.chain) == wanted.chain)
    if wanted.techniques:
        asking = select(NeedTechnique.need_id).where(
            col(NeedTechnique.technique).in_(wanted.techniques)
        )
        conditions.append(col(Need.id).in_(asking))
    return conditions


def readable_needs(
    uow: UnitOfWork, actor: Actor, wanted: NeedFilter, number: int, size: int
) -> Page[Need]:
    """One page of needs, newest first."""
    conditions = _conditions(actor, wanted)
    total = uow.session.exec(select(func.count(col(Need.id))).where(*conditions)).one()
    rows = uow.session.exec(
        select(Need)
        .where(*conditions)
        .order_by(col(Need.posted_on).desc(), col(Need.id).desc())
        .offset((number - 1) * size)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def needs_by_key(uow: UnitOfWork, actor: Actor, keys: Collection[str]) -> dict[str, Need]:
    """Readable needs by public id."""
    if not keys:
        return {}
    rows = uow.session.exec(
        select(Need).where(
            col(Need.public_id).in_(keys), grants.where(POLICY[Permission.NEED_READ], actor)
        )
    ).all()
    return {row.public_id: row for row in rows}


def open_needs(uow: UnitOfWork, actor: Actor) -> Sequence[Need]:
    """Every readable need that waits for an answer, oldest first."""
    return uow.session.exec(
        select(Need)
        .where(
            waiting(),
            grants.where(POLICY[Permission.NEED_READ], actor),
        )
        .order_by(col(Need.id))
    ).all()


def waiting_among(uow: UnitOfWork, ids: Collection[int]) -> dict[int, Need]:
    """Those of `ids` that are open and their owner in standing; for the platform's listeners."""
    if not ids:
        return {}
    rows = uow.session.exec(
        select(Need).where(
            col(Need.id).in_(ids),
            waiting(),
        )
    )
    return {row.id: row for row in rows if row.id is not None}


def ids_of_organisations(uow: UnitOfWork, ids: Collection[int]) -> set[int]:
    """Keys of every need of these organisations, for the platform's own listeners."""
    if not ids:
        return set()
    rows = uow.session.exec(select(Need.id).where(col(Need.organisation_id).in_(ids)))
    return {key for key in rows if key is not None}


def techniques_of(uow: UnitOfWork, ids: Collection[int]) -> dict[int, list[str]]:
    """Techniques asked for, by need."""
    found: dict[int, list[str]] = {}
    if not ids:
        return found
    for row in uow.session.exec(
        select(NeedTechnique)
        .where(col(NeedTechnique.need_id).in_(ids))
        .order_by(col(NeedTechnique.id))
    ):
        found.setdefault(row.need_id, []).append(row.technique)
    return found


def replace_techniques(uow: UnitOfWork, need_id: int, techniques: Sequence[str]) -> None:
    """Put new techniques in place of the old ones."""
    uow.session.exec(delete(NeedTechnique).where(col(NeedTechnique.need_id) == need_id))
    for technique in dict.fromkeys(techniques):
        uow.session.add(NeedTechnique(need_id=need_id, technique=technique))


def replace_invitations(uow: UnitOfWork, need_id: int, organisation_ids: Collection[int]) -> None:
    """Put a new list of invited organisations in place of the old one."""
    uow.session.exec(delete(NeedInvitation).where(col(NeedInvitation.need_id) == need_id))
    for organisation_id in sorted(set(organisation_ids)):
        uow.session.add(NeedInvitation(need_id=need_id, organisation_id=organisation_id))


def invited_organisations(uow: UnitOfWork, need_id: int) -> Sequence[Organisation]:
    """Organisations invited to a need."""
    return uow.session.exec(
        select(Organisation)
        .join(NeedInvitation, col(NeedInvitation.organisation_id) == col(Organisation.id))
        .where(col(NeedInvitation.need_id) == need_id)
        .order_by(col(Organisation.name_zh))
    ).all()


def reads_of(
    uow: UnitOfWork, need_id: int
) -> Sequence[tuple[NeedRead, Person, Organisation | None]]:
    """Who read an invited need and for whom, latest first."""
    rows = uow.session.exec(
        select(NeedRead, Person, Organisation)
        .join(Person, col(Person.id) == col(NeedRead.person_id))
        .join(Organisation, col(Organisation.id) == col(NeedRead.organisation_id), isouter=True)
        .where(col(NeedRead.need_id) == need_id)
        .order_by(col(NeedRead.id).desc())
        .limit(READS_SHOWN)
    )
    return list(rows)


def reading_for(uow: UnitOfWork, actor: Actor, need_id: int) -> int | None:
    """The organisation of the actor's that was let in on a need; the first of several."""
    found: set[int] = set()
    for table in (NeedInvitation, NeedParty):
        found |= set(
            uow.session.exec(
                select(table.organisation_id).where(
                    table.need_id == need_id,
                    col(table.organisation_id).in_(actor.organisation_ids),
                )
            )
        )
    return min(found, default=None)


def logged_keys(uow: UnitOfWork, actor: Actor, keys: Collection[str]) -> set[str]:
    """Of these needs, the invited ones of others: their words are read on the record only."""
    if not keys:
        return set()
    rows = uow.session.exec(
        select(Need.public_id).where(
            col(Need.public_id).in_(keys),
            col(Need.disclosure) == Disclosure.INVITED,
            col(Need.organisation_id).not_in(actor.organisation_ids),
        )
    )
    return set(rows)


def add_party(uow: UnitOfWork, need_id: int, organisation_id: int) -> None:
    """An organisation becomes a party to a need; once."""
    known = uow.session.exec(
        select(NeedParty.id).where(
            col(NeedParty.need_id) == need_id, col(NeedParty.organisation_id) == organisation_id
        )
    ).first()
    if known is None:
        uow.session.add(NeedParty(need_id=need_id, organisation_id=organisation_id))


def remove_party(uow: UnitOfWork, need_id: int, organisation_id: int) -> None:
    """An organisation is no longer a party to a need."""
    uow.session.exec(
        delete(NeedParty).where(
            col(NeedParty.need_id) == need_id, col(NeedParty.organisation_id) == organisation_id
        )
    )


def parties_of(uow: UnitOfWork, ids: Collection[int]) -> dict[int, set[int]]:
    """Keys of the parties, by need."""
    found: dict[int, set[int]] = {}
    if ids:
        for row in uow.session.exec(select(NeedParty).where(col(NeedParty.need_id).in_(ids))):
            found.setdefault(row.need_id, set()).add(row.organisation_id)
    return found


def let_in(uow: UnitOfWork, need_id: int) -> set[int]:
    """Keys of the organisations that were invited to a need or are a party to it."""
    found: set[int] = set()
    for table in (NeedInvitation, NeedParty):
        found |= set(
            uow.session.exec(select(table.organisation_id).where(table.need_id == need_id))
        )
    return found


def need_by_id(uow: UnitOfWork, need_id: int) -> Need | None:
    """A need by database key, for the platform's own listeners only."""
    return uow.session.get(Need, need_id)


def readable_by_id(uow: UnitOfWork, actor: Actor, ids: Collection[int]) -> dict[int, Need]:
    """Needs by database key, as far as the actor may read them."""
    if not ids:
        return {}
    may = grants.where(POLICY[Permission.NEED_READ], actor)
    rows = uow.session.exec(select(Need).where(col(Need.id).in_(ids), may)).all()
    return {row.id: row for row in rows if row.id is not None}


def held_among(uow: UnitOfWork, ids: Collection[int]) -> set[int]:
    """Those of `ids` that a moderator holds; the caller is a party to them."""
    if not ids:
        return set()
    rows = uow.session.exec(
        select(Need.id).where(col(Need.id).in_(ids), col(Need.held_at).is_not(None))
    )
    return {key for key in rows if key is not None}


def lock_need(uow: UnitOfWork, need_id: int) -> Need | None:
    """The need, kept from all others until the end of this transaction."""
    return uow.session.get(Need, need_id, with_for_update=True, populate_existing=True)


def open_needs_asking(uow: UnitOfWork, techniques: Collection[str]) -> set[int]:
    """Keys of open needs that ask for one of the techniques."""
    if not techniques:
        return set()
    rows = uow.session.exec(
        select(NeedTechnique.need_id)
        .join(Need, col(Need.id) == col(NeedTechnique.need_id))
        .where(
            col(NeedTechnique.technique).in_(techniques),
            waiting(),
        )
        .distinct()
    )
    return set(rows)


def needs_of_author(uow: UnitOfWork, organisation_id: int | None, person_id: int) -> Sequence[Need]:
    """Needs that a person wrote, for one organisation or (None) for all."""
    query = select(Need).where(col(Need.author_id) == person_id)
    if organisation_id is not None:
        query = query.where(col(Need.organisation_id) == organisation_id)
    return uow.session.exec(query.order_by(col(Need.id))).all()
