"""Every event reaches every listener at least once, in order, whatever fails or dies."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from collab.kernel import clock
from collab.kernel.events import Event
from collab.storage import deliveries, leases
from collab.storage.database import Database
from collab.storage.models import Lease, OutboxDelivery, OutboxEvent
from collab.storage.outbox import Listener, Worker
from tests.conftest import Freezer
from tests.service.scratch import ThingColoured, ThingMade

ROOT = Path(__file__).resolve().parents[2]


class Taker:
    """A listener that remembers what it was given and fails when it is told to."""

    def __init__(self, *, fails: Callable[[Event], bool] = lambda _: False) -> None:
        self.batches: list[list[int]] = []
        self.fails = fails

    def __call__(self, database: Database, events: Sequence[Event]) -> None:
        if any(self.fails(event) for event in events):
            raise RuntimeError("坏 \ud800")
        self.batches.append([event.thing_id for event in events if isinstance(event, ThingMade)])

    @property
    def taken(self) -> list[int]:
        return [number for batch in self.batches for number in batch]


def _record(database: Database, *numbers: int) -> None:
    for number in numbers:
        with database.writing() as uow:
            uow.record(ThingMade(number))


def test_every_listener_gets_every_event_in_order(database: Database) -> None:
    one, two, other = Taker(), Taker(), Taker()
    listeners = [Listener("one", one), Listener("two", two, batch=2)]
    worker = Worker(database, {ThingMade: listeners, ThingColoured: [Listener("other", other)]})
    _record(database, *range(5))
    assert worker.backlog().pending == 5
    assert worker.settle() == 10
    assert one.batches == [[0, 1, 2, 3, 4]]
    assert two.batches == [[0, 1], [2, 3], [4]]
    assert other.taken == []
    assert worker.settle() == 0
    assert worker.backlog().pending == 0


def test_a_base_class_stands_for_all_below_it_once(database: Database) -> None:
    taker = Taker()
    listener = Listener("all", taker)
    worker = Worker(database, {Event: [listener], ThingMade: [listener]})
    with database.writing() as uow:
        uow.record(ThingColoured(7, tags=("a",)))
    worker.settle()
    assert taker.taken == [7]


def test_one_bad_event_waits_and_the_others_do_not_lose_their_order(
    database: Database, freeze: Freezer
) -> None:
    freeze()
    bad = {2}
    strict, loose = (Taker(fails=lambda e: e.thing_id in bad) for _ in range(2))
    listeners = [Listener("strict", strict), Listener("loose", loose, ordered=False)]
    worker = Worker(database, {ThingMade: listeners})
    _record(database, *range(5))
    worker.settle()
    assert strict.taken == [0, 1]
    assert loose.taken == [0, 1, 3, 4]
    backlog = worker.backlog()
    assert (backlog.listeners["strict"].pending, backlog.listeners["loose"].pending) == (3, 1)
    bad.clear()
    worker.settle()
    assert strict.taken == [0, 1]
    freeze.forward(seconds=2)
    worker.settle()
    assert strict.taken == [0, 1, 2, 3, 4]
    assert loose.taken == [0, 1, 3, 4, 2]


def test_waits_grow_and_end_in_a_dead_letter_that_can_be_revived(
    database: Database, freeze: Freezer
) -> None:
    freeze()
    bad = {0}
    taker = Taker(fails=lambda e: e.thing_id in bad)
    listener = Listener("mail", taker, attempts=4, first_delay=1, longest_delay=3)
    worker = Worker(database, {ThingMade: [listener]})
    _record(database, 0, 1)
    waits = []
    for _ in range(3):
        worker.settle()
        with database.reading() as uow:
            first = uow.session.exec(select(OutboxDelivery).order_by(OutboxDelivery.id)).first()
            assert first is not None
            waits.append((first.due_at - clock.now()).total_seconds())
            assert first.error.startswith("RuntimeError: 坏")
        freeze.forward(seconds=waits[-1])
    assert waits == [1, 2, 3]
    worker.settle()
    assert (worker.backlog().dead, taker.taken) == (1, [1])
    bad.clear()
    assert deliveries.revive(database, "other") == 0
    assert deliveries.revive(database) == 1
    worker.settle()
    assert (worker.backlog().dead, taker.taken) == (0, [1, 0])


def test_an_event_of_newer_code_is_laid_aside_and_can_be_revived(database: Database) -> None:
    with database.writing() as uow:
        uow.session.add(OutboxEvent(name="FromTheFuture", payload={}))
    worker = Worker(database, {Event: [Listener("all", Taker())]})
    worker.settle()
    assert worker.backlog().listeners[deliveries.UNKNOWN].dead == 1
    assert deliveries.revive(database) == 1
    assert worker.backlog().events == 1


def test_an_event_is_not_delivered_before_it_is_due(database: Database, freeze: Freezer) -> None:
    now = freeze()
    taker = Taker()
    worker = Worker(database, {ThingMade: [Listener("one", taker)]})
    with database.writing() as uow:
        uow.record(ThingMade(1), due=now + timedelta(hours=1))
        uow.record(ThingMade(2))
    worker.settle()
    assert taker.taken == [2]
    freeze.forward(hours=1)
    worker.settle()
    assert taker.taken == [2, 1]


def test_a_daily_event_comes_once_a_day_from_any_number_of_workers(
    database: Database, freeze: Freezer
) -> None:
    def day_began(day: date) -> Event:
        return ThingMade(day.day)

    taker = Taker()
    listeners = {ThingMade: [Listener("daily", taker)]}
    workers = [Worker(database, listeners, str(n), daily=[day_began]) for n in range(2)]
    freeze("2026-11-22T23:00")
    for _ in range(2):
        for worker in workers:
            worker.settle()
    assert taker.taken == [22]
    freeze.forward(hours=2)
    for worker in workers:
        worker.settle()
    assert taker.taken == [22, 23]


def test_an_idle_worker_only_reads(
    database: Database, count_queries: Callable[..., contextmanager[object]]
) -> None:
    worker = Worker(database, {ThingMade: [Listener("one", Taker())]})
    worker.settle()
    with count_queries(database) as counted:
        assert worker.run_once() == 0
    assert counted.number <= 2
    assert all(statement.startswith("SELECT") for statement in counted.statements)


def test_old_events_go_when_all_have_taken_them(database: Database, freeze: Freezer) -> None:
    freeze("2026-01-01")
    bad = {1}
    taker = Taker(fails=lambda e: e.thing_id in bad)
    worker = Worker(database, {ThingMade: [Listener("one", taker, ordered=False)]})
    _record(database, 0, 1)
    worker.settle()
    assert deliveries.purge(database, keep_days=30) == 0
    freeze("2026-03-01")
    assert deliveries.purge(database, keep_days=30) == 1
    bad.clear()
    worker.settle()
    assert deliveries.purge(database, keep_days=30) == 1
    assert taker.taken == [0, 1]


# ── leases ───────────────────────────────────────────────────────────────────


def test_a_lease_has_one_holder_and_ends_by_itself(database: Database, freeze: Freezer) -> None:
    freeze()
    first = leases.take(database, "index", 20)
    assert first is not None
    assert leases.take(database, "index", 20) is None
    assert leases.take(database, "other", 20) is not None
    freeze.forward(seconds=15)
    assert leases.renew(database, first, 20)
    freeze.forward(seconds=15)
    assert leases.take(database, "index", 20) is None
    freeze.forward(seconds=6)
    second = leases.take(database, "index", 20)
    assert second is not None
    assert not leases.renew(database, first, 20)
    assert first.lost.is_set()
    leases.give_back(database, first)
    assert leases.take(database, "index", 20) is None
    leases.give_back(database, second)
    assert leases.take(database, "index", 20) is not None


def test_of_many_who_want_a_lease_one_has_it(database: Database) -> None:
    barrier, inside, most = threading.Barrier(4), [0], [0]

    def work() -> None:
        barrier.wait()
        for _ in range(5):
            with leases.held(database, "index") as lease:
                if lease is not None:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_the_lease_of_a_dead_process_is_free_at_once(database: Database) -> None:
    script = "from collab.storage import leases; print(leases._process(__import__('os').getpid()))"
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    until = clock.now() + timedelta(hours=1)
    dead, elsewhere = f"{ran.stdout.strip()}/abcd", "otherhost:pid:[1]/1/1/abcd"
    with database.writing() as uow:
        uow.session.add(Lease(name="index", holder=dead, expires_at=until))
        uow.session.add(Lease(name="other", holder=elsewhere, expires_at=until))
    assert leases.take(database, "index") is not None
    assert leases.take(database, "other") is None


def test_a_worker_that_lost_its_lease_does_not_tick_off(
    database: Database, freeze: Freezer
) -> None:
    freeze()

    def slow(database: Database, events: Sequence[Event]) -> None:
        freeze.forward(seconds=60)
        other = leases.take(database, "listener:slow")
        assert other is not None

    worker = Worker(database, {ThingMade: [Listener("slow", slow)]})
    _record(database, 1)
    assert worker.run_once() == 0
    assert worker.backlog().listeners["slow"].pending == 1


def test_an_event_that_kills_its_worker_is_laid_aside(
    database: Database, freeze: Freezer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    taken: list[int] = []

    def deadly(_: Database, events: Sequence[Event]) -> None:
        numbers = [event.thing_id for event in events if isinstance(event, ThingMade)]
        if 3 in numbers:
            raise Killed
        taken.extend(numbers)

    freeze()
    monkeypatch.setattr(leases, "give_back", lambda *_: None)
    listener = Listener("deadly", deadly, batch=5, attempts=3)
    _record(database, *range(8))
    deaths = 0
    for _ in range(10):
        worker = Worker(database, {ThingMade: [listener]})
        try:
            worker.settle()
        except Killed:
            deaths += 1
        freeze.forward(minutes=1)
    assert taken == [0, 1, 2, 4, 5, 6, 7]
    assert deaths == 4
    assert worker.backlog().listeners["deadly"].dead == 1


# ── several workers, and dead ones ───────────────────────────────────────────


@contextmanager
def _running(worker: Worker) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=worker.run_forever, args=(stop, 0.02))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        worker.database.wake()
        thread.join(20)


def _wait(condition: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.02)


def test_two_workers_share_the_work_without_doing_it_twice(database: Database) -> None:
    takers = {name: Taker() for name in "abc"}
    listeners = {ThingMade: [Listener(name, taker, batch=3) for name, taker in takers.items()]}
    workers = [Worker(database, listeners, str(n)) for n in range(2)]
    with _running(workers[0]), _running(workers[1]):
        _record(database, *range(12))
        _wait(lambda: workers[0].backlog().pending == 0)
    for taker in takers.values():
        assert taker.taken == list(range(12))


def test_a_worker_goes_on_after_the_database_failed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    taker = Taker()
    worker = Worker(database, {ThingMade: [Listener("one", taker)]})
    really, failures = worker._due, [OSError("gone"), OSError("gone")]

    def due() -> object:
        if failures:
            raise failures.pop()
        return really()

    monkeypatch.setattr(worker, "_due", due)
    with _running(worker):
        _record(database, 1)
        _wait(lambda: taker.taken == [1])


def test_nothing_is_lost_when_a_worker_is_killed(database: Database, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    url = database.url.render_as_string(hide_password=False)
    script = [sys.executable, "-m", "tests.service.delivering", url, str(taken)]
    _record(database, *range(12))
    killed = subprocess.Popen([*script, "0.2", "600"], cwd=ROOT)
    _wait(lambda: len(taken.read_text().splitlines()) >= 7)  # in the middle of the second batch
    killed.kill()
    killed.wait()
    assert deliveries.backlog(database).pending == 7
    after = subprocess.Popen([*script, "0", "600"], cwd=ROOT)
    _wait(lambda: deliveries.backlog(database).pending == 0)
    after.kill()
    after.wait()
    rows = [line.split() for line in taken.read_text().splitlines()]
    assert {int(number) for number, _ in rows} == set(range(12))
    again = [int(number) for number, pid in rows if pid == str(after.pid)]
    assert again == list(range(5, 12))
