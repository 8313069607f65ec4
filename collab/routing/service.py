"""Answers to needs: the live snapshot of all capabilities, whole answers, stored matches."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from collab.kernel import clock
from collab.kernel.events import DatabaseRestored, Event
from collab.kernel.happened import (
    CapabilityChanged,
    CatalogueReplaced,
    DayBegan,
    NeedChanged,
    NeedPublished,
    OrganisationChanged,
    RulesInForce,
    VocabularyChanged,
)
from collab.kernel.identity import SYSTEM, Actor
from collab.matching import feed, snapshot, store
from collab.matching.kept import SnapshotFile
from collab.matching.models import MatchSummary
from collab.matching.records import NeedProfile, Place
from collab.matching.snapshot import Snapshot
from collab.members import store as members
from collab.needs import store as needs
from collab.needs.extraction import extract
from collab.needs.forms import Structure
from collab.needs.models import Need
from collab.needs.service import shows_owner
from collab.routing import refreshing
from collab.routing.answer import answer
from collab.routing.chosen import chosen_route
from collab.routing.places import with_names
from collab.storage.database import Database
from collab.storage.follower import Follower
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

SHOWN = 10  # candidates of each step with reasons on a page
Answer = dict[str, Any]


class MatchingService:
    """Keeps the snapshot of this process current and answers from it. Safe between threads."""

    def __init__(
        self, database: Database, vocabulary: Vocabulary, folder: Path | None = None
    ) -> None:
        self.database = database
        self.vocabulary = vocabulary
        self._folder = folder
        self._kept = SnapshotFile(folder, vocabulary.version) if folder else None
        self._follower = Follower()
        self._snapshot: Snapshot | None = None
        self._lock = threading.Lock()

    def take_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Answer with another vocabulary from now on; the snapshot for it is made beside the old.

        The snapshot on disk is left to the process that next builds one in the ordinary way.
        """
        follower = Follower()
        with self.database.reading() as uow:
            follower.changes(uow)
            made = snapshot.build(vocabulary, feed.offers(uow)) if self._snapshot else None
        with self._lock:
            self.vocabulary, self._snapshot, self._follower = vocabulary, made, follower
            self._kept = SnapshotFile(self._folder, vocabulary.version) if self._folder else None

    def snapshot(self, uow: UnitOfWork) -> Snapshot:
        """All capabilities as of `uow`; follows changes without reading everything again."""
        with self._lock:
            if self._snapshot is None:
                self._snapshot = self._opened(uow)
            events = self._follower.changes(uow)
            # a read that fails leaves none: these events are behind us, so all is read anew
            current, self._snapshot = self._snapshot, None
            if events is None or current is None or current.worn or _everything(events):
                current = snapshot.build(self.vocabulary, feed.offers(uow))
                if self._kept is not None:
                    self._kept.save(current, self._follower.position, feed.identity(uow))
            else:
                current = self._changed(uow, current, events)
            self._snapshot = current
            return current

    def _opened(self, uow: UnitOfWork) -> Snapshot | None:
        """What another process or an earlier run kept on disk, brought up to `uow`."""
        kept = self._kept.load(feed.identity(uow)) if self._kept is not None else None
        if kept is None:
            return None
        found, position = kept
        events = self._follower.since(uow, position)
        if events is None or _everything(events):
            return None
        return self._changed(uow, found, events)

    def _changed(self, uow: UnitOfWork, current: Snapshot, events: Sequence[Event]) -> Snapshot:
        ids = {e.capability_id for e in events if isinstance(e, CapabilityChanged)}
        if not ids:
            return current
        present = feed.offers(uow, ids)
        gone = feed.keys_of(uow, ids) - {o.key for o in present}
        return current.changed(present, [key for key in gone if current.get(key) is not None])

    def answer_need(
        self, uow: UnitOfWork, need: Need, top: int = SHOWN, reader: Actor = SYSTEM
    ) -> Answer:
        """The whole answer to a stored need that the reader may read.

        Whoever may not know the owner gets an answer that does not depend on it: distances and the
        absence of the owner's own capabilities would otherwise tell who and where it is.
        """
        return self.answer_profile(uow, self._profile(uow, need, reader), top)

    def route_of(
        self, uow: UnitOfWork, need: Need, legs: Mapping[str, str], reader: Actor = SYSTEM
    ) -> Answer | None:
        """One route by the capability at each step of a need, as of now; None if it is none."""
        profile = self._profile(uow, need, reader)
        return chosen_route(self.vocabulary, self.snapshot(uow), profile, legs)

    def _profile(self, uow: UnitOfWork, need: Need, reader: Actor) -> NeedProfile:
        profile = feed.profile_of(need, members.all_regions(uow), self.vocabulary)
        if not shows_owner(need, reader):
            profile = replace(profile, organisation_id=None, place=Place())
        return profile

    def answer_profile(self, uow: UnitOfWork, profile: NeedProfile, top: int = SHOWN) -> Answer:
        """The whole answer to a need given as plain values."""
        current = self.snapshot(uow)
        found = answer(profile, current, self.vocabulary, today=clock.today(), top=top)
        names = {r.code: (r.zh, r.en) for r in members.all_regions(uow).values()}
        named: Answer = with_names(found, names)
        return named

    def answer_text(
        self, actor: Actor, text: str, posted: date | None = None, top: int = SHOWN
    ) -> tuple[Mapping[str, Any], Answer]:
        """What is understood of a text, and the answer to it; nothing is saved."""
        structure = extract(text, self.vocabulary, posted or clock.today())
        return structure, self.answer_structure(actor, structure, posted, top)

    def answer_structure(
        self,
        actor: Actor,
        structure: Mapping[str, Any] | Structure,
        posted: date | None = None,
        top: int = SHOWN,
    ) -> Answer:
        """The answer to a structured need that is not saved."""
        plain = structure.model_dump() if isinstance(structure, Structure) else structure
        own = min(actor.organisation_ids) if len(actor.organisation_ids) == 1 else None
        with self.database.reading() as uow:
            profile = feed.profile_from(
                plain,
                self.vocabulary,
                posted=posted or clock.today(),
                wished=feed.wished_regions(members.all_regions(uow)),
                organisation_id=own,
            )
            return self.answer_profile(uow, profile, top)

    def summaries(self, uow: UnitOfWork, need_ids: Collection[int]) -> dict[int, MatchSummary]:
        """What the last refresh of each need found; the caller may read the needs."""
        return store.summaries(uow, need_ids)

    def follow(self, database: Database, events: Sequence[Event]) -> None:
        """Listener: refresh the stored matches of exactly the needs that events concern."""
        with database.reading() as uow:
            ids = self._concerned(uow, events)
        told = {e.need_id for e in events if isinstance(e, NeedChanged | NeedPublished)}
        self.refresh(database, sorted(ids), announce=told)

    def open_need_ids(self, uow: UnitOfWork) -> list[int]:
        """Keys of all needs that wait for an answer."""
        return [n.id or 0 for n in needs.open_needs(uow, SYSTEM)]

    def refresh(
        self, database: Database, need_ids: Sequence[int], *, announce: Collection[int] = ()
    ) -> int:
        """Make the stored matches of needs anew; gives how many differ from what was stored."""
        changed = 0
        words = self.vocabulary  # once: what is stored names the words it was made with
        with database.reading() as uow:
            regions = feed.known_regions(uow)
        for start in range(0, len(need_ids), refreshing.BATCH):
            with database.writing() as uow:
                batch = need_ids[start : start + refreshing.BATCH]
                current = self.snapshot(uow)
                changed += len(
                    refreshing.refresh(
                        uow, words, current, batch, regions=regions, announce=announce
                    )
                )
        return changed

    def announce_version(self, database: Database) -> None:
        """Say once which rules and vocabulary are in force, so that the worker refreshes what was
        stored under others. Called when a process that serves starts."""
        version = refreshing.version_of(self.vocabulary)
        with database.reading() as uow:
            if not store.outdated(uow, version):
                return
        with database.writing() as uow:
            uow.record(RulesInForce(version))

    def _concerned(self, uow: UnitOfWork, events: Sequence[Event]) -> set[int]:
        if _everything(events):
            owners = {e.organisation_id for e in events if isinstance(e, OrganisationChanged)}
            waiting = {n.id or 0 for n in needs.open_needs(uow, SYSTEM)}
            return waiting | needs.ids_of_organisations(uow, owners)
        ids = {e.need_id for e in events if isinstance(e, NeedChanged | NeedPublished)}
        if any(isinstance(e, RulesInForce | VocabularyChanged | DayBegan) for e in events):
            ids |= store.outdated(uow, refreshing.version_of(self.vocabulary))
        changed = {e.capability_id for e in events if isinstance(e, CapabilityChanged)}
        for offer in feed.offers(uow, changed) if changed else ():
            related = self._related(offer.techniques)
            ids |= needs.open_needs_asking(uow, related)
        for capability_id in changed:
            ids |= store.needs_matched_by(uow, capability_id)
        return ids

    def _related(self, techniques: Collection[str]) -> set[str]:
        """Techniques whose needs a capability may answer: its own, broader and narrower ones."""
        related: set[str] = set()
        for technique in techniques:
            related.update(self.vocabulary.ancestors(technique))
            related.update(self.vocabulary.descendants(technique))
        return related


def _everything(events: Sequence[Event]) -> bool:
    return any(
        isinstance(e, CatalogueReplaced | DatabaseRestored | OrganisationChanged) for e in events
    )
