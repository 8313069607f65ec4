"""Three member organisations, people with tokens, and needs of every disclosure for API tests."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from flask.testing import FlaskClient
from sqlmodel import col, select
from werkzeug.test import TestResponse

from collab.kernel.identity import Role
from collab.kernel.permissions import Scope
from collab.members import passwords, service
from collab.members.forms import TokenIn
from collab.members.models import Organisation, Person, Region, RoleGrant
from collab.members.rules import Membership, OrganisationKind
from collab.storage.database import Database

PASSWORD = "a lamp over quiet water"
HASH = passwords.hash_password(PASSWORD)
TEXT = "需要在6英寸SiN晶圆上做800nm厚低损耗波导，损耗<0.1dB/cm，电子束光刻，20片，8周内"
CAPABILITY: dict[str, Any] = {
    "category": "process",
    "name_zh": "电子束直写",
    "techniques": ["lithography.ebl"],
    "values": {"min-feature": {"low": 20}},
}


@dataclass
class World:
    """Who is there: token secrets by person, public ids of organisations."""

    client: FlaskClient
    database: Database
    tokens: dict[str, str] = field(default_factory=dict)
    organisations: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, who: str = "", **more: Any) -> TestResponse:
        """One request of a person (a visitor without `who`); `json` and `headers` as in Flask."""
        headers = dict(more.pop("headers", {}))
        if who:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.client.open("/api/v1" + path, method=method, headers=headers, **more)

    def get(self, path: str, who: str = "", **more: Any) -> TestResponse:
        """A read."""
        return self.ask("GET", path, who, **more)

    def post(self, path: str, who: str = "", json: Any = None, **more: Any) -> TestResponse:
        """A write."""
        return self.ask("POST", path, who, json={} if json is None else json, **more)

    def put(self, path: str, who: str = "", json: Any = None, **more: Any) -> TestResponse:
        """A change."""
        return self.ask("PUT", path, who, json={} if json is None else json, **more)

    def published(self, disclosure: str, invited: tuple[str, ...] = ()) -> str:
        """A need of alpha, published; its id."""
        made = self.post("/needs", "alpha", {"text": TEXT, "title": f"需求 {disclosure}"})
        assert made.status_code == 201, made.text
        body = {
            "disclosure": disclosure,
            "invited": [self.organisations[name] for name in invited],
            "version": made.json["version"],
        }
        done = self.post(f"/needs/{made.json['id']}/publish", "alpha", body)
        assert done.status_code == 200, done.text
        return str(made.json["id"])


def build(client: FlaskClient, database: Database) -> World:
    """alpha, beta and gamma in Wuhan with one editor each, a reader's token and a secretary."""
    world = World(client, database)
    with database.writing() as uow:
        region = uow.session.exec(select(Region).where(col(Region.code) == "wuhan")).one()
        for name in ("alpha", "beta", "gamma"):
            row = Organisation(
                name_zh=f"{name}公司", name_en=name, kind=OrganisationKind.FIRM,
                region_id=region.id or 0, membership=Membership.ADMITTED, contact="027-1234",
            )  # fmt: skip
            uow.session.add(row)
            uow.flush()
            world.organisations[name] = row.public_id
            _person(world, uow, name, Role.ORGANISATION_ADMIN, row.id)
        _person(world, uow, "secretary", Role.SECRETARIAT, None)
    return world


def _person(world: World, uow: Any, name: str, role: Role, organisation_id: int | None) -> None:
    person = Person(email=f"{name}@example.org", name=f"{name} 某", password_hash=HASH)
    uow.session.add(person)
    uow.flush()
    uow.session.add(RoleGrant(person_id=person.id or 0, role=role, organisation_id=organisation_id))
    uow.flush()
    actor = service.actor_of(uow, person)
    for label, scopes in ((name, [Scope.READ, Scope.WRITE]), (f"{name}-reader", [Scope.READ])):
        _, world.tokens[label] = service.issue_token(
            uow, actor, TokenIn(name="t", scopes=scopes), fresh=True
        )
