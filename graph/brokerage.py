"""Ties across borders and structural holes: who joins what would otherwise be apart."""

from __future__ import annotations

import math

import numpy as np

from graph.backend import ask
from graph.compiled import compiled
from graph.registry import Measure, Scene, Values, metric


@metric(
    "ei_index",
    zh="外向指数",
    en="E–I index",
    reads_zh="跨区域联系与区域内联系之差的比例：1 全部对外，-1 全部对内。",
    reads_en="Ties across regions against ties within: 1 all outward, -1 all inward.",
    reference="Krackhardt & Stern 1988, Social Psychology Quarterly 51:123–140",
)
def ei_index(scene: Scene) -> Measure:
    """(External - internal) / (external + internal), undefined without ties in known regions."""
    nodes, whole = _across(scene)
    return Measure(
        {key: None if share is None else 2.0 * share - 1.0 for key, share in nodes.items()},
        value=None if whole is None else 2.0 * whole - 1.0,
    )


@metric(
    "cross_region_share",
    zh="跨区域联系占比",
    en="Share of ties across regions",
    reads_zh="全部联系中有多大比例伸向其他区域；太低说明区域封闭。",
    reads_en="The share of ties that lead to another region; low means closed in on itself.",
    reference="Krackhardt & Stern 1988; Bathelt, Malmberg & Maskell 2004",
)
def cross_region_share(scene: Scene) -> Measure:
    """External ties over all ties whose two ends have a region."""
    nodes, whole = _across(scene)
    return Measure(nodes, value=whole)


def _across(scene: Scene) -> tuple[Values, float | None]:
    """Share of ties to another region, per node and over all; only ties between known regions."""
    arrays = compiled(scene.mutual)
    codes = [str(code or "") for _, code in scene.mutual.nodes(data="region")]
    if not codes:
        return {}, None
    names, home = np.unique(np.array(codes), return_inverse=True)
    stated = (names != "")[home]
    known = stated[arrays.tail] & stated[arrays.head]
    tail, head = arrays.tail[known], arrays.head[known]
    ends = np.concatenate([tail, head])
    apart = np.tile(home[tail] != home[head], 2)
    total = np.bincount(ends, minlength=len(codes)).tolist()
    outward = np.bincount(ends, weights=apart, minlength=len(codes)).tolist()
    nodes: Values = {
        key: out / all_ if all_ else None
        for key, out, all_ in zip(arrays.nodes, outward, total, strict=True)
    }
    return nodes, float(apart.mean()) if len(apart) else None


@metric(
    "constraint",
    zh="受限度",
    en="Constraint",
    reads_zh="伙伴越是彼此相识，它的回旋余地越小；数值低的成员占据“结构洞”，可以牵线。",
    reads_en="High where all partners know each other; low values sit on structural holes.",
    reference="Burt 2004, American Journal of Sociology 110:349–399",
)
def constraint(scene: Scene) -> Measure:
    """Burt's constraint, undefined without ties; ignores weights."""
    return Measure(_defined(ask("constraint", scene.ties)))


@metric(
    "weighted_constraint",
    zh="加权受限度",
    en="Constraint by strong ties",
    reads_zh="与受限度相同，但按联系强度分配精力。",
    reads_en="As constraint, with effort divided by the strength of ties.",
    reference="Burt 2004, American Journal of Sociology 110:349–399",
)
def weighted_constraint(scene: Scene) -> Measure:
    """Burt's constraint by weights, undefined without ties."""
    return Measure(_defined(ask("constraint", scene.ties, weight="weight")))


@metric(
    "effective_size",
    zh="有效伙伴数",
    en="Effective size",
    reads_zh="扣除彼此重复的联系后，真正带来不同消息的伙伴数。",
    reads_en="Partners that bring different news, after taking off those who know each other.",
    reference="Burt 1995, Structural Holes; Borgatti 1997, Connections 20:35–38",
)
def effective_size(scene: Scene) -> Measure:
    """Partners less the mean number of ties among them, undefined without ties."""
    return Measure(_defined(ask("effective_size", scene.mutual)))


def _defined(values: dict[str, float]) -> Values:
    return {key: None if math.isnan(value) else value for key, value in values.items()}
