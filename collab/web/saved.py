"""A person's saved searches: keep, rename, delete."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.kernel.errors import Rejected
from collab.kernel.messages import sentence
from collab.kernel.problems import Problem
from collab.search import saved
from collab.search.saved import MOST_SAVED
from collab.web import present, search
from collab.web.session import current_actor, language, platform, reading, writing

blueprint = Blueprint("saved", __name__, url_prefix="/search/saved")


@blueprint.get("")
def index() -> str:
    """What the person keeps."""
    return _list(())


def _list(wrong: Sequence[Problem]) -> str:
    with reading() as uow:
        rows = saved.own(uow, current_actor())
    items = [
        {
            "key": r.public_id,
            "title": r.title,
            "href": saved.address(saved.from_json(r.query)),
            "created": present.day(r.created_at),
        }
        for r in rows
    ]
    return render_template(
        "search/saved.html", items=items, most=MOST_SAVED, problems=present.problems(wrong)
    )


@blueprint.post("")
def save() -> str | Response | tuple[str, int]:
    """Keep the search whose conditions stand in the address."""
    query = search.wanted()
    try:
        with writing() as uow:
            saved.save(uow, current_actor(), platform().search, _title() or query.text, query)
    except Rejected as error:
        return _list(error.problems), 422
    flash(_("搜索已保存，有新结果时会通知您。"), "success")
    return redirect(url_for("saved.index"))


@blueprint.post("/<key>/rename")
def rename(key: str) -> str | Response | tuple[str, int]:
    """Another name."""
    try:
        with writing() as uow:
            saved.rename(uow, current_actor(), key, _title())
    except Rejected as error:
        for problem in error.problems:
            flash(sentence(problem, language()), "error")
        return _list(error.problems), 422
    return redirect(url_for("saved.index"))


@blueprint.post("/<key>/delete")
def delete(key: str) -> Response:
    """No longer kept."""
    with writing() as uow:
        saved.forget(uow, current_actor(), key)
    return redirect(url_for("saved.index"))


def _title() -> str:
    text = request.form.get("title", "").strip()
    return "".join(c for c in text if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF)
