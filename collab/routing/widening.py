"""The smallest sets of changes to a need, over all its steps, that open a match or a route."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from collab.matching import relax
from collab.matching.answer import StepResult
from collab.matching.engine import Found, find
from collab.matching.gaps import MOST_TOGETHER, alternatives, smallest_relaxations, widest
from collab.matching.prepare import StepAsk, prepare
from collab.matching.records import NeedProfile
from collab.matching.relax import Relaxation
from collab.matching.snapshot import Snapshot
from collab.matching.words import both, labels
from collab.routing.scenario import LIMIT, Board, Standing
from collab.vocabulary.catalog import Vocabulary

PER_STEP, POOL, SETS = 4, 9, 5
"""Changes taken from one step, changes combined in all, sets shown."""


@dataclass
class Trial:
    """Tries changed needs; the candidates of a step are looked up once for each way it is asked."""

    vocabulary: Vocabulary
    snapshot: Snapshot
    _found: dict[Hashable, tuple[Found, ...]] = field(default_factory=dict)

    def fits(self, ask: StepAsk) -> tuple[Found, ...]:
        """The candidates of one step."""
        need = ask.need
        key = (
            ask.step, tuple((w.criterion, w.scope, w.counts) for w in ask.wanted), ask.materials,
            ask.material_scope, ask.excluded_materials, ask.require, ask.deadline,
            ask.deadline_hard, need.region_exclude, need.excluded_techniques,
        )  # fmt: skip
        found = self._found.get(key)
        if found is None:
            listed = find(self.vocabulary, self.snapshot, ask, LIMIT, 0) if ask.answerable else []
            found = self._found[key] = tuple(listed)
        return found

    def matches(self, need: NeedProfile) -> bool:
        """Every step that must be done has a candidate."""
        asks = prepare(self.vocabulary, need)
        return all(self.fits(ask) for ask in asks if not ask.step.optional)

    def routes(self, need: NeedProfile) -> bool:
        """A whole route holds."""
        asks = prepare(self.vocabulary, need)
        fits = tuple(self.fits(ask) for ask in asks)
        board = Board(self.vocabulary, self.snapshot, [need], [asks], [Standing(fits, False)])
        return board.holds(0, fits, self.snapshot)


def pool(
    vocabulary: Vocabulary, snapshot: Snapshot, results: Sequence[StepResult]
) -> list[Relaxation]:
    """Single changes worth combining: what the nearest misses of the steps without a candidate
    would need (of all steps where each has one and yet no route holds), and a technique that would
    do instead; the cheapest of each step, every one once."""
    must = [r for r in results if not r.ask.step.optional and r.ask.answerable]
    lacking = [r for r in must if not r.fits] or must
    lists = [list(_of_step(vocabulary, snapshot, result)) for result in lacking]
    found: dict[tuple[object, ...], Relaxation] = {}
    for rank in range(max(map(len, lists), default=0)):
        for one in (entries[rank] for entries in lists if rank < len(entries)):
            found.setdefault(_same(one), one)
    return list(found.values())[:POOL]


def _of_step(
    vocabulary: Vocabulary, snapshot: Snapshot, result: StepResult
) -> Iterable[Relaxation]:
    singles: dict[tuple[object, ...], Relaxation] = {}
    for verdict in widest(vocabulary, snapshot, result.ask):
        for one in relax.relaxations(vocabulary, result.ask, verdict) or ():
            singles.setdefault(_same(one), one)
    instead = [one for one, _ in alternatives(vocabulary, snapshot, result.ask)[:2]]
    ordered = sorted(singles.values(), key=lambda one: (one.cost, repr(_same(one))))
    if result.fits:  # somebody does it and yet no route holds: another way of doing it helps most
        return [*instead, *ordered][:PER_STEP]
    return sorted([*ordered, *instead], key=lambda one: one.cost)[:PER_STEP]


def _same(one: Relaxation) -> tuple[object, ...]:
    """Equal for changes that ask the same of the member, whichever step they came from."""
    step = one.step if one.id == "technique" else None
    return one.id, one.old, one.new, one.names, one.weeks, step


@dataclass(frozen=True, slots=True)
class Widening:
    """Sets of changes that open a route, or, where none does, at least a match for every step."""

    level: str
    sets: tuple[tuple[Relaxation, ...], ...]


def widenings(
    vocabulary: Vocabulary,
    snapshot: Snapshot,
    need: NeedProfile,
    results: Sequence[StepResult],
) -> Widening | None:
    """Every smallest set of up to three changes (two where each step has a candidate) that opens a
    route, smallest and cheapest first; None when no change is known that helps. For needs without
    a route."""
    singles = pool(vocabulary, snapshot, results)
    if not singles:
        return None
    trial = Trial(vocabulary, snapshot)
    most = MOST_TOGETHER if any(not r.fits for r in results) else 2
    for level, opens in (("route", trial.routes), ("match", trial.matches)):
        if level == "match" and trial.matches(need):
            return None
        sets = smallest_relaxations(need, singles, opens, most)
        if sets:
            ordered = sorted(sets, key=lambda s: (len(s), sum(r.cost for r in s)))
            return Widening(level, tuple(ordered[:SETS]))
    return None


def _named_step(
    vocabulary: Vocabulary, need: NeedProfile, one: Relaxation
) -> dict[str, str] | None:
    """The step that a change is about; None where it is about the whole need or several steps."""
    if one.id == "technique":
        about = [one.step]
    elif one.old is None or one.old in need.criteria or len(need.steps) < 2:
        return None
    else:
        about = [i for i, step in enumerate(need.steps) if one.old in step.criteria]
    if len(about) != 1:
        return None
    step = need.steps[about[0]]
    names = [labels(vocabulary, step.techniques, lang) or step.category for lang in ("zh", "en")]
    return {"key": step.key, **both(*names)}


def _change_view(vocabulary: Vocabulary, need: NeedProfile, one: Relaxation) -> dict[str, Any]:
    view = relax.relaxation_view(vocabulary, one)
    step = _named_step(vocabulary, need, one)
    if step is None:
        return {**view, "step": None}
    if one.id == "technique":
        zh, en = labels(vocabulary, one.names, "zh"), labels(vocabulary, one.names, "en")
        text = both(
            f"用{zh}代替{step['zh']}", f"{en.lower()} may stand in for {step['en'].lower()}"
        )
        return {**view, "step": step["key"], **text}
    text = both(f"{step['zh']}{view['zh']}", f"for {step['en'].lower()}, {view['en']}")
    return {**view, "step": step["key"], **text}


_ENDS = {
    "route": (("若{}，则有完整路线", "a whole route opens if {}")),
    "match": (("若{}，则每一步都有候选", "every step has a candidate if {}")),
}


def widening_view(
    vocabulary: Vocabulary, need: NeedProfile, found: Widening | None
) -> list[dict[str, Any]]:
    """The sets as data and words: each with what would have to be accepted, all of it together."""
    views = []
    for chosen in found.sets if found else ():
        accept = [_change_view(vocabulary, need, one) for one in chosen]
        zh, en = _ENDS[found.level] if found else ("", "")
        text = both(
            zh.format("，并".join(a["zh"] for a in accept)),
            en.format(" and ".join(a["en"] for a in accept)),
        )
        views.append({"opens": found.level if found else "", "accept": accept, **text})
    return views
