"""Waiting needs on limited capacity: the assignment that serves most, proven optimal."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True, slots=True)
class Slot:
    """Free capacity of a provider in a month (YYYY-MM): `free` needs fit, `taken` already do."""

    provider: str
    month: str
    free: int
    taken: int = 0


@dataclass(frozen=True, slots=True)
class Allocation:
    """Which need (by key) goes to which slot (by place), the priority served, who stays waiting."""

    chosen: tuple[tuple[str, int], ...]
    served: float
    waiting: tuple[str, ...]
    optimal: bool = True


def allocate(
    priorities: Mapping[str, float],
    slots: Sequence[Slot],
    allowed: Mapping[str, Sequence[int]],
    *,
    step: float = 0.01,
) -> Allocation:
    """Assigns needs to slots so that the served priority is the greatest possible; among equal
    ones the load is spread, each further need in a slot being worth a little less.

    `priorities` are positive and counted in units of `step`; `allowed` names the slots (places in
    `slots`) that could do a need. Raises ValueError for a priority that is not positive.

    >>> allocate({"a": 2, "b": 1}, [Slot("lab", "2026-12", 1)], {"a": [0], "b": [0]}).chosen
    (('a', 0),)
    """
    if any(p <= 0 for p in priorities.values()):
        raise ValueError("priorities must be positive")
    needs = sorted(priorities)
    useful = sorted({s for n in needs for s in allowed.get(n, ()) if slots[s].free > 0})
    if not needs or not useful:
        return Allocation((), 0.0, tuple(sorted(priorities)))
    units = [(s, u) for s in useful for u in range(min(slots[s].free, len(needs)))]
    place: dict[int, list[int]] = {}
    for column, (slot, _) in enumerate(units):
        place.setdefault(slot, []).append(column)
    load = np.array([slots[s].taken + u for s, u in units], dtype=np.float64)
    # what a need counts and what a place counts are added up, so that one assignment is the best
    # in both (Mendelsohn and Dulmage): nothing has to outweigh anything
    worth = np.zeros((len(needs), len(units)))
    for row, need in enumerate(needs):
        columns = [c for s in allowed.get(need, ()) for c in place.get(s, ())]
        value = math.floor(priorities[need] / step + 0.5)
        worth[row, columns] = value + (load.max() + 1.0) - load[columns]
    rows, columns_ = linear_sum_assignment(worth, maximize=True)
    chosen = [
        (needs[r], units[c][0]) for r, c in zip(rows, columns_, strict=True) if worth[r, c] > 0
    ]
    taken = {n for n, _ in chosen}
    served = sum(priorities[n] for n in sorted(taken))
    return Allocation(tuple(sorted(chosen)), served, tuple(sorted(set(priorities) - taken)))
