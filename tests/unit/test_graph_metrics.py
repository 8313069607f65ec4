"""Metrics are exact on textbook graphs and agree with igraph on large ones."""

from __future__ import annotations

import math
from typing import Any

import igraph
import networkx as nx
import numpy as np
import pytest

from graph.metrics import METRICS, Scene, compute
from graph.registry import Measure
from graph.resilience import what_breaks
from tests.unit.graph_cases import weighted

EXACT = {"abs": 1e-9, "rel": 1e-9}


def nodes(name: str, graph: nx.Graph) -> dict[Any, float | None]:
    """Values by node."""
    found = METRICS[name](graph).nodes
    assert found is not None
    return found


def value(name: str, graph: nx.Graph) -> float | None:
    """The value of the whole graph."""
    return METRICS[name](graph).value


def test_florentine_families_as_in_the_textbooks() -> None:
    families = nx.florentine_families_graph()
    between = nodes("betweenness", families)
    assert between["Medici"] == pytest.approx(0.521978021978022, **EXACT)
    assert between["Guadagni"] == pytest.approx(0.2545787545787546, **EXACT)
    assert between["Pazzi"] == 0.0
    assert nodes("closeness", families)["Medici"] == pytest.approx(0.56, **EXACT)
    assert nodes("degree", families)["Medici"] == 6.0
    assert nodes("degree_centrality", families)["Medici"] == pytest.approx(3 / 7, **EXACT)
    cut = {key for key, is_cut in nodes("articulation_points", families).items() if is_cut}
    assert cut == {"Medici", "Guadagni", "Albizzi", "Salviati"}
    assert value("bridges", families) == 5.0
    assert value("modularity", families) == pytest.approx(0.39875, **EXACT)


def test_davis_southern_women() -> None:
    women = nx.davis_southern_women_graph()
    for name, plain in [
        ("betweenness", nx.betweenness_centrality(women)),
        ("closeness", nx.closeness_centrality(women)),
        ("pagerank", nx.pagerank(women, tol=1e-15, max_iter=1000)),
        ("k_core", nx.core_number(women)),
        ("clustering", nx.clustering(women)),
        ("constraint", nx.constraint(women)),
    ]:
        assert nodes(name, women) == pytest.approx(plain, **EXACT), name


def test_the_karate_club_with_and_without_weights() -> None:
    club = nx.karate_club_graph()
    bare = nx.Graph(club.edges)
    assert nodes("betweenness", bare)[0] == pytest.approx(0.43763528138528146, **EXACT)
    assert nodes("betweenness", club) == nodes("betweenness", bare)
    assert nodes("closeness", bare)[0] == pytest.approx(0.5689655172413793, **EXACT)
    assert nodes("clustering", bare)[33] == pytest.approx(0.11029411764705882, **EXACT)
    assert value("transitivity", bare) == pytest.approx(0.2556818181818182, **EXACT)
    assert value("modularity", bare) == pytest.approx(0.41978961209730437, **EXACT)
    assert value("k_core", bare) == 4.0
    assert nodes("weighted_degree", club)[0] == 42.0
    plain = nx.pagerank(club, tol=1e-15, max_iter=1000)
    assert nodes("weighted_pagerank", club) == pytest.approx(plain, **EXACT)
    assert sum(v or 0.0 for v in nodes("pagerank", club).values()) == pytest.approx(1.0, **EXACT)


def as_igraph(ties: nx.Graph) -> tuple[igraph.Graph, list[float], list[float]]:
    """The same graph in igraph with weights and lengths."""
    place = {key: i for i, key in enumerate(ties)}
    pairs = [(place[u], place[v]) for u, v in ties.edges]
    made = igraph.Graph(n=len(ties), edges=pairs, directed=ties.is_directed())
    weights = [data["weight"] for *_, data in ties.edges(data=True)]
    return made, weights, [1.0 / weight for weight in weights]


LARGE = {
    "hubs": nx.barabasi_albert_graph(2000, 2, seed=4),
    "small world": nx.connected_watts_strogatz_graph(2000, 6, 0.1, seed=4),
    "islands": nx.gnm_random_graph(2000, 2300, seed=4),
    "one way": nx.gnm_random_graph(2000, 7000, seed=4, directed=True),
}


