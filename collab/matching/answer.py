"""The answer to a need: ranked candidates of every step with reasons, routes, and gaps."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from collab.matching import relax, words
from collab.matching.compare import Mark
from collab.matching.contradictions import contradictions
from collab.matching.engine import explain, find
from collab.matching.prepare import StepAsk, prepare
from collab.matching.records import Criterion, NeedProfile
from collab.matching.rules import RULES_VERSION, Class, Judged
from collab.matching.score import WEIGHTS
from collab.matching.snapshot import Snapshot
from collab.matching.verdicts import Verdict
from collab.vocabulary.catalog import Vocabulary

NEAR = 10
CONSIDERED = 50
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StepResult:
    """The judged candidates of one step, best first; `near` stand apart and never in a route."""

    ask: StepAsk
    fits: tuple[Verdict, ...]
    near: tuple[Verdict, ...]


class Planned(NamedTuple):
    """What planning gives, as plain data: routes, the gap of the route as a whole, and the smallest
    changes over all steps that would open one."""

    routes: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    openings: list[dict[str, Any]]


class Planner(Protocol):
    """Plans routes over the candidates of all steps; given by routing, which stands above."""

    def __call__(self, need: NeedProfile, steps: Sequence[StepResult]) -> Planned:
        """The routes, or why there are none."""


class GapFinder(Protocol):
    """Explains what is missing; see gaps.find_gaps."""

    def __call__(self, need: NeedProfile, steps: Sequence[StepResult]) -> list[dict[str, Any]]:
        """Gaps as plain data."""


def judge_steps(
    vocabulary: Vocabulary, snapshot: Snapshot, need: NeedProfile, top: int = 50, near: int = NEAR
) -> list[StepResult]:
    """The top candidates of every step with their verdicts."""
    results = []
    for ask in prepare(vocabulary, need):
        verdicts = []
        if ask.answerable:
            found = find(vocabulary, snapshot, ask, top, near)
            verdicts = [explain(vocabulary, snapshot, ask, f) for f in found]
        kept = [v for v in verdicts if v is not None]
        fits = tuple(v for v in kept if v.klass is not Class.NEAR)
        results.append(StepResult(ask, fits, tuple(v for v in kept if v.klass is Class.NEAR)))
    return results


def _worded(
    vocabulary: Vocabulary, ask: StepAsk, judged: Judged
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The view of a judgement and its question, made once for all candidates that share it. The
    judgement is kept beside them, so that its identity stays its own."""
    found = ask.memo.get(id(judged))
    if found is None or found[0] is not judged:
        found = ask.memo[id(judged)] = (judged, *_said(vocabulary, judged))
    return found[1], found[2]


_SAID: dict[Hashable, tuple[dict[str, Any], dict[str, Any] | None]] = {}
_MOST_SAID = 50_000


