"""How the needs stand that a viewer may read: evaluated once for each need, shared by viewers.

A need's standing depends on that need and on the public capabilities alone, so it may be kept for
everybody; which standings a viewer gets is decided anew by the needs he may read at that moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from collab.kernel.events import DatabaseRestored, Event
from collab.kernel.happened import CapabilityChanged, CatalogueReplaced, OrganisationChanged
from collab.kernel.identity import Actor
from collab.matching import feed
from collab.matching.prepare import StepAsk, prepare
from collab.matching.records import NeedProfile, Place
from collab.matching.snapshot import Snapshot
from collab.members import store as members
from collab.needs.models import Need
from collab.network import store
from collab.network.store import OpenNeed
from collab.routing.scenario import Board, Standing
from collab.storage.follower import Follower
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

ANEW = (CatalogueReplaced, DatabaseRestored, OrganisationChanged)
PATIENCE = 1.5  # seconds a page spends on needs never looked at; the next visit goes on from there


@dataclass(frozen=True, slots=True)
class Known:
    """A need as it was evaluated; `version` tells whether it changed since."""

    version: int
    profile: NeedProfile
    asks: tuple[StepAsk, ...]
    standing: Standing


@dataclass(frozen=True)
class Seen:
    """The board over the needs of one viewer: `needs[i]` is the need of `board.needs[i]`.

    `waiting` counts needs that were not yet evaluated. `edition` changes with the capabilities.
    """

    board: Board
    needs: Sequence[OpenNeed]
    waiting: int
    edition: int

    @property
    def key(self) -> tuple[object, ...]:
        """What this view depends on, for caches: exactly these needs, these capabilities."""
        return (self.edition, tuple((n.id, n.version, n.anonymous) for n in self.needs))


class Demand:
    """Standings of needs in this process. Safe between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._follower = Follower()
        self._known: dict[tuple[int, bool], Known] = {}
        self._snapshot: Snapshot | None = None
        self._edition = 0
        self._lock = threading.Lock()

    def seen(
        self,
        uow: UnitOfWork,
        actor: Actor,
        snapshot: Snapshot,
        needs: Sequence[OpenNeed],
        patience: float = PATIENCE,
    ) -> Seen:
        """The board over `needs`, which the actor may read; `snapshot` holds all capabilities."""
        with self._lock:
            current = self._follow(uow, snapshot)
            self._evaluate(uow, actor, current, needs, patience)
            ready = [n for n in needs if self._of(n) is not None]
            known = [self._known[n.id, n.anonymous] for n in ready]
            edition = self._edition
        board = Board(
            self.vocabulary,
            current,
            [k.profile for k in known],
            [k.asks for k in known],
            [k.standing for k in known],
        )
        return Seen(board, ready, len(needs) - len(ready), edition)

    def _of(self, need: OpenNeed) -> Known | None:
        known = self._known.get((need.id, need.anonymous))
        return known if known is not None and known.version == need.version else None

    def _follow(self, uow: UnitOfWork, fresh: Snapshot) -> Snapshot:
        events = self._follower.changes(uow)
        old = self._snapshot
        if old is None or events is None or old.worn or any(isinstance(e, ANEW) for e in events):
            self._known.clear()
            self._edition += 1
            self._snapshot = fresh
            return fresh
        self._snapshot = self._changed(uow, old, events)
        return self._snapshot

    def _changed(self, uow: UnitOfWork, old: Snapshot, events: Sequence[Event]) -> Snapshot:
        ids = {e.capability_id for e in events if isinstance(e, CapabilityChanged)}
        if not ids:
            return old
        present = feed.offers(uow, ids)
        gone = feed.keys_of(uow, ids) - {o.key for o in present}
        keys = list(self._known)
        known = [self._known[k] for k in keys]
        board = Board(
            self.vocabulary, old, [k.profile for k in known], [k.asks for k in known],
            [k.standing for k in known],
        ).applied(present, gone)  # fmt: skip
        for key, entry, standing in zip(keys, known, board.standings, strict=True):
            self._known[key] = replace(entry, standing=standing)
        self._edition += 1
        return board.snapshot

    def _evaluate(
        self,
        uow: UnitOfWork,
        actor: Actor,
        snapshot: Snapshot,
        needs: Sequence[OpenNeed],
        patience: float,
    ) -> None:
        missing = [n for n in needs if self._of(n) is None]
        until = time.monotonic() + patience
        for begin in range(0, len(missing), 50):
            part = missing[begin : begin + 50]
            rows = store.whole_needs(uow, actor, [n.id for n in part])
            for need in part:
                if need.id in rows:
                    known = self._known_of(uow, snapshot, need, rows[need.id])
                    self._known[need.id, need.anonymous] = known
                if time.monotonic() > until:
                    return

    def _known_of(self, uow: UnitOfWork, snapshot: Snapshot, need: OpenNeed, row: Need) -> Known:
        profile = feed.profile_of(row, members.all_regions(uow), self.vocabulary)
        if need.anonymous:
            # neither distances nor the absence of its own capabilities may tell who posted it
            profile = replace(profile, organisation_id=None, place=Place())
        asks = prepare(self.vocabulary, profile)
        board = Board(self.vocabulary, snapshot, [profile], [asks])
        return Known(need.version, profile, asks, board.standings[0])
