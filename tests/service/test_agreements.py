"""Agreements on both databases: two signatures make one, races lose nothing, words bind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from collab.agreements import service, store
from collab.agreements.forms import AgreementIn
from collab.agreements.models import Agreement
from collab.agreements.rules import AgreementState
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.identity import VISITOR, Actor
from collab.members.models import Organisation, Region, Relation
from collab.members.rules import Membership, OrganisationKind
from collab.needs.models import Need
from collab.needs.rules import Disclosure, NeedState
from collab.network import feed
from collab.storage.database import Database
from tests.service.together import together


def day(after: int) -> date:
    """So many days from today."""
    return clock.today() + timedelta(days=after)


@dataclass
class Deal:
    """An accepted interest with the people of both sides and of a third house."""

    owner: Actor
    provider: Actor
    clerk: Actor
    stranger: Actor
    interest: str
    need_id: int


@pytest.fixture
def deal(database: Database) -> Deal:
    """The deal before anything is drawn up."""
    with database.writing() as uow:
        region = Region(code="here", zh="h", en="h", kind="province", path="/here/")
        uow.session.add(region)
        uow.flush()
        houses = [
            Organisation(name_zh=name, kind=OrganisationKind.FIRM, region_id=region.id or 0,
                         membership=Membership.ADMITTED) for name in ("甲", "乙", "丙")
        ]  # fmt: skip
        uow.session.add_all(houses)
        uow.flush()
        ids = [h.id or 0 for h in houses]
        need = Need(organisation_id=ids[0], region_id=region.id or 0, title="流片", text="x",
                    state=NeedState.IN_TALKS, disclosure=Disclosure.MEMBERS,
                    posted_on=day(-30))  # fmt: skip
        uow.session.add(need)
        uow.flush()
        interest = Interest(need_id=need.id or 0, organisation_id=ids[1], message="m",
                            state=InterestState.ACCEPTED)  # fmt: skip
        uow.session.add(interest)
        uow.flush()
        actors = [
            Actor(organisation_ids=frozenset({i}), admin_organisation_ids=frozenset({i}))
            for i in ids
        ]
        clerk = Actor(organisation_ids=frozenset({ids[1]}))
        return Deal(actors[0], actors[1], clerk, actors[2], interest.public_id, need.id or 0)


def words(**more: object) -> AgreementIn:
    """An agreement of a year with two milestones."""
    plain = {
        "title": "硅光流片", "kind": "processing", "amount": "120000.50",
        "starts_on": day(3), "ends_on": day(368),
        "milestones": [{"title": "版图", "due_on": day(40)},
                       {"title": "样片", "due_on": day(200)}],
    }  # fmt: skip
    return AgreementIn.model_validate({**plain, **more})


def proposed(database: Database, deal: Deal) -> tuple[str, int]:
    """A proposal's key and version."""
    with database.writing() as uow:
        row = service.propose(uow, deal.provider, deal.interest, words())
        return row.public_id, row.version


def read(database: Database, key: str) -> Agreement:
    """The agreement as it is stored."""
    with database.reading() as uow:
        return uow.session.exec(select(Agreement).where(col(Agreement.public_id) == key)).one()


def version_of(database: Database, key: str) -> int:
    """The version that somebody reads now."""
    return read(database, key).version


def move(database: Database, who: Actor, key: str, state: AgreementState, *words: str) -> None:
    """A move by somebody who read the present version."""
    now = version_of(database, key)
    with database.writing() as uow:
        service.move(uow, who, key, state, now, *words)


def sign(database: Database, who: Actor, key: str, shows: bool = False) -> None:
    """A signature under the present words."""
    now = version_of(database, key)
    with database.writing() as uow:
        service.sign(uow, who, key, now, shows)


def second(database: Database, deal: Deal) -> str:
    """An accepted interest of the third house in the same need; its key."""
    with database.writing() as uow:
        row = Interest(need_id=deal.need_id, message="m", state=InterestState.ACCEPTED,
                       organisation_id=min(deal.stranger.organisation_ids))  # fmt: skip
        uow.session.add(row)
        uow.flush()
        return row.public_id


def ties(database: Database) -> list[Relation]:
    """Every tie there is."""
    with database.reading() as uow:
        return list(uow.session.exec(select(Relation)).all())


def need_state(database: Database, deal: Deal) -> NeedState:
    """Where the need stands."""
    with database.reading() as uow:
        need = uow.session.get(Need, deal.need_id)
        assert need is not None
        return need.state