def _said(vocabulary: Vocabulary, judged: Judged) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The same facts give the same words, for every need that asks the same."""
    facts = tuple(tuple(f) if isinstance(f, list) else f for f in judged.facts.values())
    key = (
        vocabulary.version, judged.id, judged.code, judged.hard, judged.scope, judged.criterion,
        facts,
    )  # fmt: skip
    found = _SAID.get(key)
    if found is None:
        if len(_SAID) >= _MOST_SAID:
            _SAID.clear()
        asked = question_view(vocabulary, judged) if judged.mark is Mark.UNKNOWN else None
        found = _SAID[key] = (criterion_view(vocabulary, judged), asked)
    return found


def criterion_view(vocabulary: Vocabulary, judged: Judged) -> dict[str, Any]:
    """One judged criterion as data and words; `distance` (canonical unit) only for a miss."""
    view: dict[str, Any] = {
        "id": judged.id, "asked": words.asked_value(judged), "offered": words.offered_value(judged),
        "verdict": judged.mark.value, "hard": judged.hard, "scope": judged.scope,
        "code": judged.code, "reason": words.reason(vocabulary, judged),
    }  # fmt: skip
    if judged.outcome.distance is not None:
        view["distance"] = float(f"{judged.outcome.distance:.7g}")  # without the slack of sets
    return view


def parts_view(verdict: Verdict) -> list[dict[str, Any]]:
    """Every component of the score: its value, its points of how many, and its name; `known` is
    False where the owner states nothing and the component stands at its middle value."""
    offer = verdict.offer
    silent = {
        "freshness": offer.age_days is None,
        "lead": offer.lead_weeks is None,
        "load": offer.load is None,
    }
    return [
        _part_view(name, value, not silent.get(name, False))
        for name, value in verdict.parts.items()
    ]


@lru_cache(maxsize=10_000)
def _part_view(name: str, value: float, known: bool) -> dict[str, Any]:
    weight = WEIGHTS[name]
    return {
        "known": known,
        "id": name, "value": round(value, 4), "weight": weight.points,
        "points": round(value * weight.points, 3), "zh": weight.zh, "en": weight.en,
    }  # fmt: skip


def would_fit_if(vocabulary: Vocabulary, ask: StepAsk, verdict: Verdict) -> list[dict[str, Any]]:
    """What would have to be accepted for a near candidate to fit, all of it together."""
    if verdict.klass is not Class.NEAR:
        return []
    needed = relax.relaxations(vocabulary, ask, verdict)
    if not needed:
        return []
    accept = [relax.view(vocabulary, ask, one) for one in needed]
    return [{"accept": accept, **relax.sentence(accept)}]


def asked_of(vocabulary: Vocabulary, judged: Judged) -> dict[str, Any] | None:
    """The question that a judgement leaves open; None where it leaves none."""
    return _said(vocabulary, judged)[1]


def question_view(vocabulary: Vocabulary, judged: Judged) -> dict[str, Any]:
    """The question to the provider that settles an unknown."""
    return {"criterion": judged.id, "hard": judged.hard, **words.question(vocabulary, judged)}


def candidate_view(vocabulary: Vocabulary, ask: StepAsk, verdict: Verdict) -> dict[str, Any]:
    """One candidate with every reason. Parts that say the same are shared between candidates:
    whoever changes an answer copies it first."""
    offer = verdict.offer
    worded = [_worded(vocabulary, ask, j) for j in verdict.judged]
    return {
        "capability": offer.key, "organisation": offer.organisation,
        "capability_name": words.both(offer.name_zh, offer.name_en),
        "organisation_name": words.both(offer.organisation_zh, offer.organisation_en),
        "class": verdict.klass.value, "score": verdict.score, "technique": verdict.done,
        "status": offer.status.value, "evidence": offer.evidence.value,
        "region": offer.place.region, "parts": parts_view(verdict),
        "criteria": [view for view, _ in worded],
        "questions": [question for _, question in worded if question is not None],
        "would_fit_if": would_fit_if(vocabulary, ask, verdict),
    }  # fmt: skip


def step_view(vocabulary: Vocabulary, result: StepResult, top: int) -> dict[str, Any]:
    """One step with its first `top` candidates: those that fit under `candidates`, and where they
    are fewer than that, what does not fit under `near`."""
    near = result.near if len(result.fits) < top else ()
    ask = result.ask
    techniques = ask.step.techniques
    return {
        "key": ask.step.key, "technique": techniques[0] if techniques else None,
        "techniques": list(techniques), "category": ask.step.category or None,
        "optional": ask.step.optional,
        "label": words.both(*(words.labels(vocabulary, techniques, lang) or ask.step.category
                              for lang in ("zh", "en"))),
        "candidates": [candidate_view(vocabulary, ask, v) for v in result.fits[:top]],
        "near": [candidate_view(vocabulary, ask, v) for v in near],
    }  # fmt: skip


def _criterion_of_need(criterion: Criterion) -> dict[str, Any]:
    value = list(criterion.value) if isinstance(criterion.value, tuple) else criterion.value
    return {"id": criterion.parameter, "op": criterion.op, "value": value,
            "unit": criterion.unit, "hard": criterion.hard}  # fmt: skip


def need_view(need: NeedProfile, today: date) -> dict[str, Any]:
    """The need as it was understood; `deadline.passed` warns of a date that lies behind."""
    deadline = None
    if need.deadline_weeks is not None:
        end = (need.posted or today) + timedelta(weeks=need.deadline_weeks)
        deadline = {"weeks": need.deadline_weeks, "hard": need.deadline_hard,
                    "date": end.isoformat(), "passed": end < today}  # fmt: skip
    return {
        "id": need.id, "chain": need.chain, "deadline": deadline,
        "steps": [{"key": s.key, "techniques": list(s.techniques), "category": s.category or None,
                   "optional": s.optional, "criteria": [_criterion_of_need(c) for c in s.criteria]}
                  for s in need.steps],
        "criteria": [_criterion_of_need(c) for c in need.criteria],
        "materials": list(need.materials), "excluded_materials": list(need.excluded_materials),
        "excluded_techniques": list(need.excluded_techniques),
        "region": {"prefer": list(need.region_prefer), "require": list(need.region_require),
                   "exclude": list(need.region_exclude)},
        "quantity": list(need.quantity) if need.quantity else None,
        "budget": list(need.budget) if need.budget else None,
        "trl": list(need.trl) if need.trl else None, "level": need.level,
    }  # fmt: skip


NOTES: Mapping[str, tuple[str, str]] = {
    "no_steps": ("需求中没有可识别的工艺步骤，请补充要做什么",
                 "No process step was found in the need; please say what is to be done"),
    "empty_catalogue": ("目录中还没有任何能力", "The catalogue holds no capability yet"),
    "step_without_technique": ("有步骤既没有工艺也没有类别，无法查找",
                               "A step has neither technique nor category and cannot be searched"),
    "deadline_passed": (
        "从发布日算起的期限已过",
        "Counted from the posting date the deadline has passed",
    ),
}  # fmt: skip


def _notes(
    vocabulary: Vocabulary,
    need: NeedProfile,
    snapshot: Snapshot,
    view: Mapping[str, Any],
    results: Sequence[StepResult],
) -> list[dict[str, str]]:
    codes = []
    if not need.steps:
        codes.append("no_steps")
    if len(snapshot) == 0:
        codes.append("empty_catalogue")
    if any(not s.techniques and not s.category for s in need.steps):
        codes.append("step_without_technique")
    if view["deadline"] and view["deadline"]["passed"]:
        codes.append("deadline_passed")
    said = [{"code": c, **words.both(*NOTES[c])} for c in codes]
    found = contradictions(vocabulary, (result.ask for result in results))
    return [*said, *({"code": "contradiction", **text} for text in found)]


def answer(
    profile: NeedProfile,
    snapshot: Snapshot,
    vocabulary: Vocabulary,
    *,
    today: date,
    top: int = 50,
    near: int = NEAR,
    planner: Planner | None = None,
    gap_finder: GapFinder | None = None,
) -> Answer:
    """Candidates with reasons for every step, and routes and gaps when a planner is given.

    `collab.routing.answer.answer` calls this with the planner; everything is in both languages.
    Routes and gaps rest on the first CONSIDERED candidates of each step, however few are shown.
    """
    results = judge_steps(vocabulary, snapshot, profile, max(top, CONSIDERED), near)
    view = need_view(profile, today)
    planned = Planned([], [], [])
    if planner is not None and results:
        planned = planner(profile, results)
    gaps: list[dict[str, Any]] = []
    if gap_finder is not None:
        gaps = gap_finder(profile, results)
    return {
        "need": view,
        "steps": [step_view(vocabulary, result, top) for result in results],
        "routes": planned.routes,
        "gaps": [*gaps, *planned.gaps],
        "openings": planned.openings,
        "notes": _notes(vocabulary, profile, snapshot, view, results),
        "versions": {"rules": RULES_VERSION, "vocabulary": vocabulary.version},
    }
