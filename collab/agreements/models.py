"""Agreements between the owner of a need and a provider, with their milestones."""

from datetime import date, datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlmodel import Field

from collab.agreements.rules import AgreementKind, AgreementState
from collab.storage.columns import enum_column
from collab.storage.models import Public, Row, Versioned


class Agreement(Row, Public, Versioned, table=True):
    """One live agreement for each accepted interest; `live` is NULL once it is over.

    A party has signed the present words when its `..._signed_at` is set: changing the words
    takes both back. The tie is shown in the network only when both parties want it.
    """

    PREFIX: ClassVar[str] = "agr-"
    __table_args__ = (sa.UniqueConstraint("interest_id", "live", name="uq_agreement_live"),)

    interest_id: int = Field(foreign_key="interest.id", index=True, ondelete="CASCADE")
    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    owner_id: int = Field(foreign_key="organisation.id", index=True)
    provider_id: int = Field(foreign_key="organisation.id", index=True)
    live: bool | None = Field(default=True)
    state: AgreementState = Field(
        default=AgreementState.PROPOSED, sa_type=enum_column(AgreementState), index=True
    )
    kind: AgreementKind = Field(sa_type=enum_column(AgreementKind))
    title: str = Field(max_length=200)
    scope: str = Field(default="", max_length=4000)
    amount_minor: int | None = Field(default=None, sa_type=sa.BigInteger)
    currency: str = Field(default="CNY", max_length=3)
    starts_on: date
    ends_on: date
    owner_signed_at: datetime | None = None
    owner_signed_by: int | None = Field(default=None, foreign_key="person.id")
    owner_shows: bool = False
    provider_signed_at: datetime | None = None
    provider_signed_by: int | None = Field(default=None, foreign_key="person.id")
    provider_shows: bool = False
    signed_at: datetime | None = None
    outcome: str = Field(default="", max_length=20)
    remark: str = Field(default="", max_length=2000)


class Milestone(Row, table=True):
    """Done when the provider says so, confirmed when the owner does."""

    agreement_id: int = Field(foreign_key="agreement.id", index=True, ondelete="CASCADE")
    number: int
    title: str = Field(max_length=200)
    due_on: date
    done_at: datetime | None = None
    confirmed_at: datetime | None = None
