"""The k best routes under one objective, best first, with the piece's history kept."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from collab.matching.records import Offer
from collab.routing import pieces
from collab.routing.meeting import merge
from collab.routing.plan import Ints, Lane, Pair, Plan, centi, lane_of, pair_of
from collab.routing.rules import RuleBook
from collab.routing.walker import Walker, questions_to_go

MAX_POPS = 30_000
"""Partial routes looked at before the search gives up and says so."""


class Weighing(NamedTuple):
    """Whole-number weights of an objective; the first named quantity dominates the others."""

    weeks: int
    handovers: int
    km: int
    questions: int


OBJECTIVES: Mapping[str, Weighing] = MappingProxyType({
    "fastest": Weighing(10**7, 10**4, 0, 1),
    "fewest": Weighing(10**4, 10**10, 0, 1),
    "nearest": Weighing(1, 10**7, 10**10, 0),
    "surest": Weighing(10**3, 1, 0, 10**10),
})  # fmt: skip


@dataclass(frozen=True)
class Costs:
    """One objective over the whole plan: `node` per candidate, `pair` per hand-over, and `rest`,
    the least cost from a candidate to the end; hundredths of weeks stand apart in a graph."""

    weights: Weighing
    node: list[Ints]
    pair: dict[tuple[int, int], Ints]
    rest: list[Ints]


class Prefix(NamedTuple):
    """A route up to some step: candidates, cost so far, pieces after each step, finish times
    (hundredths of weeks, low + high) and finish by stated lead times alone (low)."""

    path: tuple[int, ...]
    cost: int
    pieces: tuple[int, ...]
    finish: tuple[int, ...]
    stated: tuple[int, ...]


class Search:
    """The search over one plan; columns, pieces and moves are shared by all objectives."""

    def __init__(self, plan: Plan, book: RuleBook) -> None:
        self.plan, self.book = plan, book
        countries: dict[str, int] = {}
        self.lanes: list[Lane] = [lane_of(s, countries) for s in plan.steps]
        self.pairs: dict[tuple[int, int], Pair] = {
            (p, s.place): pair_of(plan, self.lanes[p], self.lanes[s.place])
            for s in plan.steps for p in s.before
        }  # fmt: skip
        self.walker = Walker(plan, book)
        self.first = self.walker.intern(pieces.start(book.terms, plan.need))
        self.linear = plan.linear
        self._table: list[dict[int, int]] | None = None
        self._tabled = False
        self.tails = self._tails()
        need = plan.need
        hard = need.deadline_weeks is not None and need.deadline_hard
        self.deadline = centi(need.deadline_weeks or 0.0) if hard else None
        self.complete = True

    def table(self, objective: str) -> list[dict[int, int]] | None:
        """Questions still to come, worked out only where they lead the objective: elsewhere the
        bound without them is close and most pieces are never met."""
        if not self.linear or objective != "surest":
            return None
        if not self._tabled:
            self._table, self._tabled = questions_to_go(self.walker, self.first), True
        return self._table

    def _tails(self) -> list[int]:
        """Per step the least weeks (low + high, hundredths) from its end to the end of the plan."""
        tails = [0] * len(self.plan.steps)
        for step in reversed(self.plan.steps):
            least = int(self.lanes[step.place].middle.min(initial=0))
            for before in step.before:
                tails[before] = max(tails[before], tails[step.place] + least)
        return tails

    def costs(self, weights: Weighing) -> Costs:
        """The objective's matrices and the exact remaining cost without the rules."""
        w = weights
        weeks = w.weeks if self.linear else 0
        node = [weeks * lane.middle + w.questions * lane.questions for lane in self.lanes]
        pair = {}
        for edge, p in self.pairs.items():
            cost = np.multiply(p.handover, w.handovers, dtype=np.int64)
            if weeks:
                cost += weeks * p.weeks
            if w.km:
                cost += w.km * p.km
            pair[edge] = cost
        rest: list[Ints] = [np.zeros(0, dtype=np.int64)] * len(node)
        last = len(node) - 1
        if self.linear:
            rest[last] = np.zeros(len(node[last]), dtype=np.int64)
            for at in range(last - 1, -1, -1):
                onward = pair[at, at + 1] + (node[at + 1] + rest[at + 1])[None, :]
                rest[at] = onward.min(axis=1)
            return Costs(w, node, pair, rest)
        coming = 0
        for at in range(last, -1, -1):
            rest[at] = np.full(len(node[at]), coming, dtype=np.int64)
            coming += int(node[at].min(initial=0))
            coming += sum(int(pair[p, at].min(initial=0)) for p in self.plan.steps[at].before)
        return Costs(w, node, pair, rest)

    def best(self, objective: str, count: int) -> list[tuple[int, ...]]:
        """The `count` best routes as candidates per step; ties go to the lower public keys."""
        if not self.plan.steps or any(not s.candidates for s in self.plan.steps):
            return []
        if self.linear and not self.walker.alive(0, self.first):
            return []
        return _Run(self, self.costs(OBJECTIVES[objective]), self.table(objective)).best(count)


