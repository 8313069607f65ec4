"""Candidate finding for one step over the columns of a snapshot, progressively filtered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.matching import columns, score
from collab.matching.columns import MEETS, MISSES, UNKNOWN, Judgement
from collab.matching.prepare import BROADER, EXACT, EXCLUDED, NARROWER, StepAsk
from collab.matching.rules import CLASS_ORDER, Class
from collab.matching.snapshot import Snapshot
from collab.matching.verdicts import Verdict, judge
from collab.vocabulary.catalog import Vocabulary

Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]
_LISTED = 5
"""A fit above EXACT while the best one is chosen: see candidate_rows."""
CLASSES = (Class.MEETS, Class.UNKNOWN, Class.NEAR)


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate as it is stored: public key, class and score."""

    key: str
    klass: Class
    score: float
    row: int = -1

    @property
    def order(self) -> tuple[int, float, str]:
        """Class, score from high to low, key."""
        return CLASS_ORDER[self.klass], -self.score, self.key


@dataclass(frozen=True, slots=True)
class _Part:
    """One judged thing over rows and how it counts."""

    judgement: Judgement
    hard: bool
    counts: Bools | bool = True


def candidate_rows(snapshot: Snapshot, ask: StepAsk) -> tuple[Rows, NDArray[np.int8]]:
    """Rows whose technique bears on the step, with the fit of each."""
    postings: list[tuple[int, str]] = [(fit, t) for t, (fit, _) in ask.fits.items()]
    if not ask.step.techniques and ask.step.category:
        # a technique of the category counts before the category named beside it
        postings = [(EXACT, f"own:{ask.step.category}"), (_LISTED, f"cat:{ask.step.category}")]
    found = ((fit, snapshot.posting(name)) for fit, name in postings)
    listed = [(fit, rows) for fit, rows in found if rows is not None]
    if not listed:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int8)
    packed = np.concatenate([rows.astype(np.int64) * 8 + fit for fit, rows in listed])
    packed.sort()
    all_rows = packed >> 3
    last = np.append(all_rows[1:] != all_rows[:-1], True)
    rows, fits = all_rows[last], (packed[last] & 7).astype(np.int8)
    fits[fits == _LISTED] = NARROWER
    return _allowed(snapshot, ask, rows, fits)


def _allowed(
    snapshot: Snapshot, ask: StepAsk, rows: Rows, fits: NDArray[np.int8]
) -> tuple[Rows, NDArray[np.int8]]:
    """Without the member's own lines, blocked pairs and rows that are gone."""
    need = ask.need
    keep = np.ones(len(rows), dtype=bool)
    owners = snapshot.arrays["organisation"][rows]
    if need.organisation_id is not None:
        keep &= np.asarray(owners != need.organisation_id, dtype=bool)
        barred = snapshot.posting(f"bars:{need.organisation_id}")
        if barred is not None:
            at = np.minimum(np.searchsorted(barred, rows), len(barred) - 1)
            keep &= barred[at] != rows
    for organisation in need.blocked:
        keep &= np.asarray(owners != organisation, dtype=bool)
    if snapshot.dead_mask is not None:
        keep &= ~snapshot.dead_mask[rows]
    return (rows, fits) if keep.all() else (rows[keep], fits[keep])


def _codes_any(table: NDArray[np.int32], wanted: Bools) -> Bools:
    """Per row: does any listed code have the property (`wanted` over codes, padding last)."""
    if not table.shape[1]:
        return np.zeros(len(table), dtype=bool)
    return np.asarray(wanted[table].any(axis=1), dtype=bool)


def _flags(names: list[str], true: set[str] | frozenset[str]) -> Bools:
    return np.array([n in true for n in names] + [False], dtype=bool)


