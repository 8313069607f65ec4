"""Shortest paths, centrality and triangles on arrays, many sources at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from graph.compiled import Floats, Ints

BATCH_BYTES = 48_000_000
SAME_LENGTH = 1e-10  # relative; two routes this close are equally long, as in igraph


def breadth(matrix: sparse.csr_array) -> int:
    """The most steps a search from the busiest node of each component takes, doubled at most."""
    n = matrix.shape[0]
    if n == 0:
        return 0
    _, label = csgraph.connected_components(matrix, directed=True, connection="weak")
    degree = np.diff(matrix.indptr)
    order = np.lexsort((-degree, label))
    starts = order[np.unique(label[order], return_index=True)[1]]
    seen = np.zeros(n, dtype=bool)
    front = np.zeros(n)
    front[starts] = 1.0
    steps = 0
    both = matrix + matrix.T
    while front.any():
        seen |= front > 0
        front = np.where(seen, 0.0, both @ front)
        steps += 1
    return steps


def _batches(sources: Ints, size: int) -> list[Ints]:
    return [sources[i : i + size] for i in range(0, len(sources), size)]


def _sum_over(work: Callable[[Ints], Floats], parts: list[Ints], n: int) -> Floats:
    """Add up the answers of all parts; compiled code runs outside the interpreter's lock."""
    total = np.zeros(n)
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for answer in pool.map(work, parts):
            total += answer
    return total


def leaves(matrix: sparse.csr_array) -> tuple[Ints, Ints]:
    """Nodes of a symmetric matrix with one tie, and the busier node each of them hangs on."""
    degree = np.diff(matrix.indptr)
    alone = np.flatnonzero(degree == 1)
    on = matrix.indices[matrix.indptr[alone]].astype(np.int64)
    return alone[degree[on] > 1], on[degree[on] > 1]


def shares_with_leaves(
    matrix: sparse.csr_array, shares: Callable[[sparse.csr_array, Floats], Floats]
) -> Floats:
    """Path shares of a symmetric matrix, worked out by `shares` on what is left without leaves.

    A leaf carries nothing and stands on its node's shoulders: the node counts for itself and its
    leaves, and every path from or to a leaf passes through the node. Exact, and a hub of 10,000
    leaves is one node.
    """
    n = matrix.shape[0]
    leaf, on = leaves(matrix)
    count = np.bincount(on, minlength=n).astype(float)
    core = np.setdiff1d(np.arange(n), leaf)
    through = np.zeros(n)
    through[core] = shares(matrix[core][:, core].tocsr(), 1.0 + count[core])
    _, label = csgraph.connected_components(matrix, directed=False)
    others = np.bincount(label, minlength=n)[label] - 1.0 - count
    return np.asarray(through + count * (count - 1.0) + 2.0 * count * others)


