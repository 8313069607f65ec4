"""Evaluates open needs in the background, exactly those that something happened to.

The coordinator's desk reads what is stored here, so that it opens at once with whole figures, the
same in every process. A need is evaluated without regard to who will look; see `demand`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from collab.facilities import store as facilities
from collab.kernel.events import DatabaseRestored, Event
from collab.kernel.happened import (
    CapabilityChanged,
    CatalogueReplaced,
    NeedChanged,
    NeedPublished,
    OrganisationChanged,
)
from collab.kernel.identity import SYSTEM
from collab.matching import feed
from collab.matching.prepare import StepAsk, prepare
from collab.matching.records import NeedProfile, Place
from collab.matching.snapshot import Snapshot
from collab.needs import store as needs
from collab.needs.models import Need
from collab.needs.rules import Disclosure
from collab.network import outlook, store
from collab.network.models import NeedStanding
from collab.routing.scenario import Board
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

LISTENER = "standings"
CHUNK = 100  # needs of one transaction: what a killed worker loses at most
SnapshotOf = Callable[[UnitOfWork], Snapshot]
Ready = tuple[NeedProfile, tuple[StepAsk, ...]]


def ready(vocabulary: Vocabulary, need: Need, regions: feed.KnownRegions) -> Ready:
    """A need as it is evaluated: an anonymous one without its owner and place, because distances
    or the absence of the owner's own capabilities would tell who posted it."""
    profile = feed.profile_of(need, regions.by_id, vocabulary, regions.wished)
    if need.disclosure == Disclosure.ANONYMOUS:
        profile = replace(profile, organisation_id=None, place=Place())
    return profile, prepare(vocabulary, profile)


def related(vocabulary: Vocabulary, techniques: Collection[str]) -> set[str]:
    """Techniques whose needs a capability may bear on: its own, broader and narrower ones."""
    return {
        one
        for technique in techniques
        for one in (*vocabulary.ancestors(technique), *vocabulary.descendants(technique))
    }


class Standings:
    """Keeps the table of standings current from events."""

    def __init__(self, vocabulary: Vocabulary, snapshot_of: SnapshotOf) -> None:
        self.vocabulary = vocabulary
        self._snapshot_of = snapshot_of

    def take_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Evaluate with another vocabulary from now on."""
        self.vocabulary = vocabulary

    def follow(self, database: Database, events: Sequence[Event]) -> None:
        """Listener: evaluate the needs that events concern, and any that were never evaluated."""
        version = outlook.rule_version(self.vocabulary)
        with database.reading() as uow:
            due = sorted(self._due(uow, events) | store.unevaluated(uow, version))
        for begin in range(0, len(due), CHUNK):
            self._evaluate(database, due[begin : begin + CHUNK])

    def _due(self, uow: UnitOfWork, events: Sequence[Event]) -> set[int]:
        if any(isinstance(e, CatalogueReplaced | DatabaseRestored) for e in events):
            return {n.id for n in store.open_needs(uow, SYSTEM)}
        owners = {e.organisation_id for e in events if isinstance(e, OrganisationChanged)}
        changed = {e.capability_id for e in events if isinstance(e, CapabilityChanged)}
        changed |= facilities.ids_of_organisations(uow, owners)
        due = {e.need_id for e in events if isinstance(e, NeedChanged | NeedPublished)}
        # needs of an owner that was suspended, came back, or keeps others away
        due |= needs.ids_of_organisations(uow, owners)
        return due | self._affected(uow, changed) if changed else due

    def _affected(self, uow: UnitOfWork, capability_ids: Collection[int]) -> set[int]:
        """Needs that ask for what the capabilities do now, or list them from before."""
        names = {t for offer in feed.offers(uow, capability_ids) for t in offer.techniques}
        keys = [key.encode() for key in facilities.public_ids(uow, capability_ids)]
        found = needs.open_needs_asking(uow, related(self.vocabulary, names))
        return found | {n for n, raw in store.packed_fits(uow) if outlook.lists(raw, keys)}

    def _evaluate(self, database: Database, need_ids: Sequence[int]) -> None:
        # Once, and before the snapshot, whose words may be newer but never older: a row must not
        # say that it was made with words which came into force while it was made.
        words = self.vocabulary
        with database.reading() as uow:
            snapshot = self._snapshot_of(uow)
            rows = needs.waiting_among(uow, need_ids).values()
            regions = feed.known_regions(uow)
            made = [_row(words, regions, snapshot, n) for n in rows]
        with database.writing() as uow:
            store.replace_standings(uow, need_ids, made)


def _row(
    words: Vocabulary, regions: feed.KnownRegions, snapshot: Snapshot, need: Need
) -> NeedStanding:
    profile, asks = ready(words, need, regions)
    standing = Board(words, snapshot, [profile], [asks]).standings[0]
    found = outlook.outlook(profile, standing, snapshot)
    return NeedStanding(
        need_id=need.id or 0,
        need_version=need.version,
        rule_version=outlook.rule_version(words),
        route=standing.route,
        steps=found.as_json(),
        fits=outlook.packed(standing),
    )
