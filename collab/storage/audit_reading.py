"""Reads the record for those who may, and anchors its head where a change of it would show."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.paging import Page
from collab.storage import audit
from collab.storage.database import Database
from collab.storage.models import Activity
from collab.storage.uow import UnitOfWork

ANCHORS = "audit-anchors.jsonl"  # in the data folder; copy it to another machine
MOST = 50_000  # rows of one export


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the record is narrowed to; empty means everything. Times are half-open."""

    kind: str = ""
    action: str = ""
    key: str = ""
    person_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    things: ColumnElement[bool] | None = None  # acts on things that the reader may know of


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for column, value in (
        (col(Activity.kind), wanted.kind),
        (col(Activity.action), wanted.action),
        (col(Activity.key), wanted.key),
    ):
        if value:
            found.append(column == value)
    if wanted.person_id is not None:
        found.append(col(Activity.person_id) == wanted.person_id)
    if wanted.since is not None:
        found.append(col(Activity.at) >= wanted.since)
    if wanted.before is not None:
        found.append(col(Activity.at) < wanted.before)
    if wanted.things is not None:
        found.append(wanted.things)
    return found


def page(uow: UnitOfWork, wanted: AuditFilter, number: int, size: int) -> Page[Activity]:
    """One page of the record, latest first."""
    conditions = _conditions(wanted)
    total = uow.session.exec(select(func.count(col(Activity.id))).where(*conditions)).one()
    rows = uow.session.exec(
        select(Activity)
        .where(*conditions)
        .order_by(col(Activity.id).desc())
        .offset((number - 1) * size)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def rows(uow: UnitOfWork, wanted: AuditFilter) -> Sequence[Activity]:
    """The latest rows for an export, in the order in which they were written."""
    found = uow.session.exec(
        select(Activity).where(*_conditions(wanted)).order_by(col(Activity.id).desc()).limit(MOST)
    ).all()
    return list(reversed(found))


def kinds(uow: UnitOfWork, things: ColumnElement[bool]) -> list[str]:
    """Every kind of thing on the record, among those that the reader may know of."""
    return sorted(uow.session.exec(select(Activity.kind).where(things).distinct()).all())


def anchor(database: Database, path: Path) -> tuple[int, str]:
    """Add the head of the chain to a file of anchors, one JSON object a line; safe to repeat."""
    with database.reading() as uow:
        sequence, sealed = audit.head(uow.session)
    line = {"at": clock.now().isoformat(), "sequence": sequence, "hash": sealed}
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return sequence, sealed


def anchors(path: Path) -> Iterator[tuple[int, str]]:
    """The anchors of a file, oldest first. Raises ValueError for a file that is none."""
    if not path.exists():
        return
    for line in path.read_text("utf-8").splitlines():
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            yield int(entry["sequence"]), str(entry["hash"])
        except (KeyError, TypeError, json.JSONDecodeError):
            raise ValueError("not a file of anchors") from None


def broken(database: Database, path: Path | None = None) -> list[audit.Broken]:
    """Every place where the record does not hold by itself, or against any anchor of the file."""
    kept = list(anchors(path)) if path is not None else []
    with database.reading() as uow:
        return list(audit.verify(uow.session)) + unheld(uow.session, kept)


def unheld(session: Session, kept: Sequence[tuple[int, str]]) -> list[audit.Broken]:
    """Anchors that the record no longer agrees with."""
    found = []
    for sequence, sealed in dict.fromkeys(kept):
        there = session.exec(select(Activity.hash).where(col(Activity.sequence) == sequence))
        if sequence and there.first() != sealed:
            found.append(audit.Broken(sequence, "anchor"))
    return found


class Anchorer:
    """Anchors the record once a day, as a listener."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def follow(self, database: Database, events: Sequence[Event]) -> None:
        """Listener: a new day began."""
        del events
        anchor(database, self.path)


def of_person(uow: UnitOfWork, person_id: int | None) -> list[dict[str, object]]:
    """What a person did, for the export of personal data."""
    if person_id is None:
        return []
    return [
        {"at": row.at.isoformat(), "action": row.action, "kind": row.kind, "key": row.key}
        for row in rows(uow, AuditFilter(person_id=person_id))
    ]
