"""Candidates of a step that every interface rule sees alike, as one kind."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from collab.matching.records import Offer
from collab.routing import pieces
from collab.routing.checks import Reads
from collab.routing.lanes import Ints
from collab.routing.plan import Candidate
from collab.routing.rules import RuleBook

Stated = tuple[str, float | None, float | None, tuple[str | float, ...]]
Numbers = Callable[[Hashable], int]


class Look(NamedTuple):
    """A rule's look at a kind of candidate: the rule, the history it needs (0: none), a number
    that all kinds share which state the same for it, and one of those candidates."""

    rule: int
    needs: int
    number: int
    sample: Candidate


class Kind(NamedTuple):
    """Candidates that every rule sees alike: one of them, its looks as places in the step's, and a
    number shared by all that leave a piece in the same state."""

    sample: Candidate
    looks: tuple[int, ...]
    leaves: int


@dataclass
class Kinds:
    """The kinds of a step: each one, the kind of every candidate, and every look of the step."""

    state: str
    kinds: list[Kind] = field(default_factory=list)
    kind_of: list[int] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)

    @cached_property
    def look_at(self) -> Ints:
        """Per kind the places of its looks, filled up with the place behind the last look."""
        most = max((len(k.looks) for k in self.kinds), default=0)
        found = np.full((len(self.kinds), most), len(self.looks), dtype=np.int64)
        for row, kind in zip(found, self.kinds, strict=True):
            row[: len(kind.looks)] = kind.looks
        return found

    @cached_property
    def leaving(self) -> tuple[list[int], Ints]:
        """One kind for each different thing that is left of a piece, and which each kind leaves."""
        known: dict[int, int] = {}
        samples: list[int] = []
        found = []
        for place, kind in enumerate(self.kinds):
            number = known.setdefault(kind.leaves, len(known))
            if number == len(samples):
                samples.append(place)
            found.append(number)
        return samples, np.array(found, dtype=np.int64)


def kinds_of(
    candidates: tuple[Candidate, ...], state: str, eye_for: EyeFor, number: Numbers
) -> Kinds:
    """The kinds of a step's candidates, told apart by what an `Eye` says is seen of them."""
    eyes = {done: eye_for(done) for done in {c.done for c in candidates}}
    known: dict[Hashable, int] = {}
    looks: dict[int, int] = {}
    found = Kinds(state)
    for candidate in candidates:
        kind = known.setdefault(eyes[candidate.done].of(candidate.offer), len(known))
        found.kind_of.append(kind)
        if kind == len(found.kinds):
            found.kinds.append(_kind(found, eyes[candidate.done], candidate, looks, number))
    return found


def _kind(
    step: Kinds, eye: Eye, candidate: Candidate, looks: dict[int, int], number: Numbers
) -> Kind:
    places = []
    for rule, needs, key in eye.looks(candidate.offer):
        seen = number(key)
        place = looks.setdefault(seen, len(looks))
        if place == len(step.looks):
            step.looks.append(Look(rule, needs, seen, candidate))
        places.append(place)
    return Kind(candidate, tuple(places), number((step.state, eye.leaves(candidate.offer))))


class Eye:
    """What is seen of the capabilities that do one technique at a step: by the rules there, and in
    the piece they leave (`later`: what is read of that)."""

    def __init__(
        self, book: RuleBook, done: str, rules: tuple[int, ...], earlier: int, later: frozenset[str]
    ) -> None:
        self.done = done
        self.rules = [
            (i, 1 << i if book.rules[i].from_techniques else 0, book.reads[i])
            for i in rules
            if not book.rules[i].from_techniques or earlier & (1 << i)
        ]
        self.left = pieces.left_by(book.terms, done) & later
        self.names = self.left.union(*(reads.names for _, _, reads in self.rules))
        self.materials = any(reads.materials for _, _, reads in self.rules)
        self.techniques = any(reads.techniques for _, _, reads in self.rules)

    def of(self, offer: Offer) -> Hashable:
        """All that is seen of a capability."""
        names = self.names
        stated = [(n, v.low, v.high, v.choices) for n, v in offer.values.items() if n in names]
        materials = offer.materials if self.materials else None
        return self.done, materials, offer.techniques if self.techniques else None, *stated

    def looks(self, offer: Offer) -> list[tuple[int, int, Hashable]]:
        """Per rule: its number, the history it needs, and what it sees."""
        stated = self._stated(offer, self.names)
        return [(i, needs, (i, self._seen(offer, stated, r))) for i, needs, r in self.rules]

    def leaves(self, offer: Offer) -> Hashable:
        """What of the capability shows in the piece after the step."""
        return self.done, *self._stated(offer, self.left)

    def _seen(self, offer: Offer, stated: Sequence[Stated], reads: Reads) -> Hashable:
        materials = offer.materials if reads.materials else None
        techniques = offer.techniques if reads.techniques else None
        return self.done, materials, techniques, *[s for s in stated if s[0] in reads.names]

    def _stated(self, offer: Offer, names: Set[str]) -> list[Stated]:
        return [(n, v.low, v.high, v.choices) for n, v in offer.values.items() if n in names]


EyeFor = Callable[[str], Eye]
