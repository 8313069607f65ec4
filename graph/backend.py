"""A small NetworkX back end on scipy, NumPy and rustworkx with NetworkX's own results.

NetworkX finds back ends through entry points of installed packages. This project is not installed
as a package, so `register` enters the back end into the running NetworkX by itself, through the
same tables that entry points fill. Those tables are private to NetworkX: where a release changes
them, `register` says so by returning False and `ask` calls the functions of `FUNCTIONS` directly.
Nothing changes for other callers: no priority is set, so a plain call stays plain NetworkX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import Any

import networkx as nx
import numpy as np
import rustworkx as rx
from scipy import sparse
from scipy.sparse import csgraph

from graph import kernels
from graph.compiled import BACKEND, Compiled, Floats, compiled

DEEP = 24  # steps beyond which level-wise kernels lose to rustworkx


def _plain(name: str, graph: Compiled, **asked: Any) -> Any:
    """NetworkX's own answer, for arguments that the kernels do not cover."""
    return getattr(nx, name).orig_func(graph.source, **asked)


def betweenness_centrality(
    G: Compiled,  # noqa: N803 - NetworkX names it so
    k: int | None = None,
    normalized: bool = True,
    weight: str | None = None,
    endpoints: bool = False,
    seed: Any = None,
) -> dict[Any, float]:
    """As `networkx.betweenness_centrality`; equal lengths are told with a relative 1e-10."""
    if k is not None or endpoints:
        return dict(
            _plain(
                "betweenness_centrality",
                G, k=k, normalized=normalized, weight=weight, endpoints=endpoints, seed=seed,
            )
        )  # fmt: skip
    n = len(G)
    shares = _path_shares(G, weight)
    if normalized:
        scale = 1.0 / ((n - 1) * (n - 2)) if n > 2 else 1.0
    else:
        scale = 1.0 if G.directed else 0.5
    return G.named(shares * scale)


def _path_shares(graph: Compiled, weight: str | None) -> Floats:
    n = len(graph)
    if weight is None and graph.depth > DEEP:
        found: Any = rx.betweenness_centrality(graph.rust, normalized=False)
        return np.array([found[i] for i in range(n)]) * (1.0 if graph.directed else 2.0)

    def shares(matrix: sparse.csr_array, mass: Floats) -> Floats:
        if weight is None:
            return kernels.path_shares(matrix, mass, graph.depth)
        return kernels.weighted_path_shares(matrix, mass)

    matrix = graph.plain if weight is None else graph.matrix(weight)
    if graph.directed:
        return shares(matrix, np.ones(n))
    return kernels.shares_with_leaves(matrix, shares)


def closeness_centrality(
    G: Compiled,  # noqa: N803
    u: Any = None,
    distance: str | None = None,
    wf_improved: bool = True,
) -> Any:
    """As `networkx.closeness_centrality` (distances inward; islands after Wasserman and Faust)."""
    n = len(G)
    if distance is not None:
        others, total = kernels.weighted_reach(G.matrix(distance), symmetric=not G.directed)
    elif G.depth > DEEP and wf_improved:
        inward: Any = rx.closeness_centrality(G.rust)
        values = G.named([inward[i] for i in range(n)])
        return values if u is None else values[u]
    else:
        others, total = kernels.reach(G.plain)
    value = np.divide(others, total, out=np.zeros(n), where=total > 0)
    if wf_improved and n > 1:
        value *= others / (n - 1)
    values = G.named(value)
    return values if u is None else values[u]


