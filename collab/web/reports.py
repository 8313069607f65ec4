"""Report a record to the moderators of its region; what became of one's reports."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.kernel.errors import NotAllowed, Rejected
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.moderation import catalogue, service
from collab.web import holds, labels, present
from collab.web.session import current_actor, reading, writing

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
RECORD = "/<any(needs, capabilities):kind>/<key>"


@blueprint.get("")
def index() -> str:
    """What the person reported, and what was answered."""
    with reading() as uow:
        found = catalogue.own_reports(uow, current_actor())
    return render_template(
        "reports/index.html",
        items=[
            {**holds.report(r.row), "kind_label": labels.label("record_kind", r.kind),
             "record": holds.item(r.item) if r.item is not None else None}
            for r in found
        ],
    )  # fmt: skip


@blueprint.route(RECORD, methods=["GET", "POST"])
def new(kind: str, key: str) -> str | tuple[str, int] | Response:
    """Say what is wrong with a record."""
    if not current_actor().is_member:
        raise NotAllowed(Permission.REPORT_READ)
    if request.method == "GET":
        return _form(kind, key, ())
    try:
        with writing() as uow:
            service.report_record(
                uow, current_actor(), holds.KINDS[kind], key, request.form.get("reason", ""),
                request.form.get("text", ""),
            )  # fmt: skip
    except Rejected as error:
        return _form(kind, key, error.problems), 422
    flash(_("举报已送达所在地区的审核人，处理结果会通知您。"), "success")
    return redirect(url_for("reports.index"))


def _form(kind: str, key: str, wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        found = catalogue.readable(uow, current_actor(), holds.KINDS[kind], key)
    return render_template(
        "reports/new.html",
        item=holds.item(found),
        reasons=[(k, w, "") for k, w in labels.pairs("report_reason")],
        typed={n: request.form.get(n, "") for n in ("reason", "text")},
        problems=present.problems(wrong),
    )
