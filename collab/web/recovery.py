"""Forgotten password, address to verify, own data to take away, account to erase."""

from __future__ import annotations

import json

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab import personal
from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.members import catalogue, password_change, recovery, service
from collab.needs import handover
from collab.notices import personal as own_notices
from collab.storage import audit_reading
from collab.web import links, present, signing
from collab.web.session import (
    current_actor,
    forget,
    language,
    platform,
    public,
    reading,
    session_limits,
    writing,
)

blueprint = Blueprint("recovery", __name__)
RESETS, RESETS_FROM, LINKS = 3, 20, 60
Answer = str | tuple[str, int] | Response


@blueprint.route("/reset", methods=["GET", "POST"])
@public
def ask() -> Answer:
    """Ask for a reset link; the answer is the same whether the address is known or not."""
    if request.method == "GET":
        return render_template("account/reset_ask.html", done=False)
    email = request.form.get("email", "")[:254].strip().lower()
    links.count((links.from_here("reset"), RESETS_FROM), (f"reset:{email}", RESETS))
    with writing() as uow:
        recovery.ask_for_reset(uow, email, links.secret(), language())
    return render_template("account/reset_ask.html", done=True)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public
def reset(token: str) -> Answer:
    """Set a new password by the link."""
    links.count((links.from_here("link"), LINKS))
    if request.method == "GET":
        with reading() as uow:
            recovery.reset_link(uow, token)
        return render_template("account/reset_set.html", token=token, problems=[])
    try:
        with writing() as uow:
            new = request.form.get("password", "")[:400]
            recovery.reset_password(uow, token, new, platform().breached)
    except Rejected as error:
        wrong = present.problems(error.problems)
        return render_template("account/reset_set.html", token=token, problems=wrong), 422
    forget()
    flash(_("密码已重置，请用新密码登录。"), "success")
    return redirect(url_for("account.sign_in"))


@blueprint.route("/verify/<token>", methods=["GET", "POST"])
@public
def verify(token: str) -> Answer:
    """Confirm an address; a button, so that programs that open every link confirm nothing."""
    links.count((links.from_here("link"), LINKS))
    if request.method == "GET":
        return render_template("account/verify.html", token=token)
    with writing() as uow:
        recovery.verify(uow, token)
    flash(_("邮箱已验证。"), "success")
    return redirect(url_for("account.show"))


@blueprint.post("/account/verify")
def ask_to_verify() -> Response:
    """Send the link that proves the address."""
    links.count((f"verify:{current_actor().person_id}", RESETS))
    with writing() as uow:
        recovery.ask_to_verify(uow, current_actor(), links.secret(), language())
    flash(_("验证邮件已发送，请在 2 天内打开其中的链接。"), "success")
    return redirect(url_for("account.show"))


@blueprint.route("/account/address", methods=["GET", "POST"])
def ask_for_address() -> Answer:
    """Another address: a link goes there, and only it makes the change."""
    if request.method == "GET":
        return _address_page("", (), False)
    links.count((f"password:{current_actor().person_id}", service.TRIES))
    email = request.form.get("new_email", "")[:300].strip()
    password, fresh = request.form.get("email_password", "")[:400], signing.is_fresh()
    try:
        with writing() as uow:
            password_change.ask_for_address(
                uow, current_actor(), email, password, links.secret(), language(), fresh=fresh
            )
    except Rejected as error:
        return _address_page(email, error.problems, False), 422
    return _address_page("", (), True)


def _address_page(email: str, wrong: tuple[Problem, ...], sent: bool) -> str:
    with reading() as uow:
        person = catalogue.person(uow, current_actor())
    return render_template(
        "account/address.html",
        present=person.email if person else "",
        verified=bool(person and person.verified_at),
        has_password=bool(person and person.password_hash),
        can_mail=bool(platform().settings.smtp_host),
        email=email,
        problems=present.problems(wrong),
        sent=sent,
    )


@blueprint.route("/address/<token>", methods=["GET", "POST"])
@public
def change_address(token: str) -> Answer:
    """The link at the new address; a button, so that programs that open links change nothing."""
    links.count((links.from_here("link"), LINKS))
    if request.method == "GET":
        return render_template("account/address_confirm.html", token=token)
    with writing() as uow:
        password_change.change_address(uow, token, session_limits())
    forget()
    flash(_("邮箱已更改，请用新邮箱登录。"), "success")
    return redirect(url_for("account.sign_in"))


@blueprint.get("/account/data")
def data() -> Response:
    """Everything kept about the person, as JSON."""
    actor = current_actor()
    with reading() as uow:
        found = (
            recovery.own_data(uow, actor)
            | personal.export(uow, actor)
            | {
                "needs": handover.authored(uow, actor),
                "notices": own_notices.export(uow, actor),
                "activity": audit_reading.of_person(uow, actor.person_id),
            }
        )
    body = json.dumps(found, ensure_ascii=False, indent=1, default=str)
    response = Response(body, content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


@blueprint.route("/account/erase", methods=["GET", "POST"])
def erase() -> Answer:
    """End the account and remove what names the person."""
    if request.method == "GET":
        return _erase_page(())
    links.count((f"password:{current_actor().person_id}", service.TRIES))
    fresh = signing.is_fresh()
    try:
        with writing() as uow:
            password = request.form.get("erase_password", "")[:400]
            person = recovery.erase(uow, current_actor(), password, fresh=fresh)
            personal.remove(uow, person.id or 0)
    except Rejected as error:
        return _erase_page(error.problems), 422
    forget()
    flash(_("账号已注销。"), "success")
    return redirect(url_for("home.index"))


def _erase_page(wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        person = catalogue.person(uow, current_actor())
    return render_template(
        "account/erase.html",
        has_password=bool(person and person.password_hash),
        problems=present.problems(wrong),
    )