def _material_part(vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, rows: Rows) -> _Part:
    names: list[str] = snapshot.meta["materials"]
    table = snapshot.arrays["materials"][rows]
    silent = table[:, 0] >= len(names) if table.shape[1] else np.ones(len(rows), dtype=bool)
    met = np.zeros(len(rows), dtype=np.int32)
    family = np.zeros(len(rows), dtype=np.int32)
    for material in ask.materials:
        covered = _codes_any(table, _flags(names, vocabulary.descendants(material)))
        above = _codes_any(table, _flags(names, frozenset(vocabulary.ancestors(material))))
        met += covered
        family += ~covered & above
    whole = met == len(ask.materials)
    none = (met + family) == 0
    misses = none & ~silent & ~whole
    unknown = (silent | ~whole) & ~misses
    scope = ask.material_scope
    if scope == "none":
        unknown, misses = (unknown | misses) & ~silent, np.zeros(len(rows), dtype=bool)
    part = columns.from_masks(misses, unknown)
    if scope == "none":
        part.marks[silent] = -1
    counts: Bools | bool = True
    if scope == "need" and len(ask.need.steps) > 1:
        counts = ~silent
    return _Part(part, True, counts)


def _excluded_part(vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, rows: Rows) -> _Part:
    names: list[str] = snapshot.meta["materials"]
    table = snapshot.arrays["materials"][rows]
    silent = table[:, 0] >= len(names) if table.shape[1] else np.ones(len(rows), dtype=bool)
    refused = frozenset(d for m in ask.excluded_materials for d in vocabulary.descendants(m))
    free = _codes_any(table, _flags(names, frozenset(names) - refused))
    part = columns.from_masks(~free & ~silent, silent)
    if ask.materials:
        part.marks[silent] = -1
    counts = ask.material_scope != "need" or len(ask.need.steps) == 1
    return _Part(part, True, counts)


def _region_part(snapshot: Snapshot, rows: Rows, require: frozenset[str], exclude: frozenset[str],
                 hard: bool) -> _Part:  # fmt: skip
    names: list[str] = snapshot.meta["regions"]
    table = snapshot.arrays["regions"][rows]
    silent = table[:, 0] >= len(names) if table.shape[1] else np.ones(len(rows), dtype=bool)
    misses = _codes_any(table, _flags(names, exclude))
    if require:
        misses = misses | ~_codes_any(table, _flags(names, require))
    return _Part(columns.from_masks(misses & ~silent, silent), hard)


def _deadline_part(snapshot: Snapshot, ask: StepAsk, rows: Rows) -> _Part:
    limit = ask.deadline or 0.0
    low = snapshot.arrays["lead_low"][rows]
    high = snapshot.arrays["lead_high"][rows]
    marks = np.full(len(rows), UNKNOWN, dtype=np.int8)
    marks[high <= limit] = MEETS
    late = (low > limit) & ~(high <= limit)
    marks[late] = MISSES
    scale = np.maximum(low, limit)
    relative = np.where(late, np.minimum(1.0, (low - limit) / scale), 0.0)
    return _Part(Judgement(marks, relative), ask.deadline_hard)


def _budget_part(snapshot: Snapshot, ask: StepAsk, rows: Rows) -> _Part | None:
    budget = ask.need.budget
    names: list[str] = snapshot.meta["currencies"]
    if budget is None or budget[1] not in names:
        return None
    same = (snapshot.arrays["currency"][rows] == names.index(budget[1])).any(axis=1)
    above = snapshot.arrays["price"][rows] > budget[0]
    part = columns.from_masks(same & above, np.zeros(len(rows), dtype=bool))
    part.marks[~same] = -1
    return _Part(part, False)


def _technique_part(fits: NDArray[np.int8]) -> _Part:
    return _Part(columns.from_masks(fits == EXCLUDED, fits == BROADER), True)


def _figure_parts(snapshot: Snapshot, ask: StepAsk, lot: _Lot, hard: bool) -> Iterator[_Part]:
    for wanted in ask.wanted:
        if wanted.hard is hard:
            column = snapshot.column(wanted.criterion.parameter)
            judged = columns.judge_column(wanted.parameter, wanted.ask, column, lot.rows)
            yield _Part(judged, hard, wanted.counts)
    if ask.deadline is not None and ask.deadline_hard is hard:
        yield _deadline_part(snapshot, ask, lot.rows)


