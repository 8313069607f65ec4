"""The search of the platform: the index, who may see what in it, and the way round it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from collab.facilities import store as facilities
from collab.facilities.filters import CapabilityFilter
from collab.kernel.events import Event
from collab.kernel.identity import Actor
from collab.members import catalogue
from collab.members import store as members
from collab.members.filters import OrganisationFilter
from collab.needs import store as needs
from collab.needs.filters import NeedFilter
from collab.search import feed
from collab.search.documents import KINDS, Document
from collab.search.following import IndexFollower
from collab.search.highlight import Highlight
from collab.search.index import (
    Change,
    CheckReport,
    IndexUnavailable,
    Position,
    SearchIndex,
    WriterBusy,
)
from collab.search.machines import Voice
from collab.search.query import QueryParser, SearchQuery
from collab.search.results import Hit, Result, Suggestion
from collab.storage.database import Database
from collab.storage.follower import newest
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

log = logging.getLogger(__name__)
Build = Callable[[SearchIndex, Iterator[Document], Position], int | None]
HEEL = 0.3  # seconds between two looks into the outbox, where no commit of this process wakes it
LOOK = 3.0  # seconds between two looks at whether the index is there and sound
CHECK = 6 * 3600.0  # seconds between two comparisons of index and database
REST = 60.0  # seconds after a rebuild, so that a fault it does not mend cannot keep a core busy
WITHOUT_INDEX = 40  # hits of each kind that the database offers while there is no index


@dataclass(frozen=True, slots=True)
class Found:
    """A result after the database's second check; `degraded` says that the index was not there."""

    result: Result
    hits: tuple[Hit, ...]
    total: int
    degraded: bool = False


