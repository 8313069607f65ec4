"""Graphs to GraphML, GEXF, node-link JSON and CSV, and back without loss.

Texts, numbers and truth values are written as they are. A date becomes its ISO form and a list its
JSON form, both as text that `read_*` turns back by name of the attribute, so that NetworkX, igraph
and Gephi read plain values and nothing is lost.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import networkx as nx

from graph.errors import GraphError

DATES = ("valid_from", "valid_to")
LISTS = ("materials", "kinds", "evidence")
FLOATS = ("weight", "lat", "lon")
XML = '<?xml version="1.0" encoding="UTF-8"?>'
_BOOLEAN = re.compile(r'<key id="([^"]+)"[^>]*attr\.type="boolean"')
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def plain(graph: nx.Graph) -> nx.Graph:
    """The same graph, of the same class, sorted, with attributes that any format can hold.

    A parallel link carries its key in the attribute `link`, because formats number links anew, and
    an attribute `id` is called `ref`, because formats keep `id` for themselves.
    """
    made = graph.__class__()
    for key in sorted(graph, key=str):
        made.add_node(key, **_flat(graph.nodes[key]))
    for number, (u, v, key, data) in enumerate(_edges(graph)):
        if graph.is_multigraph():
            made.add_edge(u, v, key=f"e{number}", **_flat({**data, "link": key}))
        else:
            made.add_edge(u, v, **_flat(data))
    _one_type_each([data for _, data in made.nodes(data=True)])
    _one_type_each([data for _, _, data in made.edges(data=True)])
    return made


def _one_type_each(rows: list[dict[str, Any]]) -> None:
    """Whole numbers beside fractions become fractions, other mixtures text: igraph insists."""
    types: dict[str, set[type]] = {}
    for row in rows:
        for name, value in row.items():
            types.setdefault(name, set()).add(type(value))
    mixed = {name: float if kinds <= {int, float} else str for name, kinds in types.items()
             if len(kinds) > 1}  # fmt: skip
    for row in rows:
        row.update({name: turn(row[name]) for name, turn in mixed.items() if name in row})


def restored(graph: nx.Graph, spare: tuple[str, ...] = ()) -> nx.Graph:
    """What `plain` made, as it was: dates, lists and link keys; attributes of `spare` go."""
    made = graph.__class__()
    made.add_nodes_from((key, _deep(data, spare)) for key, data in graph.nodes(data=True))
    for u, v, key, data in _edges(graph):
        values = _deep(data, spare)
        if graph.is_multigraph():
            made.add_edge(u, v, key=values.pop("link", key), **values)
        else:
            made.add_edge(u, v, **values)
    return made


def _edges(graph: nx.Graph) -> list[tuple[Any, Any, Any, dict[str, Any]]]:
    if graph.is_multigraph():
        found = list(graph.edges(keys=True, data=True))
    else:
        found = [(u, v, "", data) for u, v, data in graph.edges(data=True)]
    return sorted(found, key=lambda e: (str(e[0]), str(e[1]), str(e[2])))


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    flat = {name: _scalar(value) for name, value in data.items() if value is not None}
    if "id" in flat:
        flat["ref"] = flat.pop("id")
    return flat


def _scalar(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset | dict):
        ready = sorted(value) if isinstance(value, set | frozenset) else value
        return json.dumps(ready, ensure_ascii=False)
    return _NOT_XML.sub("", str(value)) if isinstance(value, str) else value


def _deep(data: Mapping[str, Any], spare: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in data.items():
        if name in spare:
            continue
        written = isinstance(value, str)
        if name in DATES and written:
            made[name] = date.fromisoformat(value)
        elif name in LISTS and written and value[:1] in ("[", "{"):
            deep = json.loads(value)
            made[name] = tuple(deep) if isinstance(deep, list) else deep
        else:
            made["id" if name == "ref" else name] = value
    return made


def to_graphml(graph: nx.Graph) -> str:
    """GraphML text, read by NetworkX, igraph, Gephi and yEd."""
    body = "\n".join(nx.generate_graphml(plain(graph)))
    for key in _BOOLEAN.findall(body):  # text that says "True" stays as it is
        for word in ("True", "False"):
            written = f'<data key="{key}">'
            body = body.replace(f"{written}{word}</data>", f"{written}{word.lower()}</data>")
    return f"{XML}\n{body}\n"


def from_graphml(text: str) -> nx.Graph:
    """The graph that `to_graphml` wrote."""
    bare = text.removeprefix(XML)
    multi = ">link</data>" in bare or 'attr.name="link"' in bare
    return restored(nx.parse_graphml(bare, force_multigraph=multi))


def to_gexf(graph: nx.Graph) -> str:
    """GEXF 1.2 text for Gephi; a node's Chinese or else English label is its label."""
    ready = plain(graph)
    for key, data in ready.nodes(data=True):
        data["label"] = str(data.get("label_zh") or data.get("label_en") or key)
    for number, (*_, data) in enumerate(ready.edges(data=True)):
        data["id"] = f"e{number}"
    body = re.sub(r' lastmodifieddate="[^"]*"', "", "\n".join(nx.generate_gexf(ready)))
    return f"{XML}\n{body}\n"


