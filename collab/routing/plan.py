"""The steps of a need as a graph, with the candidates of each and how far two are apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from collab.matching import score
from collab.matching.answer import StepResult
from collab.matching.compare import Mark
from collab.matching.records import NeedProfile, Offer, Step
from collab.matching.rules import Judged
from collab.matching.verdicts import Verdict
from collab.routing.tables import any_form
from collab.vocabulary.catalog import Chain, Vocabulary

THUMB_WEEKS = (1.0, 4.0)
"""Estimate for a technique that no chain has weeks for."""
SAME_SITE_KM = 2.0
FAR_KM = 20_015
"""What a way to an unknown place counts when routes are put in order: the far side of the globe. An
unknown must not look near; the kilometres shown leave it out and say how many are missing."""


class Weeks(NamedTuple):
    """Calendar weeks [low, high]; `stated` by the owner, otherwise a rule of thumb."""

    low: float
    high: float
    stated: bool = False


class Candidate(NamedTuple):
    """A capability that fits a step: what it would do, how long, and what is open about it."""

    offer: Offer
    done: str
    weeks: Weeks
    open_questions: int
    klass: str
    score: float = 0.0
    asks: tuple[Judged, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step of the plan. `before` are places of the steps that must be finished first."""

    place: int
    step: Step
    before: tuple[int, ...]
    candidates: tuple[Candidate, ...]
    state: str = ""


@dataclass(frozen=True)
class Plan:
    """A need ready for routing: steps in an order in which everything comes after its `before`."""

    need: NeedProfile
    steps: tuple[PlanStep, ...]
    notes: tuple[str, ...] = ()
    logistics: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def linear(self) -> bool:
        """True when every step only follows the one before it."""
        return all(s.before == ((s.place - 1,) if s.place else ()) for s in self.steps)


