"""A person's query understood: words, concepts, conditions and filters made into one plan."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from collab.search.analysis import (
    code_words,
    cut,
    fold,
    grams_of,
    is_han,
    phrase_grams,
    pieces,
    quantities,
    words_of,
)
from collab.search.concepts import Concept, Recogniser, default_recogniser
from collab.search.facets import COUNTED, FACETS, SORTS, Facet, Sort
from collab.search.function_words import FUNCTION_WORDS
from collab.search.numeric import WAFER, Numeric, NumericReader, wafer_classes, wafer_values
from collab.search.places import Gazetteer
from collab.search.plan import (
    GRAMS,
    MENTION,
    TAG,
    WORDS,
    Atom,
    Group,
    Part,
    Phrase,
    Plan,
    Range,
    Within,
)
from collab.search.syntax import FieldTerm, Syntax, conditions, take_apart
from collab.vocabulary.catalog import Vocabulary, load_vocabulary

__all__ = ["COUNTED", "FACETS", "SORTS", "Facet", "Parsed", "QueryParser", "SearchQuery", "Sort"]

GRAM_WEIGHT = 0.4
PHRASE_BONUS = 3.0
TECHNIQUE, MATERIAL, PLACE, SIZE, NUMBER = 40.0, 24.0, 16.0, 12.0, 12.0
NARROWER, MENTIONED, MENTIONED_NARROWER = 0.95, 0.5, 0.45
WORDS_OF_CONCEPTS, WORDS_BESIDE = 0.5, 2.0
PRIORS = (
    ("kind:capability", 4.0), ("kind:run", 2.0), ("status:operating", 2.0),
    ("evidence:verified", 0.6), ("evidence:declared", 0.3),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What somebody asks. `filters` are clicked facet values; `origin` is (lat, lon) in degrees.

    `expand` lets the vocabulary add synonyms and narrower terms; `correct` lets obvious typing
    errors be mended.
    """

    text: str = ""
    kinds: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ranges: tuple[Range, ...] = ()
    sort: str = "relevance"
    origin: tuple[float, float] | None = None
    offset: int = 0
    limit: int = 20
    expand: bool = True
    correct: bool = True


@dataclass(frozen=True, slots=True)
class Expansion:
    """What one spelling in the query was taken to mean, and what else is searched with it."""

    written: str
    ids: tuple[str, ...]
    synonyms: tuple[str, ...]
    narrower: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query understood: the plan, what was expanded, and what could not be placed."""

    plan: Plan
    understood: str
    expansions: tuple[Expansion, ...] = ()
    conditions: tuple[Range, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    loose: tuple[Group, ...] = ()


@dataclass(slots=True)
class _Found:
    """What one query's plain text contains."""

    folded: str
    concepts: list[Concept]
    numerics: list[Numeric]
    taken: list[tuple[int, int]]

    def free(self, start: int, end: int) -> bool:
        return not any(i < end and start < j for i, j in self.taken)


