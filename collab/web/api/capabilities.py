"""Capabilities: browse, register, change, confirm, retire and bring back."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from collab.facilities import catalogue, service
from collab.facilities.forms import CapabilityIn
from collab.facilities.models import Capability
from collab.kernel.identity import Actor
from collab.storage.uow import UnitOfWork
from collab.web.api import filters, paging, shapes
from collab.web.api.catalogue import opened
from collab.web.api.layer import CREATED, Reply
from collab.web.api.reading import expected_version, stated_version
from collab.web.api.serving import api
from collab.web.api.shapes_holds import hold
from collab.web.api.shapes_needs import Key, Version, VersionOnly
from collab.web.session import current_actor, reading, vocabulary, writing

TAG = "capabilities"
OWN = {"organisation", "version"}


class CapabilityNew(CapabilityIn):
    """A capability to register for one of the asker's organisations."""

    organisation: Key = Field(description="Id or slug of the organisation that offers it.")


class CapabilityChange(CapabilityIn):
    """The capability as it shall be."""

    version: Version = None


def units() -> dict[str, str]:
    """Canonical units by parameter."""
    return {p.id: p.unit for p in vocabulary().parameters.values()}


@api.get("/capabilities", summary=("列出能力", "List capabilities"), tag=TAG, public=True,
         query=filters.CapabilityQuery, answer=shapes.Capabilities)  # fmt: skip
def list_capabilities(query: filters.CapabilityQuery) -> shapes.Capabilities:
    """Capabilities of the catalogue."""
    with reading() as uow:
        owner = opened(uow, query.organisation)
        wanted = filters.capabilities(uow, query, owner.id if owner else None)
        page = paging.fetched(
            query, lambda n, size: catalogue.page(uow, current_actor(), wanted, n, size)
        )
    known = units()
    return shapes.Capabilities(
        items=[shapes.capability(v, known) for v in page.items],
        total=page.total,
        next=paging.next_of(page),
    )


@api.post("/capabilities", summary=("登记一项能力", "Register a capability"), tag=TAG,
          status=CREATED, body=CapabilityNew, answer=shapes.CapabilityFull)  # fmt: skip
def register_capability(body: CapabilityNew) -> Reply:
    """A new declared capability of an organisation whose page the asker may edit."""
    form = CapabilityIn.model_validate(body.model_dump(exclude=OWN))
    with writing() as uow:
        row = service.register_capability(
            uow, current_actor(), body.organisation, form, vocabulary()
        )
        uow.flush()
        reply = _full(uow, row.public_id)
    return Reply(reply.model, CREATED, f"/capabilities/{row.public_id}", reply.version)


@api.get("/capabilities/<key>", summary=("查看一项能力", "One capability"), tag=TAG, public=True,
         versioned=True, answer=shapes.CapabilityFull)  # fmt: skip
def show_capability(key: str) -> Reply:
    """A capability by its id."""
    with reading() as uow:
        return _full(uow, key)


@api.put("/capabilities/<key>", summary=("修改一项能力", "Change a capability"), tag=TAG,
         versioned=True, body=CapabilityChange, answer=shapes.CapabilityFull)  # fmt: skip
def change_capability(key: str, body: CapabilityChange) -> Reply:
    """Replace what is stated of a capability; it counts as confirmed today."""
    version = expected_version(body.version)
    form = CapabilityIn.model_validate(body.model_dump(exclude=OWN))
    with writing() as uow:
        service.change_capability(uow, current_actor(), key, form, version, vocabulary())
        uow.flush()
        return _full(uow, key)


@api.post("/capabilities/<key>/confirm", summary=("确认仍然有效", "Say that it still holds"),
          tag=TAG, versioned=True, body=VersionOnly, answer=shapes.CapabilityFull)  # fmt: skip
def confirm_capability(key: str, body: VersionOnly) -> Reply:
    """The owner says that the record holds today."""
    return _step(key, body, service.confirm_capability)


@api.post("/capabilities/<key>/retire", summary=("下架", "Take out of the catalogue"),
          tag=TAG, versioned=True, body=VersionOnly, answer=shapes.CapabilityFull)  # fmt: skip
def retire_capability(key: str, body: VersionOnly) -> Reply:
    """Take a capability out of the catalogue; it can be brought back."""
    return _step(key, body, service.retire_capability)


@api.post("/capabilities/<key>/restore", summary=("重新上架", "Bring back into the catalogue"),
          tag=TAG, versioned=True, body=VersionOnly, answer=shapes.CapabilityFull)  # fmt: skip
def restore_capability(key: str, body: VersionOnly) -> Reply:
    """Bring a retired capability back."""
    return _step(key, body, service.restore_capability)


def _step(
    key: str, body: VersionOnly, move: Callable[[UnitOfWork, Actor, str], Capability]
) -> Reply:
    version = stated_version(body.version)
    with writing() as uow:
        view = catalogue.editable(uow, current_actor(), key)
        uow.expect(view.row, version)
        move(uow, current_actor(), key)
        uow.flush()
        return _full(uow, key)


def _full(uow: UnitOfWork, key: str) -> Reply:
    actor = current_actor()
    view = catalogue.one(uow, actor, key)
    may_edit = service.may_edit(actor, view.row)
    model = shapes.CapabilityFull(
        **shapes.capability(view, units()).model_dump(),
        code=view.row.code if may_edit else None,
        may_edit=may_edit,
        hold=hold(uow, actor, view.row),
    )
    return Reply(model, version=view.row.version)
