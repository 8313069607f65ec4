"""Pieces and moves of a plan worked out once: which kinds of candidates each piece passes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from collab.matching.compare import WAFER
from collab.matching.records import Offer
from collab.routing import pieces
from collab.routing.checks import Sight
from collab.routing.meeting import merge
from collab.routing.pieces import Piece
from collab.routing.plan import Candidate, Plan
from collab.routing.rules import RuleBook, moved, says

ALWAYS_LEFT = frozenset({WAFER, "pad-metal", "final-thickness"})
"""What a step leaves in the piece under another name than the parameter's own."""


class Move(NamedTuple):
    """What happens to a piece at a step: whether it is refused, new questions, the piece after."""

    blocked: bool
    questions: int
    after: int


BLOCKED_MOVE = Move(True, 0, -1)
Heard = tuple[int, int]
"""What a rule said of a piece and a kind: questions that count and things asked for, as bits."""
REFUSED: Heard = (-1, -1)


class Look(NamedTuple):
    """A rule's look at a kind of candidate: the rule, the history it needs (0: none), and a number
    that all kinds share which state the same for it."""

    rule: int
    needs: int
    number: int


class Kind(NamedTuple):
    """Candidates of a step that every rule sees alike: one of them, what the rules look at, and a
    number shared by all that leave a piece in the same state."""

    sample: Candidate
    looks: tuple[Look, ...]
    leaves: int


