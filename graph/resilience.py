"""Resilience: what breaks if a node goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from graph.compiled import Compiled, Floats, compiled
from graph.errors import GraphError
from graph.registry import Key, Measure, Scene, metric


@metric(
    "resilience",
    zh="退出影响",
    en="Loss if it goes",
    reads_zh="它一旦退出，其余成员之间有多大比例的联系路径会断开；0 表示网络不受影响。",
    reads_en="The share of the others' connections that break if it leaves; 0 means none.",
    reference="Borgatti 2006, Comput. Math. Organ. Theory 12:21–34 (fragmentation)",
)
def resilience(scene: Scene) -> Measure:
    """Share of connected pairs of others that lose each other.

    The value is the share of all pairs that are connected today. Direction is left aside.
    """
    arrays = compiled(scene.mutual)
    lost, size = _pairs_lost(arrays)
    n = len(arrays)
    connected = float((size - 1.0).sum()) / 2.0
    others = connected - (size - 1.0)
    share = np.divide(lost, others, out=np.zeros(n), where=others > 0)
    whole = 2.0 * connected / (n * (n - 1)) if n > 1 else None
    return Measure(dict(arrays.named(share)), value=whole)


@dataclass(frozen=True, slots=True)
class Breakage:
    """What happens when one organisation leaves.

    `pieces` are the groups its component falls into (one piece: it holds together), the largest
    first; `cut_off` everybody outside the largest; `techniques` those nobody else offers;
    `partners` lose a direct tie.
    """

    key: Key
    pieces: tuple[tuple[Key, ...], ...]
    cut_off: tuple[Key, ...]
    techniques: tuple[Key, ...]
    partners: tuple[Key, ...]
    pairs_lost: int


def what_breaks(scene: Scene, key: Key) -> Breakage:
    """The consequences if `key` leaves; raises GraphError where there is no such node."""
    if key not in scene.ties:
        raise GraphError(f"no such node {key}", f"没有节点 {key}")
    mutual = scene.mutual
    together = nx.node_connected_component(mutual, key)
    rest = mutual.subgraph(together - {key})
    pieces = sorted(
        (tuple(sorted(part, key=str)) for part in nx.connected_components(rest)),
        key=lambda part: (-len(part), str(part[0])),
    )
    others = len(together) - 1
    kept = sum(len(part) * (len(part) - 1) // 2 for part in pieces)
    held = scene.holdings
    mine = [t for t in held[key] if t in scene.techniques] if key in held else []
    return Breakage(
        key=key,
        pieces=tuple(pieces),
        cut_off=tuple(k for part in pieces[1:] for k in part),
        techniques=tuple(sorted((t for t in mine if held.degree(t) == 1), key=str)),
        partners=tuple(sorted(mutual[key], key=str)),
        pairs_lost=others * (others - 1) // 2 - kept,
    )


def _pairs_lost(arrays: Compiled) -> tuple[Floats, Floats]:
    """Per node: pairs of others that its going parts, and the size of its component.

    One depth-first walk: a branch below a node that has no way round it falls off with its size.
    """
    n = len(arrays)
    first, ends = arrays.plain.indptr.tolist(), arrays.plain.indices.tolist()
    walk = _Walk([0] * n, [0] * n, [1] * n, [-1] * n, [0] * n, [0] * n)
    size = np.ones(n)
    for root in range(n):
        if walk.seen[root]:
            continue
        members = _descend(root, first, ends, walk)
        size[members] = len(members)
    # ordered pairs: the branches fallen off from each other and from what stays together
    fallen = np.array(walk.fallen, dtype=float)
    squares = np.array(walk.squares, dtype=float)
    stays = size - 1.0 - fallen
    lost = ((size - 1.0) ** 2 - squares - stays**2) / 2.0
    return np.asarray(lost), size


@dataclass(slots=True)
class _Walk:
    seen: list[int]
    low: list[int]
    below: list[int]
    parent: list[int]
    fallen: list[int]
    squares: list[int]


def _descend(root: int, first: list[int], ends: list[int], walk: _Walk) -> list[int]:
    members, clock = [root], 1
    walk.seen[root] = walk.low[root] = clock
    stack: list[Any] = [(root, iter(ends[first[root] : first[root + 1]]))]
    while stack:
        node, near = stack[-1]
        child = next((x for x in near if x != walk.parent[node]), None)
        if child is None:
            stack.pop()
            _return(node, walk)
        elif walk.seen[child]:
            walk.low[node] = min(walk.low[node], walk.seen[child])
        else:
            clock += 1
            walk.seen[child] = walk.low[child] = clock
            walk.parent[child] = node
            members.append(child)
            stack.append((child, iter(ends[first[child] : first[child + 1]])))
    return members


def _return(node: int, walk: _Walk) -> None:
    above = walk.parent[node]
    if above < 0:
        return
    walk.below[above] += walk.below[node]
    walk.low[above] = min(walk.low[above], walk.low[node])
    if walk.low[node] >= walk.seen[above]:
        walk.fallen[above] += walk.below[node]
        walk.squares[above] += walk.below[node] ** 2
