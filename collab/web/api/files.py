"""Files beside a need: list, send, open, release, remove."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from collab.files import service
from collab.files.rules import FileState
from collab.files.service import FileView, OwnFileView
from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.needs import catalogue
from collab.web import files as pages
from collab.web.api import paging
from collab.web.api.layer import CREATED, NO_CONTENT, Reply
from collab.web.api.serving import api
from collab.web.api.shapes import Listing, OrganisationRef, organisation_ref
from collab.web.api.shapes_needs import Key
from collab.web.session import current_actor, platform, reading, writing

TAG = "files"


class FileOut(BaseModel):
    """A file that the asker may know of; `released_to` is null for those it was released to."""

    id: str
    name: str
    size: int
    state: FileState
    added_at: datetime
    own: bool
    organisation: OrganisationRef | None
    released_to: list[OrganisationRef] | None


class Files(BaseModel):
    """Files of a need that the asker may know of."""

    items: list[FileOut]


class FileNew(BaseModel):
    """A file to keep: its name and its bytes in base64."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[
        str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")
    ]
    content: Annotated[str, Field(min_length=4, description="The bytes in base64.")]
    organisation: Key | None = None


class ReleaseIn(BaseModel):
    """To whom a file is shown, or no longer shown."""

    model_config = ConfigDict(extra="forbid")

    organisation: Key
    released: bool = True


def _out(view: FileView) -> FileOut:
    row, house = view.row, view.organisation
    return FileOut(
        id=row.public_id, name=row.name, size=view.size, state=row.state, own=view.own,
        added_at=row.created_at, organisation=organisation_ref(house) if house else None,
        released_to=[organisation_ref(o) for o, on in view.targets if on] if view.own else None,
    )  # fmt: skip


@api.get("/needs/<key>/files", summary=("列出需求的文件", "Files of a need"), tag=TAG,
         answer=Files)  # fmt: skip
def list_files(key: str) -> Files:
    """Own files and those that were released to the asker; others are not even counted."""
    actor = current_actor()
    with reading() as uow:
        need = catalogue.one(uow, actor, key).row
        return Files(items=[_out(view) for view in service.of_need(uow, actor, need)])


class OwnFileOut(BaseModel):
    """A file of one of the asker's organisations; `need` is null once that is closed to them."""

    id: str
    name: str
    size: int
    state: FileState
    added_at: datetime
    need: str | None


class OwnFiles(Listing[OwnFileOut]):
    """Files of the asker's organisations, the latest first."""


@api.get("/files", summary=("列出我的文件", "List my files"), tag=TAG, query=paging.Paged,
         answer=OwnFiles)  # fmt: skip
def list_own_files(query: paging.Paged) -> OwnFiles:
    """What the asker's organisations keep here, also beside needs that have closed to them."""
    with reading() as uow:
        page = paging.fetched(
            query, lambda n, size: service.own_files(uow, current_actor(), n, size)
        )
    return OwnFiles(
        items=[_own_out(v) for v in page.items], total=page.total, next=paging.next_of(page)
    )


def _own_out(view: OwnFileView) -> OwnFileOut:
    row = view.row
    return OwnFileOut(
        id=row.public_id, name=row.name, size=view.size, state=row.state,
        added_at=row.created_at, need=view.need.public_id if view.need else None,
    )  # fmt: skip


@api.post("/needs/<key>/files", summary=("添加文件", "Add a file"), tag=TAG, status=CREATED,
          body=FileNew, answer=FileOut, takes_files=True)  # fmt: skip
def add_file(key: str, body: FileNew) -> Reply:
    """Keep a file beside a need; nobody else learns of it before it is released."""
    found, data = platform(), _bytes(body.content)
    row = service.attach(
        found.database, current_actor(), found.files, key, body.organisation or "",
        (body.name, data),
    )  # fmt: skip
    with reading() as uow:
        kept = _out(service.kept(uow, row, len(data)))
    return Reply(kept, CREATED, f"/files/{row.public_id}/content")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Rejected([Problem("content", "not_base64")]) from None


@api.get("/files/<key>/content", summary=("下载文件", "Download a file"), tag=TAG, binary=True)
def read_file(key: str) -> Reply:
    """The bytes; a read by the other side is on the record."""
    with writing() as uow:
        row, data = service.read(uow, current_actor(), platform().files.blobs, key)
    return Reply(None, content=data, headers=pages.headers(row))


@api.put("/files/<key>/release", summary=("开放或收回文件", "Release a file"), tag=TAG,
         body=ReleaseIn, status=NO_CONTENT)  # fmt: skip
def release_file(key: str, body: ReleaseIn) -> Reply:
    """Show a file to the other side of an accepted interest, or take it back."""
    with writing() as uow:
        service.release(uow, current_actor(), key, body.organisation, on=body.released)
    return Reply(None, NO_CONTENT)


@api.delete("/files/<key>", summary=("删除文件", "Remove a file"), tag=TAG, status=NO_CONTENT)
def remove_file(key: str) -> Reply:
    """Take a file away for everybody."""
    with writing() as uow:
        service.remove(uow, current_actor(), key)
    return Reply(None, NO_CONTENT)
