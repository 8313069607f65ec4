"""The moderators' queue and one record before them: hold, return, release, answer reports."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.kernel.errors import Conflict, Rejected
from collab.kernel.problems import Problem
from collab.moderation import catalogue, service
from collab.moderation.models import Hold
from collab.moderation.rules import HoldState, Kind, can_move
from collab.network import access
from collab.web import holds, present
from collab.web.capability_form import version as version_of
from collab.web.session import current_actor, index_now, reading, recatalogue_now, writing

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")
RECORD = "/<any(needs, capabilities):kind>/<key>"
Answer = str | tuple[str, int] | Response
Wrong = tuple[Problem, ...]


@blueprint.get("")
def index() -> str:
    """What waits in the actor's regions: reports, and records on hold."""
    actor = current_actor()
    if not access.may_coordinate(actor):
        abort(404)
    with reading() as uow:
        found = catalogue.queue(uow, actor)
    return render_template(
        "moderation/index.html",
        reported=[
            {**holds.item(r.item), "reports": [holds.report(one) for one in r.reports]}
            for r in found.reported
        ],
        to_look_at=[{**holds.item(h.item), "hold": holds.told(h.hold)} for h in found.to_look_at],
        with_owners=[{**holds.item(h.item), "hold": holds.told(h.hold)} for h in found.with_owners],
        counts=(found.report_count, found.hold_count, found.returned_count),
        most=catalogue.SHOWN,
    )


@blueprint.get(RECORD)
def show(kind: str, key: str) -> str:
    """One record with what was reported of it, and what may be decided."""
    return _show(kind, key, ())


def _show(kind: str, key: str, wrong: Wrong) -> str:
    with reading() as uow:
        found = catalogue.case(uow, current_actor(), holds.KINDS[kind], key)
    hold = found.hold
    return render_template(
        "moderation/show.html",
        item=holds.item(found.item),
        hold=holds.told(hold) if hold is not None else None,
        may_return=hold is not None and can_move(hold.state, HoldState.RETURNED),
        reports=[holds.report(one) for one in found.reports],
        typed={n: request.form.get(n, "") for n in ("reason", "wanted", "answer")},
        answering=request.form.get("report", ""),
        problems=present.problems(wrong),
    )


@blueprint.post(f"{RECORD}/<any(hold, return, release):act>")
def decide(kind: str, key: str, act: str) -> Answer:
    """Hold a record, return it to its owner, or release it."""
    try:
        found = _decided(holds.KINDS[kind], key, act)
    except Rejected as error:
        return _show(kind, key, error.problems), 422
    except Conflict as error:
        return _show(kind, key, (Problem("", error.code, dict(error.facts)),)), 409
    _follow(found)
    flash({"hold": _("已暂停公开，所有者已收到通知。"), "return": _("已退回，所有者已收到通知。"),
           "release": _("已恢复公开。")}[act], "success")  # fmt: skip
    return redirect(url_for("moderation.show", kind=kind, key=key))


def _decided(kind: Kind, key: str, act: str) -> Hold:
    form, actor = request.form, current_actor()
    version = version_of(form)
    with writing() as uow:
        if act == "hold":
            words = (form.get("reason", ""), form.get("wanted", ""))
            return service.hold_record(uow, actor, kind, key, *words, version)
        if act == "return":
            return service.return_record(uow, actor, kind, key, form.get("wanted", ""), version)
        return service.release_record(uow, actor, kind, key, version)


def _follow(found: Hold) -> None:
    """Counts and suggestions follow at once; they do not wait for the worker."""
    index_now(found.need_id)
    recatalogue_now(found.capability_id)


@blueprint.post(f"{RECORD}/ask")
def ask(kind: str, key: str) -> Response:
    """The owner asks for another look at a held record."""
    with writing() as uow:
        service.ask_again(
            uow, current_actor(), holds.KINDS[kind], key, request.form.get("reply", ""),
            version_of(request.form),
        )  # fmt: skip
    flash(_("已申请复核，结果会通知您。"), "success")
    return redirect(present.record_href(kind == "needs", key))


@blueprint.post(f"{RECORD}/reports/<report>/dismiss")
def dismiss(kind: str, key: str, report: str) -> Answer:
    """Leave the record as it is and answer whoever reported it."""
    try:
        with writing() as uow:
            service.dismiss_report(
                uow, current_actor(), report, request.form.get("answer", ""),
                version_of(request.form),
            )  # fmt: skip
    except Rejected as error:
        return _show(kind, key, error.problems), 422
    except Conflict as error:
        return _show(kind, key, (Problem("", error.code, dict(error.facts)),)), 409
    flash(_("已答复举报人，记录保持不变。"), "success")
    return redirect(url_for("moderation.show", kind=kind, key=key))
