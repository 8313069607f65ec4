"""Named queries of the coordinator's view; needs only as far as the viewer may read them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.access import POLICY
from collab.needs.models import Need
from collab.needs.rules import OPEN_STATES, Disclosure, NeedState
from collab.storage import grants
from collab.storage.models import Activity
from collab.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class OpenNeed:
    """An open need that the viewer may read; of an `anonymous` one the place is not to be shown."""

    id: int
    key: str
    title: str
    version: int
    state: NeedState
    posted_on: date
    published_at: datetime | None
    region_id: int
    anonymous: bool
    chain: str
    priority: int


def open_needs(uow: UnitOfWork, actor: Actor) -> list[OpenNeed]:
    """Every open need that the actor may read, oldest first, without its text."""
    columns = (
        col(Need.id), col(Need.public_id), col(Need.title), col(Need.version), col(Need.state),
        col(Need.posted_on), col(Need.published_at), col(Need.region_id), col(Need.disclosure),
        col(Need.chain), col(Need.priority), col(Need.organisation_id),
    )  # fmt: skip
    rows = uow.session.connection().execute(
        sa.select(*columns)
        .where(
            col(Need.state).in_(sorted(OPEN_STATES)),
            grants.where(POLICY[Permission.NEED_READ], actor),
        )
        .order_by(col(Need.posted_on), col(Need.id))
    )
    return [_open(row, actor) for row in rows]


def _open(row: Any, actor: Actor) -> OpenNeed:
    hidden = row.disclosure == Disclosure.ANONYMOUS
    return OpenNeed(
        id=row.id,
        key=row.public_id,
        title=row.title,
        version=row.version,
        state=row.state,
        posted_on=row.posted_on,
        published_at=row.published_at,
        region_id=row.region_id,
        anonymous=hidden and row.organisation_id not in actor.organisation_ids,
        chain=row.chain or "",
        priority=row.priority,
    )


def whole_needs(uow: UnitOfWork, actor: Actor, ids: Collection[int]) -> dict[int, Need]:
    """Readable needs with their structure, by key."""
    found: dict[int, Need] = {}
    wanted = sorted(ids)
    for begin in range(0, len(wanted), 500):
        rows = uow.session.exec(
            select(Need).where(
                col(Need.id).in_(wanted[begin : begin + 500]),
                grants.where(POLICY[Permission.NEED_READ], actor),
            )
        )
        found |= {row.id or 0: row for row in rows}
    return found


def touched(uow: UnitOfWork, since: datetime, most: int = 400) -> list[tuple[str, str, datetime]]:
    """Kind, public id and time of the last change of organisations and capabilities since then."""
    rows = uow.session.exec(
        select(Activity.kind, Activity.key, Activity.at)
        .where(col(Activity.at) >= since, col(Activity.kind).in_(("organisation", "capability")))
        .order_by(col(Activity.id).desc())
        .limit(most)
    )
    last: dict[tuple[str, str], datetime] = {}
    for kind, key, at in rows:
        last.setdefault((kind, key), at)
    return [(kind, key, at) for (kind, key), at in last.items()]
