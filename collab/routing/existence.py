"""Whether any route holds at all: depth first over kinds of candidates, without costs."""

from __future__ import annotations

from collab.routing.plan import Plan, PlanStep, centi
from collab.routing.planner import Search
from collab.routing.rules import rule_book
from collab.routing.walker import Walker
from collab.vocabulary.catalog import Vocabulary

MOST = 20_000
"""Partial routes looked at before the search with costs is asked instead."""
Open = tuple[tuple[int, int, int], ...]
"""Steps whose piece is still to be handed on: (place, piece, stated weeks so far in hundredths)."""


class _TooMany(Exception):
    """More partial routes than are worth following."""


class _Walk:
    """One walk over a plan; what led nowhere once is not followed again."""

    def __init__(self, plan: Plan, walker: Walker, first: int) -> None:
        self.plan, self.walker, self.first = plan, walker, first
        need = plan.need
        hard = need.deadline_weeks is not None and need.deadline_hard
        self.deadline = centi(need.deadline_weeks or 0.0) if hard else None
        self.used_until = [
            max((s.place for s in plan.steps if p in s.before), default=-1)
            for p in range(len(plan.steps))
        ]
        self.soonest = [self._soonest(step) for step in plan.steps]
        self.failed: set[tuple[int, Open]] = set()
        self.seen = 0

    def _soonest(self, step: PlanStep) -> list[int]:
        """Per kind the least stated weeks: whoever is quicker is never worse."""
        best = [-1] * len(self.walker.kinds[step.place].kinds)
        for kind, candidate in zip(
            self.walker.kinds[step.place].kind_of, step.candidates, strict=True
        ):
            weeks = centi(candidate.weeks.low) if candidate.weeks.stated else 0
            if best[kind] < 0 or weeks < best[kind]:
                best[kind] = weeks
        return best

    def holds(self, place: int, pending: Open) -> bool:
        """True when the steps from `place` on can be done after what is `pending`."""
        if place == len(self.plan.steps):
            return True
        if (place, pending) in self.failed:
            return False
        self.seen += 1
        if self.seen > MOST:
            raise _TooMany
        arriving, stated = self._arriving(place, pending)
        for kind, weeks in enumerate(self.soonest[place]):
            done = stated + weeks if self.deadline is not None else 0
            if self.deadline is not None and done > self.deadline:
                continue
            move = self.walker.move(place, kind, arriving)
            if not move.blocked and self.holds(
                place + 1, self._after(place, pending, move.after, done)
            ):
                return True
        self.failed.add((place, pending))
        return False

    def _arriving(self, place: int, pending: Open) -> tuple[int, int]:
        before = self.plan.steps[place].before
        parts = [entry for entry in pending if entry[0] in before]
        if not parts:
            return self.first, 0
        stated = max(entry[2] for entry in parts)
        return self.walker.arriving(place, {entry[0]: entry[1] for entry in parts}), stated

    def _after(self, place: int, pending: Open, piece: int, stated: int) -> Open:
        kept = tuple(entry for entry in pending if self.used_until[entry[0]] > place)
        return (*kept, (place, piece, stated)) if self.used_until[place] > place else kept


def route_exists(vocabulary: Vocabulary, plan: Plan, walker: Walker | None = None) -> bool:
    """True when some choice of candidates passes every interface rule in time. A `walker` over the
    plan keeps what it learns here for the search with costs."""
    if not plan.steps or any(not s.candidates for s in plan.steps):
        return False
    book = rule_book(vocabulary)
    walker = walker or Walker(plan, book)
    walk = _Walk(plan, walker, walker.start)
    try:
        return walk.holds(0, ())
    except _TooMany:
        return bool(Search(plan, book, walker).best("fastest", 1))
