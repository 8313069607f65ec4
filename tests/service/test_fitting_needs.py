"""Providers hear of new needs that fit, exactly those who may read them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import col, select

from collab import wiring
from collab.config import load_settings
from collab.importing import demo_seeding, seeding
from collab.kernel import clock
from collab.members.models import RoleGrant
from collab.needs import store as needs
from collab.needs.models import Need
from collab.needs.rules import Disclosure
from collab.notices.models import Notice
from collab.platform import Platform
from collab.storage.database import Database


@pytest.fixture
def platform(sqlite_database: Database, tmp_path: Path) -> Platform:
    with sqlite_database.writing() as uow:
        seeding.seed(uow)
        demo_seeding.seed_demo(uow, clock.today(), tmp_path)
    return wiring.build(load_settings(data_dir=tmp_path), sqlite_database)


def test_only_those_who_may_read_a_need_are_told_of_it(platform: Platform) -> None:
    platform.worker.settle()
    platform.worker.settle()
    with platform.database.reading() as uow:
        told = uow.session.exec(select(Notice).where(col(Notice.code) == "fitting_need")).all()
        assert told
        assert len({(n.person_id, n.once) for n in told}) == len(told)
        by_key = {n.public_id: n for n in uow.session.exec(select(Need))}
        for notice in told:
            need = by_key[notice.url.rsplit("/", 1)[1]]
            own = {
                g.organisation_id
                for g in uow.session.exec(
                    select(RoleGrant).where(col(RoleGrant.person_id) == notice.person_id)
                )
            }
            if need.disclosure is Disclosure.INVITED:
                invited = {o.id for o in needs.invited_organisations(uow, need.id or 0)}
                assert own & invited
