"""One route in full: its legs with remedies inserted, hand-overs, totals and what is open."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from collab.matching.records import Offer
from collab.matching.score import great_circle_km
from collab.routing import pieces
from collab.routing.checks import UNKNOWN, Sight
from collab.routing.meeting import merge
from collab.routing.plan import (
    FAR_KM,
    Candidate,
    Plan,
    candidate_of,
    kind_of_handover,
    logistics_weeks,
)
from collab.routing.remedies import Finder
from collab.routing.rules import Checked, RuleBook, check_step, walk
from collab.vocabulary.catalog import Vocabulary

Pair = tuple[float, float]


class Leg(NamedTuple):
    """A step of a route at one capability. `before` are places of legs it takes its piece from;
    `remedy` names the rule it mends, empty for a step of the need; `state` is the piece after."""

    key: str
    candidate: Candidate
    before: tuple[int, ...]
    checked: tuple[Checked, ...] = ()
    remedy: str = ""
    state: str = ""
    incoming: str = ""
    questions: int = 0

    @property
    def offer(self) -> Offer:
        """The capability of the leg."""
        return self.candidate.offer


class Way(NamedTuple):
    """How far two capabilities are apart: kind, km (None: unknown), weeks on the road."""

    kind: str
    km: float | None
    weeks: Pair


class Handover(NamedTuple):
    """The way between two legs of different organisations; km None when a place is unknown."""

    sender: int
    receiver: int
    kind: str
    weeks: Pair
    km: float | None


@dataclass(frozen=True)
class Route:
    """A whole route with its totals: weeks [low, high] on the critical path, km, open questions.
    `middle` is the critical path of low and high added up, which puts routes in order."""

    legs: tuple[Leg, ...]
    handovers: tuple[Handover, ...]
    weeks: Pair
    km: int
    open_questions: int
    estimated: bool
    unknown_places: int = 0
    middle: float = 0.0
    path: tuple[int, ...] = field(default=())

    @property
    def key(self) -> tuple[str, ...]:
        """Public keys of the capabilities in order: ties are broken by it."""
        return tuple(leg.offer.key for leg in self.legs)

    @property
    def reach(self) -> int:
        """Kilometres with every unknown way counted as the longest there is."""
        return self.km + FAR_KM * self.unknown_places

    def order(self, objective: str) -> tuple[float, ...]:
        """What the objective sorts by, the most important first."""
        weeks, hands = self.middle, float(len(self.handovers))
        return {
            "fastest": (weeks, hands, float(self.open_questions)),
            "fewest": (hands, weeks, float(self.open_questions)),
            "nearest": (float(self.reach), hands, weeks),
            "surest": (float(self.open_questions), weeks, hands),
        }[objective]


class Laid(NamedTuple):
    """The beginning of a route: its legs, the piece after each, the hand-overs between them, when
    each is done (weeks: low, high, both added up), and the places of the legs of the steps."""

    legs: tuple[Leg, ...] = ()
    after: tuple[pieces.Piece, ...] = ()
    handovers: tuple[Handover, ...] = ()
    ends: tuple[tuple[float, float, float], ...] = ()
    place_of: tuple[int, ...] = ()


@dataclass
class Workshop:
    """What the routes of one plan share: the tables, the finder of remedies, and beginnings that
    were laid before. Routes of a plan differ in few legs."""

    vocabulary: Vocabulary
    book: RuleBook
    plan: Plan
    finder: Finder | None = None
    _checked: dict[Hashable, list[Checked]] = field(default_factory=dict)
    _walked: dict[Hashable, pieces.Piece] = field(default_factory=dict)
    _ways: dict[tuple[str, str], Way] = field(default_factory=dict)
    laid: dict[tuple[bool, tuple[int, ...]], Laid] = field(default_factory=dict)

    @cached_property
    def start(self) -> pieces.Piece:
        """The piece before the first step."""
        return pieces.start(self.book.terms, self.plan.need)

    def checked(self, sight: Sight) -> list[Checked]:
        """Every interface rule at a step."""
        offer = sight.offer.key if sight.offer else ""
        key = (sight.piece, offer, sight.technique, sight.crossing)
        found = self._checked.get(key)
        if found is None:
            found = self._checked[key] = check_step(self.book, sight)
        return found

    def walked(self, sight: Sight, checked: list[Checked], state: str) -> pieces.Piece:
        """The piece after a step."""
        offer = sight.offer.key if sight.offer else ""
        key = (sight.piece, offer, sight.technique, state, tuple(c.asks for c in checked))
        found = self._walked.get(key)
        if found is None:
            found = self._walked[key] = walk(self.book, sight, checked, state)
        return found

    def way(self, sender: Offer, receiver: Offer) -> Way:
        """How far two capabilities are apart."""
        key = (sender.key, receiver.key)
        found = self._ways.get(key)
        if found is None:
            kind = kind_of_handover(sender, receiver)
            km = great_circle_km(sender.place, receiver.place)
            found = self._ways[key] = Way(kind, km, logistics_weeks(self.plan, kind))
        return found


class _Builder:
    """Lays the legs of one more step, inserting remedies where a capability offers one."""

    def __init__(self, shop: Workshop, mended: bool, so_far: Laid) -> None:
        self.mended = mended
        self.shop, self.vocabulary, self.plan = shop, shop.vocabulary, shop.plan
        self.legs = list(so_far.legs)
        self.after = list(so_far.after)

    def _incoming(self, before: tuple[int, ...]) -> pieces.Piece:
        parts = [self.after[b] for b in before] or [self.shop.start]
        return merge(self.shop.book.terms, parts)

    def lay(self, key: str, candidate: Candidate, before: tuple[int, ...], state: str) -> int:
        """Adds a step's leg (and its remedies before it); gives the place of its leg."""
        piece = self._incoming(before)
        checked = self._check(piece, candidate, before)
        tried: set[str] = set()
        while broken := next((c for c in checked if _open_fix(c, tried)), None):
            tried.add(broken.rule.id)
            found = self._remedy(broken, candidate, before)
            if found is not None:
                before = (found,)
                piece = self._incoming(before)
                checked = self._check(piece, candidate, before)
        return self._add(key, candidate, before, checked, piece, state)

    def _remedy(self, broken: Checked, candidate: Candidate, before: tuple[int, ...]) -> int | None:
        """The place of a leg that mends: the nearest capability after which the rule holds, or is
        a question; None when nobody offers one."""
        if self.shop.finder is None or not self.mended:
            return None
        previous = self.legs[before[-1]].offer if before else None
        for _, verdict in self.shop.finder(broken, previous, candidate.offer)[:TRIED]:
            mend = candidate_of(self.vocabulary, self.plan.need, verdict)
            piece = self._incoming(before)
            checked = self._check(piece, mend, before)
            if any(c.verdict in ("block", "fix") for c in checked):
                continue
            place = self._add("", mend, before, checked, piece, "", broken.rule.id)
            then = self._check(self.after[place], candidate, (place,))
            if not any(c.verdict == "block" or _same_fix(c, broken) for c in then):
                return place
            self.legs.pop()
            self.after.pop()
        return None

    def _add(
        self,
        key: str,
        candidate: Candidate,
        before: tuple[int, ...],
        checked: list[Checked],
        piece: pieces.Piece,
        state: str,
        remedy: str = "",
    ) -> int:
        sight = self._sight(piece, candidate, before)
        moved = self.shop.walked(sight, checked, state)
        asked = {
            c.asks if c.verdict == UNKNOWN else c.rule.id
            for c in checked
            if c.verdict == "fix" or (c.verdict == UNKNOWN and c.rule.severity in ("block", "fix"))
        }
        questions = len(asked - piece.asked) + candidate.open_questions
        self.legs.append(
            Leg(key, candidate, before, tuple(checked), remedy, moved.state, piece.state, questions)
        )
        self.after.append(moved)
        return len(self.legs) - 1

    def _sight(self, piece: pieces.Piece, candidate: Candidate, before: tuple[int, ...]) -> Sight:
        crossing: bool | None = False if before else None
        for place in before:
            kind = self.shop.way(self.legs[place].offer, candidate.offer).kind
            if kind == "unknown":
                crossing = None
                break
            crossing = crossing or kind == "cross_border"
        return Sight(
            self.shop.book.terms, piece, candidate.offer, candidate.done, self.plan.need, crossing
        )

    def _check(
        self, piece: pieces.Piece, candidate: Candidate, before: tuple[int, ...]
    ) -> list[Checked]:
        checked = self.shop.checked(self._sight(piece, candidate, before))
        return [self._aged(c, candidate, before) for c in checked]

    def _aged(self, checked: Checked, candidate: Candidate, before: tuple[int, ...]) -> Checked:
        """A freshly etched surface does not survive shipping: crossing organisations since it was
        etched or cleaned breaks the rule, unless it was cleaned at the receiver just before."""
        if checked.rule.id != "regrowth-surface-age" or not before:
            return checked
        here = candidate.offer.organisation_id
        last = self.legs[before[-1]]
        same = last.offer.organisation_id == here
        if same and self.vocabulary.covers(last.candidate.done, "cleaning"):
            return Checked(checked.rule, "ok", checked.left, checked.right)
        if same and not self._shipped(before[-1], here):
            return checked
        return Checked(checked.rule, "fix", checked.left, checked.right)

    def _shipped(self, place: int, here: int) -> bool:
        """Whether the surface came to `here` by road after it was last prepared."""
        while True:
            leg = self.legs[place]
            if leg.offer.organisation_id != here:
                return True
            if any(self.vocabulary.covers(leg.candidate.done, t) for t in PREPARES):
                return False
            if not leg.before:
                return False
            place = leg.before[-1]