def path_shares(matrix: sparse.csr_array, mass: Floats, depth: int) -> Floats:
    """Per node the sum over all pairs of others of the share of shortest paths through it.

    `mass` says how many stand at a node, as sources and as targets.

    Brandes 2001 with all sources of a batch moving one step at a time (sparse times dense).
    """
    n = matrix.shape[0]
    size = int(np.clip(BATCH_BYTES // (8 * max(n, 1) * (2 * depth + 6)), 1, 24))
    back = matrix.T.tocsr()

    def work(part: Ints) -> Floats:
        levels, paths = _spread(back, part)
        share = _gather(matrix, levels, paths, mass[:, None])
        share[part, np.arange(len(part))] = 0.0
        return np.asarray(share @ mass[part])

    return _sum_over(work, _batches(np.arange(n), size), n)


def _spread(back: sparse.csr_array, part: Ints) -> tuple[list[Floats], Floats]:
    """Numbers of shortest paths from each source, level by level and in total."""
    front = np.zeros((back.shape[0], len(part)))
    front[part, np.arange(len(part))] = 1.0
    paths = front.copy()
    levels = [front]
    while True:
        front = back @ front
        front *= (paths == 0).astype(np.float64)  # floats times floats run many at a time
        if not front.any():
            return levels, paths
        paths += front
        levels.append(front)


def _gather(matrix: sparse.csr_array, levels: list[Floats], paths: Floats, mass: Floats) -> Floats:
    """Dependencies, from the farthest level back to the sources."""
    with np.errstate(divide="ignore"):
        per_path = 1.0 / paths
    per_path[paths == 0] = 0.0
    share = np.zeros_like(paths)
    for step in range(len(levels) - 1, 0, -1):
        ahead = share + mass
        ahead *= per_path
        ahead *= levels[step]  # with the next line a mask: 1 on this level, 0 elsewhere
        ahead *= per_path
        ahead = matrix @ ahead
        ahead *= levels[step - 1]
        share += ahead
    return share


def weighted_path_shares(lengths: sparse.csr_array, mass: Floats) -> Floats:
    """As `path_shares`, with edge lengths above zero."""
    n = lengths.shape[0]
    arcs = lengths.tocoo()
    tail, head, far = arcs.row.astype(np.int64), arcs.col.astype(np.int64), arcs.data
    size = int(np.clip(BATCH_BYTES // (8 * max(1, 4 * len(far) + 6 * n)), 1, 32))

    def work(part: Ints) -> Floats:
        distance = csgraph.dijkstra(lengths, indices=part)
        ahead, behind = distance[:, tail] + far, distance[:, head]
        with np.errstate(invalid="ignore"):
            tight = np.isfinite(ahead) & (np.abs(ahead - behind) <= SAME_LENGTH * behind)
            tight &= distance[:, tail] < behind
        row, arc = np.nonzero(tight)
        origin = np.arange(len(part)) * n + part
        found = _dependencies(
            np.tile(mass, len(part)), origin, row * n + tail[arc], row * n + head[arc]
        )
        return np.asarray(mass[part] @ found.reshape(len(part), n))

    return _sum_over(work, _batches(np.arange(n), size), n)


def _dependencies(mass: Floats, origin: Ints, tail: Ints, head: Ints) -> Floats:
    """Brandes' two recursions over arcs (sorted by tail) of shortest-path graphs, wave by wave.

    A node's wave comes when all arcs into it are done, so each arc is touched once each way.
    """
    size = len(mass)
    first = np.concatenate([[0], np.cumsum(np.bincount(tail, minlength=size))])
    missing = np.bincount(head, minlength=size)
    paths = np.zeros(size)
    paths[origin] = 1.0
    wave, waves = origin, []
    while len(wave):
        arcs = _ranges(first[wave], first[wave + 1])
        ends = head[arcs]
        np.add.at(paths, ends, paths[tail[arcs]])
        np.subtract.at(missing, ends, 1)
        waves.append(arcs)
        wave = np.unique(ends[missing[ends] == 0])
    through = np.zeros(size)
    for arcs in reversed(waves):
        begin, ends = tail[arcs], head[arcs]
        np.add.at(through, begin, paths[begin] / paths[ends] * (mass[ends] + through[ends]))
    through[origin] = 0.0
    return through


def _ranges(first: Ints, last: Ints) -> Ints:
    """All whole numbers of several half-open ranges, one after another."""
    count = last - first
    offset = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
    return np.asarray(offset + np.arange(len(offset)))


def reach(matrix: sparse.csr_array) -> tuple[Floats, Floats]:
    """Per node how many others reach it and the sum of their distances in steps.

    Sources are the bits of 64-bit words, so one pass moves every source one step.
    """
    n = matrix.shape[0]
    others, total = np.zeros(n), np.zeros(n)
    into = matrix.T.tocsr()
    rows = np.flatnonzero(np.diff(into.indptr))
    if not len(rows):
        return others, total
    words = max(1, BATCH_BYTES // (8 * max(1, into.nnz)))
    for first in range(0, n, 64 * words):
        sources = np.arange(first, min(n, first + 64 * words))
        place = sources - first
        front = np.zeros((n, (len(sources) + 63) // 64), dtype=np.uint64)
        front[sources, place // 64] = np.uint64(1) << (place % 64).astype(np.uint64)
        seen = front.copy()
        step = 0
        while front.any():
            step += 1
            fresh = np.zeros_like(front)
            fresh[rows] = np.bitwise_or.reduceat(front[into.indices], into.indptr[rows], axis=0)
            front = fresh & ~seen
            seen |= front
            arrived = np.bitwise_count(front).sum(axis=1, dtype=np.int64)
            others += arrived
            total += step * arrived
    return others, total


def weighted_reach(lengths: sparse.csr_array, *, symmetric: bool) -> tuple[Floats, Floats]:
    """As `reach`, with edge lengths."""
    n = lengths.shape[0]
    others, total = np.zeros(n), np.zeros(n)
    into = lengths.T.tocsr()
    size = int(np.clip(BATCH_BYTES // (16 * max(1, n)), 1, 512))
    leaf, on = leaves(into) if symmetric else (np.zeros(0, dtype=np.int64),) * 2
    for part in _batches(np.setdiff1d(np.arange(n), leaf), size):
        distance = csgraph.dijkstra(into, indices=part)
        known = np.isfinite(distance)
        others[part] = known.sum(axis=1) - 1
        total[part] = np.where(known, distance, 0.0).sum(axis=1)
    # a leaf is as far from everybody as the node it hangs on, plus its own tie
    others[leaf] = others[on]
    total[leaf] = total[on] + into.data[into.indptr[leaf]] * (others[on] - 1.0)
    return others, total


def triangles(matrix: sparse.csr_array) -> tuple[Ints, Ints, Ints]:
    """Every triangle of a symmetric matrix once, as three columns of node numbers.

    Each edge points to the end with more ties, so a hub of 10,000 costs no more than its edges.
    """
    n = matrix.shape[0]
    degree = np.diff(matrix.indptr)
    place = np.empty(n, dtype=np.int64)
    place[np.lexsort((np.arange(n), degree))] = np.arange(n)
    entries = matrix.tocoo()
    up = place[entries.row] < place[entries.col]
    low, high = place[entries.row[up]], place[entries.col[up]]
    order = np.lexsort((high, low))
    low, high = low[order], high[order]
    first = np.searchsorted(low, np.arange(n + 1))
    edge, third = _wedges(first, high)
    wanted = low[edge] * n + third
    keys = low * n + high
    at = np.minimum(np.searchsorted(keys, wanted), max(len(keys) - 1, 0))
    hit = keys[at] == wanted if len(keys) else np.zeros(0, dtype=bool)
    name = np.argsort(place)
    return name[low[edge[hit]]], name[high[edge[hit]]], name[third[hit]]


def _wedges(first: Ints, high: Ints) -> tuple[Ints, Ints]:
    """For each edge (a, b) every edge (b, c): the edge's number and c."""
    edge = np.repeat(np.arange(len(high)), first[high + 1] - first[high])
    return edge, high[_ranges(first[high], first[high + 1])]


def constraint(weights: sparse.csr_array) -> Floats:
    """Burt's constraint of every node of a symmetric matrix; not a number for isolates."""
    n = weights.shape[0]
    strength = np.asarray(weights.sum(axis=1)).ravel()
    arcs = weights.tocoo()
    row, column = arcs.row.astype(np.int64), arcs.col.astype(np.int64)
    share = arcs.data / strength[row]
    keys = row * n + column
    indirect = np.zeros(len(keys))
    corners = triangles(weights)
    for i, j, k in ((0, 1, 2), (1, 0, 2), (0, 2, 1), (2, 0, 1), (1, 2, 0), (2, 1, 0)):
        a, b, via = corners[i], corners[j], corners[k]
        direct = np.searchsorted(keys, a * n + b)
        steps = share[np.searchsorted(keys, a * n + via)]
        steps = steps * share[np.searchsorted(keys, via * n + b)]
        indirect += np.bincount(direct, weights=steps, minlength=len(keys))
    answer = np.bincount(row, weights=(share + indirect) ** 2, minlength=n).astype(float)
    answer[strength == 0] = np.nan
    return np.asarray(answer)
