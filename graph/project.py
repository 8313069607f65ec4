"""Projections: who is tied to whom, by what, who offers which technique, and regions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import networkx as nx
import numpy as np
from scipy import sparse

from graph.errors import GraphError
from graph.filters import is_organisation
from graph.records import RELATIONS, LinkKind, NodeKind
from graph.regions import RegionTree

Pairs = Iterable[tuple[str, str]]


def by_relation(graph: nx.MultiDiGraph) -> nx.Graph:
    """Organisations tied by agreements, membership and other relations.

    A tie's `weight` is the sum over parallel links, `links` their number, `kinds` what they are.
    """
    ties = _organisations(graph)
    for u, v, data in sorted(graph.edges(data=True), key=lambda e: (e[0], e[1], str(e[2]["kind"]))):
        if data["kind"] in RELATIONS and u in ties and v in ties and u != v:
            _strengthen(ties, u, v, data)
    return ties


def by_need(graph: nx.MultiDiGraph) -> nx.Graph:
    """Organisations that stand around the same needs: who posted one and who could answer it."""
    owner = _owners(graph)
    around: set[tuple[str, str]] = set()
    for u, v, data in graph.edges(data=True):
        if data["kind"] == LinkKind.POSTS:
            around.add((u, v))
        elif data["kind"] == LinkKind.FITS:
            around.add((owner.get(v, v), u))
    return _shared(_organisations(graph), around, "need")


def by_asking(graph: nx.MultiDiGraph) -> nx.Graph:
    """Organisations whose needs ask for the same technique: who could pool their demand."""
    asked = _targets(graph, LinkKind.ASKS)
    wanted = {
        (u, technique)
        for u, need, data in graph.edges(data=True)
        if data["kind"] == LinkKind.POSTS
        for technique in asked.get(need, ())
    }
    return _shared(_organisations(graph), wanted, "demand")


def by_chain(graph: nx.MultiDiGraph) -> nx.Graph:
    """Organisations that complete each other: one offers a step, the other the step after it.

    A hand-over counts only where each lacks the other's step; `weight` is how many there are.
    """
    ties = _organisations(graph)
    offers = organisation_techniques(graph)
    rows = {key: i for i, key in enumerate(ties)}
    steps = [(u, v) for u, v, d in graph.edges(data=True) if d["kind"] == LinkKind.PRECEDES]
    before, after = _sides(offers, rows, sorted(set(steps)))
    product = (before @ after.T).tocoo()
    _add_pairs(ties, list(ties), product + product.T, "chain")
    return ties


def organisation_techniques(graph: nx.MultiDiGraph) -> nx.Graph:
    """Organisations and the techniques they offer, directly or through a capability.

    `weight` counts the offers behind a tie and `evidence` lists their levels.
    """
    offers = _organisations(graph)
    applied = _targets(graph, LinkKind.APPLIES)
    for key, data in sorted(graph.nodes(data=True)):
        if data.get("kind") == NodeKind.TECHNIQUE:
            offers.add_node(key, **data)
    for u, v, data in sorted(graph.edges(data=True), key=lambda e: (e[0], e[1])):
        if data["kind"] != LinkKind.OFFERS or u not in offers:
            continue
        evidence = data.get("evidence") or graph.nodes[v].get("evidence", "")
        for technique in [v] if v in offers else applied.get(v, ()):
            _offer(offers, u, technique, evidence)
    return offers


PROJECTIONS = {
    "relation": by_relation,
    "need": by_need,
    "demand": by_asking,
    "chain": by_chain,
    "technique": organisation_techniques,
}


def project(graph: nx.MultiDiGraph, by: str) -> nx.Graph:
    """The projection named `by`, one of `PROJECTIONS`; raises GraphError for another name."""
    if by not in PROJECTIONS:
        raise GraphError(f"unknown projection {by}", f"未知的投影 {by}")
    return PROJECTIONS[by](graph)


def roll_up(ties: nx.Graph, regions: RegionTree, level: str) -> nx.Graph:
    """Regions of `level` instead of organisations.

    Each region carries `members`, `kinds` (members by kind), `inside` (ties within it) and its
    place; a tie between regions carries `weight`, `links` and `kinds` as between organisations.
    Organisations without a region stand under the code "".
    """
    rolled = nx.Graph()
    home = {
        key: regions.at(data.get("region", ""), level)
        for key, data in ties.nodes(data=True)
        if is_organisation(data)
    }
    for code in sorted(set(home.values())):
        rolled.add_node(code, **_region_data(code, regions))
    for key, code in sorted(home.items()):
        rolled.nodes[code]["members"] += 1
        rolled.nodes[code]["kinds"][ties.nodes[key]["kind"]] += 1
    for u, v, data in sorted(ties.edges(data=True), key=lambda e: (e[0], e[1])):
        a, b = home.get(u), home.get(v)
        if a is None or b is None:
            continue
        if a == b:
            rolled.nodes[a]["inside"] += data.get("links", 1)
        else:
            _strengthen(rolled, a, b, data)
    for _, data in rolled.nodes(data=True):
        data["kinds"] = dict(sorted(data["kinds"].items()))
    return rolled


def surroundings(ties: nx.Graph, key: str, steps: int = 1) -> nx.Graph:
    """`key` and everybody at most `steps` ties away, with the ties among them."""
    if key not in ties:
        raise GraphError(f"no such node {key}", f"没有节点 {key}")
    near = nx.single_source_shortest_path_length(ties.to_undirected(as_view=True), key, steps)
    return ties.subgraph(sorted(near)).copy()


def compare_regions(
    graph: nx.MultiDiGraph, regions: RegionTree, first: str, second: str
) -> dict[str, Any]:
    """Two regions side by side: members, ties, techniques of both, of one only, and ties across."""
    ties, offers = by_relation(graph), organisation_techniques(graph)
    codes = (regions.within(first), regions.within(second))
    members = tuple(
        sorted(n for n, d in ties.nodes(data=True) if d.get("region", "") in inside)
        for inside in codes
    )
    skills = tuple({t for m in group for t in offers[m]} for group in members)
    sets = tuple(set(group) for group in members)
    return {
        "regions": [first, second],
        "members": [list(group) for group in members],
        "kinds": [dict(Counter(ties.nodes[m]["kind"] for m in group)) for group in members],
        "inside": [ties.subgraph(group).number_of_edges() for group in members],
        "across": sorted(
            [u, v]
            for u, v in (tuple(sorted(edge)) for edge in ties.edges)
            if (u in sets[0] and v in sets[1]) or (v in sets[0] and u in sets[1])
        ),
        "techniques_both": sorted(skills[0] & skills[1]),
        "techniques_only": [sorted(skills[0] - skills[1]), sorted(skills[1] - skills[0])],
    }


def _organisations(graph: nx.MultiDiGraph) -> nx.Graph:
    ties = nx.Graph()
    ties.add_nodes_from(
        (key, dict(data)) for key, data in sorted(graph.nodes(data=True)) if is_organisation(data)
    )
    return ties


def _strengthen(ties: nx.Graph, u: str, v: str, data: dict[str, Any]) -> None:
    kinds = {data["kind"]} if "kind" in data else set(data.get("kinds", ()))
    old = ties.get_edge_data(u, v) or {"weight": 0.0, "links": 0, "kinds": ()}
    ties.add_edge(
        u,
        v,
        weight=old["weight"] + data.get("weight", 1.0),
        links=old["links"] + data.get("links", 1),
        kinds=tuple(sorted(kinds.union(old["kinds"]))),
    )


def _targets(graph: nx.MultiDiGraph, kind: LinkKind) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for u, v, data in graph.edges(data=True):
        if data["kind"] == kind:
            found.setdefault(u, set()).add(v)
    return {key: sorted(values) for key, values in found.items()}


def _owners(graph: nx.MultiDiGraph) -> dict[str, str]:
    """Which organisation a capability belongs to."""
    return {v: u for u, v, d in graph.edges(data=True) if d["kind"] == LinkKind.OFFERS}


def _offer(offers: nx.Graph, organisation: str, technique: str, evidence: str) -> None:
    old = offers.get_edge_data(organisation, technique) or {"weight": 0.0, "evidence": ()}
    levels = {*old["evidence"], evidence} - {""}
    offers.add_edge(
        organisation,
        technique,
        weight=old["weight"] + 1.0,
        links=int(old["weight"]) + 1,
        kinds=(LinkKind.OFFERS.value,),
        evidence=tuple(sorted(levels)),
    )


def _shared(ties: nx.Graph, pairs: Pairs, kind: str) -> nx.Graph:
    """Tie organisations by how many things they have in common."""
    rows = {key: i for i, key in enumerate(ties)}
    known = sorted(pair for pair in pairs if pair[0] in rows)
    columns = {thing: j for j, thing in enumerate(sorted({thing for _, thing in known}))}
    where = ([rows[key] for key, _ in known], [columns[thing] for _, thing in known])
    shape = (len(rows), len(columns))
    table = sparse.csr_array((np.ones(len(known)), where), shape=shape)
    _add_pairs(ties, list(ties), table @ table.T, kind)
    return ties


def _sides(
    offers: nx.Graph, rows: dict[str, int], steps: list[tuple[str, str]]
) -> tuple[sparse.csr_array, sparse.csr_array]:
    """Per chain step pair: who has the first but not the second, and the reverse."""
    left: tuple[list[int], list[int]] = ([], [])
    right: tuple[list[int], list[int]] = ([], [])
    for j, (x, y) in enumerate(steps):
        has_x = set(offers[x]) if x in offers else set()
        has_y = set(offers[y]) if y in offers else set()
        for side, members in ((left, has_x - has_y), (right, has_y - has_x)):
            side[0].extend(rows[m] for m in sorted(members))
            side[1].extend([j] * len(members))
    shape = (len(rows), len(steps))
    made = [sparse.csr_array((np.ones(len(s[0])), s), shape=shape) for s in (left, right)]
    return made[0], made[1]


def _add_pairs(ties: nx.Graph, keys: list[str], counts: Any, kind: str) -> None:
    upper = sparse.triu(counts, k=1).tocoo()
    for i, j, count in zip(upper.row, upper.col, upper.data, strict=True):
        ties.add_edge(keys[i], keys[j], weight=float(count), links=round(count), kinds=(kind,))


def _region_data(code: str, regions: RegionTree) -> dict[str, Any]:
    region, place = regions.get(code), regions.place(code)
    data: dict[str, Any] = {
        "kind": NodeKind.REGION.value,
        "label_zh": region.label_zh or code or "未注明区域",
        "label_en": region.label_en or code or "Region not stated",
        "level": region.kind,
        "members": 0,
        "inside": 0,
        "kinds": Counter(),
    }
    if place:
        data["lat"], data["lon"] = place
    return data
