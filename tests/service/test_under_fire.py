"""Two people at once: one gets a conflict, nothing is lost, nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlmodel import col, func, select

from collab.deals import service as deals
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.facilities import service as facilities
from collab.facilities.forms import CapabilityIn
from collab.facilities.models import Capability
from collab.kernel.errors import Conflict, DomainError, Rejected
from collab.kernel.identity import Actor
from collab.members.models import Organisation, Region
from collab.members.rules import Membership, OrganisationKind
from collab.needs import service as needs
from collab.needs.forms import DraftIn, PublicationIn
from collab.needs.models import Need
from collab.needs.rules import NeedState
from collab.storage.database import Database
from collab.vocabulary.catalog import load_vocabulary

TEXT = "需要电子束光刻，线宽100nm，10片，8周内"


@dataclass
class Pair:
    """Two houses with an actor each."""

    first: Actor
    second: Actor
    first_key: str
    second_key: str


@pytest.fixture
def pair(database: Database) -> Pair:
    """Both stand in the alliance."""
    with database.writing() as uow:
        region = Region(code="here", zh="h", en="h", kind="province", path="/here/")
        uow.session.add(region)
        uow.flush()
        houses = [
            Organisation(name_zh=name, kind=OrganisationKind.FIRM, region_id=region.id or 0,
                         membership=Membership.ADMITTED) for name in ("一", "二")
        ]  # fmt: skip
        uow.session.add_all(houses)
        uow.flush()
        ids = [frozenset({h.id or 0}) for h in houses]
        keys = [h.public_id for h in houses]
    # no person: what is tested is the row, not who is on record
    actors = [Actor(organisation_ids=i, editor_organisation_ids=i) for i in ids]
    return Pair(actors[0], actors[1], keys[0], keys[1])


def race(*acts: Callable[[], object]) -> list[object]:
    """Run all at the same moment; what each returned or the domain error it met."""
    gate = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(place: int) -> None:
        gate.wait()
        try:
            results[place] = acts[place]()
        except DomainError as error:
            results[place] = error

    threads = [threading.Thread(target=run, args=(n,)) for n in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def draft(database: Database, pair: Pair, *, published: bool = False) -> str:
    """A need of the first house."""
    with database.writing() as uow:
        form = DraftIn(text=TEXT)
        need = needs.draft_need(uow, pair.first, pair.first_key, form, load_vocabulary())
        key = need.public_id
    if published:
        with database.writing() as uow:
            needs.publish_need(uow, pair.first, key, PublicationIn(), None)
    return key


def only_one(results: list[object]) -> None:
    """All but one met a conflict or a refusal."""
    refused = [r for r in results if isinstance(r, Conflict | Rejected)]
    assert len(refused) == len(results) - 1, results


def need_of(database: Database, key: str) -> Need:
    """The need as it stands."""
    with database.reading() as uow:
        return uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()


def test_of_two_edits_of_one_version_one_wins_and_the_other_is_told(
    database: Database, pair: Pair
) -> None:
    key = draft(database, pair)
    version = need_of(database, key).version

    def edit(title: str) -> str:
        with database.writing() as uow:
            form = DraftIn(text=TEXT, title=title)
            needs.change_draft(uow, pair.first, key, form, version, load_vocabulary())
        return title

    results = race(lambda: edit("一号"), lambda: edit("二号"))
    only_one(results)
    kept = need_of(database, key)
    assert kept.title in results
    assert kept.version > version


def test_a_need_is_published_once(database: Database, pair: Pair) -> None:
    key = draft(database, pair)

    def publish() -> str:
        with database.writing() as uow:
            needs.publish_need(uow, pair.first, key, PublicationIn(), None)
        return "published"

    only_one(race(publish, publish, publish))
    assert need_of(database, key).state is NeedState.PUBLISHED


def test_publishing_and_withdrawing_at_once_leaves_one_clear_state(
    database: Database, pair: Pair
) -> None:
    key = draft(database, pair)
    version = need_of(database, key).version

    def publish() -> NeedState:
        with database.writing() as uow:
            needs.publish_need(uow, pair.first, key, PublicationIn(), version)
        return NeedState.PUBLISHED

    def withdraw() -> NeedState:
        with database.writing() as uow:
            needs.move_need(uow, pair.first, key, NeedState.WITHDRAWN, version)
        return NeedState.WITHDRAWN

    results = race(publish, withdraw)
    only_one(results)
    assert need_of(database, key).state in results


def test_an_interest_is_expressed_once_and_answered_once(database: Database, pair: Pair) -> None:
    key = draft(database, pair, published=True)

    def express() -> str:
        with database.writing() as uow:
            row = deals.express_interest(uow, pair.second, key, pair.second_key, "我们能做")
            return row.public_id

    results = race(express, express, express)
    only_one(results)
    with database.reading() as uow:
        assert uow.session.exec(select(func.count(col(Interest.id)))).one() == 1
    interest = next(r for r in results if isinstance(r, str))

    def answer(state: InterestState) -> InterestState:
        with database.writing() as uow:
            deals.answer_interest(uow, pair.first, interest, state, "", None)
        return state

    answers = race(lambda: answer(InterestState.ACCEPTED), lambda: answer(InterestState.DECLINED))
    only_one(answers)
    with database.reading() as uow:
        state = uow.session.exec(select(Interest.state)).one()
    assert state in answers
    talks = need_of(database, key).state is NeedState.IN_TALKS
    assert talks == (state is InterestState.ACCEPTED)


def test_of_two_edits_of_a_capability_one_wins_whole(database: Database, pair: Pair) -> None:
    def form(name: str) -> CapabilityIn:
        technique = "lithography.ebl" if name == "一" * 2 else "lithography.duv-stepper"
        known = load_vocabulary().techniques
        chosen = technique if technique in known else "lithography.ebl"
        return CapabilityIn.model_validate(
            {"category": "process", "name_zh": name, "techniques": [chosen], "code": "A-1"}
        )

    def register() -> str:
        with database.writing() as uow:
            made = facilities.register_capability(
                uow, pair.first, pair.first_key, form("开始"), load_vocabulary()
            )
            return made.public_id

    key = register()
    with pytest.raises(Conflict, match="code_taken"):
        register()

    def edit(name: str) -> str:
        with database.writing() as uow:
            facilities.change_capability(uow, pair.first, key, form(name), 1, load_vocabulary())
        return name

    results = race(lambda: edit("一一"), lambda: edit("二二"))
    only_one(results)
    with database.reading() as uow:
        row = uow.session.exec(select(Capability)).one()
    assert row.name_zh in results
