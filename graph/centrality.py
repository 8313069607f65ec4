"""Who is central: ties, brokerage, nearness, standing."""

from __future__ import annotations

import networkx as nx

from graph.backend import ask
from graph.compiled import compiled
from graph.registry import Cost, Measure, Scene, metric


@metric(
    "degree",
    zh="合作面",
    en="Partners",
    reads_zh="与多少家直接相连；数值越大，合作面越广。",
    reads_en="How many others it is tied to directly; the larger, the wider its circle.",
    reference="Freeman 1978, Social Networks 1:215–239",
)
def degree(scene: Scene) -> Measure:
    """Number of ties; in and out together where ties have a direction."""
    arrays = compiled(scene.ties)
    return Measure(dict(arrays.named(arrays.strength(None))))


@metric(
    "degree_centrality",
    zh="合作面占比",
    en="Share of possible partners",
    reads_zh="直接相连者占全部其他成员的比例；1 表示与所有成员都有联系。",
    reads_en="Direct partners as a share of everybody else; 1 means tied to all.",
    reference="Freeman 1978, Social Networks 1:215–239",
)
def degree_centrality(scene: Scene) -> Measure:
    """Ties divided by the number of others."""
    arrays = compiled(scene.ties)
    # NetworkX gives a node that is alone 1
    share = arrays.strength(None) / (len(arrays) - 1) if len(arrays) > 1 else [1.0] * len(arrays)
    return Measure(dict(arrays.named(share)))


@metric(
    "weighted_degree",
    zh="合作强度",
    en="Strength of ties",
    reads_zh="全部直接联系的强度之和；协议、项目越多，数值越大。",
    reads_en="The strength of all direct ties added up; agreements and projects add to it.",
    reference="Barrat et al. 2004, PNAS 101:3747–3752",
)
def weighted_degree(scene: Scene) -> Measure:
    """Sum of the weights of all ties."""
    arrays = compiled(scene.ties)
    return Measure(dict(arrays.named(arrays.strength("weight"))))


@metric(
    "betweenness",
    zh="桥接度",
    en="Brokerage",
    reads_zh="别人之间的最短联系路径有多少要经过它；数值越大，越是牵线搭桥的关键。",
    reads_en="The share of shortest paths between others that pass through it: a broker.",
    reference="Freeman 1977, Sociometry 40:35–41; Brandes 2001, J. Math. Sociol. 25:163–177",
    cost=Cost.HEAVY,
)
def betweenness(scene: Scene) -> Measure:
    """Normalised betweenness; ignores weights."""
    return Measure(ask("betweenness_centrality", scene.ties))


@metric(
    "weighted_betweenness",
    zh="加权桥接度",
    en="Brokerage along strong ties",
    reads_zh="联系越强视为距离越近，再看有多少最短路径经过它。",
    reads_en="As brokerage, where a stronger tie counts as a shorter way.",
    reference="Brandes 2001, J. Math. Sociol. 25:163–177; Newman 2001, Phys. Rev. E 64:016132",
    cost=Cost.HEAVY,
)
def weighted_betweenness(scene: Scene) -> Measure:
    """Normalised betweenness with 1/weight as length."""
    return Measure(ask("betweenness_centrality", scene.ties, weight="length"))


@metric(
    "closeness",
    zh="接近度",
    en="Closeness",
    reads_zh="到其他成员平均要经过几步；数值越大，消息和人到得越快。",
    reads_en="How few steps the others are away; the larger, the sooner word gets round.",
    reference="Freeman 1978; islands after Wasserman & Faust 1994, eq. 5.22",
    cost=Cost.MEDIUM,
)
def closeness(scene: Scene) -> Measure:
    """Closeness by steps, scaled by the share of nodes within reach."""
    return Measure(ask("closeness_centrality", scene.ties))


@metric(
    "weighted_closeness",
    zh="加权接近度",
    en="Closeness along strong ties",
    reads_zh="联系越强视为距离越近，再看离其他成员有多近。",
    reads_en="As closeness, where a stronger tie counts as a shorter way.",
    reference="Newman 2001, Phys. Rev. E 64:016132; Wasserman & Faust 1994",
    cost=Cost.HEAVY,
)
def weighted_closeness(scene: Scene) -> Measure:
    """Closeness with 1/weight as length."""
    return Measure(ask("closeness_centrality", scene.ties, distance="length"))


@metric(
    "pagerank",
    zh="影响力",
    en="Standing",
    reads_zh="与重要成员相连的成员更重要；全体之和为 1。",
    reads_en="Tied to those who count, it counts itself; all values add up to 1.",
    reference="Page, Brin, Motwani & Winograd 1999, Stanford InfoLab 1999-66",
)
def pagerank(scene: Scene) -> Measure:
    """PageRank with damping 0.85, iterated to the limit of double precision; ignores weights."""
    return Measure(_pagerank(scene.ties, None))


@metric(
    "weighted_pagerank",
    zh="加权影响力",
    en="Standing along strong ties",
    reads_zh="与影响力相同，但强联系传递得更多；全体之和为 1。",
    reads_en="As standing, where stronger ties pass on more; all values add up to 1.",
    reference="Page et al. 1999; Xing & Ghorbani 2004, CNSR 305–314",
)
def weighted_pagerank(scene: Scene) -> Measure:
    """PageRank with damping 0.85 that follows ties in proportion to their weight."""
    return Measure(_pagerank(scene.ties, "weight"))


def _pagerank(ties: nx.Graph, weight: str | None) -> dict[str, float | None]:
    # NetworkX stops at a change of 1e-6 per node by default: too coarse to compare to 1e-9
    n = max(1, len(ties))
    change = max(1e-12, 1e-15 * n)  # below this the sums over n nodes only jitter
    return dict(ask("pagerank", ties, weight=weight, tol=change / n, max_iter=1000))
