"""Who the asker is, and the tokens of a person."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from collab.kernel.permissions import Scope
from collab.members import catalogue, service
from collab.members.forms import TokenIn
from collab.members.models import ApiToken
from collab.web import signing
from collab.web.api.layer import CREATED, NO_CONTENT, Reply
from collab.web.api.serving import api
from collab.web.api.shapes import Listing, OrganisationRef, organisation_ref
from collab.web.session import current_actor, reading, writing

TAG = "account"


class Me(BaseModel):
    """The asker: a person with standing, or a visitor. `scopes` is null for a browser session."""

    signed_in: bool
    name: str
    email: str
    member: bool
    secretariat: bool
    organisations: list[OrganisationRef]
    edits: list[str]
    regions: list[str]
    scopes: list[str] | None


class TokenOut(BaseModel):
    """A personal token, without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class TokenNew(TokenOut):
    """A token just made; `secret` is shown this once."""

    secret: str


class Tokens(Listing[TokenOut]):
    """The asker's tokens."""


@api.get("/me", summary=("我是谁", "Who am I"), tag=TAG, public=True, answer=Me)
def show_me() -> Me:
    """The asker with organisations and regions."""
    actor = current_actor()
    with reading() as uow:
        person = catalogue.person(uow, actor)
        own = catalogue.own(uow, actor)
        regions = catalogue.regions(uow) if actor.region_ids else {}
    return Me(
        signed_in=person is not None,
        name=person.name if person else "",
        email=person.email if person else "",
        member=actor.is_member,
        secretariat=actor.secretariat,
        organisations=[organisation_ref(v.row) for v in own],
        edits=[v.row.public_id for v in own if v.row.id in actor.editor_organisation_ids],
        regions=sorted(regions[i].code for i in actor.region_ids if i in regions),
        scopes=None if actor.scopes is None else sorted(actor.scopes),
    )


@api.get("/tokens", summary=("列出我的令牌", "List my tokens"), tag=TAG, answer=Tokens)
def list_tokens() -> Tokens:
    """Tokens that are not revoked."""
    with reading() as uow:
        rows = catalogue.tokens(uow, current_actor())
    return Tokens(items=[_token(row) for row in rows], total=len(rows))


@api.post("/tokens", summary=("创建令牌", "Make a token"), tag=TAG, status=CREATED, body=TokenIn,
          answer=TokenNew)  # fmt: skip
def issue_token(body: TokenIn) -> Reply:
    """A new token; only from a browser session with a fresh proof, never by a token."""
    fresh = signing.is_fresh()
    with writing() as uow:
        row, secret = service.issue_token(uow, current_actor(), body, fresh=fresh)
        uow.flush()
    model = TokenNew(**_token(row).model_dump(), secret=secret)
    return Reply(model, CREATED, f"/tokens/{row.public_id}", headers={"Cache-Control": "no-store"})


@api.delete("/tokens/<key>", summary=("作废令牌", "Revoke a token"), tag=TAG, status=NO_CONTENT)
def revoke_token(key: str) -> None:
    """End one of the asker's tokens."""
    with writing() as uow:
        service.revoke_token(uow, current_actor(), key)


def _token(row: ApiToken) -> TokenOut:
    return TokenOut(
        id=row.public_id, name=row.name, scopes=[Scope(s) for s in row.scopes],
        created_at=row.created_at, expires_at=row.expires_at, last_used_at=row.last_used_at,
    )  # fmt: skip
