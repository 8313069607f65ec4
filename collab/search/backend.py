"""What every engine of the search index must be able to do, and which engines there are."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from collab.search.entries import Entry
from collab.search.plan import Plan, Raw, Want

ENGINES = ("whoosh", "tantivy")


class Backend(Protocol):
    """What an engine must be able to do with entries that are already cut into terms."""

    def write(self, adds: Iterable[Entry], deletes: Iterable[str] = ()) -> int: ...
    def refresh(self) -> None: ...
    def execute(self, plan: Plan, labels: frozenset[str], want: Want) -> Raw: ...
    def counts(self, name: str, terms: Iterable[str], labels: frozenset[str]) -> dict[str, int]: ...
    def prefixed(
        self, name: str, prefix: str, labels: frozenset[str], limit: int
    ) -> dict[str, int]: ...
    def versions(self) -> dict[str, str]: ...
    def size(self) -> int: ...
    def close(self) -> None: ...


def make_backend(engine: str, folder: Path, *, create: bool = False) -> Backend:
    """The engine's index in `folder`; raises ValueError for an unknown engine."""
    if engine == "whoosh":
        from collab.search.whoosh_engine import WhooshBackend

        return WhooshBackend.create(folder) if create else WhooshBackend(folder)
    if engine == "tantivy":
        from collab.search.tantivy_engine import TantivyBackend

        return TantivyBackend.create(folder) if create else TantivyBackend(folder)
    raise ValueError(f"unknown search engine {engine}")
