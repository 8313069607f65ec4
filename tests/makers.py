"""Makes rows for tests: each method fills in what the test does not care about."""

from __future__ import annotations

from collab.storage.database import Database


class Maker:
    """`make.need(state=...)` stores a row and returns it, detached and loaded."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._count = 0

    def number(self) -> int:
        """A number not used before in this test, for names that must differ."""
        self._count += 1
        return self._count
