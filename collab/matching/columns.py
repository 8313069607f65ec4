"""The comparisons of compare.py over columns: the same formulas, many capabilities at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from collab.matching.compare import _SLACK, _TINY, Ask, Kind
from collab.matching.snapshot import Column
from collab.vocabulary.catalog import Parameter

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Rows = NDArray[np.int64]
Codes = NDArray[np.integer[Any]]


@dataclass(slots=True)
class Judgement:
    """One criterion over rows: what misses, what is unknown; everything else meets. `margin` counts
    where it meets (None: it has none), `relative` are the gaps where it misses (None: 1)."""

    misses: Bools
    unknown: Bools
    margin: Floats | None = None
    relative: Floats | None = None

    @property
    def gaps(self) -> Floats | Bools:
        """The relative gap of every row, 0 where it does not miss."""
        return self.misses if self.relative is None else np.where(self.misses, self.relative, 0.0)


def unknown_everywhere(rows: int) -> Judgement:
    """Nothing is known of any row."""
    return Judgement(np.zeros(rows, dtype=bool), np.ones(rows, dtype=bool))


def _share(gap: Floats, one: float, other: Floats | float) -> Floats:
    return np.minimum(1.0, np.abs(gap) / np.maximum(np.abs(other), max(abs(one), _TINY)))


def _limit(ask: Ask, low: Floats, high: Floats, near: bool) -> Judgement:
    most = ask.kind is Kind.MOST
    better, worse = (low, high) if most else (high, low)
    limit = ask.b if most else ask.a
    blank = np.isnan(better)
    figure = np.where(blank, worse, better)
    gap = figure - limit if most else limit - figure
    found = Judgement(gap >= 0 if ask.strict else gap > 0, np.isnan(figure))
    found.margin = share = _share(gap, limit, figure)
    if ask.contrary:
        if ask.open_end:
            found.margin = np.where(blank, 1.0, share)
        else:
            found.unknown |= blank & found.misses
        found.misses &= ~blank
    if near:
        found.relative = np.where(share == 0.0, _SLACK, share)
    return found


def _positive(values: Floats) -> Floats:
    """max(0, value) with 0 for NaN: an end that is not stated is no obstacle."""
    return np.where(values > 0.0, values, 0.0)


def _cover(ask: Ask, low: Floats, high: Floats, near: bool, wide: bool = False) -> Judgement:
    """COVER or, `wide`, REACH for range parameters: any overlap will do."""
    first, second = (ask.b, ask.a) if wide else (ask.a, ask.b)
    found = Judgement((low > first) | (high < second), np.isnan(low) & np.isnan(high))
    if near:
        gap = np.maximum(_positive(low - first), _positive(second - high))
        found.relative = _share(gap, ask.a, ask.b)
    return found


def _reach(ask: Ask, low: Floats, high: Floats, near: bool) -> Judgement:
    blank = np.isnan(low)
    lowest = np.where(blank, high, low)
    single = blank | (low == high)
    short = (high < ask.a) & ~single
    found = Judgement((lowest > ask.b) | short, np.isnan(lowest))
    if near:
        above = np.where(short, ask.a - high, 0.0)
        gap = np.maximum(_positive(lowest - ask.b), above)
        found.relative = _share(gap, ask.a, ask.b)
    return found


def _span_gap(span: tuple[float, float], low: Floats, high: Floats) -> Floats:
    return np.maximum(_positive(low - span[1]), _positive(span[0] - high))


def _away(
    span: tuple[float, float], column: Column, codes: Codes | None, low: Floats, high: Floats
) -> Floats:
    """How far each row stays away from a span: its nearest listed figure, else its range."""
    gap = _span_gap(span, low, high)
    if codes is None:
        return gap
    values = np.asarray(column.values, dtype=np.float64)
    known = np.full(len(values) + 1, np.inf)
    known[:-1] = _span_gap(span, values, values)
    return np.where(codes[0] < len(values), known[codes].min(axis=0), gap)


def _set(ask: Ask, column: Column, rows: Rows, ends: Floats, near: bool) -> Judgement:
    low, high = ends
    codes = None if column.codes is None else column.codes.take(rows, axis=1)
    unknown = np.isnan(low) & np.isnan(high)
    if ask.refuse:
        return Judgement(~(_free(ask, column, codes, low, high) | unknown), unknown)
    gaps = np.array([_away(span, column, codes, low, high) for span in ask.spans])
    gap = gaps.max(axis=0) if ask.every else gaps.min(axis=0)
    found = Judgement(gap > 0.0, unknown)
    if near:
        pick = gaps.argmax(axis=0) if ask.every else gaps.argmin(axis=0)
        bounds = np.array(
            [max((abs(e) for e in span if math.isfinite(e)), default=0.0) for span in ask.spans]
        )
        found.relative = _share(gap, 0.0, np.maximum(bounds[pick], gap))
    return found


def _free(ask: Ask, column: Column, codes: Codes | None, low: Floats, high: Floats) -> Bools:
    """Rows that offer something outside all refused spans."""
    free: Bools = np.all([_span_gap(s, low, high) > 0 for s in ask.spans], axis=0) | (low != high)
    if codes is None:
        return free
    values = np.asarray(column.values, dtype=np.float64)
    open_value = np.all([_span_gap(s, values, values) > 0 for s in ask.spans], axis=0)
    listed = codes[0] < len(values)
    return np.where(listed, np.append(open_value, False)[codes].any(axis=0), free)


def _named(ask: Ask, column: Column, rows: Rows) -> Judgement:
    if column.codes is None:
        return unknown_everywhere(len(rows))
    words = [str(w) for w in column.values]
    codes = column.codes.take(rows, axis=1)
    unknown = codes[0] >= len(words)
    place = {w: i for i, w in enumerate(words)}
    if ask.refuse:
        free = np.array([w not in ask.words for w in words] + [False])
        return Judgement(~(free[codes].any(axis=0) | unknown), unknown)
    found = [(codes == place.get(w, -1)).any(axis=0) for w in ask.words]
    good = np.all(found, axis=0) if ask.every else np.any(found, axis=0)
    return Judgement(~(good | unknown), unknown)


def judge_column(
    parameter: Parameter | None, ask: Ask | None, column: Column | None, rows: Rows, near: bool
) -> Judgement:
    """One asked value over `rows` of a parameter's column; the gaps of misses only for `near`."""
    if parameter is None or ask is None or column is None:
        return unknown_everywhere(len(rows))
    if ask.kind is Kind.WORDS:
        return _named(ask, column, rows)
    ends = column.ends.take(rows, axis=0).T
    low, high = ends
    if ask.kind in (Kind.MOST, Kind.LEAST):
        return _limit(ask, low, high, near)
    if ask.kind is Kind.SET:
        return _set(ask, column, rows, ends, near)
    if ask.kind is Kind.COVER:
        return _point_or_window(ask, column, rows, ends, near)
    if parameter.compare == "cap_range_covers":
        return _cover(ask, low, high, near, wide=True)
    return _reach(ask, low, high, near)


def _point_or_window(ask: Ask, column: Column, rows: Rows, ends: Floats, near: bool) -> Judgement:
    """A single asked value must be one of the discrete figures where such are listed."""
    window = _cover(ask, ends[0], ends[1], near)
    if column.codes is None or ask.a < ask.b:
        return window
    point = _set(Ask(ask.parameter, Kind.SET, spans=((ask.b, ask.a),)), column, rows, ends, near)
    listed = column.codes[0].take(rows) < len(column.values)
    window.misses = np.where(listed, point.misses, window.misses)
    if point.relative is not None and window.relative is not None:
        window.relative = np.where(listed, point.relative, window.relative)
    return window