PREPARES = ("etching", "lithography", "cleaning")
TRIED = 8
"""Remedies tried for one broken rule, nearest first."""


def _open_fix(checked: Checked, tried: set[str]) -> bool:
    return checked.verdict == "fix" and checked.rule.id not in tried


def _same_fix(checked: Checked, broken: Checked) -> bool:
    return checked.verdict == "fix" and checked.rule.id == broken.rule.id


def _holds(shop: Workshop, route: Route) -> bool:
    """Whether the hand-overs hold, and the stated lead times with a hard deadline, now that
    remedies stand in the route."""
    if any(c.verdict == "block" for leg in route.legs for c in leg.checked):
        return False
    need = shop.plan.need
    if need.deadline_weeks is None or not need.deadline_hard:
        return True
    stated: list[float] = []
    for leg in route.legs:
        before = max((stated[b] for b in leg.before), default=0.0)
        stated.append(before + (leg.candidate.weeks.low if leg.candidate.weeks.stated else 0.0))
    return max(stated, default=0.0) <= need.deadline_weeks


def build_route(shop: Workshop, path: Sequence[int]) -> Route:
    """The route of a path with everything about it worked out. Remedies that make a later step
    impossible, or the whole too late, are left out again: what they mend stays an open question."""
    route = _built(shop, path)
    if any(leg.remedy for leg in route.legs) and not _holds(shop, route):
        return plain_route(shop, path)
    return route


