"""Who may read and who may change a file: its organisation, and whom it was released to."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, false, or_
from sqlalchemy.orm import Mapped
from sqlmodel import col, select

from collab.files.models import Attachment, FileRelease
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.access import POLICY as NEEDS
from collab.needs.models import Need, NeedParty
from collab.storage import grants
from collab.storage.grants import Rule


@dataclass(frozen=True)
class OwnFile:
    """People of the organisation that put the file there."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Files of the actor's organisations."""
        ids = actor.organisation_ids
        return col(Attachment.organisation_id).in_(ids) if ids else false()


@dataclass(frozen=True)
class ReleasedFile:
    """The other side of an accepted interest, while it stands, once the file was released to it.

    Whoever may not read the need reads no file of it either.
    """

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Files released to the actor's organisations."""
        if not actor.organisation_ids:
            return false()
        released = (
            select(FileRelease.attachment_id)
            .join(Attachment, col(Attachment.id) == col(FileRelease.attachment_id))
            .join(Need, col(Need.id) == col(Attachment.need_id))
            .where(
                col(FileRelease.organisation_id).in_(actor.organisation_ids),
                grants.where(NEEDS[Permission.NEED_READ], actor),
                _other_side(),
            )
        )
        return col(Attachment.id).in_(released)


def _other_side() -> ColumnElement[bool]:
    """The release goes from the need's owner to a party of it, or from a party to the owner."""
    owner, uploader = col(Need.organisation_id), col(Attachment.organisation_id)
    reader = col(FileRelease.organisation_id)
    return or_(
        and_(owner == uploader, _is_party(reader)), and_(owner == reader, _is_party(uploader))
    )


def _is_party(organisation: Mapped[int]) -> ColumnElement[bool]:
    return exists().where(
        col(NeedParty.need_id) == col(Need.id), col(NeedParty.organisation_id) == organisation
    )


POLICY: dict[Permission, tuple[Rule, ...]] = {
    Permission.FILE_READ: (OwnFile(), ReleasedFile()),
    Permission.FILE_EDIT: (OwnFile(),),
}
