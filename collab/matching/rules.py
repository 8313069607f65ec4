"""The matching rules: each judges one thing of a capability against a step of a need."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from collab.matching.compare import PLAIN_HIT, PLAIN_MISS, UNKNOWN, Mark, Outcome, compare
from collab.matching.fits import regions_of, standing, technique_fit
from collab.matching.prepare import BROADER, EXACT, EXCLUDED, NARROWER, StepAsk, Wanted
from collab.matching.records import Criterion, Offer, Offered, Status
from collab.vocabulary.catalog import Vocabulary

RULES_VERSION = "2"


class Class(StrEnum):
    """Where a candidate stands: fits, fits if the questions are answered so, does not fit."""

    MEETS = "meets"
    UNKNOWN = "unknown"
    NEAR = "near"


CLASS_ORDER = {Class.MEETS: 0, Class.UNKNOWN: 1, Class.NEAR: 2}


class Judged(NamedTuple):
    """One judged criterion: a code and its facts; words are made of them elsewhere.

    `counts` is False when an unknown of it leaves the class alone (see prepare.Wanted).
    """

    id: str
    outcome: Outcome
    code: str
    facts: Mapping[str, Any] = MappingProxyType({})
    hard: bool = True
    counts: bool = True
    scope: str = "step"
    criterion: Criterion | None = None

    @property
    def mark(self) -> Mark:
        """meets, unknown or misses."""
        return self.outcome.mark


Rule = Callable[[Vocabulary, StepAsk, Offer], Iterator[Judged]]
Reads = Callable[[Offer], Hashable]
Applies = Callable[[StepAsk], bool]


def rules_for(ask: StepAsk) -> tuple[RuleEntry, ...]:
    """The rules that have anything to say to a step, in their order."""
    found: tuple[RuleEntry, ...] | None = ask.memo.get("rules")
    if found is None:
        found = ask.memo["rules"] = tuple(r for r in RULES if r.applies(ask))
    return found


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """A rule with what it says, for the explanation page; `reads` is all it looks at of an offer
    (None: it keeps what it judged itself), `applies` whether it has anything to say to a step."""

    id: str
    zh: str
    en: str
    judge: Rule
    reads: Reads | None
    applies: Applies

    def judged(self, vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> tuple[Judged, ...]:
        """What the rule says; two offers that read the same to it share one judgement."""
        if self.reads is None:
            return tuple(self.judge(vocabulary, ask, offer))
        key = (self.id, self.reads(offer))
        found: tuple[Judged, ...] | None = ask.memo.get(key)
        if found is None:
            found = ask.memo[key] = tuple(self.judge(vocabulary, ask, offer))
        return found


RULES: list[RuleEntry] = []


def rule(
    rule_id: str,
    *,
    zh: str,
    en: str,
    reads: Reads | None = None,
    applies: Applies = lambda _ask: True,
) -> Callable[[Rule], Rule]:
    """Adds a rule to the one table from which judging and the explanation page are made."""

    def add(judge: Rule) -> Rule:
        RULES.append(RuleEntry(rule_id, zh, en, judge, reads, applies))
        return judge

    return add


_FIT_CODE = {
    EXACT: "technique_same",
    NARROWER: "technique_narrower",
    BROADER: "technique_broader",
    EXCLUDED: "technique_excluded",
}


@rule(
    "technique",
    zh="能力给出同一工艺或更具体的工艺为满足；只给出上级工艺为未知；被排除的工艺为不满足；其他工艺不是候选",
    en="The same or a narrower technique meets; only a broader one stated is unknown; an excluded "
    "one misses; any other technique is not a candidate",
    reads=lambda offer: (offer.techniques, offer.category),
)
def _technique(vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    found = technique_fit(vocabulary, ask, offer)
    if found is None:
        return
    fit, offered, done = found
    outcome = {EXCLUDED: PLAIN_MISS, BROADER: UNKNOWN}.get(fit, PLAIN_HIT)
    yield Judged(
        "technique",
        outcome,
        _FIT_CODE[fit],
        {
            "asked": list(ask.step.techniques) or [ask.step.category],
            "offered": offered,
            "done": done,
        },
    )


@rule(
    "status",
    zh="只有在运行的能力才是供给；规划中、已关闭、仅供研发的能力照样显示其状态，但不算匹配",
    en="Only an operating capability is supply; planned, closed and R&D-only ones are shown with "
    "their status and do not match",
    reads=lambda offer: offer.status,
)
def _status(_vocabulary: Vocabulary, _ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    if offer.status is not Status.OPERATING:
        yield Judged("status", PLAIN_MISS, "not_operating", {"status": offer.status.value})


def material_mark(
    vocabulary: Vocabulary, wanted: Iterable[str], listed: Iterable[str]
) -> tuple[Mark, str, list[str]]:
    """How listed materials answer the wanted ones: mark, code and the materials left open."""
    have = tuple(listed)
    if not have:
        return Mark.UNKNOWN, "material_not_stated", list(wanted)
    met, family, other = [], [], []
    for material in wanted:
        if any(vocabulary.covers(h, material) for h in have):
            met.append(material)
        elif any(h in vocabulary.ancestors(material) for h in have):
            family.append(material)
        else:
            other.append(material)
    if not family and not other:
        return Mark.MEETS, "material_listed", []
    if family and not other:
        return Mark.UNKNOWN, "material_family", family
    if met or family:
        return Mark.UNKNOWN, "material_partly", [*family, *other]
    return Mark.MISSES, "material_other", other


_MARK_OUTCOME = {Mark.MEETS: PLAIN_HIT, Mark.UNKNOWN: UNKNOWN, Mark.MISSES: PLAIN_MISS}


@rule(
    "material",
    zh="列出所需材料或其下级为满足；只列出上级材料族或没有列出材料为未知；只列出其他材料为不满足，绝不只是扣分",
    en="The wanted material or a narrower one listed meets; only its family, or nothing listed, is "
    "unknown; only other materials listed misses and never merely lowers the score",
    reads=lambda offer: offer.materials,
    applies=lambda ask: bool(ask.materials),
)
def _material(vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    mark, code, left = material_mark(vocabulary, ask.materials, offer.materials)
    if ask.material_scope == "none":
        if not offer.materials:
            return  # the step's technique does not depend on the material: silence says nothing
        mark = Mark.UNKNOWN if mark is Mark.MISSES else mark
    counts = ask.material_scope != "need" or len(ask.need.steps) == 1
    yield Judged(
        "material",
        _MARK_OUTCOME[mark],
        code,
        {"asked": list(ask.materials), "offered": list(offer.materials), "open": left},
        counts=counts or bool(offer.materials),
        scope=ask.material_scope,
    )


@rule(
    "material-excluded",
    zh="只列出被排除材料的能力不满足；没有列出材料的为未知",
    en="A capability that lists only refused materials misses; one that lists none is unknown",
    reads=lambda offer: offer.materials,
    applies=lambda ask: bool(ask.excluded_materials) and ask.material_scope != "none",
)
def _material_excluded(vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    facts = {"asked": list(ask.excluded_materials), "offered": list(offer.materials)}
    counts = ask.material_scope != "need" or len(ask.need.steps) == 1
    if not offer.materials:
        if not ask.materials:
            yield Judged("material-excluded", UNKNOWN, "material_not_stated", facts, counts=counts)
        return
    free = [
        m
        for m in offer.materials
        if not any(vocabulary.covers(m, refused) for refused in ask.excluded_materials)
    ]
    outcome = PLAIN_HIT if free else PLAIN_MISS
    yield Judged(
        "material-excluded", outcome, "material_not_refused" if free else "material_refused", facts
    )


@rule(
    "region",
    zh="要求的地区之内为满足，之外或在排除地区之内为不满足，地点未知为未知",
    en="Inside a required region meets; outside it, or inside an excluded one, misses; an unknown "
    "place is unknown",
    reads=standing,
    applies=lambda ask: bool(ask.require or ask.need.region_exclude),
)
def _region(_vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    exclude = frozenset(ask.need.region_exclude)
    here = regions_of(offer)
    facts = {
        "asked": sorted(ask.require),
        "excluded": sorted(exclude),
        "offered": offer.place.region,
    }
    if not here:
        yield Judged("region", UNKNOWN, "region_unknown", facts)
    elif here & exclude:
        yield Judged("region", PLAIN_MISS, "region_excluded", facts)
    elif ask.require and not here & ask.require:
        yield Judged("region", PLAIN_MISS, "region_outside", facts)
    else:
        yield Judged("region", PLAIN_HIT, "region_inside", facts)


_CODE = {Mark.MEETS: "value_meets", Mark.UNKNOWN: "value_not_stated", Mark.MISSES: "value_misses"}


@rule(
    "parameter",
    zh="按词表规定的比较方式判断；没有给出数值为未知，是要问的问题，不是缺点",
    en="Compared as the vocabulary says; a figure that is not stated is unknown: a question to "
    "ask, not a failure",
)
def _parameters(_vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    memo = ask.memo
    for place, wanted in enumerate(ask.wanted):
        offered = offer.values.get(wanted.criterion.parameter)
        found = memo.get((place, offered))
        if found is None:
            found = memo[place, offered] = _compared(wanted, offered)
        yield found


def _compared(wanted: Wanted, offered: Offered | None) -> Judged:
    outcome = (
        UNKNOWN if wanted.parameter is None else compare(wanted.parameter, wanted.ask, offered)
    )
    code = _CODE[outcome.mark]
    if outcome.mark is Mark.UNKNOWN and offered is not None and stated(offered):
        code = "value_not_comparable"
    return Judged(
        wanted.criterion.parameter,
        outcome,
        code,
        {"offered": offered},
        hard=wanted.hard,
        counts=wanted.counts,
        scope=wanted.scope,
        criterion=wanted.criterion,
    )


def stated(offered: Offered) -> bool:
    """True when anything at all is stated."""
    return offered.low is not None or offered.high is not None or bool(offered.choices)


@rule(
    "deadline",
    zh="声明的交期上限不超过期限为满足，下限超过期限为不满足，期限落在区间内或没有声明为未知；经验周数从不产生满足或不满足",
    en="A stated longest lead time within the deadline meets, a stated shortest one beyond it "
    "misses, in between or not stated is unknown; rules of thumb never decide",
    reads=lambda offer: offer.lead_weeks,
    applies=lambda ask: ask.deadline is not None,
)
def _deadline(_vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    if ask.deadline is None:
        return
    facts = {"asked": ask.deadline, "offered": offer.lead_weeks}
    if offer.lead_weeks is None:
        yield Judged("deadline", UNKNOWN, "lead_not_stated", facts, hard=ask.deadline_hard)
        return
    low, high = offer.lead_weeks
    if high <= ask.deadline:
        outcome, code = PLAIN_HIT, "lead_meets"
    elif low > ask.deadline:
        gap = low - ask.deadline
        outcome = Outcome(Mark.MISSES, gap, min(1.0, gap / max(low, ask.deadline)))
        code = "lead_misses"
    else:
        outcome, code = UNKNOWN, "lead_between"
    yield Judged("deadline", outcome, code, facts, hard=ask.deadline_hard)


@rule(
    "region-preferred",
    zh="优选地区只影响排序",
    en="A preferred region only moves the order",
    reads=standing,
    applies=lambda ask: bool(ask.need.region_prefer),
)
def _region_preferred(_vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    prefer = frozenset(ask.need.region_prefer)
    here = regions_of(offer)
    outcome = UNKNOWN if not here else PLAIN_HIT if here & prefer else PLAIN_MISS
    code = {
        Mark.UNKNOWN: "region_unknown",
        Mark.MEETS: "region_inside",
        Mark.MISSES: "region_outside",
    }[outcome.mark]
    facts = {"asked": sorted(prefer), "excluded": [], "offered": offer.place.region}
    yield Judged("region", outcome, code, facts, hard=False)


@rule(
    "budget",
    zh="只在币种相同且给出价格时比较，而且只影响排序，绝不换算",
    en="Compared only when a price in the same currency is stated; it moves the order, nothing is "
    "ever converted",
    reads=lambda offer: offer.price,
    applies=lambda ask: ask.need.budget is not None,
)
def _budget(_vocabulary: Vocabulary, ask: StepAsk, offer: Offer) -> Iterator[Judged]:
    budget, price = ask.need.budget, offer.price
    if budget is None or price is None or budget[1] != price[1]:
        return
    outcome = (
        PLAIN_HIT if price[0] <= budget[0] else Outcome(Mark.MISSES, price[0] - budget[0], 1.0)
    )
    code = "price_within" if outcome is PLAIN_HIT else "price_above"
    yield Judged("budget", outcome, code, {"asked": budget, "offered": price}, hard=False)