def test_two_signatures_of_the_same_words_make_an_agreement(database: Database, deal: Deal) -> None:
    key, version = proposed(database, deal)
    with pytest.raises(NotAllowed), database.writing() as uow:
        service.sign(uow, deal.clerk, key, version, True)
    for outsider in (deal.stranger, VISITOR):
        with pytest.raises(NotFound), database.writing() as uow:
            service.sign(uow, outsider, key, version, True)
    with database.writing() as uow:
        assert service.sign(uow, deal.owner, key, version, True).state is AgreementState.PROPOSED
    with pytest.raises(Conflict, match="stale"), database.writing() as uow:
        service.sign(uow, deal.provider, key, version, True)
    assert need_state(database, deal) is NeedState.IN_TALKS
    assert not ties(database)
    with database.writing() as uow:
        done = service.sign(uow, deal.provider, key, read(database, key).version, True)
        assert done.state is AgreementState.SIGNED
    assert need_state(database, deal) is NeedState.AGREED
    assert [(t.valid_from, t.valid_to) for t in ties(database)] == [(day(3), day(368))]


def test_changed_words_take_the_signatures_back(database: Database, deal: Deal) -> None:
    key, version = proposed(database, deal)
    with database.writing() as uow:
        service.sign(uow, deal.owner, key, version, True)
    with pytest.raises(Conflict, match="stale"), database.writing() as uow:
        service.change(uow, deal.clerk, key, words(title="别的"), version)
    with database.writing() as uow:
        service.change(uow, deal.clerk, key, words(milestones=[]), read(database, key).version)
    row = read(database, key)
    assert (row.owner_signed_at, row.owner_shows) == (None, False)
    with database.reading() as uow:
        assert not store.milestones_of(uow, row.id or 0)
    with pytest.raises(Rejected), database.writing() as uow:
        service.change(uow, deal.owner, key, words(ends_on=day(0)), row.version)


def test_both_sign_and_one_changes_at_the_same_moment(database: Database, deal: Deal) -> None:
    key, version = proposed(database, deal)

    def act(number: int) -> object:
        with database.writing() as uow:
            if number == 0:
                return service.sign(uow, deal.owner, key, version, True).state
            if number == 1:
                return service.sign(uow, deal.provider, key, version, True).state
            return service.change(uow, deal.owner, key, words(title="新的"), version).state

    answers = together(3, act)
    assert answers.count("stale") == 2, answers
    row = read(database, key)
    assert row.state is AgreementState.PROPOSED
    assert sum(1 for at in (row.owner_signed_at, row.provider_signed_at) if at) <= 1


def test_one_live_agreement_for_each_interest_whoever_is_quicker(
    database: Database, deal: Deal
) -> None:
    def propose(number: int) -> object:
        with database.writing() as uow:
            who = deal.owner if number % 2 else deal.provider
            return service.propose(uow, who, deal.interest, words()).public_id

    answers = together(4, propose)
    assert sorted(str(a)[:4] for a in answers) == ["agr-", "take", "take", "take"]
    key = next(str(a) for a in answers if str(a).startswith("agr-"))
    with pytest.raises(Rejected), database.writing() as uow:
        service.move(uow, deal.owner, key, AgreementState.WITHDRAWN, 1)
    with database.writing() as uow:
        service.move(uow, deal.owner, key, AgreementState.WITHDRAWN, 1, "谈不拢")
    with database.writing() as uow:
        assert service.propose(uow, deal.owner, deal.interest, words()).state == "proposed"


def test_each_side_moves_what_is_its_own(database: Database, deal: Deal) -> None:
    key, _ = proposed(database, deal)
    for who in (deal.owner, deal.provider):
        with database.writing() as uow:
            service.sign(uow, who, key, read(database, key).version, False)
    assert not ties(database), "shown only when both want it"
    with pytest.raises(Conflict), database.writing() as uow:
        service.mark(uow, deal.owner, key, 1)
    with database.writing() as uow:
        service.mark(uow, deal.provider, key, 1)
    with database.writing() as uow:
        service.mark(uow, deal.owner, key, 1)
    with pytest.raises(NotFound), database.writing() as uow:
        service.mark(uow, deal.owner, key, 9)
    with pytest.raises(NotAllowed), database.writing() as uow:
        service.move(uow, deal.owner, key, AgreementState.DELIVERED, version_of(database, key))
    move(database, deal.provider, key, AgreementState.DELIVERED)
    assert need_state(database, deal) is NeedState.DELIVERED
    with pytest.raises(Rejected):
        move(database, deal.owner, key, AgreementState.CLOSED)
    with pytest.raises(Conflict, match="stale"), database.writing() as uow:
        service.move(uow, deal.owner, key, AgreementState.CLOSED, None, "好", "achieved")
    move(database, deal.owner, key, AgreementState.CLOSED, "好", "achieved")
    assert need_state(database, deal) is NeedState.CLOSED
    assert read(database, key).live is None


