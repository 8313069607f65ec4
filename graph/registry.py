"""The registry of metrics: what one is, what it looks at, what it answers, how all are run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

import networkx as nx

from graph.errors import GraphError
from graph.records import NodeKind

Key = Any
Values = dict[Key, float | None]


class Cost(StrEnum):
    """How long a metric takes on 5,000 nodes and 20,000 links, on two cores.

    LIGHT: under 0.1 s, fit for a page. MEDIUM: under 1 s. HEAVY: seconds, run in the background.
    """

    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"


class Level(StrEnum):
    """What a metric mainly speaks of."""

    NODE = "node"
    EDGE = "edge"
    GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two nodes with a value and, for suggestions, the reasons in words."""

    source: Key
    target: Key
    value: float
    why_zh: tuple[str, ...] = ()
    why_en: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """What a metric found: per node, per pair, for the whole, or several of these.

    None as a node's value means that the metric is not defined there (no ties, no region).
    """

    nodes: Values | None = None
    edges: tuple[Pair, ...] | None = None
    value: float | None = None

    def as_json(self, level: Level) -> dict[str, Any]:
        """Plain values for JSON; a graph metric always has `value`, even where it is null."""
        made: dict[str, Any] = {}
        if self.nodes is not None:
            made["nodes"] = {str(key): _number(value) for key, value in self.nodes.items()}
        if self.edges is not None:
            made["edges"] = [_pair_json(pair) for pair in self.edges]
        if self.value is not None or level is Level.GRAPH:
            made["value"] = _number(self.value)
        return made


def _pair_json(pair: Pair) -> dict[str, Any]:
    made: dict[str, Any] = {
        "source": str(pair.source),
        "target": str(pair.target),
        "value": _number(pair.value),
    }
    if pair.why_zh:
        made["reasons"] = {"zh": list(pair.why_zh), "en": list(pair.why_en)}
    return made


def _number(value: float | None) -> float | int | None:
    if value is None or not math.isfinite(value):
        return None
    return value


class Scene:
    """What a metric looks at, brought into one form so that input order never matters.

    `ties`: who is tied to whom (simple, sorted, without self links, parallel ones added up, with
    `weight` and `length` = 1/weight). `offers`: organisations and techniques; None where techniques
    are nodes of `ties` or there are none. `chain`: pairs of techniques that follow each other.
    """

    def __init__(
        self,
        ties: nx.Graph,
        offers: nx.Graph | None = None,
        chain: Iterable[tuple[Key, Key]] = (),
    ) -> None:
        self.ties = canonical(ties)
        self._offers = offers
        self.chain = tuple(sorted(set(chain), key=str))
        self.found: dict[str, Any] = {}

    @cached_property
    def mutual(self) -> nx.Graph:
        """The ties without direction; weights of both directions added up."""
        return canonical(self.ties, directed=False) if self.ties.is_directed() else self.ties

    @cached_property
    def holdings(self) -> nx.Graph:
        """Who has what: organisations and techniques or, where there are none, plain ties."""
        if self._offers is not None:
            return canonical(self._offers, directed=False)
        kinds = self.mutual.nodes(data="kind")
        techniques = {key for key, kind in kinds if kind == NodeKind.TECHNIQUE}
        if not techniques:
            return self.mutual
        made = nx.Graph()
        made.add_nodes_from(self.mutual.nodes(data=True))
        made.add_edges_from(
            (u, v, d)
            for u, v, d in self.mutual.edges(data=True)
            if (u in techniques) != (v in techniques)
        )
        return nx.freeze(made)

    @cached_property
    def techniques(self) -> frozenset[Key]:
        """Nodes of `holdings` that are techniques."""
        kinds = self.holdings.nodes(data="kind")
        return frozenset(key for key, kind in kinds if kind == NodeKind.TECHNIQUE)

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """A result that several metrics share, made the first time it is asked for."""
        if name not in self.found:
            self.found[name] = make()
        return self.found[name]


def canonical(graph: nx.Graph, *, directed: bool | None = None) -> nx.Graph:
    """A simple frozen graph with sorted nodes and edges and weights added up.

    Self links go: a tie with oneself says nothing about a network. Raises GraphError for a weight
    that is not a number above zero.
    """
    directed = graph.is_directed() if directed is None else directed
    made = nx.DiGraph() if directed else nx.Graph()
    made.add_nodes_from((key, dict(graph.nodes[key])) for key in sorted(graph, key=_order))
    place = {key: i for i, key in enumerate(made)}
    weights: dict[tuple[Key, Key], float] = {}
    for u, v, data in graph.edges(data=True):
        if u == v:
            continue
        pair = (u, v) if directed or place[u] < place[v] else (v, u)
        weights[pair] = weights.get(pair, 0.0) + _weight(u, v, data)
    for (u, v), weight in sorted(weights.items(), key=lambda e: (place[e[0][0]], place[e[0][1]])):
        made.add_edge(u, v, weight=weight, length=1.0 / weight)
    return nx.freeze(made)


def _order(key: Key) -> tuple[str, Key]:
    return (type(key).__name__, key) if isinstance(key, str | int) else ("", str(key))


def _weight(u: Key, v: Key, data: Mapping[str, Any]) -> float:
    weight = data.get("weight", 1.0)
    try:
        value = float(weight)
    except (TypeError, ValueError):
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise GraphError(
            f"weight of {u} – {v} must be a number above zero", f"{u} – {v} 的权重必须是大于零的数"
        )
    return value


Compute = Callable[[Scene], Measure]


@dataclass(frozen=True, slots=True)
class Metric:
    """A registered metric: title, a sentence for coordinators, the source, cost and level."""

    name: str
    zh: str
    en: str
    reads_zh: str
    reads_en: str
    reference: str
    cost: Cost
    level: Level
    compute: Compute = field(repr=False)

    def title(self, language: str) -> str:
        """The title in `language` ("zh" or "en")."""
        return self.en if language == "en" else self.zh

    def reads(self, language: str) -> str:
        """How to read the numbers, in `language`."""
        return self.reads_en if language == "en" else self.reads_zh

    def __call__(self, graph: nx.Graph | Scene) -> Measure:
        """The metric of a plain graph or of a prepared scene."""
        return self.compute(graph if isinstance(graph, Scene) else Scene(graph))


METRICS: dict[str, Metric] = {}


def metric(
    name: str,
    *,
    zh: str,
    en: str,
    reads_zh: str,
    reads_en: str,
    reference: str,
    cost: Cost = Cost.LIGHT,
    level: Level = Level.NODE,
) -> Callable[[Compute], Compute]:
    """Register the decorated function as the metric `name`; a name is taken once."""

    def add(function: Compute) -> Compute:
        if name in METRICS:
            raise GraphError(f"metric {name} is registered twice", f"指标 {name} 重复注册")
        METRICS[name] = Metric(name, zh, en, reads_zh, reads_en, reference, cost, level, function)
        return function

    return add
