"""The alliance over all needs: coverage of the chains, gaps by region, single providers, and the
investments that would open the most needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

from collab.matching.fits import regions_of
from collab.matching.prepare import EXCLUDED, NARROWER, StepAsk, fits_of
from collab.matching.records import Offer, Status
from collab.matching.snapshot import Snapshot
from collab.matching.words import both
from collab.routing.scenario import Board
from collab.vocabulary.catalog import ChainStep, Vocabulary

Priority = Callable[[int], float]
SECONDS = 8.0


def _one(_number: int) -> float:
    return 1.0


def chain_coverage(
    vocabulary: Vocabulary, snapshot: Snapshot, regions: Iterable[str] = ()
) -> list[dict[str, Any]]:
    """Per chain step: capabilities and organisations that do it (or an alternative), in all and by
    region; `maybe` counts those that state only a broader technique. `regions` limits the codes
    listed; without it every code that occurs is."""
    wanted = frozenset(regions)
    operating = [o for o in snapshot.offers() if o.status is Status.OPERATING]
    by_technique: dict[str, list[Offer]] = defaultdict(list)
    for offer in operating:
        for technique in offer.techniques:
            by_technique[technique].append(offer)
    return [
        {
            "chain": chain.id,
            "step": step.key,
            "level": step.level,
            "techniques": list(step.techniques),
            **_step_coverage(vocabulary, step, by_technique, wanted),
        }
        for chain in vocabulary.chains.values()
        for step in chain.steps
    ]


def _step_coverage(
    vocabulary: Vocabulary,
    step: ChainStep,
    by_technique: Mapping[str, list[Offer]],
    wanted: frozenset[str],
) -> dict[str, Any]:
    sure: dict[str, Offer] = {}
    maybe: dict[str, Offer] = {}
    fits = fits_of(vocabulary, (*step.techniques, *step.alternatives))
    for technique, (fit, _) in fits.items():
        target = sure if fit >= NARROWER else maybe
        target.update((offer.key, offer) for offer in by_technique.get(technique, ()))
    places: dict[str, set[int]] = defaultdict(set)
    for offer in sure.values():
        for region in regions_of(offer):
            if not wanted or region in wanted:
                places[region].add(offer.organisation_id)
    owners = {o.organisation_id for o in sure.values()}
    return {
        "capabilities": len(sure),
        "organisations": len(owners),
        "single": len(owners) == 1,
        "maybe": len(maybe.keys() - sure.keys()),
        "regions": {r: len(places[r]) for r in sorted(places)},
    }


def gap_map(board: Board, priority: Priority = _one) -> list[dict[str, Any]]:
    """Steps that nobody fits, by technique and by region of the need, weighted by the priority of
    the needs they stop; the heaviest first."""
    weight: dict[tuple[str, str], float] = defaultdict(float)
    needs: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, standing in enumerate(board.standings):
        need = board.needs[number]
        for i in standing.open_steps:
            step = need.steps[i]
            if step.optional:
                continue
            key = (step.techniques[0] if step.techniques else step.category, need.place.region)
            weight[key] += priority(number)
            needs[key].append(number)
    ordered = sorted(weight, key=lambda k: (-weight[k], k))
    return [
        {"technique": t, "region": r, "weight": weight[t, r], "needs": needs[t, r]}
        for t, r in ordered
    ]


def single_providers(board: Board) -> list[dict[str, Any]]:
    """Organisations on which needs hang because nobody else fits one of their steps."""
    hanging: dict[tuple[int, str], set[int]] = defaultdict(set)
    names: dict[int, str] = {}
    for number, standing in enumerate(board.standings):
        for i, found in enumerate(standing.fits):
            offers = [o for o in (board.snapshot.get(f.key) for f in found) if o is not None]
            owners = {o.organisation_id for o in offers}
            step = board.needs[number].steps[i]
            if len(owners) == 1 and not step.optional:
                names[offers[0].organisation_id] = offers[0].organisation
                technique = step.techniques[0] if step.techniques else step.category
                hanging[offers[0].organisation_id, technique].add(number)
    ordered = sorted(hanging, key=lambda k: (-len(hanging[k]), names[k[0]], k[1]))
    return [
        {"organisation": names[o], "technique": t, "needs": sorted(hanging[o, t])}
        for o, t in ordered
    ]


@dataclass(frozen=True, slots=True)
class Investment:
    """A line to build: a leaf technique in a region."""

    technique: str
    region: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Chosen investments, the needs they open together and each needs; `proven` says whether the
    solver proved that no other choice of as many opens more."""

    chosen: tuple[Investment, ...]
    gain: float
    needs: tuple[int, ...]
    by_investment: Mapping[Investment, tuple[int, ...]]
    proven: bool


