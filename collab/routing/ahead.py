"""What lies ahead of every piece in a linear plan, worked out from the end with the rules kept.

A plain shortest path over neighbouring steps is not enough, since rules look at any earlier step.
But all that they remember is in the piece, and few different pieces can arrive at a step: over
pieces and candidates together the least cost to the end is exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from collab.routing.lanes import Ints, Road
from collab.routing.walker import Walker

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
    for place, kinds in enumerate(walker.kinds):
        if len(arriving) * len(kinds) > MAX_TABLE:
            return None
        leaving: dict[int, int] = {}
        questions = np.full((len(arriving), len(kinds)), -1, dtype=np.int64)
        after = np.zeros_like(questions)
        for piece, row in arriving.items():
            for kind in range(len(kinds)):
                move = walker.move(place, kind, piece)
                if not move.blocked:
                    questions[row, kind] = move.questions
                    after[row, kind] = leaving.setdefault(move.after, len(leaving))
        found.append(Table(arriving, questions, after))
        arriving = leaving
    return found


def least_ahead(
    found: Sequence[Table],
    kind_of: Sequence[Sequence[int]],
    node: Sequence[Ints],
    roads: Sequence[tuple[Road, Ints]],
    per_question: int,
) -> list[Ints]:
    """Per step, by arriving piece and candidate, the least cost from taking this candidate to the
    end of the plan, the way to it left out; BLOCKED or more where no route is left."""
    togo = np.zeros((1 + int(found[-1].after.max(initial=0)), len(node[-1])), dtype=np.int64)
    values: list[Ints] = []
    for at in reversed(range(len(found))):
        kinds = np.asarray(kind_of[at])
        questions = found[at].questions[:, kinds]
        onward = togo[found[at].after[:, kinds], np.arange(len(kinds))]
        value = np.where(questions < 0, BLOCKED, node[at] + per_question * questions + onward)
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
        least = [BLOCKED] * len(self.walker.kinds[place])
        step = self.steps[place]
        for kind, candidate in zip(self.walker.kind_of[place], step.candidates, strict=True):
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
