"""Several machines, one database: each keeps its own index by following the same events."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from collab.kernel import clock
from collab.kernel.events import DatabaseRestored
from collab.kernel.happened import CatalogueReplaced, NeedChanged
from collab.kernel.identity import VISITOR
from collab.needs.models import Need
from collab.needs.rules import Disclosure
from collab.search import following, help_pages
from collab.search.documents import Document
from collab.search.index import Change, IndexUnavailable
from collab.search.machines import AWAY, SILENT, machines, name_of
from collab.search.plan import Plan, Want
from collab.search.query import SearchQuery
from collab.search.service import SearchService
from collab.storage import deliveries
from collab.storage.database import Database
from collab.storage.models import OutboxEvent
from tests.service import machine

PUBLIC = ("public",)
BASE = 1 + len(help_pages.keys())  # the house and the help


@pytest.fixture
def shared(migrated_url: str) -> Iterator[Database]:
    """A database of its own that other processes can open too."""
    database = Database(migrated_url)
    yield database
    database.close()


@pytest.fixture(params=["whoosh", "tantivy"])
def here(request: pytest.FixtureRequest, shared: Database, tmp_path: Path) -> SearchService:
    """The search of one machine, its index built."""
    machine.settle_in(shared)
    found = machine.service(shared, tmp_path / "here", str(request.param))
    assert found.ensure()
    return found


def found(search: SearchService, text: str) -> set[str]:
    """What the index itself shows to everybody, without the database's second look."""
    return {hit.key for hit in search.index.search(SearchQuery(text, limit=200), PUBLIC).hits}


def counted(search: SearchService) -> int:
    return search.index.execute(Plan(), PUBLIC, Want(limit=0)).total


