"""Judged things over rows of a snapshot other than figures: material, place, time and money."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

import numpy as np

from collab.matching.columns import Bools, Judgement, Rows
from collab.matching.prepare import StepAsk
from collab.matching.snapshot import Snapshot
from collab.vocabulary.catalog import Vocabulary


class Part(NamedTuple):
    """One judged thing over rows and how it counts: `counts` where an unknown changes the class,
    `silent` (None: nowhere) where there is nothing to say and nothing counts."""

    judgement: Judgement
    hard: bool
    counts: Bools | bool = True
    silent: Bools | None = None


def mask(snapshot: Snapshot, kind: str, terms: Set[str]) -> Bools:
    """Per row of the snapshot: does it list any of `terms`? Worked out once for each set."""
    key = (kind, frozenset(terms))
    made: Bools | None = snapshot.shared(key)
    if made is None:
        names: list[str] = snapshot.meta[kind]
        table = snapshot.arrays[kind]
        wanted = np.array([n in terms for n in names] + [False], dtype=bool)
        made = wanted[table].any(axis=1) if table.shape[1] else np.zeros(len(table), dtype=bool)
        snapshot.share(key, made)
    return made


def silent_rows(snapshot: Snapshot, kind: str) -> Bools:
    """Per row of the snapshot: does it list nothing at all?"""
    made: Bools | None = snapshot.shared(("silent", kind))
    if made is None:
        table = snapshot.arrays[kind]
        none = np.ones(len(table), dtype=bool)
        made = table[:, 0] >= len(snapshot.meta[kind]) if table.shape[1] else none
        snapshot.share(("silent", kind), made)
    return made


def _nowhere(rows: Rows) -> Bools:
    return np.zeros(len(rows), dtype=bool)


def material_part(vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, rows: Rows) -> Part:
    """Materials: all listed or narrower meets, a family or silence is unknown."""
    silent = silent_rows(snapshot, "materials")[rows]
    whole, some = ~_nowhere(rows), _nowhere(rows)
    for material in ask.materials:
        covered = mask(snapshot, "materials", vocabulary.descendants(material))[rows]
        above = mask(snapshot, "materials", frozenset(vocabulary.ancestors(material)))[rows]
        whole &= covered
        some |= covered | above
    misses = ~(some | silent | whole)
    unknown = ~(whole | misses)
    if ask.material_scope == "none":
        return Part(Judgement(_nowhere(rows), (unknown | misses) & ~silent), True, silent=silent)
    several = ask.material_scope == "need" and len(ask.need.steps) > 1
    return Part(Judgement(misses, unknown), True, ~silent if several else True)


def excluded_part(vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, rows: Rows) -> Part:
    """Refused materials: something else listed meets."""
    silent = silent_rows(snapshot, "materials")[rows]
    refused = frozenset(d for m in ask.excluded_materials for d in vocabulary.descendants(m))
    free = mask(snapshot, "materials", frozenset(snapshot.meta["materials"]) - refused)[rows]
    counts = ask.material_scope != "need" or len(ask.need.steps) == 1
    if ask.materials:
        return Part(Judgement(~(free | silent), _nowhere(rows)), True, counts, silent)
    return Part(Judgement(~(free | silent), silent), True, counts)


def region_part(snapshot: Snapshot, rows: Rows, require: frozenset[str], exclude: frozenset[str],
                 hard: bool) -> Part:  # fmt: skip
    """Places inside and outside."""
    silent = silent_rows(snapshot, "regions")[rows]
    misses = mask(snapshot, "regions", exclude)[rows]
    if require:
        misses |= ~mask(snapshot, "regions", require)[rows]
    return Part(Judgement(misses & ~silent, silent), hard)


def deadline_part(snapshot: Snapshot, ask: StepAsk, rows: Rows) -> Part:
    """Stated lead times against the deadline."""
    limit = ask.deadline or 0.0
    low = snapshot.arrays["lead_low"][rows]
    in_time = snapshot.arrays["lead_high"][rows] <= limit
    late = (low > limit) & ~in_time
    relative = np.minimum(1.0, (low - limit) / np.maximum(low, limit))
    return Part(Judgement(late, ~(late | in_time), None, relative), ask.deadline_hard)


def budget_part(snapshot: Snapshot, ask: StepAsk, rows: Rows) -> Part | None:
    """Prices in the currency of the budget."""
    budget = ask.need.budget
    names: list[str] = snapshot.meta["currencies"]
    if budget is None or budget[1] not in names:
        return None
    same = (snapshot.arrays["currency"][rows] == names.index(budget[1])).any(axis=1)
    above = snapshot.arrays["price"][rows] > budget[0]
    return Part(Judgement(same & above, _nowhere(rows)), False, silent=~same)
