"""The k best routes under one objective, best first, with the piece's history kept."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from collab.routing.ahead import (
    BLOCKED,
    Questions,
    Table,
    TooMany,
    Wide,
    least_ahead,
    tables,
    widened,
)
from collab.routing.lanes import Ints, Lane, Road, lane_of, road_of
from collab.routing.plan import Plan, centi
from collab.routing.rules import RuleBook
from collab.routing.walker import Walker

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
    """One objective over the whole plan: `node` per candidate, `pair` per hand-over from spot to
    spot, and `rest` (see ahead.least_ahead where `exact`; else per candidate the least cost after
    it without the rules). Hundredths of weeks stand apart in a graph."""

    weights: Weighing
    node: list[Ints]
    pair: dict[tuple[int, int], Ints]
    rest: list[Ints]
    exact: bool = False


class Prefix(NamedTuple):
    """A route up to some step: candidates, cost so far, pieces after each step, finish times
    (hundredths of weeks, low + high) and finish by stated lead times alone (low)."""

    path: tuple[int, ...]
    cost: int
    pieces: tuple[int, ...]
    finish: tuple[int, ...]
    stated: tuple[int, ...]
    asked: int = 0


class Search:
    """The search over one plan; columns, pieces and moves are shared by all objectives."""

    def __init__(self, plan: Plan, book: RuleBook, walker: Walker | None = None) -> None:
        self.plan, self.book = plan, book
        self.possible = bool(plan.steps) and all(s.candidates for s in plan.steps)
        self.walker = walker or Walker(plan, book)
        self.first = self.walker.start
        self.linear = plan.linear
        self.lanes: list[Lane] = [lane_of(s) for s in plan.steps] if self.possible else []
        self.roads: dict[tuple[int, int], Road] = {
            (p, s.place): road_of(plan, self.lanes[p], self.lanes[s.place])
            for s in plan.steps for p in s.before if self.possible
        }  # fmt: skip
        self.tables: list[Table] | None = None
        self.wide: list[Wide] = []
        self.questions: Questions | None = None
        self._tabled = False
        self.tails = self._tails()
        need = plan.need
        hard = need.deadline_weeks is not None and need.deadline_hard
        self.deadline = centi(need.deadline_weeks or 0.0) if hard else None
        self.complete = True

    def look_ahead(self) -> None:
        """All moves of the plan beforehand. Needed where questions lead the objective: elsewhere
        the bound without them is close and most pieces are never met."""
        if self._tabled or not self._routable():
            return
        self._tabled = True
        if self.linear:
            self.tables = tables(self.walker, self.first)
            self.wide = widened(self.tables, self.walker.kinds) if self.tables else []
            return
        with suppress(TooMany):
            self.questions = Questions(self.walker)

    def _tails(self) -> list[int]:
        """Per step the least weeks (low + high, hundredths) from its end to the end of the plan."""
        tails = [0] * len(self.plan.steps)
        for step in reversed(self.plan.steps if self.possible else ()):
            least = int(self.lanes[step.place].middle.min())
            for before in step.before:
                tails[before] = max(tails[before], tails[step.place] + least)
        return tails

    def costs(self, objective: str) -> Costs:
        """The objective's costs, and the least cost still to come as far as it is known."""
        w = OBJECTIVES[objective]
        weeks = w.weeks if self.linear else 0
        node = [weeks * lane.middle + w.questions * lane.questions for lane in self.lanes]
        pair = {e: weeks * r.weeks + w.handovers + w.km * r.km for e, r in self.roads.items()}
        if not self.linear:
            self.look_ahead()
            return Costs(w, node, pair, self._rest_of_graph(node, pair))
        if objective == "surest":
            self.look_ahead()
        if self.tables is None:
            return Costs(w, node, pair, self._rest_of_line(node, pair))
        roads = [(self.roads[e], pair[e]) for e in sorted(pair)]
        rest = least_ahead(self.wide, node, roads, w.questions)
        return Costs(w, node, pair, rest, exact=True)

    def _rest_of_line(self, node: list[Ints], pair: Mapping[tuple[int, int], Ints]) -> list[Ints]:
        rest = [np.zeros(len(lane.spot), dtype=np.int64) for lane in self.lanes]
        for at in range(len(node) - 2, -1, -1):
            edge = (at, at + 1)
            rest[at] = self.roads[edge].least(pair[edge], node[at + 1] + rest[at + 1])
        return rest

    def _rest_of_graph(self, node: list[Ints], pair: Mapping[tuple[int, int], Ints]) -> list[Ints]:
        """After each step, the least cost of the later steps but for what the ones so far hand on
        to them (see _Run._handed_on)."""
        rest = [np.zeros(len(lane.spot), dtype=np.int64) for lane in self.lanes]
        for at in range(len(node)):
            for later in self.plan.steps[at + 1 :]:
                edges = [(b, later.place) for b in later.before if b > at]
                rest[at] += sum(self.roads[e].smallest(pair[e]) for e in edges)
                if self.questions is None:  # it counts what the candidates leave open as well
                    rest[at] += node[later.place].min()
        return rest

    def _routable(self) -> bool:
        return self.possible and (not self.linear or self.walker.alive(0, self.first))

    def best(self, objective: str, count: int) -> list[tuple[int, ...]]:
        """The `count` best routes as candidates per step; ties go to the lower public keys."""
        if not self._routable():
            return []
        return _Run(self, self.costs(objective)).best(count)


