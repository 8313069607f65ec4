"""Agreements: draw up, read, sign, mark milestones, move on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response

from collab.agreements import service
from collab.agreements.forms import AgreementIn
from collab.agreements.models import Agreement, Milestone
from collab.agreements.rules import BINDING, MAX_MILESTONES, AgreementState, Side, moves
from collab.kernel import clock
from collab.kernel.errors import NotFound, Rejected
from collab.kernel.problems import Problem
from collab.needs.rules import Disclosure
from collab.web import labels, params, present
from collab.web.capability_form import version as version_of
from collab.web.context import pick, with_args
from collab.web.errors import problems_of
from collab.web.session import current_actor, index_now, reading, writing

blueprint = Blueprint("agreements", __name__, url_prefix="/agreements")
FIELDS = ("title", "kind", "scope", "amount", "currency", "starts_on", "ends_on")
CURRENCIES = ("CNY", "USD", "EUR", "JPY", "HKD", "TWD")
Answer = str | tuple[str, int] | Response


@blueprint.get("")
def index() -> str:
    """The agreements of the person's organisations."""
    number, size = params.page()
    with reading() as uow:
        page = service.page(uow, current_actor(), number, size)
    return render_template(
        "agreements/index.html", page=page.map(_row), href=lambda n: with_args(page=n)
    )


@blueprint.route("/new/<interest_key>", methods=["GET", "POST"])
def new(interest_key: str) -> Answer:
    """Draw up an agreement for an accepted interest."""
    actor = current_actor()
    with reading() as uow:
        _interest, need = service.proposable(uow, actor, interest_key)
    where = url_for("agreements.new", interest_key=interest_key)
    if request.method == "GET":
        today = clock.today().isoformat()
        return _form(where, {"title": need.title, "kind": "processing", "starts_on": today}, ())
    try:
        form = AgreementIn.model_validate(_sent())
        with writing() as uow:
            row = service.propose(uow, actor, interest_key, form)
    except (ValidationError, Rejected) as error:
        return _form(where, _typed(), _wrong(error)), 422
    flash(_("草案已送达对方；双方签署后生效。"), "success")
    return redirect(url_for("agreements.show", key=row.public_id))


@blueprint.get("/<key>")
def show(key: str) -> str:
    """An agreement with its milestones and what the person may do next."""
    return _show(key, ())


@blueprint.route("/<key>/edit", methods=["GET", "POST"])
def edit(key: str) -> Answer:
    """Change a proposal; signatures under the old words no longer count."""
    actor = current_actor()
    with reading() as uow:
        view = service.one(uow, actor, key)
    where = url_for("agreements.edit", key=key)
    if request.method == "GET":
        return _form(where, _kept(view), (), view.row.version)
    try:
        form = AgreementIn.model_validate(_sent())
        with writing() as uow:
            service.change(uow, actor, key, form, version_of(request.form))
    except (ValidationError, Rejected) as error:
        return _form(where, _typed(), _wrong(error), version_of(request.form) or 0), 422
    flash(_("草案已修改，需要双方重新签署。"), "success")
    return redirect(url_for("agreements.show", key=key))


@blueprint.post("/<key>/sign")
def sign(key: str) -> Response:
    """Sign for the person's organisation."""
    shows = bool(request.form.get("shows"))
    with writing() as uow:
        row = service.sign(uow, current_actor(), key, version_of(request.form), shows)
    return _done(row, _("已签署。"))


@blueprint.post("/<key>/milestones/<int:number>")
def milestone(key: str, number: int) -> Response:
    """Mark a milestone as done, or confirm it."""
    if number > MAX_MILESTONES:
        raise NotFound("milestone", str(number))
    with writing() as uow:
        row = service.mark(uow, current_actor(), key, number)
    return _done(row, _("已记录。"))


@blueprint.post("/<key>/move")
def move(key: str) -> Answer:
    """Withdraw, deliver, close or break off."""
    wanted = request.form.get("state", "")
    if wanted not in set(AgreementState):
        raise Rejected([Problem("state", "invalid", {"value": wanted[:40]})])
    remark, outcome = request.form.get("remark", "")[:2000], request.form.get("outcome", "")[:20]
    try:
        with writing() as uow:
            row = service.move(uow, current_actor(), key, AgreementState(wanted),
                               version_of(request.form), remark, outcome)  # fmt: skip
    except Rejected as error:
        return _show(key, error.problems), 422
    return _done(row, _("状态已更新。"))


def _done(row: Agreement, said: str) -> Response:
    index_now(row.need_id)
    flash(said, "success")
    return redirect(url_for("agreements.show", key=row.public_id))


def _wrong(error: ValidationError | Rejected) -> tuple[Problem, ...]:
    """The milestone of a problem is named by its row, which is the field people see."""
    if isinstance(error, Rejected):
        return error.problems
    return tuple(
        Problem("milestones" if p.field.startswith("milestones") else p.field, p.code, p.facts)
        for p in problems_of(error)
    )


