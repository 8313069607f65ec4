"""What every metric and view promises, on graphs at which careless code stumbles."""

from __future__ import annotations

import json
import math
import random

import networkx as nx
import pytest

from graph.export import export, to_csv
from graph.labels import labels
from graph.layout import layout
from graph.metrics import METRICS, Cost, Scene, compute, names_up_to, scene_of
from graph.poster import draw
from graph.tables import link_rows, metrics_json, metrics_of_edge_list, node_rows
from tests.unit.graph_cases import odd_graphs, small

GRAPHS = odd_graphs()


@pytest.mark.parametrize("case", GRAPHS)
def test_every_metric_names_every_node_stays_finite_and_can_be_written(case: str) -> None:
    graph = GRAPHS[case]
    for name, found in compute(graph).items():
        if found.nodes is not None:
            assert set(found.nodes) == set(graph), name
            known = [value for value in found.nodes.values() if value is not None]
            assert all(math.isfinite(value) for value in known), name
        assert found.value is None or math.isfinite(found.value), name
        for pair in found.edges or ():
            assert {pair.source, pair.target} <= set(graph), name
            assert math.isfinite(pair.value), name
            assert len(pair.why_zh) == len(pair.why_en), name
    written = json.dumps(metrics_json(compute(graph)), allow_nan=False)
    assert set(json.loads(written)) == set(METRICS)


@pytest.mark.parametrize("case", GRAPHS)
def test_no_metric_depends_on_the_order_of_the_input(case: str) -> None:
    graph = GRAPHS[case]
    shuffled = graph.__class__()
    chance = random.Random(case)
    keys, edges = list(graph.nodes(data=True)), list(graph.edges(data=True))
    chance.shuffle(keys)
    chance.shuffle(edges)
    shuffled.add_nodes_from(keys)
    turned = edges if graph.is_directed() else [(v, u, d) for u, v, d in edges]
    shuffled.add_edges_from(turned)
    assert metrics_json(compute(shuffled)) == metrics_json(compute(graph))


@pytest.mark.parametrize("case", GRAPHS)
def test_self_links_and_parallel_links_change_no_unweighted_metric(case: str) -> None:
    graph = GRAPHS[case]
    doubled = nx.MultiDiGraph(graph) if graph.is_directed() else nx.MultiGraph(graph)
    doubled.add_edges_from(list(doubled.edges()))
    doubled.add_edges_from([(key, key) for key in graph])
    plain = [n for n in METRICS if not n.startswith("weighted_")]
    assert metrics_json(compute(doubled, plain)) == metrics_json(compute(graph, plain))


@pytest.mark.parametrize("case", GRAPHS)
def test_every_view_and_format_takes_every_graph(case: str) -> None:
    graph = GRAPHS[case]
    drawn = layout(graph)
    assert set(drawn.positions) == set(map(str, graph))
    assert len(labels(drawn, graph)) == len(graph) + len(drawn.areas)
    for language in ("zh", "en"):
        assert "</svg>" in draw(Scene(graph).ties, drawn)
        assert len(node_rows(graph, compute(graph, ["degree"]), language=language)) == len(graph)
        assert len(link_rows(graph, language=language)) == graph.number_of_edges()
    for form in ("graphml", "gexf", "json"):
        assert export(graph, form)
    assert len(to_csv(graph)) == 2


def test_every_metric_explains_itself_in_both_languages() -> None:
    for name, metric in METRICS.items():
        assert name.isidentifier()
        for language in ("zh", "en"):
            assert metric.title(language).strip(), name
            assert metric.reads(language).rstrip().endswith(("。", ".", "!")), name
        assert metric.title("zh") != metric.title("en")
        assert any(c.isdigit() for c in metric.reference), f"{name} names no source"
    assert {"betweenness", "communities"} & set(names_up_to(Cost.MEDIUM)) == set()
    assert set(names_up_to(Cost.HEAVY)) == set(METRICS)


def test_the_metrics_of_the_issue_are_all_there() -> None:
    wanted = """degree weighted_degree betweenness weighted_betweenness closeness weighted_closeness
        pagerank k_core clustering components articulation_points bridges communities modularity
        ei_index cross_region_share constraint single_provider redundancy overlap complementarity
        resilience"""
    assert set(wanted.split()) <= set(METRICS)


def test_a_hub_of_ten_thousand_is_no_trouble() -> None:
    hub = nx.relabel_nodes(nx.star_graph(10_000), str)
    light = [n for n in METRICS if n not in ("overlap", "complementarity", "communities")]
    found = compute(hub, [n for n in light if not n.startswith("weighted_comm")])
    assert (found["betweenness"].nodes or {})["0"] == pytest.approx(1.0)
    assert (found["weighted_betweenness"].nodes or {})["0"] == pytest.approx(1.0)
    assert (found["resilience"].nodes or {})["0"] == 1.0
    assert found["bridges"].value == 10_000.0
    assert (found["degree"].nodes or {})["0"] == 10_000.0
    edges = "source,target\n" + "".join(f"0,{i}\n" for i in range(1, 10_001))
    answer = metrics_of_edge_list(None, edges, names=["pagerank", "constraint"])
    assert sum(answer["metrics"]["pagerank"]["nodes"].values()) == pytest.approx(1.0)


def test_the_platform_graph_gives_a_scene_with_offers_and_chain() -> None:
    scene = scene_of(small())
    assert set(scene.ties) == {"firm", "imec", "lab", "line", "lone"}
    assert scene.chain == (("ebl", "etch"), ("etch", "pack"))
    found = compute(scene)
    single = found["single_provider"]
    assert sorted(p.target for p in single.edges or ()) == ["ebl", "pack"]
    assert {p.source for p in found["complementarity"].edges or ()} <= set(scene.ties)


def test_views_and_files_of_a_hub_of_ten_thousand() -> None:
    hub = nx.relabel_nodes(nx.star_graph(10_000), str)
    nx.set_node_attributes(hub, "firm", "kind")
    drawn = layout(hub)
    assert len(drawn.positions) == len(hub)
    assert "</svg>" in draw(Scene(hub).ties, drawn)
    assert len(link_rows(hub)) == 10_000
    assert node_rows(hub, compute(hub, ["degree"]), sort_by="degree")[0]["key"] == "0"
    for form in ("graphml", "gexf", "json"):
        assert export(hub, form).count("10000")