class _Run:
    """One best-first run under one objective."""

    def __init__(self, search: Search, costs: Costs, table: list[dict[int, int]] | None) -> None:
        self.search, self.costs, self.table = search, costs, table
        self.heap: list[tuple[int, tuple[int, ...], int, Prefix, int]] = []
        self.ahead: dict[tuple[int, int], tuple[Ints, list[int]]] = {}
        self.vectors: dict[tuple[int, ...], tuple[Ints, list[int]]] = {}

    def best(self, count: int) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = []
        pops = 0
        self._push(Prefix((), 0, (), (), ()), 0, 0)
        while self.heap and len(found) < count:
            pops += 1
            if pops > MAX_POPS:
                self.search.complete = False
                break
            bound, path, position, prefix, known = heapq.heappop(self.heap)
            if position >= 0:
                self._push(prefix, position + 1, known)
            grown = self._grow(prefix, path[-1])
            if grown is None:
                continue
            exact = self._exact(grown)
            if exact > bound:
                heapq.heappush(self.heap, (exact, path, -1, prefix, known))
            elif len(grown.path) == len(self.search.plan.steps):
                found.append(grown.path)
            else:
                self._push(grown, 0, self._to_go(grown))
        return found

    def _to_go(self, prefix: Prefix) -> int:
        table = self.table
        if table is None:
            return 0
        at = len(prefix.path)
        piece = prefix.pieces[-1] if prefix.pieces else self.search.first
        return self.costs.weights.questions * table[at][piece]

    def _exact(self, prefix: Prefix) -> int:
        """Lower bound of the whole route, exact but for rules still to come."""
        at = len(prefix.path) - 1
        total = prefix.cost + int(self.costs.rest[at][prefix.path[-1]]) + self._to_go(prefix)
        if self.search.linear:
            return total
        ends = (f + t for f, t in zip(prefix.finish, self.search.tails, strict=False))
        return total + self.costs.weights.weeks * max(ends)

    def _push(self, prefix: Prefix, position: int, known: int) -> None:
        """Queues the next child of a prefix; `known` is the least cost of questions to come."""
        vector, order = self._vector(prefix)
        if position >= len(order):
            return
        child = order[position]
        bound = prefix.cost + int(vector[child]) + known
        heapq.heappush(self.heap, (bound, (*prefix.path, child), position, prefix, known))

    def _vector(self, prefix: Prefix) -> tuple[Ints, list[int]]:
        at = len(prefix.path)
        costs = self.costs
        if self.search.linear:
            key = (at, prefix.path[-1] if at else -1)
            found = self.ahead.get(key)
            if found is None:
                vector = costs.node[at] + costs.rest[at]
                if at:
                    vector = vector + costs.pair[at - 1, at][prefix.path[-1]]
                order = np.argsort(vector, kind="stable").tolist()
                found = self.ahead[key] = (vector, order)
            return found
        known = self.vectors.get(prefix.path)
        if known is None:
            vector = self._graph_vector(prefix, at)
            known = vector, np.argsort(vector, kind="stable").tolist()
            self.vectors[prefix.path] = known
        return known

    def _graph_vector(self, prefix: Prefix, at: int) -> Ints:
        search, costs = self.search, self.costs
        vector = costs.node[at] + costs.rest[at]
        finish = np.zeros(len(vector), dtype=np.int64)
        for before in search.plan.steps[at].before:
            row = prefix.path[before]
            vector = vector + costs.pair[before, at][row]
            arrive = prefix.finish[before] + search.pairs[before, at].weeks[row]
            finish = np.maximum(finish, arrive)
        finish = finish + search.lanes[at].middle + search.tails[at]
        placed = max((f + t for f, t in zip(prefix.finish, search.tails, strict=False)), default=0)
        found: Ints = vector + costs.weights.weeks * np.maximum(finish, placed)
        return found

    def _grow(self, prefix: Prefix, child: int) -> Prefix | None:
        """The prefix with one more candidate; None when a rule blocks it or the stated lead times
        alone exceed a hard deadline."""
        search, costs = self.search, self.costs
        at = len(prefix.path)
        step = search.plan.steps[at]
        move = search.walker.move(at, search.walker.kinds[at][child], self._arriving(prefix, at))
        if move.blocked or self._hopeless(at, move.after):
            return None
        cost = prefix.cost + int(costs.node[at][child]) + costs.weights.questions * move.questions
        finish = stated = 0
        weeks = step.candidates[child].weeks
        for before in step.before:
            row = prefix.path[before]
            cost += int(costs.pair[before, at][row, child])
            arrive = prefix.finish[before] + int(search.pairs[before, at].weeks[row, child])
            finish = max(finish, arrive)
            stated = max(stated, prefix.stated[before])
        stated += centi(weeks.low) if weeks.stated else 0
        if search.deadline is not None and stated > search.deadline:
            return None
        finish += int(search.lanes[at].middle[child])
        return Prefix(
            (*prefix.path, child), cost, (*prefix.pieces, move.after),
            (*prefix.finish, finish), (*prefix.stated, stated),
        )  # fmt: skip

    def _hopeless(self, at: int, piece: int) -> bool:
        return self.search.linear and not self.search.walker.alive(at + 1, piece)

    def _arriving(self, prefix: Prefix, at: int) -> int:
        """The piece that comes in: what its preceding steps leave, or the piece at the start."""
        before = self.search.plan.steps[at].before
        if not before:
            return self.search.first
        if len(before) == 1:
            return prefix.pieces[before[0]]
        walker = self.search.walker
        parts = [walker.pieces[prefix.pieces[b]] for b in before]
        return walker.intern(merge(self.search.book.terms, parts))


def offers_of(plan: Plan, path: Sequence[int]) -> list[Offer]:
    """The capabilities of a route, in plan order."""
    return [s.candidates[c].offer for s, c in zip(plan.steps, path, strict=True)]
