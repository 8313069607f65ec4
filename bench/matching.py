"""Speed of matching, routes, what-if and allocation on seeded data, as ratios and milliseconds."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np

from bench.matching_data import PLACES, make_need, make_offers
from bench.matching_memory import held
from bench.matching_refresh import refresh_through_database
from collab.matching import snapshot as snapshots
from collab.matching.engine import find
from collab.matching.prepare import StepAsk, prepare_step
from collab.matching.records import NeedProfile, Offer, Offered, Step
from collab.matching.rules import Class, rules_for
from collab.matching.verdicts import Verdict, judge, rank
from collab.routing.alliance import best_investments, investment_problem, leaves
from collab.routing.allocation import Slot, allocate
from collab.routing.answer import answer
from collab.routing.front import pareto
from collab.routing.plan import Candidate, Plan, PlanStep, Weeks
from collab.routing.planner import OBJECTIVES, Search
from collab.routing.route import Workshop, build_route
from collab.routing.rules import rule_book
from collab.routing.scenario import Board
from collab.vocabulary.catalog import Vocabulary, load_vocabulary

Row = dict[str, Any]
TODAY = date(2026, 11, 24)
THREE = ("lithography.ebl", "etching.icp", "packaging.coupling.fiber-array")

TEN = (
    "epitaxy.mocvd",
    "lithography.contact",
    "etching.icp",
    "deposition.pecvd",
    "lithography.stepper",
    "deposition.metallization",
    "thermal.rta",
    "thinning.lapping",
    "singulation.cleaving",
    "test.bar-chip",
)


def median_ms(work: Callable[[], object], times: int = 9) -> float:
    """Median milliseconds of a piece of work."""
    work()
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append((time.perf_counter() - start) * 1000.0)
    return statistics.median(found)


def row(name: str, value: float, unit: str, size: str, goal: str = "", against: str = "") -> Row:
    """One measurement in the shape `make bench` prints."""
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "against": against,
        "set": size,
        "goal": goal,
    }


def one_need(vocabulary: Vocabulary, hard: int, soft: int) -> NeedProfile:
    """A need for one leaf technique with that many hard and soft criteria."""
    need = make_need(vocabulary, 11, techniques=("lithography.ebl",), criteria=hard + soft)
    criteria = tuple(replace(c, hard=i < hard) for i, c in enumerate(need.criteria))
    return replace(need, criteria=criteria, materials=("soi",))


def alone(vocabulary: Vocabulary, ask: StepAsk, offers: list[Offer]) -> list[Verdict]:
    """A plain loop over the model objects: nothing one object taught is kept for the next."""
    rules, found = rules_for(ask), []
    for offer in offers:
        ask.memo.clear()
        ask.memo["rules"] = rules
        found.append(judge(vocabulary, ask, offer))
    return sorted((v for v in found if v is not None), key=lambda v: v.order)


def candidate_finding(
    vocabulary: Vocabulary, offers: list[Offer], snap: snapshots.Snapshot
) -> Iterator[Row]:
    """One step: columns against judging every capability as an object."""
    ask = prepare_step(vocabulary, one_need(vocabulary, 8, 6), 0)
    fast = median_ms(lambda: find(vocabulary, snap, ask, 50, 0), 25)
    size = f"{len(offers)} capabilities"
    yield row("match.candidates", fast, "ms", size)
    loops = {"each object judged alone": alone, "objects that read alike share": rank}
    for name, loop in loops.items():
        start = time.perf_counter()
        slow = [v for v in loop(vocabulary, ask, offers) if v.klass is not Class.NEAR][:50]
        spent = (time.perf_counter() - start) * 1000.0
        assert [f.key for f in find(vocabulary, snap, ask, 50, 0)] == [v.offer.key for v in slow]
        goal = ">=200" if loop is alone else ""
        yield row("match.candidates", spent / fast, "ratio", size, goal, name)


def snapshot_costs(vocabulary: Vocabulary, offers: list[Offer]) -> Iterator[Row]:
    """Building, opening, one change, memory."""
    start = time.perf_counter()
    snap = snapshots.build(vocabulary, offers)
    build = time.perf_counter() - start
    size = f"{len(offers)} capabilities"
    yield row("match.snapshot.build", build, "s", size, "<=5 per 100000")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "capabilities.snapshot"
        snapshots.save(snap, path)
        yield row(
            "match.snapshot.open", median_ms(lambda: snapshots.load(path)), "ms", size, "<=300"
        )
        yield row("match.snapshot.file", path.stat().st_size / 2**20, "MiB", size)
        yield from held(path, size)
    yield row("match.snapshot.upsert", median_ms(lambda: snap.changed([offers[0]])), "ms", size)
    for parameter in list(snap.meta["parameters"]):
        snap.column(parameter)
    memory = snap.memory()
    yield row("match.snapshot.columns", (memory["mapped"] - memory["docs"]) / 2**20, "MiB", size)
    yield row("match.snapshot.dense_all", memory["dense"] / 2**20, "MiB", size)


def whole_answer(
    vocabulary: Vocabulary, snap: snapshots.Snapshot, size: str, goal: str
) -> Iterator[Row]:
    """Verdicts, reasons, routes and gaps of a need of three steps."""
    need = make_need(vocabulary, 3, techniques=THREE, criteria=6)
    yield row(
        "match.answer",
        median_ms(lambda: answer(need, snap, vocabulary, today=TODAY)),
        "ms",
        size,
        goal,
    )


def route_plan(steps: int = 10, width: int = 300, seed: int = 5) -> Plan:
    """A linear plan of invented candidates that state sizes, heat and refused materials."""
    rng = random.Random(seed)
    planned = []
    for place, technique in enumerate(TEN[:steps]):
        found = []
        for number in range(width):
            values = {}
            if rng.random() < 0.7:
                start = rng.randrange(4)
                values["wafer-diameter"] = Offered(
                    choices=(50.0, 76.0, 100.0, 150.0)[start : start + 2]
                )
            if rng.random() < 0.5:
                heat = float(rng.choice((200, 300, 350, 500)))
                values["process-temperature"] = Offered(heat, heat)
            if rng.random() < 0.3:
                values["excluded-materials"] = Offered(choices=("au", "cu"))
            organisation = rng.randrange(120)
            offer = Offer(
                place * 1000 + number,
                f"c{place:02d}-{number:04d}",
                organisation,
                f"o{organisation}",
                (technique,),
                values=values,
                place=PLACES[organisation % 7],
                materials=("inp",) if rng.random() < 0.6 else (),
            )
            low = rng.choice((0.5, 1.0, 2.0, 3.0))
            found.append(
                Candidate(offer, technique, Weeks(low, low * 2), rng.randrange(4), "meets")
            )
        before = (place - 1,) if place else ()
        planned.append(PlanStep(place, Step(str(place), (technique,)), before, tuple(found)))
    need = NeedProfile(steps=tuple(s.step for s in planned), materials=("inp",))
    logistics = {"same_site": (0.0, 0.0), "same_country": (0.5, 1.0), "cross_border": (2.0, 4.0)}
    return Plan(need, tuple(planned), (), logistics)


def k_routes(vocabulary: Vocabulary) -> Iterator[Row]:
    """Ten best routes of ten steps with 300 candidates each; and without the rules against
    NetworkX's k shortest simple paths on the same costs."""
    plan, book = route_plan(), rule_book(vocabulary)
    size = "10 steps x 300"

    def one() -> object:
        return Search(plan, book).best("fastest", 10)

    def all_four() -> dict[str, list[tuple[int, ...]]]:
        search = Search(plan, book)
        search.look_ahead()
        return {kind: search.best(kind, 10) for kind in OBJECTIVES}

    def front() -> object:
        shop = Workshop(vocabulary, book, plan)
        paths = dict.fromkeys(p for found in all_four().values() for p in found)
        return pareto([build_route(shop, path) for path in paths])

    yield row("routes.k10", median_ms(one), "ms", size, "<=20")
    for kind in list(OBJECTIVES)[1:]:
        best = median_ms(lambda kind=kind: Search(plan, book).best(kind, 10))
        yield row(f"routes.k10.{kind}", best, "ms", size, "<=20")
    yield row("routes.k10.four_objectives", median_ms(all_four), "ms", size)
    yield row("routes.k10.pareto", median_ms(front), "ms", size, "<=20")
    bare = route_plan(seed=6)
    steps = tuple(
        replace(s, candidates=tuple(c._replace(done="design.layout") for c in s.candidates))
        for s in bare.steps
    )
    free = replace(bare, steps=steps)
    fast = median_ms(lambda: Search(free, book).best("fastest", 10))
    search = Search(free, book)
    costs = search.costs("fastest")
    graph = nx.DiGraph()
    for at, node in enumerate(costs.node):
        for i, cost in enumerate(node):
            if at == 0:
                graph.add_edge("s", (0, i), weight=int(cost))
            else:
                road, matrix = search.roads[at - 1, at], costs.pair[at - 1, at]
                for j in range(len(costs.node[at - 1])):
                    pair = road.entry(matrix, j, i)
                    graph.add_edge((at - 1, j), (at, i), weight=int(cost + pair))
    for i in range(len(costs.node[-1])):
        graph.add_edge((len(costs.node) - 1, i), "t", weight=0)
    start = time.perf_counter()
    paths = nx.shortest_simple_paths(graph, "s", "t", weight="weight")
    theirs = [tuple(n[1] for n in next(paths)[1:-1]) for _ in range(10)]
    slow = (time.perf_counter() - start) * 1000.0
    assert len(set(theirs)) == len(search.best("fastest", 10))
    yield row(
        "routes.k10.no_rules", slow / fast, "ratio", size, ">=200", "networkx.shortest_simple_paths"
    )


