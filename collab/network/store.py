"""Named queries of the coordinator's view; needs only as far as the viewer may read them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from collab.kernel import clock
from collab.kernel.events import DatabaseRestored
from collab.kernel.happened import (
    CapabilityChanged,
    CatalogueReplaced,
    NeedChanged,
    NeedPublished,
    OrganisationChanged,
    StandingsDue,
)
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.matching.blocking import PRIVATE_ACTS
from collab.needs import store as needs
from collab.needs.access import POLICY, waiting
from collab.needs.models import Need
from collab.needs.rules import Disclosure, NeedState
from collab.network.models import DeskVisit, NeedStanding
from collab.storage import grants
from collab.storage.models import Activity, OutboxDelivery, OutboxEvent
from collab.storage.uow import UnitOfWork

AT_ONCE = 500  # keys in one query
FOLLOWED = tuple(
    e.__name__
    for e in (
        CapabilityChanged,
        CatalogueReplaced,
        DatabaseRestored,
        NeedChanged,
        NeedPublished,
        OrganisationChanged,
        StandingsDue,
    )
)


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
            waiting(),
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
        .where(
            col(Activity.at) >= since,
            col(Activity.kind).in_(("organisation", "capability")),
            col(Activity.action).not_in(PRIVATE_ACTS),
        )
        .order_by(col(Activity.id).desc())
        .limit(most)
    )
    last: dict[tuple[str, str], datetime] = {}
    for kind, key, at in rows:
        last.setdefault((kind, key), at)
    return [(kind, key, at) for (kind, key), at in last.items()]


def asking(uow: UnitOfWork, techniques: Collection[str]) -> set[int]:
    """Keys of open needs that ask for one of the techniques; no permission check."""
    return needs.open_needs_asking(uow, techniques)


def unevaluated(uow: UnitOfWork, rule_version: str) -> set[int]:
    """Open needs without a standing of their present version under these rules."""
    rows = uow.session.exec(
        select(Need.id)
        .outerjoin(
            NeedStanding,
            sa.and_(
                col(NeedStanding.need_id) == col(Need.id),
                col(NeedStanding.need_version) == col(Need.version),
                col(NeedStanding.rule_version) == rule_version,
            ),
        )
        .where(waiting(), col(NeedStanding.id).is_(None))
    )
    return {key for key in rows if key is not None}


def standings_after(uow: UnitOfWork, last: int) -> Sequence[Any]:
    """Standings stored after the one numbered `last`, in order, without their candidates."""
    columns = (
        col(NeedStanding.id), col(NeedStanding.need_id), col(NeedStanding.need_version),
        col(NeedStanding.rule_version), col(NeedStanding.route), col(NeedStanding.steps),
        col(NeedStanding.created_at),
    )  # fmt: skip
    query = sa.select(*columns).where(col(NeedStanding.id) > last).order_by(col(NeedStanding.id))
    return uow.session.connection().execute(query).all()


def whole_standings(uow: UnitOfWork, need_ids: Sequence[int]) -> Iterator[NeedStanding]:
    """Standings of these needs with their candidates; the caller may read the needs."""
    for begin in range(0, len(need_ids), AT_ONCE):
        part = need_ids[begin : begin + AT_ONCE]
        yield from uow.session.exec(select(NeedStanding).where(col(NeedStanding.need_id).in_(part)))


def packed_fits(uow: UnitOfWork) -> Iterator[tuple[int, bytes]]:
    """The candidates of every stored need, packed."""
    yield from uow.session.exec(select(NeedStanding.need_id, NeedStanding.fits))


def replace_standings(
    uow: UnitOfWork, need_ids: Collection[int], made: Sequence[NeedStanding]
) -> None:
    """Put new standings in place of the old ones; those of needs no longer open just go."""
    uow.session.connection().execute(
        sa.delete(NeedStanding).where(col(NeedStanding.need_id).in_(need_ids))
    )
    uow.session.add_all(made)


def unsettled_since(uow: UnitOfWork, listener: str) -> datetime | None:
    """When the oldest event happened that the listener has not taken yet; None for none."""
    given = select(OutboxDelivery.event_id).where(col(OutboxDelivery.listener) == listener)
    early = sa.select(sa.func.min(col(OutboxEvent.recorded_at)))
    queries = (
        early.where(col(OutboxEvent.id).in_(given)),
        early.where(
            col(OutboxEvent.fanned_at).is_(None),
            col(OutboxEvent.due_at) <= clock.now(),
            col(OutboxEvent.name).in_(FOLLOWED),
        ),
    )
    found = [uow.session.connection().execute(q).scalar() for q in queries]
    return min((moment for moment in found if moment is not None), default=None)


def visit_of(uow: UnitOfWork, person_id: int) -> DeskVisit | None:
    """When this person last looked at the desk."""
    return uow.session.exec(select(DeskVisit).where(col(DeskVisit.person_id) == person_id)).first()
