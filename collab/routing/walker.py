"""Pieces and moves of a plan worked out once: which kinds of candidates each piece passes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from collab.matching.compare import WAFER
from collab.routing import pieces
from collab.routing.checks import Sight
from collab.routing.kinds import Eye, Kind, Kinds, Look, kinds_of
from collab.routing.lanes import Ints
from collab.routing.meeting import merge
from collab.routing.pieces import Piece
from collab.routing.plan import Candidate, Plan
from collab.routing.rules import RuleBook, moved, says

ALWAYS_LEFT = frozenset({WAFER, "pad-metal", "final-thickness"})
"""What a step leaves in the piece under another name than the parameter's own."""
HIGHEST = 1 << 62
"""The highest bit that fits into a machine's number; beyond it Python's numbers are used."""
REFUSED = 1
"""The bit of a rule that refuses; the others stand for names of questions."""


class Move(NamedTuple):
    """What happens to a piece at a step: whether it is refused, new questions, the piece after."""

    blocked: bool
    questions: int
    after: int


BLOCKED_MOVE = Move(True, 0, -1)
Heard = tuple[int, int]
"""What a rule said of a piece and a kind: questions that count and things asked for, as bits."""
SILENT: Heard = (0, 0)


class Row(NamedTuple):
    """What the rules of a step say of one body to every kind, as bits (see Heard)."""

    questions: Ints
    asked: Ints


def as_bits(rows: Sequence[Sequence[int]]) -> Any:
    """Rows of bits as an array."""
    fits = all(bits <= HIGHEST for row in rows for bits in row)
    return np.array(rows, dtype=np.int64 if fits else object)


class State(NamedTuple):
    """A piece as the search knows it: its body, and the bits of what was asked of it so far. No
    rule looks at what was asked: it only keeps a question from counting twice."""

    body: int
    asked: int


@dataclass
class Walker:
    """Pieces and moves worked out once and shared by all objectives.

    `kinds[step]` are the kinds of its candidates. A piece is a number: its place in `states`. Each
    rule is asked once for what it reads of body and capability.
    """

    plan: Plan
    book: RuleBook
    bodies: list[Piece] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    kinds: list[Kinds] = field(default_factory=list)
    _body_ids: dict[Piece, int] = field(default_factory=dict)
    _state_ids: dict[State, int] = field(default_factory=dict)
    _numbers: dict[Hashable, int] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)
    _views: dict[tuple[int, int], int] = field(default_factory=dict)
    _heard: dict[tuple[int, int], Heard] = field(default_factory=dict)
    _rows: dict[tuple[int, int], Row] = field(default_factory=dict)
    _left: dict[tuple[int, int], int] = field(default_factory=dict)
    _met: dict[tuple[int, ...], int] = field(default_factory=dict)
    _moves: dict[tuple[int, int, int], Move] = field(default_factory=dict)
    _living: dict[tuple[int, int], bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        earlier = 0
        later = self._read_later()
        for place, step in enumerate(self.plan.steps):
            before, after = earlier, later[place]

            def eye(done: str, before: int = before, after: frozenset[str] = after) -> Eye:
                return Eye(self.book, done, self._rules(done), before, after)

            self.kinds.append(kinds_of(step.candidates, step.state, eye, self._number))
            for done in {c.done for c in step.candidates}:
                earlier |= self.book.from_bits(done)

    @cached_property
    def start(self) -> int:
        """The piece before the first step."""
        return self._intern(pieces.start(self.book.terms, self.plan.need))

    def _intern(self, piece: Piece) -> int:
        asked = self._bits(piece.asked)
        return self.state(self._body(piece._replace(asked=frozenset()) if asked else piece), asked)

    def _body(self, piece: Piece) -> int:
        found = self._body_ids.get(piece)
        if found is None:
            found = self._body_ids[piece] = len(self.bodies)
            self.bodies.append(piece)
        return found

    def state(self, body: int, asked: int) -> int:
        """The number of a piece."""
        state = State(body, asked)
        found = self._state_ids.get(state)
        if found is None:
            found = self._state_ids[state] = len(self.states)
            self.states.append(state)
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
            states = [self.states[p] for p in parts]
            met = merge(self.book.terms, [self.bodies[s.body] for s in states])
            asked = 0
            for state in states:
                asked |= state.asked
            found = self._met[parts] = self.state(self._body(met), asked)
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

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def row(self, place: int, body: int) -> Row:
        """What the rules of a step say of a body to every kind there."""
        found = self._rows.get((place, body))
        if found is None:
            step, history = self.kinds[place], self.bodies[body].history
            heard = [SILENT if k.needs & ~history else self._hear(k, body) for k in step.looks]
            said = np.bitwise_or.reduce(as_bits([*heard, SILENT])[step.look_at], axis=1)
            found = self._rows[place, body] = Row(said[:, 0], said[:, 1])
        return found

    def _hear(self, look: Look, body: int) -> Heard:
        view = self._views.get((look.rule, body))
        if view is None:
            seen = self.book.glances[look.rule](self.bodies[body])
            view = self._views[look.rule, body] = self._number((look.rule, seen))
        found = self._heard.get((view, look.number))
        if found is None:
            found = self._heard[view, look.number] = self._says(look, body)
        return found

    def _says(self, look: Look, body: int) -> Heard:
        said = says(self.book, self._sight(look.sample, body), look.rule)
        return (REFUSED, 0) if said.blocked else (self._bit(said.question), self._bit(said.asked))

    def _bit(self, name: str) -> int:
        """A name as a bit of a number, so that sets of them cost nothing; the empty has none."""
        return 2 << self._names.setdefault(name, len(self._names)) if name else 0

    def _bits(self, names: frozenset[str]) -> int:
        return sum(self._bit(n) for n in names)

    def move(self, place: int, kind: int, before: int) -> Move:
        """The move of a kind of candidate on a piece."""
        key = (place, kind, before)
        found = self._moves.get(key)
        if found is None:
            found = self._moves[key] = self._move(place, kind, self.states[before])
        return found

    def _move(self, place: int, kind: int, before: State) -> Move:
        row = self.row(place, before.body)
        questions = int(row.questions[kind])
        if questions & REFUSED:
            return BLOCKED_MOVE
        fresh = questions & ~before.asked
        after = self.left(place, kind, before.body)
        return Move(
            False, fresh.bit_count(), self.state(after, before.asked | int(row.asked[kind]))
        )

    def left(self, place: int, kind: int, body: int) -> int:
        """The body that a kind of candidate leaves of a body."""
        found: Kind = self.kinds[place].kinds[kind]
        after = self._left.get((found.leaves, body))
        if after is None:
            sight = self._sight(found.sample, body)
            piece = moved(self.book, sight, frozenset(), self.kinds[place].state)
            after = self._left[found.leaves, body] = self._body(piece)
        return after

    def _sight(self, sample: Candidate, body: int) -> Sight:
        piece = self.bodies[body]
        return Sight(self.book.terms, piece, sample.offer, sample.done, self.plan.need)

    def alive(self, place: int, piece: int) -> bool:
        """True when some choice of the steps from `place` on accepts this piece (linear plans)."""
        if place == len(self.plan.steps):
            return True
        known = self._living.get((place, piece))
        if known is None:
            moves = (self.move(place, k, piece) for k in range(len(self.kinds[place].kinds)))
            known = any(not m.blocked and self.alive(place + 1, m.after) for m in moves)
            self._living[place, piece] = known
        return known
