"""Files beside a need: send one, open one, release it to a party, take it away."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from collab.files import service
from collab.files.models import Attachment
from collab.files.rules import TYPES, megabytes
from collab.files.service import FileView, OwnFileView
from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.needs import catalogue
from collab.needs.models import Need
from collab.storage.uow import UnitOfWork
from collab.web import labels, params, present
from collab.web.context import with_args
from collab.web.session import current_actor, platform, reading, takes_files, writing

blueprint = Blueprint("files", __name__)
SANDBOX = "sandbox; default-src 'none'; frame-ancestors 'none'"


@blueprint.post("/needs/<key>/files")
@takes_files
def upload(key: str) -> AnyResponse | tuple[str, int]:
    """Keep a file; nobody else learns of it before it is released."""
    sent = request.files.get("file")
    found, house = platform(), request.form.get("organisation", "")[:80]
    try:
        if sent is None or not sent.filename:
            raise Rejected([Problem("file", "required")])
        service.attach(
            found.database, current_actor(), found.files, key, house, (sent.filename, sent.read())
        )
    except Rejected as error:
        return _again(key, error.problems), 422
    flash(_("文件已保存，现在只有贵单位能看到；接受意向后可以向对方开放。"), "success")
    return redirect(url_for("needs.show", key=key, _anchor="files"))


def _again(key: str, wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        view = catalogue.one(uow, current_actor(), key)
    return render_template(
        "files/upload.html", key=key, title=view.row.title, back=_back(view.row),
        problems=present.problems(wrong), **_taken(),
    )  # fmt: skip


def _taken() -> dict[str, Any]:
    """What the form says of files that are taken."""
    room = platform().files.limits
    return {
        "file_types": ", ".join(sorted(room.extensions)),
        "file_accept": ",".join(f".{e}" for e in sorted(room.extensions)),
        "file_most": megabytes(room.most_bytes),
    }


@blueprint.get("/files/<key>")
def download(key: str) -> Response:
    """The file, to be saved and never shown in place."""
    with writing() as uow:
        row, data = service.read(uow, current_actor(), platform().files.blobs, key)
    return Response(data, headers=headers(row))


def headers(row: Attachment) -> dict[str, str]:
    """What keeps a browser from taking a file for a part of this site."""
    return {
        "Content-Type": TYPES[service.media_extension(row)][1],
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(row.name, safe='')}",
        "Content-Security-Policy": SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


@blueprint.post("/files/<key>/release")
def release(key: str) -> AnyResponse:
    """Show a file to the other side, or take it back."""
    on = request.form.get("on") == "1"
    with writing() as uow:
        house = request.form.get("organisation", "")[:80]
        need = service.release(uow, current_actor(), key, house, on=on)
    flash(_("文件已向对方开放。") if on else _("已收回，对方不再能看到这个文件。"), "success")
    return redirect(url_for("needs.show", key=need.public_id, _anchor="files"))


@blueprint.get("/files")
def index() -> str:
    """The files of the person's organisations, beside needs that they may no longer read too."""
    number, size = params.page()
    with reading() as uow:
        page = service.own_files(uow, current_actor(), number, size)
        used = service.own_use(uow, current_actor())
    quota = megabytes(platform().files.limits.quota)
    return render_template(
        "files/index.html",
        page=page.map(_own_item),
        used=[(present.pick(o.name_zh, o.name_en), _size(n)) for o, n in used],
        quota=quota,
        href=lambda n: with_args(page=n),
    )


@blueprint.get("/files/<key>/remove")
def ask_to_remove(key: str) -> str:
    """What removing a file means, asked on a page of its own: it cannot be undone."""
    with reading() as uow:
        view = service.own_one(uow, current_actor(), key)
    return render_template("files/remove.html", file=_own_item(view), back=_back(view.need))


@blueprint.post("/files/<key>/remove")
def remove(key: str) -> AnyResponse:
    """Take a file away for everybody."""
    with writing() as uow:
        need = service.remove(uow, current_actor(), key)
    flash(_("文件已删除。"), "success")
    return redirect(_back(need))


def _back(need: Need | None) -> str:
    """The need's page while the person may read it, else the list of own files."""
    if need is None:
        return url_for("files.index")
    return url_for("needs.show", key=need.public_id, _anchor="files")


def _own_item(view: OwnFileView) -> dict[str, Any]:
    row = view.row
    return {
        "key": row.public_id,
        "name": row.name,
        "size": _size(view.size),
        "on": present.moment(row.created_at),
        "state": row.state,
        "state_label": labels.label("file_state", row.state),
        "readable": row.state == "clean",
        "need": (view.need.title, _back(view.need)) if view.need else None,
    }


def of_need(uow: UnitOfWork, need: Need) -> dict[str, Any]:
    """The files of a need for its page; nothing at all for whom none was released."""
    actor = current_actor()
    return {
        "files": [_item(view) for view in service.of_need(uow, actor, need)],
        "may_attach": service.may_attach(uow, actor, need),
        **_taken(),
    }


def _item(view: FileView) -> dict[str, Any]:
    row, house = view.row, view.organisation
    return {
        "key": row.public_id,
        "name": row.name,
        "size": _size(view.size),
        "on": present.moment(row.created_at),
        "own": view.own,
        "state": row.state,
        "state_label": labels.label("file_state", row.state),
        "readable": row.state == "clean",
        "from": present.pick(house.name_zh, house.name_en) if house else "",
        "targets": [
            (o.public_id, present.pick(o.name_zh, o.name_en), on) for o, on in view.targets
        ],
    }


def _size(size: int) -> str:
    return f"{megabytes(size)} MB" if size >= 2**20 else f"{max(1, size // 1024)} KB"
