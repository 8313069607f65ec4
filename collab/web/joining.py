"""Apply to join, claim a shipped record; the secretariat decides, suspends and readmits."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response

from collab.kernel.errors import NotFound, Rejected
from collab.kernel.problems import Problem
from collab.members import catalogue, joining
from collab.members.forms import AdmissionIn, ClaimIn, JoinIn
from collab.members.models import Application, Organisation, Region
from collab.members.rules import Membership
from collab.web import labels, links, params, present
from collab.web.capability_form import version as version_of
from collab.web.context import with_args
from collab.web.errors import problems_of
from collab.web.session import current_actor, public, reading, reindex_now, writing

blueprint = Blueprint("members", __name__)
WHO = ("country", "identifier", "contact_name", "contact_email", "evidence")
WHAT = ("name_zh", "name_en", "kind", "region", "website")
AGREEMENT = ("title", "signed_on", "until", "reason")
JOINS, CLAIMS = 10, 10  # in a quarter of an hour from one network address
Answer = str | tuple[str, int] | Response


def _sent(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: request.form.get(name, "").strip() for name in names}


def _wrong(error: ValidationError | Rejected) -> tuple[Problem, ...]:
    return tuple(problems_of(error)) if isinstance(error, ValidationError) else error.problems


@blueprint.route("/join", methods=["GET", "POST"])
@public
def join() -> Answer:
    """An organisation applies."""
    if request.method == "GET":
        return _join_page({"country": "CN"}, ())
    links.count((links.from_here("join"), JOINS))
    values = {**_sent(WHO + WHAT), "another": request.form.get("another") == "1"}
    values["country"] = str(values["country"]).upper()
    try:
        form = JoinIn.model_validate(values)
        with writing() as uow:
            joining.apply(uow, form)
    except (ValidationError, Rejected) as error:
        return _join_page(values, _wrong(error)), 422
    return redirect(url_for("members.received"))


def _join_page(values: dict[str, Any], wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        regions = catalogue.regions(uow)
    return render_template(
        "join/apply.html",
        values=values,
        problems=present.problems(wrong),
        kinds=labels.pairs("organisation_kind"),
        regions=present.region_options(regions),
        known=any(p.code == "name_known" for p in wrong),
    )


@blueprint.get("/join/received")
@public
def received() -> str:
    """What happens next."""
    return render_template("join/received.html")


@blueprint.route("/organisations/<key>/claim", methods=["GET", "POST"])
@public
def claim(key: str) -> Answer:
    """Somebody says that a shipped record is theirs."""
    if request.method == "GET":
        return _claim_page(key, {"country": "CN"}, ())
    links.count((links.from_here("claim"), CLAIMS))
    values = _sent(WHO)
    values["country"] = str(values["country"]).upper()
    try:
        form = ClaimIn.model_validate(values)
        with writing() as uow:
            joining.claim(uow, key, form)
    except (ValidationError, Rejected) as error:
        return _claim_page(key, values, _wrong(error)), 422
    return redirect(url_for("members.received"))


def _claim_page(key: str, values: dict[str, Any], wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        owner = joining.claimable(uow, key)
    return render_template(
        "join/claim.html",
        key=key,
        name=present.pick(owner.name_zh, owner.name_en),
        values=values,
        problems=present.problems(wrong),
    )


@blueprint.get("/members/applications")
def applications() -> str:
    """Applications and claims, those that wait first."""
    number, size = params.page()
    state = params.one("state", labels.APPLICATION_STATE)
    with reading() as uow:
        page = joining.page(uow, current_actor(), state, number, size)
        regions = catalogue.regions(uow)
    return render_template(
        "members/applications.html",
        page=page.map(lambda a: _application(a, regions)),
        states=labels.pairs("application_state"),
        state=state,
        href=lambda n: with_args(page=n),
    )


def _application(row: Application, regions: dict[int, Region]) -> dict[str, Any]:
    region = regions.get(row.region_id)
    return {
        "key": row.public_id, "name": present.pick(row.name_zh, row.name_en),
        "other_name": row.name_en, "code": row.credit_code, "claim": row.organisation_id,
        "kind": labels.label("organisation_kind", row.kind), "place": present.place(region),
        "website": row.website, "evidence": row.evidence, "contact": row.contact_name,
        "email": row.contact_email, "state": row.state, "version": row.version,
        "state_label": labels.label("application_state", row.state),
        "decision": row.decision, "on": present.day(row.created_at),
    }  # fmt: skip


@blueprint.get("/members/applications/<key>")
def application(key: str) -> str:
    """One application with what may be its doubles."""
    return _application_page(key, {}, ())


def _application_page(
    key: str, values: dict[str, Any], wrong: tuple[Problem, ...], link: str = "", sent: bool = False
) -> str:
    with reading() as uow:
        row = joining.one(uow, current_actor(), key)
        doubles = joining.doubles(uow, row) if row.state == joining.SUBMITTED else []
        regions = catalogue.regions(uow)
    return render_template(
        "members/application.html",
        item=_application(row, regions),
        doubles=doubles,
        values=values,
        problems=present.problems(wrong),
        link=link,
        sent=sent,
    )


def _admission() -> AdmissionIn:
    values = _sent(AGREEMENT)
    return AdmissionIn.model_validate(
        {k: v for k, v in values.items() if v or k not in ("signed_on", "until")}
    )


@blueprint.post("/members/applications/<key>/admit")
def admit(key: str) -> Answer:
    """The applicant becomes a member; its contact is invited."""
    try:
        with writing() as uow:
            path = joining.admit(
                uow, current_actor(), key, _admission(), version_of(request.form), links.secret()
            )
    except (ValidationError, Rejected) as error:
        return _application_page(key, _sent(AGREEMENT), _wrong(error)), 422
    return _application_page(key, {}, (), links.shown(path), True)


@blueprint.post("/members/applications/<key>/reject")
def reject(key: str) -> Answer:
    """The application is turned down with a reason."""
    values = _sent(AGREEMENT)
    try:
        with writing() as uow:
            joining.reject(
                uow, current_actor(), key, str(values["reason"]), version_of(request.form)
            )
    except Rejected as error:
        return _application_page(key, values, error.problems), 422
    flash(_("已婉拒该申请。"), "success")
    return redirect(url_for("members.applications"))


@blueprint.get("/members")
def index() -> str:
    """Member organisations with what the secretariat can do about each."""
    number, size = params.page()
    with reading() as uow:
        page = joining.members(uow, current_actor(), number, size)
    return render_template(
        "members/index.html",
        page=page.map(_member),
        href=lambda n: with_args(page=n),
    )


def _member(row: Organisation) -> dict[str, Any]:
    return {
        "key": row.public_id, "name": present.pick(row.name_zh, row.name_en),
        "membership": row.membership.value, "code": row.credit_code or "",
        "membership_label": labels.label("membership", row.membership), "demo": row.demo,
    }  # fmt: skip


@blueprint.get("/members/<key>")
def member(key: str) -> str:
    """One member: suspend, readmit, record an agreement."""
    return _member_page(key, {}, ())


def _member_page(key: str, values: dict[str, Any], wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        row, agreements = joining.member(uow, current_actor(), key)
    return render_template(
        "members/member.html",
        item=_member(row) | {"version": row.version},
        agreements=[(a.title, present.day(a.signed_on), present.day(a.until)) for a in agreements],
        values=values,
        problems=present.problems(wrong),
    )


@blueprint.post("/members/<key>/move")
def move(key: str) -> Answer:
    """Suspend or readmit."""
    wanted = request.form.get("state", "")
    if wanted not in (Membership.ADMITTED, Membership.SUSPENDED):
        raise NotFound("membership", wanted)
    values = _sent(AGREEMENT)
    try:
        with writing() as uow:
            row = joining.move(
                uow, current_actor(), key, Membership(wanted), str(values["reason"]),
                version_of(request.form),
            )  # fmt: skip
    except Rejected as error:
        return _member_page(key, values, error.problems), 422
    reindex_now(row.id)
    flash(_("成员状态已更新。"), "success")
    return redirect(url_for("members.member", key=key))


@blueprint.post("/members/<key>/agreement")
def agreement(key: str) -> Answer:
    """Record a co-build agreement."""
    try:
        with writing() as uow:
            joining.record_agreement(uow, current_actor(), key, _admission())
    except (ValidationError, Rejected) as error:
        return _member_page(key, _sent(AGREEMENT), _wrong(error)), 422
    flash(_("共建协议已登记。"), "success")
    return redirect(url_for("members.member", key=key))
