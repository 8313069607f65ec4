"""Needs with their confirmed structure, invitations, the read log and corrections."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from collab.needs.rules import Disclosure, NeedState
from collab.storage.columns import enum_column, json_column
from collab.storage.models import Public, Row, Versioned


class Need(Row, Public, Versioned, table=True):
    """A technology-transfer need. `structure` has the shape of the extraction result, confirmed."""

    PREFIX: ClassVar[str] = "need-"

    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    author_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    region_id: int = Field(foreign_key="region.id", index=True)
    title: str = Field(max_length=120)
    text: str
    structure: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    chain: str | None = Field(default=None, max_length=80, index=True)
    state: NeedState = Field(default=NeedState.DRAFT, sa_type=enum_column(NeedState), index=True)
    disclosure: Disclosure = Field(
        default=Disclosure.MEMBERS, sa_type=enum_column(Disclosure), index=True
    )
    posted_on: date
    published_at: datetime | None = Field(default=None, index=True)
    expires_on: date | None = None
    held_at: datetime | None = None  # closed to others by a moderator, whatever the state
    vocabulary_version: str = Field(default="", max_length=20)
    priority: int = 1
    demo: bool = Field(default=False, index=True)


class NeedTechnique(Row, table=True):
    """A technique that a need asks for, for filters and the network."""

    __table_args__ = (UniqueConstraint("need_id", "technique", name="uq_need_technique"),)

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    technique: str = Field(index=True, max_length=80)


class NeedInvitation(Row, table=True):
    """An organisation that may read an invited need."""

    __table_args__ = (UniqueConstraint("need_id", "organisation_id", name="uq_need_invitation"),)

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)


class NeedParty(Row, table=True):
    """An organisation whose interest the owner accepted: it knows the owner and keeps the need."""

    __table_args__ = (UniqueConstraint("need_id", "organisation_id", name="uq_need_party"),)

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)


class NeedRead(Row, table=True):
    """That somebody outside the posting organisation read an invited need, visible to its owner."""

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    person_id: int = Field(foreign_key="person.id", index=True)
    organisation_id: int | None = Field(default=None, foreign_key="organisation.id")
    channel: str = Field(default="page", max_length=20)


class Correction(Row, table=True):
    """What a person changed of a proposal, kept as evidence for the vocabulary."""

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    part: str = Field(max_length=40)
    change: str = Field(max_length=20)
    before: dict[str, Any] | None = Field(default=None, sa_type=json_column())
    after: dict[str, Any] | None = Field(default=None, sa_type=json_column())
    vocabulary_version: str = Field(default="", max_length=20)
