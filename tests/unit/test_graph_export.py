"""What is exported comes back without loss, in NetworkX and in igraph."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import igraph
import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.build import build
from graph.errors import GraphError
from graph.export import (
    export,
    from_csv,
    from_gexf,
    from_graphml,
    from_json,
    to_csv,
    to_gexf,
    to_graphml,
    to_json,
)
from graph.project import by_relation, organisation_techniques, roll_up
from graph.records import Link, LinkKind, Node, NodeKind
from graph.tables import metrics_of_edge_list
from tests.unit.graph_cases import small, tree

same = nx.utils.graphs_equal
PAIRS = [(to_graphml, from_graphml), (to_gexf, from_gexf), (to_json, from_json)]


def rolled() -> nx.Graph:
    """Regions with numbers and counts by kind."""
    graph = roll_up(by_relation(small()), tree(), "city")
    graph.remove_node("")
    return graph


GRAPHS = {
    "whole": small(),
    "relations": by_relation(small()),
    "techniques": organisation_techniques(small()),
    "regions": rolled(),
    "empty": nx.Graph(),
}


@pytest.mark.parametrize("case", GRAPHS)
def test_every_format_reads_back_what_it_wrote(case: str) -> None:
    graph = GRAPHS[case]
    for write, read in PAIRS:
        assert same(read(write(graph)), graph), write.__name__
        assert write(graph) == write(graph.copy())
    nodes, edges = to_csv(graph)
    assert same(from_csv(nodes, edges, directed=graph.is_directed()), graph)


_WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=8).map(
    lambda text: text.strip() or "x"
)
_NODES = st.lists(
    st.builds(
        Node, _WORDS, st.sampled_from(list(NodeKind)), _WORDS, region=_WORDS,
        lat=st.none() | st.floats(-90, 90), materials=st.lists(_WORDS, max_size=2).map(tuple),
        attrs=st.fixed_dictionaries(
            {}, optional={"n": st.integers(-9, 9), "f": st.floats(-9, 9), "b": st.booleans(),
                          "t": _WORDS}
        ),
    ),
    max_size=5,
    unique_by=lambda node: node.key,
)  # fmt: skip


@given(_NODES, st.data())
@settings(max_examples=25, deadline=None)
def test_any_names_numbers_and_dates_survive(nodes: list[Node], data: st.DataObject) -> None:
    keys = st.sampled_from([node.key for node in nodes] or ["none"])
    link = st.builds(
        Link, keys, keys, st.sampled_from(list(LinkKind)), st.floats(0.1, 9),
        st.none() | st.dates(date(2000, 1, 1), date(2010, 1, 1)),
        st.none() | st.dates(date(2011, 1, 1), date(2020, 1, 1)), st.just("") | _WORDS,
    )  # fmt: skip
    links = data.draw(st.lists(link, max_size=5)) if nodes else []
    graph = build(nodes, links)
    for write, read in PAIRS:
        assert same(read(write(graph)), graph), write.__name__
    assert same(from_csv(*to_csv(graph)), graph)


def test_igraph_and_networkx_read_the_files_themselves(tmp_path: Path) -> None:
    graph = by_relation(small())
    path = tmp_path / "network.graphml"
    path.write_text(to_graphml(graph), encoding="utf-8")
    there = igraph.Graph.Read_GraphML(str(path))
    assert sorted(there.vs["id"]) == sorted(graph)
    names = there.vs["id"]
    back = {frozenset((names[e.source], names[e.target])): e["weight"] for e in there.es}
    assert back == {frozenset((u, v)): w for u, v, w in graph.edges(data="weight")}
    assert dict(zip(names, there.vs["label_zh"], strict=True)) == dict(graph.nodes(data="label_zh"))
    assert nx.read_graphml(path).edges["lab", "line"]["weight"] == 3.0
    (tmp_path / "network.gexf").write_text(to_gexf(graph), encoding="utf-8")
    assert nx.read_gexf(tmp_path / "network.gexf").nodes["lab"]["label"] == "甲实验室"
    plain = nx.node_link_graph(json.loads(to_json(graph)), edges="edges")
    assert set(plain) == set(graph)
    whole = tmp_path / "whole.graphml"
    whole.write_text(to_graphml(small()), encoding="utf-8")
    assert igraph.Graph.Read_GraphML(str(whole)).ecount() == small().number_of_edges()


def test_exported_tables_feed_the_metrics_command() -> None:
    nodes, edges = to_csv(by_relation(small()))
    answer = metrics_of_edge_list(nodes, edges, names=["degree", "weighted_degree"])
    assert answer["metrics"]["degree"]["nodes"]["line"] == 2.0
    assert answer["metrics"]["weighted_degree"]["nodes"]["line"] == 4.0


def test_an_unknown_format_is_refused_in_both_languages() -> None:
    with pytest.raises(GraphError, match="unknown format") as refused:
        export(small(), "docx")
    assert "未知的格式" in refused.value.text("zh")