class SearchService:
    """Reads and, in one process at a time, writes the index; safe to share between threads."""

    def __init__(
        self, database: Database, vocabulary: Vocabulary, folder: Path, engine: str = "whoosh"
    ) -> None:
        self.database = database
        self.vocabulary = vocabulary
        self._folder = folder
        self._engine = engine
        self._index: SearchIndex | None = None
        self._opening = threading.Lock()
        self._follower = IndexFollower(database, lambda: self.index)
        self._voice = Voice(database, folder)

    @property
    def index(self) -> SearchIndex:
        """The index, with place names read once."""
        found = self._index
        if found is None:
            with self._opening:  # the first reader and the warming thread share one
                found = self._index
                if found is None:
                    found = self._index = self._made(self.vocabulary)
        return found

    def _made(self, vocabulary: Vocabulary) -> SearchIndex:
        names, above = self._places()
        parser = QueryParser(vocabulary, places=names, above=above)
        return SearchIndex(self._folder, self._engine, parser, switched=self._look_at_places)

    def _look_at_places(self) -> None:
        """Another index went live: perhaps the catalogue came with other regions."""
        threading.Thread(target=self._renew_places, name="search-places", daemon=True).start()

    def _renew_places(self) -> None:
        """Understand queries with the regions of the database as they are now."""
        try:
            before = self.index
            if before.parser.regions == self._places():
                return
            made = self._made(before.parser.vocabulary)
            made.warm()
            with self._opening:
                if self._index is before:  # else somebody newer was made meanwhile
                    self._index = made
        except Exception:  # the names of before still serve; the next switch looks again
            log.exception("places could not be read anew")

    def take_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Understand queries with another vocabulary from now on, in this process.

        Readers go on meanwhile. Documents are read with it once the index is rebuilt: one process
        calls `ensure_soon`, which does that beside the live index.
        """
        made = self._made(vocabulary)
        made.warm()
        with self._opening:
            self.vocabulary, self._index = vocabulary, made

    def _places(self) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
        """Codes of regions by any of their names, and what each of them lies in."""
        with self.database.reading() as uow:
            regions = members.all_regions(uow)
        found: dict[str, str] = {}
        above: dict[str, tuple[str, ...]] = {}
        for region in sorted(regions.values(), key=lambda r: r.path):
            above[region.code] = tuple(r.code for r in catalogue.above(region, regions))
            for name in (region.zh, region.en, region.code):
                if name:
                    found.setdefault(name, region.code)
        return found, above

    def search(self, uow: UnitOfWork, actor: Actor, query: SearchQuery) -> Found:
        """What the actor may find; every hit is checked again by the database."""
        try:
            result = self.index.search(query, feed.labels_of(actor))
        except IndexUnavailable as error:
            log.warning("search without index: %s", error)
            return self._without_index(uow, actor, query)
        seen = feed.readable(uow, actor, [hit.key for hit in result.hits])
        hits = _without_logged_words(uow, actor, [hit for hit in result.hits if hit.key in seen])
        return Found(result, hits, result.total - (len(result.hits) - len(hits)))

    def suggest(self, actor: Actor, text: str, limit: int = 8) -> list[Suggestion]:
        """Completions of what has been typed so far; none while there is no index.

        Titles are checked again by the database, like hits.
        """
        try:
            found = self.index.suggest(text, feed.labels_of(actor), limit)
        except IndexUnavailable:
            return []
        titles = [one.id for one in found if one.kind in KINDS]
        if not titles:
            return found
        with self.database.reading() as uow:
            seen = feed.readable(uow, actor, titles)
        return [one for one in found if one.kind not in KINDS or one.id in seen]

    def keys(self, uow: UnitOfWork, actor: Actor, query: SearchQuery, most: int) -> list[str]:
        """Keys of the `most` freshest hits the actor may read; IndexUnavailable without index."""
        fresh = replace(query, sort="fresh", origin=None)
        found = self.index.everything(fresh, feed.labels_of(actor), most, strict=True)
        seen = feed.readable(uow, actor, [hit.key for hit in found])
        return [hit.key for hit in found if hit.key in seen]

    def everything(
        self, uow: UnitOfWork, actor: Actor, query: SearchQuery, most: int
    ) -> list[Document]:
        """At most `most` hits the actor may read, in the order of the page, for taking them out."""
        try:
            raw = self.index.everything(query, feed.labels_of(actor), most)
        except IndexUnavailable as error:
            log.warning("search without index: %s", error)
            whole = self._without_index(uow, actor, replace(query, offset=0, limit=most))
            return [hit.document for hit in whole.hits]
        found = [Document.from_json(hit.stored) for hit in raw]
        seen = feed.readable(uow, actor, [document.key for document in found])
        return [document for document in found if document.key in seen]

    def warm_soon(self) -> threading.Thread:
        """Load dictionaries and index in the background; the first answer does not wait for it."""
        thread = threading.Thread(target=self._warm, name="search-warm", daemon=True)
        thread.start()
        return thread

    def _warm(self) -> None:
        try:
            self.index.warm()
        except Exception:  # a start must not fail because it could not be made quick
            log.exception("search could not be warmed")

    def _without_index(self, uow: UnitOfWork, actor: Actor, query: SearchQuery) -> Found:
        documents = list(_matching(uow, actor, query.text))
        if query.kinds:
            documents = [d for d in documents if d.kind in query.kinds]
        hits = _without_logged_words(uow, actor, [_plain_hit(d) for d in documents])
        shown = hits[query.offset : query.offset + query.limit]
        counts: dict[str, int] = {}
        for document in documents:
            counts[document.kind] = counts.get(document.kind, 0) + 1
        parsed = self.index.parser.parse(replace(query, text=""))
        facets = {"kind": tuple(sorted(counts.items(), key=lambda c: (-c[1], c[0])))}
        result = Result(hits=shown, total=len(hits), facets=facets, query=query, parsed=parsed)
        return Found(result, shown, len(hits), degraded=True)

    # ---- writing, by the worker

    def catch_up(self) -> int:
        """Take the events that this machine's index has not followed yet; returns how many."""
        try:
            return self._follower.catch_up()
        except IndexUnavailable as error:
            log.warning("search index cannot be written: %s", error)
            return 0

    def follow(self, _database: Database, _events: Sequence[Event]) -> None:
        """Listener: the events are a call to catch up; other machines do so by themselves."""
        self.catch_up()
        if not self.index.answers() or self.index.rebuild_asked():
            self.ensure()

    def now(self, event: Event) -> None:
        """Index one change at once, so that a restriction does not wait for the worker."""
        self._follower.now(event)

    def follow_soon(self, stop: threading.Event) -> threading.Thread:
        """Keep this machine's index at the heels of the events until `stop`."""

        def follow() -> None:
            while not stop.is_set():
                try:
                    self.catch_up()
                    self._voice.say(self.index)
                except Exception:  # the database may be away; the next look takes it all
                    log.exception("search index could not follow")
                with self.database.committed:
                    self.database.committed.wait(HEEL)

        thread = threading.Thread(target=follow, name="search-follower", daemon=True)
        thread.start()
        return thread

    def rebuild(self, progress: Callable[[int], None] | None) -> int:
        """Build the index anew beside the live one; returns how many documents it has."""
        return self._anew(lambda made, docs, at: made.rebuild(docs, progress, at)) or 0

    def _anew(self, build: Build) -> int | None:
        """Build and put in force; once more when another vocabulary was taken meanwhile."""
        while True:
            vocabulary = self.vocabulary
            made = self._made(vocabulary)  # place names may have changed
            asked = made.rebuild_asked()  # before reading: a later call is for the next rebuild
            with self.database.reading() as uow:
                position = Position(members.born(uow), newest(uow))
                count = build(made, feed.all_documents(uow), position)
            if count is not None:
                made.rebuilt(asked)
            with self._opening:
                if self.vocabulary is vocabulary:
                    self._index = made
                    return count
            log.info("the vocabulary changed while the search index was built; once more")

    def ensure(self, *, readable: bool = False) -> bool:
        """Rebuild when there is no index, or another analyser or vocabulary made it.

        `readable` is content with an index that still answers; `ensure_soon` does the rest.
        """
        index = self.index
        behind = index.parser.vocabulary is not self.vocabulary
        if not (behind or index.needs_rebuild()) or (readable and index.answers()):
            return False
        return self._anew(SearchIndex.renew) is not None

    def ensure_soon(self) -> threading.Thread:
        """The same in the background, while the index in force goes on answering."""
        thread = threading.Thread(target=self._ensure, name="search-rebuild", daemon=True)
        thread.start()
        return thread

    def keep_soon(self, stop: threading.Event) -> threading.Thread:
        """Look after the index until `stop`: whatever process finds it gone or broken."""

        def keep() -> None:
            due = time.monotonic() + CHECK * random.uniform(0.1, 1)  # noqa: S311 - not all at once
            while not stop.is_set():
                stop.wait(REST if self._ensure() else LOOK)
                if time.monotonic() > due and not stop.is_set():
                    due = time.monotonic() + CHECK
                    self._inspect()

        thread = threading.Thread(target=keep, name="search-keeper", daemon=True)
        thread.start()
        return thread

    def _ensure(self) -> bool:
        try:
            return self.ensure()
        except WriterBusy:
            log.info("another process rebuilds the search index")
        except Exception:  # the index in force goes on; the next start tries again
            log.exception("search index could not be rebuilt")
        return False

    def _inspect(self) -> None:
        try:
            found = self.repair()
            self._voice.checked(len(found.missing) + len(found.stale) + len(found.surplus))
        except Exception:  # the next one comes
            log.exception("search index could not be compared with the database")

    def check(self) -> CheckReport:
        """How the index differs from the database."""
        return self.index.check(self._versions())

    def repair(self) -> CheckReport:
        """Bring the index to the database's state where it differs; returns what was wrong."""
        versions = self._versions()
        report = self.index.check(versions)
        if not report.agrees:
            differing = {*report.missing, *report.stale, *report.surplus}

            def read() -> Change:
                with self.database.reading() as uow:
                    found = [d for d in feed.all_documents(uow) if d.key in differing]
                return Change(tuple(found), tuple(sorted(differing - {d.key for d in found})))

            self.index.change_to(read)
        self.index.keep_only(versions.keys())
        return report

    def _versions(self) -> dict[str, str]:
        with self.database.reading() as uow:
            return {d.key: d.version for d in feed.all_documents(uow)}