@pytest.mark.parametrize("name", LARGE)
def test_agrees_with_igraph_on_two_thousand_nodes(name: str) -> None:
    scene = Scene(weighted(LARGE[name]))
    there, weights, lengths = as_igraph(scene.ties)
    n = len(scene.ties)
    pairs = (n - 1) * (n - 2) / (1 if there.is_directed() else 2)
    mutual = there.as_undirected(mode="collapse")
    expected: dict[str, list[float]] = {
        "degree": there.degree(),
        "weighted_degree": there.strength(weights=weights),
        "betweenness": [b / pairs for b in there.betweenness()],
        "pagerank": there.pagerank(),
        "weighted_pagerank": there.pagerank(weights=weights),
        "k_core": mutual.coreness(),
        "constraint": there.constraint(),
        "weighted_constraint": there.constraint(weights=weights),
    }
    expected["weighted_betweenness"] = [b / pairs for b in there.betweenness(weights=lengths)]
    if nx.is_connected(LARGE[name].to_undirected()) and not there.is_directed():
        expected["closeness"] = there.closeness()
        expected["weighted_closeness"] = there.closeness(weights=lengths)
    assert value("density", scene.ties) == pytest.approx(there.density(), **EXACT)
    if not there.is_directed():
        known = there.transitivity_undirected()
        assert value("transitivity", scene.ties) == pytest.approx(known, **EXACT)
        expected["clustering"] = there.transitivity_local_undirected(mode="zero")
    for metric, values in expected.items():
        mine = METRICS[metric](scene).nodes or {}
        known = [(a, b) for a, b in zip(mine.values(), values, strict=True) if a is not None]
        worst = max(abs(a - b) for a, b in known)
        assert worst < 1e-9, (metric, worst)
        assert all(math.isnan(b) for a, b in zip(mine.values(), values, strict=True) if a is None)
    assert METRICS["components"](scene).value == len(there.connected_components(mode="weak"))
    assert METRICS["articulation_points"](scene).value == len(mutual.articulation_points())
    assert METRICS["bridges"](scene).value == len(mutual.bridges())


def test_conventions_that_differ_from_igraph_are_networkx_s() -> None:
    islands = nx.Graph([(0, 1), (1, 2), (3, 4)])
    islands.add_node(5)
    there = as_igraph(Scene(islands).ties)[0]
    # closeness: igraph looks at the node's island alone, NetworkX scales by the island's share
    assert there.closeness()[3] == 1.0
    assert nodes("closeness", islands)[3] == pytest.approx(1.0 * 1 / 5, **EXACT)
    assert math.isnan(there.closeness()[5])
    assert nodes("closeness", islands)[5] == 0.0
    # clustering of degree one: igraph has no number, NetworkX 0
    assert math.isnan(there.transitivity_local_undirected()[0])
    assert nodes("clustering", islands)[0] == 0.0
    # constraint of an isolate: no number in both, absent here
    assert math.isnan(there.constraint()[5])
    assert nodes("constraint", islands)[5] is None
    # equal lengths: 1/10 three times against 3/10; NetworkX compares floats exactly and misses it
    ring = nx.Graph()
    ring.add_weighted_edges_from(
        [(0, 1, 10), (1, 2, 10), (2, 3, 10), (0, 4, 10 / 1.5), (4, 3, 10 / 1.5)]
    )
    shares = as_igraph(Scene(ring).ties)
    assert nodes("weighted_betweenness", ring)[4] == pytest.approx(
        shares[0].betweenness(weights=shares[2])[4] / 6, **EXACT
    )


def test_weights_and_directions_follow_networkx_and_say_so_where_igraph_does_not() -> None:
    """Whatever NetworkX calls by a name is the same here under its defaults, weights aside."""
    club = nx.karate_club_graph()
    bare = nx.Graph(club.edges)
    defaults = {
        "degree_centrality": nx.degree_centrality(bare),
        "betweenness": nx.betweenness_centrality(bare),
        "closeness": nx.closeness_centrality(bare),
        "pagerank": nx.pagerank(bare, tol=1e-15, max_iter=1000),
        "k_core": nx.core_number(bare),
        "clustering": nx.clustering(bare),
        "constraint": nx.constraint(bare),
        "effective_size": nx.effective_size(bare),
        "weighted_clustering": nx.clustering(club, weight="weight"),
        "weighted_constraint": nx.constraint(club, weight="weight"),
        "weighted_closeness": nx.closeness_centrality(Scene(club).ties, distance="length"),
    }
    for name, expected in defaults.items():
        graph = club if name.startswith("weighted") else bare
        assert nodes(name, graph) == pytest.approx(expected, **EXACT), name
    # weighted clustering: igraph has Barrat's, NetworkX (and we) the geometric mean of Onnela
    there, weights, _ = as_igraph(Scene(club).ties)
    barrat = there.transitivity_local_undirected(weights=weights, mode="zero")
    assert list(nodes("weighted_clustering", club).values()) != pytest.approx(barrat, abs=0.01)
    # transitivity of a directed network: igraph forgets the directions, NetworkX counts by them
    turning = nx.gnm_random_graph(40, 300, seed=2, directed=True)
    assert value("transitivity", turning) == pytest.approx(nx.transitivity(turning), **EXACT)
    assert value("transitivity", turning) != pytest.approx(
        as_igraph(Scene(turning).ties)[0].transitivity_undirected(), abs=0.01
    )


