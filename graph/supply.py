"""Supply: what hangs on one provider, what can be replaced, and who duplicates whom."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from graph.compiled import Floats, compiled
from graph.registry import Cost, Measure, Pair, Scene, Values, metric
from graph.strongest import Strongest

SHOWN = 200
ROWS = 256


@metric(
    "single_provider",
    zh="独家技术",
    en="Single-provider techniques",
    reads_zh="机构：有多少项技术只有它一家能提供；技术：1 表示只靠一家。总数越少越稳。",
    reads_en="Organisation: techniques only it offers. Technique: 1 if it hangs on one.",
    reference="Christopher & Peck 2004, Int. J. Logistics Management 15:1–14",
)
def single_provider(scene: Scene) -> Measure:
    """Techniques with exactly one provider; pairs say who provides which, the value counts them."""
    holdings, techniques = scene.holdings, scene.techniques
    alone = [t for t in holdings if t in techniques and holdings.degree(t) == 1]
    values = dict.fromkeys([*scene.ties, *holdings], 0.0)
    pairs = []
    for technique in alone:
        owner = next(iter(holdings[technique]))
        values[technique] = 1.0
        values[owner] += 1.0
        pairs.append(Pair(owner, technique, 1.0))
    return Measure(dict(values), tuple(pairs), float(len(alone)))


@metric(
    "redundancy",
    zh="可替代度",
    en="Redundancy",
    reads_zh="它所提供（或联系）的，有多大比例别人也提供；1 表示全部可由他人替代，0 表示无人替代。",
    reads_en="The share of what it offers (or is tied to) that somebody else has too; 0: nobody.",
    reference="Sheffi & Rice 2005, MIT Sloan Management Review 47:41–48",
)
def redundancy(scene: Scene) -> Measure:
    """Share of neighbours in `holdings` with another neighbour; the value is over all ties."""
    arrays = compiled(scene.holdings)
    degree = np.diff(arrays.plain.indptr)
    shared = arrays.plain @ (degree > 1).astype(float)
    nodes: Values = dict.fromkeys(_all(scene))
    nodes.update(
        (key, some / every if every else None)
        for key, some, every in zip(arrays.nodes, shared.tolist(), degree.tolist(), strict=True)
    )
    owners = np.array([key not in scene.techniques for key in arrays.nodes], dtype=bool)
    total = int(degree[owners].sum())
    return Measure(nodes, value=float(shared[owners].sum()) / total if total else None)


@metric(
    "overlap",
    zh="同质化",
    en="Overlap",
    reads_zh="与最相像的一家在技术（或联系）上的重合比例；1 表示完全重复建设。",
    reads_en="How much it has in common with the one most like it; 1 means a full duplicate.",
    reference="Jaccard 1912, New Phytologist 11:37–50; Burt 1976, Social Forces 55:93–122",
    cost=Cost.MEDIUM,
)
def overlap(scene: Scene) -> Measure:
    """Largest Jaccard share with another node; pairs name the 200 strongest overlaps."""
    arrays = compiled(scene.holdings)
    listed = np.array([key not in scene.techniques for key in arrays.nodes], dtype=bool)
    best, strongest = _similar(arrays.plain, listed)
    pairs = tuple(Pair(arrays.nodes[i], arrays.nodes[j], share) for i, j, share in strongest)
    values = dict(zip(arrays.nodes, best.tolist(), strict=True))
    return Measure({key: values.get(key, 0.0) for key in _all(scene)}, pairs)


def _all(scene: Scene) -> dict[str, None]:
    return dict.fromkeys([*scene.ties, *scene.holdings])


def _similar(
    matrix: sparse.csr_array, listed: NDArray[np.bool_]
) -> tuple[Floats, list[tuple[int, int, float]]]:
    """Per row the largest Jaccard share with another row, and the strongest pairs of `listed`.

    Goes in blocks of rows, because everybody around a hub of 10,000 resembles everybody else.
    """
    n = matrix.shape[0]
    degree = np.diff(matrix.indptr).astype(float)
    best = np.zeros(n)
    found = Strongest(SHOWN)
    turned = matrix.T.tocsr()
    for begin in range(0, n, ROWS):
        block = (matrix[begin : begin + ROWS] @ turned).tocsr()
        i = np.repeat(np.arange(begin, begin + block.shape[0]), np.diff(block.indptr))
        j = block.indices.astype(np.int64)
        share = block.data / (degree[i] + degree[j] - block.data)
        share[i == j] = 0.0
        filled = np.flatnonzero(np.diff(block.indptr))
        if len(filled):
            best[begin + filled] = np.maximum.reduceat(share, block.indptr[filled])
        good = (share > found.bar) & (i < j)
        i, j, share = i[good], j[good], share[good]
        both = listed[i] & listed[j]
        found.add(i[both], j[both], share[both])
    return best, found.pairs()
