"""Named queries over holds and reports, and the records they are about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, func, select

from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.facilities import store as facilities
from collab.facilities.access import POLICY as FACILITIES
from collab.facilities.models import Capability
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.moderation.access import POLICY
from collab.moderation.models import Hold, Record, Report, kind_of
from collab.moderation.rules import HoldState, Kind, ReportState
from collab.needs import store as needs
from collab.needs.access import POLICY as NEEDS
from collab.needs.models import Need
from collab.storage import grants
from collab.storage.doors import Door, open_row
from collab.storage.uow import UnitOfWork

READ = {Kind.NEED: Permission.NEED_READ, Kind.CAPABILITY: Permission.CAPABILITY_READ}
EDIT = {Kind.NEED: Permission.NEED_EDIT, Kind.CAPABILITY: Permission.CAPABILITY_EDIT}
MODERATE = {Kind.NEED: Permission.NEED_MODERATE, Kind.CAPABILITY: Permission.CAPABILITY_MODERATE}


def open_record(
    uow: UnitOfWork, actor: Actor, kind: Kind, key: str, may: Mapping[Kind, Permission] = READ
) -> Record:
    """The need or capability with this public id, as its own slice lets the actor have it.

    In a writing unit of work it is kept from others until the end: of two who decide at once the
    second one sees what the first one did.
    """
    row: Record
    if kind is Kind.NEED:
        row = needs.open_need(uow, actor, key, may[kind])
    else:
        row = facilities.open_capability(uow, actor, key, may[kind])
    if uow.writable:
        uow.session.refresh(row, with_for_update=True)
    return row


def reference(row: Record) -> tuple[int | None, int | None]:
    """`need_id` and `capability_id` by which a hold or a report refers to a record."""
    return (row.id, None) if isinstance(row, Need) else (None, row.id)


def _about(table: type[Hold] | type[Report], row: Record) -> ColumnElement[bool]:
    column = table.need_id if isinstance(row, Need) else table.capability_id
    return col(column) == row.id


def live_hold(uow: UnitOfWork, row: Record) -> Hold | None:
    """The hold under which a record is; whoever calls opened the record."""
    return uow.session.exec(select(Hold).where(_about(Hold, row), col(Hold.live).is_(True))).first()


def hold_by_id(uow: UnitOfWork, hold_id: int) -> Hold | None:
    """A hold by its key, for listeners."""
    return uow.session.get(Hold, hold_id)


def report_by_id(uow: UnitOfWork, report_id: int) -> Report | None:
    """A report by its key, for listeners."""
    return uow.session.get(Report, report_id)


def record_of(uow: UnitOfWork, about: Hold | Report) -> Record | None:
    """The record that a hold or a report is about, for the platform's own listeners."""
    if about.need_id is not None:
        return uow.session.get(Need, about.need_id)
    return uow.session.get(Capability, about.capability_id) if about.capability_id else None


def records(
    uow: UnitOfWork, actor: Actor, found: Sequence[Hold | Report]
) -> tuple[dict[int, Need], dict[int, Capability]]:
    """The needs and capabilities that these are about, as far as the actor may read them."""
    wanted = {f.need_id for f in found if f.need_id is not None}
    offered = {f.capability_id for f in found if f.capability_id is not None}
    return (
        needs.readable_by_id(uow, actor, wanted),
        facilities.capabilities_by_id(uow, actor, offered),
    )


def holds_waiting(
    uow: UnitOfWork, actor: Actor, states: Collection[HoldState], limit: int
) -> Sequence[Hold]:
    """Live holds of records that the actor moderates, the longest waiting first."""
    return uow.session.exec(
        select(Hold)
        .where(
            col(Hold.live).is_(True),
            col(Hold.state).in_(sorted(states)),
            grants.where(POLICY[Permission.HOLD_READ], actor),
        )
        .order_by(col(Hold.updated_at), col(Hold.id))
        .limit(limit)
    ).all()


