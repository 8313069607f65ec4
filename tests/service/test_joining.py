"""Joining on both databases: applying, admission, acceptance, and what two at once may not do."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlmodel import col, select

from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.identity import VISITOR, Actor, Role
from collab.members import joining, people, recovery, rules, service
from collab.members.breached import BreachList
from collab.members.forms import AdmissionIn, InvitationIn, JoinIn
from collab.members.models import Organisation, Person, Region, RoleGrant
from collab.members.rules import Membership
from collab.storage.database import Database

SECRETARIAT = Actor(person_id=None, name="secretariat", secretariat=True)
CODE = "91110000600037341L"
PASSWORD = "a kite above nine rivers"


def form(**more: str) -> JoinIn:
    known = {"name_zh": "庚鸢硅光", "kind": "firm", "region": "wuhan", "identifier": CODE,
             "contact_name": "李工", "contact_email": "li@gengyuan.example"}  # fmt: skip
    return JoinIn.model_validate({**known, **more})


@pytest.fixture
def ready(database: Database) -> Database:
    """A database with one region."""
    with database.writing() as uow:
        uow.session.add(Region(code="wuhan", zh="武汉", en="Wuhan", kind="city", path="/wuhan/"))
    return database


def admitted(database: Database) -> str:
    """The token of the contact's invitation."""
    with database.writing() as uow:
        row = joining.apply(uow, form())
    with database.writing() as uow:
        path = joining.admit(uow, SECRETARIAT, row.public_id, AdmissionIn(), row.version, "key")
    return path.rpartition("/")[2]


def test_the_contact_of_an_admitted_organisation_administers_it(ready: Database) -> None:
    token = admitted(ready)
    with ready.writing() as uow:
        person = people.accept(uow, VISITOR, token, "李工", PASSWORD, "zh", BreachList())
    with ready.reading() as uow:
        actor = service.actor_of(uow, person)
        (house,) = uow.session.exec(select(Organisation)).all()
    assert actor.admin_organisation_ids == {house.id}
    assert house.membership is Membership.ADMITTED
    assert person.verified_at is None, "the link was shown, not sent"
    with ready.writing() as uow, pytest.raises(Rejected):
        people.accept(uow, VISITOR, token, "李工", PASSWORD, "zh", BreachList())


def test_an_application_is_decided_once_and_by_nobody_else(ready: Database) -> None:
    with ready.writing() as uow:
        row = joining.apply(uow, form())
    for actor in (VISITOR, Actor(person_id=1, organisation_ids=frozenset({1}))):
        with ready.writing() as uow, pytest.raises(NotAllowed):
            joining.admit(uow, actor, row.public_id, AdmissionIn(), 1, "key")
    with ready.writing() as uow:
        joining.reject(uow, SECRETARIAT, row.public_id, "资料不符", 1)
    with ready.writing() as uow, pytest.raises(Conflict):
        joining.admit(uow, SECRETARIAT, row.public_id, AdmissionIn(), None, "key")
    with ready.writing() as uow:
        joining.apply(uow, form())  # after a refusal one may try again


def test_an_administrator_reaches_no_other_house_and_the_last_one_stays(ready: Database) -> None:
    token = admitted(ready)
    with ready.writing() as uow:
        person = people.accept(uow, VISITOR, token, "李工", PASSWORD, "zh", BreachList())
    with ready.reading() as uow:
        actor = service.actor_of(uow, person)
        house = uow.session.exec(select(Organisation)).one().public_id
        grant = uow.session.exec(select(RoleGrant)).one()
    asked = InvitationIn(email="x@y.example", name="某", role=Role.MEMBER)
    with ready.writing() as uow:
        people.invite(uow, actor, house, asked, "key")
    with ready.writing() as uow, pytest.raises(NotFound):
        people.invite(uow, actor, "org-0000000000", asked, "key")
    with ready.writing() as uow, pytest.raises(Rejected):
        people.revoke(uow, actor, house, grant.id or 0)
    with ready.writing() as uow, pytest.raises(Rejected):
        recovery.erase(uow, actor, PASSWORD)
    with ready.writing() as uow:
        people.revoke(uow, SECRETARIAT, house, grant.id or 0)
    with ready.reading() as uow:
        assert service.actor_of(uow, person).organisation_ids == frozenset()


def test_a_link_made_with_another_key_opens_nothing(ready: Database) -> None:
    with ready.writing() as uow:
        uow.session.add(Person(email="a@b.example", name="甲"))
    with ready.writing() as uow:
        recovery.ask_for_reset(uow, "a@b.example", "key")
        recovery.ask_for_reset(uow, "nobody@b.example", "key")
    from collab.members import links
    from collab.members.models import OneTimeToken

    with ready.reading() as uow:
        row, blind = uow.session.exec(select(OneTimeToken).order_by(col(OneTimeToken.id))).all()
        assert blind.person_id is None, "an unknown address leaves a row that opens nothing"
        right, wrong = (links.path_of(row, key).rpartition("/")[2] for key in ("key", "other"))
        assert recovery.reset_link(uow, right).email == "a@b.example"
        for token in (wrong, "", "x" * 500):
            with pytest.raises(Rejected):
                recovery.reset_link(uow, token)
        with pytest.raises(Rejected):
            people.invitation(uow, right)


@given(st.text(max_size=60), st.sampled_from(["CN", "DE", "JP"]))
@example("\u0137", "CN")
def test_a_registration_number_is_kept_in_one_spelling(number: str, country: str) -> None:
    once = rules.identifier(country, number)
    plain = once.removeprefix(f"{country}:")
    assert rules.identifier(country, plain) == once
    wrong = list(rules.identifier_problems(country, plain))
    assert wrong or len(once) <= 40


@given(st.integers(0, 17), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_a_credit_code_with_one_wrong_sign_is_refused(place: int, sign: str) -> None:
    changed = CODE[:place] + sign + CODE[place + 1 :]
    wrong = list(rules.identifier_problems("CN", changed))
    # the code holds two check digits; the first nine places are covered by the last one too
    assert bool(wrong) is (changed != CODE)
