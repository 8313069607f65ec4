"""Use cases of lists: check one, confirm it, undo it; the same for commands without pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import IntegrityError

from collab.facilities.rules import Category
from collab.importing import store, workbook
from collab.importing.capability_rows import CapabilityRows
from collab.importing.models import ImportBatch, ImportChange, RowProblem
from collab.importing.other_rows import NeedRows, OrganisationRows, RunRows
from collab.importing.planning import Plan, make_plan
from collab.importing.reports import lines, report, said
from collab.importing.rules import BatchState, CellProblem, Effect
from collab.importing.subjects import Current, Subject
from collab.importing.wording import WORDS
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import store as members
from collab.members.models import Organisation
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary, load_vocabulary

SUBJECTS: Mapping[str, Subject] = {
    "organisations": OrganisationRows(),
    "capabilities": CapabilityRows("capabilities"),
    "equipment": CapabilityRows("equipment", Category.EQUIPMENT),
    "runs": RunRows(),
    "needs": NeedRows(),
}
IN_USE = (IntegrityError, Conflict)

KEPT_UNCONFIRMED = timedelta(days=1)
assert WORDS  # noqa: S101 - importing it makes the words known


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did: records put back, and records left because somebody changed them."""

    batch: ImportBatch
    restored: int
    kept: tuple[ImportChange, ...]


def subject(kind: str) -> Subject:
    """The kind of list with this name; NotFound otherwise."""
    if kind not in SUBJECTS:
        raise NotFound("list", kind)
    return SUBJECTS[kind]


def importable_for(uow: UnitOfWork, actor: Actor, kind: str) -> Sequence[Organisation]:
    """Organisations for which the actor may bring in this kind of list."""
    return subject(kind).owners(uow, actor)


def plan_import(
    uow: UnitOfWork, actor: Actor, kind: str, content: bytes, vocabulary: Vocabulary,
    organisation: str = "",
) -> Plan:  # fmt: skip
    """What the list would do; nothing is written.

    Raises Rejected for a file that cannot be read, NotFound and NotAllowed for the organisation.
    """
    wanted = subject(kind)
    chosen = _chosen(uow, actor, kind, organisation)
    owners = [chosen] if chosen is not None else list(wanted.owners(uow, actor))
    if not owners and not (kind == "organisations" and (actor.secretariat or actor.system)):
        raise NotAllowed(Permission.ORGANISATION_EDIT)
    lines = workbook.read(content)
    currents = wanted.current(uow, actor, [o.id or 0 for o in owners])
    plan = make_plan(uow, wanted, lines, owners, chosen, currents, vocabulary)
    if kind == "organisations" and not (actor.secretariat or actor.system):
        _refuse_new(plan)
    return plan


def _chosen(uow: UnitOfWork, actor: Actor, kind: str, key: str) -> Organisation | None:
    if not key:
        return None
    if kind != "needs":
        return members.open_organisation(uow, actor, key, Permission.ORGANISATION_EDIT)
    found = members.open_organisation(uow, actor, key)
    if found.id not in actor.organisation_ids and not actor.system:
        raise NotAllowed(Permission.NEED_EDIT)
    return found


def _refuse_new(plan: Plan) -> None:
    for row in plan.rows:
        if row.effect is Effect.NEW:
            row.effect = Effect.REFUSED
            plan.problems.append(CellProblem(row.line, "", "", "only_secretariat"))


def check_import(
    uow: UnitOfWork, actor: Actor, kind: str, file_name: str, content: bytes,
    vocabulary: Vocabulary, organisation: str = "",
) -> ImportBatch:  # fmt: skip
    """Check a list and keep the plan until it is confirmed; no record is touched."""
    plan = plan_import(uow, actor, kind, content, vocabulary, organisation)
    chosen = _chosen(uow, actor, kind, organisation)
    store.drop_abandoned(uow, actor.person_id, clock.now() - KEPT_UNCONFIRMED)
    batch = ImportBatch(
        kind=kind, organisation_id=chosen.id if chosen else None, person_id=actor.person_id,
        file_name=file_name[-200:], digest=hashlib.sha256(content).hexdigest(),
        unknown_headers=list(plan.unknown), counts=plan.counts(),
    )  # fmt: skip
    uow.session.add(batch)
    uow.flush()
    key = batch.id or 0
    uow.session.add_all(
        ImportChange(
            batch_id=key, line=r.line, effect=r.effect, owner_id=r.owner_id or None,
            record=r.record, title=r.title, record_version=r.version,
            before=None if r.effect is Effect.UNCHANGED else r.before,
            after=None if r.effect is Effect.UNCHANGED else r.after,
        )
        for r in plan.rows
    )  # fmt: skip
    uow.session.add_all(
        RowProblem(
            batch_id=key, line=p.line, place=p.place, header=p.header[:200], code=p.code,
            facts=dict(p.facts),
        )
        for p in plan.problems
    )  # fmt: skip
    uow.flush()
    return batch


