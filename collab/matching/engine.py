"""Candidate finding for one step over the columns of a snapshot, progressively filtered."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from collab.matching import score
from collab.matching.columns import Bools, Judgement, Rows, judge_column
from collab.matching.parts import (
    Part,
    budget_part,
    deadline_part,
    excluded_part,
    material_part,
    region_part,
)
from collab.matching.prepare import BROADER, EXACT, EXCLUDED, NARROWER, StepAsk
from collab.matching.rules import CLASS_ORDER, Class
from collab.matching.snapshot import Snapshot
from collab.matching.verdicts import Verdict, judge
from collab.vocabulary.catalog import Vocabulary

Floats = NDArray[np.float64]
Sum = Any
"""A column once something of it varies between rows, a plain number until then."""
SMALL = 2_048
"""Up to eight times so many capabilities are judged whole at once, near ones included; among more,
near ones are looked for apart and only where too few fit."""
MOST_KEPT = 500
"""Sets of techniques whose candidates are kept."""
PAYS = 4
"""Misses are dropped once they are a quarter of the rows: fewer are carried along more cheaply."""
_LISTED = 5
"""A fit above EXACT while the best one is chosen: see candidate_rows."""
CLASSES = (Class.MEETS, Class.UNKNOWN, Class.NEAR)


class Found(NamedTuple):
    """A candidate as it is stored: public key, class and score."""

    key: str
    klass: Class
    score: float
    row: int = -1

    @property
    def order(self) -> tuple[int, float, str]:
        """Class, score from high to low, key."""
        return CLASS_ORDER[self.klass], -self.score, self.key


def candidate_rows(snapshot: Snapshot, ask: StepAsk) -> tuple[Rows, NDArray[np.int8]]:
    """Rows whose technique bears on the step, with the fit of each."""
    postings: list[tuple[int, str]] = [(fit, t) for t, (fit, _) in ask.fits.items()]
    if not ask.step.techniques and ask.step.category:
        # a technique of the category counts before the category named beside it
        postings = [(EXACT, f"own:{ask.step.category}"), (_LISTED, f"cat:{ask.step.category}")]
    rows, fits = _bearing(snapshot, postings)
    return _allowed(snapshot, ask, rows, fits)


def _bearing(
    snapshot: Snapshot, postings: Sequence[tuple[int, str]]
) -> tuple[Rows, NDArray[np.int8]]:
    """The rows under any of these techniques, each with its best fit. Needs that ask the same share
    them."""
    known: dict[Hashable, tuple[Rows, NDArray[np.int8]]] = snapshot.shared("bearing") or {}
    key = tuple(postings)
    found = known.get(key)
    if found is None:
        if len(known) > MOST_KEPT:
            known.clear()
        found = known[key] = _united(snapshot, postings)
        snapshot.share("bearing", known)
    return found


def _united(
    snapshot: Snapshot, postings: Sequence[tuple[int, str]]
) -> tuple[Rows, NDArray[np.int8]]:
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
    return rows, fits


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


def _technique_part(fits: NDArray[np.int8]) -> Part:
    return Part(Judgement(fits == EXCLUDED, fits == BROADER), True)


def _figure_parts(snapshot: Snapshot, ask: StepAsk, lot: _Lot, hard: bool) -> Iterator[Part]:
    for wanted in ask.wanted:
        if wanted.hard is hard:
            column = snapshot.column(wanted.criterion.parameter)
            judged = judge_column(wanted.parameter, wanted.ask, column, lot.rows, lot.keep_near)
            yield Part(judged, hard, wanted.counts)
    if ask.deadline is not None and ask.deadline_hard is hard:
        yield deadline_part(snapshot, ask, lot.rows)


def _parts(
    vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, lot: _Lot
) -> Iterator[Part | None]:
    """Judged things in an order that filters early; asks for `lot.rows` anew at each."""
    need = ask.need
    yield _technique_part(lot.fits)
    if ask.materials:
        yield material_part(vocabulary, snapshot, ask, lot.rows)
    if ask.excluded_materials and ask.material_scope != "none":
        yield excluded_part(vocabulary, snapshot, ask, lot.rows)
    if ask.require or need.region_exclude:
        exclude = frozenset(need.region_exclude)
        yield region_part(snapshot, lot.rows, ask.require, exclude, hard=True)
    for hard in (True, False):
        yield from _figure_parts(snapshot, ask, lot, hard)
    if need.region_prefer:
        prefer = frozenset(need.region_prefer)
        yield region_part(snapshot, lot.rows, prefer, frozenset(), hard=False)
    yield budget_part(snapshot, ask, lot.rows)


class _Lot:
    """The rows still in the running and what has been added up for each. Where near ones are not
    wanted, what misses is dropped along the way, so that every further look is at fewer rows."""

    def __init__(self, rows: Rows, fits: NDArray[np.int8], keep_near: bool) -> None:
        self.rows, self.fits, self.keep_near = rows, fits, keep_near
        self.unknown = np.zeros(len(rows), dtype=bool)
        self.missed = np.zeros(len(rows), dtype=bool)
        self.met: Sum = 0
        self.hard: Sum = 0
        self.gaps: Sum = 0
        self.margins: Sum = 0
        self.margin_sum: Sum = 0
        self.wishes: Sum = 0
        self.wish_sum: Sum = 0

    def add(self, part: Part) -> None:
        """Counts one judged thing in."""
        judged, silent = part.judgement, part.silent
        meets = ~(judged.misses | judged.unknown)
        if silent is not None:
            meets &= ~silent
        asked = 1 if silent is None else ~silent
        if part.hard:
            self.unknown |= judged.unknown if part.counts is True else judged.unknown & part.counts
            self.met = self.met + meets
            self.hard = self.hard + asked
        else:
            self.wishes = self.wishes + asked
            self.wish_sum = self.wish_sum + (meets + 0.5 * judged.unknown)
        if judged.margin is not None:
            self.margins = self.margins + meets
            self.margin_sum = self.margin_sum + np.where(meets, judged.margin, 0.0)
        if part.hard:
            self.drop(judged.misses, judged.gaps if self.keep_near else 0)

    def drop(self, misses: Bools, gaps: Sum) -> None:
        """Takes rows out of the running: noted first, dropped when it pays."""
        self.missed |= misses
        if self.keep_near:
            self.gaps = self.gaps + gaps
        elif np.count_nonzero(self.missed) * PAYS > len(self.missed):
            kept = np.flatnonzero(~self.missed)
            for name, values in vars(self).items():
                if isinstance(values, np.ndarray):
                    setattr(self, name, values.take(kept))


_FIT_VALUE = np.array(score.FIT_VALUE)


def _share(sums: Sum, counts: Sum, without: float) -> Sum:
    """Mean of what was counted, `without` where nothing was."""
    if isinstance(counts, int):
        return sums / counts if counts else without
    return np.where(counts > 0, sums / np.maximum(counts, 1.0), without)


_FIXED = ("evidence", "freshness", "lead", "load")


def _fixed_points(snapshot: Snapshot) -> Floats:
    """Points of the components _FIXED, which no need changes, side by side for every row; worked
    out once for a snapshot."""
    made: Floats | None = snapshot.shared("fixed-points")
    if made is None:
        arrays = snapshot.arrays
        age, lead = np.maximum(arrays["age"], 0.0), np.maximum(arrays["lead_low"], 0.0)
        parts = (
            arrays["evidence"],
            _or(1.0 / (1.0 + age / score.FRESH_DAYS), score.UNKNOWN_FRESHNESS),
            _or(1.0 / (1.0 + lead / score.LEAD_WEEKS), score.UNKNOWN_LEAD),
            _or(1.0 - arrays["load"], score.UNKNOWN_LOAD),
        )
        points = [score.WEIGHTS[n].points * p for n, p in zip(_FIXED, parts, strict=True)]
        made = np.stack(points, axis=1)
        snapshot.share("fixed-points", made)
    return made


def _closeness(snapshot: Snapshot, ask: StepAsk, rows: Rows) -> Floats | float:
    here = score.unit_vector(ask.need.place.lat, ask.need.place.lon)
    if here is None:
        return score.UNKNOWN_DISTANCE
    step = here - snapshot.arrays["point"][rows]
    step *= step
    km = np.sqrt(step[:, 0] + step[:, 1] + step[:, 2]) * score.EARTH_KM
    return _or(1.0 / (1.0 + km / score.NEAR_KM), score.UNKNOWN_DISTANCE)


def _or(values: Floats, default: float) -> Floats:
    return np.where(np.isnan(values), default, values)


def _scores(snapshot: Snapshot, ask: StepAsk, lot: _Lot) -> NDArray[np.int64]:
    """Scores as whole ten-thousandths, by the formulas of verdicts.score_parts."""
    fixed = dict(zip(_FIXED, _fixed_points(snapshot).take(lot.rows, axis=0).T, strict=True))
    parts: dict[str, Floats | float] = {
        "technique": _FIT_VALUE[lot.fits],
        "answered": _share(lot.met, lot.hard, 1.0),
        "nearness": 1.0 / (1.0 + lot.gaps),
        "margin": _share(lot.margin_sum, lot.margins, score.NO_MARGIN),
        "distance": _closeness(snapshot, ask, lot.rows),
        "preferred": _share(lot.wish_sum, lot.wishes, 1.0),
    }
    found = np.zeros(len(lot.rows))
    for name, weight in score.WEIGHTS.items():
        part = parts.get(name)
        found += fixed[name] if part is None else weight.points * part
    return np.floor(found / score.TOTAL * 1_000_000.0 + 0.5).astype(np.int64)


def _search(
    vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, keep_near: bool
) -> tuple[_Lot, NDArray[np.int64]]:
    rows, fits = candidate_rows(snapshot, ask)
    lot = _Lot(rows, fits, keep_near)
    idle = snapshot.arrays["status"][rows] != 0
    lot.drop(idle, idle)
    for part in _parts(vocabulary, snapshot, ask, lot):
        if part is not None:
            lot.add(part)
    klass = np.where(lot.missed, 2, lot.unknown).astype(np.int64)
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
    few = bool(near) and snapshot.rows <= SMALL * 8
    lot, order = _search(vocabulary, snapshot, ask, keep_near=few)
    found = _named(snapshot, _best(order[~lot.missed], top))
    changed = [v for v in (judge(vocabulary, ask, o) for o in snapshot.delta.values()) if v]
    if changed:
        found += [_as_found(v) for v in changed if v.klass is not Class.NEAR]
        found = sorted(found, key=lambda f: f.order)[:top]
    if near and len(found) < top:
        if not few:
            lot, order = _search(vocabulary, snapshot, ask, keep_near=True)
        misses = _named(snapshot, _best(order[lot.missed], near))
        misses += [_as_found(v) for v in changed if v.klass is Class.NEAR]
        found += sorted(misses, key=lambda f: f.order)[:near]
    return found


def _as_found(verdict: Verdict) -> Found:
    return Found(verdict.offer.key, verdict.klass, verdict.score)


def _named(snapshot: Snapshot, order: NDArray[np.int64]) -> list[Found]:
    """The candidates behind numbers of the order: class, score and row are packed in each."""
    rows = order & 0xFFFFFFFF
    scores = (1_000_000 - ((order >> 32) & 0x3FFFFF)) / 10_000.0
    listed = zip(
        snapshot.arrays["key"][rows].tolist(), (order >> 54).tolist(), scores.tolist(),
        rows.tolist(), strict=True,
    )  # fmt: skip
    return [Found(key.decode(), CLASSES[k], points, row) for key, k, points, row in listed]


def explain(
    vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk, found: Found
) -> Verdict | None:
    """The reasons of a stored candidate, made anew; None when the capability has vanished."""
    offer = snapshot.offer_at(found.row) if found.row >= 0 else snapshot.get(found.key)
    return None if offer is None else judge(vocabulary, ask, offer)
