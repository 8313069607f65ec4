"""The comparisons of compare.py over columns: the same formulas, many capabilities at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from collab.matching.compare import _SLACK, _TINY, Ask, Kind
from collab.matching.snapshot import Column
from collab.vocabulary.catalog import Parameter

Floats = NDArray[np.float64]
Marks = NDArray[np.int8]
MEETS, UNKNOWN, MISSES = 0, 1, 2


@dataclass(slots=True)
class Judgement:
    """Marks of one criterion over rows; `relative` gaps of misses and `margin` (NaN = none)."""

    marks: Marks
    relative: Floats
    margin: Floats | None = None


def constant(rows: int, mark: int) -> Judgement:
    """The same mark everywhere."""
    return Judgement(np.full(rows, mark, dtype=np.int8), np.full(rows, float(mark == MISSES)))


def from_masks(misses: NDArray[np.bool_], unknown: NDArray[np.bool_]) -> Judgement:
    """Plain marks: a miss counts with a gap of 1."""
    marks = unknown.astype(np.int8)
    marks[misses] = MISSES
    return Judgement(marks, misses.astype(np.float64))


def _share(gap: Floats, one: Floats | float, other: Floats | float) -> Floats:
    scale = np.maximum(np.maximum(np.abs(one), np.abs(other)), _TINY)
    return np.minimum(1.0, np.abs(gap) / scale)


def _limit(ask: Ask, low: Floats, high: Floats) -> Judgement:
    most = ask.kind is Kind.MOST
    near, far = (low, high) if most else (high, low)
    limit = ask.b if most else ask.a
    blank = np.isnan(near)
    figure = np.where(blank, far, near)
    gap = figure - limit if most else limit - figure
    bad = gap >= 0 if ask.strict else gap > 0
    share = _share(gap, limit, figure)
    marks = np.where(bad, MISSES, MEETS).astype(np.int8)
    margin = np.where(bad, np.nan, share)
    relative = np.where(share == 0.0, _SLACK, share)
    if ask.contrary:
        if ask.open_end:
            marks[blank] = MEETS
            margin[blank] = 1.0
        else:
            marks[blank & bad] = UNKNOWN
    nothing = np.isnan(figure)
    marks[nothing] = UNKNOWN
    margin[nothing] = np.nan
    relative[marks != MISSES] = 0.0
    return Judgement(marks, relative, margin)


def _window(
    below: Floats, above: Floats, ends: tuple[float, float], nothing: NDArray[np.bool_]
) -> Judgement:
    gap = np.maximum(below, above)
    marks = np.where(gap > 0.0, MISSES, MEETS).astype(np.int8)
    marks[nothing] = UNKNOWN
    relative = np.where(marks == MISSES, _share(gap, ends[0], ends[1]), 0.0)
    return Judgement(marks, relative)


def _positive(values: Floats) -> Floats:
    """max(0, value) with 0 for NaN: an end that is not stated is no obstacle."""
    return np.where(values > 0.0, values, 0.0)


def _cover(ask: Ask, low: Floats, high: Floats, wide: bool) -> Judgement:
    """COVER (`wide` False) or, for range parameters, REACH: any overlap will do."""
    nothing = np.isnan(low) & np.isnan(high)
    first, second = (ask.b, ask.a) if wide else (ask.a, ask.b)
    return _window(_positive(low - first), _positive(second - high), (ask.a, ask.b), nothing)


def _reach(ask: Ask, low: Floats, high: Floats) -> Judgement:
    blank = np.isnan(low)
    single = np.isnan(high) | (low == high)
    below = np.where(blank, _positive(high - ask.b), _positive(low - ask.b))
    above = np.where(single | blank, 0.0, _positive(ask.a - high))
    return _window(below, above, (ask.a, ask.b), blank & np.isnan(high))


def _span_gap(span: tuple[float, float], low: Floats, high: Floats) -> Floats:
    return np.maximum(_positive(low - span[1]), _positive(span[0] - high))


def _set(ask: Ask, column: Column, rows: NDArray[np.int64]) -> Judgement:
    low, high = column.low[rows], column.high[rows]
    nothing = np.isnan(low) & np.isnan(high)
    values = np.asarray(column.values, dtype=np.float64)
    codes = None if column.codes is None else column.codes[rows]
    listed = None if codes is None else codes[:, 0] < len(values)
    gaps = []
    for span in ask.spans:
        gap = _span_gap(span, low, high)
        if codes is not None and listed is not None:
            known = np.append(_span_gap(span, values, values), np.inf)
            gap = np.where(listed, known[codes].min(axis=1), gap)
        gaps.append(gap)
    if ask.refuse:
        return _refused(ask, column, rows, low, high, nothing)
    stacked = np.stack(gaps)
    pick = stacked.argmax(axis=0) if ask.every else stacked.argmin(axis=0)
    gap = stacked.max(axis=0) if ask.every else stacked.min(axis=0)
    bounds = np.array(
        [max((abs(e) for e in span if math.isfinite(e)), default=0.0) for span in ask.spans]
    )
    marks = np.where(gap > 0.0, MISSES, MEETS).astype(np.int8)
    marks[nothing] = UNKNOWN
    relative = np.where(marks == MISSES, _share(gap, bounds[pick], gap), 0.0)
    return Judgement(marks, relative)


def _refused(
    ask: Ask,
    column: Column,
    rows: NDArray[np.int64],
    low: Floats,
    high: Floats,
    nothing: NDArray[np.bool_],
) -> Judgement:
    values = np.asarray(column.values, dtype=np.float64)
    free = np.all([_span_gap(s, low, high) > 0 for s in ask.spans], axis=0)
    ranged = low != high
    if column.codes is not None:
        codes = column.codes[rows]
        listed = codes[:, 0] < len(values)
        open_value = np.append(
            np.all([_span_gap(s, values, values) > 0 for s in ask.spans], axis=0), False
        )
        free = np.where(listed, open_value[codes].any(axis=1), free | ranged)
    else:
        free = free | ranged
    return from_masks(~free & ~nothing, nothing)


def _named(ask: Ask, column: Column, rows: NDArray[np.int64]) -> Judgement:
    if column.codes is None:
        return constant(len(rows), UNKNOWN)
    words = [str(w) for w in column.values]
    codes = column.codes[rows]
    nothing = codes[:, 0] >= len(words)
    place = {w: i for i, w in enumerate(words)}
    if ask.refuse:
        free = np.array([w not in ask.words for w in words] + [False])
        return from_masks(~free[codes].any(axis=1) & ~nothing, nothing)
    found = [(codes == place.get(w, -1)).any(axis=1) for w in ask.words]
    good = np.all(found, axis=0) if ask.every else np.any(found, axis=0)
    return from_masks(~good & ~nothing, nothing)


def judge_column(
    parameter: Parameter | None, ask: Ask | None, column: Column | None, rows: NDArray[np.int64]
) -> Judgement:
    """The marks of one asked value over `rows` of a parameter's column."""
    if parameter is None or ask is None or column is None:
        return constant(len(rows), UNKNOWN)
    if ask.kind is Kind.WORDS:
        return _named(ask, column, rows)
    if ask.kind in (Kind.MOST, Kind.LEAST):
        return _limit(ask, column.low[rows], column.high[rows])
    if ask.kind is Kind.SET:
        return _set(ask, column, rows)
    if ask.kind is Kind.COVER:
        return _point_or_window(ask, column, rows)
    low, high = column.low[rows], column.high[rows]
    if parameter.compare == "cap_range_covers":
        return _cover(ask, low, high, wide=True)
    return _reach(ask, low, high)


def _point_or_window(ask: Ask, column: Column, rows: NDArray[np.int64]) -> Judgement:
    """A single asked value must be one of the discrete figures where such are listed."""
    window = _cover(ask, column.low[rows], column.high[rows], wide=False)
    if column.codes is None or ask.a < ask.b:
        return window
    point = _set(Ask(ask.parameter, Kind.SET, spans=((ask.b, ask.a),)), column, rows)
    listed = column.codes[rows][:, 0] < len(column.values)
    marks = np.where(listed, point.marks, window.marks).astype(np.int8)
    return Judgement(marks, np.where(listed, point.relative, window.relative))
