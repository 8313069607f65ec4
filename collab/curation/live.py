"""The vocabulary in force, as one process knows it: it follows what is accepted anywhere."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from collab.curation import service
from collab.kernel.events import Event
from collab.kernel.happened import VocabularyChanged
from collab.needs.extraction.grammar import grammar_of
from collab.storage.database import Database
from collab.storage.follower import Follower
from collab.vocabulary.catalog import Vocabulary

LOOK = 1.0  # seconds between two looks into the outbox
log = logging.getLogger(__name__)
Taker = Callable[[Vocabulary], None]
Run = Callable[[Database, Sequence[Event]], None]


class LiveVocabulary:
    """Follows what the secretariat accepts and withdraws. Safe to share between threads.

    A new version is made ready beside the one in force (tables of the reader, whatever the takers
    keep) and then put in its place at once, so that nobody waits and nobody reads with half of it.
    """

    def __init__(self, database: Database, shipped: Vocabulary) -> None:
        self.database = database
        self.shipped = shipped
        self._current = service.in_force(database, shipped)
        self._takers: list[Taker] = []
        self._follower = Follower()
        self._changing = threading.Lock()
        self._due = False  # a change was seen and is not taken yet

    @property
    def current(self) -> Vocabulary:
        """The vocabulary in force."""
        return self._current

    def tell(self, *takers: Taker) -> None:
        """Call these with every new version, in this order."""
        self._takers += takers

    def refresh(self) -> bool:
        """Look for a change and take it; True when another version came into force."""
        with self._changing:
            self._due = self._changed() or self._due
            if not self._due:
                return False
            found = service.in_force(self.database, self.shipped)
            changed = found.version != self._current.version
            if changed:
                self._take(found)
            self._due = False
            return changed

    def _take(self, found: Vocabulary) -> None:
        grammar_of(found)
        for take in self._takers:
            take(found)
        self._current = found  # last: when a taker fails, all are called again at the next look
        log.info("vocabulary %s is in force", found.version)

    def _changed(self) -> bool:
        with self.database.reading() as uow:
            if not service.has_tables(uow):
                return False
            events = self._follower.changes(uow)
        return events is None or any(isinstance(e, VocabularyChanged) for e in events)

    def follow(self, _database: Database, _events: Sequence[Event]) -> None:
        """Listener: the worker takes a change before whatever depends on it is made anew."""
        self.refresh()

    def before(self, run: Run) -> Run:
        """The listener `run` in a process that has taken what is in force.

        Workers share listeners: the one that makes things anew need not be the one that took the
        change, and with the words of before it would find nothing to do and the event be gone.
        """

        def follow(database: Database, events: Sequence[Event]) -> None:
            self.refresh()  # a failure goes to the outbox, which brings the events again
            run(database, events)

        return follow

    def follow_soon(self, stop: threading.Event | None = None) -> threading.Thread:
        """Keep looking in the background until `stop`."""
        ended = stop or threading.Event()

        def look() -> None:
            while not ended.is_set():
                try:
                    self.refresh()
                except Exception:  # the database may be away; the version in force still serves
                    log.exception("the vocabulary could not be followed")
                ended.wait(LOOK)

        thread = threading.Thread(target=look, name="vocabulary-follower", daemon=True)
        thread.start()
        return thread