@lru_cache(maxsize=2048)
def _thumb(key: tuple[str, str], chain_id: str | None, technique: str) -> tuple[float, float]:
    vocabulary = _VOCABULARIES[key]
    own = vocabulary.chains.get(chain_id or "")
    chains = [own] if own else []
    for group in (chains, list(vocabulary.chains.values())):
        for name in (technique, *vocabulary.ancestors(technique)):
            found = [
                s.weeks
                for c in group
                for s in c.steps
                if any(vocabulary.covers(t, name) for t in (*s.techniques, *s.alternatives))
            ]
            if found:
                lows, highs = sorted(w[0] for w in found), sorted(w[1] for w in found)
                return lows[len(lows) // 2], highs[len(highs) // 2]
    return THUMB_WEEKS


_VOCABULARIES: dict[tuple[str, str], Vocabulary] = {}


def weeks_of(vocabulary: Vocabulary, need: NeedProfile, technique: str, offer: Offer) -> Weeks:
    """Stated lead time, else the rule of thumb of the need's chain or of all chains (median)."""
    if offer.lead_weeks is not None:
        return Weeks(offer.lead_weeks[0], offer.lead_weeks[1], stated=True)
    key = (vocabulary.version, str(id(vocabulary)))
    _VOCABULARIES.setdefault(key, vocabulary)
    return Weeks(*_thumb(key, need.chain, technique))


def candidate_of(vocabulary: Vocabulary, need: NeedProfile, verdict: Verdict) -> Candidate:
    """A judged capability as a candidate of a route."""
    asks = tuple([j for j in verdict.judged if j.hard and j.outcome.mark is Mark.UNKNOWN])
    return Candidate(
        verdict.offer,
        verdict.done,
        weeks_of(vocabulary, need, verdict.done, verdict.offer),
        len(asks),
        verdict.klass.value,
        verdict.score,
        asks,
    )


def _place_in_chain(vocabulary: Vocabulary, chain: Chain, step: Step, used: set[int]) -> int | None:
    """The chain's step that a step of the need is: one that names its very technique before one
    that names a broader or narrower one, what is usual before what is an alternative."""

    def related(name: str) -> bool:
        return any(
            vocabulary.covers(a, b) for t in step.techniques for a, b in ((name, t), (t, name))
        )

    ways = [(fits, alternatives) for fits in (step.techniques.__contains__, related)
            for alternatives in (False, True)]  # fmt: skip
    for fits, alternatives in ways:
        for place, other in enumerate(chain.steps):
            names = other.alternatives if alternatives else other.techniques
            if place not in used and any(fits(name) for name in names):
                return place
    return None


def _ancestors(chain: Chain) -> list[set[int]]:
    """Per step of a chain the places of everything before it; a cycle is cut where it closes."""
    place = {s.key: i for i, s in enumerate(chain.steps)}
    found: list[set[int]] = []
    for i, step in enumerate(chain.steps):
        before: set[int] = set()
        for key in step.after:
            at = place.get(key, i)
            if at < i:
                before |= {at} | found[at]
        found.append(before)
    return found


def order_steps(
    vocabulary: Vocabulary, need: NeedProfile, kept: Sequence[int]
) -> tuple[list[int], list[tuple[int, ...]], list[str]]:
    """(need steps in plan order, places before each, states after each).

    With a chain the steps stand as its graph says and may run in parallel; steps the chain does
    not know, and all steps without a chain, follow the one written before them.
    """
    chain = vocabulary.chains.get(need.chain or "")
    if chain is None:
        line: list[tuple[int, ...]] = [(i - 1,) if i else () for i in range(len(kept))]
        return list(kept), line, [""] * len(kept)
    used: set[int] = set()
    mapped: dict[int, int | None] = {}
    for i in kept:
        mapped[i] = _place_in_chain(vocabulary, chain, need.steps[i], used)
        if mapped[i] is not None:
            used.add(mapped[i] or 0)
    keys: dict[int, tuple[float, int]] = {}
    last = -1.0
    for i in kept:
        at = mapped[i]
        last = float(at) if at is not None else last + 0.001
        keys[i] = (last, i)
    ordered = sorted(kept, key=lambda i: keys[i])
    above = _ancestors(chain)
    before: list[tuple[int, ...]] = []
    states: list[str] = []
    for place, i in enumerate(ordered):
        at = mapped[i]
        if at is None:
            before.append((place - 1,) if place else ())
            states.append("")
            continue
        earlier = {p for p in range(place) if mapped[ordered[p]] in above[at]}
        hidden = {
            q
            for p in earlier
            for q in earlier
            if _in(above, mapped[ordered[q]], mapped[ordered[p]])
        }
        loose = {p for p in range(place) if mapped[ordered[p]] is None and p == place - 1}
        before.append(tuple(sorted((earlier - hidden) | loose)))
        open_form = any(any_form(vocabulary, t) for t in need.steps[ordered[place]].techniques)
        states.append("" if open_form else chain.steps[at].state)
    return ordered, _reduced(before), states


def _reduced(before: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Without edges that a longer way says already: what comes from step 3 through step 4 is not
    handed over from step 3 a second time."""
    reached: list[set[int]] = []
    for entry in before:
        reached.append({*entry, *(a for b in entry for a in reached[b])})
    return [
        tuple(b for b in entry if not any(b in reached[other] for other in entry if other != b))
        for entry in before
    ]


def _in(above: list[set[int]], one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and one in above[other]


def make_plan(
    vocabulary: Vocabulary,
    need: NeedProfile,
    results: Sequence[StepResult],
    *,
    optional: bool = True,
    limit: int = 300,
) -> Plan:
    """The plan of a need; optional steps without a candidate (or all, when not `optional`) are
    left out. Candidates beyond `limit` of a step are not considered."""
    kept = [i for i, r in enumerate(results) if not need.steps[i].optional or (optional and r.fits)]
    ordered, before, states = order_steps(vocabulary, need, kept)
    steps = []
    for place, i in enumerate(ordered):
        found = [candidate_of(vocabulary, need, v) for v in results[i].fits[:limit]]
        found.sort(key=lambda c: c.offer.key)
        steps.append(PlanStep(place, need.steps[i], before[place], tuple(found), states[place]))
    raw = vocabulary.raw["chains"]["logistics_weeks"]
    logistics = {
        k: (float(v), float(v)) if isinstance(v, int | float) else (float(v[0]), float(v[1]))
        for k, v in raw.items()
    }
    return Plan(need, tuple(steps), (), logistics)


def kind_of_handover(one: Offer, other: Offer) -> str:
    """none, same_site, same_country, cross_border or unknown: how far two are apart."""
    if one.organisation_id == other.organisation_id:
        return "none"
    km = score.great_circle_km(one.place, other.place)
    if km is not None and km <= SAME_SITE_KM:
        return "same_site"
    if not one.place.country or not other.place.country:
        return "unknown"
    return "same_country" if one.place.country == other.place.country else "cross_border"


def logistics_weeks(plan: Plan, kind: str) -> tuple[float, float]:
    """Weeks on the road for a kind of hand-over; unknown spans everything."""
    if kind == "none":
        return 0.0, 0.0
    if kind == "unknown":
        return plan.logistics["same_country"][0], plan.logistics["cross_border"][1]
    return plan.logistics[kind]


def centi(weeks: float) -> int:
    """Weeks as whole hundredths: sums of them are exact."""
    return math.floor(weeks * 100.0 + 0.5)
