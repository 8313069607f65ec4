"""Small typed networks that the graph tests share."""

from __future__ import annotations

from datetime import date

import networkx as nx

from graph.build import build
from graph.records import Link, LinkKind, Node, NodeKind, Region
from graph.regions import RegionTree

REGIONS = [
    Region("cn", "country", "中国", "China", lat=35.0, lon=105.0),
    Region("hubei", "province", "湖北", "Hubei", "cn", 31.0, 112.0),
    Region("wuhan", "city", "武汉", "Wuhan", "hubei", 30.6, 114.3),
    Region("ovc", "park", "光谷", "Optics Valley", "wuhan"),
    Region("shanghai", "province", "上海", "Shanghai", "cn", 31.2, 121.5),
    Region("be", "country", "比利时", "Belgium", lat=50.5, lon=4.5),
    Region("leuven", "city", "鲁汶", "Leuven", "be", 50.9, 4.7),
]


def tree() -> RegionTree:
    """Two countries with provinces, cities and a park."""
    return RegionTree(REGIONS)


def small_nodes() -> list[Node]:
    """Five organisations, two capabilities, three techniques and two needs."""
    return [
        Node("lab", NodeKind.LAB, "甲实验室", "Lab A", "ovc"),
        Node("line", NodeKind.PILOT_LINE, "乙中试线", "Line B", "wuhan"),
        Node("firm", NodeKind.FIRM, "丙公司", "Firm C", "shanghai"),
        Node("imec", NodeKind.LAB, "丁研究所", "Institute D", "leuven"),
        Node("lone", NodeKind.INVESTOR, "戊资本", "Investor E"),
        Node("cap1", NodeKind.CAPABILITY, evidence="verified", materials=("sin",)),
        Node("cap2", NodeKind.CAPABILITY, evidence="documented", materials=("inp",)),
        Node("ebl", NodeKind.TECHNIQUE, "电子束光刻", "EBL"),
        Node("etch", NodeKind.TECHNIQUE, "刻蚀", "Etching"),
        Node("pack", NodeKind.TECHNIQUE, "封装", "Packaging"),
        Node("need1", NodeKind.NEED, materials=("sin",)),
        Node("need2", NodeKind.NEED),
    ]


def small_links() -> list[Link]:
    """Relations with dates and parallel ones, offers, needs and a chain of three steps."""
    kind = LinkKind
    return [
        Link("lab", "line", kind.AGREEMENT, 2.0, date(2024, 1, 1), date(2024, 12, 31), id="a"),
        Link("lab", "line", kind.AGREEMENT, 1.0, date(2025, 1, 1), id="b"),
        Link("line", "firm", kind.SUPPLIES, evidence="verified"),
        Link("firm", "imec", kind.JOINT_LAB, 3.0),
        Link("lab", "lab", kind.MEMBER_OF),
        Link("lab", "cap1", kind.OFFERS),
        Link("cap1", "ebl", kind.APPLIES),
        Link("line", "cap2", kind.OFFERS),
        Link("cap2", "etch", kind.APPLIES),
        Link("imec", "etch", kind.OFFERS, evidence="declared", materials=("sin",)),
        Link("imec", "pack", kind.OFFERS),
        Link("firm", "need1", kind.POSTS),
        Link("lone", "need2", kind.POSTS),
        Link("need1", "ebl", kind.ASKS),
        Link("need2", "ebl", kind.ASKS),
        Link("need1", "cap1", kind.FITS),
        Link("need1", "imec", kind.FITS),
        Link("ebl", "etch", kind.PRECEDES),
        Link("etch", "pack", kind.PRECEDES),
    ]


def small() -> nx.MultiDiGraph:
    """The graph of the small network."""
    return build(small_nodes(), small_links())


def weighted(graph: nx.Graph, largest: int = 9) -> nx.Graph:
    """The same graph with whole weights that depend on the edge alone."""
    for u, v, data in graph.edges(data=True):
        data["weight"] = 1 + (31 * u + 17 * v) % largest
    return graph


def odd_graphs() -> dict[str, nx.Graph]:
    """Graphs at which careless metrics stumble."""
    parallel = nx.MultiGraph([("a", "b"), ("a", "b"), ("b", "c"), ("c", "c")])
    directed = nx.DiGraph([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d")])
    loop = nx.Graph([("a", "a")])
    islands = nx.Graph([("a", "b"), ("b", "c"), ("x", "y")])
    islands.add_node("z")
    typed = nx.Graph([("a", "t1"), ("b", "t1"), ("b", "t2"), ("a", "b")])
    nx.set_node_attributes(
        typed, {"a": "lab", "b": "firm", "t1": "technique", "t2": "technique"}, "kind"
    )
    nx.set_node_attributes(typed, {"a": "r1", "b": "r2"}, "region")
    return {
        "empty": nx.Graph(),
        "empty directed": nx.DiGraph(),
        "one node": nx.Graph({"a": []}),
        "one node tied to itself": loop,
        "two nodes": nx.Graph([("a", "b")]),
        "strangers": nx.empty_graph(3),
        "islands": islands,
        "star": nx.star_graph(30),
        "long path": nx.path_graph(80),
        "ring": nx.cycle_graph(5),
        "everybody": nx.complete_graph(6),
        "parallel and self links": parallel,
        "directed": directed,
        "kinds and regions": typed,
    }
