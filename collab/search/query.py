"""A person's query understood: words, concepts, conditions and filters made into one plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from collab.search.analysis import cut, fold, grams_of, is_han, phrase_grams, pieces, words_of
from collab.search.clauses import had, wished
from collab.search.concepts import Concept, Recogniser, default_recogniser, recogniser_of
from collab.search.cutting import cutting_for
from collab.search.exclusions import cues, refused
from collab.search.facets import COUNTED, FACETS, SORTS, Facet, Sort
from collab.search.function_words import FUNCTION_WORDS
from collab.search.meanings import Meanings
from collab.search.numeric import WAFER, Numeric, NumericReader, wafer_classes, wafer_values
from collab.search.places import Gazetteer, Place
from collab.search.plan import GRAMS, MENTION, TAG, WORDS, Atom, Group, Part, Phrase, Plan, Range
from collab.search.planning import (
    GRAM_WEIGHT,
    Found,
    loose_parts,
    plan_of,
    refusals,
    sizes_of,
)
from collab.search.syntax import FieldTerm, Syntax, conditions, take_apart
from collab.search.verbs import told_by_others
from collab.vocabulary.catalog import Vocabulary, load_vocabulary
from collab.vocabulary.normalize import normalize_text

__all__ = ["COUNTED", "FACETS", "SORTS", "Facet", "Parsed", "QueryParser", "SearchQuery", "Sort"]


PLAIN_TERM, PLAIN_NARROWER = 1.5, 1.5


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What somebody asks. `filters` are clicked facet values; `origin` is (lat, lon) in degrees.

    `expand` lets the vocabulary add synonyms and narrower terms; `correct` lets obvious typing
    errors be mended; `mentions` also finds what only speaks of a term and carries others;
    `places` lets named places come first, and words that refuse something be obeyed.
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
    mentions: bool = False
    places: bool = True


@dataclass(frozen=True, slots=True)
class Expansion:
    """What one spelling in the query was taken to mean, and what else is searched with it."""

    written: str
    ids: tuple[str, ...]
    synonyms: tuple[str, ...]
    narrower: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """A place that the query names, or something that it refuses: as written, and what is meant."""

    written: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query understood: the plan, what was expanded, and what could not be placed.

    `wide` is the plan that also takes documents which only speak of what was asked. Hits in
    `places` come first; what is `refused` (terms, or regions) is left out.
    """

    plan: Plan
    understood: str
    wide: Plan | None = None
    expansions: tuple[Expansion, ...] = ()
    conditions: tuple[Range, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    plain: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    loose: tuple[Group, ...] = ()
    sizes: tuple[int, ...] = ()
    places: tuple[Named, ...] = ()
    refused: tuple[Named, ...] = ()


class QueryParser:
    """Understands queries with one vocabulary and one list of places."""

    def __init__(
        self,
        vocabulary: Vocabulary | None = None,
        recogniser: Recogniser | None = None,
        places: Mapping[str, str] | None = None,
        above: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.vocabulary = vocabulary or load_vocabulary()
        self.recogniser = recogniser or recogniser_of(self.vocabulary)
        self._numbers = NumericReader(self.vocabulary)
        self._meanings = Meanings(self.vocabulary)
        self.regions = (dict(places or {}), dict(above or {}))
        self._places = Gazetteer(*self.regions)

    def parse(self, query: SearchQuery) -> Parsed:
        """The query as a plan with a report; any text gives a plan, never an error."""
        with cutting_for(self.vocabulary):
            return self._parse(query)

    def _parse(self, query: SearchQuery) -> Parsed:
        syntax = take_apart(query.text)
        found = self._read(syntax.text, query)
        filters, unknown = self._filters(syntax, query)
        strict = [n.range for n in found.numerics if n.strict]
        excluded = (*self._excluded(syntax), *refusals(found))

        def plan(*, wide: bool) -> Plan:
            made = plan_of(found, syntax.phrases, self._places, wide=wide)
            return _with_conditions(made, (*strict, *query.ranges), filters, excluded)

        return Parsed(
            plan=plan(wide=query.mentions), wide=plan(wide=True) if found.concepts else None,
            understood=" ".join(syntax.text.split()),
            expansions=self._report(found), conditions=tuple(n.range for n in found.numerics),
            unknown_fields=tuple(unknown), plain=tuple(self._plain_words(found)),
            marks=tuple(self._marks(found, syntax)),
            loose=tuple(Group((part,)) for part in loose_parts(found)), sizes=sizes_of(found),
            places=tuple(self._named(syntax.text, found.places)),
            refused=tuple(self._named(syntax.text, [*found.refused, *found.nowhere])),
        )  # fmt: skip

    def _read(self, written: str, query: SearchQuery) -> Found:
        folded = written.lower()
        if len(folded) != len(written):
            written = folded
        numerics = self._numbers.read(conditions(folded))
        concepts = self._terms(written, numerics) if query.expand else []
        places = self._places_of(written, concepts) if query.places else []
        found = Found(folded, [], numerics, [(n.start, n.end) for n in numerics])
        self._sort_out(found, concepts, places, obey=query.places)
        if found.refused:  # what is refused tells nothing of the meaning of the rest
            rest = "".join(
                char if found.folded[at] == folded[at] else ";" for at, char in enumerate(written)
            )
            rest_terms = self._meanings.without(self._terms(rest, numerics), found.refused)
            self._choose(found, rest_terms, obey=query.places)
        found.refused = [
            c for c in found.refused if not self._meanings.contradicts(c, found.concepts)
        ]
        return found

    def _terms(self, written: str, numerics: list[Numeric]) -> list[Concept]:
        """Terms outside strict conditions, and what single verbs ask for."""
        terms = self.recogniser.find_normal(written, query=True)
        terms += told_by_others(written.lower(), terms)
        return [
            c for c in sorted(terms, key=lambda one: one.start)
            if not any(n.strict and n.start < c.end and c.start < n.end for n in numerics)
        ]  # fmt: skip

    def _places_of(self, written: str, concepts: list[Concept]) -> list[Place]:
        """Places outside terms that do not cut through a longer word (西南交通大学)."""
        words = [
            (p.start + i, p.start + j)
            for p in pieces(written.lower()) if p.han for _, i, j in cut(p.text)
        ]  # fmt: skip
        return [
            p for p in self._places.found(written)
            if not any(c.start < p.end and p.start < c.end for c in concepts)
            and not any(i <= p.start and p.end <= j and j - i > p.end - p.start for i, j in words)
        ]  # fmt: skip

    def _sort_out(
        self, found: Found, concepts: list[Concept], places: list[Place], *, obey: bool
    ) -> None:
        """What is wanted and what is refused, terms and places alike."""
        items: list[Concept | Place] = sorted([*concepts, *places], key=lambda one: one.start)
        spans = [(one.start, one.end) for one in items]
        against = refused(found.folded, spans) if obey else [False] * len(items)
        found.taken += spans
        unwanted = [span for span, no in zip(spans, against, strict=True) if no]
        for start, end in (*unwanted, *cues(found.folded, unwanted)):
            found.folded = found.folded[:start] + " " * (end - start) + found.folded[end:]
        pairs = list(zip(items, against, strict=True))
        terms = [(one, no) for one, no in pairs if isinstance(one, Concept)]
        self._choose(found, [one for one, no in terms if not no], obey=obey)
        found.refused = [one for one, no in terms if no]
        named = [(one, no) for one, no in pairs if isinstance(one, Place)]
        found.places = [one for one, no in named if no == one.outside]
        found.nowhere = [one for one, no in named if no != one.outside]

    def _choose(self, found: Found, terms: list[Concept], *, obey: bool) -> None:
        """What is asked for: without steps that are done already, and apart from mere wishes."""
        spans = [(c.start, c.end) for c in terms]
        there = had(found.folded, spans) if obey else [False] * len(terms)
        if any(c.technique and not done for c, done in zip(terms, there, strict=True)):
            kept = [not (done and c.technique) for c, done in zip(terms, there, strict=True)]
            terms = [c for c, keep in zip(terms, kept, strict=True) if keep]
        spans = [(c.start, c.end) for c in terms]
        extra = wished(found.folded, spans) if obey else [False] * len(terms)
        main = [c for c, wish in zip(terms, extra, strict=True) if not (wish and c.technique)]
        if not any(c.technique for c in main):
            main = terms
        found.wished = [c for c in terms if c not in main]
        found.concepts = [*self._meanings.most_specific(main), *found.wished]

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
            return self._places.codes(value) or (value,)
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
            sure = [c for c in self.recogniser.find(text, query=True) if len(c.ids) == 1]
            there = [p for p in self._places.found(normalize_text(text)) if not p.outside]
            parts += refusals(Found("", [], [], [], refused=sure, nowhere=there))
        return parts

    # ---- the report

    def _report(self, found: Found) -> tuple[Expansion, ...]:
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

    @staticmethod
    def _named(text: str, items: Iterable[Concept | Place]) -> Iterable[Named]:
        for one in items:
            ids = one.ids if isinstance(one, Concept) else one.codes
            yield Named(text.lower()[one.start : one.end], ids)

    def _plain_words(self, found: Found) -> list[str]:
        return [
            p.text for p in pieces(found.folded)
            if not p.han and p.text.isalpha() and found.free(p.start, p.end)
            and p.text not in FUNCTION_WORDS
        ]  # fmt: skip

    def _marks(self, found: Found, syntax: Syntax) -> list[str]:
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


def _with_conditions(
    plan: Plan,
    strict: Iterable[Range],
    filters: Mapping[str, tuple[str, ...]],
    excluded: tuple[Part, ...],
) -> Plan:
    """The plan with what was clicked, written as a condition or excluded."""
    chosen, ranges = dict(filters), []
    for wanted in strict:
        if wanted.parameter == WAFER:
            chosen.setdefault("wafer", wafer_classes(wanted) or ("none",))
        else:
            ranges.append(wanted)
    return replace(plan, filters=chosen, ranges=tuple(ranges), exclude=excluded)


def plain_plan(text: str) -> Plan:
    """Any of the words, pairs and terms of a text: for general collections.

    Terms of the vocabulary count little beside words, because on general text their technical
    meanings mislead; they let a query find what is written in the other language.
    """
    folded = fold(text)
    words = words_of(folded)
    content = [w for w in words if w not in FUNCTION_WORDS] or words
    pairs = [g for g in grams_of(folded) if len(g) == 2 and is_han(g)]
    parts: list[Part] = [Atom(WORDS, w, float(n)) for w, n in _counted(content)]
    parts += [Atom(GRAMS, g, GRAM_WEIGHT * n) for g, n in _counted(pairs)]
    named = dict.fromkeys(i for c in default_recogniser().find(text) for i in c.ids)
    parts += [Atom(MENTION, f"={term_id}", PLAIN_TERM, flat=True) for term_id in named]
    parts += [Atom(MENTION, term_id, PLAIN_NARROWER, flat=True) for term_id in named]
    return Plan(some=(Group(tuple(parts), best=False),))


def _counted(items: list[str]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return list(counts.items())
