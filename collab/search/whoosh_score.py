"""A plan carried out on Whoosh's postings: BM25, phrases, ranges, filters, facets and orders."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np

from collab.search.impact import K1, B, rarity
from collab.search.plan import (
    GRAMS,
    TAG,
    Atom,
    Group,
    Part,
    Phrase,
    Plan,
    Range,
    Raw,
    RawHit,
    Want,
    Within,
)
from collab.search.whoosh_reader import PLACE_BITS, Floats, Mask, Segment, View

EARTH_KM = 6371.0


class Scorer:
    """Carries out plans on one view for a reader who holds `labels`."""

    def __init__(self, view: View, labels: frozenset[str]) -> None:
        self._view = view
        self._labels = labels

    def run(self, plan: Plan, want: Want) -> Raw:
        """The wanted page, the number of all matches and the counts of facet values."""
        masks: list[Mask] = []
        scores: list[Floats] = []
        facets: dict[str, dict[str, int]] = {}
        for segment, alive in zip(self._view.segments, self._view.alive, strict=True):
            base, score = self._match(segment, plan, self.visible(segment, alive))
            chosen = {f: self._any_tag(segment, f, v) for f, v in plan.filters.items()}
            _count_facets(segment, base, chosen, want.facets, facets)
            for mask in chosen.values():
                base = base & mask
            masks.append(base)
            scores.append(score)
        # always in the order that was asked for, whatever stands first in the files
        return self._page(masks, scores, want, {f: facets[f] for f in want.facets if f in facets})

    def visible(self, segment: Segment, alive: Mask) -> Mask:
        """Living documents with any of the reader's labels; worked out anew for every search."""
        mask = np.zeros(segment.size, dtype=bool)
        for label in self._labels:
            mask[segment.postings("label", label).docs] = True
        return mask & alive

    def counts(self, name: str, terms: Iterable[str]) -> dict[str, int]:
        """In how many documents the reader can see each term stands."""
        found = dict.fromkeys(terms, 0)
        for segment, alive in zip(self._view.segments, self._view.alive, strict=True):
            visible = self.visible(segment, alive)
            for term in found:
                found[term] += int(visible[segment.postings(name, term).docs].sum())
        return found

    def prefixed(self, name: str, prefix: str, limit: int) -> dict[str, int]:
        """Visible terms that begin like this, with the number of visible documents."""
        counts: dict[str, int] = {}
        for segment, alive in zip(self._view.segments, self._view.alive, strict=True):
            visible = self.visible(segment, alive)
            for term in segment.terms(name, prefix, limit):
                seen = int(visible[segment.postings(name, term).docs].sum())
                if seen:
                    counts[term] = counts.get(term, 0) + seen
        return counts

    # ---- matching

    def _match(self, segment: Segment, plan: Plan, visible: Mask) -> tuple[Mask, Floats]:
        score = np.zeros(segment.size)
        base = visible
        for group in plan.must:
            hit, gained = self._group(segment, group)
            base = base & hit
            score += gained
        if plan.some:
            base = base & self._enough(segment, plan, score)
        for wanted in plan.ranges:
            base = base & _in_range(segment, wanted)
        for part in plan.exclude:
            base = base & ~self._part(segment, part)[0]
        if not base.any():
            return base, score
        for group in plan.extra:
            score += self._group(segment, group)[1]
        return base, score

    def _enough(self, segment: Segment, plan: Plan, score: Floats) -> Mask:
        """Where enough of `some` match; adds what they score."""
        matched = np.zeros(segment.size, dtype=np.int32)
        for group in plan.some:
            hit, gained = self._group(segment, group)
            matched += hit
            score += gained
        return matched >= min(plan.minimum, len(plan.some))

    def _group(self, segment: Segment, group: Group) -> tuple[Mask, Floats]:
        hit = np.zeros(segment.size, dtype=bool)
        score = np.zeros(segment.size)
        for part in group.parts:
            if isinstance(part, Atom) and not part.prefix:
                self._add_atom(segment, part, (hit, score), group.best)
                continue
            found, gained = self._part(segment, part)
            hit |= found
            score = np.maximum(score, gained) if group.best else score + gained
        return hit, score

    def _add_atom(
        self, segment: Segment, atom: Atom, into: tuple[Mask, Floats], best: bool
    ) -> None:
        postings = segment.postings(atom.field, atom.term)
        docs = postings.docs
        if not len(docs):
            return
        hit, score = into
        hit[docs] = True
        gained = atom.weight if atom.flat else self._bm25(segment, atom)
        if best:
            score[docs] = np.maximum(score[docs], gained)
        else:
            score[docs] += gained

    def _bm25(self, segment: Segment, atom: Atom) -> Floats:
        postings = segment.postings(atom.field, atom.term)
        known = self._view.document_count(atom.field, atom.term)
        size = self._view.public_size
        weight = atom.weight * rarity(size, known)
        if atom.field == GRAMS:  # a pair tells by standing there, not by how often
            return np.full(len(postings.docs), weight)
        norm = self._view.norm(segment, atom.field, K1, B)[postings.docs]
        tf = postings.weights
        return weight * tf * (K1 + 1) / (tf + norm)

    def _part(self, segment: Segment, part: Part) -> tuple[Mask, Floats]:
        if isinstance(part, Phrase):
            hit = self._phrase(segment, part)
            return hit, hit * part.weight
        if isinstance(part, Within):
            hit = _in_range(segment, part.range)
            return hit, hit * part.weight
        if part.prefix:
            hit = np.zeros(segment.size, dtype=bool)
            for term in segment.terms(part.field, part.term):
                hit[segment.postings(part.field, term).docs] = True
            return hit, hit * part.weight
        return self._group(segment, Group((part,)))

    def _phrase(self, segment: Segment, phrase: Phrase) -> Mask:
        hit = np.zeros(segment.size, dtype=bool)
        terms = sorted(phrase.terms, key=lambda t: len(segment.postings(GRAMS, t[1]).docs))
        if len(terms) == 1:
            return self._part(segment, Atom(GRAMS, terms[0][1], prefix=len(terms[0][1]) == 1))[0]
        starts = segment.places(terms[0][1]) - terms[0][0]
        for offset, term in terms[1:]:
            if not len(starts):
                break
            there = segment.places(term) - offset
            starts = np.intersect1d(starts, there, assume_unique=True)
        hit[starts >> PLACE_BITS] = True
        return hit

    @staticmethod
    def _any_tag(segment: Segment, facet: str, values: Iterable[str]) -> Mask:
        mask = np.zeros(segment.size, dtype=bool)
        for value in values:
            mask[segment.postings(TAG, f"{facet}:{value}").docs] = True
        return mask

    # ---- ordering

    def _page(
        self,
        masks: list[Mask],
        scores: list[Floats],
        want: Want,
        facets: Mapping[str, Mapping[str, int]],
    ) -> Raw:
        segments = self._view.segments
        where = [np.flatnonzero(mask) for mask in masks]
        total = sum(len(found) for found in where)
        if not total:
            return Raw((), 0, facets)
        number = np.repeat(np.arange(len(segments)), [len(found) for found in where])
        docs = np.concatenate(where)
        score = np.concatenate([s[found] for s, found in zip(scores, where, strict=True)])
        tie = self._gather("tie", where)
        keys = self._order(want, score, where)
        end = min(total, want.offset + want.limit)
        chosen = _first(keys, tie, end)[want.offset : end]
        hits = []
        for at in chosen.tolist():
            stored = segments[number[at]].stored(int(docs[at]))
            hits.append(RawHit(stored["key"], float(score[at]), stored["stored"]))
        return Raw(tuple(hits), total, facets)

    def _gather(self, name: str, where: list[np.ndarray], missing: float = 0.0) -> Floats:
        pairs = zip(self._view.segments, where, strict=True)
        return np.concatenate([s.column(name, missing)[found] for s, found in pairs])

    def _order(self, want: Want, score: Floats, where: list[np.ndarray]) -> Floats:
        """What to sort ascending by."""
        if want.sort == "fresh":
            return -self._gather("updated", where)
        if want.sort == "evidence":
            return -(self._gather("trust", where) * 1e6 + np.round(score, 4))
        if want.sort == "distance" and want.origin is not None:
            return self._distances(want.origin, where)
        return -np.round(score, 4)

    def _distances(self, origin: tuple[float, float], where: list[np.ndarray]) -> Floats:
        out = []
        for segment, found in zip(self._view.segments, where, strict=True):
            docs, rows = segment.numbers("place")
            distance = np.full(segment.size, np.inf)
            distance[docs] = kilometres(origin, rows)
            out.append(distance[found])
        return np.concatenate(out)


