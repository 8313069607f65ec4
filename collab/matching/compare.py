"""One asked figure against one offered figure: meets, unknown or misses, with the distance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from collab.matching.records import Criterion, Offered
from collab.vocabulary.catalog import Parameter, Vocabulary

APPROX = 0.05
"""Relative slack of "about": 5 % either side."""
WAFER = "wafer-diameter"
WAFER_CLASSES = (25.0, 50.0, 76.0, 100.0, 125.0, 150.0, 200.0, 300.0)
WAFER_SLACK = 2.0
"""A written diameter within 2 mm of a nominal class (or of its inch figure) is that class."""
_INCH_FIGURES = {203.0: 200.0, 203.2: 200.0, 304.8: 300.0, 305.0: 300.0, 152.4: 150.0, 127.0: 125.0}
_TINY = 1e-300
_SLACK = 1e-9


class Mark(StrEnum):
    """The verdict of one criterion."""

    MEETS = "meets"
    UNKNOWN = "unknown"
    MISSES = "misses"


class Kind(StrEnum):
    """How an asked value is compared, in the forms the scalar and the column code share."""

    MOST = "most"
    LEAST = "least"
    COVER = "cover"
    REACH = "reach"
    SET = "set"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Ask:
    """A criterion made comparable.

    `a` and `b` bound what is asked (canonical unit); `strict` excludes the bound itself. `contrary`
    marks the direction against the parameter's nature (at least 200 of something that is better
    small); then a missing end is open (`open_end`) or leaves the question. `spans` are the accepted
    intervals of a set comparison; all of them must be served when `every`.
    """

    parameter: str
    kind: Kind
    a: float = -math.inf
    b: float = math.inf
    strict: bool = False
    contrary: bool = False
    open_end: bool = False
    spans: tuple[tuple[float, float], ...] = ()
    words: tuple[str, ...] = ()
    every: bool = False
    refuse: bool = False


class Outcome(NamedTuple):
    """A mark with `distance` to what was asked (canonical unit), the same as a share (`relative`,
    0 to 1), and for a fulfilled bound the `margin` to it (0 to 1; None where it has no meaning)."""

    mark: Mark
    distance: float | None = None
    relative: float = 0.0
    margin: float | None = None


UNKNOWN = Outcome(Mark.UNKNOWN)
PLAIN_MISS = Outcome(Mark.MISSES, None, 1.0)
PLAIN_HIT = Outcome(Mark.MEETS)


@lru_cache(maxsize=4096)
def nominal_wafer(value: float) -> float:
    """The nominal class of a wafer diameter in mm; the value itself when none is near.

    >>> nominal_wafer(50.8), nominal_wafer(75), nominal_wafer(203), nominal_wafer(101.6)
    (50.0, 76.0, 200.0, 100.0)
    """
    if value in _INCH_FIGURES:
        return _INCH_FIGURES[value]
    near = min(WAFER_CLASSES, key=lambda c: abs(c - value))
    return near if abs(near - value) <= WAFER_SLACK else float(value)


def _rank(parameter: Parameter, value: object) -> float:
    """The place of an ordinal value among the parameter's values; NaN when unknown."""
    text = f"{value:g}" if isinstance(value, int | float) else str(value)
    for place, choice in enumerate(parameter.values):
        if choice.id == text:
            return float(place)
    return math.nan


def number(parameter: Parameter, value: object) -> float:
    """A value of a quantity or ordinal parameter as one comparable number; NaN when it is none."""
    if parameter.kind == "ordinal":
        return _rank(parameter, value)
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return math.nan
    return nominal_wafer(found) if parameter.id == WAFER and math.isfinite(found) else found


def _numbers(parameter: Parameter, value: object) -> list[float]:
    parts = value if isinstance(value, tuple | list) else (value,)
    return [n for n in (number(parameter, part) for part in parts) if not math.isnan(n)]


def is_word(parameter: Parameter) -> bool:
    """True for parameters whose values are names (categories), not figures."""
    return parameter.kind == "category"


def figures(parameter: Parameter, offered: Offered) -> tuple[float, float, tuple[float, ...]]:
    """What is offered as (low, high, choices) numbers; NaN marks an end that is not stated."""
    choices = tuple(_numbers(parameter, offered.choices)) if offered.choices else ()
    if choices:
        return min(choices), max(choices), choices
    low = math.nan if offered.low is None else number(parameter, offered.low)
    high = math.nan if offered.high is None else number(parameter, offered.high)
    return low, high, ()


def _words(value: object) -> tuple[str, ...]:
    parts = value if isinstance(value, tuple | list) else (value,)
    return tuple(f"{p:g}" if isinstance(p, int | float) else str(p) for p in parts)


