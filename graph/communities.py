"""Communities: groups tied more closely inside than chance would have it."""

from __future__ import annotations

import numpy as np

from graph.compiled import Ints, compiled
from graph.louvain import best_partition, groups_of, modularity
from graph.registry import Cost, Level, Measure, Scene, Values, metric

_REFERENCE = (
    "Newman & Girvan 2004, Phys. Rev. E 69:026113; Blondel et al. 2008, J. Stat. Mech. P10008; "
    "Ovelgönne & Geyer-Schulz 2012"
)


@metric(
    "communities",
    zh="合作圈",
    en="Communities",
    reads_zh="编号相同的成员属于同一个联系紧密的圈子；0 是最大的圈子。",
    reads_en="Members with the same number form a closely tied circle; 0 is the largest.",
    reference=_REFERENCE,
    cost=Cost.HEAVY,
)
def communities(scene: Scene) -> Measure:
    """Community of each node; the value counts them. Ignores weights and direction."""
    return _groups(scene, None)


@metric(
    "modularity",
    zh="圈子分明度",
    en="Modularity",
    reads_zh="圈子划分有多分明：0 表示与随机无异，0.3 以上表示圈子清楚。",
    reads_en="How distinct the communities are: 0 is chance, above 0.3 they are clear.",
    reference=_REFERENCE,
    cost=Cost.HEAVY,
    level=Level.GRAPH,
)
def modularity_of_communities(scene: Scene) -> Measure:
    """Modularity of the partition that `communities` reports; none without ties."""
    return Measure(value=_partition(scene, None)[1])


@metric(
    "weighted_communities",
    zh="加权合作圈",
    en="Communities of strong ties",
    reads_zh="与合作圈相同，但强联系更能把成员拉到一起。",
    reads_en="As communities, where stronger ties pull members together more.",
    reference=_REFERENCE,
    cost=Cost.HEAVY,
)
def weighted_communities(scene: Scene) -> Measure:
    """Community of each node by weights; the value counts them. Ignores direction."""
    return _groups(scene, "weight")


@metric(
    "weighted_modularity",
    zh="加权圈子分明度",
    en="Modularity of strong ties",
    reads_zh="加权合作圈的划分有多分明。",
    reads_en="How distinct the communities of strong ties are.",
    reference=_REFERENCE,
    cost=Cost.HEAVY,
    level=Level.GRAPH,
)
def weighted_modularity(scene: Scene) -> Measure:
    """Modularity of the partition that `weighted_communities` reports; none without ties."""
    return Measure(value=_partition(scene, "weight")[1])


def _partition(scene: Scene, weight: str | None) -> tuple[Ints, float | None]:
    def make() -> tuple[Ints, float | None]:
        matrix = compiled(scene.mutual).matrix(weight)
        label = best_partition(matrix)
        return label, modularity(matrix, label) if matrix.nnz else None

    found: tuple[Ints, float | None] = scene.once(f"partition:{weight}", make)
    return found


def _groups(scene: Scene, weight: str | None) -> Measure:
    parts = groups_of(_partition(scene, weight)[0])
    label = np.zeros(len(scene.mutual))
    for i, part in enumerate(parts):
        label[part] = i
    values: Values = dict(zip(scene.mutual, label.tolist(), strict=True))
    return Measure(values, value=float(len(parts)))
