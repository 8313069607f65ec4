"""How the needs stand that a viewer may read: stored by the worker, shared by all processes.

Which standings a viewer gets is decided anew by the needs he may read at that moment.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from collab.kernel import clock
from collab.kernel.identity import Actor
from collab.matching import feed
from collab.matching.snapshot import Snapshot
from collab.network import outlook, standings, store
from collab.network.outlook import Outlook
from collab.network.store import OpenNeed
from collab.routing.scenario import Board, Standing
from collab.storage.follower import Follower
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

PATIENCE = 0.3  # seconds a page spends on needs that the worker has not reached yet


@dataclass(frozen=True)
class Seen:
    """The needs of one viewer with their outlooks, side by side.

    `waiting` counts needs that were not yet evaluated; `as_of` is the moment whose changes are all
    in. `edition` changes with what is stored.
    """

    needs: Sequence[OpenNeed]
    outlooks: Sequence[Outlook]
    waiting: int
    as_of: datetime
    current: bool
    edition: int

    @property
    def key(self) -> tuple[object, ...]:
        """What this view depends on, for caches: exactly these needs, these standings."""
        return (self.edition, tuple((n.id, n.version, n.anonymous) for n in self.needs))


class Demand:
    """Stored standings as this process knows them. Safe between threads."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._version = outlook.rule_version(vocabulary)
        self._follower = Follower()
        self._known: dict[int, tuple[int, Outlook]] = {}
        self._old: dict[int, datetime] = {}
        self._last = 0
        self._lock = threading.Lock()

    def seen(
        self,
        uow: UnitOfWork,
        actor: Actor,
        snapshot: Snapshot,
        needs: Sequence[OpenNeed],
        patience: float = PATIENCE,
    ) -> Seen:
        """The outlooks of `needs`, which the actor may read; `snapshot` holds all capabilities.

        A need that was published a moment ago is evaluated here, so that it counts at once.
        """
        with self._lock:
            self._read(uow)
            edition, known = self._last, self._known
            found = {n.id: k[1] for n in needs if (k := known.get(n.id)) and k[0] == n.version}
            old = [self._old[key] for key in found if key in self._old]
        missing = [n for n in needs if n.id not in found]
        found |= self._fresh(uow, actor, snapshot, missing, patience)
        ready = [n for n in needs if n.id in found]
        settled = [store.unsettled_since(uow, standings.LISTENER), *old]
        since = min((moment for moment in settled if moment is not None), default=None)
        return Seen(
            ready,
            [found[n.id] for n in ready],
            len(needs) - len(ready),
            since or clock.now(),
            since is None,
            edition,
        )

    def _read(self, uow: UnitOfWork) -> None:
        """Take over what was stored since the last look. A row made under rules or words of before
        counts until the worker has made it anew; the page says that it is of before."""
        if self._follower.changes(uow) is None:
            self._known, self._old, self._last = {}, {}, 0
        for row in store.standings_after(uow, self._last):
            self._last = row.id
            if row.rule_version.split("/")[0] != self._version.split("/")[0]:
                continue
            self._known[row.need_id] = row.need_version, outlook.from_json(row.route, row.steps)
            if row.rule_version == self._version:
                self._old.pop(row.need_id, None)
            else:
                self._old[row.need_id] = row.created_at

    def _fresh(
        self,
        uow: UnitOfWork,
        actor: Actor,
        snapshot: Snapshot,
        needs: Sequence[OpenNeed],
        patience: float,
    ) -> dict[int, Outlook]:
        found: dict[int, Outlook] = {}
        until = time.monotonic() + patience
        for begin in range(0, len(needs), 20):
            if time.monotonic() > until:
                break
            board, part = self.board(uow, actor, snapshot, needs[begin : begin + 20])
            for need, profile, standing in zip(part, board.needs, board.standings, strict=True):
                found[need.id] = outlook.outlook(profile, standing, snapshot)
        return found

    def board(
        self, uow: UnitOfWork, actor: Actor, snapshot: Snapshot, needs: Sequence[OpenNeed]
    ) -> tuple[Board, list[OpenNeed]]:
        """A board over `needs` for questions about them, candidates as stored where they are.

        The second value says which need stands where on the board.
        """
        rows = store.whole_needs(uow, actor, [n.id for n in needs])
        part = [n for n in needs if n.id in rows]
        regions = feed.known_regions(uow)
        made = [standings.ready(self.vocabulary, rows[n.id], regions) for n in part]
        kept = self._kept(uow, part)
        stood = [
            kept[need.id]
            if need.id in kept
            else Board(self.vocabulary, snapshot, [profile], [asks]).standings[0]
            for need, (profile, asks) in zip(part, made, strict=True)
        ]
        board = Board(self.vocabulary, snapshot, [p for p, _ in made], [a for _, a in made], stood)
        return board, part

    def _kept(self, uow: UnitOfWork, needs: Collection[OpenNeed]) -> dict[int, Standing]:
        versions = {n.id: n.version for n in needs}
        return {
            row.need_id: outlook.unpacked(row.fits, route=row.route)
            for row in store.whole_standings(uow, list(versions))
            if row.need_version == versions[row.need_id] and row.rule_version == self._version
        }
