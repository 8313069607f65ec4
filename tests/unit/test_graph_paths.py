"""Introductions: fewest people to ask first, then the strongest ties, and the same every time."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import GraphError
from graph.paths import introductions


def weighted(seed: int) -> nx.Graph:
    """A random graph with weights from 1 to 4."""
    graph = nx.gnm_random_graph(12, 22, seed=seed)
    for u, v, data in graph.edges(data=True):
        data["weight"] = 1 + (u * 5 + v * 3 + seed) % 4
    return graph


@given(st.integers(0, 500))
@settings(max_examples=40, deadline=None)
def test_the_best_introductions_are_the_best_of_all_simple_paths(seed: int) -> None:
    graph = weighted(seed)
    every = sorted(
        (
            len(path) - 1,
            round(sum(1 / graph.edges[pair]["weight"] for pair in pairwise(path)), 9),
            tuple(map(str, path)),
        )
        for path in nx.all_simple_paths(graph, 0, 11, cutoff=5)
    )
    found = introductions(graph, 0, 11, best=8, most_steps=5)
    assert [(p.steps, p.length, tuple(map(str, p.nodes))) for p in found] == every[:8]


def test_a_path_names_those_between_and_its_weakest_tie() -> None:
    graph = nx.Graph()
    graph.add_weighted_edges_from(
        [("we", "a", 4), ("a", "they", 2), ("we", "b", 1), ("b", "they", 9)]
    )
    first, second = introductions(graph, "we", "they")
    assert (first.through, first.weakest, first.length) == (("a",), 2.0, 0.75)
    assert second.through == ("b",)


def test_partners_strangers_oneself_and_unknown_ones() -> None:
    graph = nx.Graph([("a", "b"), ("c", "d")])
    assert introductions(graph, "a", "b")[0].through == ()
    assert introductions(graph, "a", "c") == []
    assert introductions(graph, "a", "a") == []
    assert introductions(nx.path_graph(9), 0, 8, most_steps=7) == []
    with pytest.raises(GraphError, match="nobody"):
        introductions(graph, "a", "nobody")


def test_direction_is_kept_where_ties_have_one() -> None:
    graph = nx.DiGraph([("a", "b"), ("b", "c")])
    assert introductions(graph, "a", "c")[0].nodes == ("a", "b", "c")
    assert introductions(graph, "c", "a") == []
