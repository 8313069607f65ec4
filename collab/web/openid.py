"""Organisations' own sign-in services in pages: find one, come back from it, connect, configure."""

from __future__ import annotations

import hmac
import logging
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from pydantic import ValidationError
from werkzeug.wrappers import Response

from collab.kernel.errors import NotFound, Rejected
from collab.kernel.problems import Problem
from collab.members import challenges, openid
from collab.members.challenges import Purpose
from collab.members.forms import ProviderIn
from collab.members.models import IdentityProvider
from collab.members.openid_client import Claims, NotProved
from collab.web import account, links, params, passkeys, present, signing
from collab.web.errors import problems_of
from collab.web.session import current_actor, language, platform, public, reading, writing

blueprint = Blueprint("openid", __name__)
log = logging.getLogger(__name__)
ASKED, SAVED = 60, 20  # in a quarter of an hour: from one address, by one person
REFUSED = Problem("", "openid_refused")
Answer = str | tuple[str, int] | Response


def _base() -> str:
    return platform().settings.public_url.rstrip("/") or request.host_url.rstrip("/")


@blueprint.route("/sign-in/organisation", methods=["GET", "POST"])
@public
def find() -> Answer:
    """Which service signs in an address: its domain decides, not whether it has an account."""
    email = request.form.get("email", "")[:254].strip()
    target = params.safe_next(request.values.get("next", "/"))
    if request.method == "GET":
        return _find_page("", target, ())
    links.count((links.from_here("openid"), ASKED))
    with reading() as uow:
        row = openid.for_address(uow, email)
    if row is None:
        return _find_page(email, target, (Problem("email", "no_service"),)), 422
    return _leave(row, target, email)


def _find_page(email: str, target: str, wrong: tuple[Problem, ...]) -> str:
    return render_template(
        "account/organisation.html", email=email, next=target, problems=present.problems(wrong)
    )


def _leave(row: IdentityProvider, target: str, hint: str, linking: int | None = None) -> Answer:
    """A page that says where the next click leads: to another site, never without being seen."""
    own = openid.registered(row, platform().sealer, _base())
    with writing() as uow:
        asked = openid.begin(uow, row, target, linking)
    try:
        address = platform().openid.leads_to(own, asked, hint)
    except NotProved as failure:
        log.warning("sign-in service %s: %s", row.public_id, failure)
        return _find_page(hint, target, (REFUSED,)), 422
    session["openid"] = asked.state
    host = urlsplit(address).netloc
    return render_template("account/organisation_leave.html", address=address, host=host)


@blueprint.get("/sign-in/openid/<key>")
@public
def back(key: str) -> Answer:
    """The browser comes back from the service; every failure looks the same."""
    links.count((links.from_here("openid"), ASKED))
    state, kept = request.args.get("state", "")[:100], str(session.pop("openid", ""))
    with writing() as uow:  # gone with this transaction, whatever the answer is worth
        question = challenges.taken(uow, Purpose.OPENID, kept) if kept else None
    if question is not None and not hmac.compare_digest(state.encode(), kept.encode()):
        question = None
    try:
        with reading() as uow:
            row, asked = openid.asked_of(uow, question, key, state)
        own = openid.registered(row, platform().sealer, _base())
        code, issuer = request.args.get("code", "")[:4000], request.args.get("iss", "")[:300]
        claims = platform().openid.prove(own, asked.secrets, code, issuer)
    except (Rejected, NotProved) as failure:
        log.warning("sign-in service %s: %s", key[:40], failure)
        return _refused()
    if asked.person_id is not None:
        return _connected(row, claims, asked.person_id)
    return _entered(row, claims, asked.target)


def _refused() -> Answer:
    if not current_actor().is_visitor:
        return passkeys.security_page((REFUSED,)), 422
    return account.sign_in_page("/", "", (REFUSED,)), 422


def _entered(row: IdentityProvider, claims: Claims, target: str) -> Answer:
    try:
        with writing() as uow:
            person = openid.enter(uow, row, claims, language())
            entered = signing.enter(uow, person, "openid", target)
    except Rejected:
        return _refused()
    return signing.go_on(entered, target)


