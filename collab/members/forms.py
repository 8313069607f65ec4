"""Validated input about organisations, tokens and people."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collab.kernel.identity import Role
from collab.kernel.permissions import Scope
from collab.members.rules import OrganisationKind

Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00]*$")]
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f]*$")
]
Web = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^(https?://[^\s<>\"]+)?$"),
]


class OrganisationIn(BaseModel):
    """What the people of an organisation may change on its page."""

    model_config = ConfigDict(extra="forbid")

    name_zh: Annotated[Line, Field(min_length=2)]
    name_en: Line = ""
    website: Web = ""
    description_zh: Annotated[Text, Field(max_length=4000)] = ""
    description_en: Annotated[Text, Field(max_length=4000)] = ""
    contact: Annotated[Text, Field(max_length=500)] = ""


class ClaimIn(BaseModel):
    """Who somebody is who speaks for an organisation, and how that can be checked."""

    model_config = ConfigDict(extra="forbid")

    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "CN"
    identifier: Annotated[Line, Field(max_length=40)]
    contact_name: Annotated[Line, Field(min_length=2, max_length=100)]
    contact_email: Annotated[Line, Field(max_length=254)]
    evidence: Annotated[Text, Field(max_length=4000)] = ""


class JoinIn(ClaimIn):
    """An organisation that wants to join."""

    name_zh: Annotated[Line, Field(min_length=2)]
    name_en: Line = ""
    kind: OrganisationKind
    region: Annotated[Line, Field(min_length=1, max_length=64)]
    website: Web = ""
    another: bool = False


class AdmissionIn(BaseModel):
    """The dates of a co-build agreement, when there is one, and what is said to the applicant."""

    model_config = ConfigDict(extra="forbid")

    title: Line = ""
    signed_on: date | None = None
    until: date | None = None
    reason: Annotated[Text, Field(max_length=2000)] = ""


class RoleIn(BaseModel):
    """A role for somebody: its scope comes from where it is given."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    region: Annotated[Line, Field(max_length=64)] = ""
    expires_on: date | None = None


class InvitationIn(RoleIn):
    """Somebody to be asked in, by e-mail address."""

    email: Annotated[Line, Field(max_length=254)]
    name: Annotated[Line, Field(min_length=1, max_length=100)]


class TokenIn(BaseModel):
    """A personal API token: a name to know it by, its scopes and how many days it lives."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(min_length=1, max_length=100)]
    scopes: list[Scope] = Field(default_factory=lambda: [Scope.READ])
    days: int = Field(default=90, ge=1, le=365)


class ProviderIn(BaseModel):
    """An organisation's sign-in service; an empty secret leaves the one that is kept."""

    model_config = ConfigDict(extra="forbid")

    issuer: Annotated[str, StringConstraints(
        strip_whitespace=True, max_length=300, pattern=r"^https?://[^\s<>\"?#]+$")]  # fmt: skip
    client_id: Annotated[Line, Field(min_length=1)]
    client_secret: Annotated[Line, Field(max_length=500)] = ""
    domains: list[Annotated[str, StringConstraints(
        strip_whitespace=True, to_lower=True, max_length=253,
        pattern=r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}$")]] = Field(
        min_length=1, max_length=20)  # fmt: skip
    active: bool = True
