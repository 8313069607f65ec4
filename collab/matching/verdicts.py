"""Verdicts: class and score of a capability for a step, from what the rules judged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from collab.matching import score
from collab.matching.compare import Mark
from collab.matching.fits import excluded_pair, technique_fit
from collab.matching.prepare import StepAsk, prepare_step
from collab.matching.records import NeedProfile, Offer
from collab.matching.rules import (
    CLASS_ORDER,
    Class,
    Judged,
    rules_for,
)
from collab.vocabulary.catalog import Vocabulary


class Verdict(NamedTuple):
    """A capability against a step. `done` is the technique that would be carried out there."""

    offer: Offer
    klass: Class
    score: float
    parts: Mapping[str, float]
    judged: tuple[Judged, ...]
    fit: int
    done: str

    @property
    def order(self) -> tuple[int, float, str]:
        """Sorts candidates: class, then score from high to low, then the public key."""
        return CLASS_ORDER[self.klass], -self.score, self.offer.key


def class_of(judged: Iterable[Judged]) -> Class:
    """Hard misses make it near, hard unknowns that count make it unknown; wishes never matter."""
    found = Class.MEETS
    for entry in judged:
        if not entry.hard:
            continue
        if entry.mark is Mark.MISSES:
            return Class.NEAR
        if entry.mark is Mark.UNKNOWN and entry.counts:
            found = Class.UNKNOWN
    return found


_WISH = {Mark.MEETS: 1.0, Mark.UNKNOWN: 0.5, Mark.MISSES: 0.0}


def score_parts(
    ask: StepAsk, offer: Offer, fit: int, judged: tuple[Judged, ...]
) -> dict[str, float]:
    """Every component of the score, each between 0 and 1 (see score.WEIGHTS)."""
    hard = [j for j in judged if j.hard and j.id != "status"]
    met, gaps, margins, margin_sum = 0, 0.0, 0, 0.0
    wishes, wish_sum = 0, 0.0
    for entry in judged:
        if entry.hard:
            gaps = gaps + (entry.outcome.relative if entry.mark is Mark.MISSES else 0.0)
        else:
            wishes, wish_sum = wishes + 1, wish_sum + _WISH[entry.mark]
        if entry.outcome.margin is not None:
            margins, margin_sum = margins + 1, margin_sum + entry.outcome.margin
    met = sum(j.mark is Mark.MEETS for j in hard)
    here = score.unit_vector(ask.need.place.lat, ask.need.place.lon)
    there = score.unit_vector(offer.place.lat, offer.place.lon)
    km = score.chord_km(here, there) if here is not None and there is not None else None
    return {
        "technique": score.FIT_VALUE[fit],
        "answered": met / len(hard) if hard else 1.0,
        "nearness": 1.0 / (1.0 + gaps),
        "margin": margin_sum / margins if margins else score.NO_MARGIN,
        "evidence": score.EVIDENCE_VALUE[offer.evidence],
        "freshness": score.freshness(offer.age_days),
        "lead": score.lead(offer.lead_weeks[0] if offer.lead_weeks else None),
        "distance": score.closeness(km),
        "load": score.UNKNOWN_LOAD if offer.load is None else 1.0 - offer.load,
        "preferred": wish_sum / wishes if wishes else 1.0,
    }


def judge(vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Verdict | None:
    """The verdict on one capability for one step; None when it is no candidate."""
    if excluded_pair(ask.need, offer):
        return None
    found = technique_fit(vocabulary, ask, offer)
    if found is None:
        return None
    every: list[Judged] = []
    for entry in rules_for(ask):
        every += entry.judged(vocabulary, ask, offer)
    judged = tuple(every)
    parts = score_parts(ask, offer, found[0], judged)
    return Verdict(offer, class_of(judged), score.total(parts), parts, judged, found[0], found[2])


def rank(vocabulary: Vocabulary, ask: StepAsk, offers: Iterable[Offer]) -> list[Verdict]:
    """Every candidate of a step in order, one by one: the plain path the columns are tested by."""
    found = (judge(vocabulary, ask, offer) for offer in offers)
    return sorted((v for v in found if v is not None), key=lambda v: v.order)


def judge_pair(
    vocabulary: Vocabulary, need: NeedProfile, offer: Offer, step: int = 0
) -> Verdict | None:
    """The verdict on one capability for one step of a need."""
    return judge(vocabulary, prepare_step(vocabulary, need, step), offer)