@dataclass(frozen=True)
class Problem:
    """Which investments open which steps: `cover[n]` lists, per open step of need n, the places
    of investments that answer it; `worth[n]` is the need's priority."""

    investments: tuple[Investment, ...]
    needs: tuple[int, ...]
    cover: tuple[tuple[frozenset[int], ...], ...]
    worth: tuple[float, ...]

    def opened(self, chosen: Iterable[int]) -> list[int]:
        """Places of the needs whose every open step is answered."""
        have = frozenset(chosen)
        return [n for n, steps in enumerate(self.cover) if all(have & s for s in steps)]

    def gain(self, chosen: Iterable[int]) -> float:
        """Priority opened."""
        return sum(self.worth[n] for n in self.opened(chosen))


def leaves(vocabulary: Vocabulary) -> list[str]:
    """Techniques with nothing narrower, retired ones left out."""
    return [
        t.id
        for t in vocabulary.techniques.values()
        if not t.deprecated and vocabulary.descendants(t.id) == {t.id}
    ]


def _answers(ask: StepAsk, technique: str) -> bool:
    return ask.fits.get(technique, (EXCLUDED, ""))[0] >= NARROWER


def investment_problem(
    board: Board, regions: Mapping[str, frozenset[str]], priority: Priority = _one
) -> Problem:
    """Every leaf technique in every region (code -> itself and everything above) against the open
    steps. A new line is taken to meet a step's figures; who owns it does not matter. Of columns
    that open the same steps the one with the most needs next door stands for all."""
    needs: list[int] = []
    rows: list[list[int]] = []
    asked: dict[tuple[str, str], set[tuple[int, int]]] = defaultdict(set)
    techniques = leaves(board.vocabulary)
    for number, standing in enumerate(board.standings):
        must = [i for i in standing.open_steps if not board.needs[number].steps[i].optional]
        if standing.route or not must:
            continue
        needs.append(number)
        rows.append(must)
        for i in must:
            ask = board.asks[number][i]
            places = _open_places(ask, regions)
            for technique in techniques:
                for region in places if _answers(ask, technique) else ():
                    asked[technique, region].add((number, i))
    columns = _merged(asked, _homes(board, needs))
    by_step: dict[tuple[int, int], set[int]] = defaultdict(set)
    for place, (_, steps) in enumerate(columns):
        for step in steps:
            by_step[step].add(place)
    cover = tuple(
        tuple(frozenset(by_step[n, i]) for i in must) for n, must in zip(needs, rows, strict=True)
    )
    return Problem(
        tuple(c for c, _ in columns), tuple(needs), cover, tuple(priority(n) for n in needs)
    )


def _open_places(ask: StepAsk, regions: Mapping[str, frozenset[str]]) -> list[str]:
    """Regions in which a new line would be near enough for the need."""
    exclude = frozenset(ask.need.region_exclude)
    return [
        region
        for region, above in regions.items()
        if not above & exclude and (not ask.require or above & ask.require)
    ]


def _homes(board: Board, needs: Iterable[int]) -> Mapping[str, int]:
    """How many of these needs stand in each region, everything above it included."""
    home: dict[str, int] = defaultdict(int)
    for number in needs:
        place = board.needs[number].place
        for region in (place.region, *place.above):
            home[region] += 1
    return home


def _merged(
    asked: Mapping[tuple[str, str], set[tuple[int, int]]], home: Mapping[str, int]
) -> list[tuple[Investment, frozenset[tuple[int, int]]]]:
    """One investment for all regions in which a technique answers the same steps."""
    groups: dict[tuple[str, frozenset[tuple[int, int]]], str] = {}
    for technique, region in sorted(asked, key=lambda k: (k[0], -home.get(k[1], 0), k[1])):
        groups.setdefault((technique, frozenset(asked[technique, region])), region)
    return [(Investment(t, r), steps) for (t, steps), r in groups.items()]


