"""Sign in and out; the person's password, sessions and tokens."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response

from collab.kernel import clock
from collab.kernel.errors import Rejected
from collab.kernel.permissions import Scope
from collab.kernel.problems import Problem
from collab.members import catalogue, password_change, service, sessions
from collab.members.forms import TokenIn
from collab.members.models import ApiToken
from collab.web import devices, labels, params, present, signing
from collab.web.errors import problems_of
from collab.web.session import (
    current_actor,
    forget,
    platform,
    public,
    reading,
    writing,
)

blueprint = Blueprint("account", __name__)


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> str | tuple[str, int] | Response:
    """E-mail and password; the answer never says which of the two was wrong."""
    target = params.safe_next(request.values.get("next", "/"))
    if request.method == "GET":
        return sign_in_page(target)
    email = request.form.get("email", "")[:254]
    keys = signing.tries(email)
    with writing() as uow:
        # counted in a transaction of its own, so that a failed attempt stays counted
        service.count_try(uow, keys[0])
        service.count_try(uow, keys[1], limit=60)
    with writing() as uow:
        person = service.with_password(uow, email, request.form.get("password", "")[:400])
        entered = None
        if person is not None:
            entered = signing.enter(uow, person, "password", target)
            if entered.token:  # half a sign-in forgives nothing
                service.forgive(uow, *keys)
    if entered is None:
        return sign_in_page(target, email, (Problem("", "sign_in_failed"),)), 422
    return signing.go_on(entered, target)


def sign_in_page(target: str, email: str = "", wrong: tuple[Problem, ...] = ()) -> str:
    """The page with every way in; the same for everybody."""
    return render_template(
        "account/sign_in.html",
        next=target,
        email=email,
        problems=present.problems(wrong),
        passkeys=signing.party() is not None,
    )


@blueprint.post("/sign-out")
@public
def sign_out() -> Response:
    """End the session."""
    with writing() as uow:
        sessions.sign_out(uow, str(session.get("token", "")))
    forget()
    left = redirect(url_for("home.index"))
    left.headers["Clear-Site-Data"] = '"cache"'  # nobody pages back to what was read here
    return left


@blueprint.get("/account")
def show() -> str:
    """Sessions, tokens, password."""
    return _page(())


def _page(
    wrong: tuple[Problem, ...], issued: tuple[ApiToken, str] | None = None, section: str = ""
) -> str:
    with reading() as uow:
        person = catalogue.person(uow, current_actor())
        tokens = catalogue.tokens(uow, current_actor())
        live = catalogue.sessions(uow, current_actor())
    limits = platform().session_limits
    here = service.digest(str(session.get("token", "")))
    return render_template(
        "account/show.html",
        email=person.email if person else "",
        name=person.name if person else "",
        tokens=[
            {"key": t.public_id, "name": t.name, "scopes": t.scopes,
             "expires": present.day(t.expires_at), "used": present.day(t.last_used_at)}
            for t in tokens
        ],
        sessions=[
            {"key": sessions.name_of(s), "device": devices.device(s.agent), "agent": s.agent,
             "seen": present.moment(s.seen_at), "since": present.moment(s.created_at),
             "until": present.moment(sessions.ends_at(s, limits)), "here": s.token_hash == here,
             "method": labels.label("sign_in_method", s.method.partition("+")[0])}
            for s in live if sessions.ends_at(s, limits) > clock.now()
        ],
        scopes=[s.value for s in Scope],
        secret=issued[1] if issued else "",
        has_password=bool(person and person.password_hash),
        problems=present.problems(wrong),
        section=section,
        fresh=signing.is_fresh(),
    )  # fmt: skip


@blueprint.post("/account/tokens")
def issue_token() -> str | tuple[str, int]:
    """Make an API token; its secret is shown on this page and never again."""
    fresh = signing.is_fresh()
    try:
        form = TokenIn.model_validate(
            {
                "name": request.form.get("name", ""),
                "scopes": request.form.getlist("scopes") or ["read"],
                "days": request.form.get("days", "90"),
            }
        )
        with writing() as uow:
            issued = service.issue_token(uow, current_actor(), form, fresh=fresh)
    except (ValidationError, Rejected) as error:
        wrong = problems_of(error) if isinstance(error, ValidationError) else error.problems
        return _page(tuple(wrong), section="tokens"), 422
    return _page((), issued, "tokens")


@blueprint.post("/account/tokens/<key>/revoke")
def revoke_token(key: str) -> Response:
    """End a token."""
    with writing() as uow:
        service.revoke_token(uow, current_actor(), key)
    flash(_("令牌已作废。"), "success")
    return redirect(url_for("account.show"))


@blueprint.post("/account/sessions/revoke")
def revoke_sessions() -> Response:
    """End every other session."""
    with writing() as uow:
        sessions.revoke_others(uow, current_actor(), str(session.get("token", "")))
    flash(_("其他设备上的登录已全部退出。"), "success")
    return redirect(url_for("account.show", _anchor="sessions"))


@blueprint.post("/account/sessions/<key>/revoke")
def revoke_session(key: str) -> Response:
    """End one session."""
    with writing() as uow:
        sessions.revoke_one(uow, current_actor(), key)
    flash(_("该设备上的登录已退出。"), "success")
    return redirect(url_for("account.show", _anchor="sessions"))


@blueprint.post("/account/password")
def change_password() -> Response | tuple[str, int]:
    """Set a new password; every other session and every token ends."""
    with writing() as uow:
        service.count_try(uow, f"password:{current_actor().person_id}")
    fresh = signing.is_fresh()
    try:
        with writing() as uow:
            password_change.change_password(
                uow,
                current_actor(),
                request.form.get("current", "")[:400],
                request.form.get("new", "")[:400],
                keep_session=str(session.get("token", "")),
                breached=platform().breached,
                fresh=fresh,
            )
    except Rejected as error:
        return _page(error.problems, section="password"), 422
    flash(_("密码已修改，其他设备上的登录已退出，API 令牌已全部作废。"), "success")
    return redirect(url_for("account.show"))
