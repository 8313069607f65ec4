"""What a person is told."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.notices import service, wishes
from collab.notices.models import MailPace
from collab.web import labels, present
from collab.web.links import secret
from collab.web.session import current_actor, language, platform, public, reading, writing

blueprint = Blueprint("notices", __name__, url_prefix="/notices")


@blueprint.get("")
def index() -> str:
    """The latest notices, unread ones marked."""
    with reading() as uow:
        found = service.latest(uow, current_actor())
        wish = wishes.own_wish(uow, current_actor())
    return render_template(
        "notices/index.html",
        items=[
            {"text": service.worded(n, language()), "url": n.url, "on": present.day(n.created_at),
             "unread": n.read_at is None}
            for n in found
        ],
        wish=wish,
        paces=labels.pairs("mail_pace"),
        able=bool(platform().settings.smtp_host),
    )  # fmt: skip


@blueprint.post("/read")
def read() -> Response:
    """Mark all as read."""
    with writing() as uow:
        service.mark_read(uow, current_actor())
    return redirect(url_for("notices.index"))


@blueprint.post("/mail")
def choose() -> Response:
    """Choose how notices come by e-mail."""
    asked = [request.form.get(name, "") for name in ("deals", "finds")]
    wrong = [
        Problem(name, "invalid", {"value": value[:40]})
        for name, value in zip(("deals", "finds"), asked, strict=True)
        if value not in set(MailPace)
    ]
    if wrong:
        raise Rejected(wrong)
    with writing() as uow:
        wishes.set_wish(uow, current_actor(), *(MailPace(value) for value in asked))
    flash(_("已保存。"), "success")
    return redirect(url_for("notices.index", _anchor="mail"))


@blueprint.route("/stop/<key>/<seal>", methods=["GET", "POST"])
@public
def stop(key: str, seal: str) -> str:
    """The link of a letter: asked once more, then no notices by e-mail come any more."""
    done = request.method == "POST"
    if done:
        with writing() as uow:
            wishes.stop(uow, key, seal, secret())
    return render_template("notices/stop.html", done=done)
