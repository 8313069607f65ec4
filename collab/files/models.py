"""Contents by their hash, the files that have them, and to whom each file was released."""

from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from collab.files.rules import FileState
from collab.storage.columns import enum_column
from collab.storage.models import Public, Row


class StoredFile(Row, table=True):
    """A content on disk; files that hold the same bytes share one. Swept when none does."""

    sha256: str = Field(unique=True, index=True, max_length=64)
    size: int = Field(sa_type=sa.BigInteger)
    unused_since: datetime | None = None


class Attachment(Row, Public, table=True):
    """A file that an organisation put beside a need, its own or one it is a party to."""

    PREFIX: ClassVar[str] = "file-"

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    person_id: int | None = Field(default=None, foreign_key="person.id")
    stored_id: int = Field(foreign_key="storedfile.id", index=True)
    name: str = Field(max_length=160)
    # of each file and not of its content: a quick "clean" would tell that somebody else has it
    state: FileState = Field(default=FileState.WAITING, sa_type=enum_column(FileState), index=True)
    scanned_at: datetime | None = None
    finding: str = Field(default="", max_length=200)


class FileRelease(Row, table=True):
    """That a file was released to the other side of an accepted interest."""

    __table_args__ = (UniqueConstraint("attachment_id", "organisation_id", name="uq_file_release"),)

    attachment_id: int = Field(foreign_key="attachment.id", index=True, ondelete="CASCADE")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
