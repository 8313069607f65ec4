"""Partitions of high modularity: many Louvain runs, joined where they agree, and refined."""

from __future__ import annotations

import random
from collections import deque

import numpy as np
from scipy import sparse

from graph.compiled import Ints

RUNS = 10
LATER = 4
ROUNDS = 3
ENOUGH = 1e-12


def modularity(matrix: sparse.csr_array, label: Ints) -> float:
    """Newman's modularity of a partition of a symmetric matrix (a diagonal entry counts once)."""
    total = float(matrix.sum())
    if total == 0:
        return 0.0
    entries = matrix.tocoo()
    inside = float(entries.data[label[entries.row] == label[entries.col]].sum())
    strength = np.bincount(label, weights=np.asarray(matrix.sum(axis=1)).ravel())
    return inside / total - float(((strength / total) ** 2).sum())


def best_partition(matrix: sparse.csr_array, seed: int = 0) -> Ints:
    """Labels 0, 1, … in order of first node; the same for the same matrix and seed.

    Ten Louvain runs; then, several times over, nodes that all runs put together become one and
    Louvain runs again on what remains (Ovelgönne and Geyer-Schulz 2012), each result being refined
    node by node. Never worse than the best of the ten runs.
    """
    n = matrix.shape[0]
    if n == 0 or matrix.nnz == 0:
        return np.arange(n)
    runs = [louvain(matrix, random.Random(seed + i)) for i in range(RUNS)]  # noqa: S311
    best, score = _best(matrix, runs)
    for turn in range(ROUNDS):
        core = numbered(np.unique(np.stack(runs), axis=1, return_inverse=True)[1].ravel())
        small = merged(matrix, core)
        runs = []
        for i in range(LATER):
            chance = random.Random(seed + RUNS * (turn + 1) + i)  # noqa: S311
            coarse = louvain(small, chance)[core]
            runs.append(louvain(matrix, chance, coarse))
        found, reached = _best(matrix, runs)
        if reached <= score + ENOUGH:
            break
        best, score = found, reached
    return numbered(best)


def _best(matrix: sparse.csr_array, runs: list[Ints]) -> tuple[Ints, float]:
    scores = [modularity(matrix, run) for run in runs]
    at = int(np.argmax(scores))
    return runs[at], scores[at]


def numbered(label: Ints) -> Ints:
    """The same partition with labels 0, 1, … in order of first appearance."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return np.asarray(rank[inverse.ravel()])


def merged(matrix: sparse.csr_array, label: Ints) -> sparse.csr_array:
    """Each group as one node; ties inside a group become its diagonal entry."""
    n = len(label)
    groups = sparse.csr_array((np.ones(n), (np.arange(n), label)), shape=(n, int(label.max()) + 1))
    return sparse.csr_array(groups.T @ matrix @ groups)


def louvain(matrix: sparse.csr_array, chance: random.Random, start: Ints | None = None) -> Ints:
    """One Louvain run (Blondel et al. 2008) from single nodes or from the partition `start`."""
    label = np.arange(matrix.shape[0]) if start is None else numbered(start)
    level = matrix
    names = np.arange(matrix.shape[0])
    current = label
    while True:
        moved = numbered(_move(level, current, chance))
        if int(moved.max()) + 1 == level.shape[0]:
            return moved[names]
        names = moved[names]
        level = merged(level, moved)
        current = np.arange(level.shape[0])


def _move(matrix: sparse.csr_array, start: Ints, chance: random.Random) -> Ints:
    """Move nodes one by one to the best neighbouring group until none gains (queue of Traag)."""
    n = matrix.shape[0]
    first, ends, values = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
    strength: list[float] = np.asarray(matrix.sum(axis=1)).ravel().tolist()
    total = sum(strength)
    label: list[int] = start.tolist()
    weight: list[float] = np.bincount(start, weights=strength, minlength=n).tolist()
    order = list(range(n))
    chance.shuffle(order)
    waiting, queued = deque(order), [True] * n
    while waiting:
        node = waiting.popleft()
        queued[node] = False
        span = range(first[node], first[node + 1])
        near: dict[int, float] = {}
        for i in span:
            if ends[i] != node:
                group = label[ends[i]]
                near[group] = near.get(group, 0.0) + values[i]
        old = label[node]
        weight[old] -= strength[node]
        new = _choose(near, weight, old, strength[node] / total)
        weight[new] += strength[node]
        if new != old:
            label[node] = new
            for i in span:
                other = ends[i]
                if not queued[other] and label[other] != new:
                    queued[other] = True
                    waiting.append(other)
    return np.array(label, dtype=np.int64)


def _choose(near: dict[int, float], weight: list[float], old: int, pull: float) -> int:
    best, gain = old, near.get(old, 0.0) - weight[old] * pull
    for group, tied in near.items():
        value = tied - weight[group] * pull
        if value > gain + ENOUGH:
            best, gain = group, value
    return best


def groups_of(label: Ints) -> list[Ints]:
    """Node numbers of each group, the largest first, ties by the lowest number."""
    parts = [np.flatnonzero(label == i) for i in range(int(label.max()) + 1)] if len(label) else []
    return sorted(parts, key=lambda part: (-len(part), int(part[0])))
