"""A process that brings the dataset and the demo in, to be killed in the middle."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

from collab import tables
from collab.importing import seeding
from collab.importing.demo_seeding import seed_demo
from collab.storage.database import Database

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 24)


def start(url: str, folder: Path, pause_after: str) -> subprocess.Popen[str]:
    """This module as a process; it says `ready` at the point named and then waits for its end."""
    command = [sys.executable, "-m", "tests.service.seeding", url, str(folder), pause_after]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def main(url: str, folder: Path, pause_after: str) -> None:
    """Seed in one transaction with a stop in it."""
    assert tables.metadata is not None
    database = Database(url)
    with database.writing() as uow:
        seeding.seed(uow)
        _pause("dataset", pause_after)
        seed_demo(uow, TODAY, folder)
        uow.flush()
        _pause("demo", pause_after)
    _pause("commit", pause_after)


def _pause(here: str, pause_after: str) -> None:
    if here == pause_after:
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
