"""Plans turned into tantivy queries whose scores come from public documents alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tantivy import FieldType, Occur, Query

from collab.search.cutting import is_han
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
from collab.search.tantivy_fields import INFINITE, PROFILE, PROFILED, safe, values_of
from collab.search.tantivy_sums import Listed, adding, any_of, enough, listed
from collab.search.tantivy_view import View, Visible, flat, grained

APART = 4  # a bonus this much more frequent than the hits is looked up hit by hit

Place = tuple[str, str]  # field and term
Weights = dict[Place, float]
Weight = tuple[float, bool]  # and whether every document that holds the term has all of it


@dataclass(slots=True)
class _Bonus:
    """What only adds to the score: lists of documents, and alternatives."""

    listed: list[Listed] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)


class Builder:
    """Turns plans into queries for one commit."""

    def __init__(self, view: View, numbers: frozenset[str]) -> None:
        self._view = view
        self._schema = view.schema
        self._numbers = numbers

    def matching(self, plan: Plan, visible: Visible, without: frozenset[str]) -> Any:
        """What the plan finds, leaving out the choices of some facets, in no order."""
        return self._required(plan, visible, without, self._asked)

    def scored(self, plan: Plan, visible: Visible) -> Any:
        """What the plan finds, with its score.

        A bonus held by many more documents than are found is asked of each document found, which
        skips most of it; the rest is added up list by list.
        """
        sums = (group for group in (*plan.must, *plan.some) if not group.best)
        found = self._required(plan, visible, frozenset(), self._best)
        bonus = self._bonus(*_summed((*plan.extra, *sums)))
        many = APART * self._at_most(plan)
        for one in bonus.listed:
            if one.held_by > many:
                found = adding(found, [one.query])
        near = [one for one in bonus.listed if one.held_by <= many]
        found = adding(found, [one.query for one in near if one.swift])
        return adding(found, [*(one.query for one in near if not one.swift), *bonus.others])

    # ---- what must match

    def _required(
        self,
        plan: Plan,
        visible: Visible,
        without: frozenset[str],
        best: Callable[[Group], Any],
    ) -> Any:
        """What must match, in which only alternatives score, by `best`; sums are added later."""
        clauses = [(Occur.Must, self._one_of(group, best)) for group in plan.must]
        if plan.some:
            some = [self._one_of(group, best) for group in plan.some]
            sums = not any(group.best for group in plan.some)
            clauses.append((Occur.Must, enough(some, plan.minimum, together=sums)))
        for facet, values in plan.filters.items():
            if facet not in without:
                tags = [f"{facet}:{value}" for value in values]
                clauses.append(
                    (Occur.Must, flat(any_of([self._view.holds(TAG, tag) for tag in tags]), 0.0))
                )
        clauses += [(Occur.Must, flat(self._range(r), 0.0)) for r in plan.ranges]
        if not clauses:
            clauses.append((Occur.Must, flat(Query.all_query(), 0.0)))
        clauses += visible
        clauses += [(Occur.MustNot, self._holding(part)) for part in plan.exclude]
        return Query.boolean_query(clauses)

    def _one_of(self, group: Group, best: Callable[[Group], Any]) -> Any:
        return best(group) if group.best else flat(self._asked(group), 0.0)

    def _asked(self, group: Group) -> Any:
        """What has something of a group, in no order."""
        found: list[Any] = []
        for part in self._needed(group):
            if isinstance(part, Atom) and _is_word(part):
                found += self._view.terms(part.term)
            else:
                found.append(self._holding(part))
        return any_of(found)

    def _needed(self, group: Group) -> list[Part]:
        """The parts without words whose characters are looked for side by side all the same."""
        beside = {_written(part) for part in group.parts}
        return [
            part for part in self._telling(group)
            if not (isinstance(part, Atom) and _is_word(part) and is_han(part.term)
                    and part.term in beside)
        ]  # fmt: skip

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
                bonus.others.append(self._best(group))
        for place, weights in self._together(summed).items():
            bonus.listed += self._lists(place, weights)
        bonus.listed += self._profiles(profile)
        return bonus

    def _listed(self, atom: Atom) -> list[Listed]:
        held = self._view.held(atom.field, atom.term)
        return [listed(held, atom.field, grained(atom.weight))] if held.held_by else []

    def _lists(self, place: Place, weights: Iterable[Weight]) -> list[Listed]:
        """A word or pair as lists of documents of one score each."""
        name, term = place
        view = self._view
        levels = (view.held(name, term),) if name == GRAMS else view.levels(term)
        levels = tuple(level for level in levels if level.held_by)
        rarity = view.rarity(name, term) if levels else 0.0
        found = []
        for level in levels:
            told = (w * rarity * (1.0 if even else level.impact) for w, even in weights)
            found.append(listed(level, name, sum(map(grained, told))))
        return found

    def _profiles(self, weights: Mapping[str, float]) -> list[Listed]:
        """What is added for kind, status and evidence, summed up for each that occur together."""
        view = self._view
        totals = {
            term: grained(sum(weights.get(value, 0.0) for value in values_of(term)))
            for term in (view.profiles() if weights else ())
        }
        return [
            listed(view.held(PROFILE, t), PROFILE, total) for t, total in totals.items() if total
        ]

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
                lists = self._lists((part.field, part.term), [(part.weight, False)])
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

    def _together(self, weights: Weights) -> dict[Place, list[Weight]]:
        """The same sum, with words that stand in the same documents counted as one.

        Their weights stay apart, to be rounded each for itself: which documents there are, hidden
        ones too, must not move a score.
        """
        alike = self._view.alike(term for name, term in weights if name == WORDS)
        found = {place: [(weight, place[0] == GRAMS)] for place, weight in weights.items()}
        for part, long in alike.items():  # short ones first, so that a chain adds up
            found[(WORDS, long)] += found.pop((WORDS, part))
        for name, pair in weights:
            if name == GRAMS and (WORDS, pair) in found and self._view.is_always_a_word(pair):
                found[(WORDS, pair)] += found.pop((GRAMS, pair))
        return found

    def _part(self, part: Part) -> Any:
        if isinstance(part, Atom) and _is_scored(part):
            lists = self._lists((part.field, part.term), [(part.weight, False)])
            return any_of([one.query for one in lists])
        if isinstance(part, Atom) and not part.prefix and part.field != WORDS:
            return self._view.held(part.field, part.term).scoring(grained(part.weight))
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
        side_by_side = Query.phrase_query(self._schema, GRAMS, terms)
        return self._by_word(_written(phrase), phrase, side_by_side)

    def _by_word(self, text: str, phrase: Phrase, side_by_side: Any) -> Any:
        """What is written as one word somewhere is looked for as that word first.

        A word stands where its characters stand side by side, so only documents without the word
        are looked at for that, and none where a pair of its characters is in no others.
        """
        view = self._view
        words = view.terms(text) if text else []
        if not words:
            return side_by_side
        known, pair = min((view.frequency(GRAMS, term), term) for _, term in phrase.terms)
        if known == sum(level.held_by for level in view.levels(text)):
            return view.holds(GRAMS, pair)
        others = [(Occur.Must, view.holds(GRAMS, pair)), (Occur.MustNot, any_of(words))]
        rest = [(Occur.Must, Query.boolean_query(others)), (Occur.Must, side_by_side)]
        return any_of([*words, Query.boolean_query(rest)])

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


def _written(part: Part) -> str:
    """The Chinese characters a part looks for side by side."""
    if isinstance(part, Atom):
        return part.term if part.field == GRAMS else ""
    if isinstance(part, Within) or any(at != n for n, (at, _) in enumerate(part.terms)):
        return ""
    pairs = [term for _, term in part.terms]
    text = "".join(pair[:1] for pair in pairs) + pairs[-1][1:]
    return text if is_han(text) and all(len(pair) == 2 for pair in pairs) else ""


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