class _Run:
    """One best-first run under one objective."""

    def __init__(self, search: Search, costs: Costs) -> None:
        self.search, self.costs = search, costs
        self.foresees = costs.exact or search.questions is not None
        """Whether bounds count the questions that the rules will ask."""
        self.heap: list[tuple[int, tuple[int, ...], int, Prefix]] = []
        self.vectors: dict[Hashable, tuple[Ints, list[int]]] = {}

    def best(self, count: int) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = []
        pops = 0
        self._push(Prefix((), 0, (), (), ()), 0)
        while self.heap and len(found) < count:
            pops += 1
            if pops > MAX_POPS:
                self.search.complete = False
                break
            bound, path, position, prefix = heapq.heappop(self.heap)
            if position >= 0:
                self._push(prefix, position + 1)
            grown = self._grow(prefix, path[-1])
            if grown is None:
                continue
            if grown.asked and position >= 0 and not self.foresees:
                known = bound + self.costs.weights.questions * grown.asked
                heapq.heappush(self.heap, (known, path, -1, prefix))
            elif len(grown.path) == len(self.search.plan.steps):
                found.append(grown.path)
            else:
                self._push(grown, 0)
        return found

    def _push(self, prefix: Prefix, position: int) -> None:
        """Queues the next child of a prefix."""
        vector, order = self._vector(prefix)
        if position >= len(order):
            return
        child = order[position]
        bound = prefix.cost + int(vector[child])
        if bound < BLOCKED:
            heapq.heappush(self.heap, (bound, (*prefix.path, child), position, prefix))

    def _vector(self, prefix: Prefix) -> tuple[Ints, list[int]]:
        """What each next candidate adds at least, and the candidates from the least on."""
        at = len(prefix.path)
        key: Hashable = prefix.path
        if self.search.linear:  # all prefixes that end alike go on alike
            key = (at, prefix.path[-1] if at else -1, self._row(prefix) if self.costs.exact else 0)
        known = self.vectors.get(key)
        if known is None:
            linear = self.search.linear
            vector = self._line_vector(prefix, at) if linear else self._graph_vector(prefix, at)
            known = vector, np.argsort(vector, kind="stable").tolist()
            self.vectors[key] = known
        return known

    def _row(self, prefix: Prefix) -> int:
        """The row of the piece that arrives at the next step."""
        piece = prefix.pieces[-1] if prefix.pieces else self.search.first
        tables = self.search.tables
        return tables[len(prefix.path)].rows[piece] if tables else 0

    def _line_vector(self, prefix: Prefix, at: int) -> Ints:
        costs = self.costs
        rest = costs.rest[at]
        vector = rest[self._row(prefix)] if costs.exact else costs.node[at] + rest
        if at:
            edge = (at - 1, at)
            vector = vector + self.search.roads[edge].row(costs.pair[edge], prefix.path[-1])
        return vector

    def _graph_vector(self, prefix: Prefix, at: int) -> Ints:
        search, costs = self.search, self.costs
        vector = costs.node[at] + costs.rest[at]
        finish = np.zeros(len(vector), dtype=np.int64)
        for before in search.plan.steps[at].before:
            sender, road = prefix.path[before], search.roads[before, at]
            vector = vector + road.row(costs.pair[before, at], sender)
            finish = np.maximum(finish, prefix.finish[before] + road.row(road.weeks, sender))
        finish = finish + search.lanes[at].middle + search.tails[at]
        placed = max((f + t for f, t in zip(prefix.finish, search.tails, strict=False)), default=0)
        found: Ints = vector + costs.weights.weeks * np.maximum(finish, placed)
        return found + self._asked(prefix, at) + self._handed_on(prefix, at)

    def _handed_on(self, prefix: Prefix, at: int) -> Ints | int:
        """The least that later steps cost for what the prefix and each next candidate hand on to
        them: the best receiver of all that arrives at a step, and not the best for each alone."""
        search, pair = self.search, self.costs.pair
        found: Ints | int = 0
        for later in search.plan.steps[at + 1 :]:
            placed = [b for b in later.before if b < at]
            edges = [(b, later.place) for b in placed]
            arrive = sum(
                (search.roads[e].row(pair[e], prefix.path[e[0]]) for e in edges),
                np.zeros(len(search.lanes[later.place].spot), dtype=np.int64),
            )
            if at in later.before:
                edge = (at, later.place)
                found = found + search.roads[edge].least(pair[edge], arrive)
            elif placed:
                found = found + int(arrive.min())
        return found

    def _asked(self, prefix: Prefix, at: int) -> Ints | int:
        """What the questions cost at least that each next candidate brings here and later;
        BLOCKED where no route is left."""
        left = self.search.questions
        if left is None:
            return 0
        asked = np.array(left.of_kinds(at, left.pending(prefix.pieces)), dtype=np.int64)
        cost = np.where(asked < BLOCKED, self.costs.weights.questions * asked, BLOCKED)
        found: Ints = cost[self.search.walker.kinds[at].kind_of]
        return found

    def _grow(self, prefix: Prefix, child: int) -> Prefix | None:
        """The prefix with one more candidate; None when a rule blocks it or the stated lead times
        alone exceed a hard deadline."""
        search, costs = self.search, self.costs
        at = len(prefix.path)
        step = search.plan.steps[at]
        arriving = search.walker.arriving(at, prefix.pieces)
        move = search.walker.move(at, search.walker.kinds[at].kind_of[child], arriving)
        if move.blocked or self._hopeless(at, move.after):
            return None
        cost = prefix.cost + int(costs.node[at][child]) + costs.weights.questions * move.questions
        finish = stated = 0
        weeks = step.candidates[child].weeks
        for before in step.before:
            sender, road = prefix.path[before], search.roads[before, at]
            cost += road.entry(costs.pair[before, at], sender, child)
            finish = max(finish, prefix.finish[before] + road.entry(road.weeks, sender, child))
            stated = max(stated, prefix.stated[before])
        stated += centi(weeks.low) if weeks.stated else 0
        if search.deadline is not None and stated > search.deadline:
            return None
        finish += int(search.lanes[at].middle[child])
        return Prefix(
            (*prefix.path, child), cost, (*prefix.pieces, move.after),
            (*prefix.finish, finish), (*prefix.stated, stated), move.questions,
        )  # fmt: skip

    def _hopeless(self, at: int, piece: int) -> bool:
        return self.search.linear and not self.search.walker.alive(at + 1, piece)
