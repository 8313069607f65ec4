"""The record of who did what: a chain of hashes that shows any later change of the record."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import sqlmodel
from sqlmodel import select

from collab.kernel import clock, origin
from collab.kernel.identity import Actor
from collab.storage.models import Activity, ActivityHead

HEAD = 1
BATCH = 1000
UNREADABLE = (ValueError, TypeError, sa.exc.StatementError)


@dataclass(frozen=True, slots=True)
class Note:
    """One act, not yet sealed."""

    at: datetime
    person_id: int | None
    actor: str
    action: str
    kind: str
    key: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str = ""


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain does not hold: the sequence number and what is wrong with it."""

    sequence: int
    code: str


def note(
    actor: Actor,
    action: str,
    kind: str,
    key: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> Note:
    """An act of `actor` now; values that JSON does not know become text.

    A person stands on the record by number alone, so that erasing the account leaves a pseudonym.
    """
    return Note(
        clock.now(),
        actor.person_id,
        actor.name if actor.person_id is None else "",
        action,
        kind,
        str(key),
        _plain(before),
        _plain(after),
        origin.current(),
    )


def append(session: sqlmodel.Session, notes: Sequence[Note]) -> None:
    """Seal the notes onto the chain. Holds the chain's lock until the transaction ends."""
    if not notes:
        return
    head = _locked_head(session)
    sequence, last = head.sequence, head.hash
    rows = []
    for one in notes:
        sequence += 1
        sealed = _seal(last, sequence, one)
        rows.append(_values(one) | {"sequence": sequence, "prev_hash": last, "hash": sealed})
        last = sealed
    session.connection().execute(sa.insert(Activity.__table__), rows)  # type: ignore[attr-defined]
    head.sequence, head.hash = sequence, last
    session.add(head)
    session.flush()


def head(session: sqlmodel.Session) -> tuple[int, str]:
    """Length and last hash of the chain: keep them elsewhere to notice a cut-off end."""
    row = session.get(ActivityHead, HEAD)
    return (row.sequence, row.hash) if row else (0, "")


def verify(session: sqlmodel.Session, anchor: tuple[int, str] | None = None) -> Iterator[Broken]:
    """Every place where the record was changed, cut, extended or put in another order.

    `anchor` is an earlier answer of `head`; with it also a record that was rewritten as a whole
    since then is noticed.
    """
    sequence, last = 0, ""
    for row in _in_order(session):
        sequence += 1
        if row is None:
            yield Broken(sequence, "content")
            last = ""
            continue
        yield from _faults(row, sequence, last)
        sequence = row.sequence if isinstance(row.sequence, int) else sequence
        if anchor and sequence == anchor[0] and row.hash != anchor[1]:
            yield Broken(sequence, "anchor")
        last = row.hash
    if head(session) != (sequence, last):
        yield Broken(sequence, "end")
    if anchor and sequence < anchor[0]:
        yield Broken(sequence, "anchor")


def _faults(row: Any, sequence: int, last: str) -> Iterator[Broken]:
    """What is wrong with a row that should be the `sequence`th and follow the hash `last`."""
    if row.sequence != sequence:
        yield Broken(sequence, "missing")
    if row.prev_hash != last:
        yield Broken(sequence, "link")
    if row.hash != _seal(row.prev_hash, row.sequence, _unsealed(row)):
        yield Broken(sequence, "content")


def _in_order(session: sqlmodel.Session) -> Iterator[Any]:
    """Every row by its key, whatever keys there are; None for one that cannot be read at all."""
    table: sa.Table = Activity.__table__  # type: ignore[attr-defined]
    query, after = sa.select(table).order_by(table.c.id).limit(BATCH), None
    run = session.connection().execute
    while True:
        wanted = query if after is None else query.where(table.c.id > after)
        keys = list(run(wanted.with_only_columns(table.c.id)).scalars())
        if not keys:
            return
        try:
            yield from run(wanted).all()
        except UNREADABLE:  # one of them was overwritten with what is no date or no JSON
            yield from (_alone(session, table, key) for key in keys)
        after = keys[-1]


def _alone(session: sqlmodel.Session, table: sa.Table, key: int) -> Any:
    try:
        return session.connection().execute(sa.select(table).where(table.c.id == key)).one()
    except UNREADABLE:
        return None


def _locked_head(session: sqlmodel.Session) -> ActivityHead:
    query = select(ActivityHead).where(ActivityHead.id == HEAD).with_for_update()
    found = session.exec(query.execution_options(populate_existing=True)).first()
    if found is not None:
        return found
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(
            sa.text(
                "INSERT INTO activity_head (id, sequence, hash) VALUES (1, 0, '')"
                " ON CONFLICT DO NOTHING"
            )
        )
        return session.exec(query).one()
    first = ActivityHead(id=HEAD)
    session.add(first)
    session.flush()
    return first


def _seal(previous: str, sequence: int, one: Note) -> str:
    content = _values(one) | {"at": one.at.isoformat(), "sequence": sequence, "prev": previous}
    if not one.address:  # rows from before addresses were kept were sealed without the field
        del content["address"]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _values(one: Note) -> dict[str, Any]:
    return {name: getattr(one, name) for name in Note.__slots__}


def _unsealed(row: Any) -> Note:
    return Note(**{name: getattr(row, name) for name in Note.__slots__})


def _plain(values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    plain: dict[str, Any] = json.loads(json.dumps(values, default=str, ensure_ascii=False))
    return plain
