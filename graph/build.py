"""Records to a graph, sorted so that results repeat, and the same graph after one change."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import networkx as nx

from graph.errors import GraphError
from graph.records import Link, Node

NODE_FIELDS = ("kind", "label_zh", "label_en", "region", "lat", "lon", "evidence", "materials")
LINK_FIELDS = ("kind", "weight", "valid_from", "valid_to", "id", "evidence", "materials")

RESERVED = frozenset({"key", "source", "target", "id", "label", "link", "ref", "networkx_key"})


def build(nodes: Iterable[Node], links: Iterable[Link]) -> nx.MultiDiGraph:
    """The graph of `nodes` and `links`; the same for any order of the same records.

    Links are kept in the direction they were given, parallel ones by `Link.key`. Raises GraphError
    for a blank key, a link to nobody, a weight that is not above zero, or a period that ends before
    it starts. Of two records with the same identity the later in the given order stands.

    >>> from graph.records import LinkKind, NodeKind
    >>> graph = build([Node("b", NodeKind.FIRM), Node("a", NodeKind.LAB)],
    ...               [Link("b", "a", LinkKind.AGREEMENT)])
    >>> list(graph), list(graph.edges(keys=True))
    (['a', 'b'], [('b', 'a', 'agreement')])
    """
    graph = nx.MultiDiGraph()
    for node in sorted(nodes, key=lambda n: n.key):
        put_node(graph, node)
    for link in sorted(links, key=lambda x: (x.source, x.target, x.key)):
        put_link(graph, link)
    return graph


def update(
    graph: nx.MultiDiGraph,
    *,
    put: Iterable[Node | Link] = (),
    drop_nodes: Iterable[str] = (),
    drop_links: Iterable[Link] = (),
) -> None:
    """Change `graph` in place: first what goes, then nodes that come or change, then links.

    The result equals a rebuild from the changed records. Dropping what is not there is no error,
    because the record may have gone with its node.
    """
    for link in drop_links:
        drop_link(graph, link)
    for key in drop_nodes:
        drop_node(graph, key)
    records = list(put)
    for record in records:
        if isinstance(record, Node):
            put_node(graph, record)
    for record in records:
        if isinstance(record, Link):
            put_link(graph, record)


def put_node(graph: nx.MultiDiGraph, node: Node) -> None:
    """Add `node` or replace what is known of it; its links stay."""
    if not node.key:
        raise GraphError("a node has no key", "节点缺少标识")
    data = _data(node, NODE_FIELDS)
    if node.key in graph:
        graph.nodes[node.key].clear()
    graph.add_node(node.key, **data)


def drop_node(graph: nx.MultiDiGraph, key: str) -> None:
    """Remove a node with all its links."""
    if key in graph:
        graph.remove_node(key)


def put_link(graph: nx.MultiDiGraph, link: Link) -> None:
    """Add `link` or replace the one of the same ends, kind and id."""
    _check(graph, link)
    drop_link(graph, link)
    graph.add_edge(link.source, link.target, key=link.key, **_data(link, LINK_FIELDS))


def drop_link(graph: nx.MultiDiGraph, link: Link) -> None:
    """Remove the link with the ends, kind and id of `link`."""
    if graph.has_edge(link.source, link.target, key=link.key):
        graph.remove_edge(link.source, link.target, key=link.key)


def _check(graph: nx.MultiDiGraph, link: Link) -> None:
    for end in (link.source, link.target):
        if end not in graph:
            raise GraphError(f"link to unknown node {end}", f"连接指向未知节点 {end}")
    if not (math.isfinite(link.weight) and link.weight > 0):
        raise GraphError(
            f"weight of {link.source} – {link.target} must be above zero",
            f"{link.source} – {link.target} 的权重必须大于零",
        )
    if link.valid_from and link.valid_to and link.valid_from > link.valid_to:
        raise GraphError(
            f"{link.source} – {link.target} ends before it starts",
            f"{link.source} – {link.target} 的结束日期早于开始日期",
        )


def _data(record: Node | Link, fields: tuple[str, ...]) -> dict[str, Any]:
    """Attributes without the absent ones, so that every format can hold what remains."""
    data: dict[str, Any] = {}
    for name in fields:
        value = getattr(record, name)
        if value is not None and value not in ("", ()):
            data[name] = value.value if name == "kind" else value
    for name, value in sorted(record.attrs.items()):
        if name in fields or name in RESERVED:
            raise GraphError(f"attribute name {name} is taken", f"属性名 {name} 已被占用")
        if value not in (None, ""):
            data[name] = value
    return data
