"""Each machine's index follows the events by itself: its own position, kept beside the index."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from collab.facilities import store as facilities
from collab.kernel.events import Event
from collab.kernel.happened import (
    CapabilityChanged,
    CatalogueReplaced,
    NeedChanged,
    NeedPublished,
    OrganisationChanged,
    RunChanged,
)
from collab.members import store as members
from collab.needs import store as needs
from collab.search import feed
from collab.search.documents import Document
from collab.search.index import Change, IndexUnavailable, Position, SearchIndex, WriterBusy
from collab.storage import follower
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

BATCH = 200  # events taken in one commit
FAR = 5_000  # further behind than this it is quicker to build anew
log = logging.getLogger(__name__)


class IndexFollower:
    """Brings the index in one folder to the state of the database. Safe to share between threads.

    Any number of processes may run one for the same folder: whoever holds the writer's place
    reads the position there and then, so nothing is taken twice and nothing is left out.
    """

    def __init__(self, database: Database, index: Callable[[], SearchIndex]) -> None:
        self._database = database
        self._index = index
        self._turn = threading.Lock()

    def catch_up(self) -> int:
        """Take all events behind the position; returns how many.

        What changes alone cannot bring about is left to a rebuild, which is asked for; meanwhile
        the index in force goes on following. Raises IndexUnavailable when it cannot be written.
        """
        index, taken = self._index(), 0
        with self._turn:
            while self._behind(index):
                count, more = self._step(index)
                taken += count
                if not more:
                    break
        return taken

    def _behind(self, index: SearchIndex) -> bool:
        """A plain look, so that an index with nothing to do takes no lock."""
        if not index.answers():
            return False  # whatever builds it begins at a position of its own
        with self._database.reading() as uow:
            return index.position() != Position(members.born(uow), follower.newest(uow))

    def _step(self, index: SearchIndex) -> tuple[int, bool]:
        """One batch; how many events it had, and whether more may stand behind it."""
        done = (0, False)

        def read() -> Change:
            nonlocal done
            with self._database.reading() as uow:
                change, *done = self._next(uow, index)  # type: ignore[assignment]
                return change

        index.change_to(read)
        return done

    def _next(self, uow: UnitOfWork, index: SearchIndex) -> tuple[Change, int, bool]:
        at, feed_now, last = index.position(), members.born(uow), follower.newest(uow)
        known = at is not None and at.feed == feed_now and last - at.number <= FAR
        found = follower.stretch(uow, at.number, BATCH) if known and at else None
        if found is None:
            log.info("search index at %s cannot follow to %s; it is built anew", at, last)
            index.ask_rebuild(distrusted=True)  # what was restricted meanwhile would still count
            return Change(position=Position(feed_now, last)), 0, False
        if any(isinstance(e, CatalogueReplaced) for e in found.events):
            index.ask_rebuild()
        documents, gone = changes(uow, found.events)
        position = Position(feed_now, found.position)
        return Change(tuple(documents), tuple(gone), position), len(found.events), not found.whole

    def now(self, event: Event) -> None:
        """Index one change at once, so that a restriction does not wait for the worker.

        The position stays: the event is taken once more in its turn.
        """

        def read() -> Change:
            with self._database.reading() as uow:
                documents, gone = changes(uow, [event])
            return Change(tuple(documents), tuple(gone))

        index = self._index()
        try:
            if index.answers():
                index.change_to(read)
        except WriterBusy as error:
            log.info("left to the worker: %s", error)
        except IndexUnavailable as error:
            log.warning("search index cannot be written: %s", error)


def changes(uow: UnitOfWork, events: Sequence[Event]) -> tuple[list[Document], list[str]]:
    """The documents that events concern as they are now, and the keys of those that are gone."""
    capabilities = {e.capability_id for e in events if isinstance(e, CapabilityChanged)}
    owners = {e.organisation_id for e in events if isinstance(e, OrganisationChanged)}
    posted = {e.need_id for e in events if isinstance(e, NeedChanged | NeedPublished)}
    posted |= needs.ids_of_organisations(uow, owners)
    named = {e.run_id for e in events if isinstance(e, RunChanged)}
    runs = facilities.run_keys(uow, named, owners)
    capabilities |= facilities.ids_of_organisations(uow, owners)
    documents = [
        *feed.capability_documents(uow, capabilities),
        *feed.organisation_documents(uow, owners),
        *feed.need_documents(uow, posted),
        *feed.run_documents(uow, set(runs)),
    ]
    known = facilities.public_ids(uow, capabilities)
    known |= set(runs.values())
    known |= {o.public_id for o in members.organisations_by_id(uow, owners).values()}
    return documents, sorted(known - {d.key for d in documents})
