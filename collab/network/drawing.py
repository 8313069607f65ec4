"""The drawing of the network as data, with the table that says the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import networkx as nx

from collab.network.state import State
from collab.network.wanted import Wanted, is_quick
from graph.filters import Filter, narrow
from graph.layout import SPACING, Layout, layout
from graph.metrics import METRICS, Level, Measure, Scene, scene_of
from graph.paths import Path, introductions
from graph.poster import say
from graph.project import by_relation, roll_up, surroundings
from graph.registry import Values
from graph.tables import link_rows, node_rows

Data = dict[str, Any]
Later = Callable[[Callable[[], None]], object]
INNER = "province"


class Picture:
    """One narrowed network with what is worked out of it, each part when it is first needed."""

    def __init__(
        self, state: State, wanted: Wanted, later: Later, steady: Picture | None = None
    ) -> None:
        """`later` runs work in the background; `steady` is the same picture at no particular time:
        its places hold at every time. `pending` names metrics that are being worked out."""
        self.steady = steady
        self._later = later
        self.pending: set[str] = set()
        self.state = state
        whole = wanted.filter == Filter()
        self.graph = state.graph if whole else narrow(state.graph, wanted.filter, state.regions)
        self._found: dict[str, Measure] = {}

    @cached_property
    def ties(self) -> nx.Graph:
        """Organisations and the ties between them."""
        return by_relation(self.graph)

    @cached_property
    def layout(self) -> Layout:
        """Positions of all organisations; time moves none of them."""
        if self.steady is not None and self.steady.ties.nodes == self.ties.nodes:
            return self.steady.layout
        return layout(self.ties, self.state.regions)

    @cached_property
    def scene(self) -> Scene:
        """What metrics look at."""
        return scene_of(self.graph)

    def measure(self, name: str) -> Measure:
        """A metric, worked out once."""
        if name not in self._found:
            self._found[name] = METRICS[name](self.scene)
        return self._found[name]

    def values(self, name: str) -> Values:
        """A metric's value of each organisation; empty while a dear one is still being worked out
        in the background (see `pending`)."""
        if METRICS[name].level is not Level.NODE:
            return {}
        self.ask(name)
        return {} if name in self.pending else self.measure(name).nodes or {}

    def ask(self, *names: str) -> None:
        """Have dear metrics worked out in the background, each once."""
        for name in names:
            known = METRICS[name].level is not Level.NODE or name in self._found
            if not known and name not in self.pending and not is_quick(name, len(self.ties)):
                self.pending.add(name)
                self._later(lambda name=name: self._arrived(name))  # type: ignore[misc]

    def _arrived(self, name: str) -> None:
        try:
            self.measure(name)
        finally:
            self.pending.discard(name)


@dataclass(frozen=True)
class Shown:
    """What is drawn of a picture: ties, positions, paths asked for."""

    ties: nx.Graph
    layout: Layout
    paths: tuple[Path, ...] = ()


def shown(picture: Picture, wanted: Wanted) -> Shown:
    """The part of the picture that is asked for; ends that are not in it are left aside."""
    if wanted.focus in picture.ties:
        ties = surroundings(picture.ties, wanted.focus, wanted.steps)
        return Shown(ties, layout(ties, picture.state.regions))
    ends = (wanted.source, wanted.target)
    paths = introductions(picture.ties, *ends) if all(e in picture.ties for e in ends) else ()
    return Shown(picture.ties, picture.layout, tuple(paths))


def draw(picture: Picture, wanted: Wanted, language: str) -> Data:
    """Regions, nodes, links, rows and the sentence, ready for JSON."""
    if wanted.rolled_up:
        return _regions(picture, language)
    return _organisations(picture, shown(picture, wanted), wanted, language)


def name_of(graph: nx.Graph, key: Any, language: str) -> str:
    """A node's label in the language, else the other one, else its key."""
    data = graph.nodes[key] if key in graph else {}
    first, second = data.get("label_zh"), data.get("label_en")
    if language == "en":
        first, second = second, first
    return str(first or second or key)


