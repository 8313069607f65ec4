"""The search index as the rest of the platform sees it, whichever engine stands behind it."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from collab.search.analysis import ANALYSER_VERSION
from collab.search.answers import Answers
from collab.search.backend import ENGINES, Backend, make_backend
from collab.search.cutting import (
    Dictionary,
    cutting_with,
    dictionary,
    dictionary_of,
    known_dictionary,
)
from collab.search.documents import Document, entry_of
from collab.search.entries import Entry
from collab.search.erasable import name_of
from collab.search.kept import Digests, KeptTerms
from collab.search.layout import (
    IndexUnavailable,
    Layout,
    Meta,
    Position,
    SearchError,
    WriterBusy,
)
from collab.search.plan import Plan, Raw, RawHit, Want
from collab.search.query import QueryParser, SearchQuery
from collab.search.results import Result, Suggestion

__all__ = [
    "Backend", "Change", "CheckReport", "IndexUnavailable", "Position", "SearchError",
    "SearchIndex", "WriterBusy", "make_backend",
]  # fmt: skip

INDEX_FORMAT = "7"  # 7: another sign between a word and its impact (tantivy)
Progress = Callable[[int], None]
T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CheckReport:
    """How the index differs from the database, by key."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    surplus: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """True when nothing has to be repaired."""
        return not (self.missing or self.stale or self.surplus)


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit makes of an index, and how far it has followed the events then."""

    documents: tuple[Document, ...] = ()
    gone: tuple[str, ...] = ()
    position: Position | None = None