def pagerank(
    G: Compiled,  # noqa: N803
    alpha: float = 0.85,
    personalization: Any = None,
    max_iter: int = 100,
    tol: float = 1.0e-6,
    nstart: Any = None,
    weight: str | None = "weight",
    dangling: Any = None,
) -> dict[Any, float]:
    """As `networkx.pagerank`: power iteration until the change falls below `tol` per node."""
    if personalization or nstart or dangling:
        return dict(
            _plain(
                "pagerank",
                G, alpha=alpha, personalization=personalization, max_iter=max_iter, tol=tol,
                nstart=nstart, weight=weight, dangling=dangling,
            )
        )  # fmt: skip
    n = len(G)
    if n == 0:
        return {}
    matrix = G.matrix(weight, loops=True)
    out = np.asarray(matrix.sum(axis=1)).ravel()
    step = sparse.csr_array(matrix.T.multiply(np.divide(1.0, out, out=np.zeros(n), where=out != 0)))
    idle = np.flatnonzero(out == 0)
    rank = np.full(n, 1.0 / n)
    for _ in range(max_iter):
        last = rank
        rank = alpha * (step @ last + last[idle].sum() / n) + (1.0 - alpha) / n
        if np.abs(rank - last).sum() < n * tol:
            return G.named(rank)
    raise nx.PowerIterationFailedConvergence(max_iter)


def core_number(G: Compiled) -> dict[Any, int]:  # noqa: N803
    """As `networkx.core_number`, whole numbers; refuses self links as it does."""
    if G.looped:
        return dict(_plain("core_number", G))
    found: Any = rx.core_number(G.rust)
    return {node: int(found[i]) for i, node in enumerate(G.nodes)}


def clustering(G: Compiled, nodes: Any = None, weight: str | None = None) -> Any:  # noqa: N803
    """As `networkx.clustering`; nodes with fewer than two ties have 0."""
    if G.directed or nodes is not None:
        return _plain("clustering", G, nodes=nodes, weight=weight)
    n = len(G)
    a, b, c = kernels.triangles(G.plain)
    strength = np.ones(len(a))
    if weight is not None and len(a):
        table = G.matrix(weight)
        keys = table.tocoo().row.astype(np.int64) * n + table.indices
        largest = np.abs(G.values(weight)).max()
        sides = [table.data[np.searchsorted(keys, x * n + y)] for x, y in ((a, b), (b, c), (a, c))]
        strength = np.cbrt(sides[0] / largest * (sides[1] / largest) * (sides[2] / largest))
    closed = np.bincount(np.concatenate([a, b, c]), weights=np.tile(strength, 3), minlength=n)
    degree = np.diff(G.plain.indptr).astype(float)
    open_pairs = degree * (degree - 1)
    return G.named(np.divide(2.0 * closed, open_pairs, out=np.zeros(n), where=open_pairs > 0))


def transitivity(G: Compiled) -> float:  # noqa: N803
    """As `networkx.transitivity`: closed triads over all triads."""
    if G.directed:
        return float(_plain("transitivity", G))
    degree = np.diff(G.plain.indptr).astype(float)
    triads = float((degree * (degree - 1)).sum())
    return 6.0 * len(kernels.triangles(G.plain)[0]) / triads if triads else 0.0


def connected_components(G: Compiled) -> Iterator[set[Any]]:  # noqa: N803
    """As `networkx.connected_components`, in the order of each component's first node."""
    if G.directed:
        raise nx.NetworkXNotImplemented("not implemented for directed type")
    return _weak(G)


def weakly_connected_components(G: Compiled) -> Iterator[set[Any]]:  # noqa: N803
    """As `networkx.weakly_connected_components`."""
    if not G.directed:
        raise nx.NetworkXNotImplemented("not implemented for undirected type")
    return _weak(G)


def _weak(graph: Compiled) -> Iterator[set[Any]]:
    if not len(graph):
        return
    _, label = csgraph.connected_components(graph.plain, directed=True, connection="weak")
    order = np.argsort(label, kind="stable")
    cuts = np.flatnonzero(np.diff(label[order])) + 1
    parts = sorted(np.split(order, cuts), key=lambda part: int(part[0]))
    for part in parts:
        yield {graph.nodes[i] for i in part}


def articulation_points(G: Compiled) -> Iterator[Any]:  # noqa: N803
    """As `networkx.articulation_points`, in node order."""
    if G.directed:
        raise nx.NetworkXNotImplemented("not implemented for directed type")
    return (G.nodes[i] for i in sorted(rx.articulation_points(G.rust)))