def _regions(picture: Picture, language: str) -> Data:
    """Countries and provinces with the ties between them; organisations wait inside."""
    ties, drawn = picture.ties, picture.layout
    rolled = roll_up(ties, picture.state.regions, INNER)
    areas = {a.code for a in drawn.areas}
    home = {code: _area_of(picture.state, code, areas) for code in rolled}
    weights: dict[tuple[str, str], float] = {}
    for u, v, data in rolled.edges(data=True):
        a, b = sorted((home[u], home[v]))
        if a != b:
            weights[a, b] = weights.get((a, b), 0.0) + data["links"]
    return {
        "regions": _areas(drawn, language),
        "nodes": [],
        "links": [
            {"source": a, "target": b, "kind": "", "weight": w} for (a, b), w in weights.items()
        ],
        "path": [],
        "rows": _region_rows(rolled, language),
        "tie_rows": link_rows(rolled, language=language),
        "paths": [],
        "bounds": drawn.bounds,
        "spacing": SPACING,
        "pending": [],
        "sentence": say(ties, drawn, language),
        "counts": {"nodes": len(ties), "links": ties.number_of_edges()},
    }


def _area_of(state: State, code: str, areas: set[str]) -> str:
    return next((c for c in state.regions.above(code) if c in areas), code)


def _region_rows(rolled: nx.Graph, language: str) -> list[Data]:
    rows = [
        {
            "key": code,
            "label": name_of(rolled, code, language),
            "members": data["members"],
            "inside": data["inside"],
            "across": sum(d["links"] for _, _, d in rolled.edges(code, data=True)),
            "partners": rolled.degree(code),
            "kinds": data["kinds"],
        }
        for code, data in rolled.nodes(data=True)
    ]
    return sorted(rows, key=lambda r: (-r["members"], r["key"]))


def _areas(drawn: Layout, language: str) -> list[Data]:
    return [
        {"key": a.code, "label": a.label(language), "x": a.x, "y": a.y, "r": a.radius,
         "count": a.members, "parent": a.parent}
        for a in drawn.areas
    ]  # fmt: skip


def _organisations(picture: Picture, part: Shown, wanted: Wanted, language: str) -> Data:
    # asked before the values: one that arrives in between is drawn anew, never left out for good
    picture.ask(wanted.size, wanted.colour)
    pending = sorted({wanted.size, wanted.colour} & picture.pending)
    found = {
        name: Measure(values)
        for name in dict.fromkeys((wanted.size, wanted.colour))
        if (values := {k: v for k, v in picture.values(name).items() if k in part.ties})
    }
    ties, drawn = part.ties, part.layout
    return {
        "regions": _areas(drawn, language),
        "nodes": _nodes(ties, drawn, found, wanted, language),
        "links": [
            {"source": u, "target": v, "weight": d["weight"], "kind": sorted(d["kinds"])[0]}
            for u, v, d in ties.edges(data=True)
        ],
        "path": list(part.paths[0].nodes) if part.paths else [],
        "rows": node_rows(ties, found, language=language, sort_by=wanted.colour),
        "tie_rows": link_rows(ties, language=language),
        "paths": [_path(ties, p, language) for p in part.paths],
        "bounds": drawn.bounds,
        "spacing": SPACING,
        "pending": pending,
        "sentence": say(ties, drawn, language),
        "counts": {"nodes": len(ties), "links": ties.number_of_edges()},
    }


def _path(ties: nx.Graph, path: Path, language: str) -> Data:
    return {
        "nodes": [{"key": k, "label": name_of(ties, k, language)} for k in path.nodes],
        "kinds": [list(ties.edges[u, v]["kinds"]) for u, v in _pairs(path.nodes)],
        "steps": path.steps,
    }


def _pairs(nodes: Sequence[Any]) -> list[tuple[Any, Any]]:
    return list(pairwise(nodes))


def _nodes(
    ties: nx.Graph,
    drawn: Layout,
    found: Mapping[str, Measure],
    wanted: Wanted,
    language: str,
) -> list[Data]:
    sizes = found[wanted.size].nodes or {} if wanted.size in found else {}
    colours = found[wanted.colour].nodes or {} if wanted.colour in found else {}
    most = max((abs(v or 0.0) for v in sizes.values()), default=0.0) or 1.0
    ordered = sorted(ties, key=lambda k: (-(sizes.get(k) or 0.0), -ties.degree(k), str(k)))
    rank = {key: place for place, key in enumerate(ordered)}
    made = []
    for key, data in ties.nodes(data=True):
        x, y = drawn.positions[str(key)]
        made.append(
            {"key": key, "label": name_of(ties, key, language), "kind": data.get("kind", ""),
             "region": data.get("region", ""), "slug": data.get("slug", ""), "x": x, "y": y,
             "value": colours.get(key), "size": round(max(sizes.get(key) or 0.0, 0.0) / most, 4),
             "label_rank": rank[key]}
        )  # fmt: skip
    return made
