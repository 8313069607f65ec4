"""Which needs have a route, and what adding, changing or removing capabilities would change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from collab.matching.engine import Found, find
from collab.matching.fits import technique_fit
from collab.matching.prepare import StepAsk, prepare
from collab.matching.records import NeedProfile, Offer
from collab.matching.rules import Class
from collab.matching.snapshot import Snapshot
from collab.matching.verdicts import judge
from collab.routing.existence import route_exists
from collab.routing.plan import Candidate, Plan, PlanStep, Weeks, order_steps
from collab.vocabulary.catalog import Vocabulary

LIMIT = 50
"""Candidates kept per step; routes are looked for among them."""


LOOKS = (1, 4, LIMIT)
"""Candidates per step looked at in turn: most needs have a route among their very best ones."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a need stands: candidates that fit per step, best first, and whether a route holds."""

    fits: tuple[tuple[Found, ...], ...]
    route: bool

    @property
    def open_steps(self) -> tuple[int, ...]:
        """Steps that nobody fits."""
        return tuple(i for i, found in enumerate(self.fits) if not found)


@dataclass(frozen=True, slots=True)
class Change:
    """What a scenario does to one need."""

    need: int
    before: Standing
    after: Standing

    @property
    def gained(self) -> bool:
        """The need has a route now and had none."""
        return self.after.route and not self.before.route

    @property
    def lost(self) -> bool:
        """The need had a route and has none now."""
        return self.before.route and not self.after.route


