"""The demo alliance taken out again, with everything that hangs on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import sqlalchemy as sa
from sqlmodel import SQLModel

from collab.facilities.models import Capability, MpwRun
from collab.kernel.happened import CatalogueReplaced
from collab.kernel.identity import SYSTEM
from collab.members.models import Organisation, Person, RoleGrant
from collab.moderation.models import Hold, Report
from collab.needs.models import Need
from collab.storage.uow import UnitOfWork

BATCH = 500
# The scope of a role must not be widened by losing its organisation or region.
# A hold or a report is about one record and goes with it.
OWNED: frozenset[tuple[type[SQLModel], str]] = frozenset({
    (RoleGrant, "organisation_id"), (RoleGrant, "region_id"), (Hold, "need_id"),
    (Hold, "capability_id"), (Report, "need_id"), (Report, "capability_id"),
})  # fmt: skip
TOP = (Need, MpwRun, Capability, Person, Organisation)


def remove_demo(uow: UnitOfWork) -> dict[str, int]:
    """Remove every demo record and all that refers to one; how many rows went from each table.

    A reference that may be empty is emptied, so that what a real member wrote stays. Without a
    demo nothing is done.
    """
    uow.flush()
    gone: dict[str, int] = {}
    for table in [_table(model) for model in TOP]:
        _remove(uow, table, _demo_keys(uow, table), gone)
    uow.session.expire_all()
    if gone:
        uow.note(SYSTEM, "removed", "dataset", "demo", before=dict(gone))
        uow.record(CatalogueReplaced("demo removed"))
    return gone


def _table(model: type[SQLModel]) -> sa.Table:
    found: sa.Table = model.__table__  # type: ignore[attr-defined]
    return found


def _demo_keys(uow: UnitOfWork, table: sa.Table) -> list[int]:
    marked: sa.ColumnElement[bool] = table.c.demo.is_(True)
    if "organisation_id" in table.c:  # what somebody added to a demo organisation goes with it
        owners = _table(Organisation)
        of_demo = sa.select(owners.c.id).where(owners.c.demo.is_(True))
        marked = sa.or_(marked, table.c.organisation_id.in_(of_demo))
    return list(uow.session.connection().execute(sa.select(table.c.id).where(marked)).scalars())


def _owned(column: sa.Column[int]) -> bool:
    return any(column.table is _table(model) and column.name == name for model, name in OWNED)


def _references(to: sa.Table) -> Iterator[sa.Column[int]]:
    for table in SQLModel.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is to:
                yield key.parent


def _remove(uow: UnitOfWork, table: sa.Table, keys: Collection[int], gone: dict[str, int]) -> None:
    """Remove rows and, before them, the rows that cannot stand without them."""
    ordered = sorted(keys)
    connection = uow.session.connection()
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        for column in _references(table):
            refers = column.in_(batch)
            if column.nullable and not _owned(column):
                connection.execute(sa.update(column.table).where(refers).values({column: None}))
                continue
            found = connection.execute(sa.select(column.table.c.id).where(refers)).scalars()
            _remove(uow, column.table, list(found), gone)
        done = connection.execute(sa.delete(table).where(table.c.id.in_(batch))).rowcount
        if done:
            gone[table.name] = gone.get(table.name, 0) + done