def bridges(G: Compiled, root: Any = None) -> Iterator[tuple[Any, Any]]:  # noqa: N803
    """As `networkx.bridges`; each as (earlier node, later node), in node order."""
    if G.directed or root is not None:
        return iter(_plain("bridges", G, root=root))
    edges: Any = rx.bridges(G.rust)
    found = sorted((min(u, v), max(u, v)) for u, v in edges)
    return ((G.nodes[u], G.nodes[v]) for u, v in found)


def constraint(G: Compiled, nodes: Any = None, weight: str | None = None) -> dict[Any, float]:  # noqa: N803
    """As `networkx.constraint`; not a number for isolates, nothing for an empty graph."""
    if nodes is not None or G.looped:
        return dict(_plain("constraint", G, nodes=nodes, weight=weight))
    table = G.matrix(weight)
    both = sparse.csr_array(table + table.T) if G.directed else table
    both.sort_indices()
    return G.named(kernels.constraint(both))


def effective_size(G: Compiled, nodes: Any = None, weight: str | None = None) -> dict[Any, float]:  # noqa: N803
    """As `networkx.effective_size`; not a number for isolates, nothing for an empty graph."""
    if G.directed or nodes is not None or weight is not None or G.looped:
        return dict(_plain("effective_size", G, nodes=nodes, weight=weight))
    n = len(G)
    closed = np.bincount(np.concatenate(kernels.triangles(G.plain)), minlength=n)
    degree = np.diff(G.plain.indptr).astype(float)
    inner = np.divide(2.0 * closed, degree, out=np.full(n, np.nan), where=degree > 0)
    return G.named(degree - inner)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        betweenness_centrality, closeness_centrality, pagerank, core_number, clustering,
        transitivity, connected_components, weakly_connected_components, articulation_points,
        bridges, constraint, effective_size,
    )
}  # fmt: skip


class Interface:
    """What NetworkX's dispatcher asks of a back end."""

    @staticmethod
    def convert_from_nx(graph: nx.Graph, **_: Any) -> Compiled:
        """The arrays of a NetworkX graph."""
        return compiled(graph)

    @staticmethod
    def convert_to_nx(answer: Any, **_: Any) -> Any:
        """Answers are plain values already; arrays give back the graph they were made from."""
        return answer.source if isinstance(answer, Compiled) else answer


for _name, _function in FUNCTIONS.items():
    setattr(Interface, _name, staticmethod(_function))

interface = Interface()


def register() -> bool:
    """Enter the back end into NetworkX; False where its private tables are not as expected."""
    try:
        from networkx.utils import backends as tables

        entry = EntryPoint(BACKEND, "graph.backend:interface", "networkx.backends")
        dispatch = tables._dispatchable
        call = dispatch._call_if_any_backends_installed
        targets = [getattr(nx, name).backends for name in FUNCTIONS]
        tables.backends[BACKEND] = entry
        tables.backend_info[BACKEND] = {"functions": {name: {} for name in FUNCTIONS}}
        Config = nx.utils.configs.Config  # noqa: N806
        known_configs = {name: nx.config.backends[name] for name in nx.config.backends}
        nx.config.backends = Config(**known_configs, **{BACKEND: Config()})
        dispatch.__call__ = call
        for known in targets:
            known.add(BACKEND)
        path = nx.path_graph(3)
        return bool(nx.betweenness_centrality(path, backend=BACKEND)[1] == 1.0)
    except (AttributeError, KeyError, TypeError, ImportError, NotImplementedError, ValueError):
        return False


REGISTERED = register()


def ask(name: str, graph: nx.Graph, **asked: Any) -> Any:
    """The NetworkX function `name` on `graph` by this back end."""
    arrays = compiled(graph)
    if REGISTERED:
        return getattr(nx, name)(arrays, **asked)
    return FUNCTIONS[name](arrays, **asked)
