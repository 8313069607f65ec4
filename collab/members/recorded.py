"""The record as those may read it whom the policy names: people by their present names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement

from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members import store
from collab.members import store_joining as joined
from collab.storage import audit_reading
from collab.storage.audit_reading import AuditFilter
from collab.storage.models import Activity
from collab.storage.uow import UnitOfWork

Things = ColumnElement[bool]


def wanted(
    uow: UnitOfWork,
    kind: str,
    action: str,
    key: str,
    person: str,
    since: date | None,
    until: date | None,
) -> AuditFilter:
    """A filter in words; a person by public id or e-mail, days inclusive (UTC)."""
    found = None
    if person:
        row = store.person_by_email(uow, person) or store.person_by_public_id(uow, person)
        found = row.id if row is not None else 0
    return AuditFilter(
        kind=kind,
        action=action,
        key=key,
        person_id=found,
        since=_midnight(since) if since else None,
        before=_midnight(until + timedelta(days=1)) if until and until < date.max else None,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def page(
    uow: UnitOfWork, actor: Actor, narrowed: AuditFilter, things: Things, number: int, size: int
) -> Page[Activity]:
    """One page of the record, latest first; without acts on what the actor may not know of."""
    joined.require(uow, actor, Permission.AUDIT_READ)
    return audit_reading.page(uow, replace(narrowed, things=things), number, size)


def export(
    uow: UnitOfWork, actor: Actor, narrowed: AuditFilter, things: Things
) -> Sequence[Activity]:
    """Rows for a file; that they were taken is itself on the record."""
    joined.require(uow, actor, Permission.AUDIT_READ)
    found = audit_reading.rows(uow, replace(narrowed, things=things))
    uow.note(actor, "exported", "audit", "", after={"rows": len(found)})
    return found


def names(uow: UnitOfWork, rows: Sequence[Activity]) -> dict[int, str]:
    """The present names of the people on these rows, by database key."""
    return store.person_names(uow, {r.person_id for r in rows if r.person_id is not None})


def kinds(uow: UnitOfWork, things: Things) -> list[str]:
    """Every kind of thing on the record that the reader may know of."""
    return audit_reading.kinds(uow, things)
