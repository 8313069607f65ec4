"""What is on its way from the outbox to its listeners: queries, figures and tidying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from collab.kernel import clock
from collab.storage.database import Database
from collab.storage.models import DeliveryState, OutboxDelivery, OutboxEvent, OutboxFloor
from collab.storage.uow import UnitOfWork

FAN_OUT_LOCK = 7_262_001
UNKNOWN = "unknown-event"
Parcel = tuple[OutboxDelivery, OutboxEvent]


@dataclass(frozen=True)
class Waiting:
    """What one listener still has before it: counts, and when the oldest event was recorded."""

    pending: int = 0
    dead: int = 0
    oldest: str | None = None


@dataclass(frozen=True)
class Backlog:
    """Events not yet handed to listeners (due now), and what each listener has not taken."""

    events: int
    listeners: Mapping[str, Waiting]

    @property
    def pending(self) -> int:
        """All that is still to do, without dead ones."""
        return self.events + sum(one.pending for one in self.listeners.values())

    @property
    def dead(self) -> int:
        """All that was given up."""
        return sum(one.dead for one in self.listeners.values())


def unfanned(now: datetime) -> SelectOfScalar[OutboxEvent]:
    """Events that are due and not yet addressed to listeners, oldest first."""
    return (
        select(OutboxEvent)
        .where(col(OutboxEvent.fanned_at).is_(None), col(OutboxEvent.due_at) <= now)
        .order_by(col(OutboxEvent.id))
    )


def alone(uow: UnitOfWork) -> bool:
    """On PostgreSQL: nobody else hands out events now, so that their order is kept."""
    lock = sa.select(sa.func.pg_try_advisory_xact_lock(FAN_OUT_LOCK))
    return bool(uow.session.connection().execute(lock).scalar())


def parcel(event: OutboxEvent, listener: str, state: DeliveryState) -> OutboxDelivery:
    """A delivery of the event to the listener, due when the event is."""
    if event.id is None:
        raise ValueError("the event is not stored yet")
    return OutboxDelivery(event_id=event.id, listener=listener, state=state, due_at=clock.now())


def upcoming(
    uow: UnitOfWork, listener: str, ordered: bool, now: datetime, limit: int
) -> Sequence[Parcel]:
    """The next due deliveries of a listener; an ordered one stops at the first not yet due."""
    query = (
        select(OutboxDelivery, OutboxEvent)
        .join(OutboxEvent, col(OutboxEvent.id) == col(OutboxDelivery.event_id))
        .where(
            col(OutboxDelivery.listener) == listener,
            col(OutboxDelivery.state) == DeliveryState.PENDING,
        )
        .order_by(col(OutboxDelivery.id))
        .limit(limit)
    )
    if not ordered:
        query = query.where(col(OutboxDelivery.due_at) <= now)
    due = []
    for delivery, event in uow.session.exec(query).all():
        if delivery.due_at > now:
            break
        due.append((delivery, event))
    return due


def backlog(database: Database) -> Backlog:
    """What is still to be delivered, whoever delivers it."""
    with database.reading() as uow:
        waiting = sa.select(sa.func.count()).select_from(unfanned(clock.now()).subquery())
        events = uow.session.connection().execute(waiting).scalar_one()
        pending = sa.case((col(OutboxDelivery.state) == DeliveryState.PENDING, 1), else_=0)
        rows = uow.session.connection().execute(
            sa.select(
                col(OutboxDelivery.listener),
                sa.func.sum(pending),
                sa.func.count(),
                sa.func.min(col(OutboxEvent.recorded_at)),
            )
            .join(OutboxEvent, col(OutboxEvent.id) == col(OutboxDelivery.event_id))
            .group_by(col(OutboxDelivery.listener))
            .order_by(col(OutboxDelivery.listener))
        )
        return Backlog(
            events,
            {
                name: Waiting(int(open_), int(all_ - open_), oldest.isoformat())
                for name, open_, all_, oldest in rows
            },
        )


def revive(database: Database, listener: str | None = None) -> int:
    """Give dead deliveries (of one listener) another life; how many. Unknown events as well."""
    dead = col(OutboxDelivery.state) == DeliveryState.DEAD
    chosen = sa.and_(dead, col(OutboxDelivery.listener) == listener) if listener else dead
    with database.writing() as uow:
        connection = uow.session.connection()
        unknown = sa.and_(chosen, col(OutboxDelivery.listener) == UNKNOWN)
        keys = sa.select(col(OutboxDelivery.event_id)).where(unknown).scalar_subquery()
        connection.execute(
            sa.update(OutboxEvent).where(col(OutboxEvent.id).in_(keys)).values(fanned_at=None)
        )
        gone = connection.execute(sa.delete(OutboxDelivery).where(unknown)).rowcount
        back = connection.execute(
            sa.update(OutboxDelivery)
            .where(chosen)
            .values(state=DeliveryState.PENDING, attempts=0, due_at=clock.now())
        ).rowcount
    database.wake()
    return gone + back


def purge(database: Database, keep_days: int) -> int:
    """Remove events that every listener has taken and that are older than that; how many."""
    before = clock.now() - timedelta(days=keep_days)
    old = sa.and_(
        col(OutboxEvent.recorded_at) < before,
        col(OutboxEvent.fanned_at).is_not(None),
        ~sa.exists().where(col(OutboxDelivery.event_id) == col(OutboxEvent.id)),
    )
    with database.reading() as uow:
        if uow.session.exec(select(OutboxEvent.id).where(old).limit(1)).first() is None:
            return 0
    with database.writing() as uow:
        connection = uow.session.connection()
        last = connection.scalar(sa.select(sa.func.max(col(OutboxEvent.id))).where(old))
        _raise_floor(uow, last or 0)
        return connection.execute(sa.delete(OutboxEvent).where(old)).rowcount


def _raise_floor(uow: UnitOfWork, number: int) -> None:
    """Remember up to where events are missing, for those who follow them by number."""
    row = uow.session.exec(select(OutboxFloor).with_for_update()).first() or OutboxFloor()
    row.number = max(row.number, number)
    uow.session.add(row)
    uow.flush()