def _parts(
    vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, lot: _Lot
) -> Iterator[_Part | None]:
    """Judged things in an order that filters early; asks for `lot.rows` anew at each."""
    need = ask.need
    yield _technique_part(lot.fits)
    if ask.materials:
        yield _material_part(vocabulary, snapshot, ask, lot.rows)
    if ask.excluded_materials and ask.material_scope != "none":
        yield _excluded_part(vocabulary, snapshot, ask, lot.rows)
    if ask.require or need.region_exclude:
        exclude = frozenset(need.region_exclude)
        yield _region_part(snapshot, lot.rows, ask.require, exclude, hard=True)
    for hard in (True, False):
        yield from _figure_parts(snapshot, ask, lot, hard)
    if need.region_prefer:
        prefer = frozenset(need.region_prefer)
        yield _region_part(snapshot, lot.rows, prefer, frozenset(), hard=False)
    yield _budget_part(snapshot, ask, lot.rows)


class _Lot:
    """The rows still in the running and what has been added up for each."""

    def __init__(self, rows: Rows, fits: NDArray[np.int8], keep_near: bool) -> None:
        n = len(rows)
        self.rows, self.fits, self.keep_near = rows, fits, keep_near
        self.unknown = np.zeros(n, dtype=bool)
        self.missed = np.zeros(n, dtype=bool)
        self.sums = np.zeros((7, n))  # met, hard, gaps, margins, margin sum, wishes, wish sum

    def add(self, part: _Part) -> None:
        """Counts one judged thing in, and drops its misses where near ones are not wanted."""
        marks, margin, counts = part.judgement.marks, part.judgement.margin, part.counts
        missed = marks == MISSES
        if part.hard and not self.keep_near and missed.any():
            keep = ~missed
            self._keep(keep)
            marks, missed = marks[keep], missed[keep]
            margin = None if margin is None else margin[keep]
            counts = counts if isinstance(counts, bool) else counts[keep]
        unknown = marks == UNKNOWN
        if part.hard:
            self.unknown |= unknown if counts is True else unknown & counts
            self.sums[0] += marks == MEETS
            self.sums[1] += marks >= 0
            if self.keep_near:
                self.missed |= missed
                self.sums[2] += part.judgement.relative
        else:
            self.sums[5] += marks >= 0
            self.sums[6] += (marks == MEETS) + 0.5 * unknown
        if margin is not None:
            given = ~np.isnan(margin)
            self.sums[3] += given
            self.sums[4] += np.where(given, margin, 0.0)

    def drop_status(self, operating: Bools) -> None:
        """A capability that is not operating misses without a gap in the score's nearness."""
        self.missed |= ~operating
        self.sums[2] += ~operating
        if not self.keep_near and not operating.all():
            self._keep(operating)

    def _keep(self, keep: Bools) -> None:
        self.rows, self.fits = self.rows[keep], self.fits[keep]
        self.unknown, self.missed = self.unknown[keep], self.missed[keep]
        self.sums = self.sums[:, keep]


def _or(values: NDArray[np.float64], default: float) -> NDArray[np.float64]:
    return np.where(np.isnan(values), default, values)


