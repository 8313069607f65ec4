"""Graph metrics, change, layout and communities as ratios to plain NetworkX on the same graphs."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import networkx as nx

from graph.build import build, update
from graph.compiled import Compiled
from graph.fork import forked
from graph.labels import labels
from graph.layout import layout
from graph.metrics import METRICS, Scene
from graph.project import by_relation, organisation_techniques
from graph.records import Link, LinkKind, Node, NodeKind, Region
from graph.regions import RegionTree

Record = dict[str, Any]
KINDS = [NodeKind.LAB, NodeKind.FIRM, NodeKind.PILOT_LINE, NodeKind.UNIVERSITY, NodeKind.PARK]
GOALS = {"betweenness": 25.0}


def records(size: int, ties: int, techniques: int = 120) -> tuple[list[Node], list[Link]]:
    """Organisations in forty cities that prefer partners near by and partners with many."""
    chance = random.Random(size)
    homes = [f"c{chance.randrange(40):02d}" for _ in range(size)]
    nodes = [
        Node(f"o{i:05d}", chance.choice(KINDS), f"机构{i}", f"Unit {i}", homes[i])
        for i in range(size)
    ]
    nodes += [Node(f"t{i:03d}", NodeKind.TECHNIQUE, f"技术{i}") for i in range(techniques)]
    links: dict[tuple[str, str, str], Link] = {}
    busy = list(range(size))
    while len(links) < ties:
        a, b = chance.choice(busy), chance.randrange(size)
        if a != b and (homes[a] == homes[b] or chance.random() < 0.4):
            weight = float(chance.randint(1, 5))
            link = Link(f"o{a:05d}", f"o{b:05d}", LinkKind.AGREEMENT, weight)
            links.setdefault((link.source, link.target, link.key), link)
            busy += [a, b]
    offers = [
        Link(f"o{i:05d}", f"t{j:03d}", LinkKind.OFFERS)
        for i in range(size)
        for j in chance.sample(range(techniques), chance.randint(0, 5))
    ]
    steps = [
        Link(f"t{i:03d}", f"t{i + 1:03d}", LinkKind.PRECEDES)
        for i in range(techniques - 1)
        if i % 7
    ]
    return nodes, [*links.values(), *offers, *steps]


def places() -> RegionTree:
    """Five countries with forty cities."""
    countries = [Region(f"n{i}", "country", lat=10.0 * i, lon=30.0 * i) for i in range(5)]
    cities = [
        Region(f"c{i:02d}", "city", parent=f"n{i % 5}", lat=10.0 * (i % 5) + i / 9, lon=i * 4.0)
        for i in range(40)
    ]
    return RegionTree([*countries, *cities])


def best(work: Callable[[], Any], turns: int = 3) -> float:
    """Seconds of the quickest of `turns` runs; one run is enough where it takes long."""
    times: list[float] = []
    while len(times) < turns:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
        if times[-1] > 1.0:
            break
    return min(times)


def plain_metrics(scene: Scene, share: float) -> dict[str, tuple[Callable[[], Any], float]]:
    """Per metric plain NetworkX work and the part of the whole that it does (1 = all)."""
    t, held, n = scene.ties, scene.holdings, len(scene.ties)
    some = random.Random(1).sample(sorted(t), max(1, int(n * share)))
    pairs = [(some[i], some[-i - 1]) for i in range(len(some) // 2)]
    part = len(pairs) / (n * (n - 1) / 2)
    home = dict(t.nodes(data="region"))
    tight = {"tol": 1e-13 / n, "max_iter": 1000}

    def across() -> list[Any]:
        return [(k, sum(home[v] != home[k] for v in t[k]) / max(1, len(t[k]))) for k in t]

    def removals() -> list[Any]:
        return [list(nx.connected_components(t.subgraph(set(t) - {k}))) for k in some[:20]]

    def groups(weight: str | None) -> list[float]:
        return [
            nx.community.modularity(t, nx.community.louvain_communities(t, weight, seed=s), weight)
            for s in range(10)
        ]

    return {
        "degree": (lambda: dict(t.degree()), 1),
        "degree_centrality": (lambda: nx.degree_centrality(t), 1),
        "weighted_degree": (lambda: dict(t.degree(weight="weight")), 1),
        "betweenness": (lambda: nx.betweenness_centrality(t, k=len(some), seed=1), share),
        "weighted_betweenness": (
            lambda: nx.betweenness_centrality(t, k=len(some), seed=1, weight="length"), share,
        ),
        "closeness": (lambda: [nx.closeness_centrality(t, u) for u in some], share),
        "weighted_closeness": (
            lambda: [nx.closeness_centrality(t, u, distance="length") for u in some], share,
        ),
        "pagerank": (lambda: nx.pagerank(t, weight=None, **tight), 1),
        "weighted_pagerank": (lambda: nx.pagerank(t, **tight), 1),
        "k_core": (lambda: nx.core_number(t), 1),
        "clustering": (lambda: nx.clustering(t), 1),
        "weighted_clustering": (lambda: nx.clustering(t, weight="weight"), 1),
        "transitivity": (lambda: nx.transitivity(t), 1),
        "density": (lambda: nx.density(t), 1),
        "components": (lambda: list(nx.connected_components(t)), 1),
        "articulation_points": (lambda: list(nx.articulation_points(t)), 1),
        "bridges": (lambda: list(nx.bridges(t)), 1),
        "communities": (lambda: groups(None), 1),
        "weighted_communities": (lambda: groups("weight"), 1),
        "ei_index": (across, 1),
        "cross_region_share": (across, 1),
        "constraint": (lambda: nx.constraint(t), 1),
        "weighted_constraint": (lambda: nx.constraint(t, weight="weight"), 1),
        "effective_size": (lambda: nx.effective_size(t), 1),
        "single_provider": (lambda: [k for k in scene.techniques if held.degree(k) == 1], 1),
        "redundancy": (lambda: [(k, sum(held.degree(x) > 1 for x in held[k])) for k in t], 1),
        "overlap": (lambda: list(nx.jaccard_coefficient(held, pairs)), part),
        "complementarity": (lambda: list(nx.adamic_adar_index(t, pairs)), part),
        "resilience": (removals, 20 / n),
    }  # fmt: skip


def metric_ratios(size: int, ties: int, share: float) -> Iterator[Record]:
    """How many times faster each metric is than plain NetworkX, the arrays made beforehand."""
    nodes, links = records(size, ties)
    graph = build(nodes, links)
    steps = [(x.source, x.target) for x in links if x.kind is LinkKind.PRECEDES]
    by_name = plain_metrics(_scene(graph, steps), share)
    name = f"{size} nodes, {ties} links" + (" (sampled)" if share < 1 else "")
    scene = _scene(graph, steps)
    yield {"name": "graph.arrays", "value": round(1000 * best(lambda: Compiled(scene.ties)), 2),
           "unit": "ms", "set": name}  # fmt: skip
    for metric, (plain, part) in by_name.items():
        ours = best(partial(_once, metric, scene))
        slow = best(plain, 1 if part < 1 or size > 2000 else 2) / part
        yield {
            "name": f"graph.{metric}",
            "value": round(slow / ours, 2),
            "unit": "ratio",
            "against": f"networkx {nx.__version__}",
            "set": name,
            "ms": round(1000 * ours, 2),
            **({"goal": GOALS[metric]} if metric in GOALS else {}),
        }


def _scene(graph: nx.MultiDiGraph, steps: list[tuple[str, str]]) -> Scene:
    return Scene(by_relation(graph), organisation_techniques(graph), steps)


def _once(metric: str, scene: Scene) -> object:
    """One metric without remembered results; the arrays are made once for all metrics."""
    scene.found.clear()
    return METRICS[metric](scene)


def _many(work: Callable[[], None], turns: int) -> None:
    for _ in range(turns):
        work()


def other_ratios() -> Iterator[Record]:
    """Change against rebuild, modularity against Louvain, layout against spring layout."""
    nodes, links = records(5000, 20000)
    graph = build(nodes, links)
    rebuild = best(lambda: build(nodes, links), 2)
    changed = Link("o00001", "o00002", LinkKind.CO_BUILD, 2.0)

    def once() -> None:
        """One change while others go on reading the old graph."""
        update(forked(graph, (), [(changed.source, changed.target)]), put=[changed])

    change = best(lambda: _many(once, 100)) / 100
    on = "5000 nodes, 20000 links"
    yield _ratio("graph.update", rebuild / change, "full rebuild", on, 50.0)
    for size, ties in ((1000, 4000), (2000, 8000)):
        scene = Scene(by_relation(build(*records(size, ties))))
        reached = METRICS["modularity"](scene).value or 0.0
        t = scene.ties
        louvain = max(
            nx.community.modularity(t, nx.community.louvain_communities(t, None, seed=s), None)
            for s in range(10)
        )
        on = f"{size} nodes, {ties} links"
        yield _ratio("graph.modularity", reached / louvain, "best of ten Louvain seeds", on, 1.0)
    small = by_relation(build(*records(500, 1500)))
    spring = best(lambda: nx.spring_layout(small, seed=1), 1)
    ours = best(lambda: layout(small, places()))
    on = "500 nodes, 1500 links"
    yield _ratio("graph.layout", spring / ours, "networkx spring_layout", on, 10.0)
    large = by_relation(graph)
    taken = best(lambda: layout(large, places()))
    drawn = layout(large, places())
    on = "5000 nodes, 20000 links"
    yield {
        "name": "graph.layout",
        "value": round(1000 * taken, 1),
        "unit": "ms",
        "set": on,
        "goal": 2000.0,
    }
    taken = best(lambda: labels(drawn, large), 2)
    yield {"name": "graph.labels", "value": round(1000 * taken, 1), "unit": "ms", "set": on}


def _ratio(name: str, value: float, against: str, on: str, goal: float) -> Record:
    return {
        "name": name, "value": round(value, 4 if value < 2 else 1), "unit": "ratio",
        "against": against, "set": on, "goal": goal,
    }  # fmt: skip


def run() -> Iterator[Record]:
    """Every figure of this bench, one at a time."""
    yield from metric_ratios(1000, 4000, 1.0)
    yield from metric_ratios(5000, 20000, 0.02)
    yield from other_ratios()


if __name__ == "__main__":
    for record in run():
        print(json.dumps(record, ensure_ascii=False), flush=True)
