"""What lies ahead of every piece in a linear plan, worked out from the end with the rules kept.

A plain shortest path over neighbouring steps is not enough, since rules look at any earlier step.
But all that they remember is in the piece, and few different pieces can arrive at a step: over
pieces and candidates together the least cost to the end is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from collab.routing.kinds import Kinds
from collab.routing.lanes import Ints, Road
from collab.routing.walker import REFUSED, Walker, as_bits

MAX_TABLE = 40_000
"""Largest table of pieces times kinds of candidates that is worked out beforehand."""
BLOCKED = 1 << 60
"""A cost that no route has."""
Pending = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Table:
    """The moves of one step: rows by arriving piece, columns by kind of candidate. `questions` are
    the new ones (-1: refused), `after` the row of the next table for the piece that leaves."""

    rows: Mapping[int, int]
    questions: Ints
    after: Ints


def tables(walker: Walker, first: int) -> list[Table] | None:
    """The moves of every step for every piece that can arrive there; None when they are too
    many to be worked out beforehand."""
    found: list[Table] = []
    arriving = {first: 0}
    for place, step in enumerate(walker.kinds):
        if len(arriving) * len(step.kinds) > MAX_TABLE:
            return None
        table, arriving = _table(walker, place, arriving)
        found.append(table)
    return found


def _table(walker: Walker, place: int, arriving: Mapping[int, int]) -> tuple[Table, dict[int, int]]:
    """The moves of a step for the pieces that arrive, and the rows of those that leave it."""
    states = [walker.states[piece] for piece in arriving]
    bodies = {body: i for i, body in enumerate(dict.fromkeys(s.body for s in states))}
    of = np.array([bodies[s.body] for s in states])
    before = as_bits([(s.asked,) for s in states])
    rows = [walker.row(place, body) for body in bodies]
    heard, asked = np.stack([r.questions for r in rows]), np.stack([r.asked for r in rows])
    passes = (heard & REFUSED) == 0
    left = _left(walker, place, list(bodies), passes)[of]
    new = np.where(passes[of], _count(heard[of] & ~before), -1)
    numbers, leaving = _numbered(walker, left, before | asked[of], passes[of])
    return Table(arriving, new, numbers), leaving


def _left(walker: Walker, place: int, bodies: Sequence[int], passes: Any) -> Ints:
    """By body and kind the body that is left of it where it passes."""
    samples, leaves = walker.kinds[place].leaving
    found = np.zeros((len(bodies), len(samples)), dtype=np.int64)
    for row, body, ok in zip(found, bodies, passes, strict=True):
        for number in set(leaves[ok].tolist()):
            row[number] = walker.left(place, samples[number], body)
    return found[:, leaves]


def _numbered(walker: Walker, body: Ints, asked: Any, passes: Any) -> tuple[Ints, dict[int, int]]:
    """The pieces that leave, numbered as rows of the next step: by cell, and by piece."""
    names, inverse = np.unique(asked[passes], return_inverse=True)
    cells, rows = np.unique(body[passes] * len(names) + inverse, return_inverse=True)
    found = np.zeros(body.shape, dtype=np.int64)
    found[passes] = rows
    split = (divmod(cell, len(names)) for cell in cells.tolist())
    states = [walker.state(at, int(names[name])) for at, name in split]
    return found, {state: row for row, state in enumerate(states)}


def _count(bits: Any) -> Any:
    """How many bits are set; Python's numbers where there are more than a machine's."""
    if bits.dtype == object:
        return np.frompyfunc(int.bit_count, 1, 1)(bits).astype(np.int64)
    return np.bitwise_count(bits).astype(np.int64)


class Wide(NamedTuple):
    """A table by candidate instead of kind: new questions, and where in the flattened costs of the
    next step to look (the place behind the last one where a piece is refused)."""

    questions: Ints
    onward: Ints


def widened(found: Sequence[Table], kinds: Sequence[Kinds]) -> list[Wide]:
    """The tables of a plan by candidate; the same for every objective."""
    wide = []
    rows = [len(table.rows) for table in found[1:]]
    for table, step, after in zip(found, kinds, [*rows, 0], strict=True):
        kind_of = np.array(step.kind_of)
        width = len(kind_of)
        questions = table.questions.take(kind_of, axis=1)
        row = table.after.take(kind_of, axis=1) if after else np.zeros_like(questions)
        onward = row * width + np.arange(width)
        onward[questions < 0] = max(after, 1) * width
        wide.append(Wide(np.maximum(questions, 0), onward))
    return wide


def least_ahead(
    wide: Sequence[Wide],
    node: Sequence[Ints],
    roads: Sequence[tuple[Road, Ints]],
    per_question: int,
) -> list[Ints]:
    """Per step, by arriving piece and candidate, the least cost from taking this candidate to the
    end of the plan, the way to it left out; BLOCKED or more where no route is left."""
    togo = np.zeros((1, len(node[-1])), dtype=np.int64)
    values: list[Ints] = []
    for at in reversed(range(len(wide))):
        value = np.append(togo, BLOCKED).take(wide[at].onward)
        value += node[at]
        value += per_question * wide[at].questions
        values.append(value)
        if at:
            road, cost = roads[at - 1]
            togo = np.minimum(road.least(cost, value), BLOCKED)
    return values[::-1]


class TooMany(Exception):
    """More states than are worth working out beforehand."""


class Questions:
    """The fewest questions still to come in a plan whose steps run side by side, for the pieces
    that are still to be handed on: ((step, piece), ...)."""

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.steps = walker.plan.steps
        self.used_until = [
            max((s.place for s in self.steps if p in s.before), default=-1)
            for p in range(len(self.steps))
        ]
        self.asked = [self._least_asked(place) for place in range(len(self.steps))]
        self.known: dict[tuple[int, Pending], int] = {}
        self.worked = 0
        self.to_go(0, ())

    def _least_asked(self, place: int) -> list[int]:
        """Per kind the fewest questions that a candidate of it leaves open itself."""
        least = [BLOCKED] * len(self.walker.kinds[place].kinds)
        step = self.steps[place]
        for kind, candidate in zip(self.walker.kinds[place].kind_of, step.candidates, strict=True):
            least[kind] = min(least[kind], candidate.open_questions)
        return least

    def pending(self, pieces: Sequence[int]) -> Pending:
        """What is still to be handed on of the pieces after each step so far."""
        return tuple((p, x) for p, x in enumerate(pieces) if self.used_until[p] >= len(pieces))

    def to_go(self, place: int, pending: Pending) -> int:
        """The fewest questions from step `place` on; BLOCKED or more where no route is left. Raises
        TooMany at the beginning, or never."""
        if place == len(self.steps):
            return 0
        found = self.known.get((place, pending))
        if found is None:
            self.worked += len(self.asked[place])
            if self.worked > MAX_TABLE:
                raise TooMany
            new = self.of_kinds(place, pending)
            found = min(q + a for q, a in zip(new, self.asked[place], strict=True))
            self.known[place, pending] = found
        return found

    def of_kinds(self, place: int, pending: Pending) -> list[int]:
        """The same per kind of candidate at the step, without what the candidate itself leaves
        open."""
        pieces = dict(pending)
        arriving = self.walker.arriving(place, pieces)
        found = []
        for kind in range(len(self.asked[place])):
            move = self.walker.move(place, kind, arriving)
            if move.blocked:
                found.append(BLOCKED)
                continue
            pieces[place] = move.after
            left = tuple((p, x) for p, x in pieces.items() if self.used_until[p] > place)
            found.append(move.questions + self.to_go(place + 1, left))
        return found