def within(seconds: float, right: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not right():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def test_every_machine_follows_whoever_takes_the_events_first(
    here: SearchService, shared: Database, tmp_path: Path
) -> None:
    there = machine.service(shared, tmp_path / "there", here.index.engine)
    there.ensure()
    key = machine.post(shared, 1, "琥珀色波导")
    for search in (here, there):
        assert found(search, "琥珀色波导") == set()
        assert search.catch_up() == 1
        assert search.catch_up() == 0, "once is enough"
        assert found(search, "琥珀色波导") == {key}
    machine.change(shared, key, disclosure=Disclosure.INVITED)
    for search in (here, there):
        assert search.catch_up() == 1
        assert found(search, "琥珀色波导") == set()
        assert counted(search) == BASE, "the house and the help"
        assert search.check().agrees


def test_a_machine_that_was_away_takes_what_it_missed(
    here: SearchService, shared: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "BATCH", 7)
    for number in range(40):
        machine.post(shared, 1, f"第{number}号需求")
    back = machine.service(shared, tmp_path / "here", here.index.engine)
    assert back.catch_up() == 40
    assert not back.index.needs_rebuild(), "changes alone were enough"
    assert back.check().agrees


def test_a_crash_between_commit_and_position_has_the_events_taken_again(
    here: SearchService, shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = machine.post(shared, 1, "琥珀色波导")
    keep, before = here.index._layout.keep_position, here.index.position()

    def crash(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(here.index._layout, "keep_position", crash)
    with pytest.raises(SystemExit):
        here.catch_up()
    monkeypatch.setattr(here.index._layout, "keep_position", keep)
    assert here.index.position() == before
    assert here.catch_up() == 1
    assert found(here, "琥珀色波导") == {key}
    assert here.check().agrees


def test_what_was_read_earlier_is_never_written_later(
    here: SearchService, shared: Database
) -> None:
    """Two write the same document; the one that waited for its place reads again."""
    key = machine.post(shared, 1, "琥珀色波导")
    here.catch_up()

    def late() -> Change:
        machine.change(shared, key, disclosure=Disclosure.INVITED)  # while the place is held
        with shared.reading() as uow:
            documents, gone = following.changes(uow, [NeedChanged(1)])
        return Change(tuple(documents), tuple(gone))

    here.index.change_to(late)
    assert found(here, "琥珀色波导") == set()


def tidy(database: Database) -> None:
    """All events were taken by their listeners long ago and are tidied away."""
    with database.writing() as uow:
        old = clock.now() - 2 * SILENT
        uow.session.connection().execute(
            sa.update(OutboxEvent).values(fanned_at=old, recorded_at=old)
        )
    assert deliveries.purge(database, 0)


@pytest.mark.parametrize("later", [True, False])
def test_events_tidied_away_behind_a_machine_have_it_build_anew(
    here: SearchService, shared: Database, tmp_path: Path, later: bool
) -> None:
    there = machine.service(shared, tmp_path / "there", here.index.engine)
    there.ensure()
    first = machine.post(shared, 1, "琥珀色波导")
    here.catch_up()
    tidy(shared)
    if later:
        machine.post(shared, 1, "琥珀色光栅")
    assert (here.catch_up(), here.index.needs_rebuild()) == (int(later), False)
    there.catch_up()
    assert there.index.needs_rebuild(), "something is missing, and nobody can say what"
    assert there.ensure()
    assert not there.index.needs_rebuild()
    for search in (here, there):
        assert first in found(search, "琥珀色波导")
        assert search.check().agrees


def test_changes_too_large_to_follow_are_built_while_small_ones_go_on(
    here: SearchService, shared: Database
) -> None:
    with shared.writing() as uow:
        uow.record(CatalogueReplaced("test"))
    here.catch_up()
    key = machine.post(shared, 1, "琥珀色波导")
    here.catch_up()
    assert here.index.needs_rebuild()
    assert found(here, "琥珀色波导") == {key}, "the index in force goes on following"
    assert here.ensure()
    assert not here.index.needs_rebuild()
    assert here.catch_up() == 0
    assert here.check().agrees


def test_after_a_restore_nothing_is_said_from_the_index_of_before(
    here: SearchService, shared: Database
) -> None:
    """It may count, complete and correct with what the restored database keeps to itself."""
    key = machine.post(shared, 1, "琥珀色波导")
    here.catch_up()
    assert found(here, "琥珀色波导") == {key}
    with shared.writing() as uow:  # as a restore does: no event tells of what is hidden now
        uow.session.connection().execute(sa.update(Need).values(disclosure=Disclosure.INVITED))
        uow.record(DatabaseRestored())
    here.catch_up()
    with shared.writing() as uow:
        uow.record(CatalogueReplaced("asks for less, and takes nothing back"))
    here.catch_up()
    machine.post(shared, 1, "琥珀色光栅")
    here.catch_up()
    asks: list[Callable[[], object]] = [
        lambda: here.index.search(SearchQuery("琥珀色"), PUBLIC),
        lambda: here.index.everything(SearchQuery("琥珀色"), PUBLIC, 5),
        lambda: here.index.suggest("琥珀", PUBLIC),
    ]
    for ask in asks:
        with pytest.raises(IndexUnavailable):
            ask()
    with shared.reading() as uow:
        answer = here.search(uow, VISITOR, SearchQuery("琥珀色"))
    assert (answer.degraded, answer.total) == (True, 1)
    assert here.suggest(VISITOR, "琥珀") == []
    assert here.ensure()
    with shared.reading() as uow:
        answer = here.search(uow, VISITOR, SearchQuery("琥珀色"))
    assert (answer.degraded, answer.total) == (False, 1)
    assert here.check().agrees


def test_a_rebuild_asked_for_while_one_runs_is_not_forgotten(
    here: SearchService, shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collab.search import feed

    whole, calls = feed.all_documents, []

    def meanwhile(uow: object) -> Iterator[Document]:
        if not calls:
            with shared.writing() as other:
                other.record(CatalogueReplaced("again"))
            here.catch_up()
        calls.append(1)
        yield from whole(uow)  # type: ignore[arg-type]

    monkeypatch.setattr(feed, "all_documents", meanwhile)
    here.rebuild(None)
    here.catch_up()
    assert here.index.needs_rebuild()
    assert here.ensure()
    assert not here.index.needs_rebuild()


def test_an_index_of_another_database_is_not_followed(
    here: SearchService, shared: Database
) -> None:
    place = here.index._layout.live() / "position.json"
    plain = json.loads(place.read_text())
    place.write_text(json.dumps({**plain, "feed": "another"}))
    here.catch_up()
    assert here.index.needs_rebuild()
    assert here.ensure()
    place = here.index._layout.live() / "position.json"
    assert json.loads(place.read_text()) == plain


def test_every_machine_says_how_far_it_is(
    here: SearchService, shared: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = machine.service(shared, tmp_path / "there", here.index.engine)
    there.ensure()
    for search in (here, there):
        search._voice.say(search.index)
    machine.post(shared, 1, "琥珀色波导")
    here.catch_up()
    here._voice.say(here.index)
    here._inspect()
    with shared.reading() as uow:
        rows = {one.machine: one for one in machines(uow)}
    mine, other = (rows[name_of(tmp_path / name)] for name in ("here", "there"))
    assert (mine.behind, mine.documents, mine.state) == (0, BASE + 1, "following")
    assert (other.behind, other.documents) == (1, BASE)
    assert (mine.mended, other.mended) == (0, 0)
    assert mine.checked_at is not None
    assert other.checked_at is None
    monkeypatch.setattr(clock, "now", lambda: mine.seen_at + 2 * SILENT)
    with shared.reading() as uow:
        assert {one.state for one in machines(uow)} == {AWAY}


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_two_machines_follow_one_database_and_one_is_killed(
    shared: Database, migrated_url: str, tmp_path: Path, engine: str
) -> None:
    house, chance = machine.settle_in(shared), random.Random(5)
    folders = [tmp_path / name for name in ("one", "two")]
    running = [machine.start(migrated_url, folder, engine) for folder in folders]
    searches = [machine.service(shared, folder, engine) for folder in folders]
    keys: list[str] = []

    def some(count: int) -> None:
        for _ in range(count):
            if keys and chance.random() < 0.3:
                shown = chance.choice((Disclosure.PUBLIC, Disclosure.INVITED))
                machine.change(shared, chance.choice(keys), disclosure=shown)
            else:
                keys.append(machine.post(shared, house, f"琥珀色波导{len(keys)}"))
            time.sleep(chance.uniform(0, 0.02))

    def same() -> bool:
        return all(s.index.answers() and s.check().agrees for s in searches)

    try:
        assert within(120, lambda: all(s.index.answers() for s in searches))
        some(40)
        running[0].kill()
        running[0].wait()
        some(40)
        machine.change(shared, keys[0], title="改名", disclosure=Disclosure.INVITED)
        assert within(120, lambda: searches[1].check().agrees), "the other goes on"
        running[0] = machine.start(migrated_url, folders[0], engine)
        some(20)
        assert within(120, same)
        assert all(keys[0] not in found(s, "琥珀色波导") for s in searches)
        assert len({counted(s) for s in searches}) == 1
        with shared.reading() as uow:
            assert {one.machine for one in machines(uow)} == {name_of(f) for f in folders}
    finally:
        for process in running:
            process.kill()
            process.wait()