def _span(op: str, ends: Sequence[float], slack: float) -> tuple[float, float]:
    low, high = min(ends), max(ends)
    if op in ("le", "lt"):
        return -math.inf, high
    if op in ("ge", "gt"):
        return low, math.inf
    if op == "approx":
        slack = max(slack, APPROX * max(abs(low), abs(high)))
    return low - slack, high + slack


def _spans(parameter: Parameter, op: str, values: list[float]) -> tuple[tuple[float, float], ...]:
    def slack(v: float) -> float:
        return (parameter.tolerance or 0.0) + _SLACK * max(1.0, abs(v))

    if op in ("in", "all_of", "not_in", "ne"):
        return tuple(_span("eq", [v], slack(v)) for v in values)
    return (_span(op, values, slack(max(values, key=abs))),)


def _bound(op: str, values: list[float], side: Kind) -> Ask | None:
    """The asked bound of an at-most or at-least comparison in canonical form, without parameter."""
    low, high = min(values), max(values)
    if op == "approx":
        slack = APPROX * max(abs(low), abs(high))
        low, high = low - slack, high + slack
    upwards = op in ("ge", "gt")
    downwards = op in ("le", "lt")
    strict = op in ("lt", "gt")
    if side is Kind.MOST:
        if upwards:
            return Ask("", Kind.LEAST, a=low, strict=strict, contrary=True)
        return Ask("", Kind.MOST, b=high, strict=strict)
    if downwards:
        return Ask("", Kind.MOST, b=high, strict=strict, contrary=True)
    # "in" (any of these will do) is served by the lowest of them, every other op asks for the top
    return Ask("", Kind.LEAST, a=low if op in ("in", "between", "approx") else high, strict=strict)


def _with(ask: Ask, parameter: Parameter) -> Ask:
    return Ask(parameter.id, ask.kind, ask.a, ask.b, ask.strict, ask.contrary)


def _range_ask(parameter: Parameter, op: str, values: list[float]) -> Ask:
    low, high = min(values), max(values)
    if op in ("le", "lt"):
        return Ask(parameter.id, Kind.MOST, b=high, strict=op == "lt", contrary=True, open_end=True)
    if op in ("ge", "gt"):
        return Ask(parameter.id, Kind.LEAST, a=low, strict=op == "gt", contrary=True, open_end=True)
    if op == "approx":
        slack = APPROX * max(abs(low), abs(high))
        return Ask(parameter.id, Kind.REACH, low - slack, high + slack)
    if op == "in":
        return Ask(parameter.id, Kind.SET, spans=_spans(parameter, op, values))
    slack = (parameter.tolerance or 0.0) + _SLACK * max(1.0, abs(low), abs(high))
    return Ask(parameter.id, Kind.COVER, low + slack, high - slack)


def _limit_ask(parameter: Parameter, op: str, values: list[float]) -> Ask | None:
    side = Kind.MOST if parameter.compare == "cap_le_need" else Kind.LEAST
    exact = op in ("eq", "approx", "between") and parameter.better == "none"
    if exact and side is Kind.MOST and parameter.kind != "ordinal":
        slack = APPROX if op == "approx" else _SLACK
        reach = slack * max(1.0 if op != "approx" else 0.0, *(abs(v) for v in values))
        return Ask(parameter.id, Kind.REACH, min(values) - reach, max(values) + reach)
    bound = _bound(op, values, side)
    return None if bound is None else _with(bound, parameter)


def ask_of(vocabulary: Vocabulary, criterion: Criterion) -> Ask | None:
    """The comparable form of a criterion, or None when its value cannot be compared at all.

    Money in another currency than the parameter's is never converted and gives None.
    """
    parameter = vocabulary.parameters.get(criterion.parameter)
    if parameter is None or parameter.kind == "date":
        return None
    op = criterion.op
    if is_word(parameter):
        return Ask(
            parameter.id, Kind.WORDS, words=_words(criterion.value),
            every=op == "all_of", refuse=op in ("ne", "not_in"),
        )  # fmt: skip
    if parameter.kind == "money" and criterion.unit not in ("", parameter.unit):
        return None
    values = _numbers(parameter, criterion.value)
    if not values:
        return None
    if parameter.compare in ("cap_le_need", "cap_ge_need") and op not in ("ne", "not_in"):
        return _limit_ask(parameter, op, values)
    if parameter.compare == "cap_range_covers" and op not in ("all_of", "ne", "not_in"):
        return _range_ask(parameter, op, values)
    return Ask(
        parameter.id, Kind.SET, spans=_spans(parameter, op, values),
        every=op == "all_of", refuse=op in ("ne", "not_in"),
    )  # fmt: skip


def _share(gap: float, one: float, other: float) -> float:
    return min(1.0, abs(gap) / max(abs(one), abs(other), _TINY))


