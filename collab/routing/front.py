"""The Pareto view: routes that no other one beats in everything."""

from __future__ import annotations

from collections.abc import Sequence

from collab.routing.route import Route


def pareto(routes: Sequence[Route]) -> list[Route]:
    """The routes that no other one dominates (nowhere worse, somewhere better in weeks, hand-overs,
    km and questions), in the order given."""
    marks = [(r.middle, len(r.handovers), r.reach, r.open_questions) for r in routes]
    distinct = set(marks)
    best = {a for a in distinct if not any(b != a and _nowhere_worse(b, a) for b in distinct)}
    return [r for r, mark in zip(routes, marks, strict=True) if mark in best]


Marks = tuple[float, int, int, int]


def _nowhere_worse(one: Marks, other: Marks) -> bool:
    return one[0] <= other[0] and one[1] <= other[1] and one[2] <= other[2] and one[3] <= other[3]
