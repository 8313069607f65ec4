"""Processes that are killed in the middle of their work, and what must hold afterwards."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from sqlmodel import select

from collab.kernel import clock
from collab.kernel.identity import Actor
from collab.storage import audit, migrate
from collab.storage.database import Database
from collab.storage.models import Activity, Lease, OutboxEvent
from tests.service.scratch import ThingMade

ROOT = Path(__file__).resolve().parents[2]


def write(url: str, writer: int, acknowledged: Path) -> None:
    """Write without end; a number stands in the file only after its commit."""
    database = Database(url)
    number = writer
    with acknowledged.open("a") as file:
        while True:
            with database.writing() as uow:
                uow.session.add(Lease(name=f"row {number}", holder="", expires_at=clock.now()))
                uow.record(ThingMade(number))
                uow.note(Actor(person_id=writer), "wrote", "number", str(number))
            file.write(f"{number}\n")
            file.flush()
            number += 1


def start(*arguments: object) -> subprocess.Popen[bytes]:
    """This module as a process."""
    command = [sys.executable, "-m", "tests.service.killing", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT)


def kill_writers(url: str, folder: Path, round_: int, chance: random.Random, count: int) -> Path:
    """Let `count` processes write, kill them at a random moment; the file of what was promised."""
    promised = folder / f"promised-{round_}"
    promised.touch()
    running = [start("write", url, (round_ * 10 + n) * 10**6, promised) for n in range(count)]
    until = time.monotonic() + 60
    while len(promised.read_bytes().splitlines()) < 20 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 0.2))
    for process in running:
        process.kill()
    for process in running:
        process.wait()
    return promised


def kill_migration(url: str, seconds: float) -> None:
    """Begin to migrate and be killed after so many seconds."""
    process = start("upgrade", url)
    time.sleep(seconds)
    process.kill()
    process.wait()


def check(database: Database, promised: list[Path]) -> int:
    """Everything promised is there, nothing is half there; how many were promised."""
    wanted = {line for file in promised for line in file.read_text().split()}
    with database.reading() as uow:
        acts = [int(key) for key in uow.session.exec(select(Activity.key))]
        events = [one["thing_id"] for one in uow.session.exec(select(OutboxEvent.payload))]
        rows = [
            int(name[4:])
            for name in uow.session.exec(select(Lease.name))
            if name.startswith("row ")
        ]
        assert list(audit.verify(uow.session)) == []
        if database.is_sqlite:
            connection = uow.session.connection()
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    assert sorted(acts) == sorted(events) == sorted(rows)
    assert len(set(acts)) == len(acts)
    assert {int(one) for one in wanted} <= set(acts)
    return len(wanted)


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    elif sys.argv[1] == "upgrade":
        migrate.upgrade(sys.argv[2])
    os._exit(0)