class QueryParser:
    """Understands queries with one vocabulary and one list of places."""

    def __init__(
        self,
        vocabulary: Vocabulary | None = None,
        recogniser: Recogniser | None = None,
        places: Mapping[str, str] | None = None,
    ) -> None:
        self.vocabulary = vocabulary or load_vocabulary()
        self.recogniser = recogniser or default_recogniser()
        self._numbers = NumericReader(self.vocabulary)
        self._places = Gazetteer(places or {})

    def parse(self, query: SearchQuery) -> Parsed:
        """The query as a plan with a report; any text gives a plan, never an error."""
        syntax = take_apart(query.text)
        found = self._read(syntax.text.lower(), query.expand)
        filters, unknown = self._filters(syntax, query)
        strict = [n.range for n in found.numerics if n.strict]
        plan = self._plan(found, syntax)
        plan = self._with_conditions(plan, (*strict, *query.ranges), filters, found)
        plan = replace(plan, exclude=(*plan.exclude, *self._excluded(syntax)))
        return Parsed(
            plan=plan, understood=" ".join(syntax.text.split()),
            expansions=self._report(found), conditions=tuple(n.range for n in found.numerics),
            unknown_fields=tuple(unknown), plain=tuple(self._plain_words(found)),
            marks=tuple(self._marks(found, syntax)),
            loose=tuple(Group((part,)) for part in self._loose(found)),
        )  # fmt: skip

    def _read(self, folded: str, expand: bool) -> _Found:
        numerics = self._numbers.read(conditions(folded))
        taken = [(n.start, n.end) for n in numerics]
        concepts: list[Concept] = []
        if expand:
            concepts = [
                c for c in self.recogniser.find(folded, query=True)
                if not any(n.strict and n.start < c.end and c.start < n.end for n in numerics)
            ]  # fmt: skip
            taken += [(c.start, c.end) for c in concepts]
        return _Found(folded, self.recogniser.most_specific(concepts), numerics, taken)

    # ---- the plan

    def _plan(self, found: _Found, syntax: Syntax) -> Plan:
        techniques = [c for c in found.concepts if c.technique]
        enough = [c for c in techniques if not c.weak] or techniques
        materials = [c for c in found.concepts if not c.technique]
        beside = [self._concept(c, MATERIAL) for c in materials]
        beside += [self._concept(c, TECHNIQUE) for c in techniques if c not in enough]
        beside += [*self._places.groups(found.folded, PLACE), *self._sizes(found)]
        soft = self._soft_numbers(found)
        must = tuple(
            Group((Phrase(tuple(terms), 8.0),))
            for text in syntax.phrases if (terms := phrase_grams(text))
        )  # fmt: skip
        words = [*self._word_groups(found), *soft]
        some, minimum = tuple(self._concept(c, TECHNIQUE) for c in enough), 1
        beside += soft if found.concepts else []
        extra = [*beside, *self._all_words(found)]
        if not some and materials:
            some, extra = tuple(beside[: len(materials)]), [*beside[len(materials) :], *extra]
            extra = [*extra[: len(beside)], *self._all_words(found)]
        elif not some and words:
            some, minimum = tuple(words), _enough(len(words))
            extra = [*beside, Group(tuple(self._loose(found)), best=False)]
        elif not some and not must:
            some, extra = tuple(beside), []
        extra += [Group((Atom(TAG, tag, weight, flat=True),)) for tag, weight in PRIORS]
        return Plan(must=must, some=some, minimum=minimum, extra=tuple(extra))

    def _concept(self, concept: Concept, weight: float) -> Group:
        parts: list[Part] = []
        facet = "technique" if concept.technique else "material"
        for term_id in concept.ids:
            parts += (
                Atom(TAG, f"exact:{term_id}", weight, flat=True),
                Atom(TAG, f"{facet}:{term_id}", weight * NARROWER, flat=True),
                Atom(MENTION, f"={term_id}", weight * MENTIONED, flat=True),
                Atom(MENTION, term_id, weight * MENTIONED_NARROWER, flat=True),
            )
        return Group(tuple(parts))

    @staticmethod
    def _soft_numbers(found: _Found) -> list[Group]:
        """Numbers without an operator: known to hold, or at least written in the text."""
        out = []
        for numeric in found.numerics:
            if not numeric.strict:
                written = quantities(found.folded[numeric.start : numeric.end])
                parts = [Atom(WORDS, m.token, NUMBER / 2, flat=True) for m in written]
                out.append(Group((Within(numeric.range, NUMBER), *parts)))
        return out

    @staticmethod
    def _sizes(found: _Found) -> list[Group]:
        return [
            Group((
                Atom(TAG, f"wafer:{m.wafer_mm}", SIZE, flat=True),
                Atom(WORDS, m.token, SIZE / 2, flat=True),
            ))
            for m in quantities(found.folded) if m.wafer_mm
        ]  # fmt: skip

    def _word_groups(self, found: _Found) -> list[Group]:
        """One group a plain word outside concepts; function words only when nothing else is."""
        groups: list[tuple[str, Group]] = []
        for piece in pieces(found.folded):
            if not piece.han:
                if found.free(piece.start, piece.end):
                    parts = tuple(Atom(WORDS, w) for w in dict.fromkeys(code_words(piece.text)))
                    groups.append((piece.text, Group((*parts, *_measure(piece.text)), best=False)))
                continue
            groups += self._han_groups(piece.text, piece.start, found)
        content = [group for word, group in groups if word not in FUNCTION_WORDS]
        return (content or [group for _, group in groups])[:32]

    @staticmethod
    def _han_groups(run: str, start: int, found: _Found) -> list[tuple[str, Group]]:
        places = [p for p in cut(run) if found.free(start + p[1], start + p[2])]
        out = []
        for word, i, j in places:
            if any(a <= i and j <= b and (a, b) != (i, j) for _, a, b in places):
                continue
            parts: list[Part] = [Atom(WORDS, word)]
            if len(word) == 1:
                parts.append(Atom(GRAMS, word, GRAM_WEIGHT, prefix=True))
            elif len(word) == 2:
                parts.append(Atom(GRAMS, word, GRAM_WEIGHT))
            else:
                parts.append(Phrase(tuple(phrase_grams(word)), PHRASE_BONUS))
            out.append((word, Group(tuple(parts), best=False)))
        return out

    @staticmethod
    def _loose(found: _Found) -> list[Part]:
        """Every word and pair outside concepts, for when too few of the words stand together."""
        parts: dict[Part, None] = {}
        for piece in pieces(found.folded):
            if not piece.han:
                if found.free(piece.start, piece.end) and piece.text not in FUNCTION_WORDS:
                    parts |= {Atom(WORDS, w): None for w in code_words(piece.text)}
                continue
            places = [p for p in cut(piece.text) if p[0] not in FUNCTION_WORDS]
            free = [p for p in places if found.free(piece.start + p[1], piece.start + p[2])]
            parts |= {Atom(WORDS, word): None for word, _, _ in free}
            for word, _, _ in free:
                pairs = (word[k : k + 2] for k in range(len(word) - 1))
                parts |= {Atom(GRAMS, pair, GRAM_WEIGHT): None for pair in pairs}
        return list(parts)[:96]

    @staticmethod
    def _all_words(found: _Found) -> list[Group]:
        words = [w for w in dict.fromkeys(words_of(found.folded)) if w not in FUNCTION_WORDS]
        rest = "".join(
            char if found.free(at, at + 1) else " " for at, char in enumerate(found.folded)
        )
        beside = set(words_of(rest))
        parts: list[Part] = [
            Atom(WORDS, w, WORDS_BESIDE if w in beside else WORDS_OF_CONCEPTS) for w in words[:48]
        ]
        return [Group(tuple(parts), best=False)] if parts else []

    def _with_conditions(
        self,
        plan: Plan,
        strict: Iterable[Range],
        filters: dict[str, tuple[str, ...]],
        found: _Found,
    ) -> Plan:
        ranges = []
        for wanted in strict:
            if wanted.parameter == WAFER:
                filters.setdefault("wafer", wafer_classes(wanted) or ("none",))
            else:
                ranges.append(wanted)
        return replace(plan, filters=filters, ranges=tuple(ranges))

    # ---- fields and exclusions

    def _filters(
        self, syntax: Syntax, query: SearchQuery
    ) -> tuple[dict[str, tuple[str, ...]], list[str]]:
        filters: dict[str, list[str]] = {}
        unknown: list[str] = []
        for term in syntax.fields:
            if not term.excluded:
                filters.setdefault(term.name, []).extend(self.values_of(term))
        for name, values in query.filters.items():
            if name in FACETS:
                filters.setdefault(name, []).extend(values)
            else:
                unknown.append(name)
        if query.kinds:
            filters.setdefault("kind", []).extend(query.kinds)
        return {name: tuple(dict.fromkeys(v)) for name, v in filters.items() if v}, unknown

    def values_of(self, term: FieldTerm) -> tuple[str, ...]:
        """The facet values that a written value means; the value itself when unknown."""
        value = term.value
        if term.name == "wafer":
            return wafer_values(value) or (value,)
        if term.name == "region":
            return (self._places.code(value) or value,)
        if term.name in ("technique", "material"):
            if self.vocabulary.term(value) is not None:
                return (value,)
            wanted = term.name == "technique"
            found = self.recogniser.find(value, query=True)
            ids = tuple(i for c in found if c.technique == wanted for i in c.ids)
            return ids or (value,)
        return (value, value.lower()) if value != value.lower() else (value,)

    def _excluded(self, syntax: Syntax) -> list[Part]:
        parts: list[Part] = []
        for term in syntax.fields:
            if term.excluded:
                parts += (Atom(TAG, f"{term.name}:{v}", flat=True) for v in self.values_of(term))
        for text in syntax.excluded:
            if terms := phrase_grams(text):
                parts.append(Phrase(tuple(terms)))
            for concept in self.recogniser.find(text, query=True):
                facet = "technique" if concept.technique else "material"
                if len(concept.ids) == 1:
                    parts.append(Atom(TAG, f"{facet}:{concept.ids[0]}", flat=True))
        return parts

    # ---- the report

    def _report(self, found: _Found) -> tuple[Expansion, ...]:
        out = []
        for concept in found.concepts:
            terms = [t for t in map(self.vocabulary.term, concept.ids) if t is not None]
            written = found.folded[concept.start : concept.end]
            synonyms = dict.fromkeys(s for t in terms for s in t.spellings() if fold(s) != written)
            narrower = sorted(
                d for t in terms for d in self.vocabulary.descendants(t.id) if d != t.id
            )
            out.append(Expansion(written, concept.ids, tuple(synonyms), tuple(narrower)))
        return tuple(out)

    def _plain_words(self, found: _Found) -> list[str]:
        return [
            p.text for p in pieces(found.folded)
            if not p.han and p.text.isalpha() and found.free(p.start, p.end)
            and p.text not in FUNCTION_WORDS
        ]  # fmt: skip

    def _marks(self, found: _Found, syntax: Syntax) -> list[str]:
        """Folded spellings to mark in results: concepts in every spelling, phrases, words."""
        marks: dict[str, None] = {}
        for concept in found.concepts:
            for term in filter(None, map(self.vocabulary.term, concept.ids)):
                marks.update(dict.fromkeys(map(fold, term.spellings())))
        marks.update(dict.fromkeys(map(fold, syntax.phrases)))
        for piece in pieces(found.folded):
            inner = [w for w, _, _ in cut(piece.text)] if piece.han else [piece.text]
            marks.update(dict.fromkeys(w for w in inner if w not in FUNCTION_WORDS))
        return list(marks)


def _measure(word: str) -> list[Part]:
    return [Atom(WORDS, m.token) for m in quantities(word)]


def _enough(count: int) -> int:
    return count if count <= 2 else math.ceil(count * 0.6)


def plain_plan(text: str) -> Plan:
    """Any of the words and pairs of a text, without vocabulary: for general collections."""
    folded = fold(text)
    words = words_of(folded)
    content = [w for w in words if w not in FUNCTION_WORDS] or words
    pairs = [g for g in grams_of(folded) if len(g) == 2 and is_han(g)]
    parts: list[Part] = [Atom(WORDS, w, float(n)) for w, n in _counted(content)]
    parts += [Atom(GRAMS, g, GRAM_WEIGHT * n) for g, n in _counted(pairs)]
    return Plan(some=(Group(tuple(parts), best=False),))


def _counted(items: list[str]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return list(counts.items())
