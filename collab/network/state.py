"""The public graph of a process: read whole once, then changed event by event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import networkx as nx

from collab.facilities import store as facilities
from collab.kernel.events import DatabaseRestored, Event
from collab.kernel.happened import CapabilityChanged, CatalogueReplaced, OrganisationChanged
from collab.members import store as members
from collab.network import feed
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary
from graph.build import build, update
from graph.fork import forked
from graph.records import Link, Node
from graph.regions import RegionTree

ANEW = (CatalogueReplaced, DatabaseRestored)
MANY = 300  # from this many changed things on, reading everything is quicker


@dataclass(frozen=True)
class State:
    """The whole public graph of one moment with its regions; `version` grows with each change."""

    graph: nx.MultiDiGraph
    regions: RegionTree
    version: int


def read(uow: UnitOfWork, vocabulary: Vocabulary, version: int) -> State:
    """Everything from the database."""
    keys = feed.keys_of(uow)
    nodes, links = feed.capabilities(uow, keys, vocabulary)
    terms, steps = feed.techniques(vocabulary)
    graph = build(
        [*feed.organisations(uow), *nodes, *terms], [*feed.relations(uow, keys), *links, *steps]
    )
    return State(graph, RegionTree(feed.regions(uow)), version)


def follow(uow: UnitOfWork, vocabulary: Vocabulary, old: State, events: Sequence[Event]) -> State:
    """The state after `events`; the same object where none of them matters.

    The old graph stays as it is, because other threads may be drawing it.
    """
    if any(isinstance(e, ANEW) for e in events):
        return read(uow, vocabulary, old.version + 1)
    changed = {e.capability_id for e in events if isinstance(e, CapabilityChanged)}
    owners = {e.organisation_id for e in events if isinstance(e, OrganisationChanged)}
    if not changed and not owners:
        return old
    if len(changed) + len(owners) > MANY:
        return read(uow, vocabulary, old.version + 1)
    changed |= facilities.ids_of_organisations(uow, owners)
    return State(
        _changed(uow, vocabulary, old.graph, changed, owners), old.regions, old.version + 1
    )


def _changed(
    uow: UnitOfWork,
    vocabulary: Vocabulary,
    old: nx.MultiDiGraph,
    changed: set[int],
    owners: set[int],
) -> nx.MultiDiGraph:
    """Without what may have changed, and with what stands of it now."""
    keys = feed.keys_around(uow, changed, owners)
    nodes, links = feed.capabilities(uow, keys, vocabulary, changed)
    gone = facilities.public_ids(uow, changed)
    gone |= {row.public_id for row in members.organisations_by_id(uow, owners).values()}
    put = [
        *feed.organisations(uow, owners),
        *nodes,
        *(feed.relations(uow, keys, owners) if owners else ()),
        *links,
    ]
    nodes_of = {record.key for record in put if isinstance(record, Node)}
    pairs = [(record.source, record.target) for record in put if isinstance(record, Link)]
    graph = forked(old, gone | nodes_of, pairs)
    update(graph, drop_nodes=gone, put=put)
    return graph
