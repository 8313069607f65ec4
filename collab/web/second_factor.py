"""The second factor in pages: asked for after the first, setting up the app, codes on paper."""

from __future__ import annotations

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.members import catalogue, challenges, passkeys, second_factor, service, sessions
from collab.members.challenges import Purpose
from collab.members.models import SignInChallenge
from collab.web import links, present, signing
from collab.web.session import current_actor, platform, public, reading, writing

blueprint = Blueprint("second_factor", __name__)
Answer = str | tuple[str, int] | Response


def _handle() -> str:
    return str(session.get(signing.HALF, ""))


def _question() -> SignInChallenge | None:
    """The first factor was right in this browser a moment ago."""
    with reading() as uow:
        return challenges.held(uow, Purpose.SECOND, _handle())


def _count(question: SignInChallenge) -> None:
    of_person, from_here = signing.code_tries(question.person_id)
    links.count((of_person, service.TRIES), (from_here, 60))


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public
def code() -> Answer:
    """The six digits, or a code on paper, after the first factor."""
    question = _question()
    if question is None:
        session.pop(signing.HALF, None)
        return redirect(url_for("account.sign_in"))
    if request.method == "GET":
        return _code_page(question, ())
    _count(question)
    token = ""
    with writing() as uow:
        person = catalogue.person_to_sign_in(uow, question.person_id or 0)
        known = person is not None and signing.seal(person) == question.facts["seal"]
        if person is not None and known and second_factor.accepts(
            uow, person, request.form.get("code", "")[:40], platform().sealer
        ) and challenges.taken(uow, Purpose.SECOND, _handle()):  # fmt: skip
            token = signing.finish(uow, person, question, "code")
    if not token:
        return _code_page(question, (Problem("code", "second_factor_wrong"),)), 422
    return signing.go_on(signing.Entered(token), str(question.facts["next"]))


def _code_page(question: SignInChallenge, wrong: tuple[Problem, ...]) -> str:
    with reading() as uow:
        person = catalogue.person_to_sign_in(uow, question.person_id or 0)
        keys = passkeys.of_person(uow, question.person_id or 0)
    return render_template(
        "account/code.html",
        problems=present.problems(wrong),
        app=bool(person and person.second_factor),
        passkeys=bool(keys) and signing.party() is not None,
    )


@blueprint.post("/sign-in/code/passkey/options")
@public
def passkey_options() -> Answer:
    """A new question for one of the person's passkeys."""
    party, question = signing.party(), _question()
    if party is None or question is None:
        return signing.refused()
    _count(question)
    with writing() as uow:
        held = challenges.held(uow, Purpose.SECOND, _handle())
        options = passkeys.ask_second(uow, held, party) if held is not None else ""
    return signing.options(options) if options else signing.refused()


@blueprint.post("/sign-in/code/passkey")
@public
def passkey() -> Answer:
    """The answer of a passkey as second factor; each question is answered once."""
    with writing() as uow:
        question = challenges.asked(uow, Purpose.SECOND, _handle())
    if question is None:
        return redirect(url_for("account.sign_in"))
    token = ""
    with signing.copies_told(), writing() as uow:
        person = signing.answered(uow, question)
        known = person is not None and signing.seal(person) == question.facts["seal"]
        if person is not None and known and challenges.taken(uow, Purpose.SECOND, _handle()):
            token = signing.finish(uow, person, question, "passkey")
    if not token:
        return _code_page(question, (Problem("", "passkey_refused"),)), 422
    return signing.go_on(signing.Entered(token), str(question.facts["next"]))


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
def set_up() -> Answer:
    """Show the picture for the app and take a first code."""
    if request.method == "GET" or "factor" not in session:
        session["factor"] = second_factor.new_secret()
        return _page(())
    links.count((f"factor:{current_actor().person_id}", 20))
    fresh, sealer = signing.is_fresh(), platform().sealer
    entered = request.form.get("code", "")[:20]
    try:
        with writing() as uow:
            sessions.before_factor(uow, current_actor(), *signing.proofs())
            second_factor.set_up(
                uow, current_actor(), str(session["factor"]), entered, sealer, fresh=fresh
            )
            codes = second_factor.first_codes(uow, current_actor())
    except Rejected as error:
        return _page(error.problems), 422
    session.pop("factor", None)
    flash(_("两步验证已开启。"), "success")
    return _codes_page(codes) if codes else redirect(url_for("passkeys.security"))


def _page(wrong: tuple[Problem, ...]) -> str:
    secret = str(session["factor"])
    with reading() as uow:
        person = catalogue.person(uow, current_actor())
    address = second_factor.address(secret, person.email if person else "")
    return render_template(
        "account/second_factor.html",
        picture=segno.make(address, micro=False).svg_data_uri(scale=5, border=4, light="#fff"),
        secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
        on=bool(person and person.second_factor),
        has_password=bool(person and person.password_hash),
        problems=present.problems(wrong),
    )


@blueprint.post("/account/second-factor/off")
def switch_off() -> Answer:
    """Switch it off, with the password."""
    links.count((f"password:{current_actor().person_id}", service.TRIES))
    password, fresh = request.form.get("factor_password", "")[:400], signing.is_fresh()
    try:
        with writing() as uow:
            second_factor.switch_off(uow, current_actor(), password, fresh=fresh)
    except Rejected as error:
        session.setdefault("factor", second_factor.new_secret())
        return _page(error.problems), 422
    flash(_("两步验证已关闭。"), "success")
    return redirect(url_for("passkeys.security"))


@blueprint.post("/account/recovery-codes")
def new_codes() -> Answer:
    """Ten new codes on paper; older ones end."""
    links.count((f"factor:{current_actor().person_id}", 20))
    fresh = signing.is_fresh()
    with writing() as uow:
        codes = second_factor.new_codes(uow, current_actor(), fresh=fresh)
    return _codes_page(codes)


def _codes_page(codes: list[str]) -> str:
    return render_template("account/recovery_codes.html", codes=codes)