@dataclass
class Walker:
    """Pieces and moves worked out once and shared by all objectives.

    Candidates of a step that every rule sees alike form one kind: `kinds[step][kind]`, and
    `kind_of[step][candidate]`. Each rule is asked once for what it reads of piece and capability.
    """

    plan: Plan
    book: RuleBook
    pieces: list[Piece] = field(default_factory=list)
    kinds: list[list[Kind]] = field(default_factory=list)
    kind_of: list[list[int]] = field(default_factory=list)
    _ids: dict[Piece, int] = field(default_factory=dict)
    _numbers: dict[Hashable, int] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)
    _heard: list[dict[int, Heard]] = field(default_factory=list)
    _asked_before: list[int] = field(default_factory=list)
    _left: dict[tuple[int, int, int], int] = field(default_factory=dict)
    _met: dict[tuple[int, ...], int] = field(default_factory=dict)
    _moves: dict[tuple[int, int, int], Move] = field(default_factory=dict)
    _living: dict[tuple[int, int], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        earlier = 0
        later = self._read_later()
        for place, step in enumerate(self.plan.steps):
            self._sort(place, earlier, later[place])
            for done in {c.done for c in step.candidates}:
                earlier |= self.book.from_bits(done)

    @cached_property
    def start(self) -> int:
        """The piece before the first step."""
        return self.intern(pieces.start(self.book.terms, self.plan.need))

    def intern(self, piece: Piece) -> int:
        """The number of a piece."""
        found = self._ids.get(piece)
        if found is None:
            found = self._ids[piece] = len(self.pieces)
            self.pieces.append(piece)
            self._heard.append({})
            self._asked_before.append(self._bits(piece.asked))
        return found

    def arriving(self, place: int, after: Mapping[int, int] | Sequence[int]) -> int:
        """The piece that comes in at a step: what its preceding steps leave (`after` by step), or
        the piece at the start."""
        before = self.plan.steps[place].before
        if not before:
            return self.start
        parts = tuple(after[b] for b in before)
        if len(parts) == 1:
            return parts[0]
        found = self._met.get(parts)
        if found is None:
            met = merge(self.book.terms, [self.pieces[p] for p in parts])
            found = self._met[parts] = self.intern(met)
        return found

    def _read_later(self) -> list[frozenset[str]]:
        """Per step the parameters that some rule reads of the piece after it."""
        found = [ALWAYS_LEFT]
        for step in reversed(self.plan.steps[1:]):
            rules = {r for d in {c.done for c in step.candidates} for r in self._rules(d)}
            found.append(found[-1].union(*(self.book.reads[r].names for r in rules)))
        return found[::-1]

    def _rules(self, done: str) -> tuple[int, ...]:
        return self.book.to_rules(done, self.plan.need)

    def _sort(self, place: int, earlier: int, later: frozenset[str]) -> None:
        """The kinds of a step's candidates, told apart by what `_Seen` says is seen of them."""
        seen: dict[str, _Seen] = {}
        known: dict[Hashable, int] = {}
        kinds: list[Kind] = []
        kind_of: list[int] = []
        for candidate in self.plan.steps[place].candidates:
            done = candidate.done
            eye = seen.get(done)
            if eye is None:
                eye = seen[done] = _Seen(self.book, done, self._rules(done), earlier, later)
            number = known.setdefault(eye.of(candidate.offer), len(known))
            if number == len(kinds):
                kinds.append(self._kind(eye, candidate, self.plan.steps[place].state))
            kind_of.append(number)
        self.kinds.append(kinds)
        self.kind_of.append(kind_of)

    def _kind(self, eye: _Seen, candidate: Candidate, state: str) -> Kind:
        looks = tuple(
            Look(rule, needs, self._number(key)) for rule, needs, key in eye.looks(candidate.offer)
        )
        return Kind(candidate, looks, self._number((state, eye.leaves(candidate.offer))))

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def move(self, place: int, kind: int, before: int) -> Move:
        """The move of a kind of candidate on a piece."""
        key = (place, kind, before)
        found = self._moves.get(key)
        if found is None:
            found = self._moves[key] = self._move(place, self.kinds[place][kind], before)
        return found

    def _move(self, place: int, kind: Kind, before: int) -> Move:
        history, heard = self.pieces[before].history, self._heard[before]
        questions = asked = 0
        for rule, needs, number in kind.looks:
            if needs & ~history:
                continue
            said = heard.get(number)
            if said is None:
                said = heard[number] = self._says(kind, before, rule)
            if said is REFUSED:
                return BLOCKED_MOVE
            questions |= said[0]
            asked |= said[1]
        fresh = questions & ~self._asked_before[before]
        after = self._left.get((kind.leaves, before, asked))
        if after is None:
            after = self._after(place, kind, before, asked)
        return Move(False, fresh.bit_count(), after)

    def _says(self, kind: Kind, before: int, rule: int) -> Heard:
        said = says(self.book, self._sight(kind, self.pieces[before]), rule)
        return REFUSED if said.blocked else (self._bits({said.question}), self._bits({said.asked}))

    def _bits(self, names: Iterable[str]) -> int:
        """Names as bits of a number, so that sets of them cost nothing; the empty name has none."""
        found = 0
        for name in names:
            if name:
                found |= 1 << self._names.setdefault(name, len(self._names))
        return found

    def _after(self, place: int, kind: Kind, before: int, asked: int) -> int:
        sight = self._sight(kind, self.pieces[before])
        names = frozenset(n for n, bit in self._names.items() if asked >> bit & 1)
        after = self.intern(moved(self.book, sight, names, self.plan.steps[place].state))
        self._left[kind.leaves, before, asked] = after
        return after

    def _sight(self, kind: Kind, piece: Piece) -> Sight:
        sample = kind.sample
        return Sight(self.book.terms, piece, sample.offer, sample.done, self.plan.need)

    def alive(self, place: int, piece: int) -> bool:
        """True when some choice of the steps from `place` on accepts this piece (linear plans)."""
        if place == len(self.plan.steps):
            return True
        known = self._living.get((place, piece))
        if known is None:
            moves = (self.move(place, k, piece) for k in range(len(self.kinds[place])))
            known = any(not m.blocked and self.alive(place + 1, m.after) for m in moves)
            self._living[place, piece] = known
        return known


class _Seen:
    """What is seen of the capabilities that do one technique at a step: by the rules there, and in
    the piece they leave."""

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
        return self._stated(offer, self.names, self.materials, self.techniques)

    def looks(self, offer: Offer) -> list[tuple[int, int, Hashable]]:
        """Per rule: its number, the history it needs, and what it sees."""
        return [
            (i, needs, (i, self._stated(offer, r.names, r.materials, r.techniques)))
            for i, needs, r in self.rules
        ]

    def leaves(self, offer: Offer) -> Hashable:
        """What of the capability shows in the piece after the step."""
        return self._stated(offer, self.left)

    def _stated(
        self, offer: Offer, names: Set[str], materials: bool = False, techniques: bool = False
    ) -> Hashable:
        stated = [(n, v.low, v.high, v.choices) for n, v in offer.values.items() if n in names]
        return (
            self.done,
            *stated,
            offer.materials if materials else None,
            offer.techniques if techniques else None,
        )
