"""Named queries over interests."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmodel import col, select

from collab.deals.access import POLICY
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.models import Need
from collab.storage import grants
from collab.storage.doors import Door, open_row
from collab.storage.uow import UnitOfWork

DOOR = Door(Interest, "interest", POLICY, Permission.INTEREST_READ)


def open_interest(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.INTEREST_READ
) -> Interest:
    """The interest with this public id; NotFound when it may not be known."""
    return open_row(DOOR, uow, actor, key, permission)


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
