"""Opening one thing and listing many say the same, for every actor, disclosure and state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlmodel import col, select

from collab.agreements import access as agreements_access
from collab.curation import access as curation_access
from collab.deals import access as deals_access
from collab.deals import store as deals
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.facilities import access as facilities_access
from collab.facilities import store as facilities
from collab.facilities.models import Capability
from collab.facilities.rules import Category
from collab.facilities.store import CapabilityFilter
from collab.files import access as files_access
from collab.files import store as files
from collab.files.models import Attachment, FileRelease, StoredFile
from collab.kernel import clock
from collab.kernel.errors import NotAllowed, NotFound
from collab.kernel.identity import SYSTEM, VISITOR, Actor, Role
from collab.kernel.permissions import Permission
from collab.members import access as members_access
from collab.members import service
from collab.members import store as members
from collab.members.models import Organisation, Person, Region, RoleGrant
from collab.members.rules import Membership, OrganisationKind
from collab.members.store import OrganisationFilter
from collab.moderation import access as moderation_access
from collab.needs import access as needs_access
from collab.needs import store as needs
from collab.needs.models import Need, NeedInvitation
from collab.needs.rules import SHOWN_STATES, Disclosure, NeedState
from collab.needs.store import NeedFilter
from collab.questions import access as questions_access
from collab.questions import store as questions
from collab.questions.models import Inquiry
from collab.search import feed
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

POLICIES = (members_access.POLICY, facilities_access.POLICY, needs_access.POLICY,
            files_access.POLICY, deals_access.POLICY, agreements_access.POLICY,
            curation_access.POLICY, questions_access.POLICY, moderation_access.POLICY)  # fmt: skip
ROLES: tuple[tuple[str, Role, str, str, bool], ...] = (
    ("member of own", Role.MEMBER, "own", "", False),
    ("owner of own", Role.FACILITY_OWNER, "own", "", False),
    ("member of another", Role.MEMBER, "other", "", False),
    ("admin of another", Role.ORGANISATION_ADMIN, "other", "", False),
    ("invited", Role.MEMBER, "invited", "", False),
    ("suspended", Role.ORGANISATION_ADMIN, "suspended", "", False),
    ("of an applicant", Role.ORGANISATION_ADMIN, "applied", "", False),
    ("expired role in own", Role.ORGANISATION_ADMIN, "own", "", True),
    ("coordinator of the region", Role.REGIONAL_COORDINATOR, "", "here", False),
    ("coordinator elsewhere", Role.REGIONAL_COORDINATOR, "", "there", False),
    ("secretariat", Role.SECRETARIAT, "", "", False),
)
STATES = {"own": Membership.ADMITTED, "other": Membership.ADMITTED, "invited": Membership.ADMITTED,
          "suspended": Membership.SUSPENDED, "applied": Membership.APPLIED,
          "listed": Membership.LISTED}  # fmt: skip


@dataclass
class Small:
    """One organisation in each state, everybody, one need of each disclosure and state."""

    actors: dict[str, Actor] = field(default_factory=dict)
    houses: dict[str, int] = field(default_factory=dict)
    needs: dict[tuple[Disclosure, NeedState], str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    interests: list[str] = field(default_factory=list)


def build(uow: UnitOfWork) -> Small:
    """Fill an empty database."""
    small = Small()
    regions = {
        c: Region(code=c, zh=c, en=c, kind="province", path=f"/{c}/") for c in ("here", "there")
    }
    uow.session.add_all(regions.values())
    uow.flush()
    for name, state in STATES.items():
        house = Organisation(name_zh=name, kind=OrganisationKind.FIRM, membership=state,
                             region_id=regions["here"].id or 0)  # fmt: skip
        uow.session.add(house)
        uow.flush()
        small.houses[name] = house.id or 0
        for retired in (None, clock.now()):
            row = Capability(organisation_id=house.id or 0, category=Category.PROCESS,
                             name_zh=name, retired_at=retired)  # fmt: skip
            uow.session.add(row)
            small.capabilities.append(row.public_id)
    _people(uow, small, regions)
    _needs(uow, small, regions["here"].id or 0)
    return small


def _people(uow: UnitOfWork, small: Small, regions: dict[str, Region]) -> None:
    for number, (who, role, house, region, over) in enumerate(ROLES):
        person = Person(email=f"p{number}@example.net", name=who)
        uow.session.add(person)
        uow.flush()
        ends = clock.now() - timedelta(days=1) if over else None
        uow.session.add(
            RoleGrant(person_id=person.id or 0, role=role, organisation_id=small.houses.get(house),
                      region_id=regions[region].id if region else None, expires_at=ends)
        )  # fmt: skip
        uow.flush()
        small.actors[who] = service.actor_of(uow, person)
    small.actors |= {"visitor": VISITOR, "system": SYSTEM}


def _needs(uow: UnitOfWork, small: Small, region_id: int) -> None:
    for disclosure in Disclosure:
        for state in NeedState:
            need = Need(organisation_id=small.houses["own"], region_id=region_id, title="t",
                        text="x", state=state, disclosure=disclosure,
                        posted_on=clock.today())  # fmt: skip
            uow.session.add(need)
            uow.flush()
            small.needs[disclosure, state] = need.public_id
            for house in ("invited", "suspended"):
                invitation = NeedInvitation(
                    need_id=need.id or 0, organisation_id=small.houses[house]
                )
                uow.session.add(invitation)
            interest = Interest(need_id=need.id or 0, organisation_id=small.houses["other"],
                                message="m", state=InterestState.EXPRESSED)  # fmt: skip
            uow.session.add(interest)
            small.interests.append(interest.public_id)
    uow.flush()


@pytest.fixture
def small(database: Database) -> Small:
    """The small alliance."""
    with database.writing() as uow:
        return build(uow)


def may_read(who: str, disclosure: Disclosure, state: NeedState) -> bool:
    """PRODUCT's table of who reads what, written down a second time."""
    own = who in ("member of own", "owner of own", "system")
    if own or state not in SHOWN_STATES:
        return own
    standing = who not in ("visitor", "suspended", "of an applicant", "expired role in own")
    return {
        Disclosure.PUBLIC: True,
        Disclosure.MEMBERS: standing,
        Disclosure.ANONYMOUS: standing,
        Disclosure.INVITED: who == "invited",
    }[disclosure]