def apply_import(
    uow: UnitOfWork, actor: Actor, key: str, vocabulary: Vocabulary, version: int | None = None
) -> ImportBatch:
    """Write a checked list, all of it or nothing.

    Raises Rejected when rows are refused or there is nothing to do, Conflict when it is dealt with
    already or a record was changed since the check.
    """
    batch = store.open_batch(uow, actor, key)
    uow.expect(batch, version)
    if batch.state is not BatchState.CHECKED:
        raise Conflict("import_not_open")
    found = store.problems(uow, batch.id or 0)
    if found:
        raise Rejected([Problem("file", "import_has_problems", {"count": len(found)})])
    rows = [r for r in store.changes(uow, batch.id or 0) if r.effect is not Effect.UNCHANGED]
    if not rows:
        raise Rejected([Problem("file", "nothing_to_do")])
    wanted = subject(batch.kind)
    currents = _still_mine(uow, actor, wanted, rows)
    for row in rows:
        _write(uow, actor, wanted, row, currents, vocabulary)
    batch.state = BatchState.APPLIED
    batch.applied_at = clock.now()
    uow.session.add(batch)
    uow.flush()
    wanted.announce(uow, [row.record for row in rows])
    uow.note(actor, "imported", batch.kind, batch.public_id, after=dict(batch.counts))
    return batch


def _still_mine(
    uow: UnitOfWork, actor: Actor, wanted: Subject, rows: Sequence[ImportChange]
) -> dict[str, Current]:
    """The records of owners whom the actor may still act for; NotAllowed otherwise."""
    may = {o.id for o in wanted.owners(uow, actor)}
    owners = {r.owner_id for r in rows if r.owner_id is not None}
    if not owners <= may:
        raise NotAllowed(Permission.ORGANISATION_EDIT)
    return {c.record: c for c in wanted.current(uow, actor, [o for o in owners if o])}


def _write(
    uow: UnitOfWork, actor: Actor, wanted: Subject, row: ImportChange,
    currents: Mapping[str, Current], vocabulary: Vocabulary,
) -> None:  # fmt: skip
    state = row.after or {}
    if row.effect is Effect.NEW:
        code = state.get("code")
        if code and any(c.code == code and c.owner_id == row.owner_id for c in currents.values()):
            raise Conflict("stale")
        row.record, row.record_version = wanted.create(
            uow, actor, row.owner_id or 0, state, vocabulary
        )
    else:
        current = currents.get(row.record)
        if current is None or current.version != row.record_version:
            raise Conflict("stale")
        row.record_version = wanted.change(uow, actor, row.record, state, vocabulary)
    before = {k: v for k, v in (row.before or {}).items() if k != "_meta"}
    uow.note(actor, "imported", wanted.kind, row.record, before or None, state)
    uow.session.add(row)


def undo_import(uow: UnitOfWork, actor: Actor, key: str, vocabulary: Vocabulary) -> Undone:
    """Put back what an import changed and remove what it made.

    A record that somebody changed since is left as it is and named in the answer.
    """
    batch = store.open_batch(uow, actor, key)
    if batch.state is not BatchState.APPLIED:
        raise Conflict("import_not_open")
    wanted = subject(batch.kind)
    rows = [r for r in store.changes(uow, batch.id or 0) if r.effect is not Effect.UNCHANGED]
    open_rows = [r for r in rows if not r.undone]
    owners = {r.owner_id for r in open_rows if r.owner_id} | _made(uow, batch.kind, open_rows)
    if not owners <= {o.id for o in wanted.owners(uow, actor)}:
        raise NotAllowed(Permission.ORGANISATION_EDIT)
    currents = {c.record: c for c in wanted.current(uow, actor, owners)}
    kept = [r for r in open_rows if not _put_back(uow, actor, wanted, r, currents, vocabulary)]
    batch.state = BatchState.UNDONE
    batch.undone_at = clock.now()
    uow.session.add(batch)
    uow.flush()
    wanted.announce(uow, [r.record for r in rows])
    restored = len(open_rows) - len(kept)
    uow.note(actor, "import_undone", batch.kind, batch.public_id,
             after={"restored": restored, "kept": len(kept)})  # fmt: skip
    return Undone(batch, restored, tuple(kept))


