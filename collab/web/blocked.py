"""Organisations that one's own is never matched with: who they are, adding and taking back."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.kernel.errors import NotFound, Rejected
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.matching import blocking
from collab.members import catalogue
from collab.members.filters import OrganisationFilter
from collab.members.models import Organisation
from collab.storage.uow import UnitOfWork
from collab.web import params, present
from collab.web.session import current_actor, reading, writing

FOUND = 10  # as many as a person compares by eye; more letters narrow it
blueprint = Blueprint("blocked", __name__, url_prefix="/my-organisation")


def _named(row: Organisation) -> tuple[str, str]:
    return row.public_id, present.pick(row.name_zh, row.name_en)


@blueprint.get("/blocked")
def index() -> str:
    """The lists of every organisation that the person edits; nobody else sees them."""
    actor, other, words = current_actor(), params.text("other", 80), params.text("find", 80)
    with reading() as uow:
        own = [v.row for v in catalogue.own(uow, actor)]
        edited = [row for row in own if row.id in actor.editor_organisation_ids]
        items = [
            (*_named(row), [_named(o) for o in blocking.blocked_by(uow, actor, row.public_id)])
            for row in edited
        ]
        asked = [_named(catalogue.one(uow, actor, other).view.row)] if other else []
        found = _found(uow, actor, words) if words else asked
    return render_template("organisations/blocked.html", items=items, found=found, words=words)


def _found(uow: UnitOfWork, actor: Actor, words: str) -> list[tuple[str, str]]:
    """Organisations whose name holds the words, the own ones left out."""
    page = catalogue.page(uow, actor, OrganisationFilter(text=words), 1, FOUND)
    return [_named(v.row) for v in page.items if v.row.id not in actor.organisation_ids]


@blueprint.post("/<key>/blocked")
def add(key: str) -> Response:
    """Never match this organisation with another one."""
    return _changed(key, blocking.block)


@blueprint.post("/<key>/blocked/remove")
def remove(key: str) -> Response:
    """Match the two again."""
    return _changed(key, blocking.unblock)


def _changed(key: str, move: Callable[[UnitOfWork, Actor, str, str], Organisation]) -> Response:
    other = request.form.get("other", "").strip()
    try:
        with writing() as uow:
            name = _named(move(uow, current_actor(), key, other))[1]
    except Rejected as error:
        flash(present.problems(error.problems)[0].text, "danger")
        return redirect(url_for("blocked.index"))
    except NotFound as error:
        if error.key != other:
            raise
        wrong = Problem("other", "unknown_organisation", {"key": other})
        flash(present.problems([wrong])[0].text, "danger")
        return redirect(url_for("blocked.index"))
    away = move is blocking.block
    said = (
        _("不再与 %(name)s 匹配。", name=name) if away else _("重新与 %(name)s 匹配。", name=name)
    )
    flash(said, "success")
    return redirect(url_for("blocked.index"))
