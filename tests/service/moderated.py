"""A small alliance of two provinces for tests of moderation: houses, people, one need, one line."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlmodel import col, select

from collab.facilities.models import Capability, CapabilityTechnique
from collab.facilities.rules import Category
from collab.kernel import clock
from collab.kernel.identity import Actor, Role
from collab.members import service
from collab.members.models import Organisation, Person, Region, RoleGrant
from collab.members.rules import Membership, OrganisationKind
from collab.moderation.models import Hold, Record, Report
from collab.moderation.rules import Kind
from collab.needs.models import Need
from collab.needs.rules import Disclosure, NeedState
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

HOUSES = ("own", "other", "third", "fourth", "fifth")
ROLES = (
    ("owner", Role.ORGANISATION_ADMIN, "own", ""), ("member", Role.MEMBER, "other", ""),
    ("reporter", Role.MEMBER, "third", ""), ("city", Role.REGIONAL_COORDINATOR, "", "city"),
    ("here", Role.REGIONAL_COORDINATOR, "", "here"),
    ("here too", Role.REGIONAL_COORDINATOR, "", "here"),
    ("there", Role.REGIONAL_COORDINATOR, "", "there"), ("secretariat", Role.SECRETARIAT, "", ""),
)  # fmt: skip
STRUCTURE = {"techniques": [{"id": "lithography.ebl", "span": [0, 5], "hard": True}]}


@dataclass
class Alliance:
    """Everybody by name, the houses' keys, and what there is to moderate."""

    database: Database
    actors: dict[str, Actor] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    houses: dict[str, int] = field(default_factory=dict)
    regions: dict[str, int] = field(default_factory=dict)
    capability: str = ""

    def need(
        self, disclosure: Disclosure = Disclosure.MEMBERS, state: NeedState = NeedState.PUBLISHED
    ) -> str:
        """A need of the house in the city; its public id."""
        with self.database.writing() as uow:
            row = Need(
                organisation_id=self.houses["own"], region_id=self.regions["city"], title="流片",
                text="需要电子束光刻", structure=STRUCTURE, state=state, disclosure=disclosure,
                posted_on=clock.today(),
            )  # fmt: skip
            uow.session.add(row)
            return row.public_id

    def version(self, key: str) -> int:
        """The version that somebody reads now."""
        with self.database.reading() as uow:
            return record(uow, key).version

    def hold(self, key: str) -> Hold | None:
        """The live hold of a record."""
        with self.database.reading() as uow:
            row = record(uow, key)
            column = Hold.need_id if isinstance(row, Need) else Hold.capability_id
            return uow.session.exec(
                select(Hold).where(col(column) == row.id, col(Hold.live).is_(True))
            ).first()

    def reports(self) -> list[Report]:
        """Every report, in order."""
        with self.database.reading() as uow:
            return list(uow.session.exec(select(Report).order_by(col(Report.id))).all())


def kind_of(key: str) -> Kind:
    """What a public id names."""
    return Kind.NEED if key.startswith("need-") else Kind.CAPABILITY


def record(uow: UnitOfWork, key: str) -> Record:
    """The need or capability with this public id."""
    if kind_of(key) is Kind.NEED:
        return uow.session.exec(select(Need).where(col(Need.public_id) == key)).one()
    return uow.session.exec(select(Capability).where(col(Capability.public_id) == key)).one()


def alliance(database: Database, members: int = 5) -> Alliance:
    """An empty database filled; so many members stand in the province of the city."""
    made = Alliance(database)
    with database.writing() as uow:
        for code, path, kind in (("here", "/here/", "province"), ("there", "/there/", "province"),
                                 ("city", "/here/city/", "city")):  # fmt: skip
            region = Region(code=code, zh=code, en=code, kind=kind, path=path)
            uow.session.add(region)
            uow.flush()
            made.regions[code] = region.id or 0
        for number, name in enumerate(HOUSES):
            place = "there" if number >= members else "city" if name == "own" else "here"
            house = Organisation(
                name_zh=name, kind=OrganisationKind.FIRM, membership=Membership.ADMITTED,
                region_id=made.regions[place],
            )  # fmt: skip
            uow.session.add(house)
            uow.flush()
            made.houses[name] = house.id or 0
        _people(uow, made)
        line = Capability(organisation_id=made.houses["own"], category=Category.PROCESS,
                          name_zh="电子束直写")  # fmt: skip
        uow.session.add(line)
        uow.flush()
        uow.session.add(
            CapabilityTechnique(capability_id=line.id or 0, technique="lithography.ebl")
        )
        made.capability = line.public_id
    return made


def _people(uow: UnitOfWork, made: Alliance) -> None:
    for number, (who, role, house, region) in enumerate(ROLES):
        person = Person(email=f"p{number}@example.net", name=who,
                        language="en" if number % 2 else "zh")  # fmt: skip
        uow.session.add(person)
        uow.flush()
        made.people[who] = person.id or 0
        uow.session.add(
            RoleGrant(person_id=person.id or 0, role=role, organisation_id=made.houses.get(house),
                      region_id=made.regions.get(region))
        )  # fmt: skip
        uow.flush()
        made.actors[who] = service.actor_of(uow, person)
