"""The live graph follows events, and needs are evaluated for exactly those who may read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import networkx as nx
import pytest
from sqlmodel import col, select

from collab.facilities.models import Capability
from collab.facilities.rules import Status
from collab.importing import seeding
from collab.kernel.happened import CapabilityChanged, OrganisationChanged
from collab.members.models import Organisation
from collab.members.rules import Membership
from collab.network import state
from collab.network.service import Kept, NetworkService
from collab.network.wanted import ORGANISATIONS, SMALL, Wanted, is_quick, metric_names
from collab.storage.database import Database
from collab.vocabulary.catalog import load_vocabulary
from graph.filters import Filter
from graph.metrics import METRICS
from graph.records import RELATIONS


def same(a: nx.MultiDiGraph, b: nx.MultiDiGraph) -> bool:
    nodes = dict(a.nodes(data=True)) == dict(b.nodes(data=True))
    links = {(u, v, k): d for u, v, k, d in a.edges(keys=True, data=True)}
    return nodes and links == {(u, v, k): d for u, v, k, d in b.edges(keys=True, data=True)}


@pytest.fixture
def filled(sqlite_database: Database) -> Database:
    with sqlite_database.writing() as uow:
        seeding.seed(uow)
    return sqlite_database


def test_following_single_changes_equals_reading_everything_anew(filled: Database) -> None:
    vocabulary = load_vocabulary()
    service = NetworkService(filled, vocabulary)
    with filled.reading() as uow:
        first = service.state(uow)
        assert service.state(uow) is first
    with filled.writing() as uow:
        capability = uow.session.exec(
            select(Capability).where(col(Capability.status) == Status.OPERATING)
        ).first()
        assert capability is not None
        capability.status = Status.CLOSED
        owner = uow.session.exec(
            select(Organisation).where(col(Organisation.id) != capability.organisation_id)
        ).first()
        assert owner is not None
        owner.membership = Membership.SUSPENDED
        uow.record(CapabilityChanged(capability.id or 0))
        uow.record(OrganisationChanged(owner.id or 0))
        gone = {capability.public_id, owner.public_id}
    with filled.reading() as uow:
        now = service.state(uow)
        assert now.version > first.version
        assert gone <= set(first.graph)
        assert not gone & set(now.graph)
        assert same(now.graph, state.read(uow, vocabulary, 0).graph)


def test_views_are_kept_and_the_same_for_the_same_question(filled: Database) -> None:
    service = NetworkService(filled, load_vocabulary())
    with filled.reading() as uow:
        view = service.view(uow, Wanted())
        assert service.view(uow, Wanted()) is view
        inside = Wanted(Filter(regions=frozenset(["hubei"])), view=ORGANISATIONS)
        assert 0 < service.view(uow, inside)["counts"]["nodes"] < view["counts"]["nodes"]
        assert service.key_of(uow, "no-such-thing") == ""
        assert service.without(uow, "no-such-thing") is None


def test_an_empty_database_has_an_empty_network(sqlite_database: Database, tmp_path: Path) -> None:
    service = NetworkService(sqlite_database, load_vocabulary())
    with sqlite_database.reading() as uow:
        for wanted in (Wanted(), Wanted(view=ORGANISATIONS)):
            assert service.view(uow, wanted)["counts"] == {"nodes": 0, "links": 0}
            assert service.poster(uow, wanted, "en").startswith("<svg")
        assert service.exported(uow, Wanted(), "graphml")


def test_dear_metrics_of_large_networks_come_from_the_background(
    filled: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(metric_names()) <= set(METRICS)
    assert is_quick("betweenness", SMALL)
    assert is_quick("degree", SMALL + 1)
    assert not is_quick("betweenness", SMALL + 1)
    monkeypatch.setattr("collab.network.wanted.SMALL", 10)
    service = NetworkService(filled, load_vocabulary())
    waiting: list[Callable[[], None]] = []
    monkeypatch.setattr(service, "later", waiting.append)
    wanted = Wanted(view=ORGANISATIONS, colour="betweenness")
    with filled.reading() as uow:
        early = service.view(uow, wanted)
        assert early["pending"] == ["betweenness"]
        assert all(node["value"] is None for node in early["nodes"])
        assert service.view(uow, wanted)["pending"] == ["betweenness"]
        assert len(waiting) == 1, "the same work is given out once"
        waiting.pop()()
        late = service.view(uow, wanted)
        assert late["pending"] == []
        assert any(node["value"] for node in late["nodes"])
        assert service.view(uow, wanted) is late


def test_times_move_no_organisation_and_stops_count_what_stands(filled: Database) -> None:
    service = NetworkService(filled, load_vocabulary())
    with filled.reading() as uow:
        stops = service.moments(uow)
        assert len(stops) > 5
        assert [m.day for m in stops] == sorted({m.day for m in stops})
        always = service.view(uow, Wanted(view=ORGANISATIONS))
        places = {n["key"]: (n["x"], n["y"]) for n in always["nodes"]}
        for stop in (stops[0], stops[len(stops) // 2], stops[-1]):
            then = service.view(uow, Wanted(Filter.on(stop.day), view=ORGANISATIONS))
            assert {n["key"]: (n["x"], n["y"]) for n in then["nodes"]} == places
            links = service.picture(uow, Wanted(Filter.on(stop.day))).graph.edges(data="kind")
            assert sum(kind in RELATIONS for *_, kind in links) == stop.links
            assert then["counts"]["links"] <= always["counts"]["links"]
        assert stops[0].links < stops[-1].links


def test_what_was_used_last_is_kept() -> None:
    kept = Kept(2)
    made: list[int] = []
    for key in (1, 2, 1, 3, 1, 2):
        kept.get(key, lambda key=key: made.append(key))  # type: ignore[misc]
    assert made == [1, 2, 3, 2]


def test_communities_of_the_real_network_are_as_modular_as_the_best_of_ten_louvain_seeds(
    filled: Database,
) -> None:
    service = NetworkService(filled, load_vocabulary())
    with filled.reading() as uow:
        ties = service.picture(uow, Wanted()).ties
    louvain = max(
        nx.community.modularity(ties, nx.community.louvain_communities(ties, None, seed=s), None)
        for s in range(10)
    )
    reached = METRICS["modularity"](ties).value
    assert reached is not None
    assert reached >= louvain - 1e-12