@dataclass
class Board:
    """All needs with their standing over one snapshot. `scenario` never alters it."""

    vocabulary: Vocabulary
    snapshot: Snapshot
    needs: Sequence[NeedProfile]
    asks: list[tuple[StepAsk, ...]] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.asks:
            self.asks = [prepare(self.vocabulary, need) for need in self.needs]
        if not self.standings:
            self.standings = [self.standing(i, self.snapshot) for i in range(len(self.needs))]

    @cached_property
    def _by_technique(self) -> Mapping[str, set[int]]:
        """Needs by the techniques that bear on them."""
        found: dict[str, set[int]] = defaultdict(set)
        for i, asks in enumerate(self.asks):
            for ask in asks:
                for technique in ask.fits or (f"cat:{ask.step.category}",):
                    found[technique].add(i)
        return found

    @cached_property
    def _by_key(self) -> Mapping[str, set[int]]:
        """Needs by the capabilities that stand among their candidates."""
        found: dict[str, set[int]] = defaultdict(set)
        for i, standing in enumerate(self.standings):
            for fits in standing.fits:
                for entry in fits:
                    found[entry.key].add(i)
        return found

    def standing(self, number: int, snapshot: Snapshot) -> Standing:
        """The standing of one need over a snapshot, from scratch."""
        fits = tuple(
            tuple(find(self.vocabulary, snapshot, ask, LIMIT, 0)) if ask.answerable else ()
            for ask in self.asks[number]
        )
        return Standing(fits, self.holds(number, fits, snapshot))

    def holds(self, number: int, fits: tuple[tuple[Found, ...], ...], snapshot: Snapshot) -> bool:
        """Whether a route holds over these candidates of a need's steps."""
        need, asks = self.needs[number], self.asks[number]
        must = [i for i, s in enumerate(need.steps) if not s.optional]
        if not need.steps or any(not fits[i] for i in must):
            return False
        for optional in (True, False):
            kept = [i for i, s in enumerate(need.steps) if not s.optional or (optional and fits[i])]
            if kept and self._holds(need, asks, fits, kept, snapshot):
                return True
            if len(kept) == len(must):
                return False
        return False

    def _holds(
        self,
        need: NeedProfile,
        asks: tuple[StepAsk, ...],
        fits: tuple[tuple[Found, ...], ...],
        kept: list[int],
        snapshot: Snapshot,
    ) -> bool:
        widest = max(len(fits[i]) for i in kept)
        widths = [w for w in LOOKS if w < widest] + [widest]
        return any(self._passes(need, asks, fits, kept, snapshot, w) for w in widths)

    def _passes(
        self,
        need: NeedProfile,
        asks: tuple[StepAsk, ...],
        fits: tuple[tuple[Found, ...], ...],
        kept: list[int],
        snapshot: Snapshot,
        width: int,
    ) -> bool:
        ordered, before, states = order_steps(self.vocabulary, need, kept)
        steps = []
        for place, i in enumerate(ordered):
            offers = [
                snapshot.offer_at(f.row) if f.row >= 0 else snapshot.get(f.key)
                for f in fits[i][:width]
            ]
            found = [self._candidate(asks[i], o) for o in offers if o is not None]
            steps.append(PlanStep(place, need.steps[i], before[place], tuple(found), states[place]))
        raw = self.vocabulary.raw["chains"]["logistics_weeks"]
        logistics = {
            k: (0.0, 0.0) if v == 0 else (float(v[0]), float(v[1])) for k, v in raw.items()
        }
        plan = Plan(need, tuple(steps), (), logistics)
        return route_exists(self.vocabulary, plan)

    def _candidate(self, ask: StepAsk, offer: Offer) -> Candidate:
        fit = technique_fit(self.vocabulary, ask, offer)
        done = fit[2] if fit else ""
        lead = offer.lead_weeks
        weeks = Weeks(lead[0], lead[1], stated=True) if lead else Weeks(0.0, 0.0)
        return Candidate(offer, done, weeks, 0, "")

    def affected(self, added: Iterable[Offer], removed: Iterable[str]) -> set[int]:
        """Needs that a capability bears on by technique, or that list a removed one."""
        found: set[int] = set()
        for offer in added:
            names = {*offer.techniques, f"cat:{offer.category}"}
            for technique in offer.techniques:
                term = self.vocabulary.techniques.get(technique)
                names.add(f"cat:{term.category}" if term else "")
            for name in names:
                found |= self._by_technique.get(name, set())
        for key in removed:
            found |= self._by_key.get(key, set())
        return found

    def scenario(
        self, add: Sequence[Offer] = (), remove: Iterable[str] = ()
    ) -> tuple[list[Change], Snapshot]:
        """What adding (or replacing, by key) and removing capabilities does to the needs: the
        changes of needs whose standing differs, and the snapshot of the scenario. Only affected
        needs are looked at, and the board and its data stay as they are."""
        gone = {k for k in remove if self.snapshot.get(k) is not None}
        replaced = {o.key for o in add if self.snapshot.get(o.key) is not None}
        after = self.snapshot.changed(upserts=add, deletes=gone)
        changes = []
        for number in sorted(self.affected(add, gone | replaced)):
            before = self.standings[number]
            now = self._after(number, add, gone | replaced, after)
            if now != before:
                changes.append(Change(number, before, now))
        return changes, after

    def _after(
        self, number: int, add: Sequence[Offer], gone: set[str], after: Snapshot
    ) -> Standing:
        before = self.standings[number]
        fits = []
        for ask, found in zip(self.asks[number], before.fits, strict=True):
            if any(f.key in gone for f in found):
                fits.append(tuple(find(self.vocabulary, after, ask, LIMIT, 0)))
            else:
                fits.append(self._with(ask, found, add, gone))
        changed = tuple(fits)
        if changed == before.fits:
            return before
        if before.route and not any(f.key in gone for found in before.fits for f in found):
            kept = all(
                f in after_ for b, after_ in zip(before.fits, changed, strict=True) for f in b
            )
            if kept:
                return Standing(changed, True)
        return Standing(changed, self.holds(number, changed, after))

    def _with(
        self, ask: StepAsk, found: tuple[Found, ...], add: Sequence[Offer], gone: set[str]
    ) -> tuple[Found, ...]:
        fresh = []
        for offer in add:
            verdict = judge(self.vocabulary, ask, offer) if ask.answerable else None
            if verdict is not None and verdict.klass is not Class.NEAR:
                fresh.append(Found(offer.key, verdict.klass, verdict.score))
        if not fresh:
            return found
        return tuple(sorted((*found, *fresh), key=lambda f: f.order)[:LIMIT])

    def applied(self, add: Sequence[Offer] = (), remove: Iterable[str] = ()) -> Board:
        """The board after a change of the data itself: follows without judging every need anew."""
        changes, after = self.scenario(add, remove)
        standings = list(self.standings)
        for change in changes:
            standings[change.need] = change.after
        return replace(self, snapshot=after, standings=standings)