def _without_logged_words(uow: UnitOfWork, actor: Actor, hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Invited needs of others show their title alone: their words are read on the record."""
    logged = needs.logged_keys(uow, actor, [h.key for h in hits if h.document.kind == "need"])
    return tuple(
        replace(h, highlight=replace(h.highlight, snippet=[])) if h.key in logged else h
        for h in hits
    )


def _matching(uow: UnitOfWork, actor: Actor, text: str) -> Iterator[Document]:
    """What the database itself finds by the words of a query, readable things only."""
    words = text.split()[:6] or [""]
    first = max(words, key=len)
    by_capability = CapabilityFilter(text=first)
    page = facilities.readable_capabilities(uow, actor, by_capability, 1, WITHOUT_INDEX)
    yield from feed.capability_documents(uow, {r.id or 0 for r in page.items})
    by_name = OrganisationFilter(text=first)
    found = members.readable_organisations(uow, actor, by_name, 1, WITHOUT_INDEX)
    yield from feed.organisation_documents(uow, {r.id or 0 for r in found.items})
    by_words = NeedFilter(text=first)
    posted = needs.readable_needs(uow, actor, by_words, 1, WITHOUT_INDEX)
    yield from feed.need_documents(uow, {r.id or 0 for r in posted.items})


def _plain_hit(document: Document) -> Hit:
    zh, en = document.title_zh, document.title_en
    plain = Highlight([(zh, False)], [(en, False)], [(document.body[:160], False)])
    return Hit(document.key, 0.0, document, plain)
