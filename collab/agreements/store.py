"""Named queries over agreements."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmodel import and_, col, delete, func, or_, select

from collab.agreements.access import POLICY
from collab.agreements.models import Agreement, Milestone
from collab.agreements.rules import RUNNING, AgreementState
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.storage import grants
from collab.storage.doors import Door, open_row
from collab.storage.uow import UnitOfWork

# two parties signing at once: the second one waits and sees the first one's signature
DOOR = Door(Agreement, "agreement", POLICY, Permission.AGREEMENT_READ, waits=True)


def open_agreement(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.AGREEMENT_READ
) -> Agreement:
    """The agreement with this public id; NotFound for everybody but its parties."""
    return open_row(DOOR, uow, actor, key, permission)


def readable_agreements(uow: UnitOfWork, actor: Actor, number: int, size: int) -> Page[Agreement]:
    """One page of the actor's agreements, the latest first."""
    mine = grants.where(POLICY[Permission.AGREEMENT_READ], actor)
    total = uow.session.exec(select(func.count(col(Agreement.id))).where(mine)).one()
    page: Page[Agreement] = Page((), total, number, size)
    rows = uow.session.exec(
        select(Agreement)
        .where(mine)
        .order_by(col(Agreement.id).desc())
        .offset(page.offset)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def unsigned(uow: UnitOfWork, actor: Actor, limit: int) -> Sequence[Agreement]:
    """Proposals that wait for a signature the actor may give, the longest waiting first."""
    ids = actor.admin_organisation_ids
    as_owner = and_(col(Agreement.owner_id).in_(ids), col(Agreement.owner_signed_at).is_(None))
    as_provider = and_(
        col(Agreement.provider_id).in_(ids), col(Agreement.provider_signed_at).is_(None)
    )
    return uow.session.exec(
        select(Agreement)
        .where(
            grants.where(POLICY[Permission.AGREEMENT_SIGN], actor),
            col(Agreement.state) == AgreementState.PROPOSED,
            or_(as_owner, as_provider),
        )
        .order_by(col(Agreement.id))
        .limit(limit)
    ).all()


def of_interests(
    uow: UnitOfWork, actor: Actor, interest_ids: Collection[int]
) -> dict[int, Agreement]:
    """The latest agreement of each interest, as far as the actor is a party."""
    rows = uow.session.exec(
        select(Agreement)
        .where(
            col(Agreement.interest_id).in_(interest_ids),
            grants.where(POLICY[Permission.AGREEMENT_READ], actor),
        )
        .order_by(col(Agreement.id))
    ).all()
    return {row.interest_id: row for row in rows}


def others_of_need(uow: UnitOfWork, row: Agreement) -> Sequence[Agreement]:
    """The other agreements about the same need."""
    return uow.session.exec(
        select(Agreement).where(col(Agreement.need_id) == row.need_id, col(Agreement.id) != row.id)
    ).all()


def shown_between(uow: UnitOfWork, row: Agreement) -> Sequence[Agreement]:
    """Other running agreements of the same parties that both of them show."""
    return uow.session.exec(
        select(Agreement).where(
            col(Agreement.owner_id) == row.owner_id,
            col(Agreement.provider_id) == row.provider_id,
            col(Agreement.id) != row.id,
            col(Agreement.state).in_(sorted(RUNNING)),
            col(Agreement.owner_shows),
            col(Agreement.provider_shows),
        )
    ).all()


def live_of_interest(uow: UnitOfWork, interest_id: int) -> Agreement | None:
    """The agreement of an interest that is not over."""
    return uow.session.exec(
        select(Agreement).where(
            col(Agreement.interest_id) == interest_id, col(Agreement.live).is_(True)
        )
    ).first()


def agreement_by_id(uow: UnitOfWork, agreement_id: int) -> Agreement | None:
    """An agreement by its key, for listeners."""
    return uow.session.get(Agreement, agreement_id)


def milestones_of(uow: UnitOfWork, agreement_id: int) -> Sequence[Milestone]:
    """The milestones in their order."""
    return uow.session.exec(
        select(Milestone)
        .where(col(Milestone.agreement_id) == agreement_id)
        .order_by(col(Milestone.number))
    ).all()


def remove_milestones(uow: UnitOfWork, agreement_id: int) -> None:
    """All milestones of a proposal go; the changed words bring new ones."""
    uow.session.connection().execute(
        delete(Milestone).where(col(Milestone.agreement_id) == agreement_id)
    )
