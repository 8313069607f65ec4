"""Edge lists become metrics, and every mistake in them is named by line and column."""

from __future__ import annotations

import json
from pathlib import Path

import networkx as nx
import pytest

from graph.errors import GraphError
from graph.metrics import METRICS, compute, scene_of
from graph.project import by_relation
from graph.tables import link_rows, metrics_of_edge_list, node_rows, pair_rows
from tests.unit.graph_cases import small

NODES = "id,kind,region\na,lab,x\nb,firm,x\nc,firm,y\nd,park,\n"
EDGES = "source,target,weight\na,b,2\nb,c,\nb,a,1\nc,c,5\n"


def test_the_answer_has_the_documented_shape_with_every_metric() -> None:
    answer = metrics_of_edge_list(NODES, EDGES)
    assert (answer["nodes"], answer["edges"]) == (4, 2)
    assert answer["ignored"] == {"self_links": 1, "parallel_links": 1}
    assert set(answer["metrics"]) == set(METRICS)
    assert answer["metrics"]["weighted_degree"]["nodes"] == {"a": 3.0, "b": 4.0, "c": 1.0, "d": 0.0}
    assert answer["metrics"]["cross_region_share"]["nodes"]["b"] == 0.5
    assert isinstance(answer["metrics"]["modularity"]["value"], float)
    assert answer["metrics"]["constraint"]["nodes"]["d"] is None
    assert answer["metrics"]["bridges"]["edges"][0] == {"source": "a", "target": "b", "value": 1.0}
    json.dumps(answer, allow_nan=False)


def test_direction_counts_only_when_asked() -> None:
    edges = "source,target\na,b\nb,c\n"
    there = metrics_of_edge_list(None, edges, directed=True)["metrics"]
    graph = nx.DiGraph([("a", "b"), ("b", "c")])
    assert there["betweenness"]["nodes"] == nx.betweenness_centrality(graph)
    assert there["closeness"]["nodes"] == pytest.approx(nx.closeness_centrality(graph))
    both = metrics_of_edge_list(None, edges)["metrics"]
    assert both["betweenness"]["nodes"]["b"] == 1.0


def test_tables_as_people_save_them_are_understood(tmp_path: Path) -> None:
    expected = metrics_of_edge_list(None, EDGES)
    for text in (
        EDGES.replace(",", ";"),
        EDGES.replace(",", "\t"),
        "\ufeff" + EDGES,
        EDGES.replace("\n", "\r\n"),
        "\n\n" + EDGES + "\n , ,\n",
        EDGES.replace("source,target", " Source , TARGET"),
    ):
        assert metrics_of_edge_list(None, text) == expected
    path = tmp_path / "连接.csv"
    path.write_bytes("source,target\n武汉,上海\n".encode("gb18030"))
    assert set(metrics_of_edge_list(None, path)["metrics"]["degree"]["nodes"]) == {"武汉", "上海"}
    quoted = metrics_of_edge_list(None, 'source,target\n"a, b","c\nd"\n')
    assert set(quoted["metrics"]["degree"]["nodes"]) == {"a, b", "c\nd"}


@pytest.mark.parametrize(
    ("nodes", "edges", "table", "line", "column"),
    [
        (None, "from,to\na,b\n", "edges", 1, "source"),
        (None, "", "edges", 1, "source"),
        (None, "source,target\na,\n", "edges", 2, "target"),
        (None, "source,target,weight\na,b,1\n\na,b,heavy\n", "edges", 4, "weight"),
        (None, "source,target,weight\na,b,-1\n", "edges", 2, "weight"),
        (None, "source,target,weight\na,b,nan\n", "edges", 2, "weight"),
        (None, "source,target\na,b,c\n", "edges", 2, ""),
        (None, 'source,target\na,"b\n', "edges", 2, ""),
        ("name\na\n", EDGES, "nodes", 1, "id"),
        ("id\na\na\n", EDGES, "nodes", 3, "id"),
        ("id,kind\n,lab\n", EDGES, "nodes", 2, "id"),
        ("id\na\n", "source,target\na,b\n", "edges", 2, "target"),
    ],
)
def test_a_mistake_is_named_by_line_and_column(
    nodes: str | None, edges: str, table: str, line: int, column: str
) -> None:
    with pytest.raises(GraphError) as refused:
        metrics_of_edge_list(nodes, edges)
    problem = refused.value
    assert (problem.table, problem.line, problem.column) == (table, line, column)
    assert f"line {line}" in problem.text("en")
    assert f"第 {line} 行" in problem.text("zh")


def test_an_unreadable_file_and_an_unknown_metric_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="cannot read"):
        metrics_of_edge_list(None, tmp_path / "missing.csv")
    with pytest.raises(GraphError, match="not UTF-8"):
        metrics_of_edge_list(None, b"source,target\n\xff\xff\xff,b\n")
    with pytest.raises(GraphError, match="unknown metric"):
        metrics_of_edge_list(None, EDGES, names=["fame"])


def test_an_empty_edge_list_is_a_graph_without_ties() -> None:
    answer = metrics_of_edge_list("id\na\nb\n", "source,target\n")
    assert (answer["nodes"], answer["edges"]) == (2, 0)
    assert answer["metrics"]["components"]["value"] == 2.0
    assert metrics_of_edge_list(None, "source,target\n")["nodes"] == 0


def test_the_table_beside_the_drawing_says_the_same() -> None:
    ties = by_relation(small())
    rows = node_rows(ties, compute(ties, ["betweenness"]), sort_by="betweenness")
    assert [row["key"] for row in rows][:2] == ["firm", "line"]
    assert rows[0]["label"] == "丙公司"
    assert node_rows(ties, language="en")[0]["label"] == "Firm C"
    links = link_rows(ties)
    assert {(row["source"], row["target"]) for row in links} == set(ties.edges)
    assert links[-1]["kinds"] == ["agreement"]
    scene = scene_of(small())
    pairs = pair_rows(scene.ties, METRICS["complementarity"](scene))
    assert pairs[0]["reasons"]
    assert pairs[0]["source_label"] == scene.ties.nodes[pairs[0]["source"]]["label_zh"]
