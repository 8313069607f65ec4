"""The agreements of the asker's organisations, to read; signing is for people."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel

from collab.agreements import service
from collab.agreements.rules import AgreementKind, AgreementState, Side
from collab.agreements.service import AgreementView
from collab.web.api import paging
from collab.web.api.serving import api
from collab.web.api.shapes import Listing, OrganisationRef, organisation_ref
from collab.web.session import current_actor, reading

TAG = "agreements"


class AgreementOut(BaseModel):
    """An agreement in a list; `side` is the asker's."""

    id: str
    title: str
    kind: AgreementKind
    state: AgreementState
    need: str | None
    owner: OrganisationRef
    provider: OrganisationRef
    side: Side
    starts_on: date
    ends_on: date
    signed_at: datetime | None


class MilestoneOut(BaseModel):
    """Something that is to be there by a day: done, then confirmed."""

    number: int
    title: str
    due_on: date
    done_at: datetime | None
    confirmed_at: datetime | None


class AgreementFull(AgreementOut):
    """An agreement with its words. `amount_minor` counts hundredths of `currency`."""

    scope: str
    amount_minor: int | None
    currency: str
    owner_signed_at: datetime | None
    provider_signed_at: datetime | None
    outcome: str | None
    remark: str
    milestones: list[MilestoneOut]


class Agreements(Listing[AgreementOut]):
    """Agreements, the latest first."""


def _shape(view: AgreementView) -> AgreementOut:
    row = view.row
    return AgreementOut(
        id=row.public_id, title=row.title, kind=row.kind, state=row.state,
        need=view.need.public_id if view.need else None, owner=organisation_ref(view.owner),
        provider=organisation_ref(view.provider), side=view.side,
        starts_on=row.starts_on, ends_on=row.ends_on, signed_at=row.signed_at,
    )  # fmt: skip


@api.get("/agreements", summary=("列出我的协议", "List my agreements"), tag=TAG,
         query=paging.Paged, answer=Agreements)  # fmt: skip
def list_agreements(query: paging.Paged) -> Agreements:
    """Agreements to which one of the asker's organisations is a party."""
    with reading() as uow:
        page = paging.fetched(query, lambda n, size: service.page(uow, current_actor(), n, size))
    return Agreements(
        items=[_shape(v) for v in page.items], total=page.total, next=paging.next_of(page)
    )


@api.get("/agreements/<key>", summary=("查看一份协议", "One agreement"), tag=TAG,
         answer=AgreementFull)  # fmt: skip
def show_agreement(key: str) -> AgreementFull:
    """An agreement with its milestones, for its parties."""
    with reading() as uow:
        view = service.one(uow, current_actor(), key)
    row = view.row
    return AgreementFull(
        **_shape(view).model_dump(),
        scope=row.scope, amount_minor=row.amount_minor, currency=row.currency,
        owner_signed_at=row.owner_signed_at, provider_signed_at=row.provider_signed_at,
        outcome=row.outcome or None, remark=row.remark,
        milestones=[
            MilestoneOut(number=m.number, title=m.title, due_on=m.due_on, done_at=m.done_at,
                         confirmed_at=m.confirmed_at)
            for m in view.milestones
        ],
    )  # fmt: skip
