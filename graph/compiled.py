"""A graph as arrays, the form that the fast kernels work on."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import rustworkx as rx
from numpy.typing import NDArray
from scipy import sparse

BACKEND = "collab_arrays"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Compiled:
    """A simple graph (directed or not) whose nodes are numbered in the graph's own order.

    `tail` and `head` number the ends of every edge, once each for an undirected graph.
    """

    __networkx_backend__ = BACKEND

    def __init__(self, graph: nx.Graph) -> None:
        if graph.is_multigraph():
            raise NotImplementedError("parallel edges must be merged first")
        self.source = graph
        self.nodes: list[Hashable] = list(graph)
        self.index = {node: i for i, node in enumerate(self.nodes)}
        self.directed: bool = graph.is_directed()
        ends = [(self.index[u], self.index[v]) for u, v in graph.edges]
        pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
        self.tail: Ints = pairs[:, 0].copy()
        self.head: Ints = pairs[:, 1].copy()

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self.nodes)

    def is_directed(self) -> bool:
        """As NetworkX asks it."""
        return self.directed

    def is_multigraph(self) -> bool:
        """Never: parallel edges are refused."""
        return False

    def values(self, attribute: str | None) -> Floats:
        """One number per edge: the attribute, 1 where it is missing or None was asked for."""
        if attribute is None:
            return np.ones(len(self.tail))
        found = [data.get(attribute, 1) for _, _, data in self.source.edges(data=True)]
        return np.array(found, dtype=float)

    def strength(self, attribute: str | None) -> Floats:
        """Per node the sum of an attribute over its edges, in and out; the number of them at None.

        A self link counts at both its ends, as NetworkX counts it.
        """
        values, n = self.values(attribute), len(self.nodes)
        both = np.bincount(self.tail, values, n) + np.bincount(self.head, values, n)
        return np.asarray(both, dtype=float)

    def matrix(self, attribute: str | None = None, *, loops: bool = False) -> sparse.csr_array:
        """Adjacency matrix (both directions of an undirected edge), without self links."""
        tail, head, values = self.tail, self.head, self.values(attribute)
        apart = tail != head
        if not loops:
            tail, head, values = tail[apart], head[apart], values[apart]
            apart = apart[apart]
        if not self.directed:
            tail, head, values = (
                np.concatenate([tail, head[apart]]),
                np.concatenate([head, tail[apart]]),
                np.concatenate([values, values[apart]]),
            )
        size = (len(self.nodes), len(self.nodes))
        made = sparse.csr_array((values, (tail, head)), shape=size)
        made.sort_indices()
        return made

    @cached_property
    def looped(self) -> bool:
        """Whether anything is tied to itself."""
        return bool((self.tail == self.head).any())

    @cached_property
    def plain(self) -> sparse.csr_array:
        """Adjacency with ones, without self links."""
        return self.matrix()

    @cached_property
    def rust(self) -> Any:
        """The same graph in rustworkx, without self links."""
        made = rx.PyDiGraph(multigraph=False) if self.directed else rx.PyGraph(multigraph=False)
        made.add_nodes_from(range(len(self.nodes)))
        apart = self.tail != self.head
        made.extend_from_edge_list(
            list(zip(self.tail[apart].tolist(), self.head[apart].tolist(), strict=True))
        )
        return made

    @cached_property
    def depth(self) -> int:
        """A lower bound of the longest shortest path: says whether level-wise kernels pay."""
        from graph.kernels import breadth

        return breadth(self.plain)

    def named(self, values: Any) -> dict[Any, float]:
        """Values by node instead of by number."""
        return dict(zip(self.nodes, np.asarray(values, dtype=float).tolist(), strict=True))


def compiled(graph: nx.Graph) -> Compiled:
    """The arrays of `graph`; kept with a frozen graph, made anew for one that may still change."""
    kept = graph.__dict__.get("_compiled")
    if isinstance(kept, Compiled):
        return kept
    made = Compiled(graph)
    if nx.is_frozen(graph):
        graph.__dict__["_compiled"] = made
    return made
