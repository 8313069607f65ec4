"""Who can introduce us: paths between two organisations, the best introductions first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice, pairwise
from typing import Any

import networkx as nx

from graph.errors import GraphError


@dataclass(frozen=True, slots=True)
class Path:
    """A chain of organisations from the asker to the goal.

    `steps` counts the ties, `weakest` is the smallest weight on the way, `length` the sum of
    1/weight; `through` are those in between, in order.
    """

    nodes: tuple[Any, ...]
    steps: int
    length: float
    weakest: float

    @property
    def through(self) -> tuple[Any, ...]:
        """Who would have to introduce whom."""
        return self.nodes[1:-1]


def introductions(
    ties: nx.Graph,
    source: Any,
    target: Any,
    *,
    best: int = 3,
    most_steps: int = 6,
) -> list[Path]:
    """The `best` paths: fewest people to ask first, then the strongest ties, then by key.

    An empty list says that nobody can introduce the two within `most_steps`. Raises GraphError
    where one of them is not in the graph.

    >>> ties = nx.Graph([("a", "b"), ("b", "d"), ("a", "c"), ("c", "d")])
    >>> ties.edges["a", "c"]["weight"] = 5
    >>> [path.nodes for path in introductions(ties, "a", "d")]
    [('a', 'c', 'd'), ('a', 'b', 'd')]
    """
    for key in (source, target):
        if key not in ties:
            raise GraphError(f"no such node {key}", f"没有节点 {key}")
    if source == target:
        return []
    back = ties.reverse(copy=False) if ties.is_directed() else ties
    hops = nx.single_source_shortest_path_length(back, target, most_steps)
    found = islice(_best_first(ties, source, hops), best)
    return [_path(ties, nodes) for nodes in found if len(nodes) <= most_steps + 1]


def _best_first(ties: nx.Graph, source: Any, hops: dict[Any, int]) -> Iterator[tuple[Any, ...]]:
    """All paths to where `hops` is 0, best first (Yen 1971 on the order steps, length, keys)."""
    waiting: list[tuple[_Rank, tuple[Any, ...]]] = []
    known: set[tuple[Any, ...]] = set()
    given: list[tuple[Any, ...]] = []
    fresh = [_shortest(ties, source, hops, frozenset(), frozenset())]
    while True:
        for nodes in fresh:
            if nodes is not None and nodes not in known:
                known.add(nodes)
                heapq.heappush(waiting, (_rank(ties, nodes), nodes))
        if not waiting:
            return
        _, nodes = heapq.heappop(waiting)
        given.append(nodes)
        yield nodes
        fresh = _leaving(ties, nodes, hops, given)


_Rank = tuple[int, float, tuple[str, ...]]


def _length(ties: nx.Graph, u: Any, v: Any) -> float:
    return 1.0 / float(ties.edges[u, v].get("weight", 1.0))


def _rank(ties: nx.Graph, nodes: tuple[Any, ...]) -> _Rank:
    length = sum(_length(ties, u, v) for u, v in pairwise(nodes))
    return len(nodes), round(length, 9), tuple(map(str, nodes))


def _path(ties: nx.Graph, nodes: tuple[Any, ...]) -> Path:
    pairs = list(pairwise(nodes))
    weakest = min(float(ties.edges[u, v].get("weight", 1.0)) for u, v in pairs)
    return Path(nodes, len(pairs), _rank(ties, nodes)[1], weakest)


def _leaving(
    ties: nx.Graph,
    nodes: tuple[Any, ...],
    hops: dict[Any, int],
    found: list[tuple[Any, ...]],
) -> list[tuple[Any, ...] | None]:
    """The best paths that follow `nodes` for a while and then leave every path found so far."""
    made: list[tuple[Any, ...] | None] = []
    for i in range(len(nodes) - 1):
        start = nodes[: i + 1]
        barred = frozenset((path[i], path[i + 1]) for path in found if path[: i + 1] == start)
        rest = _shortest(ties, nodes[i], hops, frozenset(start[:-1]), barred)
        made.append(None if rest is None else start[:-1] + rest)
    return made


def _shortest(
    ties: nx.Graph,
    source: Any,
    hops: dict[Any, int],
    closed: frozenset[Any],
    barred: frozenset[tuple[Any, Any]],
) -> tuple[Any, ...] | None:
    """Best path by (steps, length, keys) that avoids the nodes `closed` and the steps `barred`.

    `hops` are the steps left to the goal; they steer the search (A*) and leave out what is too far.
    """
    number = count()
    if source not in hops:
        return None
    waiting: list[tuple[int, float, tuple[str, ...], int, tuple[Any, ...]]] = [
        (hops[source], 0.0, (str(source),), next(number), (source,))
    ]
    done: set[Any] = set()
    while waiting:
        _, length, names, _, nodes = heapq.heappop(waiting)
        node = nodes[-1]
        if hops[node] == 0:
            return nodes
        if node in done:
            continue
        done.add(node)
        for near in sorted((set(ties[node]) & hops.keys()) - closed - done, key=str):
            if (node, near) not in barred:
                far = round(length + _length(ties, node, near), 9)
                rank = (len(nodes) + hops[near], far, (*names, str(near)), next(number))
                heapq.heappush(waiting, (*rank, (*nodes, near)))
    return None
