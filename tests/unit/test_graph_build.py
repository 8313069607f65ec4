"""Records become one graph, whatever their order, and one change equals a rebuild."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from datetime import date

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.build import build, drop_node, put_link, put_node, update
from graph.errors import GraphError
from graph.fork import forked
from graph.records import Link, LinkKind, Node, NodeKind, Region
from graph.regions import RegionTree
from tests.unit.graph_cases import small, small_links, small_nodes, tree

same = nx.utils.graphs_equal


@given(st.integers(0, 2**32))
@settings(max_examples=20, deadline=None)
def test_any_order_of_records_gives_the_same_graph_in_the_same_order(seed: int) -> None:
    nodes, links = small_nodes(), small_links()
    random.Random(seed).shuffle(nodes)
    random.Random(seed + 1).shuffle(links)
    graph, expected = build(nodes, links), small()
    assert list(graph.nodes(data=True)) == list(expected.nodes(data=True))
    assert list(graph.edges(keys=True, data=True)) == list(expected.edges(keys=True, data=True))


def test_parallel_links_and_dates_are_kept_and_absent_values_are_not() -> None:
    graph = small()
    assert sorted(graph["lab"]["line"]) == ["agreement:a", "agreement:b"]
    assert graph["lab"]["line"]["agreement:a"]["valid_to"] == date(2024, 12, 31)
    assert "valid_to" not in graph["lab"]["line"]["agreement:b"]
    assert "region" not in graph.nodes["lone"]


_NAMES = st.sampled_from("abcdef")
_NODES = st.builds(
    Node, _NAMES, st.sampled_from(list(NodeKind)), region=st.sampled_from(["", "r"]),
    attrs=st.dictionaries(st.sampled_from(["p", "q"]), st.integers(), max_size=2),
)  # fmt: skip
_LINKS = st.builds(
    Link, _NAMES, _NAMES, st.sampled_from(list(LinkKind)[:3]),
    st.sampled_from([1.0, 2.5]), id=st.sampled_from(["", "1"]),
)  # fmt: skip


@given(st.lists(st.one_of(_NODES, _LINKS, st.tuples(_NAMES), st.tuples(_LINKS)), max_size=30))
@settings(max_examples=80, deadline=None)
def test_changes_one_by_one_give_what_a_rebuild_gives(changes: list[object]) -> None:
    nodes: dict[str, Node] = {}
    links: dict[tuple[str, str, str], Link] = {}
    graph = nx.MultiDiGraph()
    for change in changes:
        match change:
            case Node():
                nodes[change.key] = change
                update(graph, put=[change])
            case Link() if change.source in nodes and change.target in nodes:
                links[change.source, change.target, change.key] = change
                update(graph, put=[change])
            case (str() as key,):
                nodes.pop(key, None)
                links = {k: x for k, x in links.items() if key not in k[:2]}
                update(graph, drop_nodes=[key])
            case (Link() as link,):
                links.pop((link.source, link.target, link.key), None)
                update(graph, drop_links=[link])
    assert same(graph, build(nodes.values(), links.values()))


def test_a_changed_node_keeps_its_links_and_loses_what_it_no_longer_says() -> None:
    graph = small()
    put_node(graph, Node("lab", NodeKind.UNIVERSITY))
    assert graph.nodes["lab"] == {"kind": "university"}
    assert graph.has_edge("lab", "line")
    drop_node(graph, "lab")
    assert "lab" not in graph


def test_a_link_nobody_can_draw_is_refused_with_its_name() -> None:
    graph = small()
    good = Link("lab", "firm", LinkKind.AGREEMENT)
    put_link(graph, good)
    for bad, words in [
        (replace(good, target="nobody"), "unknown node nobody"),
        (replace(good, weight=0.0), "above zero"),
        (replace(good, weight=float("nan")), "above zero"),
        (replace(good, valid_from=date(2025, 2, 1), valid_to=date(2025, 1, 1)), "before it starts"),
        (replace(good, attrs={"kind": "x"}), "kind is taken"),
    ]:
        with pytest.raises(GraphError, match=words) as refused:
            put_link(graph, bad)
        assert refused.value.text("zh") != refused.value.text("en")
    with pytest.raises(GraphError, match="no key"):
        put_node(graph, Node("", NodeKind.LAB))


def test_regions_know_what_is_above_below_and_at_a_level() -> None:
    regions = tree()
    assert regions.above("ovc") == ("ovc", "wuhan", "hubei", "cn")
    assert regions.within("hubei") == {"hubei", "wuhan", "ovc"}
    assert [regions.at("ovc", level) for level in ("country", "province", "city", "park")] == [
        "cn", "hubei", "wuhan", "ovc",
    ]  # fmt: skip
    assert regions.at("leuven", "province") == "leuven"
    assert regions.at("mars", "country") == "mars"
    assert regions.place("ovc") == (30.6, 114.3)
    assert regions.place("mars") is None
    with pytest.raises(GraphError, match="level"):
        regions.at("ovc", "galaxy")
    with pytest.raises(GraphError, match="above itself"):
        RegionTree([Region("a", parent="b"), Region("b", parent="a")])


_KEYS = st.sampled_from("abcdefgh")
_ENDS = st.sampled_from([*"abcdefgh", "new"])
_TIES = st.builds(
    Link, _KEYS, _KEYS, st.sampled_from([LinkKind.AGREEMENT, LinkKind.SUPPLIES]),
    st.sampled_from([1.0, 2.0]), id=st.sampled_from(["", "x"]),
)  # fmt: skip


@given(st.lists(_TIES, max_size=14), st.sets(_KEYS, max_size=3),
       st.lists(st.builds(Link, _ENDS, _ENDS, st.just(LinkKind.SUPPLIES)), max_size=5))  # fmt: skip
@settings(deadline=None)
def test_a_fork_changes_like_a_copy_and_the_old_graph_never(
    ties: list[Link], gone: set[str], fresh: list[Link]
) -> None:
    graph = build([Node(key, NodeKind.FIRM) for key in "abcdefgh"], ties)
    before = copy.deepcopy(graph)
    put = [
        *(Node(key, NodeKind.LAB, "新") for key in sorted(gone)),
        *fresh,
        Node("new", NodeKind.LAB),
    ]
    plain = graph.copy()
    update(plain, drop_nodes=sorted(gone), put=put)
    light = forked(graph, gone | {"new"}, [(link.source, link.target) for link in fresh])
    update(light, drop_nodes=sorted(gone), put=put)
    for made, expected in ((light, plain), (graph, before)):
        assert dict(made.nodes(data=True)) == dict(expected.nodes(data=True))
        ties_of = [{e: dict(g.edges[e]) for e in g.edges(keys=True)} for g in (made, expected)]
        assert ties_of[0] == ties_of[1]
        assert {n: dict(made.pred[n]) for n in made} == {
            n: dict(expected.pred[n]) for n in expected
        }
