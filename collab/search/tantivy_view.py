"""One commit of a tantivy index as a reader sees it, with what was found out about its words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tantivy import Occur, Query

from collab.search.cutting import cut_for_search, is_han
from collab.search.impact import IMPACTS, LEVEL, rarity
from collab.search.plan import GRAMS, WORDS
from collab.search.tantivy_fields import (
    HELD,
    MEMBERS,
    NARROW,
    PROFILE,
    PUBLIC,
    RESTRICTED,
    STRIPE,
    STRIPES,
    TIES,
    place_of,
    stripe_of,
)

GRAIN = 512  # weights are multiples of 1/GRAIN, so that 32-bit sums of them are exact
MOST_WORDS = 20_000  # of which something is kept
_TELLING = 0.05  # rarity below which 32 bits are too coarse to divide by
Visible = list[tuple[Any, Any]]
Facets = dict[str, dict[str, int]]


def grained(weight: float) -> float:
    """The weight as a multiple of 1/GRAIN."""
    return round(weight * GRAIN) / GRAIN


def flat(query: Any, weight: float) -> Any:
    """What matches scores exactly this, in whatever order the parts are added up."""
    return Query.const_score_query(query, grained(weight))


class Held(NamedTuple):
    """One term of the index: how many documents hold it, and the score tantivy gives for it."""

    impact: float
    held_by: int
    query: Any
    usual: float  # 0 where it differs, or is too small to divide by

    def scoring(self, weight: float) -> Any:
        """The documents, scoring this weight, which is a multiple of 1/GRAIN.

        Tantivy adds up plain terms twice as fast as constant scores. In fields of one token, and in
        those of JSON, BM25 knows no lengths and gives every document the same; boosted by what is
        missing, that is the weight, but for the last bits: scores are rounded when they are read.
        """
        if not self.usual:
            return flat(self.query, weight)
        return Query.boost_query(self.query, weight / self.usual)


@dataclass(slots=True)
class View:
    """A searcher and what was counted with it; what is kept never outlives the commit.

    Every statistic that goes into a score is counted over public documents alone. Counted over
    all, a score would tell whether a hidden document holds a word.
    """

    schema: Any
    searcher: Any
    facets: dict[Any, Facets] = field(default_factory=dict)
    _levels: dict[str, tuple[Held, ...]] = field(default_factory=dict)
    _held: dict[tuple[str, str], Held] = field(default_factory=dict)
    _rarities: dict[tuple[str, str], float] = field(default_factory=dict)
    _units: dict[str, float] = field(default_factory=dict)
    _profiles: list[str] | None = None
    _written: int | None = None
    _size: int | None = None

    def levels(self, word: str) -> tuple[Held, ...]:
        """The terms under which a word is indexed, one for each impact."""
        found = self._levels.get(word)
        if found is None:
            if len(self._levels) >= MOST_WORDS:
                self._levels.clear()
            terms = ((word + LEVEL + letter, impact) for letter, impact in IMPACTS.items())
            held = [self._look_up(WORDS, t, i) for t, i in terms if self.frequency(WORDS, t)]
            found = self._levels[word] = tuple(held)
        return found

    def held(self, name: str, term: str) -> Held:
        """One term of another field."""
        found = self._held.get((name, term))
        if found is None:
            if len(self._held) >= MOST_WORDS:
                self._held.clear()
            found = self._held[name, term] = self._look_up(name, term, 1.0)
        return found

    def _look_up(self, name: str, term: str, impact: float) -> Held:
        known = self.frequency(name, term)
        query = self._term(name, term)
        return Held(impact, known, query, self._usual(name, query, known))

    def _usual(self, name: str, query: Any, known: int) -> float:
        """What BM25 gives for a term that this many documents hold."""
        told = rarity(self.written, known)
        if name == GRAMS or told < _TELLING or not known:
            return 0.0
        place = PROFILE if name == PROFILE else HELD
        if place not in self._units:
            found = self.searcher.search(query, limit=1, count=False).hits
            if not found:  # whoever held it is deleted
                return 0.0
            self._units[place] = found[0][0] / told
        return told * self._units[place]

    def spread(self, word: str) -> tuple[tuple[float, int], ...]:
        """How many documents hold a word with each impact."""
        return tuple((level.impact, level.held_by) for level in self.levels(word))

    def alike(self, words: Iterable[str]) -> dict[str, str]:
        """Words that stand in the same documents, equally often, as a longer one of these words.

        A long word is indexed with its parts, so whoever holds it holds them; when the numbers of
        documents are the same, impact by impact, so are the documents.
        """
        found: dict[str, str] = {}
        listed = set(words)
        for long in sorted((w for w in listed if len(w) > 2 and is_han(w)), key=len):
            for part in listed.intersection(cut_for_search(long)) - {long}:
                if self.spread(part) == self.spread(long):
                    found[part] = long
        return found

    def holds(self, name: str, term: str) -> Any:
        """Documents that hold a term, in whatever frequency."""
        if name != WORDS:
            return self._term(name, term)
        terms = self.terms(term)
        if len(terms) == 1:
            return terms[0]
        return Query.boolean_query([(Occur.Should, held) for held in terms]) if terms else (
            Query.empty_query())  # fmt: skip

    def terms(self, word: str) -> list[Any]:
        """Documents that hold a word, a query for each of its impacts."""
        return [level.query for level in self.levels(word)]

    def is_always_a_word(self, pair: str) -> bool:
        """True when two characters stand side by side only where they are a word.

        Where they are a word they do stand side by side, so equal numbers mean equal documents.
        """
        held = sum(level.held_by for level in self.levels(pair))
        return is_han(pair) and held == self.frequency(GRAMS, pair)

    @property
    def written(self) -> int:
        """How many documents lie in the files, deleted ones too: every one has a profile."""
        if self._written is None:
            self._written = sum(self.frequency(PROFILE, term) for term in self.profiles())
        return self._written

    def rarity(self, name: str, term: str) -> float:
        """How much a term tells, by the public documents that hold it."""
        found = self._rarities.get((name, term))
        if found is None:
            if len(self._rarities) >= MOST_WORDS:
                self._rarities.clear()
            known = self.count(self.holds(name, term), [self._hidden()])
            found = self._rarities[(name, term)] = rarity(self.public_size, known)
        return found

    @property
    def public_size(self) -> int:
        """How many living documents everybody may see."""
        if self._size is None:
            self._size = self.count(Query.all_query(), [self._hidden()])
        return self._size

    def count(self, query: Any, clauses: Visible) -> int:
        """How many living documents match a query under further clauses."""
        both = Query.boolean_query([(Occur.Must, query), *clauses])
        return int(self.searcher.search(both, limit=1).count)

    def _hidden(self) -> tuple[Any, Any]:
        return Occur.MustNot, self.label(RESTRICTED)

    def lowest(self, share: float) -> tuple[Any, Any]:
        """A clause for about this share of all documents, those with the lowest ties."""
        terms = [stripe_of(n * TIES / STRIPES) for n in range(math.ceil(share * STRIPES))]
        held = [(Occur.Should, self._term(STRIPE, term)) for term in terms]
        return Occur.Must, flat(Query.boolean_query(held), 0.0)

    def label(self, label: str) -> Any:
        """Documents with a label."""
        return self._term("label", label)

    def _term(self, name: str, term: str) -> Any:
        return Query.term_query(self.schema, *place_of(name, term), "basic")

    def visible(self, labels: frozenset[str]) -> Visible | None:
        """Clauses for what the labels allow, scoring nothing; None when there are no labels.

        Whoever sees the public leaves out what is restricted and not theirs: little work, because
        only documents that match are looked at, and less for members, to whom only what is narrow
        can be closed. Others are given the sum of their labels.
        """
        if not labels:
            return None
        if PUBLIC not in labels:
            held = [(Occur.Should, self.label(label)) for label in sorted(labels)]
            return [(Occur.Must, flat(Query.boolean_query(held), 0.0))]
        open_to, mark = ({PUBLIC, MEMBERS}, NARROW) if MEMBERS in labels else ({PUBLIC}, RESTRICTED)
        own = [(Occur.MustNot, self.label(label)) for label in sorted(labels - open_to)]
        return [(Occur.MustNot, Query.boolean_query([(Occur.Must, self.label(mark)), *own]))]

    def profiles(self) -> list[str]:
        """Which values the facets of a profile take together."""
        if self._profiles is None:
            found = self.searcher.terms_with_prefix(PROFILE, "")
            self._profiles = [term for term, _ in found]
        return self._profiles

    def frequency(self, name: str, term: str) -> int:
        """About how many documents hold a term: for choosing a way, never for a score."""
        return int(self.searcher.doc_freq(*place_of(name, term)))
