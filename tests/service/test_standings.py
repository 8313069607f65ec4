"""Needs are evaluated in the background: exactly those concerned, the same for every process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from collab import wiring
from collab.config import load_settings
from collab.curation import service as curation
from collab.curation.forms import proposal_from
from collab.facilities.models import Capability
from collab.facilities.rules import Status
from collab.importing import demo_seeding, seeding
from collab.kernel import clock
from collab.kernel.errors import NotAllowed
from collab.kernel.happened import (
    CapabilityChanged,
    NeedChanged,
    OrganisationChanged,
    RulesInForce,
    StandingsDue,
    VocabularyChanged,
)
from collab.kernel.identity import SYSTEM, Actor
from collab.matching import store as match_store
from collab.matching.feed import known_regions
from collab.matching.snapshot import Snapshot
from collab.members.models import Person
from collab.needs.models import Need
from collab.needs.rules import Disclosure, NeedState
from collab.network import morning, outlook, standings, store, visits
from collab.network.demand import Demand
from collab.network.models import NeedStanding
from collab.network.morning import Placed
from collab.network.standings import Standings
from collab.routing import refreshing
from collab.routing.alliance import gap_map, single_providers
from collab.routing.scenario import Board
from collab.routing.service import MatchingService
from collab.storage.database import Database
from collab.storage.models import OutboxEvent
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import load_vocabulary

WORDS = load_vocabulary()


class World:
    """The shipped data with the demo alliance, and what keeps its standings."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        with database.writing() as uow:
            seeding.seed(uow)
            demo_seeding.seed_demo(uow, clock.today(), folder)
        self.matching = MatchingService(database, WORDS)
        self.standings = Standings(WORDS, self.matching.snapshot)

    def stored(self) -> dict[int, NeedStanding]:
        """What is stored, by need."""
        with self.database.reading() as uow:
            return {row.need_id: row for row in uow.session.exec(select(NeedStanding))}

    def anew(self) -> dict[int, outlook.Outlook]:
        """Every open need from scratch."""
        with self.database.reading() as uow:
            snapshot = self.matching.snapshot(uow)
            rows = store.whole_needs(uow, SYSTEM, [n.id for n in store.open_needs(uow, SYSTEM)])
            return {
                key: fresh(standings.ready(WORDS, n, known_regions(uow)), snapshot)
                for key, n in rows.items()
            }


def fresh(ready: standings.Ready, snapshot: Snapshot) -> outlook.Outlook:
    profile, asks = ready
    standing = Board(WORDS, snapshot, [profile], [asks]).standings[0]
    return outlook.outlook(profile, standing, snapshot)


@pytest.fixture
def world(database: Database, tmp_path: Path) -> World:
    return World(database, tmp_path)


def told(rows: dict[int, NeedStanding]) -> dict[int, outlook.Outlook]:
    return {key: outlook.from_json(row.route, row.steps) for key, row in rows.items()}


def test_following_changes_equals_evaluating_everything_anew(world: World) -> None:
    world.standings.follow(world.database, [StandingsDue()])
    first = world.stored()
    assert told(first) == world.anew()
    listed = next(step.best for o in world.anew().values() for step in o.steps if step.best)
    with world.database.writing() as uow:
        row = uow.session.exec(select(Capability).where(col(Capability.public_id) == listed)).one()
        row.status = Status.CLOSED
        event = CapabilityChanged(row.id or 0)
        uow.record(event)
    world.standings.follow(world.database, [event])
    second = world.stored()
    assert told(second) == world.anew()
    touched = {key for key, row in second.items() if row.id != first[key].id}
    assert touched
    assert touched != set(first), "needs that the capability has nothing to do with stay as stored"


def test_a_need_that_is_no_longer_open_loses_its_standing(world: World) -> None:
    world.standings.follow(world.database, [StandingsDue()])
    key = min(world.stored())
    with world.database.writing() as uow:
        need = uow.session.get(Need, key)
        assert need is not None
        need.state = NeedState.WITHDRAWN
    world.standings.follow(world.database, [NeedChanged(key)])
    assert key not in world.stored()
    assert told(world.stored()) == world.anew()


def test_every_process_reads_what_is_stored_and_a_fresh_need_counts_at_once(world: World) -> None:
    world.standings.follow(world.database, [StandingsDue()])
    with world.database.writing() as uow:
        need = uow.session.exec(select(Need).where(col(Need.state) == NeedState.PUBLISHED)).first()
        assert need is not None
        need.title += "。"  # a new version that the worker has not seen
    with world.database.reading() as uow:
        snapshot = world.matching.snapshot(uow)
        needs = store.open_needs(uow, SYSTEM)
        one, two = (Demand(WORDS).seen(uow, SYSTEM, snapshot, needs, 60.0) for _ in range(2))
    assert one.waiting == 0
    assert [n.id for n in one.needs] == [n.id for n in needs]
    assert (one.needs, one.outlooks) == (two.needs, two.outlooks)
    assert {n.id: o for n, o in zip(one.needs, one.outlooks, strict=True)} == world.anew()
    with world.database.reading() as uow:
        impatient = Demand(WORDS).seen(uow, SYSTEM, snapshot, needs, -1.0)
    assert impatient.waiting == 1, "only the changed one is not stored"