def test_directed_closeness_looks_inward_like_networkx() -> None:
    graph = nx.gnm_random_graph(60, 150, seed=1, directed=True)
    assert nodes("closeness", graph) == pytest.approx(nx.closeness_centrality(graph), **EXACT)
    assert nodes("clustering", graph) == pytest.approx(nx.clustering(graph), **EXACT)


def plain(graph: nx.Graph) -> nx.Graph:
    """Without self links, which count for NetworkX's modularity and for none of our metrics."""
    return nx.Graph((u, v) for u, v in graph.edges if u != v)


@pytest.mark.parametrize(
    "graph",
    [
        nx.les_miserables_graph(),
        nx.planted_partition_graph(6, 25, 0.4, 0.03, seed=5),
        nx.barabasi_albert_graph(200, 3, seed=5),
        nx.gnm_random_graph(200, 450, seed=5),
        nx.karate_club_graph(),
        nx.davis_southern_women_graph(),
        nx.florentine_families_graph(),
        plain(
            nx.LFR_benchmark_graph(250, 3, 1.5, 0.1, average_degree=5, min_community=20, seed=10)
        ),
        plain(nx.LFR_benchmark_graph(500, 3, 1.5, 0.3, average_degree=8, min_community=30, seed=4)),
        nx.star_graph(40),
        nx.disjoint_union(nx.complete_graph(6), nx.path_graph(9)),
    ],
    ids=[
        "les miserables",
        "planted",
        "hubs",
        "random",
        "karate",
        "davis",
        "florentine",
        "lfr",
        "blurred lfr",
        "star",
        "islands",
    ],
)
def test_communities_are_at_least_as_modular_as_the_best_of_ten_louvain_seeds(
    graph: nx.Graph,
) -> None:
    for name, weight in (("communities", None), ("weighted_communities", "weight")):
        label = nodes(name, graph)
        groups = [{k for k in label if label[k] == g} for g in sorted(set(label.values()))]
        mine = nx.community.modularity(graph, groups, weight)
        found = [
            nx.community.modularity(
                graph, nx.community.louvain_communities(graph, weight, seed=s), weight
            )
            for s in range(10)
        ]
        assert mine >= max(found) - 1e-12
        assert value(name.replace("communities", "modularity"), graph) == pytest.approx(
            mine, **EXACT
        )
        assert [len(g) for g in groups] == sorted((len(g) for g in groups), reverse=True)


def typed() -> Scene:
    """Three organisations, two regions, three techniques in a chain."""
    ties = nx.Graph([("a", "b"), ("b", "c"), ("c", "d")])
    for key, region, kind in [
        ("a", "x", "lab"),
        ("b", "x", "firm"),
        ("c", "y", "lab"),
        ("d", "", "park"),
    ]:
        ties.nodes[key].update(region=region, kind=kind, label_zh=f"机构{key}")
    offers = nx.Graph([("a", "t1"), ("b", "t1"), ("b", "t2"), ("c", "t2"), ("c", "t3")])
    offers.add_nodes_from(ties.nodes(data=True))
    for key in ("t1", "t2", "t3", "t4"):
        offers.add_node(key, kind="technique", label_zh=f"技术{key}")
    return Scene(ties, offers, [("t1", "t2"), ("t2", "t3")])


def test_ties_across_regions_count_only_where_both_regions_are_known() -> None:
    found = compute(typed(), ["ei_index", "cross_region_share"])
    assert found["cross_region_share"].nodes == {"a": 0.0, "b": 0.5, "c": 1.0, "d": None}
    assert found["cross_region_share"].value == 0.5
    assert found["ei_index"].nodes == {"a": -1.0, "b": 0.0, "c": 1.0, "d": None}
    assert found["ei_index"].value == 0.0


