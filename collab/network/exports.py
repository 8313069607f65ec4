"""The network as files: a poster and the formats that other tools read."""

from __future__ import annotations

from typing import Any

import networkx as nx

from collab.network.drawing import Picture, shown
from collab.network.wanted import Wanted
from graph.export import export, to_csv
from graph.metrics import METRICS
from graph.poster import Poster, draw
from graph.records import NodeKind

FORMS = {
    "graphml": ("graphml", "application/graphml+xml"),
    "gexf": ("gexf", "application/gexf+xml"),
    "json": ("json", "application/json"),
    "nodes": ("csv", "text/csv; charset=utf-8"),
    "links": ("csv", "text/csv; charset=utf-8"),
}


def written(graph: nx.MultiDiGraph, form: str) -> str:
    """The graph as text; techniques that nobody in it offers are left out."""
    used = graph.copy()
    used.remove_nodes_from(
        [n for n, kind in graph.nodes(data="kind") if kind == NodeKind.TECHNIQUE
         and not any(True for u in graph.predecessors(n)
                     if graph.nodes[u].get("kind") != NodeKind.TECHNIQUE)]
    )  # fmt: skip
    if form in ("nodes", "links"):
        return to_csv(used)[form == "links"]
    return export(used, form)


def poster(picture: Picture, wanted: Wanted, language: str) -> str:
    """SVG text of what is asked for, coloured by its metric."""
    part = shown(picture, wanted)
    name = wanted.colour
    values: dict[Any, float | None] = {
        k: v for k, v in picture.values(name).items() if k in part.ties
    }
    path = part.paths[0].nodes if part.paths else ()
    legend = METRICS[name].title(language) if values else ""
    look = Poster(language=language, values=values, legend=legend, path=path)
    return draw(part.ties, part.layout, look)
