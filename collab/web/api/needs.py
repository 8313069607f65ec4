"""Needs: read, draft, correct, publish, restrict, withdraw."""

from __future__ import annotations

from collab.kernel.errors import NotAllowed, Rejected
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.members import catalogue as members
from collab.needs import catalogue, service
from collab.needs.forms import DraftIn, PublicationIn
from collab.needs.rules import NeedState
from collab.storage.uow import UnitOfWork
from collab.web.api import filters, paging, shapes
from collab.web.api import shapes_needs as forms
from collab.web.api.layer import CREATED, Reply
from collab.web.api.reading import expected_version, stated_version
from collab.web.api.serving import api
from collab.web.api.shapes_holds import hold
from collab.web.session import current_actor, index_now, reading, vocabulary, writing

TAG = "needs"


@api.get("/needs", summary=("列出需求", "List needs"), tag=TAG, public=True,
         query=filters.NeedQuery, answer=forms.Needs)  # fmt: skip
def list_needs(query: filters.NeedQuery) -> forms.Needs:
    """Needs that the asker may read, newest first."""
    wanted = filters.needs(query)
    with reading() as uow:
        page = paging.fetched(
            query, lambda n, size: catalogue.page(uow, current_actor(), wanted, n, size)
        )
    return forms.Needs(
        items=[forms.need(v) for v in page.items], total=page.total, next=paging.next_of(page)
    )


@api.post("/needs", summary=("起草需求", "Draft a need"), tag=TAG, status=CREATED,
          body=forms.DraftNew, answer=forms.NeedFull)  # fmt: skip
def draft_need(body: forms.DraftNew) -> Reply:
    """Save a draft with what was understood of its text; nothing is published."""
    form = DraftIn.model_validate(body.model_dump(exclude={"organisation"}))
    with writing() as uow:
        owner = body.organisation or _only_organisation(uow)
        row = service.draft_need(uow, current_actor(), owner, form, vocabulary())
        uow.flush()
        reply = _full(uow, row.public_id)
    return Reply(reply.model, CREATED, f"/needs/{row.public_id}", reply.version)


def _only_organisation(uow: UnitOfWork) -> str:
    own = members.own(uow, current_actor())
    if not own:
        raise NotAllowed(Permission.NEED_EDIT)
    if len(own) > 1:
        raise Rejected([Problem("organisation", "required")])
    return own[0].row.public_id


@api.get("/needs/<key>", summary=("查看一条需求", "One need"), tag=TAG, public=True,
         versioned=True, answer=forms.NeedFull)  # fmt: skip
def show_need(key: str) -> Reply:
    """A need by its id; reading an invited need from outside goes on the record."""
    return read_on_record(key)


def read_on_record(key: str) -> Reply:
    """Open a need for reading, writing only where the read must be logged."""
    with reading() as uow:
        view = catalogue.one(uow, current_actor(), key)
        if not service.must_log_read(view.row, current_actor()):
            return _full(uow, key)
    with writing() as uow:
        service.read_need(uow, current_actor(), key, "api")
        return _full(uow, key)


@api.put("/needs/<key>", summary=("修改草稿", "Change a draft"), tag=TAG, versioned=True,
         body=forms.DraftChange, answer=forms.NeedFull)  # fmt: skip
def change_draft(key: str, body: forms.DraftChange) -> Reply:
    """New words; what was understood is made anew."""
    version = expected_version(body.version)
    form = DraftIn(text=body.text, title=body.title)
    with writing() as uow:
        service.change_draft(uow, current_actor(), key, form, version, vocabulary())
        uow.flush()
        return _full(uow, key)


@api.put("/needs/<key>/structure", summary=("确认理解结果", "Confirm what was understood"),
         tag=TAG, versioned=True, body=forms.StructureChange, answer=forms.NeedFull)  # fmt: skip
def confirm_structure(key: str, body: forms.StructureChange) -> Reply:
    """Save the corrected structure; the corrections are kept."""
    version = expected_version(body.version)
    with writing() as uow:
        service.confirm_structure(
            uow, current_actor(), key, body.structure, version, vocabulary(), body.title or None
        )
        uow.flush()
        return _full(uow, key)


@api.post("/needs/<key>/publish", summary=("发布需求", "Publish a need"), tag=TAG, versioned=True,
          body=forms.PublicationChange, answer=forms.NeedFull)  # fmt: skip
def publish_need(key: str, body: forms.PublicationChange) -> Reply:
    """Show the need to those its disclosure names."""
    version = expected_version(body.version)
    form = PublicationIn.model_validate(body.model_dump(exclude={"version"}))
    with writing() as uow:
        service.publish_need(uow, current_actor(), key, form, version)
        uow.flush()
        return _full(uow, key)


@api.put("/needs/<key>/disclosure", summary=("修改公开范围", "Open or restrict a need"), tag=TAG,
         versioned=True, body=forms.PublicationChange, answer=forms.NeedFull)  # fmt: skip
def change_disclosure(key: str, body: forms.PublicationChange) -> Reply:
    """Who may read the need from now on."""
    version = expected_version(body.version)
    form = PublicationIn.model_validate(body.model_dump(exclude={"version"}))
    with writing() as uow:
        need = service.change_disclosure(uow, current_actor(), key, form, version)
        uow.flush()
        reply = _full(uow, key)
    index_now(need.id)
    return reply


@api.post("/needs/<key>/withdraw", summary=("撤回需求", "Withdraw a need"), tag=TAG,
          versioned=True, body=forms.VersionOnly, answer=forms.NeedFull)  # fmt: skip
def withdraw_need(key: str, body: forms.VersionOnly) -> Reply:
    """Take a need back; nobody else sees it from now on."""
    version = stated_version(body.version)
    with writing() as uow:
        need = service.move_need(uow, current_actor(), key, NeedState.WITHDRAWN, version)
        uow.flush()
        reply = _full(uow, key)
    index_now(need.id)
    return reply


def _full(uow: UnitOfWork, key: str) -> Reply:
    actor = current_actor()
    view = catalogue.one(uow, actor, key)
    invited, reads = None, None
    if view.own:
        invited = [shapes.organisation_ref(o) for o in catalogue.invited(uow, actor, view.row)]
        reads = [forms.read_out(*entry) for entry in catalogue.reads(uow, actor, view.row)]
    made = forms.need_full(view, invited, reads, hold(uow, actor, view.row))
    return Reply(made, version=view.row.version)