def test_the_page_says_as_of_when(world: World) -> None:
    moment = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    with clock.frozen(moment), world.database.writing() as uow:
        uow.record(NeedChanged(1))
    with world.database.reading() as uow:
        assert store.unsettled_since(uow, standings.LISTENER) is not None
        snapshot = world.matching.snapshot(uow)
        seen = Demand(WORDS).seen(uow, SYSTEM, snapshot, [])
        assert not seen.current
        assert seen.as_of <= max(moment, clock.now())


def test_the_desk_counts_what_the_board_counts(world: World) -> None:
    world.standings.follow(world.database, [StandingsDue()])
    with world.database.reading() as uow:
        snapshot = world.matching.snapshot(uow)
        demand = Demand(WORDS)
        seen = demand.seen(uow, SYSTEM, snapshot, store.open_needs(uow, SYSTEM))
        board, part = demand.board(uow, SYSTEM, snapshot, seen.needs)
    assert part == list(seen.needs)
    seats = [(Placed(n, "", own=True, near=False), o)
             for n, o in zip(seen.needs, seen.outlooks, strict=True)]  # fmt: skip
    gaps = {g["technique"]: [p.need.id for p in g["needs"]] for g in morning.gaps(seats)}
    slow: dict[str, set[int]] = {}
    for gap in gap_map(board):
        slow.setdefault(gap["technique"], set()).update(part[i].id for i in gap["needs"])
    assert {t: set(ids) for t, ids in gaps.items()} == slow
    assert slow
    singles = {(s["organisation"], s["technique"]): {p.need.id for p in s["needs"]}
               for s in morning.singles(seats)}  # fmt: skip
    assert singles == {
        (s["organisation"], s["technique"]): {part[i].id for i in s["needs"]}
        for s in single_providers(board)
    }


def test_an_anonymous_need_is_evaluated_as_if_nobody_knew_its_owner(world: World) -> None:
    """The owner's own line is left out for its open needs; for an anonymous one that would tell."""
    world.standings.follow(world.database, [StandingsDue()])
    with world.database.writing() as uow:
        need = uow.session.exec(select(Need).where(col(Need.state) == NeedState.PUBLISHED)).first()
        assert need is not None
        key = need.id or 0
        best = outlook.from_json(route=False, steps=world.stored()[key].steps).steps[0].best
        line = uow.session.exec(select(Capability).where(col(Capability.public_id) == best)).one()
        need.organisation_id, need.disclosure = line.organisation_id, Disclosure.MEMBERS
    world.standings.follow(world.database, [NeedChanged(key)])
    assert not outlook.lists(world.stored()[key].fits, [best.encode()])
    with world.database.writing() as uow:
        changed = uow.session.get(Need, key)
        assert changed is not None
        changed.disclosure = Disclosure.ANONYMOUS
    world.standings.follow(world.database, [NeedChanged(key)])
    assert outlook.lists(world.stored()[key].fits, [best.encode()])


def test_packed_standings_come_back_whole(world: World) -> None:
    world.standings.follow(world.database, [StandingsDue()])
    with world.database.reading() as uow:
        snapshot = world.matching.snapshot(uow)
        for need in store.whole_needs(uow, SYSTEM, list(world.stored())).values():
            profile, asks = standings.ready(WORDS, need, known_regions(uow))
            standing = Board(WORDS, snapshot, [profile], [asks]).standings[0]
            back = outlook.unpacked(outlook.packed(standing), route=standing.route)
            assert back.route == standing.route
            assert [[(f.key, f.klass, f.score) for f in s] for s in back.fits] == [
                [(f.key, f.klass, f.score) for f in s] for s in standing.fits
            ]


def test_changes_count_from_the_visit_before_this_one(world: World) -> None:
    with world.database.reading() as uow:
        person = uow.session.exec(select(Person.id)).first()
    actor = Actor(person_id=person, secretariat=True)
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)
    week = -7 * 24  # what a first visit is told
    for hour, expected in {0: week, 2: week + 2, 24: 2, 25: 2, 26: 2, 50: 26}.items():
        with clock.frozen(monday + timedelta(hours=hour)), world.database.writing() as uow:
            assert visits.since(uow, actor) == monday + timedelta(hours=expected), hour
            visits.seen(uow, actor)
    with world.database.writing() as uow, pytest.raises(NotAllowed):
        visits.seen(uow, Actor(person_id=person))