class SearchIndex:
    """One index on disk. Many processes may read it; one at a time writes.

    `labels` of a search are the permission labels its reader holds. Reading raises
    IndexUnavailable when there is no index or it is broken; writing raises WriterBusy when
    another process keeps the writer's place for longer than `wait` seconds. `switched` is called
    when a reader finds that another index went live.
    """

    def __init__(
        self,
        root: Path,
        engine: str = "whoosh",
        parser: QueryParser | None = None,
        wait: float = 20.0,
        *,
        switched: Callable[[], None] | None = None,
    ) -> None:
        if engine not in ENGINES:
            raise ValueError(f"unknown search engine {engine}")
        self.engine = engine
        self.parser = parser or QueryParser()
        self._layout = Layout(Path(root) / engine)
        self._kept = KeptTerms(Path(root), wait)
        self._wait = wait
        self._switched = switched
        self._lock = threading.Lock()
        self._stamp: tuple[int, int] | None = None
        self._backend: Backend | None = None
        self._cut_by = ""  # the version of the vocabulary whose words the live index has
        self._answers = Answers(self.parser)

    # ---- reading

    def search(self, query: SearchQuery, labels: Iterable[str]) -> Result:
        """The wanted page with counts, facets, highlights and ways on."""
        return self._trusting(lambda b: self._answers.search(b, query, frozenset(labels)))

    def suggest(self, text: str, labels: Iterable[str], limit: int = 8) -> list[Suggestion]:
        """Completions of what has been typed so far, best first."""
        return self._trusting(lambda b: self._answers.suggest(b, text, frozenset(labels), limit))

    def everything(
        self, query: SearchQuery, labels: Iterable[str], most: int, *, strict: bool = False
    ) -> tuple[RawHit, ...]:
        """At most `most` hits in the order of the page; `strict` corrects and loosens nothing."""
        held, way = frozenset(labels), self._answers.everything
        return self._trusting(lambda b: way(b, query, held, most, strict=strict))

    def execute(self, plan: Plan, labels: Iterable[str], want: Want) -> Raw:
        """A plan carried out as it stands, without corrections or highlights."""
        return self._reading(lambda b: b.execute(plan, frozenset(labels), want))

    def warm(self) -> None:
        """Load dictionaries and columns before the first reader asks; harmless without an index."""
        with suppress(IndexUnavailable):
            self.search(SearchQuery("预热 warm 200mm", limit=1), ("public",))

    def size(self) -> int:
        """How many documents the index holds."""
        return self._reading(lambda b: b.size())

    def _trusting(self, read: Callable[[Backend], T]) -> T:
        if self._layout.is_distrusted():
            raise IndexUnavailable("it may tell what nobody may know any more; it is built anew")
        return self._reading(read)

    def _reading(self, read: Callable[[Backend], T]) -> T:
        """Run on the newest commit; once more when a switch took the files away meanwhile."""
        try:
            return self._once(read)
        except Exception as error:  # noqa: BLE001 - a broken file can raise anything
            log.info("search reads once more after %r", error)
            self._stamp = None
        try:
            return self._once(read)
        except Exception as error:
            self._stamp = None
            self._layout.mark_broken()
            raise IndexUnavailable(str(error)) from error

    def _once(self, read: Callable[[Backend], T]) -> T:
        backend = self._fresh()
        with cutting_with(self._words_of_live()):
            return read(backend)

    def _words_of_live(self) -> Dictionary:
        """The dictionary the live index was cut with: query and index must be cut alike.

        Until an index made with the words of this process is in force, that is the one before.
        """
        return known_dictionary(self._cut_by) or dictionary_of(self.parser.vocabulary)

    def _fresh(self) -> Backend:
        """The live backend with the newest commit visible."""
        stamp = self._layout.stamp()
        if stamp is None:
            raise IndexUnavailable("no index yet")
        with self._lock:
            another = self._backend is not None and stamp != self._stamp
            if self._backend is None or another:
                self._backend = self._open()
                self._stamp = stamp
            backend = self._backend
        if another and self._switched is not None:
            self._switched()
        try:
            backend.refresh()
        except Exception as error:
            raise IndexUnavailable(str(error)) from error
        return backend

    def _open(self) -> Backend:
        folder = self._layout.live()
        made_with = self._layout.meta()
        self._cut_by = made_with.vocabulary if made_with else ""
        if made_with is not None and made_with.format != INDEX_FORMAT:
            raise IndexUnavailable(f"index of form {made_with.format}, {INDEX_FORMAT} is needed")
        try:
            return make_backend(self.engine, folder)
        except Exception as error:
            raise IndexUnavailable(str(error)) from error

    # ---- writing

    def upsert(self, documents: Iterable[Document]) -> int:
        """Add or replace documents in one commit; visible to every reader when this returns."""
        return self.change(documents, ())

    def delete(self, keys: Iterable[str]) -> None:
        """Remove documents in one commit; gone for every reader when this returns."""
        self.change((), keys)

    def change(self, documents: Iterable[Document], keys: Iterable[str]) -> int:
        """Replace and remove in one commit; returns how many were added."""
        return self.change_to(lambda: Change(tuple(documents), tuple(keys)))

    def change_to(self, read: Callable[[], Change]) -> int:
        """The same, with what `read` finds once the writer's place is held.

        So nobody who read earlier writes later, over what is newer. The position is kept after
        the commit: a crash between the two has the same changes made once more.
        """
        with self._layout.lock(wait=self._wait):
            change = read()
            newest = {document.key: document for document in change.documents}
            gone = [key for key in dict.fromkeys(change.gone) if key not in newest]
            count = self._change(newest, gone) if newest or gone else 0
            if change.position is not None and self._layout.stamp() is not None:
                self._layout.keep_position(self._layout.live(), change.position)
            return count

    def _change(self, newest: Mapping[str, Document], gone: list[str]) -> int:
        words = self._words_to_write()
        with cutting_with(words):
            entries = [self._entry(document) for document in newest.values()]
        lines = [json.dumps({"add": d.to_json().decode()}) for d in newest.values()]
        self._layout.note([*lines, *(json.dumps({"drop": key}) for key in gone)])
        pairs = zip(newest.values(), entries, strict=True)
        self._kept.change(pairs, gone, self._digests(words))
        return self._write(entries, gone)

    def _digests(self, words: Dictionary) -> Digests:
        return Digests(words.version, self.parser.vocabulary.version)

    def _write(self, entries: list[Entry], gone: list[str]) -> int:
        """Write to the live index; IndexUnavailable when its files cannot be read."""
        writer = self._writer()
        try:
            return writer.write(entries, gone)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                raise  # a full disk is no reason to build anew
            self._layout.mark_broken()
            raise IndexUnavailable(str(error)) from error
        except Exception as error:
            self._layout.mark_broken()
            raise IndexUnavailable(str(error)) from error

    def _words_to_write(self) -> Dictionary:
        """The dictionary for changes to the live index."""
        made_with = self._layout.meta()
        self._cut_by = made_with.vocabulary if made_with else ""
        return self._words_of_live()

    def _writer(self) -> Backend:
        """The live backend to write to; makes an empty index when there is none."""
        if self._layout.stamp() is None:
            folder = self._layout.fresh(self._meta())
            make_backend(self.engine, folder, create=True)
            self._layout.switch(folder)
        return self._fresh()

    def _entry(self, document: Document) -> Entry:
        return entry_of(document, self.parser.vocabulary, self.parser.recogniser)

    def rebuild(
        self,
        documents: Iterable[Document],
        progress: Progress | None = None,
        position: Position | None = None,
    ) -> int:
        """Build anew beside the live index, then switch at once; returns how many were indexed.

        Readers go on; changes made meanwhile by anybody are carried over before the switch.
        `position` is how far the documents follow the events.
        """
        with self._layout.lock("rebuild", wait=self._wait):
            return self._build(documents, progress, position)

    def renew(self, documents: Iterable[Document], position: Position | None = None) -> int | None:
        """Rebuild if that is still needed once this one's turn has come; None when it is not."""
        with self._layout.lock("rebuild", wait=self._wait):
            return self._build(documents, None, position) if self.needs_rebuild() else None

    def _build(
        self, documents: Iterable[Document], progress: Progress | None, position: Position | None
    ) -> int:
        """Rebuild; the place of the one that rebuilds must be held."""
        words = dictionary_of(self.parser.vocabulary)
        seen: set[int] = set()
        with cutting_with(words):
            entries = self._kept.entries(documents, self._digests(words), self._entry, seen)
            return self._build_anew(_told(entries, progress), position, seen)

    def _build_anew(
        self, entries: Iterable[Entry], position: Position | None, seen: set[int]
    ) -> int:
        with self._layout.lock(wait=self._wait):
            self._layout.start_journal()
        self._layout.unmark_broken()
        folder = self._layout.fresh(self._meta())
        try:
            fresh = make_backend(self.engine, folder, create=True)
            count = fresh.write(entries)
            if position is not None:
                self._layout.keep_position(folder, position)
            with self._layout.lock(wait=self._wait):
                self._kept.only(seen | self._replay(fresh))
                fresh.close()
                self._layout.switch(folder)
                self._layout.drop_journal()
        except BaseException:
            self._layout.drop_journal()
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return count

    def _replay(self, backend: Backend) -> set[int]:
        """Make the changes of meanwhile; the names of what they added."""
        adds: dict[str, Document] = {}
        drops: dict[str, None] = {}
        for line in self._layout.end_journal():
            change = json.loads(line)
            if "drop" in change:
                adds.pop(change["drop"], None)
                drops[change["drop"]] = None
            else:
                document = Document.from_json(change["add"].encode())
                drops.pop(document.key, None)
                adds[document.key] = document
        if adds or drops:
            backend.refresh()
            entries = [self._entry(d) for d in adds.values()]
            pairs = zip(adds.values(), entries, strict=True)
            self._kept.change(pairs, drops, self._digests(dictionary()))
            backend.write(entries, drops)
        return set(map(name_of, adds))

    # ---- looking after it

    def _meta(self) -> Meta:
        return Meta(self.engine, INDEX_FORMAT, ANALYSER_VERSION, self.parser.vocabulary.version)

    def needs_rebuild(self) -> bool:
        """True when the index is gone or broken, or another analyser or vocabulary made it."""
        layout = self._layout
        return bool(layout.is_broken() or layout.asked() or layout.meta() != self._meta())

    def ask_rebuild(self, *, distrusted: bool = False) -> None:
        """Changes alone cannot bring the index up to date; the note outlives this process.

        A `distrusted` index answers nobody until it is rebuilt.
        """
        self._layout.ask(distrusted=distrusted)

    def rebuild_asked(self) -> str:
        """The note of `ask_rebuild`, empty when there is none; `rebuilt` takes it away."""
        return self._layout.asked()

    def rebuilt(self, asked: str) -> None:
        """A rebuild that read the database after this note is in force."""
        self._layout.done(asked)

    def position(self) -> Position | None:
        """How far the index has followed the events; None when it does not say."""
        return self._layout.position()

    def answers(self) -> bool:
        """True when there is an index that can be read, made with whatever vocabulary."""
        try:
            self._fresh()
        except IndexUnavailable:
            return False
        return True

    def keep_only(self, keys: Collection[str]) -> None:
        """Drop kept terms of whatever else; those of living documents alone are kept."""
        self._kept.only(set(map(name_of, keys)))

    def check(self, database: Mapping[str, str]) -> CheckReport:
        """Compare with the database's version by key."""
        indexed = self._reading(lambda b: b.versions())
        return CheckReport(
            missing=tuple(sorted(key for key in database if key not in indexed)),
            stale=tuple(sorted(k for k, v in database.items() if indexed.get(k, v) != v)),
            surplus=tuple(sorted(key for key in indexed if key not in database)),
        )


def _told(entries: Iterable[Entry], progress: Progress | None) -> Iterator[Entry]:
    """The same entries, with a report every so often."""
    for number, entry in enumerate(entries, 1):
        yield entry
        if progress is not None and number % 100 == 0:
            progress(number)
