"""Regions, organisations and their ties; people, their roles, sessions and tokens."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field

from collab.kernel.identity import Role
from collab.members.rules import Membership, OrganisationKind, RelationKind
from collab.storage.columns import enum_column, json_column
from collab.storage.models import Public, Row, Versioned


class Region(Row, table=True):
    """A country, province, city, cluster or park. `path` is "/china/hubei/wuhan/" for subtrees.

    `wishes` are the ids of the vocabulary's region parameter that mean this region.
    """

    code: str = Field(unique=True, index=True, max_length=64)
    zh: str = Field(max_length=200)
    en: str = Field(max_length=200)
    parent: str = Field(default="", max_length=64)
    kind: str = Field(max_length=20)
    path: str = Field(index=True, max_length=400)
    iso: str = Field(default="", max_length=10)
    lat: float | None = None
    lon: float | None = None
    wishes: list[str] = Field(default_factory=list, sa_type=json_column())
    source: str = ""


class Organisation(Row, Public, Versioned, table=True):
    """A legal body. Dataset records are documented, belong to nobody and are members of nothing."""

    PREFIX: ClassVar[str] = "org-"

    slug: str | None = Field(default=None, unique=True, index=True, max_length=80)
    name_zh: str = Field(max_length=200)
    name_en: str = Field(default="", max_length=200)
    kind: OrganisationKind = Field(sa_type=enum_column(OrganisationKind))
    region_id: int = Field(foreign_key="region.id", index=True)
    region_basis: str = Field(default="", max_length=60)
    website: str = Field(default="", max_length=500)
    founded: str = Field(default="", max_length=20)
    description_zh: str = ""
    description_en: str = ""
    contact: str = Field(default="", max_length=500)
    credit_code: str | None = Field(default=None, unique=True, max_length=40)
    membership: Membership = Field(
        default=Membership.LISTED, sa_type=enum_column(Membership), index=True
    )
    evidence: str = Field(default="documented", max_length=20)
    confirmed_at: datetime | None = None
    source: str = ""
    source_type: str = Field(default="", max_length=60)
    confidence: str = Field(default="", max_length=20)
    demo: bool = Field(default=False, index=True)


class CoBuildAgreement(Row, table=True):
    """The agreement by which an organisation is a co-build unit (共建单位) from a day on."""

    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    signed_on: date
    until: date | None = None
    title: str = Field(default="", max_length=200)


class Relation(Row, table=True):
    """A directed tie between two organisations, with its source."""

    __table_args__ = (UniqueConstraint("from_id", "to_id", "kind", name="uq_relation"),)

    from_id: int = Field(foreign_key="organisation.id", index=True)
    to_id: int = Field(foreign_key="organisation.id", index=True)
    kind: RelationKind = Field(sa_type=enum_column(RelationKind), index=True)
    year: str = Field(default="", max_length=20)
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = ""
    source_type: str = Field(default="", max_length=60)
    confidence: str = Field(default="", max_length=20)


class Person(Row, Public, Versioned, table=True):
    """Somebody with an account."""

    PREFIX: ClassVar[str] = "per-"

    email: str = Field(unique=True, index=True, max_length=254)
    name: str = Field(max_length=100)
    language: str = Field(default="zh", max_length=5)
    password_hash: str = ""
    active: bool = True
    demo: bool = False
    last_seen_at: datetime | None = None
    verified_at: datetime | None = None
    second_factor: str = Field(default="", max_length=300)  # sealed, see storage/sealing.py
    second_factor_step: int = -1  # the last time step whose code was used
    erased_at: datetime | None = None


class OneTimeToken(Row, table=True):
    """A link sent by e-mail: to verify an address, reset a password or accept an invitation.

    Only its SHA-256 is kept. `facts` say what an invitation grants.
    """

    token_hash: str = Field(unique=True, index=True, max_length=64)
    purpose: str = Field(max_length=20)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    email: str = Field(default="", max_length=254)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    expires_at: datetime
    used_at: datetime | None = None


class Application(Row, Public, Versioned, table=True):
    """An organisation that wants to join, or the real owner who claims a shipped record."""

    PREFIX: ClassVar[str] = "app-"

    organisation_id: int | None = Field(default=None, foreign_key="organisation.id", index=True)
    name_zh: str = Field(max_length=200)
    name_en: str = Field(default="", max_length=200)
    credit_code: str = Field(default="", max_length=40, index=True)
    kind: str = Field(default="firm", max_length=40)
    region_id: int = Field(foreign_key="region.id")
    website: str = Field(default="", max_length=500)
    evidence: str = Field(default="", max_length=4000)
    contact_name: str = Field(max_length=100)
    contact_email: str = Field(max_length=254, index=True)
    state: str = Field(default="submitted", max_length=20, index=True)
    decision: str = Field(default="", max_length=2000)
    decided_by: int | None = Field(default=None, foreign_key="person.id")


class RoleGrant(Row, table=True):
    """A role of a person, scoped to an organisation, a region or (neither) the alliance."""

    person_id: int = Field(foreign_key="person.id", index=True)
    role: Role = Field(sa_type=enum_column(Role))
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id", index=True)
    region_id: int | None = Field(default=None, foreign_key="region.id", index=True)
    granted_by: int | None = Field(default=None, foreign_key="person.id")
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class SignInSession(Row, table=True):
    """A signed-in browser: the cookie holds a random token, this row its SHA-256."""

    token_hash: str = Field(unique=True, index=True, max_length=64)
    person_id: int = Field(foreign_key="person.id", index=True)
    seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    agent: str = Field(default="", max_length=200)
    method: str = Field(default="password", max_length=20)
    proved_at: datetime | None = (
        None  # when the person last showed who they are; None: at the start
    )


class SignInChallenge(Row, table=True):
    """A question put to one browser, to be answered once and soon; the row goes with the answer.

    The browser's cookie holds a random handle, this row its SHA-256.
    """

    handle_hash: str = Field(unique=True, index=True, max_length=64)
    purpose: str = Field(max_length=20)
    challenge: str = Field(max_length=120)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    expires_at: datetime = Field(index=True)


class Passkey(Row, Public, table=True):
    """A WebAuthn credential of a person: the public half, and how often it was used."""

    PREFIX: ClassVar[str] = "pky-"

    person_id: int = Field(foreign_key="person.id", index=True)
    name: str = Field(max_length=60)
    credential_id: str = Field(unique=True, index=True, max_length=1400)
    public_key: str = Field(max_length=2000)
    sign_count: int = Field(default=0, sa_type=BigInteger)
    transports: list[str] = Field(default_factory=list, sa_type=json_column())
    backed_up: bool = False
    last_used_at: datetime | None = None


class RecoveryCode(Row, table=True):
    """A code on paper that stands in once for a lost second factor; its salted hash is kept."""

    person_id: int = Field(foreign_key="person.id", index=True)
    salt: str = Field(max_length=32)
    code_hash: str = Field(max_length=64)
    used_at: datetime | None = None


class IdentityProvider(Row, Public, Versioned, table=True):
    """An organisation's own sign-in service (OpenID Connect), for the addresses of its domains."""

    PREFIX: ClassVar[str] = "idp-"

    organisation_id: int = Field(foreign_key="organisation.id", unique=True)
    issuer: str = Field(max_length=300)
    client_id: str = Field(max_length=200)
    client_secret: str = Field(default="", max_length=1200)  # sealed
    domains: list[str] = Field(default_factory=list, sa_type=json_column())
    active: bool = True


class ExternalIdentity(Row, table=True):
    """Who a person is at a sign-in service: issuer and subject, never the e-mail address."""

    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_externalidentity_subject"),)

    person_id: int = Field(foreign_key="person.id", index=True)
    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=255)
    by_hand: bool = False  # connected by the person with fresh proof, not by the service alone
    last_used_at: datetime | None = None


class ApiToken(Row, Public, table=True):
    """A personal API token: scoped, expiring, shown once, kept as a hash."""

    PREFIX: ClassVar[str] = "tok-"

    person_id: int = Field(foreign_key="person.id", index=True)
    name: str = Field(max_length=100)
    token_hash: str = Field(unique=True, index=True, max_length=64)
    scopes: list[str] = Field(default_factory=list, sa_type=json_column())
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class Throttle(Row, table=True):
    """How often a key (address, e-mail, token) did something in the running window."""

    key: str = Field(unique=True, index=True, max_length=128)
    window_start: datetime
    count: int = 0
