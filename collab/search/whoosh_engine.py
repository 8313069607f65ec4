"""The embedded default: Whoosh keeps the index, our own code scores its posting lists."""

from __future__ import annotations

import os
import threading
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from whoosh import formats, index
from whoosh.codec.whoosh3 import W3Codec
from whoosh.fields import ID, STORED, FieldType, Schema
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import BufferFile
from whoosh.writing import SegmentWriter

from collab.search.entries import Entry
from collab.search.plan import Plan, Raw, Want
from collab.search.whoosh_reader import Segment, View
from collab.search.whoosh_score import Scorer

MEMORY_MB = 192


class _Payload(formats.Existence):  # type: ignore[misc]
    """A posting that carries bytes: a fixed number of them, or any number when size is -1."""

    def __init__(self, posting_size: int) -> None:
        super().__init__()
        self.posting_size = posting_size


class CountedField(FieldType):  # type: ignore[misc]
    """Takes a list of terms that our analyser has cut; keeps how often each occurs."""

    def __init__(self) -> None:
        super().__init__(_Payload(0), None, scorable=False)

    def index(self, value: list[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Every different term once, with its frequency as weight."""
        counts: dict[str, int] = {}
        for term in value:
            counts[term] = counts.get(term, 0) + 1
        for term, count in counts.items():
            yield term.encode(), count, float(count), b""


class PlacedField(FieldType):  # type: ignore[misc]
    """Takes a list of terms; keeps where each stands (its place in the list)."""

    def __init__(self) -> None:
        super().__init__(_Payload(-1), None, scorable=False)

    def index(self, value: list[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Every different term once, with its places as 32-bit numbers."""
        places: dict[str, array[int]] = {}
        for at, term in enumerate(value):
            if term in places:
                places[term].append(at)
            else:
                places[term] = array("I", (at,))
        for term, found in places.items():
            yield term.encode(), len(found), float(len(found)), found.tobytes()


class NumberField(FieldType):  # type: ignore[misc]
    """Takes intervals by name; keeps both ends with the posting."""

    def __init__(self) -> None:
        super().__init__(_Payload(16), None, scorable=False)

    def index(
        self, value: dict[str, tuple[float, float]], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Every name once, with (low, high) as two doubles."""
        for name, ends in value.items():
            yield name.encode(), 1, 1.0, array("d", ends).tobytes()


class PlainCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's own format without what we do not use: length statistics, which cost a file
    look-up a posting, and compression of blocks that mostly hold one posting."""

    length_stats = False

    def __init__(self) -> None:
        super().__init__(compression=0)


def schema() -> Schema:
    """Fields of the index; every one takes terms, none analyses text."""
    return Schema(
        key=ID(stored=True, unique=True), stored=STORED(), version=CountedField(),
        words=CountedField(), grams=PlacedField(), mention=CountedField(), tag=CountedField(),
        label=CountedField(), number=NumberField(),
    )  # fmt: skip


class SyncedStorage(FileStorage):  # type: ignore[misc]
    """Files that are on the disk before the table of contents names them.

    Segments are read whole, not mapped: a file cut short under a mapping ends the process
    (SIGBUS), one that was read is a copy of its own. Whoosh copies what it opens of a mapping
    anyway, so this takes no more memory.
    """

    def __init__(self, path: str) -> None:
        super().__init__(path, supports_mmap=False)
        self._fresh: set[str] = set()

    def open_file(self, name: str, **kwargs: Any) -> Any:
        """As Whoosh does, but a segment as bytes in memory."""
        if not name.endswith(".seg"):
            return super().open_file(name, **kwargs)
        return BufferFile(Path(self._fpath(name)).read_bytes(), name=name)

    def create_file(self, name: str, **kwargs: Any) -> Any:
        """As Whoosh does, remembering the name."""
        self._fresh.add(name)
        return super().create_file(name, **kwargs)

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:
        """Sync what was written, rename, sync the folder: a power cut loses no commit."""
        for name in [*self._fresh, oldname]:
            path = os.path.join(self.folder, name)
            if os.path.exists(path):
                _sync(path)
        self._fresh.clear()
        super().rename_file(oldname, newname, safe)
        _sync(self.folder)


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fields(entry: Entry) -> dict[str, Any]:
    terms = entry.terms()
    numbers = {**terms.numbers, "len:words": (float(entry.length), 0.0)}
    return {
        "key": terms.key, "stored": terms.stored, "version": [f"{terms.key}\t{terms.version}"],
        "words": terms.words, "grams": terms.grams, "mention": terms.mentions, "tag": terms.tags,
        "label": terms.labels, "number": numbers,
    }  # fmt: skip


class WhooshBackend:
    """One index folder. Readers work on an immutable view; `write` makes the next one."""

    name = "whoosh"

    def __init__(self, folder: Path) -> None:
        self._storage = SyncedStorage(str(folder))
        self._index = index.FileIndex(self._storage)
        self._lock = threading.Lock()
        self._segments: dict[str, Segment] = {}
        self._view = self._load()

    @staticmethod
    def create(folder: Path) -> WhooshBackend:
        """An empty index in an empty folder."""
        index.FileIndex.create(SyncedStorage(str(folder)), schema(), "MAIN")
        return WhooshBackend(folder)

    def close(self) -> None:
        """Forget the open files; they close when the last reader lets go."""
        self._segments.clear()

    # ---- writing

    def write(self, adds: Iterable[Entry], deletes: Iterable[str] = ()) -> int:
        """Replace and remove documents in one commit; returns how many were added."""
        writer = SegmentWriter(self._index, codec=PlainCodec(), limitmb=MEMORY_MB, compound=True)
        count = 0
        try:
            gone = self._load()
            for key in deletes:
                _delete(writer, gone, key)
            for entry in adds:
                _delete(writer, gone, entry.key)
                writer.add_document(**_fields(entry))
                count += 1
        except BaseException:
            writer.cancel()
            raise
        writer.commit()
        return count

    # ---- reading

    def refresh(self) -> None:
        """Make the last commit visible; costs one look at the folder when nothing changed."""
        if self._index.latest_generation() == self._view.generation:
            return
        with self._lock:
            if self._index.latest_generation() != self._view.generation:
                self._view = self._load()

    def _load(self) -> View:
        """The view of the newest table of contents; a writer may replace it meanwhile."""
        for attempt in range(5):
            try:
                return self._load_once()
            except (OSError, index.EmptyIndexError):
                if attempt == 4 or not index.exists(self._storage, "MAIN"):
                    raise
        raise AssertionError

    def _load_once(self) -> View:
        toc = self._index._read_toc()
        kept: dict[str, Segment] = {}
        alive = []
        for info in toc.segments:
            known = self._segments.get(info.segment_id())
            segment = known or Segment(self._storage, toc.schema, info)
            kept[segment.id] = segment
            mask = np.ones(segment.size, dtype=bool)
            mask[list(info.deleted_docs())] = False
            alive.append(mask)
        self._segments = kept
        return View(toc.generation, list(kept.values()), alive)

    def execute(self, plan: Plan, labels: frozenset[str], want: Want) -> Raw:
        """The plan carried out on what the labels allow."""
        return Scorer(self._view, labels).run(plan, want)

    def counts(self, name: str, terms: Iterable[str], labels: frozenset[str]) -> dict[str, int]:
        """Visible documents that hold each of the terms."""
        return Scorer(self._view, labels).counts(name, terms)

    def prefixed(
        self, name: str, prefix: str, labels: frozenset[str], limit: int
    ) -> dict[str, int]:
        """Visible terms that begin like this, with visible documents."""
        return Scorer(self._view, labels).prefixed(name, prefix, limit)

    def versions(self) -> dict[str, str]:
        """The version of every living document by key."""
        found: dict[str, str] = {}
        for segment, alive in zip(self._view.segments, self._view.alive, strict=True):
            for term in segment.terms("version", ""):
                if alive[segment.postings("version", term).docs].any():
                    key, _, version = term.rpartition("\t")
                    found[key] = version
        return found

    def size(self) -> int:
        """How many documents are alive."""
        return self._view.size


def _delete(writer: SegmentWriter, view: View, key: str) -> None:
    base = 0
    for segment, alive in zip(view.segments, view.alive, strict=True):
        for doc in segment.postings("key", key).docs.tolist():
            if alive[doc]:
                writer.delete_document(base + doc)
                alive[doc] = False
        base += segment.size
