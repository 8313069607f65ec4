"""A need made ready for judging: which techniques answer a step and which criteria belong to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from collab.matching.compare import Ask, ask_of
from collab.matching.records import Criterion, NeedProfile, Step
from collab.vocabulary.catalog import Parameter, Vocabulary

MATERIAL = "material"
REGION = "region"
LEAD = "lead-time"
SPECIAL = frozenset({MATERIAL, REGION, LEAD, "deadline", "budget"})
EXACT, NARROWER, BROADER, EXCLUDED = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """One criterion of a step, comparable. `counts` is False for criteria of the whole need when
    it has several steps: a silent capability is then asked, and not put into a lower class."""

    criterion: Criterion
    parameter: Parameter | None
    ask: Ask | None
    scope: str
    counts: bool

    @property
    def hard(self) -> bool:
        """True for a criterion that may not be given up."""
        return self.criterion.hard


@dataclass(frozen=True, slots=True)
class StepAsk:
    """A step with everything its candidates are judged by.

    `fits` maps an offered technique to how it fits (EXACT, NARROWER, BROADER, EXCLUDED) and the
    technique that would be done there. `material_scope` is step, need or none. `memo` keeps what
    was judged and worded for this very step: candidates that state the same share it.
    """

    index: int
    step: Step
    need: NeedProfile
    fits: dict[str, tuple[int, str]]
    wanted: tuple[Wanted, ...]
    materials: tuple[str, ...]
    material_scope: str
    excluded_materials: tuple[str, ...]
    require: frozenset[str]
    deadline: float | None
    deadline_hard: bool
    memo: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def answerable(self) -> bool:
        """False when the step names neither a technique nor a category."""
        return bool(self.fits) or bool(self.step.category)


def _closed(vocabulary: Vocabulary, terms: Iterable[str]) -> frozenset[str]:
    return frozenset(d for term in terms for d in vocabulary.descendants(term))


def fits_of(
    vocabulary: Vocabulary, techniques: Iterable[str], excluded: Iterable[str] = ()
) -> dict[str, tuple[int, str]]:
    """Every technique whose offer bears on a step that any of `techniques` would answer."""
    found: dict[str, tuple[int, str]] = {}

    def note(offered: str, fit: int, done: str) -> None:
        if fit > found.get(offered, (-1, ""))[0]:
            found[offered] = (fit, done)

    barred = _closed(vocabulary, excluded)
    for wanted in techniques:
        for offered in sorted(vocabulary.descendants(wanted)):
            fit = EXACT if offered == wanted else NARROWER
            inside = vocabulary.descendants(offered)
            if offered in barred:
                fit = EXCLUDED
            elif inside & barred:
                fit = BROADER  # "etching, not wet" against a line that only says etching
            note(offered, fit, offered)
        for offered in vocabulary.ancestors(wanted):
            note(offered, BROADER if wanted not in barred else EXCLUDED, wanted)
    return found


def _lists(vocabulary: Vocabulary, step: Step, parameter: str) -> bool:
    if step.techniques:
        return any(parameter in vocabulary.params_of(t) for t in step.techniques)
    return any(
        parameter in t.params for t in vocabulary.techniques.values() if t.category == step.category
    )


def scope_of(vocabulary: Vocabulary, need: NeedProfile, step: Step, parameter: str) -> str:
    """Where a parameter of a need belongs: "step", "need" (no step lists it) or "none" (others)."""
    if _lists(vocabulary, step, parameter):
        return "step"
    return "none" if any(_lists(vocabulary, s, parameter) for s in need.steps) else "need"


def _criteria(need: NeedProfile) -> tuple[Criterion, ...]:
    if need.trl is None or any(c.parameter == "trl" for c in need.criteria):
        return need.criteria
    return (*need.criteria, Criterion("trl", need.trl[0], need.trl[1]))


def _wanted(vocabulary: Vocabulary, need: NeedProfile, step: Step) -> tuple[Wanted, ...]:
    found: list[Wanted] = []

    def add(criterion: Criterion, scope: str) -> None:
        parameter = vocabulary.parameters.get(criterion.parameter)
        ask = ask_of(vocabulary, criterion)
        counts = scope == "step" or len(need.steps) == 1
        wanted = Wanted(criterion, parameter, ask, scope, counts)
        if wanted not in found:
            found.append(wanted)

    for criterion in step.criteria:
        if criterion.parameter not in SPECIAL:
            add(criterion, "step")
    for criterion in _criteria(need):
        if criterion.parameter in SPECIAL:
            continue
        scope = scope_of(vocabulary, need, step, criterion.parameter)
        if scope != "none":
            add(criterion, scope)
    return tuple(found)


def _texts(criterion: Criterion) -> tuple[str, ...]:
    parts = criterion.value if isinstance(criterion.value, tuple) else (criterion.value,)
    return tuple(str(p) for p in parts)


def _special(need: NeedProfile, step: Step, parameter: str) -> list[Criterion]:
    return [c for c in (*step.criteria, *need.criteria) if c.parameter == parameter]


def _materials(need: NeedProfile, step: Step) -> tuple[tuple[str, ...], tuple[str, ...]]:
    wanted, refused = list(need.materials), list(need.excluded_materials)
    for criterion in _special(need, step, MATERIAL):
        if criterion.hard:
            target = refused if criterion.op in ("ne", "not_in") else wanted
            target.extend(m for m in _texts(criterion) if m not in target)
    return tuple(wanted), tuple(refused)


def _deadline(need: NeedProfile, step: Step) -> tuple[float | None, bool]:
    best, hard = need.deadline_weeks, need.deadline_hard
    for criterion in _special(need, step, LEAD):
        weeks = criterion.value
        if isinstance(weeks, int | float) and (best is None or weeks < best):
            best, hard = float(weeks), criterion.hard
    return best, hard


def prepare_step(vocabulary: Vocabulary, need: NeedProfile, index: int) -> StepAsk:
    """Step `index` of a need with the criteria that belong to it."""
    step = need.steps[index]
    materials, refused = _materials(need, step)
    regions = {r for c in _special(need, step, REGION) if c.hard for r in _texts(c)}
    deadline, deadline_hard = _deadline(need, step)
    return StepAsk(
        index=index,
        step=step,
        need=need,
        fits=fits_of(vocabulary, step.techniques, need.excluded_techniques),
        wanted=_wanted(vocabulary, need, step),
        materials=materials,
        material_scope=scope_of(vocabulary, need, step, MATERIAL),
        excluded_materials=refused,
        require=frozenset(need.region_require) | frozenset(regions),
        deadline=deadline,
        deadline_hard=deadline_hard,
    )


def prepare(vocabulary: Vocabulary, need: NeedProfile) -> tuple[StepAsk, ...]:
    """All steps of a need, in its order."""
    return tuple(prepare_step(vocabulary, need, i) for i in range(len(need.steps)))


def without(need: NeedProfile, drop: Criterion) -> NeedProfile:
    """The need with one criterion given up, wherever it stands."""
    steps = tuple(
        replace(s, criteria=tuple(c for c in s.criteria if c != drop)) for s in need.steps
    )
    return replace(need, steps=steps, criteria=tuple(c for c in need.criteria if c != drop))