def test_standings_of_other_rules_count_until_they_are_made_anew_and_the_page_says_so(
    world: World,
) -> None:
    world.standings.follow(world.database, [StandingsDue()])
    with world.database.writing() as uow:
        for row in uow.session.exec(select(NeedStanding)):
            row.rule_version = row.rule_version.rpartition("/")[0] + "/words of before"
        world_settled(uow)
    with world.database.reading() as uow:
        snapshot = world.matching.snapshot(uow)
        needs = store.open_needs(uow, SYSTEM)
        before = Demand(WORDS).seen(uow, SYSTEM, snapshot, needs, -1.0)
    assert (before.waiting, before.current) == (0, False)
    world.standings.follow(world.database, [StandingsDue()])
    demand = Demand(WORDS)
    with world.database.reading() as uow:
        after = demand.seen(uow, SYSTEM, snapshot, needs, -1.0)
    assert (after.waiting, after.current) == (0, True)
    assert after.outlooks == before.outlooks


def world_settled(uow: UnitOfWork) -> None:
    """No event waits any more."""
    uow.session.connection().execute(sa.update(OutboxEvent).values(fanned_at=clock.now()))


def test_all_who_depend_on_the_vocabulary_follow_it(
    sqlite_database: Database, tmp_path: Path
) -> None:
    platform = wiring.build(load_settings(data_dir=tmp_path), sqlite_database)
    followers = {one.name for one in platform.worker._by_event[VocabularyChanged]}
    assert followers == {"vocabulary", "search-vocabulary", standings.LISTENER, "matches"}


def test_needs_of_an_owner_that_was_away_are_evaluated_again(world: World) -> None:
    world.standings.follow(world.database, [StandingsDue()])
    with world.database.reading() as uow:
        need = uow.session.get(Need, min(world.stored()))
        assert need is not None
        owner = need.organisation_id
    first = world.stored()
    world.standings.follow(world.database, [OrganisationChanged(owner)])
    second = world.stored()
    assert told(second) == world.anew()
    assert second[min(first)].id != first[min(first)].id


def accept_a_word(database: Database) -> VocabularyChanged:
    with database.writing() as uow:
        person = uow.session.exec(select(Person.id)).first()
        actor = Actor(person_id=person, secretariat=True)
        form = proposal_from({"term": "etching.icp", "words_zh": "蓝鲸刻蚀"})
        row = curation.propose(uow, actor, form, WORDS)
        row = curation.accept(uow, actor, row.public_id, None, "", WORDS)
        return VocabularyChanged(row.vocabulary_version)


def test_a_worker_that_did_not_take_the_change_itself_takes_it_before_it_makes_anew(
    world: World, tmp_path: Path
) -> None:
    names = (standings.LISTENER, "matches")
    workers = [wiring.build(load_settings(data_dir=tmp_path), world.database) for _ in names]
    for worker, name, event in zip(workers, names, (StandingsDue(), RulesInForce("")), strict=True):
        worker.worker._listeners[name].run(world.database, [event])
    changed = accept_a_word(world.database)
    for worker, name in zip(workers, names, strict=True):
        assert worker.words.current is WORDS
        worker.worker._listeners[name].run(world.database, [changed])
        assert worker.words.current.version == changed.version
    with world.database.reading() as uow:
        current = workers[0].words.current
        assert not store.unevaluated(uow, outlook.rule_version(current))
        assert not match_store.outdated(uow, refreshing.version_of(current))
        assert store.unevaluated(uow, outlook.rule_version(WORDS))


def test_what_is_stored_names_the_words_it_was_made_with(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other words come into force just as the snapshot has been taken."""
    accept_a_word(world.database)
    words = curation.in_force(world.database, WORDS)
    whole = MatchingService.snapshot

    def meanwhile(self: MatchingService, uow: UnitOfWork) -> Snapshot:
        found = whole(self, uow)
        self.vocabulary = world.standings.vocabulary = words
        return found

    monkeypatch.setattr(MatchingService, "snapshot", meanwhile)
    world.standings._snapshot_of = world.matching.snapshot
    world.standings.follow(world.database, [])
    due = sorted(world.stored())[: standings.CHUNK]
    world.matching.vocabulary = WORDS
    world.matching.refresh(world.database, due[:10])
    with world.database.reading() as uow:
        assert store.unevaluated(uow, outlook.rule_version(words))
        assert set(due[:10]) <= match_store.outdated(uow, refreshing.version_of(words))
