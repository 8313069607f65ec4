"""One commit of a tantivy index as a reader sees it, with what was found out about its words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tantivy import Occur, Query

from collab.search.cutting import cut_for_search, is_han
from collab.search.facets import COUNTED
from collab.search.impact import IMPACTS, LEVEL, rarity
from collab.search.plan import MENTION, TAG, WORDS

PUBLIC, RESTRICTED = "public", "~restricted"
PROFILE = "profile"
PROFILED = ("kind", "status", "evidence")  # facets with one value a document, in this order
_COUNTED = frozenset(COUNTED)
Visible = list[tuple[Any, Any]]
Facets = dict[str, dict[str, int]]


def field_of(name: str, term: str) -> str:
    """The field that holds a term: tags that are never counted stand among the mentions."""
    if name == TAG and term.partition(":")[0] not in _COUNTED:
        return MENTION
    return name


@dataclass(slots=True)
class View:
    """A searcher and what was counted with it; what is kept never outlives the commit.

    Every statistic that goes into a score is counted over public documents alone. Counted over
    all, a score would tell whether a hidden document holds a word.
    """

    schema: Any
    searcher: Any
    facets: dict[Any, Facets] = field(default_factory=dict)
    _levels: dict[str, tuple[tuple[str, float], ...]] = field(default_factory=dict)
    _rarities: dict[tuple[str, str], float] = field(default_factory=dict)
    _profiles: list[str] | None = None
    _size: int | None = None

    def levels(self, word: str) -> tuple[tuple[str, float], ...]:
        """The terms under which a word is indexed, with the impact of each."""
        found = self._levels.get(word)
        if found is None:
            start = word + LEVEL
            terms = self.searcher.terms_with_prefix(WORDS, start, None, len(IMPACTS))
            letters = sorted(term[len(start) :] for term, _ in terms)
            found = tuple((start + letter, IMPACTS[letter]) for letter in letters)
            self._levels[word] = found
        return found

    def spread(self, word: str) -> tuple[tuple[float, int], ...]:
        """How many documents hold a word with each impact."""
        return tuple((impact, self.frequency(WORDS, term)) for term, impact in self.levels(word))

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
            return Query.term_query(self.schema, field_of(name, term), term, "basic")
        terms = [found for found, _ in self.levels(term)]
        if len(terms) == 1:
            return Query.term_query(self.schema, WORDS, terms[0], "basic")
        return Query.term_set_query(self.schema, WORDS, terms) if terms else Query.empty_query()

    def rarity(self, name: str, term: str) -> float:
        """How much a term tells, by the public documents that hold it."""
        found = self._rarities.get((name, term))
        if found is None:
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

    def label(self, label: str) -> Any:
        """Documents with a label."""
        return Query.term_query(self.schema, "label", label, "basic")

    def visible(self, labels: frozenset[str]) -> Visible | None:
        """Clauses for what the labels allow, scoring nothing; None when there are no labels.

        Whoever sees the public leaves out what is restricted and not theirs: little work, because
        only documents that match are looked at. Others are given the sum of their labels.
        """
        if not labels:
            return None
        held = [(Occur.Should, self.label(label)) for label in sorted(labels)]
        if PUBLIC not in labels:
            return [(Occur.Must, Query.const_score_query(Query.boolean_query(held), 0.0))]
        own = [(Occur.MustNot, query) for _, query in held]
        return [(Occur.MustNot, Query.boolean_query([(Occur.Must, self.label(RESTRICTED)), *own]))]

    def profiles(self) -> list[str]:
        """Which values the facets of a profile take together."""
        if self._profiles is None:
            found = self.searcher.terms_with_prefix(PROFILE, "")
            self._profiles = [term for term, _ in found]
        return self._profiles

    def frequency(self, name: str, term: str) -> int:
        """About how many documents hold a term: for choosing a way, never for a score."""
        return int(self.searcher.doc_freq(field_of(name, term), term))
