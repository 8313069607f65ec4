"""Two organisations that one of them keeps apart never meet: answers, stored matches, notices."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import col, select

from collab import wiring
from collab.config import load_settings
from collab.facilities.models import Capability
from collab.importing import demo_seeding, seeding
from collab.kernel import clock
from collab.kernel.errors import NotAllowed, Rejected
from collab.kernel.identity import SYSTEM, Actor
from collab.matching import blocking, feed
from collab.matching.models import Match
from collab.members.models import Organisation
from collab.needs import store as needs
from collab.needs.models import Need
from collab.needs.rules import Disclosure
from collab.notices.models import Notice
from collab.platform import Platform
from collab.storage.database import Database


@pytest.fixture
def platform(database: Database, tmp_path: Path) -> Platform:
    with database.writing() as uow:
        seeding.seed(uow)
        demo_seeding.seed_demo(uow, clock.today(), tmp_path)
    found = wiring.build(load_settings(data_dir=tmp_path), database)
    found.worker.settle()
    return found


def editor(organisation_id: int) -> Actor:
    """Somebody who edits the page of an organisation."""
    ids = frozenset({organisation_id})
    return Actor(person_id=1, organisation_ids=ids, editor_organisation_ids=ids)


def matched(platform: Platform, need_id: int) -> set[int]:
    """Organisations among the stored matches of a need."""
    with platform.database.reading() as uow:
        wanted = (
            select(Capability.organisation_id)
            .join(Match, col(Match.capability_id) == col(Capability.id))
            .where(col(Match.need_id) == need_id)
        )
        return set(uow.session.exec(wanted))


def answering(platform: Platform, need_id: int, reader: Actor) -> set[str]:
    with platform.database.reading() as uow:
        need = needs.need_by_id(uow, need_id)
        assert need is not None
        found = platform.matching.answer_need(uow, need, 50, reader)
    listed = {c["organisation"] for s in found["steps"] for c in (*s["candidates"], *s["near"])}
    return listed | {leg["organisation"] for r in found["routes"] for leg in r["legs"]}


@pytest.mark.parametrize("who", ["owner of the need", "provider"])
def test_neither_side_meets_the_other_whoever_said_so(platform: Platform, who: str) -> None:
    with platform.database.reading() as uow:
        need = next(n for n in needs.open_needs(uow, SYSTEM) if matched(platform, n.id or 0))
        need_id, owner_id = need.id or 0, need.organisation_id
        other_id = min(matched(platform, need_id) - {owner_id})
        keys = {o.id: o.public_id for o in uow.session.exec(select(Organisation))}
    assert owner_id not in matched(platform, need_id)  # one's own line is never a match
    assert keys[other_id] in answering(platform, need_id, SYSTEM)
    own, away = (owner_id, other_id) if who == "owner of the need" else (other_id, owner_id)
    with platform.database.writing() as uow:
        blocking.block(uow, editor(own), keys[own], keys[away])
        blocking.block(uow, editor(own), keys[own], keys[away])  # twice is once
    platform.worker.settle()
    assert other_id not in matched(platform, need_id)
    assert keys[other_id] not in answering(platform, need_id, SYSTEM)
    with platform.database.writing() as uow:
        assert [o.id for o in blocking.blocked_by(uow, editor(own), keys[own])] == [away]
        assert blocking.blocked_by(uow, editor(away), keys[away]) == []  # and is not told
        blocking.unblock(uow, editor(own), keys[own], keys[away])
    platform.worker.settle()
    assert other_id in matched(platform, need_id)


def test_who_may_and_what_is_refused(platform: Platform) -> None:
    with platform.database.reading() as uow:
        one, two = uow.session.exec(select(Organisation).limit(2)).all()
    member = Actor(person_id=1, organisation_ids=frozenset({one.id or 0}))
    for act in (blocking.block, blocking.unblock):
        with platform.database.writing() as uow, pytest.raises(NotAllowed):
            act(uow, member, one.public_id, two.public_id)
    with platform.database.reading() as uow, pytest.raises(NotAllowed):
        blocking.blocked_by(uow, editor(two.id or 0), one.public_id)
    with platform.database.writing() as uow, pytest.raises(Rejected):
        blocking.block(uow, editor(one.id or 0), one.public_id, one.public_id)


def test_an_anonymous_need_does_not_show_whom_its_owner_keeps_away_from(
    platform: Platform,
) -> None:
    with platform.database.reading() as uow:
        wanted = select(Need).where(col(Need.disclosure) == Disclosure.ANONYMOUS)
        need = next(n for n in uow.session.exec(wanted) if matched(platform, n.id or 0))
        need_id, owner_id = need.id or 0, need.organisation_id
        keys = {o.id: o.public_id for o in uow.session.exec(select(Organisation))}
    away = min(matched(platform, need_id))
    stranger = Actor(person_id=2, organisation_ids=frozenset({-1}))
    before = answering(platform, need_id, stranger)
    with platform.database.writing() as uow:
        blocking.block(uow, editor(owner_id), keys[owner_id], keys[away])
        told = uow.session.exec(select(Notice.id).where(col(Notice.code) == "fitting_need")).all()
    platform.worker.settle()
    assert away not in matched(platform, need_id)
    assert answering(platform, need_id, stranger) == before
    with platform.database.reading() as uow:
        offers = {o.organisation_id: o.blocked for o in feed.offers(uow)}
        assert owner_id in offers[away]
        now = uow.session.exec(select(Notice.id).where(col(Notice.code) == "fitting_need")).all()
    assert len(now) == len(told)
