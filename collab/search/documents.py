"""What can be found: a document as the slices describe it, and the terms it is indexed under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from collab.search.analysis import fold, grams_of, words_of
from collab.search.concepts import Recogniser, default_recogniser
from collab.search.measures import measure_token, nominal_mm
from collab.vocabulary.catalog import Vocabulary, load_vocabulary
from collab.vocabulary.normalize import normalize_text

TITLE_WEIGHT = 2
MENTION_CHARACTERS = 4000
BODY_CHARACTERS = 20000
ONLY_SAID = "~"  # before a mention of what the document does not carry
BREAK = "\n"  # stands between fields, so that no phrase runs from one into the next
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
        plain = {name: getattr(self, name) for name in _NAMES}
        plain["values"], plain["facts"] = dict(self.values), dict(self.facts)
        plain["updated_at"] = self.updated_at.isoformat() if self.updated_at else None
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()

    @staticmethod
    def from_json(stored: bytes) -> Document:
        """A document as it was stored."""
        plain: dict[str, Any] = json.loads(stored)
        moment = plain.get("updated_at")
        plain["updated_at"] = datetime.fromisoformat(moment) if moment else None
        for name in ("labels", "techniques", "materials", "regions", "wafer_sizes"):
            plain[name] = tuple(plain[name])
        plain["values"] = {k: (v[0], v[1]) for k, v in plain["values"].items()}
        return Document(**plain)


_NAMES = tuple(f.name for f in fields(Document))


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as an engine takes it: every field already cut into its terms.

    `numbers` are intervals by name: parameters, and `updated` (seconds), `place` (lat, lon),
    `trust` (rank of evidence), `tie` (order of equal scores).
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


_TRUST = {"verified": 3.0, "declared": 2.0, "documented": 1.0}


def tie_of(key: str) -> float:
    """A number that orders keys the same way in every engine."""
    return float(int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest(), "big"))


@lru_cache(maxsize=20_000)
def _cut_short(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
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
    for text in texts:
        found = _cut_short(text)
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
    normal: str, document: Document, vocabulary: Vocabulary, recogniser: Recogniser
) -> list[str]:
    """What normalised text speaks of: `=id` for the concept, `id` also for all that is broader.

    A document that says what it carries (techniques, materials) only mentions the rest: that is
    marked `~`. An abbreviation that is part of the organisation's name is no mention.
    """
    found: dict[str, None] = {}
    for concept in recogniser.find_normal(normal[:MENTION_CHARACTERS]):
        surface = normal[concept.start : concept.end]
        if surface.isupper() and surface.lower() in _name_words(document):
            continue
        carried = document.techniques if concept.technique else document.materials

        def only(term_id: str, carried: tuple[str, ...] = carried) -> str:
            return ONLY_SAID if carried and not _carries(carried, term_id, vocabulary) else ""

        for term_id in concept.ids:
            found[f"{only(term_id)}={term_id}"] = None
            for up in (term_id, *vocabulary.ancestors(term_id)):
                found[only(up) + up] = None
    return list(found)


def _name_words(document: Document) -> tuple[str, ...]:
    return (*_cut_short(document.organisation_zh)[0], *_cut_short(document.organisation_en)[0])


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


def entry_of(
    document: Document,
    vocabulary: Vocabulary | None = None,
    recogniser: Recogniser | None = None,
) -> Entry:
    """The document cut into terms, the same way for every engine."""
    vocabulary = vocabulary or load_vocabulary()
    recogniser = recogniser or default_recogniser()
    head = " ".join(document.title.split())
    normal = normalize_text(f"{head}{BREAK}{document.body[:BODY_CHARACTERS]}")
    title, _, body = normal.lower().partition(BREAK)
    words, grams = carried_terms(document, vocabulary)
    sizes = [measure_token(size, "mm")[0] for size in document.wafer_sizes]
    return Entry(
        key=document.key, version=document.version,
        words=[*words_of(title) * TITLE_WEIGHT, *words_of(body), *words, *sizes],
        grams=[*grams_of(title), BREAK, *grams_of(body), *grams],
        mentions=mentions_of(normal, document, vocabulary, recogniser),
        tags=tags_of(document, vocabulary), labels=list(dict.fromkeys(document.labels)),
        numbers=numbers_of(document), stored=document.to_json(),
    )  # fmt: skip


def plain_entry(key: str, title: str, text: str) -> Entry:
    """A document of any collection, visible to everybody."""
    vocabulary = load_vocabulary()
    document = Document(key=key, kind="text", labels=("public",))
    normal = normalize_text(f"{' '.join(title.split())}{BREAK}{text}")
    head, _, body = normal.lower().partition(BREAK)
    return Entry(
        key=key, version="", words=[*words_of(head) * TITLE_WEIGHT, *words_of(body)],
        grams=[*grams_of(head), BREAK, *grams_of(body)],
        mentions=mentions_of(normal, document, vocabulary, default_recogniser()),
        tags=["kind:text"], labels=["public"], numbers={"tie": (tie_of(key), 0.0)},
        stored=document.to_json(),
    )  # fmt: skip