def test_supply_says_what_hangs_on_one_and_who_duplicates_whom() -> None:
    found = compute(typed(), ["single_provider", "redundancy", "overlap"])
    single = found["single_provider"]
    assert single.value == 1.0
    assert [(p.source, p.target) for p in single.edges or ()] == [("c", "t3")]
    assert (single.nodes or {})["c"] == 1.0
    assert (found["redundancy"].nodes or {})["c"] == 0.5
    assert (found["redundancy"].nodes or {})["d"] is None
    assert found["redundancy"].value == pytest.approx(4 / 5)
    pairs = [(p.source, p.target, p.value) for p in found["overlap"].edges or ()]
    assert pairs == [("a", "b", 0.5), ("b", "c", pytest.approx(1 / 3))]
    assert (found["overlap"].nodes or {})["b"] == 0.5


def test_overlap_is_the_jaccard_share_of_networkx() -> None:
    graph = nx.gnm_random_graph(60, 200, seed=2)
    best = dict.fromkeys(graph, 0.0)
    pairs = [(u, v) for u in graph for v in graph if u < v]
    for u, v, share in nx.jaccard_coefficient(graph, pairs):
        best[u], best[v] = max(best[u], share), max(best[v], share)
    assert nodes("overlap", graph) == pytest.approx(best, **EXACT)


def test_introductions_come_with_reasons_and_never_for_partners() -> None:
    found = METRICS["complementarity"](typed())
    assert next((p.source, p.target) for p in found.edges or ()) == ("a", "c")
    first = (found.edges or ())[0]
    # t1 then t2 is one hand-over, nothing in common; shared partner b has two ties
    assert first.value == pytest.approx(1.0 + 1.0 / math.log(2), **EXACT)
    assert first.why_zh == ("机构a能做技术t1，机构c能接着做技术t2", "有 1 个共同伙伴：机构b")
    assert all(
        "机构" in w or "partner" in w or "offers" in w for p in found.edges or () for w in p.why_en
    )
    graph = nx.gnm_random_graph(80, 200, seed=3)
    plain = sorted(((v, a, b) for a, b, v in nx.adamic_adar_index(graph)), reverse=True)[:50]
    mine = METRICS["complementarity"](graph)
    assert [p.value for p in mine.edges or ()] == pytest.approx([v for v, *_ in plain], **EXACT)
    assert not any(graph.has_edge(p.source, p.target) for p in mine.edges or ())


def test_resilience_counts_the_pairs_that_lose_each_other() -> None:
    for seed in range(6):
        graph = nx.gnm_random_graph(30, 30, seed=seed)
        whole = sum(len(c) * (len(c) - 1) // 2 for c in nx.connected_components(graph))
        for key, share in nodes("resilience", graph).items():
            rest = graph.subgraph(set(graph) - {key})
            left = sum(len(c) * (len(c) - 1) // 2 for c in nx.connected_components(rest))
            size = len(nx.node_connected_component(graph, key))
            others = whole - (size - 1)
            assert share == pytest.approx((others - left) / others, **EXACT)
            assert what_breaks(Scene(graph), key).pairs_lost == others - left


def test_what_breaks_names_the_cut_off_and_the_techniques_nobody_else_has() -> None:
    broken = what_breaks(typed(), "c")
    assert broken.pieces == (("a", "b"), ("d",))
    assert broken.cut_off == ("d",)
    assert broken.techniques == ("t3",)
    assert broken.partners == ("b", "d")


def test_weighted_paths_match_a_brute_force_on_random_weights() -> None:
    rng = np.random.default_rng(1)
    for directed in (False, True):
        graph = nx.gnm_random_graph(60, 140, seed=7, directed=directed)
        for *_, data in graph.edges(data=True):
            data["weight"] = float(rng.uniform(0.5, 3.0))
            data["length"] = 1.0 / data["weight"]
        for name, plain in [
            ("weighted_betweenness", nx.betweenness_centrality(graph, weight="length")),
            ("weighted_closeness", nx.closeness_centrality(graph, distance="length")),
            ("weighted_clustering", nx.clustering(graph, weight="weight")),
        ]:
            assert nodes(name, graph) == pytest.approx(plain, **EXACT), (name, directed)


def test_a_measure_writes_nothing_that_json_cannot_hold() -> None:
    from graph.registry import Level

    made = Measure({"a": float("nan"), "b": None, "c": 1.5}).as_json(Level.NODE)
    assert made == {"nodes": {"a": None, "b": None, "c": 1.5}}
    assert Measure().as_json(Level.GRAPH) == {"value": None}
