"""Use cases of files: put one beside a need, release it to a party, read it, take it away."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from collab.files import store
from collab.files.models import Attachment, FileRelease, StoredFile
from collab.files.rules import (
    FileState,
    Limits,
    clean_name,
    extension,
    file_problems,
    room_problems,
)
from collab.kernel import clock
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.happened import FileStored
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import store as members
from collab.members.models import Organisation
from collab.needs import service as need_service
from collab.needs import store as needs
from collab.needs.models import Need
from collab.storage import blobs as disk
from collab.storage.blobs import Blobs
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

log = logging.getLogger(__name__)
GRACE = timedelta(days=1)  # so long a backup may take between reading the tables and the contents


@dataclass(frozen=True, slots=True)
class FileRoom:
    """Where contents lie, what is taken, and whether somebody looks at files before they open."""

    blobs: Blobs
    limits: Limits
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class FileView:
    """A file as the actor may see it; `targets` are whom the own file can be released to."""

    row: Attachment
    size: int
    own: bool
    organisation: Organisation | None
    targets: tuple[tuple[Organisation, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class OwnFileView:
    """A file of one's own and its need, None when the actor may no longer read that."""

    row: Attachment
    size: int
    need: Need | None


def attach(
    database: Database,
    actor: Actor,
    room: FileRoom,
    need_key: str,
    house: str,
    sent: tuple[str, bytes],
) -> Attachment:
    """Keep a file beside a need, in the name of its owner or of a party to it.

    The content is on disk before the row is committed; a crash between leaves a stray content that
    the daily sweep removes, never a row without its content.
    """
    name, data = clean_name(sent[0]), sent[1]
    with database.reading() as uow:  # a stranger's bytes are not even looked at
        _uploader(uow, actor, need_key, house)
    wrong = list(file_problems(name, data, room.limits))
    if wrong:
        raise Rejected(wrong)
    staged = room.blobs.stage(data)
    try:
        with database.writing() as uow:
            disk.lock(uow)
            need, owner = _uploader(uow, actor, need_key, house)
            _check_room(uow, need, owner, staged.size, room.limits)
            room.blobs.place(staged)
            row = _row(uow, actor, need, owner, name, _stored(uow, staged), room)
    finally:
        room.blobs.drop(staged)
    return row


def _uploader(uow: UnitOfWork, actor: Actor, need_key: str, house: str) -> tuple[Need, int]:
    """The need and the actor's organisation that may put files beside it."""
    need = needs.open_need(uow, actor, need_key)
    sides = {need.organisation_id} | needs.parties_of(uow, [need.id or 0]).get(need.id or 0, set())
    own = sides & actor.organisation_ids
    if house:
        own &= {members.open_organisation(uow, actor, house).id or 0}
    if not own:
        raise NotAllowed(Permission.FILE_EDIT)
    return need, need.organisation_id if need.organisation_id in own else min(own)


def _check_room(uow: UnitOfWork, need: Need, owner: int, size: int, limits: Limits) -> None:
    count = store.count_of(uow, need.id or 0, owner)
    wrong = list(room_problems(count, store.used_by(uow, owner), size, limits))
    if wrong:
        raise Rejected(wrong)


def _stored(uow: UnitOfWork, staged: disk.Staged) -> StoredFile:
    row = store.stored_by_hash(uow, staged.sha256)
    if row is None:
        row = StoredFile(sha256=staged.sha256, size=staged.size)
    row.unused_since = None
    uow.session.add(row)
    uow.flush()
    return row


def _row(
    uow: UnitOfWork,
    actor: Actor,
    need: Need,
    owner: int,
    name: str,
    stored: StoredFile,
    room: FileRoom,
) -> Attachment:
    row = Attachment(
        need_id=need.id or 0, organisation_id=owner, person_id=actor.person_id,
        stored_id=stored.id or 0, name=name,
        state=FileState.WAITING if room.scanned else FileState.CLEAN,
    )  # fmt: skip
    uow.session.add(row)
    uow.flush()
    facts = {"need": need.public_id, "sha256": stored.sha256, "size": stored.size}
    uow.note(actor, "added", "file", row.public_id, after=facts)
    if room.scanned:
        uow.record(FileStored(row.id or 0))
    return row


def of_need(uow: UnitOfWork, actor: Actor, need: Need) -> list[FileView]:
    """Files of a need as the actor may see them; empty for whom none was released."""
    found = store.files_of(uow, actor, need.id or 0)
    if not found:
        return []
    ids = [row.id or 0 for row, _ in found]
    released = store.releases_of(uow, ids)
    parties = needs.parties_of(uow, [need.id or 0]).get(need.id or 0, set())
    houses = members.organisations_by_id(
        uow, parties | {need.organisation_id} | {row.organisation_id for row, _ in found}
    )
    views = []
    for row, stored in found:
        own = row.organisation_id in actor.organisation_ids
        others = _others(need, row, parties) if own else ()
        targets = tuple(
            (houses[i], i in released.get(row.id or 0, set())) for i in others if i in houses
        )
        views.append(FileView(row, stored.size, own, houses.get(row.organisation_id), targets))
    return views


def own_files(uow: UnitOfWork, actor: Actor, number: int, size: int) -> Page[OwnFileView]:
    """One page of the files of the actor's organisations.

    Those beside needs that the actor may no longer read are among them, without the need.
    """
    found = store.own_files(uow, actor, number, size)
    beside = needs.readable_by_id(uow, actor, {row.need_id for row, _ in found.items})
    return found.map(lambda one: OwnFileView(one[0], one[1].size, beside.get(one[0].need_id)))