def _scores(snapshot: Snapshot, ask: StepAsk, lot: _Lot) -> NDArray[np.int64]:
    """Scores as whole ten-thousandths, by the formulas of rules.score_parts."""
    arrays, rows = snapshot.arrays, lot.rows
    met, hard, gaps, margins, margin_sum, wishes, wish_sum = lot.sums
    age = np.maximum(arrays["age"][rows], 0.0)
    lead = np.maximum(arrays["lead_low"][rows], 0.0)
    here = score.unit_vector(ask.need.place.lat, ask.need.place.lon)
    km = np.full(len(rows), np.nan)
    if here is not None:
        step = np.asarray(here) - arrays["point"][rows]
        dx, dy, dz = step[:, 0], step[:, 1], step[:, 2]
        km = np.sqrt(dx * dx + dy * dy + dz * dz) * score.EARTH_KM
    parts = {
        "technique": np.array(score.FIT_VALUE)[lot.fits],
        "answered": np.where(hard > 0, met / np.maximum(hard, 1.0), 1.0),
        "nearness": 1.0 / (1.0 + gaps),
        "margin": np.where(margins > 0, margin_sum / np.maximum(margins, 1.0), score.NO_MARGIN),
        "evidence": arrays["evidence"][rows],
        "freshness": _or(1.0 / (1.0 + age / score.FRESH_DAYS), score.UNKNOWN_FRESHNESS),
        "lead": _or(1.0 / (1.0 + lead / score.LEAD_WEEKS), score.UNKNOWN_LEAD),
        "distance": _or(1.0 / (1.0 + km / score.NEAR_KM), score.UNKNOWN_DISTANCE),
        "load": _or(1.0 - arrays["load"][rows], score.UNKNOWN_LOAD),
        "preferred": np.where(wishes > 0, wish_sum / np.maximum(wishes, 1.0), 1.0),
    }
    found = np.zeros(len(rows))
    for name, weight in score.WEIGHTS.items():
        found = found + weight.points * parts[name]
    return np.floor(found / score.TOTAL * 1_000_000.0 + 0.5).astype(np.int64)


def _search(
    vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, keep_near: bool
) -> tuple[_Lot, NDArray[np.int64]]:
    rows, fits = candidate_rows(snapshot, ask)
    lot = _Lot(rows, fits, keep_near)
    lot.drop_status(snapshot.arrays["status"][rows] == 0)
    for part in _parts(vocabulary, snapshot, ask, lot):
        if part is not None:
            lot.add(part)
    klass = np.where(lot.missed, 2, np.where(lot.unknown, 1, 0)).astype(np.int64)
    micro = _scores(snapshot, ask, lot)
    order = (klass << 54) | ((1_000_000 - micro) << 32) | lot.rows
    return lot, order


def _best(order: NDArray[np.int64], top: int) -> NDArray[np.int64]:
    if len(order) > top * 4:
        order = np.partition(order, top)[:top]
    return np.sort(order)[:top]


def find(
    vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, top: int = 50, near: int = 10
) -> list[Found]:
    """The `top` candidates of a step in order, and up to `near` that do not fit after them
    (looked for only when fewer than `top` fit)."""
    lot, order = _search(vocabulary, snapshot, ask, keep_near=False)
    found = _named(snapshot, _best(order, top))
    changed = [v for v in (judge(vocabulary, ask, o) for o in snapshot.delta.values()) if v]
    found += [Found(v.offer.key, v.klass, v.score) for v in changed if v.klass is not Class.NEAR]
    found = sorted(found, key=lambda f: f.order)[:top]
    if near and len(found) < top:
        lot, order = _search(vocabulary, snapshot, ask, keep_near=True)
        misses = _named(snapshot, _best(order[lot.missed], near))
        misses += [Found(v.offer.key, v.klass, v.score) for v in changed if v.klass is Class.NEAR]
        found += sorted(misses, key=lambda f: f.order)[:near]
    return found


def _named(snapshot: Snapshot, order: NDArray[np.int64]) -> list[Found]:
    keys = snapshot.arrays["key"]
    found = []
    for packed in order.tolist():
        row = packed & 0xFFFFFFFF
        micro = 1_000_000 - ((packed >> 32) & 0x3FFFFF)
        key = bytes(keys[row]).decode()
        found.append(Found(key, CLASSES[packed >> 54], micro / 10_000.0, row))
    return found


def explain(
    vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, found: Found
) -> Verdict | None:
    """The reasons of a stored candidate, made anew; None when the capability has vanished."""
    offer = snapshot.offer_at(found.row) if found.row >= 0 else snapshot.get(found.key)
    return None if offer is None else judge(vocabulary, ask, offer)