def test_a_shown_tie_ends_when_the_agreement_is_broken_off(database: Database, deal: Deal) -> None:
    key, _ = proposed(database, deal)
    for who in (deal.owner, deal.provider):
        with database.writing() as uow:
            service.sign(uow, who, key, read(database, key).version, True)
    with pytest.raises(NotAllowed):
        move(database, deal.clerk, key, AgreementState.TERMINATED, "设备故障")
    move(database, deal.provider, key, AgreementState.TERMINATED, "设备故障")
    assert need_state(database, deal) is NeedState.IN_TALKS, "another agreement is possible"
    tie = ties(database)[0]
    assert tie.valid_to is not None
    assert tie.valid_to == day(3)


def test_opened_and_listed_by_the_same_people(database: Database, deal: Deal) -> None:
    key, _ = proposed(database, deal)
    with database.reading() as uow:
        for who in (deal.owner, deal.provider, deal.clerk, deal.stranger, VISITOR):
            party = who not in (deal.stranger, VISITOR)
            assert service.page(uow, who, 1, 20).total == int(party)
            waiting = service.unsigned(uow, who, 5)
            assert bool(waiting) == bool(party and who.admin_organisation_ids)
            if party:
                assert service.one(uow, who, key).row.public_id == key
            else:
                with pytest.raises(NotFound):
                    service.one(uow, who, key)


def test_the_network_gains_the_tie_that_both_parties_show(database: Database, deal: Deal) -> None:
    key, _ = proposed(database, deal)
    with database.reading() as uow:
        assert not feed.relations(uow, feed.keys_of(uow))
    for who in (deal.owner, deal.provider):
        with database.writing() as uow:
            service.sign(uow, who, key, read(database, key).version, True)
    with database.reading() as uow:
        links = feed.relations(uow, feed.keys_of(uow))
    assert [(link.kind.value, link.evidence, link.valid_to) for link in links] == [
        ("agreement", "declared", day(368))
    ]


def test_no_agreement_comes_of_a_withdrawn_interest_or_need(database: Database, deal: Deal) -> None:
    key, _ = proposed(database, deal)
    sign(database, deal.provider, key)
    with pytest.raises(Conflict, match="agreement_rests"), database.writing() as uow:
        service.withdraw_interest(uow, deal.provider, deal.interest)
    with database.writing() as uow:
        need = uow.session.get(Need, deal.need_id)
        assert need is not None
        need.state = NeedState.WITHDRAWN
    with pytest.raises(Conflict, match="cannot_move"):
        sign(database, deal.owner, key)
    assert read(database, key).state is AgreementState.PROPOSED
    move(database, deal.provider, key, AgreementState.WITHDRAWN, "需求已撤回")
    with database.writing() as uow:
        service.withdraw_interest(uow, deal.provider, deal.interest)


def test_signing_and_withdrawing_the_interest_at_once(database: Database, deal: Deal) -> None:
    key, _ = proposed(database, deal)
    sign(database, deal.owner, key)
    now = version_of(database, key)

    def act(number: int) -> object:
        with database.writing() as uow:
            if number:
                return service.sign(uow, deal.provider, key, now, False).state
            return service.withdraw_interest(uow, deal.provider, deal.interest).state

    assert sorted(map(str, together(2, act))) == ["agreement_rests", "signed"]


def test_a_need_goes_with_the_last_of_its_agreements(database: Database, deal: Deal) -> None:
    first, _ = proposed(database, deal)
    other = second(database, deal)
    for who in (deal.owner, deal.provider):
        sign(database, who, first, True)
    with database.writing() as uow:
        latter = service.propose(uow, deal.stranger, other, words()).public_id
    for who in (deal.owner, deal.stranger):
        sign(database, who, latter)
    move(database, deal.provider, first, AgreementState.DELIVERED)
    assert need_state(database, deal) is NeedState.AGREED, "the second one is not delivered"
    move(database, deal.stranger, latter, AgreementState.TERMINATED, "设备故障")
    assert need_state(database, deal) is NeedState.DELIVERED
    assert [t.valid_to for t in ties(database)] == [day(368)], "the other tie was never shown"
    move(database, deal.owner, first, AgreementState.CLOSED, "", "partly")
    assert need_state(database, deal) is NeedState.CLOSED


def test_two_agreements_broken_off_at_once_leave_the_need_open(
    database: Database, deal: Deal
) -> None:
    keys = [proposed(database, deal)[0]]
    other = second(database, deal)
    with database.writing() as uow:
        keys.append(service.propose(uow, deal.stranger, other, words()).public_id)
    sides = ((deal.owner, deal.provider), (deal.owner, deal.stranger))
    for key, who in zip(keys, sides, strict=True):
        for actor in who:
            sign(database, actor, key)
    versions = [version_of(database, key) for key in keys]

    def end(number: int) -> object:
        who = sides[number][1]
        with database.writing() as uow:
            service.move(uow, who, keys[number], AgreementState.TERMINATED, versions[number], "停")
        return "done"

    assert together(2, end) == ["done", "done"]
    assert need_state(database, deal) is NeedState.IN_TALKS