def _connected(row: IdentityProvider, claims: Claims, person_id: int) -> Answer:
    actor = current_actor()
    try:
        if actor.person_id != person_id:
            raise Rejected([REFUSED])
        with writing() as uow:
            openid.connect(uow, actor, row, claims)
    except Rejected:
        return _refused()
    flash(_("已关联单位统一登录。"), "success")
    return redirect(url_for("passkeys.security"))


@blueprint.post("/account/openid/<key>/connect")
def connect(key: str) -> Answer:
    """Go to the service of one's organisation to connect it."""
    fresh, actor = signing.is_fresh(), current_actor()
    links.count((links.from_here("openid"), ASKED))
    with reading() as uow:
        row = next((r for r in openid.for_member(uow, actor) if r.public_id == key), None)
    if row is None:
        raise NotFound("provider", key)
    if not fresh:
        return passkeys.security_page((Problem("", "confirm_again"),)), 422
    return _leave(row, "/account/security", "", actor.person_id)


@blueprint.post("/account/openid/<key>/disconnect")
def disconnect(key: str) -> Answer:
    """A connection ends."""
    fresh = signing.is_fresh()
    number = int(key) if key.isascii() and key.isdigit() and len(key) < 12 else 0
    try:
        with writing() as uow:
            openid.disconnect(uow, current_actor(), number, fresh=fresh)
    except Rejected as error:
        return passkeys.security_page(error.problems), 422
    flash(_("已取消关联。"), "success")
    return redirect(url_for("passkeys.security"))


@blueprint.get("/members/sign-in-service")
def configuration() -> str:
    """The service of an organisation, for those who look after its people."""
    return _configuration(params.text("scope", 80), None, ())


def _configuration(key: str, values: dict[str, Any] | None, wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        house, row = openid.configured(uow, current_actor(), key)
    kept = {
        "issuer": row.issuer, "client_id": row.client_id, "domains": " ".join(row.domains),
        "active": row.active,
    } if row else {"active": True}  # fmt: skip
    return render_template(
        "members/sign_in_service.html",
        scope=house.public_id,
        house=present.pick(house.name_zh, house.name_en),
        values=values if values is not None else kept,
        exists=row is not None,
        has_secret=bool(row and row.client_secret),
        redirect_uri=openid.way_back(_base(), openid.key_of(house)),
        fresh=signing.is_fresh(),
        problems=present.problems(wrong),
    )


@blueprint.post("/members/sign-in-service")
def configure() -> Answer:
    """Enter or change it; the service is asked before anything is kept."""
    key, fresh = request.form.get("scope", "")[:80], signing.is_fresh()
    links.count((f"openid-config:{current_actor().person_id}", SAVED))
    names = ("issuer", "client_id", "client_secret", "domains")
    sent: dict[str, Any] = {name: request.form.get(name, "").strip() for name in names}
    shown = {**sent, "active": "active" in request.form}
    try:
        with reading() as uow:  # nobody else learns what the platform can reach
            openid.configured(uow, current_actor(), key)
        form = ProviderIn.model_validate({**shown, "domains": sent["domains"].split()})
        _reachable(form)
        with writing() as uow:
            openid.configure(uow, current_actor(), key, form, platform().sealer, fresh=fresh)
    except (ValidationError, Rejected) as error:
        found = problems_of(error) if isinstance(error, ValidationError) else error.problems
        named = tuple(Problem(p.field.partition(".")[0], p.code, p.facts) for p in found)
        return _configuration(key, shown, named), 422
    flash(_("单位统一登录已保存。"), "success")
    return redirect(url_for("openid.configuration", scope=key))


def _reachable(form: ProviderIn) -> None:
    try:
        platform().openid.discover(form.issuer)
    except NotProved as failure:
        log.info("sign-in service refused: %s", failure)
        raise Rejected([Problem("issuer", "issuer_unreachable")]) from failure


@blueprint.post("/members/sign-in-service/remove")
def remove() -> Answer:
    """It lets nobody in any more."""
    key, fresh = request.form.get("scope", "")[:80], signing.is_fresh()
    try:
        with writing() as uow:
            openid.remove(uow, current_actor(), key, fresh=fresh)
    except Rejected as error:
        return _configuration(key, None, error.problems), 422
    flash(_("单位统一登录已删除。"), "success")
    return redirect(url_for("people.index", scope=key))
