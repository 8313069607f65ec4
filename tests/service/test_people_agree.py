"""Looking after people, applications and members: opening one and listing all say the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from collab.kernel.errors import NotAllowed, NotFound
from collab.kernel.permissions import Permission
from collab.members import joining, openid, people
from collab.members import store_joining as joined
from collab.members.models import Application, IdentityProvider, Organisation
from collab.members.rules import Membership
from collab.storage.database import Database
from tests.service.test_access_agrees import Small, small

__all__ = ["small"]
MEMBERS = {"own", "other", "invited", "suspended"}  # admitted once
ABOVE = {"secretariat", "system"}


def opens(work: Callable[..., object], *given: object) -> bool:
    """Whether somebody may."""
    try:
        work(*given)
    except (NotFound, NotAllowed):
        return False
    return True


def test_people_are_looked_after_by_whom_the_list_names(database: Database, small: Small) -> None:
    with database.reading() as uow:
        keys = {n: uow.session.get(Organisation, k) for n, k in small.houses.items()}
        for who, actor in small.actors.items():
            listed = {o.id for o in people.scopes(uow, actor)}
            for name, house in keys.items():
                assert house is not None
                key, number = house.public_id, house.id or 0
                inside = name in MEMBERS and house.membership is not Membership.LISTED
                by_item = opens(people.scope, uow, actor, key)
                by_number = opens(joined.require_people_of, uow, actor, number)
                by_service = opens(openid.configured, uow, actor, key)
                assert by_item == by_number == by_service, (who, name)
                assert (number in listed) == (by_item and inside), (who, name)
                mine = number in actor.admin_organisation_ids
                assert by_item == (mine or who in ABOVE), (who, name)
            assert opens(people.scope, uow, actor, people.ALLIANCE) == (who in ABOVE)


def test_suspended_expired_and_departed_administrators_look_after_nobody(small: Small) -> None:
    for who in ("suspended", "expired role in own", "of an applicant", "coordinator of the region"):
        assert small.actors[who].admin_organisation_ids == frozenset(), who
    assert small.actors["admin of another"].admin_organisation_ids == {small.houses["other"]}


def test_applications_and_members_are_opened_by_whom_the_list_is_for(
    database: Database, small: Small
) -> None:
    with database.writing() as uow:
        house = uow.session.get(Organisation, small.houses["own"])
        assert house is not None
        row = Application(name_zh="某", region_id=house.region_id, contact_name="某",
                          contact_email="x@y.example", credit_code="US:1234")  # fmt: skip
        uow.session.add(row)
        uow.flush()
        key, own = row.public_id, house.public_id
    with database.reading() as uow:
        for who, actor in small.actors.items():
            may = who in ABOVE
            assert opens(joining.one, uow, actor, key) == may, who
            assert opens(joining.page, uow, actor, "", 1, 20) == may, who
            found = joined.applications(uow, actor, "submitted", 1, 20)
            assert ({a.public_id for a in found.items} == {key}) == may, who
            assert (found.total == 1) == may, who
            assert opens(joining.member, uow, actor, own) == may, who
            assert opens(joining.members, uow, actor, 1, 20) == may, who
            assert opens(joined.require, uow, actor, Permission.AUDIT_READ) == may, who


@pytest.mark.parametrize("state", [Membership.SUSPENDED, Membership.LISTED])
def test_a_service_signs_in_for_members_in_good_standing_alone(
    database: Database, small: Small, state: Membership
) -> None:
    with database.writing() as uow:
        row = IdentityProvider(organisation_id=small.houses["own"], client_id="c",
                               issuer="https://x.example", domains=["own.example"])  # fmt: skip
        uow.session.add(row)
    with database.writing() as uow:
        assert openid.for_address(uow, "li@OWN.example") is not None
        house = uow.session.get(Organisation, small.houses["own"])
        assert house is not None
        house.membership = state
        uow.session.add(house)
        uow.flush()
        assert openid.for_address(uow, "li@own.example") is None