def own_use(uow: UnitOfWork, actor: Actor) -> list[tuple[Organisation, int]]:
    """How many bytes each of the actor's organisations has put here."""
    houses = members.organisations_by_id(uow, actor.organisation_ids)
    return [(house, store.used_by(uow, number)) for number, house in sorted(houses.items())]


def own_one(uow: UnitOfWork, actor: Actor, key: str) -> OwnFileView:
    """A file that the actor may take away."""
    row, stored = store.open_file(uow, actor, key, Permission.FILE_EDIT)
    return OwnFileView(row, stored.size, _readable_need(uow, actor, row))


def _readable_need(uow: UnitOfWork, actor: Actor, row: Attachment) -> Need | None:
    return needs.readable_by_id(uow, actor, {row.need_id}).get(row.need_id)


def kept(uow: UnitOfWork, row: Attachment, size: int) -> FileView:
    """A file as its own organisation sees it just after it was put there."""
    houses = members.organisations_by_id(uow, {row.organisation_id})
    return FileView(row, size, True, houses.get(row.organisation_id))


def _others(need: Need, row: Attachment, parties: set[int]) -> Sequence[int]:
    """Whom a file can be released to: the owner's to each party, a party's to the owner."""
    if row.organisation_id == need.organisation_id:
        return sorted(parties)
    return (need.organisation_id,) if row.organisation_id in parties else ()


def may_attach(uow: UnitOfWork, actor: Actor, need: Need) -> bool:
    """Whether the actor may put files beside a need, for showing the form."""
    parties = needs.parties_of(uow, [need.id or 0]).get(need.id or 0, set())
    return bool(({need.organisation_id} | parties) & actor.organisation_ids)


def need_of(uow: UnitOfWork, row: Attachment) -> Need:
    """The need beside which a readable file lies."""
    need = needs.need_by_id(uow, row.need_id)
    if need is None:
        raise NotFound("need", row.need_id)
    return need


def release(uow: UnitOfWork, actor: Actor, key: str, house: str, *, on: bool) -> Need:
    """Show a file to the other side of an accepted interest, or take it back."""
    row, _ = store.open_file(uow, actor, key, Permission.FILE_EDIT)
    need = need_of(uow, row)
    parties = needs.parties_of(uow, [row.need_id]).get(row.need_id, set())
    known = members.organisations_by_id(uow, _others(need, row, parties))
    target = next((o for o in known.values() if o.public_id == house), None)
    if target is None:
        raise Rejected([Problem("organisation", "not_a_party", {"key": house[:80]})])
    was = (target.id or 0) in store.releases_of(uow, [row.id or 0]).get(row.id or 0, set())
    if on and not was:
        uow.session.add(FileRelease(attachment_id=row.id or 0, organisation_id=target.id or 0))
    elif not on:
        store.withhold(uow, row.id or 0, target.id or 0)
    after = {"need": need.public_id, "organisation": target.public_id, "released": on}
    uow.note(actor, "released" if on else "withheld", "file", key, {"released": was}, after)
    return need


def remove(uow: UnitOfWork, actor: Actor, key: str) -> Need | None:
    """Take a file away; its content goes with the sweep when no other file has it.

    Returns its need, None when the actor may no longer read that.
    """
    row, stored = store.open_file(uow, actor, key, Permission.FILE_EDIT)
    need = need_of(uow, row)
    facts = {"need": need.public_id, "sha256": stored.sha256, "size": stored.size}
    uow.session.delete(row)
    uow.flush()
    uow.note(actor, "removed", "file", key, facts)
    return _readable_need(uow, actor, row)


def read(uow: UnitOfWork, actor: Actor, blobs: Blobs, key: str) -> tuple[Attachment, bytes]:
    """The bytes of a file. Conflict while nobody looked at it or when something was found in it.

    A read by the other side is on the record, and for the need's owner in its read log.
    """
    row, stored = store.open_file(uow, actor, key)
    if row.state is not FileState.CLEAN:
        raise Conflict(f"file_{row.state}")
    try:
        data = blobs.read(stored.sha256)
    except disk.Lost as lost:
        log.error("the content %s of %s is lost or changed", lost, key)
        raise Conflict("file_lost") from lost
    if row.organisation_id not in actor.organisation_ids:
        need = need_of(uow, row)
        uow.note(actor, "read", "file", key, after={"need": need.public_id})
        if need.organisation_id == row.organisation_id:
            need_service.log_file_read(uow, actor, need)
    return row, data


def media_extension(row: Attachment) -> str:
    """What kind of file the name promises, which the content was held to."""
    return extension(row.name)


def sweep(database: Database, blobs: Blobs) -> int:
    """Remove contents that no file has had for a day, and strays; how many went."""
    now = clock.now()
    with database.writing() as uow:
        disk.lock(uow)
        for row in store.reused(uow):
            row.unused_since = None
            uow.session.add(row)
        rows = store.unused(uow)
        for row in rows:
            row.unused_since = row.unused_since or now
            uow.session.add(row)
        gone = store.long_unused(rows, now - GRACE)
        for row in gone:
            uow.session.delete(row)
        uow.flush()
        strays = list(blobs.stray(store.hashes(uow), (now - GRACE).timestamp()))
        for row in gone:
            blobs.remove(row.sha256)
        for path in strays:
            path.unlink(missing_ok=True)
    return len(gone) + len(strays)