def _limit(ask: Ask, low: float, high: float) -> Outcome:
    """At most (`b`) or at least (`a`): the figure is the better end, or the only one stated."""
    most = ask.kind is Kind.MOST
    near, far = (low, high) if most else (high, low)
    limit = ask.b if most else ask.a
    figure = near
    if math.isnan(near):
        if ask.contrary and ask.open_end:
            return Outcome(Mark.MEETS, margin=1.0)
        figure = far
    gap = figure - limit if most else limit - figure
    bad = gap >= 0 if ask.strict else gap > 0
    if not bad:
        return Outcome(Mark.MEETS, margin=_share(gap, limit, figure))
    if ask.contrary and math.isnan(near):
        return UNKNOWN
    return Outcome(Mark.MISSES, gap, _share(gap, limit, figure) or _SLACK)


def _cover(ask: Ask, low: float, high: float) -> Outcome:
    below = 0.0 if math.isnan(low) else max(0.0, low - ask.a)
    above = 0.0 if math.isnan(high) else max(0.0, ask.b - high)
    if below == 0.0 and above == 0.0:
        return PLAIN_HIT
    gap = max(below, above)
    return Outcome(Mark.MISSES, gap, _share(gap, ask.a, ask.b))


def _reach(ask: Ask, low: float, high: float) -> Outcome:
    """The offer must get into [a, b]; one figure alone is taken as the best it can do."""
    below = 0.0 if math.isnan(low) else max(0.0, low - ask.b)
    single = math.isnan(high) or low == high
    above = 0.0 if single and not math.isnan(low) else max(0.0, ask.a - high)
    if math.isnan(low):
        below, above = max(0.0, high - ask.b), 0.0
    if below == 0.0 and above == 0.0:
        return PLAIN_HIT
    gap = max(below, above)
    return Outcome(Mark.MISSES, gap, _share(gap, ask.a, ask.b))


def _range_reach(ask: Ask, low: float, high: float) -> Outcome:
    below = 0.0 if math.isnan(low) else max(0.0, low - ask.b)
    above = 0.0 if math.isnan(high) else max(0.0, ask.a - high)
    if below == 0.0 and above == 0.0:
        return PLAIN_HIT
    gap = max(below, above)
    return Outcome(Mark.MISSES, gap, _share(gap, ask.a, ask.b))


def span_gap(span: tuple[float, float], low: float, high: float) -> float:
    """How far the interval [low, high] (NaN = open) stays away from `span`; 0 when they touch."""
    below = 0.0 if math.isnan(low) else max(0.0, low - span[1])
    above = 0.0 if math.isnan(high) else max(0.0, span[0] - high)
    return max(below, above)


def _set(ask: Ask, low: float, high: float, choices: tuple[float, ...]) -> Outcome:
    points = [(c, c) for c in choices] or [(low, high)]
    gaps = [min(span_gap(span, *point) for point in points) for span in ask.spans]
    if ask.refuse:
        free = any(all(span_gap(s, *p) > 0 for s in ask.spans) for p in points)
        return PLAIN_HIT if free or (not choices and low != high) else PLAIN_MISS
    gap = max(gaps) if ask.every else min(gaps)
    if gap == 0.0:
        return PLAIN_HIT
    ends = ask.spans[gaps.index(gap)]
    bounds = [abs(e) for e in ends if math.isfinite(e)]
    return Outcome(Mark.MISSES, gap, _share(gap, max(bounds, default=0.0), gap))


def _named(ask: Ask, choices: Sequence[str | float]) -> Outcome:
    have = set(_words(tuple(choices)))
    if ask.refuse:
        return PLAIN_HIT if have - set(ask.words) else PLAIN_MISS
    wanted = set(ask.words)
    enough = wanted <= have if ask.every else bool(wanted & have)
    return PLAIN_HIT if enough else PLAIN_MISS


def compare(parameter: Parameter, ask: Ask | None, offered: Offered | None) -> Outcome:
    """The outcome of what is offered against what is asked; unknown when nothing is stated."""
    if ask is None or offered is None:
        return UNKNOWN
    if ask.kind is Kind.WORDS:
        return _named(ask, offered.choices) if offered.choices else UNKNOWN
    low, high, choices = figures(parameter, offered)
    if math.isnan(low) and math.isnan(high):
        return UNKNOWN
    return _figures_against(parameter, ask, low, high, choices)


def _figures_against(
    parameter: Parameter, ask: Ask, low: float, high: float, choices: tuple[float, ...]
) -> Outcome:
    if ask.kind in (Kind.MOST, Kind.LEAST):
        return _limit(ask, low, high)
    if ask.kind is Kind.SET:
        return _set(ask, low, high, choices)
    if ask.kind is Kind.COVER:
        if choices and ask.a >= ask.b:
            return _set(Ask(ask.parameter, Kind.SET, spans=((ask.b, ask.a),)), low, high, choices)
        return _cover(ask, low, high)
    if parameter.compare == "cap_range_covers":
        return _range_reach(ask, low, high)
    return _reach(ask, low, high)
