"""Named queries over interests."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmodel import col, select

from collab.deals.access import POLICY
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.kernel.errors import NotAllowed, NotFound
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.models import Need
from collab.storage import grants
from collab.storage.uow import UnitOfWork


def open_interest(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.INTEREST_READ
) -> Interest:
    """The interest with this public id; NotFound when it may not be known."""
    row = uow.session.exec(
        select(Interest).where(
            col(Interest.public_id) == key,
            grants.where(POLICY[Permission.INTEREST_READ], actor),
        )
    ).first()
    if row is None:
        raise NotFound("interest", key)
    if permission is not Permission.INTEREST_READ:
        found = uow.session.exec(
            select(Interest.id).where(
                col(Interest.id) == row.id, grants.where(POLICY[permission], actor)
            )
        ).first()
        if found is None:
            raise NotAllowed(permission)
    return row


def lock_interest(uow: UnitOfWork, interest_id: int) -> Interest | None:
    """The interest, kept from all others until the end of this transaction."""
    return uow.session.get(Interest, interest_id, with_for_update=True, populate_existing=True)


def interests_in(uow: UnitOfWork, actor: Actor, need_id: int) -> Sequence[Interest]:
    """Interests in a need that the actor may see."""
    return uow.session.exec(
        select(Interest)
        .where(
            col(Interest.need_id) == need_id,
            grants.where(POLICY[Permission.INTEREST_READ], actor),
        )
        .order_by(col(Interest.id))
    ).all()


def unanswered(uow: UnitOfWork, actor: Actor, limit: int) -> Sequence[tuple[Interest, Need]]:
    """Interests that wait for the actor's answer, the longest waiting first, with their needs."""
    return uow.session.exec(
        select(Interest, Need)
        .join(Need, col(Need.id) == col(Interest.need_id))
        .where(
            col(Interest.state) == InterestState.EXPRESSED,
            grants.where(POLICY[Permission.INTEREST_ANSWER], actor),
        )
        .order_by(col(Interest.id))
        .limit(limit)
    ).all()


def interest_of(uow: UnitOfWork, need_id: int, organisation_id: int) -> Interest | None:
    """The interest of one organisation in one need."""
    return uow.session.exec(
        select(Interest).where(
            col(Interest.need_id) == need_id, col(Interest.organisation_id) == organisation_id
        )
    ).first()


def accepted_among(uow: UnitOfWork, actor: Actor, need_ids: Collection[int]) -> set[int]:
    """Of these needs those whose owner accepted an interest of one of the actor's organisations."""
    if not actor.organisation_ids or not need_ids:
        return set()
    return set(
        uow.session.exec(
            select(Interest.need_id).where(
                col(Interest.need_id).in_(need_ids),
                col(Interest.organisation_id).in_(actor.organisation_ids),
                col(Interest.state) == InterestState.ACCEPTED,
            )
        )
    )
