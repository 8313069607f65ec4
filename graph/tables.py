"""Graphs as tables: metrics of any edge list, and the rows that stand beside a drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import networkx as nx

from graph.edge_list import Source, read_edge_list
from graph.metrics import METRICS, Measure, Scene, compute

Row = dict[str, Any]


def metrics_of_edge_list(
    nodes_csv: Source | None,
    edges_csv: Source,
    directed: bool = False,
    names: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Every registered metric (or `names`) of an edge list, as `graph-metrics` prints it.

    Parallel links add up to one tie and self links are left aside: `edges` counts the ties that
    remain, `ignored` what went. A value that is not defined for a node is None.

    >>> answer = metrics_of_edge_list(None, "source,target\\na,b\\nb,c\\n")
    >>> answer["nodes"], answer["edges"], answer["metrics"]["betweenness"]["nodes"]["b"]
    (3, 2, 1.0)
    """
    read = read_edge_list(nodes_csv, edges_csv, directed=directed)
    scene = Scene(read)
    loops = nx.number_of_selfloops(read)
    ties = scene.ties.number_of_edges()
    return {
        "nodes": len(scene.ties),
        "edges": ties,
        "directed": directed,
        "ignored": {
            "self_links": loops,
            "parallel_links": read.number_of_edges() - loops - ties,
        },
        "metrics": metrics_json(compute(scene, names)),
    }


def metrics_json(found: Mapping[str, Measure]) -> dict[str, Any]:
    """Measures as plain values, by name of the metric."""
    return {name: measure.as_json(METRICS[name].level) for name, measure in found.items()}


def node_rows(
    ties: nx.Graph,
    found: Mapping[str, Measure] | None = None,
    *,
    language: str = "zh",
    sort_by: str = "",
) -> list[Row]:
    """One row per node: key, label, kind, region, number of partners and each node metric.

    Sorted by the metric `sort_by`, largest first, undefined last; else, and among equals, by key.
    """
    columns = {n: m.nodes for n, m in (found or {}).items() if m.nodes is not None}
    rows = []
    for key in sorted(ties, key=str):
        data = ties.nodes[key]
        row: Row = {
            "key": key,
            "label": _label(ties, key, language),
            "kind": data.get("kind", ""),
            "region": data.get("region", ""),
            "partners": len(set(nx.all_neighbors(ties, key)) - {key}),
        }
        rows.append(row | {name: values.get(key) for name, values in columns.items()})
    if sort_by in columns:
        rows.sort(key=lambda row: (row[sort_by] is None, -(row[sort_by] or 0.0)))
    return rows


def link_rows(ties: nx.Graph, *, language: str = "zh") -> list[Row]:
    """One row per tie: both ends with labels, what it is, its weight and period."""
    return [
        {
            "source": u,
            "target": v,
            "source_label": _label(ties, u, language),
            "target_label": _label(ties, v, language),
            "kinds": list(data.get("kinds") or filter(None, [data.get("kind")])),
            "weight": data.get("weight", 1.0),
            "links": data.get("links", 1),
            "valid_from": data.get("valid_from"),
            "valid_to": data.get("valid_to"),
        }
        for u, v, data in sorted(ties.edges(data=True), key=lambda e: (str(e[0]), str(e[1])))
    ]


def pair_rows(ties: nx.Graph, measure: Measure, *, language: str = "zh") -> list[Row]:
    """One row per pair of a metric that speaks of pairs, with the reasons in `language`."""
    return [
        {
            "source": pair.source,
            "target": pair.target,
            "source_label": _label(ties, pair.source, language),
            "target_label": _label(ties, pair.target, language),
            "value": pair.value,
            "reasons": list(pair.why_en if language == "en" else pair.why_zh),
        }
        for pair in measure.edges or ()
    ]


def _label(graph: nx.Graph, key: Any, language: str) -> str:
    data = graph.nodes[key] if key in graph else {}
    first, second = data.get("label_zh"), data.get("label_en")
    if language == "en":
        first, second = second, first
    return str(first or second or key)
