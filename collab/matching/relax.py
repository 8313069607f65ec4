"""What a need would have to accept for a capability to fit: single relaxations and their effect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collab.matching.compare import Ask, Kind, Mark, ask_of, compare, figures
from collab.matching.prepare import LEAD, REGION, StepAsk
from collab.matching.records import Criterion, NeedProfile, Offered, Step
from collab.matching.rules import Judged
from collab.matching.verdicts import Verdict
from collab.matching.words import Text, asked_text, both, figure, labels
from collab.vocabulary.catalog import Parameter, Vocabulary


@dataclass(frozen=True, slots=True)
class Relaxation:
    """One thing a need could accept. `id` names the criterion; `old` is given up for `new` (None:
    given up altogether); `names` are materials, regions or techniques that would be accepted;
    `cost` orders relaxations, 0 (hardly anything) to 1 (the whole criterion)."""

    id: str
    old: Criterion | None = None
    new: Criterion | None = None
    names: tuple[str, ...] = ()
    weeks: float | None = None
    step: int = 0
    cost: float = 1.0


def _figure_to_accept(parameter: Parameter, ask: Ask, offered: Offered) -> tuple[str, float] | None:
    low, high, _ = figures(parameter, offered)
    if ask.kind is Kind.MOST:
        return "le", high if math.isnan(low) else low
    if ask.kind is Kind.LEAST:
        return "ge", low if math.isnan(high) else high
    return None


def _raw(parameter: Parameter, value: float) -> float | str:
    """A comparable figure back as a value of the parameter: ordinals by name."""
    return parameter.values[int(value)].id if parameter.kind == "ordinal" else value


def _options(parameter: Parameter, ask: Ask, old: Criterion, offered: Offered) -> list[Criterion]:
    bound = _figure_to_accept(parameter, ask, offered)
    found = []
    if bound is not None:
        found.append(replace(old, op=bound[0], value=_raw(parameter, bound[1])))
    if offered.choices:
        found += _of_choices(ask, old, offered.choices)
    elif bound is None:
        ends = tuple(v for v in (offered.low, offered.high) if v is not None)
        if ends:
            found.append(replace(old, op="between" if len(ends) == 2 else "eq", value=ends))
    return found


def _of_choices(ask: Ask, old: Criterion, choices: tuple[str | float, ...]) -> list[Criterion]:
    """Fewer of all that were asked together, the nearest of what is offered, or any of it."""
    found = []
    if ask.every and isinstance(old.value, tuple):
        kept = tuple(v for v in old.value if v in choices)
        found += [replace(old, value=kept)] if kept else []
    values = tuple(v for v in choices if not ask.refuse or str(v) not in ask.words)
    nearest = _nearest(ask, values)
    found += [] if nearest is None else [replace(old, op="eq", value=nearest)]
    return [*found, replace(old, op="in", value=values)] if values else found


def _nearest(ask: Ask, values: tuple[str | float, ...]) -> float | None:
    numbers = [v for v in values if isinstance(v, int | float)]
    if not numbers or not ask.spans:
        return None
    wanted = next((e for e in ask.spans[0] if math.isfinite(e)), 0.0)
    return float(min(numbers, key=lambda v: (abs(v - wanted), v)))


def _criterion_relaxation(vocabulary: Vocabulary, judged: Judged, step: int) -> Relaxation | None:
    old = judged.criterion
    offered = judged.facts.get("offered")
    parameter = vocabulary.parameters.get(old.parameter) if old else None
    ask = ask_of(vocabulary, old) if old else None
    if old is None or parameter is None or ask is None or not isinstance(offered, Offered):
        return None
    cost = min(1.0, judged.outcome.relative)
    for option in _options(parameter, ask, old, offered):
        if compare(parameter, ask_of(vocabulary, option), offered).mark is Mark.MEETS:
            return Relaxation(old.parameter, old, option, step=step, cost=cost)
    return Relaxation(old.parameter, old, None, step=step)


def relaxation(vocabulary: Vocabulary, judged: Judged, step: int) -> Relaxation | None:
    """What would have to be accepted to turn one hard miss; None when nothing could."""
    if judged.criterion is not None:
        return _criterion_relaxation(vocabulary, judged, step)
    offered = judged.facts.get("offered")
    if judged.id in ("material", "material-excluded"):
        return Relaxation(judged.id, names=tuple(offered or ()), step=step)
    if judged.id == "region":
        return Relaxation("region", names=(str(offered),), step=step) if offered else None
    if judged.id == "deadline" and isinstance(offered, tuple):
        weeks = float(offered[1])
        return Relaxation("deadline", weeks=weeks, step=step, cost=judged.outcome.relative)
    if judged.id == "technique":
        return Relaxation("technique", names=(str(offered),), step=step)
    return None


def _shared(vocabulary: Vocabulary, ask: StepAsk, judged: Judged) -> Relaxation | None:
    key = ("relax", id(judged))
    found = ask.memo.get(key)
    if found is None or found[0] is not judged:
        found = ask.memo[key] = (judged, relaxation(vocabulary, judged, ask.index))
    one: Relaxation | None = found[1]
    return one


def view(vocabulary: Vocabulary, ask: StepAsk, one: Relaxation) -> dict[str, Any]:
    """A relaxation as data and words, made once for a step."""
    key = ("relax-view", id(one))
    found = ask.memo.get(key)
    if found is None or found[0] is not one:
        found = ask.memo[key] = (one, relaxation_view(vocabulary, one))
    made: dict[str, Any] = found[1]
    return made


def relaxation_view(vocabulary: Vocabulary, one: Relaxation) -> dict[str, Any]:
    """A relaxation as data and words."""
    made: dict[str, Any] = {"criterion": one.id, **words(vocabulary, one)}
    if one.new is not None:
        value = one.new.value
        made["op"] = one.new.op
        made["value"] = list(value) if isinstance(value, tuple) else value
    elif one.weeks is not None:
        made["op"], made["value"] = "le", one.weeks
    elif one.names:
        made["op"], made["value"] = "in", list(one.names)
    return made


def relaxations(vocabulary: Vocabulary, ask: StepAsk, verdict: Verdict) -> list[Relaxation] | None:
    """Everything that would have to be accepted together; None when that would not help (a
    capability that is not operating stays no supply)."""
    found = []
    for judged in verdict.judged:
        if judged.hard and judged.mark is Mark.MISSES:
            one = _shared(vocabulary, ask, judged)
            if one is None:
                return None
            found.append(one)
    return found


def _swapped(criteria: tuple[Criterion, ...], one: Relaxation) -> tuple[Criterion, ...]:
    swapped = (one.new if c == one.old else c for c in criteria)
    return tuple(c for c in swapped if c is not None)


def _relaxed_step(step: Step, one: Relaxation) -> Step:
    criteria = _swapped(step.criteria, one) if one.old else step.criteria
    special = {"material": "material", "material-excluded": "material",
               "region": REGION, "deadline": LEAD}.get(one.id)  # fmt: skip
    if one.old is None and special:
        criteria = tuple(c for c in criteria if c.parameter != special)
    if one.id == "technique" and one.names:
        return replace(step, techniques=(*step.techniques, *one.names))
    return replace(step, criteria=criteria)


def relaxed(need: NeedProfile, one: Relaxation) -> NeedProfile:
    """The need after accepting this."""
    steps = tuple(
        _relaxed_step(s, one) if one.id != "technique" or i == one.step else s
        for i, s in enumerate(need.steps)
    )
    need = replace(need, steps=steps)
    if one.old is not None:
        return replace(need, criteria=_swapped(need.criteria, one))
    if one.id == "material":
        return replace(need, materials=(), criteria=_drop(need.criteria, "material"))
    if one.id == "material-excluded":
        kept = tuple(m for m in need.excluded_materials if m not in one.names)
        return replace(need, excluded_materials=() if kept == need.excluded_materials else kept)
    if one.id == "region":
        require = (*need.region_require, *one.names) if need.region_require else ()
        exclude = () if need.region_exclude else need.region_exclude
        return replace(need, region_require=require, region_exclude=exclude,
                       criteria=_drop(need.criteria, REGION))  # fmt: skip
    if one.id == "deadline":
        weeks = None if one.weeks is None else max(one.weeks, need.deadline_weeks or 0.0)
        return replace(need, deadline_weeks=weeks, criteria=_drop(need.criteria, LEAD))
    excluded = tuple(t for t in need.excluded_techniques if t not in one.names)
    return replace(need, excluded_techniques=excluded)


def _drop(criteria: tuple[Criterion, ...], parameter: str) -> tuple[Criterion, ...]:
    return tuple(c for c in criteria if c.parameter != parameter)


def words(vocabulary: Vocabulary, one: Relaxation) -> Text:
    """ "If 100 mm is accepted", in both languages, without the ending."""
    if one.new is not None:
        parameter = vocabulary.parameters.get(one.id)
        zh, en = (asked_text(parameter, one.new, lang) for lang in ("zh", "en"))
        return both(
            f"接受{vocabulary.label(one.id, 'zh')} {zh}",
            f"{vocabulary.label(one.id, 'en').lower()} {en} is accepted",
        )
    if one.old is not None:
        return both(
            f"放弃对{vocabulary.label(one.id, 'zh')}的要求",
            f"the demand on {vocabulary.label(one.id, 'en').lower()} is given up",
        )
    if one.weeks is not None:
        return both(f"期限放宽到 {figure(one.weeks)} 周", f"{figure(one.weeks)} weeks are allowed")
    zh, en = ("或".join(labels(vocabulary, (n,), "zh") for n in one.names),
              " or ".join(labels(vocabulary, (n,), "en") for n in one.names))  # fmt: skip
    if one.id == "material-excluded":
        return both(f"不再排除{zh}", f"{en} is no longer refused")
    return both(f"接受{zh}", f"{en} is accepted")


def sentence(parts: Sequence[Mapping[str, Any]]) -> Text:
    """The whole counterfactual of relaxations in words: "fits if ... and ..."."""
    zh = "，并".join(p["zh"] for p in parts)
    en = " and ".join(p["en"] for p in parts)
    return both(f"若{zh}，则符合", f"fits if {en}")
