"""Passkeys in pages: sign in with one, and the page of everything one signs in with."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.members import (
    catalogue,
    challenges,
    enrolment,
    openid,
    passkeys,
    second_factor,
    service,
    sessions,
)
from collab.members.challenges import Purpose
from collab.web import account, links, params, present, signing
from collab.web.session import current_actor, platform, public, reading, writing

blueprint = Blueprint("passkeys", __name__)
ASKED = 60  # questions and answers from one network address in a quarter of an hour
Answer = str | tuple[str, int] | Response


@blueprint.post("/sign-in/passkey/options")
@public
def ask() -> Answer:
    """A question that any passkey of this host may answer; it names nobody."""
    party = signing.party()
    if party is None:
        return signing.refused()
    links.count((links.from_here("passkey"), ASKED))
    with writing() as uow:
        options, handle = passkeys.ask(uow, party)
    session["passkey"] = handle
    return signing.options(options)


@blueprint.post("/sign-in/passkey")
@public
def sign_in() -> Answer:
    """Let in whoever's passkey answers; every failure looks the same."""
    target = params.safe_next(request.form.get("next", "/"))
    with writing() as uow:  # gone with this transaction, whatever the answer is worth
        question = challenges.taken(uow, Purpose.PASSKEY, str(session.pop("passkey", "")))
    token = ""
    with signing.copies_told(), writing() as uow:
        person = signing.answered(uow, question)
        if person is not None:  # possession and PIN or finger: two factors in one
            token = signing.open_session(uow, person, "passkey")
    if not token:
        return account.sign_in_page(target, "", (Problem("", "passkey_refused"),)), 422
    return signing.go_on(signing.Entered(token), target)


@blueprint.get("/account/security")
def security() -> str:
    """Everything the person signs in with."""
    return security_page(())


def security_page(wrong: tuple[Problem, ...]) -> str:
    """That page, with what is wrong."""
    actor = current_actor()
    with reading() as uow:
        services = openid.for_member(uow, actor)
        linked = openid.connections(uow, actor)
        person = catalogue.person(uow, actor)
        keys = passkeys.own(uow, actor)
        left = second_factor.codes_left(uow, actor)
        proved = enrolment.is_proved(uow, actor, *signing.proofs())
    party = signing.party()
    return render_template(
        "account/security.html",
        keys=[
            {"key": k.public_id, "name": k.name, "added": present.day(k.created_at),
             "used": present.moment(k.last_used_at), "backed_up": k.backed_up}
            for k in keys
        ],
        can=party is not None,
        local=f"http://localhost:{platform().settings.port}/account/security",
        services=[
            {"key": r.public_id, "host": urlsplit(r.issuer).netloc} for r in services
            if r.issuer not in {i.issuer for i in linked if i.by_hand}
        ],
        linked=[
            {"key": i.id, "host": urlsplit(i.issuer).netloc, "by_hand": i.by_hand,
             "used": present.moment(i.last_used_at)}
            for i in linked
        ],
        fresh=signing.is_fresh(),
        held=actor.held_back,
        proved=proved,
        factor=bool(person and person.second_factor),
        codes_left=left,
        has_password=bool(person and person.password_hash),
        email=person.email if person else "",
        verified=bool(person and person.verified_at),
        can_mail=bool(platform().settings.smtp_host),
        problems=present.problems(wrong),
    )  # fmt: skip


@blueprint.post("/account/confirm")
def confirm() -> Answer:
    """The person shows once more who they are."""
    links.count((f"password:{current_actor().person_id}", service.TRIES))
    password = request.form.get("confirm_password", "")[:400]
    try:
        with writing() as uow:
            token = str(session.get("token", ""))
            sessions.prove_again(uow, current_actor(), token, password)
    except Rejected as error:
        return security_page(error.problems), 422
    return redirect(url_for("passkeys.security"))


@blueprint.post("/account/passkeys/options")
def begin() -> Answer:
    """Options for making a passkey in this browser."""
    party, fresh = signing.party(), signing.is_fresh()
    if party is None:
        return signing.refused()
    links.count((f"passkey-new:{current_actor().person_id}", ASKED))
    try:
        with writing() as uow:
            enrolment.want(uow, current_actor(), *signing.proofs())
            options, handle = passkeys.begin(uow, current_actor(), party, fresh=fresh)
    except Rejected as error:
        return signing.refused(error.problems[0])
    session["passkey_new"] = handle
    return signing.options(options)


@blueprint.post("/account/passkeys")
def register() -> Answer:
    """Keep the passkey that the browser made."""
    party = signing.party()
    with writing() as uow:
        handle = str(session.pop("passkey_new", ""))
        question = challenges.taken(uow, Purpose.PASSKEY_NEW, handle)
    answer, name = request.form.get("answer", ""), request.form.get("passkey_name", "")[:200]
    try:
        if party is None:
            raise Rejected([Problem("", "passkey_refused")])
        with writing() as uow:
            sessions.before_factor(uow, current_actor(), *signing.proofs())
            passkeys.register(uow, current_actor(), question, party, answer, name)
            codes = second_factor.first_codes(uow, current_actor())
    except Rejected as error:
        return security_page(error.problems), 422
    flash(_("通行密钥已添加。"), "success")
    if codes:
        return render_template("account/recovery_codes.html", codes=codes)
    return redirect(url_for("passkeys.security"))


@blueprint.post("/account/passkeys/<key>/name")
def rename(key: str) -> Answer:
    """Give a passkey another name."""
    try:
        with writing() as uow:
            passkeys.rename(uow, current_actor(), key, request.form.get("passkey_name", "")[:200])
    except Rejected as error:
        return security_page(error.problems), 422
    return redirect(url_for("passkeys.security"))


@blueprint.post("/account/passkeys/<key>/remove")
def remove(key: str) -> Answer:
    """A passkey opens nothing more."""
    fresh = signing.is_fresh()
    try:
        with writing() as uow:
            passkeys.remove(uow, current_actor(), key, fresh=fresh)
    except Rejected as error:
        return security_page(error.problems), 422
    flash(_("通行密钥已删除。"), "success")
    return redirect(url_for("passkeys.security"))
