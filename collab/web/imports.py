"""Bring lists in and take them out: template, upload, preview, confirm, undo, export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from collab.importing import exports, preview, service
from collab.importing.columns import KINDS, kind_label
from collab.importing.exports import FORMATS, MEDIA
from collab.importing.models import ImportBatch
from collab.importing.rules import MAX_ROWS, BatchState
from collab.kernel.errors import Conflict, NotAllowed, NotFound, Rejected
from collab.kernel.messages import say
from collab.kernel.problems import Problem
from collab.web import params, present
from collab.web.session import current_actor, language, reading, vocabulary, writing

blueprint = Blueprint("imports", __name__, url_prefix="/imports")
SHOWN_ROWS = 500


@blueprint.get("")
def index() -> str:
    """Choose what to bring in; earlier imports; lists to take out."""
    return _start((), params.one("kind", KINDS, "capabilities"), params.text("organisation"))


def _start(wrong: Sequence[Problem], kind: str, organisation: str) -> str:
    actor = current_actor()
    with reading() as uow:
        owners = {k: service.importable_for(uow, actor, k) for k in ("capabilities", "needs")}
        past = [_batch(b) for b in service.past_imports(uow, actor)]
    known = {o.public_id: o for row in owners.values() for o in row}
    return render_template(
        "imports/index.html",
        kinds=[(k, kind_label(k, language())) for k in KINDS],
        kind=kind,
        organisations=[(k, present.pick(o.name_zh, o.name_en)) for k, o in known.items()],
        organisation=organisation or (next(iter(known)) if len(known) == 1 else ""),
        may_import=bool(known) or actor.secretariat,
        formats=FORMATS,
        past=past,
        most_rows=MAX_ROWS,
        problems=present.problems(wrong),
    )


@blueprint.get("/template/<kind>")
def template(kind: str) -> Response:
    """The XLSX file to fill in."""
    return _download(exports.template(kind, vocabulary()), f"template-{kind}", "xlsx")


@blueprint.post("")
def upload() -> str | AnyResponse | tuple[str, int]:
    """Check a list; nothing is imported before it is confirmed."""
    kind = request.form.get("kind", "")
    organisation = request.form.get("organisation", "")[:80]
    sent = request.files.get("file")
    if kind not in KINDS:
        raise NotFound("list", kind[:40])
    if sent is None or not sent.filename:
        return _start([Problem("file", "required")], kind, organisation), 422
    try:
        with writing() as uow:
            batch = service.check_import(
                uow, current_actor(), kind, _clean(sent.filename), sent.read(), vocabulary(),
                organisation,
            )  # fmt: skip
    except Rejected as error:
        return _start(error.problems, kind, organisation), 422
    except (NotAllowed, NotFound):
        wrong = Problem("organisation", "not_your_organisation", {"value": organisation})
        return _start([wrong], kind, organisation), 422
    return redirect(url_for("imports.show", key=batch.public_id))


def _clean(name: str) -> str:
    return "".join(c for c in name if c.isprintable() and not 0xD800 <= ord(c) <= 0xDFFF)


@blueprint.get("/<key>")
def show(key: str) -> str:
    """What a list would do, or has done: counts, problems by cell, changes field by field."""
    return _show(key, ())


def _show(key: str, wrong: Sequence[Problem]) -> str:
    with reading() as uow:
        seen = service.open_import(uow, current_actor(), key)
    words = preview.Words(vocabulary(), language())
    rows = [r for r in seen.rows if r.effect != "unchanged"]
    return render_template(
        "imports/show.html",
        item=_batch(seen.batch),
        faults=[preview.fault(p, words) for p in seen.problems[:SHOWN_ROWS]],
        rows=[preview.row(r, seen.batch.kind, words) for r in rows[:SHOWN_ROWS]],
        more_rows=max(0, len(rows) - SHOWN_ROWS),
        more_faults=max(0, len(seen.problems) - SHOWN_ROWS),
        can_confirm=seen.batch.state is BatchState.CHECKED and not seen.problems and bool(rows),
        problems=present.problems(wrong),
    )


@blueprint.post("/<key>/confirm")
def confirm(key: str) -> str | AnyResponse | tuple[str, int]:
    """Import the list that was shown, all of it."""
    try:
        with writing() as uow:
            service.apply_import(uow, current_actor(), key, vocabulary())
    except Rejected as error:
        return _show(key, error.problems), 422
    except Conflict as error:
        return _show(key, [Problem("", error.code, dict(error.facts))]), 409
    flash(_("清单已导入，随时可以整批撤销。"), "success")
    return redirect(url_for("imports.show", key=key))


@blueprint.post("/<key>/undo")
def undo(key: str) -> str | AnyResponse | tuple[str, int]:
    """Take the whole import back."""
    try:
        with writing() as uow:
            done = service.undo_import(uow, current_actor(), key, vocabulary())
    except Conflict as error:
        return _show(key, [Problem("", error.code, dict(error.facts))]), 409
    flash(_("已撤销 %(n)s 条记录。", n=done.restored), "success")
    for row in done.kept[:20]:
        reason = say("changed_since", language())
        flash(_("第 %(line)s 行“%(title)s”没有撤销：", line=row.line, title=row.title) + reason,
              "warning")  # fmt: skip
    return redirect(url_for("imports.show", key=key))


@blueprint.get("/export/<kind>.<format>")
def export(kind: str, format: str) -> Response:  # noqa: A002 - the word in the address
    """A list as a file: only what the person may read."""
    if kind not in KINDS or format not in FORMATS:
        abort(404)
    wanted: Literal["csv", "xlsx", "json"] = next(f for f in FORMATS if f == format)
    with writing() as uow:  # taking out an invited need is a read and is written down
        content = exports.export(uow, current_actor(), kind, wanted, params.text("organisation"))
    return _download(content, kind, wanted)


def _download(content: bytes, name: str, wanted: str) -> Response:
    answer = Response(content, content_type=MEDIA[wanted])
    answer.headers["Content-Disposition"] = f'attachment; filename="oe-collab-{name}.{wanted}"'
    return answer


def _batch(batch: ImportBatch) -> Mapping[str, Any]:
    states = {"checked": _("待确认"), "applied": _("已导入"), "undone": _("已撤销")}
    return {
        "key": batch.public_id, "href": url_for("imports.show", key=batch.public_id),
        "kind": kind_label(batch.kind, language()), "file": batch.file_name,
        "state": batch.state.value, "state_label": states[batch.state.value],
        "counts": batch.counts, "unknown_headers": batch.unknown_headers,
        "created": present.day(batch.created_at), "applied": present.day(batch.applied_at),
        "undone": present.day(batch.undone_at),
    }  # fmt: skip
