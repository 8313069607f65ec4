"""The long loops over storage: kill, restart and write at once, again and again."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from collab import tables
from collab.storage import audit, backup, deliveries, migrate
from collab.storage.database import Database
from tests import postgres
from tests.service import killing

ROUNDS = 25


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """Another course every time; the seed stands in the report of a failure."""
    seed = random.SystemRandom().randrange(10**9)
    request.node.add_report_section("setup", "seed", str(seed))
    return random.Random(seed)


@pytest.fixture
def durable_server() -> Iterator[postgres.Server]:
    """A PostgreSQL that really writes to disk, so that it can be killed too."""
    settings = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    with postgres.server(**settings) as running:
        yield running


def _url(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def test_killed_writers_again_and_again(
    database: Database, tmp_path: Path, chance: random.Random
) -> None:
    promised: list[Path] = []
    for round_ in range(ROUNDS):
        promised.append(killing.kill_writers(_url(database), tmp_path, round_, chance, 3))
        killing.check(database, promised)


def test_killed_migrations_at_every_moment(empty_url: str, chance: random.Random) -> None:
    database = Database(empty_url)
    for _ in range(ROUNDS):
        killing.kill_migration(empty_url, chance.uniform(0.2, 1.5))
        migrate.upgrade(empty_url)
        assert migrate.problems(database) == []
        assert migrate.drift(database, tables.metadata) == []
        migrate.downgrade(empty_url, "base")
    database.close()


def test_a_killed_database_server_keeps_what_it_promised(
    durable_server: postgres.Server, tmp_path: Path, chance: random.Random
) -> None:
    database = Database(durable_server.create("killed"))
    migrate.create_all(database, tables.metadata)
    promised = []
    for round_ in range(ROUNDS // 3):
        file = tmp_path / f"promised-{round_}"
        file.touch()
        writer = killing.start("write", _url(database), round_ * 10**6, file)
        while len(file.read_bytes().splitlines()) < 50:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.2))
        durable_server.kill()
        writer.wait(30)
        promised.append(file)
        durable_server.start()
        database.engine.dispose()
        killing.check(database, promised)
    database.close()


def test_workers_that_die_all_the_time_lose_nothing_and_keep_the_order(
    database: Database, tmp_path: Path, chance: random.Random
) -> None:
    taken = tmp_path / "taken"
    taken.touch()
    url = _url(database)
    worker = [sys.executable, "-m", "tests.service.delivering", url, str(taken), "0.002", "5"]
    promised = []
    for round_ in range(ROUNDS):
        workers = [subprocess.Popen(worker, cwd=killing.ROOT) for _ in range(2)]
        promised.append(killing.kill_writers(url, tmp_path, round_, chance, 2))
        time.sleep(chance.uniform(0, 0.5))
        for process in workers:
            process.kill()
        for process in workers:
            process.wait()
    last = subprocess.Popen(worker, cwd=killing.ROOT)
    until = time.monotonic() + 300
    while deliveries.backlog(database).pending:
        assert time.monotonic() < until
        time.sleep(0.2)
    last.kill()
    last.wait()
    killing.check(database, promised)
    assert deliveries.backlog(database).dead == 0
    _check_order([int(line.split()[0]) for line in taken.read_text().splitlines()], promised)


def _check_order(taken: list[int], promised: list[Path]) -> None:
    """Every promised number was taken, and each writer's numbers first came in their order."""
    firsts = defaultdict(list)
    for number in dict.fromkeys(taken):
        firsts[number // 10**6].append(number)
    assert all(numbers == sorted(numbers) for numbers in firsts.values())
    assert {int(n) for file in promised for n in file.read_text().split()} <= set(taken)


def test_backups_during_hard_writing_are_all_good(
    empty_url: str, tmp_path: Path, chance: random.Random
) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    files = [tmp_path / f"promised-{n}" for n in range(2)]
    writers = []
    for number, file in enumerate(files):
        file.touch()
        writers.append(killing.start("write", empty_url, number * 10**6, file))
    try:
        for round_ in range(ROUNDS):
            before = {n for file in files for n in file.read_text().split("\n")[:-1]}
            target = tmp_path / f"{round_}.zip"
            made = backup.back_up(database, target, tables.metadata)
            assert made.rows["activity"] >= len(before)
            assert backup.verify(target) == made
            time.sleep(chance.uniform(0, 0.2))
    finally:
        for process in writers:
            process.kill()
        for process in writers:
            process.wait()
    killing.check(database, files)
    backup.restore(database, tmp_path / f"{ROUNDS - 1}.zip", tables.metadata, replace=True)
    with database.reading() as uow:
        assert list(audit.verify(uow.session)) == []
    database.close()
