"""In a list, an anonymous need stays without owner even beside an open need of the same owner."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import select

from collab.importing import demo_seeding, seeding
from collab.kernel import clock
from collab.kernel.identity import Actor
from collab.members.models import Organisation
from collab.needs import catalogue
from collab.needs.filters import NeedFilter
from collab.needs.models import Need
from collab.needs.rules import Disclosure, NeedState
from collab.storage.database import Database


def test_an_open_need_of_the_same_owner_does_not_name_the_anonymous_one(
    sqlite_database: Database, tmp_path: Path
) -> None:
    with sqlite_database.writing() as uow:
        seeding.seed(uow)
        demo_seeding.seed_demo(uow, clock.today(), tmp_path)
    with sqlite_database.writing() as uow:
        first, second, *_ = uow.session.exec(
            select(Need).where(Need.state == NeedState.PUBLISHED)
        ).all()
        first.disclosure, second.disclosure = Disclosure.MEMBERS, Disclosure.ANONYMOUS
        second.organisation_id = first.organisation_id
        other = uow.session.exec(
            select(Organisation.id).where(
                Organisation.demo, Organisation.id != first.organisation_id
            )
        ).first()
    reader = Actor(person_id=1, organisation_ids=frozenset({other or 0}))
    with sqlite_database.reading() as uow:
        page = catalogue.page(uow, reader, NeedFilter(), 1, 100)
    by_key = {v.row.public_id: v for v in page.items}
    assert by_key[first.public_id].owner is not None
    assert by_key[second.public_id].owner is None