def _typed() -> dict[str, Any]:
    found: dict[str, Any] = {name: request.form.get(name, "").strip() for name in FIELDS}
    titles = request.form.getlist("milestone_title")[:MAX_MILESTONES]
    days = request.form.getlist("milestone_due")[:MAX_MILESTONES]
    found["milestones"] = [
        {"title": title.strip(), "due_on": day.strip()}
        for title, day in zip(titles, days, strict=False)
        if title.strip() or day.strip()
    ]
    return found


def _sent() -> dict[str, Any]:
    return {k: v for k, v in _typed().items() if v or k not in ("amount", "currency")}


def _kept(view: service.AgreementView) -> dict[str, Any]:
    row = view.row
    amount = "" if row.amount_minor is None else f"{row.amount_minor / 100:.2f}"
    return {
        "title": row.title, "kind": row.kind, "scope": row.scope, "amount": amount,
        "currency": row.currency, "starts_on": row.starts_on, "ends_on": row.ends_on,
        "milestones": [{"title": m.title, "due_on": m.due_on} for m in view.milestones],
    }  # fmt: skip


def _form(where: str, values: dict[str, Any], wrong: Any, version: int = 0) -> str:
    blank = [{"title": "", "due_on": ""}] * 3
    return render_template(
        "agreements/edit.html",
        action=where,
        values=values,
        milestones=[*values.get("milestones", ()), *blank][:MAX_MILESTONES],
        version=version,
        kinds=labels.pairs("agreement_kind"),
        currencies=[(c, c) for c in CURRENCIES],
        problems=present.problems(wrong),
    )


def _row(view: service.AgreementView) -> dict[str, Any]:
    row = view.row
    other = view.provider if view.side is Side.OWNER else view.owner
    return {
        "key": row.public_id, "title": row.title,
        "href": url_for("agreements.show", key=row.public_id),
        "other": pick(other.name_zh, other.name_en), "state": row.state,
        "state_label": labels.label("agreement_state", row.state),
        "kind": labels.label("agreement_kind", row.kind),
        "starts": row.starts_on, "ends": row.ends_on, "side": view.side, "held": view.held,
    }  # fmt: skip


def _signature(house: Any, at: Any, shows: bool) -> dict[str, Any]:
    return {"name": pick(house.name_zh, house.name_en), "shows": shows,
            "href": url_for("organisations.show", key=present.org_key(house)),
            "on": present.day(at) if at else ""}  # fmt: skip


def _milestone(view: service.AgreementView, row: Milestone) -> dict[str, Any]:
    owner = view.side is Side.OWNER
    running = view.row.state in (AgreementState.SIGNED, AgreementState.DELIVERED)
    open_to_me = row.confirmed_at is None and (row.done_at is not None) == owner
    return {
        "number": row.number, "title": row.title, "due": row.due_on,
        "done": present.day(row.done_at) if row.done_at else "",
        "confirmed": present.day(row.confirmed_at) if row.confirmed_at else "",
        "late": row.done_at is None and row.due_on < clock.today(),
        "mark": running and open_to_me,
    }  # fmt: skip


def _page(view: service.AgreementView) -> dict[str, Any]:
    row = view.row
    amount = "" if row.amount_minor is None else f"{row.amount_minor / 100:,.2f} {row.currency}"
    return _row(view) | {
        "version": row.version, "scope": row.scope, "remark": row.remark, "amount": amount,
        "outcome": labels.label("outcome", row.outcome) if row.outcome else "",
        "need": view.need.title if view.need else "",
        "need_href": url_for("needs.show", key=view.need.public_id) if view.need else "",
        "parties": [_signature(view.owner, row.owner_signed_at, row.owner_shows),
                    _signature(view.provider, row.provider_signed_at, row.provider_shows)],
        "milestones": [_milestone(view, m) for m in view.milestones],
        "may_sign": view.may_sign,
        "may_edit": row.state is AgreementState.PROPOSED,
        # showing the tie of an anonymous or invited need would say whose it was
        "suggest_show": view.need is not None
                        and view.need.disclosure in (Disclosure.PUBLIC, Disclosure.MEMBERS),
        "moves": [(s, labels.label("agreement_move", s)) for s in moves(row.state, view.side)
                  if view.may_bind or s not in BINDING],
    }  # fmt: skip


def _show(key: str, wrong: Any) -> str:
    with reading() as uow:
        view = service.one(uow, current_actor(), key)
    return render_template(
        "agreements/show.html",
        agreement=_page(view),
        outcomes=labels.pairs("outcome"),
        typed={name: request.form.get(name, "") for name in ("remark", "outcome")},
        problems=present.problems(wrong),
    )