def _made(uow: UnitOfWork, kind: str, rows: Sequence[ImportChange]) -> set[int]:
    if kind != "organisations":
        return set()
    made = store.organisations_named(uow, [r.record for r in rows])
    return {o.id for o in made if o.id is not None}


def _put_back(
    uow: UnitOfWork, actor: Actor, wanted: Subject, row: ImportChange,
    currents: Mapping[str, Current], vocabulary: Vocabulary,
) -> bool:  # fmt: skip
    current = currents.get(row.record)
    if current is None or current.version != row.record_version or current.locked:
        return False
    try:
        with uow.session.begin_nested():
            if row.effect is Effect.NEW:
                wanted.remove(uow, row.record)
            else:
                wanted.restore(uow, actor, row.record, row.before or {}, vocabulary)
    except IN_USE:
        return False
    uow.note(actor, "import_undone", wanted.kind, row.record, row.after, row.before)
    row.undone = True
    uow.session.add(row)
    return True


@dataclass(frozen=True, slots=True)
class Seen:
    """An import with its rows and problems, in the order of the list."""

    batch: ImportBatch
    rows: Sequence[ImportChange]
    problems: Sequence[RowProblem]


def open_import(uow: UnitOfWork, actor: Actor, key: str) -> Seen:
    """An import that the actor may see; NotFound otherwise."""
    batch = store.open_batch(uow, actor, key)
    found = batch.id or 0
    return Seen(batch, store.changes(uow, found), store.problems(uow, found))


def past_imports(uow: UnitOfWork, actor: Actor) -> Sequence[ImportBatch]:
    """Applied and undone imports that the actor may see, latest first."""
    return store.batches(uow, actor)


def import_list(
    uow: UnitOfWork, actor: Actor, kind: str, file_name: str, content: bytes,
    vocabulary: Vocabulary, *, organisation: str = "", dry_run: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The command `import`: the report; applied when nothing is refused and it is no dry run.

    A dry run writes nothing. Raises Rejected for a file that cannot be read.
    """
    plan = plan_import(uow, actor, kind, content, vocabulary, organisation)
    counts = plan.counts()
    if dry_run or plan.problems or not counts["new"] + counts["changed"]:
        return report(plan, kind)
    batch = check_import(uow, actor, kind, file_name, content, vocabulary, organisation)
    apply_import(uow, actor, batch.public_id, vocabulary)
    done = report(plan, kind, applied=True, record=batch.public_id)
    records = {c.line: c.record for c in store.changes(uow, batch.id or 0)}
    for row in done["rows"]:
        row["record"] = records.get(row["line"]) or None
    return done


def import_file(
    database: Database, actor: Actor, kind: str, content: bytes, file_name: str, *,
    organisation: str = "", dry_run: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """The command `import`: the report with `refused` (how much is wrong) and `lines` in words.

    All rows are written or none. A file that cannot be read is reported, not raised.
    """
    vocabulary = load_vocabulary()
    try:
        with database.reading() if dry_run else database.writing() as uow:
            done = import_list(
                uow, actor, kind, file_name, content, vocabulary,
                organisation=organisation, dry_run=dry_run,
            )  # fmt: skip
    except Rejected as refusal:
        done = report(Plan(), kind)
        done["problems"] = [said(0, "", "", p.code, p.facts) for p in refusal.problems]
    except (NotFound, NotAllowed):
        done = report(Plan(), kind)
        done["problems"] = [said(0, "", "", "unknown_organisation", {"key": organisation})]
    done["refused"] = len(done["problems"])
    done["lines"] = list(lines(done))
    return done