def count_of_holds(uow: UnitOfWork, actor: Actor) -> dict[HoldState, tuple[int, datetime]]:
    """How many live holds in each state the actor moderates, and since when the first waits."""
    rows = uow.session.exec(
        select(Hold.state, func.count(col(Hold.id)), func.min(col(Hold.updated_at)))
        .where(col(Hold.live).is_(True), grants.where(POLICY[Permission.HOLD_READ], actor))
        .group_by(col(Hold.state))
    )
    return {HoldState(state): (count, since) for state, count, since in rows}


def own_holds(uow: UnitOfWork, actor: Actor, limit: int) -> Sequence[Hold]:
    """Live holds of the actor's organisations' own records, the latest first."""
    ids = actor.organisation_ids
    if not ids:
        return []
    needs_ = select(Need.id).where(col(Need.organisation_id).in_(ids))
    capabilities = select(Capability.id).where(col(Capability.organisation_id).in_(ids))
    return uow.session.exec(
        select(Hold)
        .where(
            col(Hold.live).is_(True),
            or_(col(Hold.need_id).in_(needs_), col(Hold.capability_id).in_(capabilities)),
        )
        .order_by(col(Hold.id).desc())
        .limit(limit)
    ).all()


DOOR = Door(Report, "report", POLICY, Permission.REPORT_READ, waits=True)


def open_report(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.REPORT_READ
) -> Report:
    """The report with this public id; NotFound when it may not be known."""
    return open_row(DOOR, uow, actor, key, permission)


def reports_waiting(
    uow: UnitOfWork, actor: Actor, limit: int, row: Record | None = None
) -> Sequence[Report]:
    """Open reports that the actor may answer, the oldest first; with `row`, those about it."""
    query = select(Report).where(
        col(Report.state) == ReportState.OPEN,
        grants.where(POLICY[Permission.REPORT_ANSWER], actor),
    )
    if row is not None:
        query = query.where(_about(Report, row))
    return uow.session.exec(query.order_by(col(Report.id)).limit(limit)).all()


def count_of_reports(uow: UnitOfWork, actor: Actor) -> tuple[int, datetime | None]:
    """How many open reports the actor may answer, and since when the first waits."""
    return uow.session.exec(
        select(func.count(col(Report.id)), func.min(col(Report.created_at))).where(
            col(Report.state) == ReportState.OPEN,
            grants.where(POLICY[Permission.REPORT_ANSWER], actor),
        )
    ).one()


def open_reports_of(uow: UnitOfWork, row: Record) -> Sequence[Report]:
    """Every open report about a record; whoever calls may moderate it."""
    return uow.session.exec(
        select(Report)
        .where(_about(Report, row), col(Report.state) == ReportState.OPEN)
        .order_by(col(Report.id))
        .with_for_update()
    ).all()


def reports_of_person(uow: UnitOfWork, person_id: int, limit: int) -> Sequence[Report]:
    """What a person reported, the latest first."""
    return uow.session.exec(
        select(Report)
        .where(col(Report.person_id) == person_id)
        .order_by(col(Report.id).desc())
        .limit(limit)
    ).all()


def open_report_by(uow: UnitOfWork, person_id: int, row: Record) -> Report | None:
    """The open report of a person about a record."""
    return uow.session.exec(
        select(Report).where(
            col(Report.person_id) == person_id, _about(Report, row), col(Report.live).is_(True)
        )
    ).first()


def interested_in(uow: UnitOfWork, need_id: int) -> list[int]:
    """Organisations whose interest in a need waits or was accepted."""
    rows = uow.session.exec(
        select(Interest.organisation_id).where(
            col(Interest.need_id) == need_id,
            col(Interest.state).in_((InterestState.EXPRESSED, InterestState.ACCEPTED)),
        )
    )
    return sorted(rows)


def may_moderate(uow: UnitOfWork, actor: Actor, row: Record) -> bool:
    """Whether the policy lets the actor moderate this record, readable or not."""
    table: type[Record] = Need if isinstance(row, Need) else Capability
    policy = NEEDS if isinstance(row, Need) else FACILITIES
    rule = grants.where(policy[MODERATE[kind_of(row)]], actor)
    return (
        uow.session.exec(select(table.id).where(col(table.id) == row.id, rule)).first() is not None
    )
