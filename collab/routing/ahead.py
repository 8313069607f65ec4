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