def plain_route(shop: Workshop, path: Sequence[int]) -> Route:
    """The route of a path without remedies, as the search knows it."""
    return _built(shop, path, mended=False)


def _built(shop: Workshop, path: Sequence[int], *, mended: bool = True) -> Route:
    laid = _laid(shop, tuple(path), mended)
    legs, handovers = laid.legs, laid.handovers
    longest = [round(max((end[i] for end in laid.ends), default=0.0), 2) for i in range(3)]
    return Route(
        legs,
        handovers,
        (longest[0], longest[1]),
        sum(round(h.km) for h in handovers if h.km is not None),
        sum(leg.questions for leg in legs),
        any(not leg.candidate.weeks.stated for leg in legs),
        sum(h.km is None for h in handovers),
        longest[2],
        tuple(path),
    )


def _laid(shop: Workshop, path: tuple[int, ...], mended: bool) -> Laid:
    """A path's legs; what two paths begin with is laid once."""
    if not path:
        return Laid()
    found = shop.laid.get((mended, path))
    if found is None:
        so_far = _laid(shop, path[:-1], mended)
        builder = _Builder(shop, mended, so_far)
        step = shop.plan.steps[len(path) - 1]
        before = tuple(so_far.place_of[b] for b in step.before)
        place = builder.lay(step.step.key, step.candidates[path[-1]], before, step.state)
        found = _with(shop, so_far, builder, place)
        shop.laid[mended, path] = found
    return found


def _with(shop: Workshop, so_far: Laid, builder: _Builder, place: int) -> Laid:
    """The beginning with the legs that a builder added; `place` is that of the step's leg."""
    handovers, ends = list(so_far.handovers), list(so_far.ends)
    for at in range(len(ends), len(builder.legs)):
        leg = builder.legs[at]
        found = _handovers(shop, builder.legs, at)
        ends.append(_end(leg, {h.sender: h.weeks for h in found}, ends))
        handovers += found
    return Laid(
        tuple(builder.legs), tuple(builder.after), tuple(handovers), tuple(ends),
        (*so_far.place_of, place),
    )  # fmt: skip


def _handovers(shop: Workshop, legs: Sequence[Leg], place: int) -> list[Handover]:
    """The hand-overs to a leg."""
    found = []
    for before in legs[place].before:
        way = shop.way(legs[before].offer, legs[place].offer)
        if way.kind != "none":
            found.append(Handover(before, place, way.kind, way.weeks, way.km))
    return found


def _end(
    leg: Leg, road: Mapping[int, Pair], ends: Sequence[tuple[float, float, float]]
) -> tuple[float, float, float]:
    """When a leg is done at the earliest and the latest, and the longest way of both added up."""
    low = high = both = 0.0
    for before in leg.before:
        way = road.get(before, (0.0, 0.0))
        low = max(low, ends[before][0] + way[0])
        high = max(high, ends[before][1] + way[1])
        both = max(both, ends[before][2] + sum(way))
    weeks = leg.candidate.weeks
    return low + weeks.low, high + weeks.high, both + weeks.low + weeks.high
