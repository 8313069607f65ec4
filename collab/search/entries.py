"""A document as engines take it: its terms, and these as one line of JSON."""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from collab.search.impact import levelled
from collab.search.plan import GRAMS, MENTION, TAG, WORDS
from collab.search.tantivy_fields import (
    FACETS,
    HELD,
    INFINITE,
    PROFILE,
    PUBLIC,
    SINGLE,
    STRIPE,
    TIES,
    bundles,
    marked,
    profile_of,
    safe,
    solid,
    stripe_of,
)

BREAK = "\x7f"  # stands between fields, so that no phrase runs from one into the next
_ROW = "\x1d"  # stands between the words that occur once, twice, …
_ORDERS = ("updated", "trust")  # highest first, and of equals the lowest tie
_write = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":")
).encode


@dataclass(frozen=True, slots=True)
class Terms:
    """Every field of a document cut into its terms.

    `numbers` are intervals by name: parameters, and `updated` (seconds), `place` (lat, lon),
    `trust` (rank of evidence), `tie` (order of equal scores). `stored` comes back with a hit.
    """

    key: str
    version: str
    words: list[str]
    grams: list[str]
    mentions: list[str]
    tags: list[str]
    labels: list[str]
    numbers: dict[str, tuple[float, float]]
    stored: bytes


@dataclass(slots=True)
class Entry:
    """The same as one line of JSON, whose names are the fields of tantivy's schema.

    Tantivy takes the line as it stands; Whoosh, whose own work is so much longer, reads it back.
    `rows` has the words that stand once in the document, then those that stand twice, and so on,
    because what a word weighs depends on the index; `line` is the rest of the object without its
    end; `besides` is what only Whoosh is told. `length` counts the words.
    """

    key: str
    length: int
    public: bool
    rows: str
    line: str
    besides: str

    def json(self, usual: float) -> str:
        """The whole line, with every word's weight where documents have so many words usually."""
        words = levelled(self.rows.split(_ROW), self.length, usual)
        return f'{self.line},"{WORDS}":"{words}"}}}}'

    def terms(self) -> Terms:
        """The terms of the line."""
        plain: dict[str, Any] = json.loads(self.line + "}}")
        labels, tags, numbers = json.loads(self.besides)
        held = plain[HELD]
        return Terms(
            key=self.key, version=plain["version"].partition("\t")[2], words=self.words(),
            grams=plain[GRAMS].split(" "), mentions=held[MENTION].split(),
            tags=tags or held[TAG].split(" "), labels=labels,
            numbers={name: (low, high) for name, low, high in _finished(numbers)},
            stored=b64decode(plain["stored"]),
        )  # fmt: skip

    def words(self) -> list[str]:
        """Every word as often as it stands in the document."""
        rows = enumerate(self.rows.split(_ROW), 1)
        return [word for times, row in rows if row for word in row.split(" ") * times]


def entry(terms: Terms) -> Entry:
    """Terms as an engine takes them."""
    tags = " ".join(map(solid, terms.tags))
    line = _write({
        "key": terms.key, "version": f"{terms.key}\t{terms.version}",
        "stored": b64encode(terms.stored).decode(), GRAMS: " ".join(terms.grams),
        "label": marked(terms.labels), PROFILE: profile_of(terms.tags),
        FACETS: bundles(terms.tags), **_columns(terms.numbers),
        HELD: {
            MENTION: " ".join(terms.mentions), TAG: tags,
            STRIPE: stripe_of(terms.numbers["tie"][0]),
        },
    })  # fmt: skip
    numbers = [[n, _closed(low), _closed(high)] for n, (low, high) in terms.numbers.items()]
    others = None if tags == " ".join(terms.tags) else terms.tags
    besides = _write([terms.labels, others, numbers])
    public = PUBLIC in terms.labels
    return Entry(terms.key, len(terms.words), public, _rows(terms.words), line[:-2], besides)


def _rows(words: list[str]) -> str:
    counts = Counter(words)
    rows: list[list[str]] = [[] for _ in range(max(counts.values(), default=0))]
    for word, count in counts.items():
        rows[count - 1].append(word)
    return _ROW.join(map(" ".join, rows))


def _columns(numbers: dict[str, tuple[float, float]]) -> dict[str, float]:
    """What is compared and sorted by, one number a field."""
    found: dict[str, float] = {}
    for name, (low, high) in numbers.items():
        if name == "place":
            found["lat"], found["lon"] = low, high
        elif name in _ORDERS:
            found[name] = math.floor(low) + 1 - numbers["tie"][0] / TIES
        elif name in SINGLE:
            found[name] = low
        else:
            column = safe(name)
            found[column + "_low"] = max(-INFINITE, min(INFINITE, low))
            found[column + "_high"] = max(-INFINITE, min(INFINITE, high))
    return found


def _closed(end: float) -> float | None:
    """JSON knows no infinity."""
    return end if math.isfinite(end) else None


def _finished(numbers: Iterable[Any]) -> Iterable[tuple[str, float, float]]:
    for name, low, high in numbers:
        yield name, -math.inf if low is None else low, math.inf if high is None else high
