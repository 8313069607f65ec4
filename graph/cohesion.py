"""What holds together: cores, closed triangles, components, and the ties and nodes that join."""

from __future__ import annotations

import networkx as nx
import numpy as np
from scipy.sparse import csgraph

from graph.backend import ask
from graph.compiled import compiled
from graph.registry import Cost, Level, Measure, Pair, Scene, Values, metric


@metric(
    "k_core",
    zh="核心层级",
    en="Core",
    reads_zh="所在紧密圈子里每家至少有几个圈内伙伴；数值越大，越处在核心。",
    reads_en="The largest k such that it sits in a circle where all have k partners inside.",
    reference="Seidman 1983, Social Networks 5:269–287; Batagelj & Zaversnik 2003",
)
def k_core(scene: Scene) -> Measure:
    """Core number; the value is the largest of them. Direction is left aside."""
    cores: Values = {key: float(core) for key, core in ask("core_number", scene.mutual).items()}
    return Measure(cores, value=max((v for v in cores.values() if v), default=0.0))


@metric(
    "clustering",
    zh="抱团度",
    en="Clustering",
    reads_zh="它的伙伴之间有多大比例也互相合作；1 表示伙伴两两相连。",
    reads_en="The share of its partners' pairs that also work together; 1 means all do.",
    reference="Watts & Strogatz 1998, Nature 393:440–442",
)
def clustering(scene: Scene) -> Measure:
    """Local clustering, 0 for fewer than two ties; the value is the average over all nodes."""
    return _with_average(ask("clustering", scene.ties))


@metric(
    "weighted_clustering",
    zh="加权抱团度",
    en="Clustering of strong ties",
    reads_zh="与抱团度相同，但三方联系都强时才算得高。",
    reads_en="As clustering, high only where all three ties of a triangle are strong.",
    reference="Onnela et al. 2005, Phys. Rev. E 71:065103",
)
def weighted_clustering(scene: Scene) -> Measure:
    """Clustering by the geometric mean of weights; the value is the average over all nodes."""
    return _with_average(ask("clustering", scene.ties, weight="weight"))


def _with_average(found: dict[str, float]) -> Measure:
    values = {key: float(value) for key, value in found.items()}
    mean = sum(values.values()) / len(values) if values else None
    return Measure(dict(values), value=mean)


@metric(
    "transitivity",
    zh="整体抱团度",
    en="Transitivity",
    reads_zh="在全网“朋友的朋友”中，有多大比例本身也是朋友。",
    reads_en="How often two partners of the same one are partners too, over the whole network.",
    reference="Newman, Watts & Strogatz 2002, PNAS 99:2566–2572",
    level=Level.GRAPH,
)
def transitivity(scene: Scene) -> Measure:
    """Closed triads over all triads."""
    return Measure(value=float(ask("transitivity", scene.ties)))


@metric(
    "density",
    zh="联系密度",
    en="Density",
    reads_zh="已有联系占全部可能联系的比例。",
    reads_en="Ties there are as a share of the ties there could be.",
    reference="Wasserman & Faust 1994, Social Network Analysis, ch. 4",
    level=Level.GRAPH,
)
def density(scene: Scene) -> Measure:
    """Ties over possible ties; 0 for fewer than two nodes."""
    return Measure(value=float(nx.density(scene.ties)))


@metric(
    "components",
    zh="连通片",
    en="Islands",
    reads_zh="编号相同的成员彼此能够找到路径；编号 0 是最大的一片，总数越少越好。",
    reads_en="Members with the same number can reach each other; 0 is the largest island.",
    reference="Hopcroft & Tarjan 1973, Commun. ACM 16:372–378",
)
def components(scene: Scene) -> Measure:
    """Component of each node, 0 the largest; the value counts them. Direction is left aside."""
    arrays = compiled(scene.mutual)
    count, label = csgraph.connected_components(arrays.plain, directed=False)
    _, first, size = np.unique(label, return_index=True, return_counts=True)
    place = np.empty(count)
    place[np.lexsort((first, -size))] = np.arange(count)
    return Measure(dict(arrays.named(place[label])), value=float(count))


@metric(
    "articulation_points",
    zh="断点",
    en="Cut points",
    reads_zh="值为 1 的成员一旦退出，网络就会断成几块。",
    reads_en="1 where the network falls apart if this member leaves.",
    reference="Tarjan 1972, SIAM J. Comput. 1:146–160",
)
def articulation_points(scene: Scene) -> Measure:
    """1 for cut points, 0 for others; the value counts them. Direction is left aside."""
    cuts = set(ask("articulation_points", scene.mutual))
    return Measure({key: float(key in cuts) for key in scene.mutual}, value=float(len(cuts)))


@metric(
    "bridges",
    zh="独木桥",
    en="Bridges",
    reads_zh="列出的联系一旦中断，两边就再无路径相通。",
    reads_en="Ties without which two sides would have no path to each other.",
    reference="Tarjan 1974, Inf. Process. Lett. 2:160–161",
    cost=Cost.LIGHT,
    level=Level.EDGE,
)
def bridges(scene: Scene) -> Measure:
    """The bridges; the value counts them. Direction is left aside."""
    found = tuple(Pair(u, v, 1.0) for u, v in ask("bridges", scene.mutual))
    return Measure(edges=found, value=float(len(found)))
