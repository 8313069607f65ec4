"""Every metric by name, and running many of them on one network.

Weights: a metric without "weighted" in its name ignores them; path lengths are 1/weight. Parallel
links add up, self links are left aside. Metrics that know no direction (cores, components, cut
points, bridges, communities, overlap) add up both directions of a directed network.
"""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx

from graph import (
    brokerage,
    centrality,
    cohesion,
    communities,
    complement,
    resilience,
    supply,
)
from graph.errors import GraphError
from graph.project import by_relation, organisation_techniques
from graph.records import LinkKind
from graph.registry import METRICS, Cost, Level, Measure, Metric, Pair, Scene, metric

FAMILIES = (
    centrality, cohesion, communities, brokerage, supply, complement, resilience,
)  # fmt: skip

__all__ = [
    "FAMILIES",
    "METRICS",
    "Cost",
    "Level",
    "Measure",
    "Metric",
    "Pair",
    "Scene",
    "compute",
    "metric",
    "names_up_to",
    "scene_of",
]


def scene_of(graph: nx.MultiDiGraph) -> Scene:
    """What metrics look at for a whole platform graph: relations, offers and chain order."""
    steps = [(u, v) for u, v, d in graph.edges(data=True) if d["kind"] == LinkKind.PRECEDES]
    return Scene(by_relation(graph), organisation_techniques(graph), steps)


def names_up_to(cost: Cost) -> tuple[str, ...]:
    """Names of the metrics that cost at most `cost`, in order of registration."""
    order = list(Cost)
    return tuple(n for n, m in METRICS.items() if order.index(m.cost) <= order.index(cost))


def compute(network: nx.Graph | Scene, names: Iterable[str] | None = None) -> dict[str, Measure]:
    """The metrics `names` (all by default) of one network; raises GraphError for another name.

    >>> found = compute(nx.path_graph(3), ["betweenness", "components"])
    >>> found["betweenness"].nodes[1], found["components"].value
    (1.0, 1.0)
    """
    scene = network if isinstance(network, Scene) else Scene(network)
    wanted = tuple(METRICS) if names is None else tuple(names)
    unknown = [name for name in wanted if name not in METRICS]
    if unknown:
        raise GraphError(f"unknown metric {unknown[0]}", f"未知的指标 {unknown[0]}")
    return {name: METRICS[name](scene) for name in wanted}
