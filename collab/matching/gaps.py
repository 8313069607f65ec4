"""What is missing where a step has no answer: what kills it, who is near, what would open it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from collab.matching import relax
from collab.matching.answer import StepResult, candidate_view, judge_steps
from collab.matching.compare import Mark
from collab.matching.engine import candidate_rows, find
from collab.matching.fits import regions_of
from collab.matching.prepare import StepAsk, fits_of, prepare_step
from collab.matching.records import NeedProfile
from collab.matching.relax import Relaxation
from collab.matching.rules import Class
from collab.matching.snapshot import Snapshot
from collab.matching.verdicts import Verdict, judge
from collab.matching.words import both, labels
from collab.vocabulary.catalog import Vocabulary

NEAREST = 5
WIDE = 200
MOST_TOGETHER = 3
Opens = Callable[[NeedProfile], bool]


def widest(vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk) -> list[Verdict]:
    """The nearest candidates that do not fit, a good many of them."""
    found = find(vocabulary, snapshot, ask, top=1, near=WIDE)
    offers = (
        snapshot.offer_at(f.row) if f.row >= 0 else snapshot.get(f.key)
        for f in found
        if f.klass is Class.NEAR
    )
    verdicts = (judge(vocabulary, ask, o) for o in offers if o is not None)
    return [v for v in verdicts if v is not None]


def killers(verdicts: Iterable[Verdict]) -> list[tuple[str, int, int]]:
    """Criteria by how many candidates they alone exclude, then by how many they exclude at all:
    (criterion, alone, in all)."""
    alone: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for verdict in verdicts:
        missed = {j.id for j in verdict.judged if j.hard and j.mark is Mark.MISSES}
        every.update(missed)
        if len(missed) == 1:
            alone.update(missed)
    return sorted(((c, alone[c], every[c]) for c in every), key=lambda k: (-k[1], -k[2], k[0]))


def siblings(vocabulary: Vocabulary, ask: StepAsk) -> list[str]:
    """What might do instead of a wanted technique: what a chain names as an alternative, and what
    stands under the same parent, unless that parent is a whole category (a wire bond is no
    alternative to a hermetic seal)."""
    found: set[str] = set()
    for wanted in ask.step.techniques:
        found |= _named_alternatives(vocabulary, wanted)
        term = vocabulary.techniques.get(wanted)
        if term is None or term.broader is None or term.broader == term.category:
            continue
        found |= {
            t.id
            for t in vocabulary.techniques.values()
            if t.broader == term.broader and t.category == term.category
        }
    barred = {d for t in ask.need.excluded_techniques for d in vocabulary.descendants(t)}
    return sorted(found - set(ask.step.techniques) - barred)


def _named_alternatives(vocabulary: Vocabulary, wanted: str) -> set[str]:
    """What a chain names as another way of a step that is one technique."""
    found: set[str] = set()
    for chain in vocabulary.chains.values():
        for step in chain.steps:
            if len(step.techniques) == 1 and step.techniques[0] == wanted:
                found.update(step.alternatives)
    return found


def alternatives(
    vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk
) -> list[tuple[Relaxation, int]]:
    """Sibling techniques that are offered and fit, with how many do."""
    found = []
    for technique in siblings(vocabulary, ask):
        other = replace(ask, fits=fits_of(vocabulary, (technique,), ask.need.excluded_techniques))
        rows, _ = candidate_rows(snapshot, other)
        if not len(rows) and not snapshot.delta:
            continue
        fits = find(vocabulary, snapshot, other, top=20, near=0)
        if fits:
            one = Relaxation("technique", names=(technique,), step=ask.index, cost=0.8)
            found.append((one, len(fits)))
    return sorted(found, key=lambda f: (-f[1], f[0].names))


def minimal_sets(
    vocabulary: Vocabulary, ask: StepAsk, verdicts: Sequence[Verdict]
) -> list[tuple[tuple[Relaxation, ...], int]]:
    """The smallest sets of relaxations that open a match, fewest and cheapest first, with how many
    candidates each opens. A set that contains another one is left out."""
    wanted: dict[tuple[Relaxation, ...], int] = {}
    needs = [relax.relaxations(vocabulary, ask, v) for v in verdicts]
    usable = [tuple(sorted(n, key=_sort)) for n in needs if n]
    for one in usable:
        wanted[one] = sum(_within(other, one) for other in usable)
    ranked = sorted(wanted, key=lambda s: (len(s), sum(r.cost for r in s), [_sort(r) for r in s]))
    kept: list[tuple[tuple[Relaxation, ...], int]] = []
    for candidate in ranked:
        ids = {r.id for r in candidate}
        if not any({r.id for r in other} <= ids for other, _ in kept):
            kept.append((candidate, wanted[candidate]))
    return kept


def _sort(one: Relaxation) -> tuple[str, float, str]:
    return one.id, one.cost, repr(one.new or one.names or one.weeks)


def _within(other: tuple[Relaxation, ...], one: tuple[Relaxation, ...]) -> bool:
    allowed = {r.id: r for r in one}
    return all(r.id in allowed and r.cost <= allowed[r.id].cost for r in other)


def smallest_relaxations(
    base: NeedProfile, singles: Sequence[Relaxation], opens: Opens, most: int = MOST_TOGETHER
) -> list[tuple[Relaxation, ...]]:
    """Every minimal set of the given relaxations that `opens` the need, smallest first: a set is
    tried only when no part of it opens already."""
    found: list[tuple[Relaxation, ...]] = []
    for size in range(1, min(most, len(singles)) + 1):
        for chosen in combinations(singles, size):
            if any(set(f) <= set(chosen) for f in found):
                continue
            need = base
            for one in chosen:
                need = relax.relaxed(need, one)
            if opens(need):
                found.append(chosen)
    return found


def _neighbours(vocabulary: Vocabulary, snapshot: Snapshot, ask: StepAsk) -> list[dict[str, Any]]:
    """Regions where the step would be answered if the place did not matter."""
    if not ask.require and not ask.need.region_exclude:
        return []
    free = replace(ask.need, region_require=(), region_exclude=())
    free = replace(free, criteria=tuple(c for c in free.criteria if c.parameter != "region"))
    other = prepare_step(vocabulary, free, ask.index)
    counted: Counter[str] = Counter()
    for entry in find(vocabulary, snapshot, other, top=50, near=0):
        offer = snapshot.get(entry.key)
        if offer is not None:
            counted.update([offer.place.region] if regions_of(offer) else [])
    ordered = sorted(counted.items(), key=lambda c: (-c[1], c[0]))
    return [{"region": region, "candidates": n} for region, n in ordered[:NEAREST]]


def _text(vocabulary: Vocabulary, ask: StepAsk, code: str, killer: str | None) -> dict[str, str]:
    names = [
        labels(vocabulary, ask.step.techniques, lang) or ask.step.category for lang in ("zh", "en")
    ]
    if code == "step_without_technique":
        return both("该步骤没有说明工艺", "this step names no technique")
    if code == "not_offered":
        return both(f"目录中没有机构提供{names[0]}", f"nobody in the catalogue offers {names[1]}")
    label = [_label(vocabulary, killer or "", lang) for lang in ("zh", "en")]
    return both(
        f"{names[0]}：没有候选满足全部硬性条件，主要卡在{label[0]}",
        f"{names[1]}: no candidate meets every hard criterion; {label[1]} is what excludes most",
    )


_NAMES = {
    "technique": ("工艺", "the technique"),
    "material": ("材料", "the material"),
    "material-excluded": ("排除的材料", "the refused material"),
    "region": ("地区", "the region"),
    "deadline": ("期限", "the deadline"),
    "status": ("能力尚未运行", "that they are not operating"),
}


def _label(vocabulary: Vocabulary, criterion: str, language: str) -> str:
    named = _NAMES.get(criterion)
    if named is not None:
        return named[0] if language == "zh" else named[1]
    found = vocabulary.label(criterion, language)
    return found if language == "zh" else found.lower()


def _sets_view(
    vocabulary: Vocabulary, sets: Iterable[tuple[tuple[Relaxation, ...], int]]
) -> list[dict[str, Any]]:
    found = []
    for chosen, count in sets:
        accept = [relax.relaxation_view(vocabulary, r) for r in chosen]
        found.append({"accept": accept, "opens": count, **relax.sentence(accept)})
    return found


def step_gap(vocabulary: Vocabulary, snapshot: Snapshot, result: StepResult) -> dict[str, Any]:
    """The gap of one step: code, killing criterion, nearest misses, smallest relaxations,
    techniques that might do instead, regions next door."""
    ask = result.ask
    near = widest(vocabulary, snapshot, ask) if ask.answerable else []
    ranked = killers(near)
    code = "criteria" if near else "not_offered" if ask.answerable else "step_without_technique"
    instead = alternatives(vocabulary, snapshot, ask) if ask.answerable else []
    sets = minimal_sets(vocabulary, ask, near)[:NEAREST]
    killer = ranked[0][0] if ranked else None
    return {
        "step": ask.step.key,
        "technique": ask.step.techniques[0] if ask.step.techniques else None,
        "code": code,
        "killer": killer,
        "reason": _text(vocabulary, ask, code, killer),
        "criteria": [
            {"criterion": c, "alone": alone, "excluded": every} for c, alone, every in ranked
        ],
        "nearest": [candidate_view(vocabulary, ask, v) for v in near[:NEAREST]],
        "relaxations": _sets_view(vocabulary, sets),
        "instead": _sets_view(vocabulary, [((r,), n) for r, n in instead[:NEAREST]]),
        "regions": _neighbours(vocabulary, snapshot, ask),
    }


def find_gaps(
    vocabulary: Vocabulary,
    snapshot: Snapshot,
    _need: NeedProfile,
    results: Sequence[StepResult],
) -> list[dict[str, Any]]:
    """The gaps of all steps that nobody fits, optional ones marked."""
    gaps = []
    for result in results:
        if not result.fits:
            gap = step_gap(vocabulary, snapshot, result)
            gap["optional"] = result.ask.step.optional
            gaps.append(gap)
    return gaps


def opens_match(vocabulary: Vocabulary, snapshot: Snapshot) -> Opens:
    """A test whether every step of a need has at least one candidate that fits."""

    def opens(need: NeedProfile) -> bool:
        results = judge_steps(vocabulary, snapshot, need, top=1, near=0)
        return all(r.fits for r in results)

    return opens
