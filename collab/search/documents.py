"""What can be found: a document as the slices describe it, and the terms it is indexed under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from collab.search.analysis import fold, grams_of, measure_words, words_of
from collab.search.concepts import Recogniser, default_recogniser
from collab.search.cutting import CutText, chosen, cutting_for, dictionary
from collab.search.entries import BREAK, Entry, Terms, entry
from collab.search.measures import measure_token, nominal_mm
from collab.vocabulary.catalog import Vocabulary, load_vocabulary
from collab.vocabulary.normalize import normalize_text

TITLE_WEIGHT = 2
MENTION_CHARACTERS = 4000
BODY_CHARACTERS = 20000
ONLY_SAID = "~"  # before a mention of what the document does not carry
LINE_END = "\n"  # ends the title
KINDS = ("capability", "organisation", "need", "run", "help")


@dataclass(frozen=True, slots=True)
class Document:
    """One thing that can be found.

    `labels` say who may see it: it is found by a reader who holds any one of them. `regions` is
    the code of the place with everything above it. `values` are intervals in the parameter's
    canonical unit (None is an open end); `wafer_sizes` millimetres. `version` is compared with
    the database's by the checker.
    """

    key: str
    kind: str
    labels: tuple[str, ...]
    title_zh: str = ""
    title_en: str = ""
    body: str = ""
    organisation: str = ""
    organisation_zh: str = ""
    organisation_en: str = ""
    techniques: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    category: str = ""
    regions: tuple[str, ...] = ()
    organisation_kind: str = ""
    access_mode: str = ""
    wafer_sizes: tuple[float, ...] = ()
    values: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    evidence: str = ""
    status: str = ""
    lat: float | None = None
    lon: float | None = None
    updated_at: datetime | None = None
    version: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title in both languages."""
        return " ".join(t for t in (self.title_zh, self.title_en) if t)

    def to_json(self) -> bytes:
        """The document as it is stored beside the index."""
        plain = {n: v for n, v in zip(_NAMES, _all(self), strict=True) if v or n in _ALWAYS}
        if self.updated_at:
            plain["updated_at"] = self.updated_at.isoformat()
        for name in ("values", "facts"):
            if name in plain:
                plain[name] = dict(plain[name])
        return _WRITER.encode(plain).encode()

    @staticmethod
    def from_json(stored: bytes) -> Document:
        """A document as it was stored."""
        plain: dict[str, Any] = json.loads(stored)
        moment = plain.get("updated_at")
        plain["updated_at"] = datetime.fromisoformat(moment) if moment else None
        for name in ("labels", "techniques", "materials", "regions", "wafer_sizes"):
            plain[name] = tuple(plain.get(name, ()))
        plain["values"] = {k: (v[0], v[1]) for k, v in plain.get("values", {}).items()}
        return Document(**plain)


_NAMES = tuple(f.name for f in fields(Document))
_ALWAYS = frozenset({"lat", "lon"})  # where nothing and 0 are two things
_all = attrgetter(*_NAMES)
_WRITER = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


_MOST_KEPT = 50_000
_kept: dict[tuple[str, tuple[str, ...], tuple[str, ...]], tuple[str, ...]] = {}
_TRUST = {"verified": 3.0, "declared": 2.0, "documented": 1.0}


def tie_of(key: str) -> float:
    """A number that orders keys the same way in every engine."""
    return float(int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest(), "big"))


