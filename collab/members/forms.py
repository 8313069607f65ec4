"""Validated input about organisations, tokens and people."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collab.kernel.permissions import Scope

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


class TokenIn(BaseModel):
    """A personal API token: a name to know it by, its scopes and how many days it lives."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Line, Field(min_length=1, max_length=100)]
    scopes: list[Scope] = Field(default_factory=lambda: [Scope.READ])
    days: int = Field(default=90, ge=1, le=365)