def exact_by_trying(problem: Problem, count: int) -> tuple[float, tuple[int, ...]]:
    """The best choice by trying every one: for small problems and for tests."""
    best: tuple[float, tuple[int, ...]] = (0.0, ())
    for size in range(1, count + 1):
        for chosen in combinations(range(len(problem.investments)), size):
            gain = problem.gain(chosen)
            if gain > best[0]:
                best = (gain, chosen)
    return best


def greedy(problem: Problem, count: int) -> tuple[int, ...]:
    """Takes the bundle that completes some need and opens the most per investment, again and
    again: quick, without a guarantee, since needs of several steps gain nothing from halves."""
    chosen: list[int] = []
    while len(chosen) < count:
        best: tuple[float, tuple[int, ...]] | None = None
        now = problem.gain(chosen)
        for bundle in sorted(_bundles(problem, chosen, count - len(chosen))):
            rate = (problem.gain([*chosen, *bundle]) - now) / len(bundle)
            if best is None or rate > best[0]:
                best = (rate, bundle)
        if best is None or best[0] <= 0:
            break
        chosen.extend(best[1])
    return tuple(sorted(chosen))


def _bundles(problem: Problem, chosen: Sequence[int], room: int) -> set[tuple[int, ...]]:
    have = frozenset(chosen)
    popular: dict[int, int] = defaultdict(int)
    for steps in problem.cover:
        for step in steps:
            for place in step:
                popular[place] += 1
    found: set[tuple[int, ...]] = set()
    for steps in problem.cover:
        left = [s for s in steps if not s & have]
        if not left or len(left) > room or any(not s for s in left):
            continue
        found.add(tuple(sorted({max(s, key=lambda p: (popular[p], -p)) for s in left})))
    return found


def _solve(problem: Problem, count: int, seconds: float) -> tuple[tuple[int, ...], bool] | None:
    """The mixed-integer program: a need counts only when each of its open steps is answered."""
    n, m = len(problem.needs), len(problem.investments)
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    row = 0
    for need, steps in enumerate(problem.cover):
        for step in steps:
            rows += [row] * (len(step) + 1)
            columns += [*sorted(step), m + need]
            values += [-1.0] * len(step) + [1.0]
            row += 1
    rows += [row] * m
    columns += list(range(m))
    values += [1.0] * m
    matrix = csr_array((values, (rows, columns)), shape=(row + 1, m + n))
    upper = np.append(np.zeros(row), float(count))
    worth = np.append(np.zeros(m), -np.array(problem.worth))
    integral = np.append(np.ones(m), np.zeros(n))
    result = milp(
        worth,
        integrality=integral,
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, -np.inf, upper),
        options={"time_limit": seconds},
    )
    if result.x is None:
        return None
    return tuple(int(i) for i in np.flatnonzero(result.x[:m] > 0.5)), bool(result.status == 0)


def best_investments(problem: Problem, count: int = 5, *, seconds: float = SECONDS) -> Advice:
    """The `count` investments that open the most priority, explained by the needs each one opens
    (a need is named at every investment it could not do without)."""
    if not problem.needs or not problem.investments:
        return Advice((), 0.0, (), {}, True)
    solved = _solve(problem, count, seconds)
    quick = greedy(problem, count) if solved is None or not solved[1] else ()
    chosen, proven = solved or ((), False)
    if problem.gain(quick) > problem.gain(chosen):
        chosen, proven = quick, False
    opened = problem.opened(chosen)
    shares: dict[Investment, tuple[int, ...]] = {}
    for place in chosen:
        rest = set(problem.opened([c for c in chosen if c != place]))
        shares[problem.investments[place]] = tuple(
            problem.needs[n] for n in opened if n not in rest
        )
    ordered = sorted(chosen, key=lambda c: (-len(shares[problem.investments[c]]), c))
    return Advice(
        tuple(problem.investments[c] for c in ordered),
        problem.gain(chosen),
        tuple(problem.needs[n] for n in opened),
        shares,
        proven,
    )


def advice_view(vocabulary: Vocabulary, advice: Advice) -> dict[str, Any]:
    """Advice as data and words."""
    return {
        "gain": advice.gain,
        "needs": list(advice.needs),
        "proven": advice.proven,
        "investments": [
            {
                "technique": i.technique,
                "region": i.region,
                "needs": list(advice.by_investment[i]),
                "label": both(
                    f"在{i.region}建设{vocabulary.label(i.technique)}",
                    f"build {vocabulary.label(i.technique, 'en').lower()} in {i.region}",
                ),
            }
            for i in advice.chosen
        ],
    }
