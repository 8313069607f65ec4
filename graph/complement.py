"""Complementarity: who should meet whom, and why."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from graph.compiled import Compiled, Floats, compiled
from graph.records import ORGANISATIONS
from graph.registry import Cost, Key, Measure, Pair, Scene, metric
from graph.strongest import Strongest

SUGGESTED = 50
CELLS = 2_000_000
NAMED = 3


@metric(
    "complementarity",
    zh="互补推荐",
    en="Suggested introductions",
    reads_zh="尚未合作、但工序前后衔接且有共同伙伴的成员；数值越大，越值得介绍认识。",
    reads_en="Not yet tied, but one's step follows the other's and partners are shared.",
    reference="Adamic & Adar 2003, Social Networks 25:211–230; Liben-Nowell & Kleinberg 2007",
    cost=Cost.HEAVY,
)
def complementarity(scene: Scene) -> Measure:
    """Best score per node and the 50 strongest suggestions with reasons.

    Score of a pair without a tie: hand-overs h that the chain allows between the two (each lacks
    the other's step), less what they duplicate, h (1 - Jaccard), plus the Adamic-Adar index of
    their shared partners. Without techniques it is the Adamic-Adar index.
    """
    tables = _tables(scene)
    best, strongest = _score(tables)
    nodes = tables.arrays.nodes
    pairs = tuple(_explained(scene, nodes[i], nodes[j], score) for i, j, score in strongest)
    return Measure(dict(zip(nodes, best.tolist(), strict=True)), pairs)


@dataclass(frozen=True, slots=True)
class _Tables:
    arrays: Compiled
    ties: sparse.csr_array
    eager: sparse.csr_array  # ties weighted by 1/log(degree) of the partner
    held: sparse.csr_array
    before: sparse.csr_array
    after: sparse.csr_array
    allowed: Floats


def _tables(scene: Scene) -> _Tables:
    arrays = compiled(scene.mutual)
    ties = arrays.plain
    degree = np.diff(ties.indptr).astype(float)
    with np.errstate(divide="ignore"):
        pull = np.where(degree > 1, 1.0 / np.log(np.maximum(degree, 1.0)), 0.0)
    held = _held(scene, arrays)
    before, after = _sides(scene, arrays)
    return _Tables(
        arrays, ties, sparse.csr_array(ties.multiply(pull)), held, before, after, _allowed(scene)
    )


def _allowed(scene: Scene) -> Floats:
    """1 for those who can be introduced: organisations, or everybody where no kinds are given."""
    kinds = [kind for _, kind in scene.mutual.nodes(data="kind")]
    if not any(kind in ORGANISATIONS for kind in kinds):
        return np.array([float(key not in scene.techniques) for key in scene.mutual])
    return np.array([float(kind in ORGANISATIONS) for kind in kinds])


def _held(scene: Scene, arrays: Compiled) -> sparse.csr_array:
    column = {t: j for j, t in enumerate(sorted(scene.techniques, key=str))}
    where = [
        (arrays.index[owner], column[t])
        for t in column
        for owner in scene.holdings[t]
        if owner in arrays.index
    ]
    return _table(where, (len(arrays), max(1, len(column))))


def _sides(scene: Scene, arrays: Compiled) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Per pair of following techniques who has only the first, and who only the second."""
    left: list[tuple[int, int]] = []
    right: list[tuple[int, int]] = []
    for j, (x, y) in enumerate(scene.chain):
        if x not in scene.techniques or y not in scene.techniques:
            continue
        has_x, has_y = set(scene.holdings[x]), set(scene.holdings[y])
        left.extend((arrays.index[k], j) for k in has_x - has_y if k in arrays.index)
        right.extend((arrays.index[k], j) for k in has_y - has_x if k in arrays.index)
    shape = (len(arrays), max(1, len(scene.chain)))
    return _table(left, shape), _table(right, shape)


def _table(where: list[tuple[int, int]], shape: tuple[int, int]) -> sparse.csr_array:
    spots = np.array(sorted(where), dtype=np.int64).reshape(-1, 2)
    return sparse.csr_array((np.ones(len(spots)), (spots[:, 0], spots[:, 1])), shape=shape)


def _score(tables: _Tables) -> tuple[Floats, list[tuple[int, int, float]]]:
    n = len(tables.arrays)
    best = np.zeros(n)
    found = Strongest(SUGGESTED)
    height = max(1, CELLS // max(1, n))
    for begin in range(0, n, height):
        part = slice(begin, min(n, begin + height))
        score = _block(tables, part)
        best[part] = score.max(axis=1)
        i, j = np.nonzero(score > found.bar)
        once = i + begin < j
        i, j = i[once], j[once]
        found.add(i + begin, j, score[i, j])
    return best, found.pairs()


def _block(tables: _Tables, part: slice) -> Floats:
    """Scores of the rows of `part` against everybody, ties and self left out."""
    score = (tables.eager[part] @ tables.ties).toarray()
    if tables.before.nnz:
        steps = tables.before[part] @ tables.after.T + tables.after[part] @ tables.before.T
        both = (tables.held[part] @ tables.held.T).toarray()
        count = np.asarray(tables.held.sum(axis=1)).ravel()
        either = count[part][:, None] + count[None, :] - both
        likeness = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
        score += steps.toarray() * (1.0 - likeness)
    score *= tables.allowed[part][:, None] * tables.allowed[None, :]
    score[tables.ties[part].nonzero()] = 0.0
    here = np.arange(part.start, part.stop)
    score[here - part.start, here] = 0.0
    return np.asarray(score)


def _explained(scene: Scene, a: Key, b: Key, score: float) -> Pair:
    zh: list[str] = []
    en: list[str] = []
    for x, y, first, second in _hand_overs(scene, a, b)[:NAMED]:
        names = [
            _name(scene, key, language) for language in ("zh", "en") for key in (first, second)
        ]
        steps = [_name(scene, key, language) for language in ("zh", "en") for key in (x, y)]
        zh.append(f"{names[0]}能做{steps[0]}，{names[1]}能接着做{steps[1]}")
        en.append(f"{names[2]} offers {steps[2]}, {names[3]} the following {steps[3]}")
    partners = sorted(set(scene.mutual[a]) & set(scene.mutual[b]), key=str)
    if partners:
        some = [[_name(scene, p, language) for p in partners[:NAMED]] for language in ("zh", "en")]
        more_zh = "等" if len(partners) > NAMED else ""
        zh.append(f"有 {len(partners)} 个共同伙伴：{'、'.join(some[0])}{more_zh}")
        tail = " and others" if len(partners) > NAMED else ""
        noun = "shared partner" if len(partners) == 1 else "shared partners"
        en.append(f"{len(partners)} {noun}: {', '.join(some[1])}{tail}")
    return Pair(a, b, score, tuple(zh), tuple(en))


def _hand_overs(scene: Scene, a: Key, b: Key) -> list[tuple[Key, Key, Key, Key]]:
    held = scene.holdings
    has_a = set(held[a]) if a in held else set()
    has_b = set(held[b]) if b in held else set()
    found = []
    for x, y in scene.chain:
        if x in has_a and y in has_b and y not in has_a and x not in has_b:
            found.append((x, y, a, b))
        if x in has_b and y in has_a and y not in has_b and x not in has_a:
            found.append((x, y, b, a))
    return found


def _name(scene: Scene, key: Key, language: str) -> str:
    data = scene.mutual.nodes.get(key) or scene.holdings.nodes.get(key) or {}
    first, second = data.get("label_zh"), data.get("label_en")
    if language == "en":
        first, second = second, first
    return str(first or second or key)
