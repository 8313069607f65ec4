"""What a person is told."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from collab.notices import service
from collab.web import present
from collab.web.session import current_actor, language, reading, writing

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


@blueprint.get("")
def index() -> str:
    """The latest notices, unread ones marked."""
    with reading() as uow:
        found = service.latest(uow, current_actor())
    return render_template(
        "notices/index.html",
        items=[
            {"text": service.worded(n, language()), "url": n.url, "on": present.day(n.created_at),
             "unread": n.read_at is None}
            for n in found
        ],
    )  # fmt: skip


@blueprint.post("/read")
def read() -> Response:
    """Mark all as read."""
    with writing() as uow:
        service.mark_read(uow, current_actor())
    return redirect(url_for("notices.index"))