@lru_cache(maxsize=20_000)
def _cut_short(text: str, _words: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Words and grams of a text that many documents share: a label, an organisation's name."""
    folded = fold(text)
    return tuple(words_of(folded)), tuple(grams_of(folded))


def carried_terms(document: Document, vocabulary: Vocabulary) -> tuple[list[str], list[str]]:
    """Words and grams of the organisation's names and of the labels of what is carried."""
    terms = map(vocabulary.term, (*document.techniques, *document.materials))
    texts = [document.organisation_zh, document.organisation_en]
    texts += [label for term in terms if term is not None for label in (term.zh, term.en)]
    words: list[str] = []
    grams: list[str] = []
    version = dictionary().version
    for text in texts:
        found = _cut_short(text, version)
        words += found[0]
        grams += (BREAK, *found[1])
    return words, grams


def _with_ancestors(ids: tuple[str, ...], vocabulary: Vocabulary) -> list[str]:
    return list(dict.fromkeys(i for t in ids for i in (t, *vocabulary.ancestors(t))))


def tags_of(document: Document, vocabulary: Vocabulary) -> list[str]:
    """Facet values as `facet:value`; `exact:` marks a technique or material named itself."""
    plain = {
        "technique": _with_ancestors(document.techniques, vocabulary),
        "material": _with_ancestors(document.materials, vocabulary),
        "exact": [*document.techniques, *document.materials],
        "region": list(document.regions), "category": [document.category],
        "kind": [document.kind], "organisation": [document.organisation],
        "organisation_kind": [document.organisation_kind], "access_mode": [document.access_mode],
        "evidence": [document.evidence], "status": [document.status],
        "wafer": [f"{nominal_mm(size):g}" for size in document.wafer_sizes],
    }  # fmt: skip
    return [f"{facet}:{value}" for facet, values in plain.items() for value in values if value]


def mentions_of(
    normal: str,
    document: Document,
    vocabulary: Vocabulary,
    recogniser: Recogniser,
    text: CutText | None = None,
) -> list[str]:
    """What normalised text speaks of: `=id` for the concept, `id` also for all that is broader.

    A document that says what it carries (techniques, materials) only mentions the rest: that is
    marked `~`. An abbreviation that is part of the organisation's name is no mention.
    """
    found: dict[str, None] = {}
    if len(normal) > MENTION_CHARACTERS:
        normal, text = normal[:MENTION_CHARACTERS], None
    for ids, written in recogniser.spoken_of(normal, text):
        if written.isupper() and written.lower() in _name_words(document):
            continue
        of_techniques = ids[0] in vocabulary.techniques
        carried = document.techniques if of_techniques else document.materials
        found.update(dict.fromkeys(_marks(vocabulary, carried, ids)))
    return list(found)


def _marks(
    vocabulary: Vocabulary, carried: tuple[str, ...], ids: tuple[str, ...]
) -> tuple[str, ...]:
    """What speaking of `ids` is noted as beside what is carried; worked out once."""
    place = (vocabulary.version, carried, ids)
    found = _kept.get(place)
    if found is None:
        listed: list[str] = []
        for term_id in ids:
            marked = [
                (ONLY_SAID if carried and not _carries(carried, up, vocabulary) else "", up)
                for up in (term_id, *vocabulary.ancestors(term_id))
            ]
            listed.append(f"{marked[0][0]}={term_id}")
            listed += (only + up for only, up in marked)
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        found = _kept[place] = tuple(listed)
    return found


def _name_words(document: Document) -> tuple[str, ...]:
    names, words = (document.organisation_zh, document.organisation_en), dictionary().version
    return tuple(word for name in names for word in _cut_short(name, words)[0])


def _carries(carried: tuple[str, ...], term_id: str, vocabulary: Vocabulary) -> bool:
    return any(vocabulary.covers(one, term_id) for one in carried)


def numbers_of(document: Document) -> dict[str, tuple[float, float]]:
    """Intervals an engine compares and sorts by; an open end is infinite."""
    infinite = float("inf")
    found = {
        name: (-infinite if low is None else low, infinite if high is None else high)
        for name, (low, high) in document.values.items()
    }
    found["tie"] = (tie_of(document.key), 0.0)
    found["trust"] = (_TRUST.get(document.evidence, 0.0), 0.0)
    moment = document.updated_at.timestamp() if document.updated_at else 0.0
    found["updated"] = (moment, 0.0)
    if document.lat is not None and document.lon is not None:
        found["place"] = (document.lat, document.lon)
    return found


@dataclass(frozen=True, slots=True)
class _Read:
    """A title and a body in one spelling, cut once; `words` and `grams` as they are indexed."""

    normal: str
    text: CutText
    words: list[str]
    grams: list[str]


def _read(title: str, body: str) -> _Read:
    normal = normalize_text(f"{' '.join(title.split())}{LINE_END}{body}")
    folded = normal.lower()
    text = CutText(folded)
    head, _, rest = folded.partition(LINE_END)
    first = text.pieces_before(LINE_END)
    above = [*measure_words(head), *text.words(0, first)]
    words = [*above * TITLE_WEIGHT, *measure_words(rest), *text.words(first)]
    return _Read(normal, text, words, [*text.grams(0, first), BREAK, *text.grams(first)])


def entry_of(
    document: Document,
    vocabulary: Vocabulary | None = None,
    recogniser: Recogniser | None = None,
) -> Entry:
    """The document cut into terms, the same way for every engine."""
    vocabulary = vocabulary or load_vocabulary()
    recogniser = recogniser or default_recogniser()
    if chosen():  # the one who builds an index chooses once for all
        return _entry_of(document, vocabulary, recogniser)
    with cutting_for(vocabulary):
        return _entry_of(document, vocabulary, recogniser)


def _entry_of(document: Document, vocabulary: Vocabulary, recogniser: Recogniser) -> Entry:
    read = _read(document.title, document.body[:BODY_CHARACTERS])
    words, grams = carried_terms(document, vocabulary)
    sizes = [measure_token(size, "mm")[0] for size in document.wafer_sizes]
    return entry(Terms(
        key=document.key, version=document.version,
        words=[*read.words, *words, *sizes], grams=[*read.grams, *grams],
        mentions=mentions_of(read.normal, document, vocabulary, recogniser, read.text),
        tags=tags_of(document, vocabulary), labels=list(dict.fromkeys(document.labels)),
        numbers=numbers_of(document), stored=document.to_json(),
    ))  # fmt: skip


def plain_entry(key: str, title: str, text: str) -> Entry:
    """A document of any collection, visible to everybody."""
    vocabulary = load_vocabulary()
    document = Document(key=key, kind="text", labels=("public",))
    read = _read(title, text)
    return entry(Terms(
        key=key, version="", words=read.words, grams=read.grams,
        mentions=mentions_of(
            read.normal, document, vocabulary, default_recogniser(), read.text),
        tags=["kind:text"], labels=["public"], numbers={"tie": (tie_of(key), 0.0)},
        stored=document.to_json(),
    ))  # fmt: skip
