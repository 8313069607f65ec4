"""Plans turned into tantivy queries whose scores come from public documents alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from tantivy import FieldType, Occur, Query

from collab.search.documents import ONLY_SAID
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
from collab.search.tantivy_fields import INFINITE, PROFILE, PROFILED, TOGETHER, safe
from collab.search.tantivy_view import Level, View, Visible, flat, grained

APART = 4  # a bonus this much more frequent than the hits is looked up hit by hit

Weights = dict[tuple[str, str], float]


class _List(NamedTuple):
    """Documents of one score; `swift` ones are added up fast, when among themselves."""

    held_by: int
    query: Any
    swift: bool = False


@dataclass(slots=True)
class _Bonus:
    """What only adds to the score: lists of documents, and alternatives."""

    listed: list[_List] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)


class Builder:
    """Turns plans into queries for one commit."""

    def __init__(self, view: View, numbers: frozenset[str]) -> None:
        self._view = view
        self._schema = view.schema
        self._numbers = numbers

    def matching(self, plan: Plan, visible: Visible, without: frozenset[str]) -> Any:
        """What the plan finds, leaving out the choices of some facets, in no order."""
        return self._required(plan, visible, without, {}, scored=False)

    def scored(self, plan: Plan, visible: Visible) -> Any:
        """What the plan finds, with its score.

        A bonus held by many more documents than are found is asked of each document found, which
        skips most of it; the rest is added up list by list.
        """
        summed, groups = _summed(plan.extra)
        found = self._required(plan, visible, frozenset(), summed, scored=True)
        bonus = self._bonus(summed, groups)
        many = APART * self._at_most(plan)
        for one in bonus.listed:
            if one.held_by > many:
                found = _with(found, [one.query])
        near = [one for one in bonus.listed if one.held_by <= many]
        found = _with(found, [one.query for one in near if one.swift])
        return _with(found, [*(one.query for one in near if not one.swift), *bonus.others])

    # ---- what must match

    def _required(
        self,
        plan: Plan,
        visible: Visible,
        without: frozenset[str],
        summed: Weights,
        *,
        scored: bool,
    ) -> Any:
        """Words that also stand among the bonuses take their weight along out of `summed`."""
        clauses = [(Occur.Must, self._asked(g, summed, scored=scored)) for g in plan.must]
        if plan.some:
            some = [(Occur.Should, self._asked(g, summed, scored=scored)) for g in plan.some]
            least = min(plan.minimum, len(some))
            one = some[0][1] if len(some) == 1 else Query.boolean_query(some, least)
            clauses.append((Occur.Must, one))
        for facet, values in plan.filters.items():
            if facet not in without:
                tags = [f"{facet}:{value}" for value in values]
                clauses.append(
                    (Occur.Must, flat(_any([self._view.holds(TAG, tag) for tag in tags]), 0.0))
                )
        clauses += [(Occur.Must, flat(self._range(r), 0.0)) for r in plan.ranges]
        if not clauses:
            clauses.append((Occur.Must, flat(Query.all_query(), 0.0)))
        clauses += visible
        clauses += [(Occur.MustNot, self._holding(part)) for part in plan.exclude]
        return Query.boolean_query(clauses)

    def _asked(self, group: Group, summed: Weights, *, scored: bool) -> Any:
        if not scored:
            return _any([self._holding(part) for part in self._telling(group)])
        if group.best:
            return self._best(group)
        own, rest = _split(group)
        for place in own:
            own[place] += summed.pop(place, 0.0)
        lists = [one for place, w in own.items() for one in self._lists(place, w)]
        swift = [one.query for one in lists if one.swift]
        queries = [one.query for one in lists if not one.swift]
        queries += [self._part(part) for part in rest]
        if swift:
            queries = [_any(swift), *queries] if queries else swift
        return _any(queries)

    # ---- what adds to the score

    def _bonus(self, summed: Weights, groups: Iterable[Group]) -> _Bonus:
        bonus = _Bonus()
        profile: dict[str, float] = {}
        for group in groups:
            part = group.parts[0]
            if len(group.parts) == 1 and isinstance(part, Atom) and part.flat and not part.prefix:
                if part.field == TAG and part.term.partition(":")[0] in PROFILED:
                    profile[part.term] = profile.get(part.term, 0.0) + part.weight
                else:
                    bonus.listed += self._listed(part)
            elif (steps := _steps(group)) is not None:
                bonus.listed += [one for atom in steps for one in self._listed(atom)]
            else:
                bonus.others.append(self._asked(group, {}, scored=True))
        for place, weights in self._together(summed).items():
            bonus.listed += self._lists(place, *weights)
        bonus.listed += self._profiles(profile)
        return bonus

    def _listed(self, atom: Atom) -> list[_List]:
        known = self._view.frequency(atom.field, atom.term)
        return [_List(known, self._part(atom), swift=atom.field != GRAMS)] if known else []

    def _lists(self, place: tuple[str, str], *weights: float) -> list[_List]:
        """A word or pair as lists of documents of one score each, with their lengths."""
        name, term = place
        view = self._view
        if name == GRAMS:
            known = view.frequency(GRAMS, term)
            levels = [Level(term, 1.0, known)] if known else []
        else:
            levels = list(view.levels(term))
        rarity = view.rarity(name, term) if levels else 0.0
        return [
            _List(level.held_by, view.scoring(name, level.term, sum(
                grained(weight * rarity * level.impact) for weight in weights)),
                swift=name != GRAMS)
            for level in levels
        ]  # fmt: skip

    def _profiles(self, weights: Mapping[str, float]) -> list[_List]:
        """What is added for kind, status and evidence, summed up for each that occur together."""
        view = self._view
        totals = {
            term: grained(sum(weights.get(value, 0.0) for value in term.split(TOGETHER)))
            for term in (view.profiles() if weights else ())
        }
        return [
            _List(view.frequency(PROFILE, term), view.scoring(PROFILE, term, total), swift=True)
            for term, total in totals.items() if total
        ]  # fmt: skip

    def _at_most(self, plan: Plan) -> int:
        """How many documents can match at most, for choosing a way."""
        bounds = [self._held_by(group) for group in plan.must]
        if plan.some:
            bounds.append(sum(self._held_by(group) for group in plan.some))
        for facet, values in plan.filters.items():
            bounds.append(sum(self._view.frequency(TAG, f"{facet}:{v}") for v in values))
        return min(bounds, default=1 << 60)

    def _held_by(self, group: Group) -> int:
        return sum(self._frequency(part) for part in group.parts)

    def _frequency(self, part: Part) -> int:
        view = self._view
        if isinstance(part, Phrase):
            return min(view.frequency(GRAMS, term) for _, term in part.terms)
        if isinstance(part, Within) or part.prefix:
            return 1 << 30
        if part.field == WORDS:
            return sum(level.held_by for level in view.levels(part.term))
        return view.frequency(part.field, part.term)

    # ---- parts

    def _best(self, group: Group) -> Any:
        parts: list[Any] = []
        for part in self._telling(group):
            if isinstance(part, Atom) and _is_scored(part):
                lists = self._lists((part.field, part.term), part.weight)
                parts += [one.query for one in lists]  # a document stands in one of them
            else:
                parts.append(self._part(part))
        if len(parts) == 1:
            return parts[0]
        return Query.disjunction_max_query(parts) if parts else Query.empty_query()

    def _telling(self, group: Group) -> list[Part]:
        """The alternatives without words that say the same as a longer one of the same weight."""
        words = {p.term: p for p in group.parts if isinstance(p, Atom) and _is_word(p)}
        alike = self._view.alike(words) if len(words) > 1 else {}
        same = {a for a, b in alike.items() if words[a].weight == words[b].weight}
        return [
            p for p in group.parts if not (isinstance(p, Atom) and _is_word(p) and p.term in same)
        ]

    def _together(self, weights: Weights) -> dict[tuple[str, str], list[float]]:
        """The same sum, with words that stand in the same documents counted as one.

        Their weights stay apart, to be rounded each for itself: which documents there are, hidden
        ones too, must not move a score.
        """
        alike = self._view.alike(term for name, term in weights if name == WORDS)
        found = {place: [weight] for place, weight in weights.items()}
        for part, long in alike.items():  # short ones first, so that a chain adds up
            found[(WORDS, long)] += found.pop((WORDS, part))
        return found

    def _part(self, part: Part) -> Any:
        if isinstance(part, Atom) and _is_scored(part):
            lists = self._lists((part.field, part.term), part.weight)
            return _any([one.query for one in lists])
        if isinstance(part, Atom) and not part.prefix and part.field != WORDS:
            return self._view.scoring(part.field, part.term, grained(part.weight))
        return flat(self._holding(part), part.weight)

    def _holding(self, part: Part) -> Any:
        """Documents in which a part occurs."""
        if isinstance(part, Phrase):
            return self._phrase(part)
        if isinstance(part, Within):
            return self._range(part.range)
        if part.prefix:
            return self._prefixed(part.field, part.term)
        return self._view.holds(part.field, part.term)

    def _prefixed(self, name: str, prefix: str) -> Any:
        return Query.regex_query(self._schema, name, re.escape(prefix) + ".*")

    def _phrase(self, phrase: Phrase) -> Any:
        terms: list[str | tuple[int, str]] = list(phrase.terms)
        if len(terms) == 1:
            term = terms[0][1]
            return self._prefixed(GRAMS, term) if len(term) == 1 else self._view.holds(GRAMS, term)
        return Query.phrase_query(self._schema, GRAMS, terms)

    def _range(self, wanted: Range) -> Any:
        named = [p for p in (wanted.parameter, *wanted.also) if p in self._numbers]
        parts = [(Occur.Should, self._one_range(p, wanted)) for p in named]
        return Query.boolean_query(parts) if parts else Query.empty_query()

    def _one_range(self, parameter: str, wanted: Range) -> Any:
        """The stated interval meets the wanted one: low end not above, high end not below."""
        low = -INFINITE if wanted.low is None else wanted.low
        high = INFINITE if wanted.high is None else wanted.high
        name, schema, kind = safe(parameter), self._schema, FieldType.Float
        low_end = Query.range_query(schema, f"{name}_low", kind, -2 * INFINITE, high)
        high_end = Query.range_query(schema, f"{name}_high", kind, low, 2 * INFINITE)
        return Query.boolean_query([(Occur.Must, low_end), (Occur.Must, high_end)])


def _any(queries: list[Any]) -> Any:
    """What any of them matches, with the sum of their scores."""
    if len(queries) == 1:
        return queries[0]
    if not queries:
        return Query.empty_query()
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _with(query: Any, more: list[Any]) -> Any:
    """What a query matches, with what these add to its score."""
    if not more:
        return query
    return Query.boolean_query([(Occur.Must, query), *((Occur.Should, q) for q in more)])


def _is_scored(atom: Atom) -> bool:
    """True for a word or pair that counts by its rarity."""
    return atom.field in (WORDS, GRAMS) and not (atom.flat or atom.prefix)


def _is_word(atom: Atom) -> bool:
    return atom.field == WORDS and _is_scored(atom)


def _steps(group: Group) -> list[Atom] | None:
    """The better of a concept spoken of by name or by something narrower, as two sums.

    Whoever holds `~=id` also holds `~id`, so the better one is the lesser plus the difference.
    """
    if len(group.parts) != 2:
        return None
    best, least = group.parts
    if not (isinstance(best, Atom) and isinstance(least, Atom)):
        return None
    named = best.field == MENTION and best.term.removeprefix(ONLY_SAID).startswith("=")
    if not named or best.term.replace("=", "", 1) != least.term or best.weight < least.weight:
        return None
    return [least, replace(best, weight=best.weight - least.weight)]


def _split(group: Group) -> tuple[Weights, list[Part]]:
    """The scored words of a sum with their weights, and its other parts."""
    own: Weights = {}
    rest: list[Part] = []
    for part in group.parts:
        if isinstance(part, Atom) and _is_scored(part):
            place = (part.field, part.term)
            own[place] = own.get(place, 0.0) + part.weight
        else:
            rest.append(part)
    return own, rest


def _summed(groups: Iterable[Group]) -> tuple[Weights, list[Group]]:
    """The words of all sums added up, and the groups and parts that are something else."""
    summed: Weights = {}
    others: list[Group] = []
    for group in groups:
        if group.best:
            others.append(group)
            continue
        own, rest = _split(group)
        for place, weight in own.items():
            summed[place] = summed.get(place, 0.0) + weight
        others += [Group((part,)) for part in rest]
    return summed, others
