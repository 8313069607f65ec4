"""The coordinator's view: the graph of this process, its drawing and its tables."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from collab.kernel.events import DatabaseRestored, Event
from collab.kernel.happened import CapabilityChanged, CatalogueReplaced, OrganisationChanged
from collab.kernel.identity import Actor
from collab.network import feed
from collab.storage.database import Database
from collab.storage.follower import Follower
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary
from graph.build import build
from graph.filters import Filter as Filter
from graph.filters import narrow
from graph.labels import labels
from graph.layout import Layout, layout
from graph.metrics import METRICS
from graph.project import by_relation
from graph.regions import RegionTree
from graph.registry import Scene
from graph.tables import node_rows

DRAWN_BY = ("degree", "betweenness", "pagerank", "core_number")
WORTH_A_REBUILD = (CapabilityChanged, CatalogueReplaced, DatabaseRestored, OrganisationChanged)


@dataclass(frozen=True)
class State:
    """The whole public graph of one moment with its regions."""

    graph: nx.MultiDiGraph
    regions: RegionTree


class NetworkService:
    """Keeps the graph of this process current; safe between threads."""

    def __init__(self, database: Database, vocabulary: Vocabulary) -> None:
        self.database = database
        self.vocabulary = vocabulary
        self._follower = Follower()
        self._state: State | None = None
        self._drawn: dict[Any, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def state(self, uow: UnitOfWork) -> State:
        """The public graph as of `uow`."""
        with self._lock:
            events = self._follower.changes(uow)
            if self._state is None or events is None or _matters(events):
                self._state = self._read(uow)
                self._drawn.clear()
            return self._state

    def _read(self, uow: UnitOfWork) -> State:
        keys = feed.keys_of(uow)
        nodes, links = feed.capabilities(uow, keys, self.vocabulary)
        whole = build([*feed.organisations(uow), *nodes], [*feed.relations(uow, keys), *links])
        return State(whole, RegionTree(feed.regions(uow)))

    def view(
        self,
        uow: UnitOfWork,
        actor: Actor,
        wanted: Filter | None = None,
        *,
        language: str = "zh",
        size_by: str = "degree",
    ) -> Mapping[str, Any]:
        """The drawing and the table of organisations and their ties; public facts only."""
        del actor  # every tie in this graph is public; needs and agreements are not part of it
        state = self.state(uow)
        wanted = wanted or Filter()
        size_by = size_by if size_by in METRICS else "degree"
        key = (wanted, language, size_by)
        if key not in self._drawn:
            self._drawn[key] = _draw(state, wanted, language, size_by)
        return self._drawn[key]


def _matters(events: list[Event]) -> bool:
    return any(isinstance(e, WORTH_A_REBUILD) for e in events)


def _draw(state: State, wanted: Filter, language: str, size_by: str) -> dict[str, Any]:
    ties = by_relation(narrow(state.graph, wanted, state.regions))
    drawn = layout(ties, state.regions)
    scene = Scene(ties)
    found = {name: METRICS[name](scene) for name in dict.fromkeys((size_by, *DRAWN_BY))
             if name in METRICS}  # fmt: skip
    sizes = found[size_by].nodes or {}
    rows = node_rows(ties, found, language=language, sort_by=size_by)
    return {
        "regions": _areas(drawn, language),
        "nodes": _nodes(ties, drawn, sizes, language),
        "links": [
            {"source": u, "target": v, "weight": d["weight"], "kind": sorted(d["kinds"])[0]}
            for u, v, d in ties.edges(data=True)
        ],
        "rows": rows,
        "bounds": drawn.bounds,
        "counts": {"nodes": len(ties), "links": ties.number_of_edges()},
    }


def _areas(drawn: Layout, language: str) -> list[dict[str, Any]]:
    return [
        {"key": a.code, "label": a.label(language), "x": a.x, "y": a.y, "r": a.radius,
         "count": a.members, "parent": a.parent}
        for a in drawn.areas
    ]  # fmt: skip


def _nodes(
    ties: nx.Graph, drawn: Layout, sizes: Mapping[Any, float | None], language: str
) -> list[dict[str, Any]]:
    rank = {label.key: place for place, label in enumerate(labels(drawn, ties, language=language))}
    most = max((v or 0.0 for v in sizes.values()), default=0.0) or 1.0
    found = []
    for key, data in ties.nodes(data=True):
        x, y = drawn.positions[key]
        name = data.get("label_en" if language == "en" else "label_zh") or data.get("label_zh")
        found.append(
            {"key": key, "label": name or key, "kind": data.get("kind", ""), "x": x, "y": y,
             "region": data.get("region", ""), "value": sizes.get(key),
             "size": round(((sizes.get(key) or 0.0) / most) ** 0.5, 4),
             "label_rank": rank.get(key, 10**6)}
        )  # fmt: skip
    return found
