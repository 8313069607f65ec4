"""The whole site in process with people in every role, shared by page tests and journeys."""

from __future__ import annotations

import hashlib
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2.bccache import Bucket, BytecodeCache
from sqlmodel import col, select
from werkzeug.test import TestResponse

from collab.config import Settings
from collab.importing import demo_seeding, seeding
from collab.kernel import clock
from collab.kernel.happened import OrganisationChanged
from collab.kernel.identity import Actor, Role
from collab.members import passwords, service
from collab.members.models import Organisation, Person, Region, RoleGrant, SignInSession
from collab.members.rules import Membership, OrganisationKind
from collab.platform import Platform
from collab.storage import migrate
from collab.storage.database import Database

PASSWORD = "a lamp over quiet water"
SOI = (
    "需要在8英寸SOI晶圆上做硅光芯片流片，最小线宽130nm，"
    "然后做倒装焊和光纤阵列耦合封装，20片，12周内交付"
)
# who, role, organisation, region
CAST: tuple[tuple[str, Role, str, str], ...] = (
    ("owner", Role.FACILITY_OWNER, "alpha", ""),
    ("member", Role.MEMBER, "alpha", ""),
    ("other", Role.ORGANISATION_ADMIN, "beta", ""),
    ("invited", Role.ORGANISATION_ADMIN, "gamma", ""),
    ("suspended", Role.ORGANISATION_ADMIN, "delta", ""),
    ("expired", Role.ORGANISATION_ADMIN, "gamma", ""),
    ("coordinator", Role.REGIONAL_COORDINATOR, "", "jilin"),
    ("coordinator-elsewhere", Role.REGIONAL_COORDINATOR, "", "hubei"),
    ("secretariat", Role.SECRETARIAT, "", ""),
)
EVERYBODY = ("visitor", *(entry[0] for entry in CAST))
HOUSES = {
    "alpha": ("甲鹮光电", "Alphaibis Photonics", "jilin"),
    "beta": ("乙鹭微纳", "Betaheron Micro", "wuhan"),
    "gamma": ("丙鹳封装", "Gammastork Packaging", "xian"),
    "delta": ("丁鹬测试", "Deltasnipe Test", "wuhan"),
}


class _Once(BytecodeCache):
    """Templates compiled in this process, by their content: each site would do it anew."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Jinja asks for a template."""
        kept = self._kept.get((bucket.key, bucket.checksum))
        if kept is not None:
            bucket.bytecode_from_string(kept)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Jinja has compiled one."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


TEMPLATES = _Once()


@cache
def password_hash() -> str:
    """The hash of PASSWORD, made once."""
    return passwords.hash_password(PASSWORD)


@dataclass
class Site:
    """The application, its people by name, and what they do with a browser."""

    app: Flask
    people: dict[str, int] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    organisations: dict[str, str] = field(default_factory=dict)
    _clients: dict[str, FlaskClient] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        """What the application works with."""
        found: Platform = self.app.extensions["collab"]
        return found

    @property
    def database(self) -> Database:
        """The application's database."""
        return self.platform.database

    def browser(self, who: str = "visitor") -> FlaskClient:
        """The browser of a person, signed in; one for each person."""
        if who not in self._clients:
            self._clients[who] = self.fresh_browser(who)
        return self._clients[who]

    def fresh_browser(self, who: str = "visitor") -> FlaskClient:
        """Another browser of a person, signed in."""
        client = self.app.test_client()
        if who != "visitor":
            sign_in(self.database, client, self.people[who])
        return client

    def actor(self, who: str) -> Actor:
        """The person as the services see them."""
        if who == "visitor":
            return Actor()
        with self.database.reading() as uow:
            person = uow.session.get(Person, self.people[who])
            assert person is not None
            return service.actor_of(uow, person)

    def get(self, path: str, who: str = "visitor", **more: Any) -> TestResponse:
        """A page as a person sees it."""
        return self.browser(who).get(path, **more)

    def post(self, path: str, who: str = "visitor", data: Any = None, **more: Any) -> TestResponse:
        """A form sent by a person, with the token that the page carried."""
        client = self.browser(who)
        return client.post(path, data={**(data or {}), "csrf_token": csrf(client)}, **more)

    def draft(
        self, who: str = "owner", text: str = SOI, house: str = "alpha", title: str = ""
    ) -> str:
        """A drafted need; its public id."""
        form = {"text": text, "title": title, "organisation": self.organisations[house]}
        answer = self.post("/needs/new", who, form)
        assert answer.status_code == 302, answer.text
        found = re.search(r"/needs/(need-\w+)/confirm", answer.location)
        assert found
        return found[1]

    def published(self, disclosure: str = "members", who: str = "owner", **more: Any) -> str:
        """A published need; gamma is invited where the disclosure asks for it."""
        key = self.draft(who, **more)
        invited = self.organisations["gamma"] if disclosure == "invited" else ""
        form = {"disclosure": disclosure, "invited": invited, "act": "publish"}
        answer = self.post(f"/needs/{key}/publish", who, form)
        assert answer.status_code == 302, answer.text
        return key

    def settle(self) -> None:
        """Let everything derived catch up."""
        self.platform.worker.settle()


def sign_in(database: Database, client: FlaskClient, person_id: int) -> None:
    """A session as signing in makes it, without hashing a password."""
    token = secrets.token_urlsafe(16)
    now = clock.now()
    with database.writing() as uow:
        uow.session.add(
            SignInSession(token_hash=hashlib.sha256(token.encode()).hexdigest(), agent="test",
                          person_id=person_id, seen_at=now, expires_at=now + timedelta(days=1))
        )  # fmt: skip
    with client.session_transaction() as session:
        session["token"] = token


