"""Narrowing a graph by kind, technique, material, relation, time, evidence and region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import networkx as nx

from graph.records import ORGANISATIONS, RELATIONS, LinkKind, NodeKind
from graph.regions import RegionTree


@dataclass(frozen=True, slots=True)
class Filter:
    """What to keep; an empty set or None narrows nothing.

    `kinds` are organisation kinds, `techniques` keys of technique nodes, `materials` material ids,
    `relations` link kinds between organisations, `evidence` accepted evidence levels of links and
    capabilities, `regions` codes with everything below them. A link is kept when its period meets
    the days from `since` to `until`, both included.
    """

    kinds: frozenset[str] = frozenset()
    techniques: frozenset[str] = frozenset()
    materials: frozenset[str] = frozenset()
    relations: frozenset[str] = frozenset()
    evidence: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None

    @classmethod
    def on(cls, day: date) -> Filter:
        """What stood on one day: the time slider."""
        return cls(since=day, until=day)


def narrow(
    graph: nx.MultiDiGraph, wanted: Filter, regions: RegionTree | None = None
) -> nx.MultiDiGraph:
    """A new graph with what passes `wanted`; organisations that offer nothing wanted go.

    Filtering by technique or material keeps organisations that offer it, directly or through a
    capability, and the things on the way. `regions` is needed to filter by region below its code.
    """
    kept = nx.MultiDiGraph()
    inside = _inside(wanted, regions)
    kept.add_nodes_from(
        (n, d) for n, d in graph.nodes(data=True) if _node_passes(d, wanted, inside)
    )
    kept.add_edges_from(
        (u, v, key, data)
        for u, v, key, data in graph.edges(keys=True, data=True)
        if u in kept and v in kept and _link_passes(data, wanted)
    )
    if wanted.techniques or wanted.materials:
        kept.remove_nodes_from([n for n in kept if not _supplies(kept, n, wanted)])
    return kept


def is_organisation(data: dict[str, Any]) -> bool:
    """Whether node attributes are those of an organisation."""
    return data.get("kind") in ORGANISATIONS


def _inside(wanted: Filter, regions: RegionTree | None) -> frozenset[str]:
    if regions is None:
        return wanted.regions
    return frozenset(code for top in wanted.regions for code in regions.within(top))


def _node_passes(data: dict[str, Any], wanted: Filter, inside: frozenset[str]) -> bool:
    if is_organisation(data):
        right_kind = not wanted.kinds or data["kind"] in wanted.kinds
        return right_kind and (not wanted.regions or data.get("region", "") in inside)
    if data.get("kind") == NodeKind.CAPABILITY and wanted.evidence:
        return data.get("evidence", "") in wanted.evidence
    return True


def _link_passes(data: dict[str, Any], wanted: Filter) -> bool:
    kind = data.get("kind")
    if wanted.relations and kind in RELATIONS and kind not in wanted.relations:
        return False
    # chain order comes from the vocabulary and an inner link carries its capability's evidence:
    # neither is a claim of its own
    plain = kind in (LinkKind.PRECEDES, LinkKind.APPLIES, LinkKind.POSTS, LinkKind.ASKS)
    if wanted.evidence and not plain and data.get("evidence", "") not in wanted.evidence:
        return False
    starts, ends = data.get("valid_from"), data.get("valid_to")
    too_late = wanted.until is not None and starts is not None and starts > wanted.until
    too_early = wanted.since is not None and ends is not None and ends < wanted.since
    return not (too_late or too_early)


def _supplies(graph: nx.MultiDiGraph, key: str, wanted: Filter) -> bool:
    data = graph.nodes[key]
    kind = data.get("kind")
    if kind == NodeKind.TECHNIQUE:
        return not wanted.techniques or key in wanted.techniques
    if kind == NodeKind.NEED:
        asked = {v for _, v, d in graph.out_edges(key, data=True) if d["kind"] == LinkKind.ASKS}
        right = not wanted.techniques or bool(asked & wanted.techniques)
        return right and _made_of(data, wanted)
    if kind == NodeKind.CAPABILITY:
        return _capability_fits(graph, key, data, wanted)
    return not is_organisation(data) or any(
        _offer_fits(graph, v, link, wanted)
        for _, v, link in graph.out_edges(key, data=True)
        if link["kind"] == LinkKind.OFFERS
    )


def _offer_fits(graph: nx.MultiDiGraph, target: str, link: dict[str, Any], wanted: Filter) -> bool:
    data = graph.nodes[target]
    if data.get("kind") == NodeKind.CAPABILITY:
        return _capability_fits(graph, target, data, wanted)
    return (not wanted.techniques or target in wanted.techniques) and _made_of(link, wanted)


def _capability_fits(
    graph: nx.MultiDiGraph, key: str, data: dict[str, Any], wanted: Filter
) -> bool:
    applied = {v for _, v, d in graph.out_edges(key, data=True) if d["kind"] == LinkKind.APPLIES}
    right = not wanted.techniques or bool(applied & wanted.techniques)
    return right and _made_of(data, wanted)


def _made_of(data: dict[str, Any], wanted: Filter) -> bool:
    return not wanted.materials or bool(wanted.materials.intersection(data.get("materials", ())))