def opens(open_one, uow: UnitOfWork, actor: Actor, key: str, *more: Permission) -> bool:  # type: ignore[no-untyped-def]
    """Whether the actor gets the thing."""
    try:
        open_one(uow, actor, key, *more)
    except (NotFound, NotAllowed):
        return False
    return True


def test_a_need_is_opened_listed_found_and_edited_by_the_same_people(
    database: Database, small: Small
) -> None:
    with database.reading() as uow:
        rows = {n.public_id: n for n in uow.session.exec(select(Need)).all()}
        invited = [small.houses["invited"], small.houses["suspended"]]
        for who, actor in small.actors.items():
            listed = needs.readable_needs(uow, actor, NeedFilter(), 1, 200)
            own = needs.readable_needs(uow, actor, NeedFilter(mine=True), 1, 200)
            mine = {r.public_id for r in own.items}
            by_key = set(needs.needs_by_key(uow, actor, set(rows)))
            labels = feed.labels_of(actor)
            keys = {r.public_id for r in listed.items}
            assert listed.total == len(keys), who
            for (disclosure, state), key in small.needs.items():
                may = may_read(who, disclosure, state)
                opened = opens(needs.open_need, uow, actor, key)
                assert opened == may == (key in by_key), (who, disclosure, state)
                assert (key in keys) == (may and state in SHOWN_STATES), (who, disclosure, state)
                edits = opens(needs.open_need, uow, actor, key, Permission.NEED_EDIT)
                assert edits == (key in mine), (who, disclosure, state)
                if who != "system":  # the platform itself never searches
                    carried = feed.need_labels(rows[key], invited)
                    assert bool(labels & set(carried)) == may, (who, disclosure, state)


def test_an_organisation_is_opened_and_listed_by_the_same_people(
    database: Database, small: Small
) -> None:
    with database.reading() as uow:
        rows = {o.id: o for o in uow.session.exec(select(Organisation)).all()}
        for who, actor in small.actors.items():
            page = members.readable_organisations(uow, actor, OrganisationFilter(), 1, 200)
            listed = {r.id for r in page.items}
            assert page.total == len(listed)
            assert set(members.readable_by_id(uow, actor, small.houses.values())) == listed
            counted = members.organisation_facets(uow, actor, OrganisationFilter())["kind"]
            assert sum(counted.values()) == len(listed)
            for name, key in small.houses.items():
                row = rows[key]
                opened = opens(members.open_organisation, uow, actor, row.public_id)
                assert opened == (key in listed), (who, name)
                public = name not in ("suspended", "applied")
                assert opened == (public or who in ("secretariat", "system")), (who, name)
                edits = opens(members.open_organisation, uow, actor, row.public_id,
                              Permission.ORGANISATION_EDIT)  # fmt: skip
                editor = key in actor.editor_organisation_ids or who in ("secretariat", "system")
                assert edits == editor, (who, name)


