"""How often one token or address may ask: counted in memory, added to the shared counter in steps.

A row written at every read would cost more than the read. Each process adds what it has counted
every so many requests, so the limit holds for all of them together, give or take a step for each.
"""

from __future__ import annotations

import math
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from collab.kernel import clock
from collab.kernel.errors import Conflict, TooMany
from collab.members import service
from collab.storage.database import Database

STEPS = 50  # the limit is reached in so many additions at least
MOST_KEYS = 20_000  # kept in memory; beyond that the counts of all start anew


@dataclass(slots=True)
class _Counted:
    since: datetime
    waiting: int = 0
    until: datetime | None = None


@dataclass(slots=True)
class Pace:
    """One for a process."""

    database: Database
    _keys: dict[str, _Counted] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, key: str, most: int) -> None:
        """Count one request under `key`. Raises TooMany when the window's limit is used up."""
        due = self._add(key, max(1, most // STEPS))
        if not due:
            return
        try:
            with suppress(Conflict), self.database.writing() as uow:
                service.count_try(uow, key, most, by=due)
        except TooMany as refusal:
            with self._lock:
                # another thread may have cleared the table in the meantime
                one = self._keys.setdefault(key, _Counted(clock.now()))
                one.until = clock.now() + refusal.wait
            raise

    def _add(self, key: str, step: int) -> int:
        """How many requests are to be added to the shared counter now. Raises TooMany."""
        at = clock.now()
        with self._lock:
            if len(self._keys) > MOST_KEYS:
                self._keys.clear()
            one = self._keys.setdefault(key, _Counted(at))
            if one.until is not None and at < one.until:
                raise TooMany(math.ceil((one.until - at).total_seconds()))
            if one.until is not None or at - one.since > service.TRY_WINDOW:
                one.since, one.waiting, one.until = at, 0, None
            one.waiting += 1
            if one.waiting < step:
                return 0
            due, one.waiting = one.waiting, 0
            return due
