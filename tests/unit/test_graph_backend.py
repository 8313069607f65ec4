"""The back end answers NetworkX's own calls with NetworkX's own results, and only when asked."""

from __future__ import annotations

from typing import Any

import networkx as nx
import pytest

from graph import backend
from graph.compiled import BACKEND, Compiled, compiled
from tests.unit.graph_cases import weighted

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("betweenness_centrality", {}),
    ("betweenness_centrality", {"normalized": False}),
    ("betweenness_centrality", {"k": 5, "seed": 3}),
    ("betweenness_centrality", {"endpoints": True}),
    ("closeness_centrality", {}),
    ("closeness_centrality", {"wf_improved": False}),
    ("closeness_centrality", {"u": 3}),
    ("pagerank", {}),
    ("pagerank", {"weight": None, "alpha": 0.5, "tol": 1e-12}),
    ("pagerank", {"personalization": {0: 1.0}}),
    ("core_number", {}),
    ("clustering", {}),
    ("clustering", {"weight": "weight"}),
    ("clustering", {"nodes": [1, 2]}),
    ("transitivity", {}),
    ("connected_components", {}),
    ("weakly_connected_components", {}),
    ("articulation_points", {}),
    ("bridges", {}),
    ("constraint", {}),
    ("constraint", {"weight": "weight"}),
    ("constraint", {"nodes": [0, 1]}),
    ("effective_size", {}),
    ("effective_size", {"weight": "weight"}),
]
SPEECHLESS = {"constraint", "effective_size"}  # NetworkX refuses these on an empty graph
ONE_WAY = {"weakly_connected_components"}
BOTH_WAYS = {"connected_components", "articulation_points", "bridges"}
GRAPHS = {
    "random": weighted(nx.gnm_random_graph(50, 90, seed=1)),
    "islands": weighted(nx.gnm_random_graph(50, 45, seed=2)),
    "long": weighted(nx.path_graph(70)),
    "dense": weighted(nx.complete_graph(8)),
    "empty": nx.Graph(),
    "self links": weighted(nx.Graph([(0, 0), (0, 1), (1, 2), (2, 0), (2, 3), (3, 3), (4, 5)])),
    "one way": weighted(nx.gnm_random_graph(40, 120, seed=3, directed=True)),
    "long one way": weighted(nx.path_graph(60, create_using=nx.DiGraph)),
}


def tidy(answer: Any) -> Any:
    """Answers in a form that can be compared; bridges without a side."""
    if isinstance(answer, dict | int | float):
        return answer
    parts = list(answer)
    if parts and isinstance(parts[0], tuple):
        return sorted(tuple(sorted(part)) for part in parts)
    return sorted(parts, key=str)


@pytest.mark.parametrize("case", GRAPHS)
@pytest.mark.parametrize(("name", "asked"), CALLS, ids=str)
def test_same_results_as_plain_networkx(name: str, asked: dict[str, Any], case: str) -> None:
    graph = GRAPHS[case].copy()  # NetworkX warns when it uses a conversion that it kept
    wrong_way = name in (BOTH_WAYS if graph.is_directed() else ONE_WAY)
    needs_nodes = {"u", "nodes", "k", "personalization"} & asked.keys()
    if name == "core_number" and case == "self links":
        wrong_way = True
    if wrong_way:
        with pytest.raises(nx.NetworkXNotImplemented):
            tidy(getattr(nx, name)(graph, backend=BACKEND, **asked))
    elif not len(graph) and name in SPEECHLESS and not asked:
        assert getattr(nx, name)(graph, backend=BACKEND, **asked) == {}
    elif len(graph) or not (needs_nodes or name in SPEECHLESS):
        plain = tidy(getattr(nx, name)(graph, **asked))
        assert tidy(getattr(nx, name)(graph, backend=BACKEND, **asked)) == (
            plain if isinstance(plain, list) else pytest.approx(plain, abs=1e-12, nan_ok=True)
        )


def test_it_is_entered_into_networkx_and_plain_calls_stay_plain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert backend.REGISTERED
    assert BACKEND in nx.betweenness_centrality.backends
    graph = nx.path_graph(4)

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("the back end answered a plain call")

    monkeypatch.setattr(backend.Interface, "core_number", staticmethod(never))
    assert nx.core_number(graph) == dict.fromkeys(range(4), 1)
    with pytest.raises(AssertionError, match="plain call"):
        nx.core_number(graph, backend=BACKEND)


def test_without_networkx_s_tables_the_functions_are_called_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = backend.ask("betweenness_centrality", nx.path_graph(5))
    monkeypatch.setattr(backend, "REGISTERED", False)
    assert backend.ask("betweenness_centrality", nx.path_graph(5)) == expected


def test_arrays_are_kept_only_with_graphs_that_cannot_change() -> None:
    graph = nx.path_graph(3)
    assert compiled(graph) is not compiled(graph)
    nx.freeze(graph)
    assert compiled(graph) is compiled(graph)
    with pytest.raises(NotImplementedError):
        Compiled(nx.MultiGraph([(0, 1), (0, 1)]))
