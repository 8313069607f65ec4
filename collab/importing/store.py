"""Named queries of imports and exports over the records of every slice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import delete
from sqlmodel import SQLModel, col, select

from collab.facilities.models import Capability, MpwRun
from collab.importing.access import openable
from collab.importing.models import ImportBatch, ImportChange, RowProblem
from collab.importing.rules import BatchState
from collab.kernel.errors import NotAllowed, NotFound
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.members.access import POLICY as MEMBERS
from collab.members.models import Organisation, Region
from collab.needs.models import Need
from collab.storage import grants
from collab.storage.uow import UnitOfWork
from collab.vocabulary.normalize import key

T = TypeVar("T", Organisation, Capability, MpwRun, Need)
Owned = TypeVar("Owned", Capability, MpwRun, Need)


def editable_organisations(uow: UnitOfWork, actor: Actor) -> Sequence[Organisation]:
    """Organisations that the actor may change."""
    may = grants.where(MEMBERS[Permission.ORGANISATION_EDIT], actor)
    return uow.session.exec(select(Organisation).where(may).order_by(col(Organisation.id))).all()


def own_organisations(uow: UnitOfWork, actor: Actor) -> Sequence[Organisation]:
    """Organisations in which the actor stands; all of them for the platform itself."""
    query = select(Organisation).order_by(col(Organisation.id))
    if not actor.system:
        query = query.where(col(Organisation.id).in_(actor.organisation_ids))
    return uow.session.exec(query).all()


def organisations(uow: UnitOfWork, ids: Collection[int]) -> Sequence[Organisation]:
    """Organisations by key."""
    return _many(uow, Organisation, ids)


def _many(uow: UnitOfWork, table: type[T], ids: Collection[int]) -> list[T]:
    found: list[T] = []
    ordered = sorted(ids)
    for start in range(0, len(ordered), 500):
        batch = ordered[start : start + 500]
        found += uow.session.exec(select(table).where(col(table.id).in_(batch))).all()
    return found


def _owned(uow: UnitOfWork, table: type[Owned], owners: Collection[int]) -> list[Owned]:
    found: list[Owned] = []
    ordered = sorted(owners)
    for start in range(0, len(ordered), 500):
        batch = ordered[start : start + 500]
        query = select(table).where(col(table.organisation_id).in_(batch)).order_by(col(table.id))
        found += uow.session.exec(query).all()
    return found


def _one(uow: UnitOfWork, table: type[T], record: str) -> T:
    row = uow.session.exec(select(table).where(col(table.public_id) == record)).first()
    if row is None:
        raise NotFound(table.__name__.lower(), record)
    return row


def _keys(uow: UnitOfWork, table: type[T], records: Collection[str]) -> list[int]:
    found: list[int] = []
    ordered = sorted(set(records))
    for start in range(0, len(ordered), 500):
        batch = ordered[start : start + 500]
        query = select(table.id).where(col(table.public_id).in_(batch)).order_by(col(table.id))
        found += [k for k in uow.session.exec(query) if k is not None]
    return found


def organisation(uow: UnitOfWork, organisation_id: int) -> Organisation:
    """An organisation by key."""
    row = uow.session.get(Organisation, organisation_id)
    if row is None:
        raise NotFound("organisation", organisation_id)
    return row


def organisation_named(uow: UnitOfWork, record: str) -> Organisation:
    """An organisation by public id."""
    return _one(uow, Organisation, record)


def organisations_named(uow: UnitOfWork, records: Collection[str]) -> Sequence[Organisation]:
    """Organisations by public id."""
    return _many(uow, Organisation, _keys(uow, Organisation, records))


def must_admit(actor: Actor) -> None:
    """NotAllowed unless the actor may add organisations."""
    if not actor.secretariat and not actor.system:
        raise NotAllowed(Permission.ORGANISATION_ADMIT)


def capabilities_of(uow: UnitOfWork, owners: Collection[int]) -> Sequence[Capability]:
    """Every capability of the owners, retired ones included."""
    return _owned(uow, Capability, owners)


def capability(uow: UnitOfWork, record: str) -> Capability:
    """A capability by public id."""
    return _one(uow, Capability, record)


def capability_keys(uow: UnitOfWork, records: Collection[str]) -> list[int]:
    """Database keys of capabilities."""
    return _keys(uow, Capability, records)


def runs_of(uow: UnitOfWork, owners: Collection[int]) -> Sequence[MpwRun]:
    """Every run of the owners."""
    return _owned(uow, MpwRun, owners)


def run(uow: UnitOfWork, record: str) -> MpwRun:
    """A run by public id."""
    return _one(uow, MpwRun, record)


def run_keys(uow: UnitOfWork, records: Collection[str]) -> list[int]:
    """Database keys of runs."""
    return _keys(uow, MpwRun, records)


def needs_of(uow: UnitOfWork, owners: Collection[int]) -> Sequence[Need]:
    """Every need of the owners."""
    return _owned(uow, Need, owners)


def need(uow: UnitOfWork, record: str) -> Need:
    """A need by public id."""
    return _one(uow, Need, record)


def need_keys(uow: UnitOfWork, records: Collection[str]) -> list[int]:
    """Database keys of needs."""
    return _keys(uow, Need, records)


def delete_row(uow: UnitOfWork, row: SQLModel) -> None:
    """Delete a row and what the database deletes with it, at once."""
    uow.session.delete(row)
    uow.flush()


def region_codes(uow: UnitOfWork) -> dict[int, str]:
    """Codes of all regions by key."""
    return {r.id or 0: r.code for r in uow.session.exec(select(Region)).all()}


def region_id(uow: UnitOfWork, code: str) -> int:
    """Key of the region with this code; NotFound otherwise."""
    found = uow.session.exec(select(Region.id).where(col(Region.code) == code)).first()
    if found is None:
        raise NotFound("region", code)
    return found


def region_code(uow: UnitOfWork, text: str) -> str:
    """Code of the region with this code or name, wider ones first; "" when there is none."""
    names: dict[str, str] | None = uow.session.info.get("region_names")
    if names is None:
        rows = uow.session.exec(select(Region).order_by(col(Region.path))).all()
        names = {}
        for words in ((lambda r: (r.code, r.iso)), (lambda r: (r.zh, r.en)), _shortened):
            for row in rows:
                for word in words(row):
                    names.setdefault(key(word), row.code)
        names.pop("", None)
        uow.session.info["region_names"] = names
    wanted = key(text)
    return names.get(wanted) or names.get(_bare(wanted), "") if wanted else ""


def _shortened(row: Region) -> tuple[str, ...]:
    return (_bare(row.zh),)


def _bare(name: str) -> str:
    return name.removesuffix("市").removesuffix("省")


def open_batch(uow: UnitOfWork, actor: Actor, record: str) -> ImportBatch:
    """The import with this public id; NotFound when the actor may not know it."""
    row = uow.session.exec(
        select(ImportBatch).where(col(ImportBatch.public_id) == record, openable(actor))
    ).first()
    if row is None:
        raise NotFound("import", record)
    return row


def batches(uow: UnitOfWork, actor: Actor, limit: int = 50) -> Sequence[ImportBatch]:
    """Applied and undone imports that the actor may see, latest first."""
    return uow.session.exec(
        select(ImportBatch)
        .where(openable(actor), col(ImportBatch.state) != BatchState.CHECKED)
        .order_by(col(ImportBatch.id).desc())
        .limit(limit)
    ).all()


def changes(uow: UnitOfWork, batch_id: int) -> Sequence[ImportChange]:
    """What the rows of an import do, in the order of the list."""
    return uow.session.exec(
        select(ImportChange)
        .where(col(ImportChange.batch_id) == batch_id)
        .order_by(col(ImportChange.line), col(ImportChange.id))
    ).all()


def problems(uow: UnitOfWork, batch_id: int) -> Sequence[RowProblem]:
    """What is wrong with the rows of an import."""
    return uow.session.exec(
        select(RowProblem)
        .where(col(RowProblem.batch_id) == batch_id)
        .order_by(col(RowProblem.line), col(RowProblem.id))
    ).all()


def drop_abandoned(uow: UnitOfWork, person_id: int | None, before: datetime) -> None:
    """Forget lists of a person that were checked long ago and never confirmed."""
    old = select(ImportBatch.id).where(
        col(ImportBatch.person_id) == person_id,
        col(ImportBatch.state) == BatchState.CHECKED,
        col(ImportBatch.created_at) < before,
    )
    uow.session.exec(delete(ImportBatch).where(col(ImportBatch.id).in_(old)))