def finding(vocabulary: Vocabulary, offers: list[Offer], snap: snapshots.Snapshot) -> Iterator[Row]:
    """Candidates of all steps of many needs over the columns against judging the same objects one
    by one, all in memory; through the database: see matching_refresh."""
    needs = [make_need(vocabulary, n) for n in range(1000)]
    asks = [prepare_step(vocabulary, n, i) for n in needs for i in range(len(n.steps))]
    start = time.perf_counter()
    for ask in asks:
        find(vocabulary, snap, ask, 50, 0)
    fast = time.perf_counter() - start
    sample = asks[:20]
    start = time.perf_counter()
    for ask in sample:
        [judge(vocabulary, ask, o) for o in offers]
    slow = (time.perf_counter() - start) / len(sample) * len(asks)
    size = f"1000 needs x {len(offers)}"
    yield row("match.find_all", fast * 1000.0, "ms", size)
    yield row("match.find_all", slow / fast, "ratio", size, "", "loop over objects (sampled)")


def with_holes(vocabulary: Vocabulary, offers: list[Offer], seed: int = 3) -> list[Offer]:
    """The capabilities without every fourth leaf technique and what is broader than it, so that
    hundreds of needs find nobody."""
    names = leaves(vocabulary)
    missing = random.Random(seed).sample(names, len(names) // 4)
    gone = {*missing, *(a for m in missing for a in vocabulary.ancestors(m))}
    return [o for o in offers if not gone & set(o.techniques)]


def what_if(vocabulary: Vocabulary, snap: snapshots.Snapshot, count: int = 10_000) -> Iterator[Row]:
    """One added capability over many needs, and the best five investments."""
    needs = [make_need(vocabulary, n) for n in range(count)]
    start = time.perf_counter()
    board = Board(vocabulary, snap, needs)
    yield row("whatif.baseline", time.perf_counter() - start, "s", f"{count} needs")
    added = make_offers(vocabulary, 1, seed=99, technique="lithography.ebl", prefix="new")
    yield row(
        "whatif.add_one",
        median_ms(lambda: board.scenario(added), 5),
        "ms",
        f"{count} needs",
        "<=500",
    )
    regions = {p.region: frozenset({p.region, *p.above}) for p in PLACES if p.region}
    start = time.perf_counter()
    problem = investment_problem(board, regions)
    advice = best_investments(problem, 5)
    yield row(
        "whatif.best_5",
        time.perf_counter() - start,
        "s",
        f"{count} needs, {len(problem.needs)} unmet",
        "<=10",
    )
    yield row("whatif.best_5.proven", float(advice.proven), "yes", f"{count} needs")


def allocation() -> Iterator[Row]:
    """500 needs on 200 slots."""
    rng = np.random.default_rng(1)
    slots = [
        Slot(f"p{i % 50}", f"2026-{1 + i % 12:02d}", int(rng.integers(1, 4))) for i in range(200)
    ]
    priorities = {f"n{i}": float(rng.integers(1, 6)) for i in range(500)}
    allowed = {n: [int(s) for s in rng.choice(200, 8, replace=False)] for n in priorities}
    yield row(
        "allocation",
        median_ms(lambda: allocate(priorities, slots, allowed)),
        "ms",
        "500 x 200",
        "<=20",
    )


def measurements(stress: int = 100_000, design: int = 6_000) -> Iterator[Row]:
    """Every figure of this file, one by one."""
    vocabulary = load_vocabulary()
    small = make_offers(vocabulary, design)
    snap = snapshots.build(vocabulary, small)
    yield from whole_answer(vocabulary, snap, "design", "<=10")
    yield from finding(vocabulary, small, snap)
    yield from refresh_through_database()
    yield from what_if(vocabulary, snapshots.build(vocabulary, with_holes(vocabulary, small)))
    yield from k_routes(vocabulary)
    yield from allocation()
    large = make_offers(vocabulary, stress)
    yield from snapshot_costs(vocabulary, large)
    big = snapshots.build(vocabulary, large)
    yield from candidate_finding(vocabulary, large, big)
    yield from whole_answer(vocabulary, big, "stress", "<=30")


if __name__ == "__main__":
    import json

    for measured in measurements():
        print(json.dumps(measured, ensure_ascii=False), flush=True)
