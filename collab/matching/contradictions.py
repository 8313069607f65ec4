"""What of a need contradicts itself: no capability whatever could answer it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import combinations

from collab.matching.compare import APPROX, number
from collab.matching.prepare import StepAsk
from collab.matching.records import Criterion
from collab.matching.words import Text, asked_text, both, labels
from collab.vocabulary.catalog import Parameter, Vocabulary

ONE_FIGURE = ("cap_le_need", "cap_ge_need", "equals")
"""Comparisons in which a capability stands for one figure; a range or a list may hold several."""
Span = tuple[float, float]


def _span(parameter: Parameter, criterion: Criterion) -> Span | None:
    """What a criterion leaves room for; None where it cannot be said."""
    values = criterion.value if isinstance(criterion.value, tuple) else (criterion.value,)
    found = [n for n in (number(parameter, v) for v in values) if not math.isnan(n)]
    if not found or criterion.op in ("ne", "not_in", "all_of"):
        return None
    low, high = min(found), max(found)
    slack = APPROX * max(abs(low), abs(high)) if criterion.op == "approx" else 0.0
    below, above = criterion.op in ("le", "lt"), criterion.op in ("ge", "gt")
    return -math.inf if below else low - slack, math.inf if above else high + slack


def _apart(parameter: Parameter, one: Criterion, other: Criterion) -> bool:
    """Whether no figure satisfies both."""
    a, b = _span(parameter, one), _span(parameter, other)
    if a is None or b is None:
        return False
    low, high = max(a[0], b[0]), min(a[1], b[1])
    strict = "lt" in (one.op, other.op) or "gt" in (one.op, other.op)
    return low > high or (low == high and strict)


def _figures(ask: StepAsk) -> Iterator[Text]:
    hard = [w for w in ask.wanted if w.hard and w.parameter is not None]
    for one, other in combinations(hard, 2):
        parameter = one.parameter
        if parameter is None or parameter is not other.parameter:
            continue
        if parameter.compare in ONE_FIGURE and _apart(parameter, one.criterion, other.criterion):
            said = [
                [asked_text(parameter, w.criterion, lang) for w in (one, other)]
                for lang in ("zh", "en")
            ]
            yield both(
                f"{parameter.zh}{said[0][0]}和{said[0][1]}不可能同时满足，请改其中一项",
                f"{parameter.en} cannot be {said[1][0]} and {said[1][1]} at once; "
                "please change one",
            )


def _both_ways(
    vocabulary: Vocabulary, wanted: Iterable[str], refused: Iterable[str]
) -> Iterator[Text]:
    closed = tuple(refused)
    for name in wanted:
        if any(vocabulary.covers(name, other) for other in closed):
            zh, en = (labels(vocabulary, (name,), lang) for lang in ("zh", "en"))
            yield both(
                f"{zh}既被要求又被排除，请改其中一项",
                f"{en} is both asked for and refused; please change one",
            )


def _places(ask: StepAsk) -> Iterator[Text]:
    if ask.require and ask.require <= frozenset(ask.need.region_exclude):
        yield both(
            "要求的地区同时被排除，请改其中一项",
            "The required region is excluded too; please change one",
        )


def contradictions(vocabulary: Vocabulary, asks: Iterable[StepAsk]) -> list[Text]:
    """Each contradiction of a need once, in both languages."""
    found: dict[str, Text] = {}
    for ask in asks:
        refused = ask.need.excluded_techniques
        parts = (
            _figures(ask),
            _both_ways(vocabulary, ask.materials, ask.excluded_materials),
            _both_ways(
                vocabulary, ask.step.techniques if len(ask.step.techniques) == 1 else (), refused
            ),
            _places(ask),
        )
        for text in (t for part in parts for t in part):
            found.setdefault(text["zh"], text)
    return list(found.values())
