"""Named queries over files and their contents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import col, select

from collab.files.access import POLICY
from collab.files.models import Attachment, FileRelease, StoredFile
from collab.kernel.errors import NotFound
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.storage import grants
from collab.storage.doors import Door, must
from collab.storage.uow import UnitOfWork

Found = tuple[Attachment, StoredFile]


DOOR = Door(Attachment, "file", POLICY, Permission.FILE_READ)


def open_file(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.FILE_READ
) -> Found:
    """The file with this public id; NotFound when it may not be known."""
    found = uow.session.exec(
        select(Attachment, StoredFile)
        .join(StoredFile, col(StoredFile.id) == col(Attachment.stored_id))
        .where(col(Attachment.public_id) == key, grants.where(POLICY[Permission.FILE_READ], actor))
    ).first()
    if found is None:
        raise NotFound("file", key)
    must(DOOR, uow, actor, found[0], permission)
    return found


def files_of(uow: UnitOfWork, actor: Actor, need_id: int) -> Sequence[Found]:
    """Files of a need that the actor may read, oldest first."""
    return uow.session.exec(
        select(Attachment, StoredFile)
        .join(StoredFile, col(StoredFile.id) == col(Attachment.stored_id))
        .where(
            col(Attachment.need_id) == need_id,
            grants.where(POLICY[Permission.FILE_READ], actor),
        )
        .order_by(col(Attachment.id))
    ).all()


def own_files(uow: UnitOfWork, actor: Actor, number: int, size: int) -> Page[Found]:
    """One page of the files of the actor's organisations, beside whatever need, newest first."""
    own = grants.where(POLICY[Permission.FILE_EDIT], actor)
    total = uow.session.exec(select(func.count(col(Attachment.id))).where(own)).one()
    rows = uow.session.exec(
        select(Attachment, StoredFile)
        .join(StoredFile, col(StoredFile.id) == col(Attachment.stored_id))
        .where(own)
        .order_by(col(Attachment.id).desc())
        .offset((number - 1) * size)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def releases_of(uow: UnitOfWork, ids: Collection[int]) -> dict[int, set[int]]:
    """To which organisations each of these files was released."""
    found: dict[int, set[int]] = {}
    if ids:
        for row in uow.session.exec(
            select(FileRelease).where(col(FileRelease.attachment_id).in_(ids))
        ):
            found.setdefault(row.attachment_id, set()).add(row.organisation_id)
    return found


def withhold(uow: UnitOfWork, attachment_id: int, organisation_id: int) -> None:
    """Take a release back."""
    uow.session.exec(
        delete(FileRelease).where(
            col(FileRelease.attachment_id) == attachment_id,
            col(FileRelease.organisation_id) == organisation_id,
        )
    )


def count_of(uow: UnitOfWork, need_id: int, organisation_id: int) -> int:
    """How many files an organisation has beside a need."""
    return uow.session.exec(
        select(func.count(col(Attachment.id))).where(
            col(Attachment.need_id) == need_id,
            col(Attachment.organisation_id) == organisation_id,
        )
    ).one()


def used_by(uow: UnitOfWork, organisation_id: int) -> int:
    """Bytes of all files of an organisation; equal ones count each, or it would learn of others."""
    total = uow.session.exec(
        select(func.coalesce(func.sum(col(StoredFile.size)), 0))
        .join(Attachment, col(Attachment.stored_id) == col(StoredFile.id))
        .where(col(Attachment.organisation_id) == organisation_id)
    ).one()
    return int(total)


def stored_by_hash(uow: UnitOfWork, sha256: str) -> StoredFile | None:
    """The content with this hash."""
    return uow.session.exec(select(StoredFile).where(col(StoredFile.sha256) == sha256)).first()


def file_by_id(uow: UnitOfWork, attachment_id: int) -> Found | None:
    """A file by database key, for the platform's own listeners only."""
    return uow.session.exec(
        select(Attachment, StoredFile)
        .join(StoredFile, col(StoredFile.id) == col(Attachment.stored_id))
        .where(col(Attachment.id) == attachment_id)
    ).first()


def unused(uow: UnitOfWork) -> Sequence[StoredFile]:
    """Contents that no file has."""
    used = select(Attachment.stored_id)
    return uow.session.exec(select(StoredFile).where(col(StoredFile.id).not_in(used))).all()


def reused(uow: UnitOfWork) -> Sequence[StoredFile]:
    """Contents that were unused and are used again."""
    used = select(Attachment.stored_id)
    return uow.session.exec(
        select(StoredFile).where(
            col(StoredFile.unused_since).is_not(None), col(StoredFile.id).in_(used)
        )
    ).all()


def hashes(uow: UnitOfWork) -> set[str]:
    """The hash of every content that the tables know."""
    return set(uow.session.exec(select(StoredFile.sha256)).all())


def long_unused(rows: Sequence[StoredFile], before: datetime) -> list[StoredFile]:
    """Those of the rows that have been unused since before then."""
    return [r for r in rows if r.unused_since is not None and r.unused_since <= before]