def from_gexf(text: str) -> nx.Graph:
    """The graph that `to_gexf` wrote."""
    read = nx.read_gexf(io.BytesIO(text.encode()))
    if not read.is_multigraph() and any("link" in data for _, _, data in read.edges(data=True)):
        # NetworkX reads a multigraph only where two links happen to be parallel
        read = nx.MultiDiGraph(read) if read.is_directed() else nx.MultiGraph(read)
    return restored(read, ("label", "id", "networkx_key"))


def to_json(graph: nx.Graph) -> str:
    """Node-link JSON as NetworkX reads it (`nodes`, `edges`)."""
    return json.dumps(nx.node_link_data(plain(graph), edges="edges"), ensure_ascii=False)


def from_json(text: str) -> nx.Graph:
    """The graph that `to_json` wrote."""
    return restored(nx.node_link_graph(json.loads(text), edges="edges"))


def to_csv(graph: nx.Graph) -> tuple[str, str]:
    """Two tables, nodes and edges, whose columns `tables.metrics_of_edge_list` reads too.

    A column of numbers or truth values that is not one of the known ones names its type after a
    colon (`founded:int`), so that the values come back as they were.
    """
    ready = plain(graph)
    nodes = [{"id": key, **data} for key, data in ready.nodes(data=True)]
    edges = [{"source": u, "target": v, **data} for u, v, _, data in _edges(ready)]
    return (
        _table(nodes, ("id", "kind", "region")),
        _table(edges, ("source", "target", "weight", "kind")),
    )


def from_csv(nodes: str, edges: str, *, directed: bool = True) -> nx.Graph:
    """The graph that `to_csv` wrote; parallel links where the edges name their `link`."""
    links = list(_rows(edges))
    multi = any("link" in row for row in links)
    classes = {
        (True, True): nx.MultiDiGraph,
        (True, False): nx.DiGraph,
        (False, True): nx.MultiGraph,
        (False, False): nx.Graph,
    }
    read = classes[(directed, multi)]()
    for row in _rows(nodes):
        read.add_node(row.pop("id"), **row)
    for row in links:
        read.add_edge(row.pop("source"), row.pop("target"), **row)
    return restored(read)


def _table(rows: list[dict[str, Any]], first: tuple[str, ...]) -> str:
    names = [*first, *sorted({name for row in rows for name in row} - set(first))]
    kinds = {name: _kind(name, [row[name] for row in rows if name in row]) for name in names}
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f"{name}:{kinds[name]}" if kinds[name] else name for name in names])
    for row in rows:
        writer.writerow([_cell(row.get(name), kinds[name]) for name in names])
    return out.getvalue()


def _kind(name: str, values: list[Any]) -> str:
    if name in FLOATS:
        return ""
    types = {type(value) for value in values}
    if types <= {str}:
        return ""
    known = {int: "int", float: "float", bool: "bool"}
    return known.get(types.pop(), "json") if len(types) == 1 else "json"


def _cell(value: Any, kind: str) -> str:
    if value is None:
        return ""
    if kind in ("json", "bool"):
        return json.dumps(value, ensure_ascii=False)
    return repr(value) if isinstance(value, float) else str(value)


def _rows(text: str) -> Iterable[dict[str, Any]]:
    turn: dict[str, Any] = {"int": int, "float": float, "bool": json.loads, "json": json.loads}
    for row in csv.DictReader(io.StringIO(text, newline="")):
        made: dict[str, Any] = {}
        for header, cell in row.items():
            name, _, kind = header.partition(":")
            if cell:
                made[name] = float(cell) if name in FLOATS else turn.get(kind, str)(cell)
        yield made


WRITERS = {"graphml": to_graphml, "gexf": to_gexf, "json": to_json}


def export(graph: nx.Graph, form: str) -> str:
    """The graph as text in `form`: graphml, gexf or json; raises GraphError for another form."""
    if form not in WRITERS:
        raise GraphError(f"unknown format {form}", f"未知的格式 {form}")
    return WRITERS[form](graph)