def cookie_of(client: FlaskClient) -> dict[str, Any]:
    """What the browser's session cookie holds, read without a request around it."""
    app = client.application
    kept = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    if kept is None or signer is None:
        return {}
    try:
        found: dict[str, Any] = signer.loads(kept.value)
    except BadSignature:  # of another key: the site will make a new one
        return {}
    return found


def csrf(client: FlaskClient) -> str:
    """The token that a form of this browser carries."""
    raw = cookie_of(client).get("csrf_token")
    if raw is None:
        with client.session_transaction() as session:
            raw = session.setdefault("csrf_token", secrets.token_hex(20))
    signer = URLSafeTimedSerializer(str(client.application.secret_key), salt="wtf-csrf-token")
    return str(signer.dumps(raw))


def open_site(folder: Path, **settings: Any) -> Site:
    """The application on the data in `folder`, with some settings of its own."""
    from app import create_app

    # people of the cast have a password alone, and tests let days go by
    own = {"secretariat_second_factor": False, "session_hours": 14 * 24, "session_idle_hours": 72}
    chosen = own | settings
    app = create_app(Settings(data_dir=folder, sqlite_synchronous="NORMAL", **chosen))
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    app.jinja_env.bytecode_cache = TEMPLATES
    return Site(app)


def fill(folder: Path, *, shipped: bool) -> None:
    """Tables, and the shipped dataset with the demo alliance and all that is derived from them."""
    site = open_site(folder)
    migrate.upgrade(site.platform.settings.database)
    with site.database.writing() as uow:
        if shipped:
            seeding.seed(uow)
            demo_seeding.seed_demo(uow, clock.today(), folder)
        else:
            for code in ("jilin", "wuhan", "xian", "hubei"):
                uow.session.add(Region(code=code, zh=code, en=code, kind="province",
                                       path=f"/{code}/", lat=30, lon=100))  # fmt: skip
    site.platform.search.ensure()
    site.settle()
    with site.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    site.database.close()


def copied(template: Path, folder: Path) -> Site:
    """The application on a copy of filled data, with the cast moved in."""
    shutil.copytree(template, folder, dirs_exist_ok=True)
    site = open_site(folder)
    people(site)
    return site


def people(site: Site) -> None:
    """Four member houses (one suspended) and everybody of CAST."""
    with site.database.writing() as uow:
        codes = {r.code: r.id or 0 for r in uow.session.exec(select(Region)).all()}
        houses: dict[str, int] = {}
        for name, (zh, en, region) in HOUSES.items():
            state = Membership.SUSPENDED if name == "delta" else Membership.ADMITTED
            house = Organisation(
                name_zh=zh, name_en=en, kind=OrganisationKind.FIRM, region_id=codes[region],
                membership=state, contact=f"{name}-contact@example.org",
            )  # fmt: skip
            uow.session.add(house)
            uow.flush()
            houses[name] = house.id or 0
            uow.record(OrganisationChanged(houses[name]))
            site.organisations[name] = house.public_id
        for who, role, house_name, region in CAST:
            person = Person(email=f"{who}@example.net", name=f"{who} 某",
                            password_hash=password_hash())  # fmt: skip
            uow.session.add(person)
            uow.flush()
            site.people[who], site.emails[who] = person.id or 0, person.email
            uow.session.add(
                RoleGrant(
                    person_id=person.id or 0, role=role, organisation_id=houses.get(house_name),
                    region_id=codes.get(region),
                    expires_at=clock.now() - timedelta(days=1) if who == "expired" else None,
                )
            )  # fmt: skip


def row_counts(database: Database) -> dict[str, int]:
    """How many rows each table has, bookkeeping of visits left out."""
    from collab import tables

    passing = {"throttle", "signinsession", "needread"}
    with database.reading() as uow:
        run = uow.session.connection().exec_driver_sql
        return {
            t.name: run(f'SELECT count(*) FROM "{t.name}"').scalar_one()
            for t in tables.metadata.sorted_tables
            if t.name not in passing
        }


def need_rows(database: Database) -> list[tuple[Any, ...]]:
    """Every need as it stands, for telling whether one was touched."""
    from collab.needs.models import Need

    with database.reading() as uow:
        rows = uow.session.exec(select(Need).order_by(col(Need.id))).all()
        return [(r.id, r.title, r.text, r.state, r.disclosure, r.version, str(r.structure))
                for r in rows]  # fmt: skip


# ── fixtures; conftest files import those they want ──────────────────────────


@pytest.fixture(scope="session")
def shipped_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a fresh installation: dataset, demo alliance, index, matches."""
    folder = tmp_path_factory.mktemp("shipped")
    fill(folder, shipped=True)
    return folder


@pytest.fixture(scope="session")
def bare_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of an installation with tables and four regions only."""
    folder = tmp_path_factory.mktemp("bare")
    fill(folder, shipped=False)
    return folder


@pytest.fixture
def bare(bare_template: Path, tmp_path: Path) -> Iterator[Site]:
    """The site with the cast alone: quick, and nothing but what the test puts there."""
    site = copied(bare_template, tmp_path)
    yield site
    site.database.close()


@pytest.fixture
def site(shipped_template: Path, tmp_path: Path) -> Iterator[Site]:
    """The site as shipped, with the cast moved in; this test's own copy."""
    made = copied(shipped_template, tmp_path)
    yield made
    made.database.close()
