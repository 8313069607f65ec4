"""Who is a candidate at all: fit of techniques, pairs that may not meet, where an offer stands."""

from __future__ import annotations

from collections.abc import Hashable

from collab.matching.prepare import EXACT, NARROWER, StepAsk
from collab.matching.records import NeedProfile, Offer
from collab.vocabulary.catalog import Vocabulary


def technique_fit(
    vocabulary: Vocabulary, ask: StepAsk, offer: Offer
) -> tuple[int, str, str] | None:
    """(fit, offered technique, technique that would be done), or None: not a candidate at all."""
    best: tuple[int, str, str] | None = None
    for offered in offer.techniques:
        found = ask.fits.get(offered)
        if found is not None and (best is None or found[0] > best[0]):
            best = (found[0], offered, found[1])
    if best is not None or ask.step.techniques or not ask.step.category:
        return best
    return _category_fit(vocabulary, ask, offer)


def _category_fit(
    vocabulary: Vocabulary, ask: StepAsk, offer: Offer
) -> tuple[int, str, str] | None:
    wanted = ask.step.category
    for offered in offer.techniques:
        term = vocabulary.techniques.get(offered)
        if term is not None and term.category == wanted:
            return NARROWER, offered, offered
    return (EXACT, wanted, wanted) if offer.category == wanted else None


def excluded_pair(need: NeedProfile, offer: Offer) -> bool:
    """True when the two may not meet: the member's own line, or one has blocked the other."""
    own = need.organisation_id is not None and need.organisation_id == offer.organisation_id
    blocked = offer.organisation_id in need.blocked
    return own or blocked or (need.organisation_id in offer.blocked)


def standing(offer: Offer) -> Hashable:
    """All that tells where an offer stands."""
    return offer.place.region, offer.place.above, offer.place.country


def regions_of(offer: Offer) -> frozenset[str]:
    """Every region code the offer stands in."""
    place = offer.place
    return frozenset(r for r in (place.region, *place.above, place.country) if r)