def kilometres(origin: tuple[float, float], rows: Floats) -> Floats:
    """Great-circle distances from `origin` to rows of (lat, lon), all in degrees."""
    lat, lon = np.radians(origin[0]), np.radians(origin[1])
    lats, lons = np.radians(rows[:, 0]), np.radians(rows[:, 1])
    half = (
        np.sin((lats - lat) / 2) ** 2 + math.cos(lat) * np.cos(lats) * np.sin((lons - lon) / 2) ** 2
    )
    distances: Floats = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return distances


def _first(keys: Floats, tie: Floats, count: int) -> np.ndarray:
    """The places of the `count` smallest keys in order, equal keys by `tie`."""
    if count < len(keys):
        border = np.partition(keys, count - 1)[count - 1]
        candidates = np.flatnonzero(keys <= border)
    else:
        candidates = np.arange(len(keys))
    return candidates[np.lexsort((tie[candidates], keys[candidates]))]


def _in_range(segment: Segment, wanted: Range) -> Mask:
    mask = np.zeros(segment.size, dtype=bool)
    low = -math.inf if wanted.low is None else wanted.low
    high = math.inf if wanted.high is None else wanted.high
    for parameter in (wanted.parameter, *wanted.also):
        docs, rows = segment.numbers(parameter)
        mask[docs] |= (rows[:, 0] <= high) & (rows[:, 1] >= low)
    return mask


def _count_facets(
    segment: Segment,
    base: Mask,
    chosen: Mapping[str, Mask],
    wanted: Iterable[str],
    into: dict[str, dict[str, int]],
) -> None:
    """Add a segment's counts; a facet is counted under the other facets' choices, not its own."""
    names, values, docs = segment.tags()
    full = base
    for mask in chosen.values():
        full = full & mask
    counts = np.bincount(values[full[docs]], minlength=len(names))
    own = {}
    for facet in chosen:
        mask = base
        for other, allowed in chosen.items():
            if other != facet:
                mask = mask & allowed
        own[facet] = np.bincount(values[mask[docs]], minlength=len(names))
    keep = set(wanted)
    for at in np.flatnonzero(counts if not own else sum(own.values(), counts)).tolist():
        facet, _, value = names[at].partition(":")
        if facet in keep and (seen := int(own.get(facet, counts)[at])):
            table = into.setdefault(facet, {})
            table[value] = table.get(value, 0) + seen
