"""Brings every recorded event to every listener at least once, in order, and tries again."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlmodel import col, select

from collab.kernel import clock, origin
from collab.kernel.events import Event, from_json
from collab.storage import deliveries, leases
from collab.storage.database import Database
from collab.storage.deliveries import Parcel
from collab.storage.models import DeliveryState, OutboxDelivery, OutboxEvent
from collab.storage.uow import UnitOfWork

FAN_OUT = 500
IDLE_SECONDS = 0.5
KEEP_DAYS = 30
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Listener:
    """Something derived that follows events.

    `run(database, events)` gets 1 to `batch` events, oldest first, opens its own units of work and
    must be idempotent: after a crash it gets the same events again. A failure is tried again after
    `first_delay` seconds, doubled each time up to `longest_delay`, `attempts` times in all; then
    the event is laid aside as dead. While an `ordered` listener waits, later events wait too.
    Listeners that name the same `lease` never run at the same time, in any process.
    """

    name: str
    run: Callable[[Database, Sequence[Event]], None]
    batch: int = 100
    ordered: bool = True
    attempts: int = 10
    first_delay: float = 1.0
    longest_delay: float = 900.0
    lease: str = ""
    lease_seconds: float = leases.SECONDS

    @property
    def lease_name(self) -> str:
        """The lease held while it runs."""
        return self.lease or f"listener:{self.name}"

    def delay(self, attempts: int) -> timedelta:
        """How long to wait after this many failures."""
        return timedelta(seconds=min(self.first_delay * 2.0 ** (attempts - 1), self.longest_delay))


class Worker:
    """Delivers events of `database` to `listeners`; any number may run, in any process.

    `listeners` maps a class of events to those that follow it, in the order in which they run; a
    base class stands for all below it. `daily` makes an event for each new day (UTC), once.
    """

    def __init__(
        self,
        database: Database,
        listeners: Mapping[type[Event], Sequence[Listener]],
        name: str = "worker",
        *,
        daily: Sequence[Callable[[date], Event]] = (),
    ) -> None:
        self.database = database
        self.name = name
        self._by_event = listeners
        self._listeners = {one.name: one for group in listeners.values() for one in group}
        self._daily = daily
        self._day: date | None = None
        self._tidied = 0.0

    def run_once(self) -> int:
        """Hand out and deliver what is due; how many deliveries were taken or laid aside."""
        self._begin_day()
        due = self._due()
        if due.events:
            self._fan_out()
            due = self._due()
        return sum(self._serve(self._listeners[name]) for name in due.listeners)

    def settle(self) -> int:
        """Run until nothing more is due; how many deliveries were taken."""
        total = 0
        while taken := self.run_once():
            total += taken
        return total

    def run_forever(self, stop: threading.Event, idle: float = IDLE_SECONDS) -> None:
        """Deliver until `stop` is set; a failure of the database is logged and waited out."""
        while not stop.is_set():
            try:
                busy = self.run_once()
                self._tidy_hourly()
            except Exception:
                log.exception("worker %s: the round failed, another follows", self.name)
                stop.wait(idle * 4)
                continue
            if not busy and not stop.is_set():
                with self.database.committed:
                    self.database.committed.wait(idle)

    def backlog(self) -> deliveries.Backlog:
        """What is still to be delivered."""
        return deliveries.backlog(self.database)

    def _begin_day(self) -> None:
        today = clock.today()
        if self._day == today:
            return
        if self._daily:
            with self.database.writing() as uow:
                for make in self._daily:
                    event = make(today)
                    uow.record(event, once=f"{event.name}:{today.isoformat()}")
        self._day = today

    def _due(self) -> _Due:
        """A plain read: an idle worker must not take the write lock."""
        now = clock.now()
        with self.database.reading() as uow:
            waiting = uow.session.exec(deliveries.unfanned(now).limit(1)).first() is not None
            names = []
            if uow.session.exec(select(OutboxDelivery.id).limit(1)).first() is not None:
                names = [
                    name
                    for name, one in self._listeners.items()
                    if deliveries.upcoming(uow, one.name, one.ordered, now, 1)
                ]
        return _Due(waiting, names)

    def _fan_out(self) -> None:
        with self.database.writing() as uow:
            if not self.database.is_sqlite and not deliveries.alone(uow):
                return
            query = (
                deliveries.unfanned(clock.now()).with_for_update(skip_locked=True).limit(FAN_OUT)
            )
            for event in uow.session.exec(query).all():
                self._address(uow, event)
                event.fanned_at = clock.now()

    def _address(self, uow: UnitOfWork, event: OutboxEvent) -> None:
        kind = Event.REGISTRY.get(event.name)
        if kind is None:
            log.error("event %s %s is unknown here; laid aside", event.id, event.name)
            uow.session.add(deliveries.parcel(event, deliveries.UNKNOWN, DeliveryState.DEAD))
            return
        names = [one.name for base in kind.__mro__ for one in self._by_event.get(base, ())]
        for name in dict.fromkeys(names):
            uow.session.add(deliveries.parcel(event, name, DeliveryState.PENDING))

    def _serve(self, listener: Listener) -> int:
        """Deliver all that is due to one listener, alone; how many it took."""
        taken = 0
        with leases.held(self.database, listener.lease_name, listener.lease_seconds) as lease:
            careful = self._blame(listener, lease) if lease and lease.inherited else 0
            while lease is not None and not lease.lost.is_set():
                limit = 1 if careful > taken else listener.batch
                with self.database.reading() as uow:
                    batch = deliveries.upcoming(
                        uow, listener.name, listener.ordered, clock.now(), limit
                    )
                if not batch:
                    break
                done = self._deliver(listener, lease, batch)
                taken += done
                if done < len(batch):
                    break
        return taken

    def _blame(self, listener: Listener, lease: leases.Held) -> int:
        """The worker before died at work: perhaps of an event, so count that as an attempt.

        Returns how many deliveries to bring one by one, so that the next death has one suspect.
        """
        with self.database.writing() as uow:
            batch = deliveries.upcoming(uow, listener.name, listener.ordered, clock.now(), 1)
            for delivery, _ in batch:
                failure = RuntimeError("the worker died at work")
                self._count_failure(listener, delivery, failure)
                delivery.due_at = clock.now()
        log.warning("worker %s takes over %s from one that died", self.name, lease.name)
        return listener.batch

    def _deliver(self, listener: Listener, lease: leases.Held, batch: Sequence[Parcel]) -> int:
        """Together if it works, else one by one so that only the bad one waits."""
        failure = self._attempt(listener, batch)
        if failure is None:
            return len(batch) if self._take_off(lease, batch) else 0
        if len(batch) == 1:
            return int(self._put_off(listener, lease, batch[0][0], failure))
        done = 0
        for parcel in batch:
            done += (taken := self._deliver(listener, lease, [parcel]))
            if lease.lost.is_set() or (listener.ordered and not taken):
                break
        return done

    def _attempt(self, listener: Listener, batch: Sequence[Parcel]) -> Exception | None:
        try:
            with origin.coming("worker"):
                listener.run(self.database, [from_json(e.name, e.payload) for _, e in batch])
        except Exception as failure:  # noqa: BLE001 - whatever it is, the event is tried again
            return failure
        return None

    def _take_off(self, lease: leases.Held, batch: Sequence[Parcel]) -> bool:
        with self.database.writing() as uow:
            if not lease.confirm(uow):
                return False
            keys = [delivery.id for delivery, _ in batch]
            uow.session.connection().execute(
                sa.delete(OutboxDelivery).where(col(OutboxDelivery.id).in_(keys))
            )
        return True

    def _put_off(
        self, listener: Listener, lease: leases.Held, delivery: OutboxDelivery, failure: Exception
    ) -> bool:
        """Due again later; True when this was the last attempt and it is laid aside."""
        with self.database.writing() as uow:
            row = uow.session.get(OutboxDelivery, delivery.id)
            if row is None or not lease.confirm(uow):
                return False
            dead = self._count_failure(listener, row, failure)
        log.warning(
            "listener %s failed on event %s (attempt %s): %s",
            listener.name,
            delivery.event_id,
            row.attempts,
            row.error,
        )
        return dead

    def _count_failure(self, listener: Listener, row: OutboxDelivery, failure: Exception) -> bool:
        row.attempts += 1
        row.error = _words(failure)
        row.due_at = clock.now() + listener.delay(row.attempts)
        if row.attempts >= listener.attempts:
            row.state = DeliveryState.DEAD
        return row.state == DeliveryState.DEAD

    def _tidy_hourly(self) -> None:
        if time.monotonic() - self._tidied > 3600 or not self._tidied:
            deliveries.purge(self.database, KEEP_DAYS)
            self.database.tidy()
            self._tidied = time.monotonic()


@dataclass(frozen=True)
class _Due:
    events: bool
    listeners: Sequence[str]


def _words(failure: Exception) -> str:
    return f"{type(failure).__name__}: {failure}"[:2000].encode("utf-8", "replace").decode()
