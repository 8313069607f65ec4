"""Terms of documents kept beside the indexes, so that a rebuild only reads what is new.

What is kept stands under a digest of all that went into it: the document, the words in force, and
the code and libraries that cut. So it can never be stale, and whatever cannot be read (missing,
damaged, of another form) is analysed anew. What is kept of a document goes with the document.
"""

from __future__ import annotations

import hashlib
import marshal
import platform
import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache
from importlib.metadata import version
from itertools import islice
from operator import attrgetter
from pathlib import Path
from zlib import adler32

from collab.search import (
    analysis,
    asked_words,
    concepts,
    cutting,
    documents,
    entries,
    facets,
    impact,
    measures,
    plan,
    tantivy_fields,
    word_edges,
)
from collab.search.documents import Document
from collab.search.entries import Entry
from collab.search.erasable import Erasable, name_of
from collab.search.layout import LOCK_WAIT, WriterBusy
from collab.vocabulary import catalog, normalize

STRETCH = 1_000  # documents looked up at once
TOGETHER = 2_000  # new ones kept at once by a rebuild
DIGEST = 16
_CHECKSUM = struct.Struct("<I")  # of all that follows
_HEAD = struct.Struct("<I?II")  # number of words, whether public, characters of line and rows
_HEAD_AT = DIGEST + _CHECKSUM.size
_START = _HEAD_AT + _HEAD.size
_LIBRARIES = ("rjieba", "opencc", "snowballstemmer", "ahocorasick-rs")
_CODE = (  # what an entry depends on; a test holds the list against the imports
    analysis, asked_words, catalog, concepts, cutting, documents, entries, facets, impact, measures,
    normalize, plan, tantivy_fields, word_edges,
)  # fmt: skip
_plain = attrgetter(*(f.name for f in fields(Document) if f.name != "updated_at"))


@lru_cache(maxsize=1)
def _means() -> bytes:
    """What cuts texts in this process: code, words for asking, libraries."""
    means = hashlib.blake2b(digest_size=DIGEST)
    for path in (*(str(module.__file__) for module in _CODE), __file__, str(asked_words.FILE)):
        means.update(Path(path).read_bytes())
    names = (platform.python_version(), *(f"{name} {version(name)}" for name in _LIBRARIES))
    means.update("\n".join(names).encode())
    return means.digest()


class Digests:
    """Digests of documents, under the words that cut them and the vocabulary that reads them."""

    def __init__(self, words: str, vocabulary: str) -> None:
        self._made_with = hashlib.blake2b(_means(), digest_size=DIGEST)
        self._made_with.update(f"{words}\n{vocabulary}\n".encode())

    def of(self, document: Document) -> bytes:
        """The same for documents that are the same in every field."""
        moment = document.updated_at.isoformat() if document.updated_at else ""
        found = self._made_with.copy()
        try:  # written only, never read: the shortest way from equal values to equal bytes
            found.update(marshal.dumps((moment, _plain(document)), 2))
        except ValueError:  # a value or a mapping of a class of its own
            found.update(document.to_json())
        return found.digest()


def packed(digest: bytes, entry: Entry) -> bytes:
    """An entry as it is kept."""
    head = _HEAD.pack(entry.length, entry.public, len(entry.line), len(entry.rows))
    rest = head + (entry.line + entry.rows + entry.besides).encode()
    return digest + _CHECKSUM.pack(adler32(rest)) + rest


def unpacked(key: str, digest: bytes, content: bytes) -> Entry | None:
    """The entry of the document with this key; None when it is another's, or damaged."""
    if not content.startswith(digest) or len(content) < _START:
        return None
    if _CHECKSUM.unpack_from(content, DIGEST)[0] != adler32(memoryview(content)[_HEAD_AT:]):
        return None
    length, public, line, rows = _HEAD.unpack_from(content, _HEAD_AT)
    text = content[_START:].decode()
    rows += line
    return Entry(key, length, public, text[line:rows], text[:line], text[rows:])


class KeptTerms:
    """What is kept in one search folder; safe between threads and processes, for every engine."""

    def __init__(self, root: Path, wait: float = LOCK_WAIT) -> None:
        self._file = Erasable(root, wait)

    def entries(
        self,
        given: Iterable[Document],
        digests: Digests,
        analysed: Callable[[Document], Entry],
        seen: set[int],
    ) -> Iterator[Entry]:
        """Entries of the documents in order, from what is kept where it fits; notes their names."""
        fresh: dict[str, bytes] = {}
        documents = iter(given)
        while stretch := list(islice(documents, STRETCH)):
            keys = {name_of(document.key): document.key for document in stretch}
            seen.update(keys)
            known = self._known(keys)
            for document in stretch:
                key, digest = document.key, digests.of(document)
                entry = unpacked(key, digest, known.get(key, b""))
                if entry is None:
                    entry = analysed(document)
                    fresh[key] = packed(digest, entry)
                yield entry
            if len(fresh) >= TOGETHER:
                self._keep(fresh)
                fresh = {}
        if fresh:
            self._keep(fresh)

    def _known(self, keys: Mapping[int, str]) -> dict[str, bytes]:
        with suppress(WriterBusy):
            return self._file.read_named(keys)
        return {}

    def _keep(self, contents: Mapping[str, bytes]) -> None:
        """Without waiting for the disk: what a power cut damages is noticed and read anew."""
        with suppress(WriterBusy):
            self._file.write(contents, durable=False)

    def only(self, names: Collection[int]) -> None:
        """Drop what belongs to no document any more; by the names of those that live."""
        self._file.only(names)

    def change(
        self, changed: Iterable[tuple[Document, Entry]], gone: Iterable[str], digests: Digests
    ) -> None:
        """Take the new in place of the old, and drop what is gone; on the disk afterwards."""
        self._file.write({d.key: packed(digests.of(d), entry) for d, entry in changed}, gone)
