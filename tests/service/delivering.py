"""Run as a process by the outbox tests: delivers events and writes each to a file."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from collab.kernel.events import Event
from collab.storage.database import Database
from collab.storage.outbox import Listener, Worker
from tests.service.scratch import ThingMade


def main(url: str, taken: Path, pause: float, lease: float) -> None:
    """Append the number of each event to `taken`, resting in the middle of every batch."""

    def take(_: Database, events: Sequence[Event]) -> None:
        for event in events:
            assert isinstance(event, ThingMade)
            with taken.open("a") as file:
                file.write(f"{event.thing_id} {os.getpid()}\n")
                file.flush()
            time.sleep(pause)

    listener = Listener("file", take, batch=5, lease_seconds=lease)
    worker = Worker(Database(url), {ThingMade: [listener]})
    worker.run_forever(threading.Event(), idle=0.05)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