def test_a_capability_is_opened_listed_and_counted_by_the_same_people(
    database: Database, small: Small
) -> None:
    with database.reading() as uow:
        rows = {c.public_id: c for c in uow.session.exec(select(Capability)).all()}
        for who, actor in small.actors.items():
            page = facilities.readable_capabilities(uow, actor, CapabilityFilter(), 1, 200)
            listed = {r.public_id for r in page.items}
            facets = facilities.capability_facets(uow, actor, CapabilityFilter())
            assert page.total == len(listed) == sum(facets["category"].values()), who
            assert set(facilities.capabilities_by_key(uow, actor, set(rows))) == listed
            for key in small.capabilities:
                assert opens(facilities.open_capability, uow, actor, key) == (key in listed), who
            hidden = {k for k, c in rows.items() if c.retired_at is not None}
            own = {k for k, c in rows.items() if c.organisation_id in actor.organisation_ids}
            if who not in ("secretariat", "system"):
                assert not listed & hidden - own, who


def test_an_interest_is_known_to_its_two_parties_only(database: Database, small: Small) -> None:
    parties = {"member of own", "owner of own", "member of another", "admin of another"}
    with database.reading() as uow:
        for who, actor in small.actors.items():
            for need, key in zip(
                uow.session.exec(select(Need).order_by(col(Need.id))), small.interests, strict=True
            ):
                listed = {i.public_id for i in deals.interests_in(uow, actor, need.id or 0)}
                opened = opens(deals.open_interest, uow, actor, key)
                assert opened == (key in listed) == (who in parties), who
                answers = opens(deals.open_interest, uow, actor, key, Permission.INTEREST_ANSWER)
                assert answers == (who in ("member of own", "owner of own")), who


def test_a_thread_of_questions_is_opened_and_listed_by_its_two_sides_alone(
    database: Database, small: Small
) -> None:
    house = small.houses
    with database.writing() as uow:
        capability = Capability(
            organisation_id=house["other"], category=Category.TEST, name_zh="测试"
        )
        uow.session.add(capability)
        uow.flush()
        made = {}
        for need in uow.session.exec(select(Need).order_by(col(Need.id))).all():
            row = Inquiry(need_id=need.id or 0, organisation_id=house["other"],
                          capability_id=capability.id or 0)  # fmt: skip
            uow.session.add(row)
            made[row.public_id] = need
    with database.reading() as uow:
        for who, actor in small.actors.items():
            page = questions.inquiries(uow, actor, 1, 100)
            listed = {i.public_id for i in page.items}
            assert page.total == len(listed)
            for key, need in made.items():
                asks = need.organisation_id in actor.organisation_ids
                reads = opens(needs.open_need, uow, actor, need.public_id)
                answers = house["other"] in actor.organisation_ids and reads
                assert opens(questions.open_inquiry, uow, actor, key) == (asks or answers), who
                assert (key in listed) == (asks or answers), who
                for may, permission in ((asks, Permission.QUESTION_ASK),
                                        (answers, Permission.QUESTION_ANSWER)):  # fmt: skip
                    assert opens(questions.open_inquiry, uow, actor, key, permission) == may, who


def test_a_file_is_opened_and_listed_by_its_house_and_by_whom_it_was_released_to(
    database: Database, small: Small
) -> None:
    house = small.houses
    with database.writing() as uow:
        stored = StoredFile(sha256="0" * 64, size=1)
        uow.session.add(stored)
        uow.flush()
        rows = uow.session.exec(select(Need).order_by(col(Need.id))).all()
        made: dict[str, tuple[int, Need, str, bool]] = {}
        for need in rows:
            for owner, target, party in (("own", "other", True), ("own", "invited", False),
                                         ("other", "own", True), ("own", "", True)):  # fmt: skip
                row = Attachment(need_id=need.id or 0, organisation_id=house[owner], name="x",
                                 stored_id=stored.id or 0)  # fmt: skip
                uow.session.add(row)
                uow.flush()
                if target:
                    uow.session.add(FileRelease(attachment_id=row.id or 0,
                                                organisation_id=house[target]))  # fmt: skip
                made[row.public_id] = (house[owner], need, target, party)
            needs.add_party(uow, need.id or 0, house["other"])
    with database.reading() as uow:
        for who, actor in small.actors.items():
            for need in uow.session.exec(select(Need).order_by(col(Need.id))).all():
                listed = {a.public_id for a, _ in files.files_of(uow, actor, need.id or 0)}
                for key, (owner, about, target, party) in made.items():
                    if about.id != need.id:
                        continue
                    own = owner in actor.organisation_ids
                    released = bool(target) and house[target] in actor.organisation_ids and party
                    readable = opens(needs.open_need, uow, actor, need.public_id)
                    may = own or (released and readable)
                    assert opens(files.open_file, uow, actor, key) == may == (key in listed), who
                    edits = opens(files.open_file, uow, actor, key, Permission.FILE_EDIT)
                    assert edits == own, who


def test_every_permission_has_a_policy_in_exactly_one_slice() -> None:
    granted = [permission for policy in POLICIES for permission in policy]
    assert len(granted) == len(set(granted))
    missing = set(Permission) - set(granted)
    assert missing <= {Permission.REGION_COORDINATE}, missing
