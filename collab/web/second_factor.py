"""The second factor in pages: the code after the password, setting it up, switching it off."""

from __future__ import annotations

import hashlib

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from collab.kernel import clock
from collab.kernel.errors import Rejected
from collab.kernel.problems import Problem
from collab.members import catalogue, second_factor, service
from collab.members.models import Person
from collab.web import links, params, present
from collab.web.session import current_actor, public, reading, remember, writing

blueprint = Blueprint("second_factor", __name__)
PATIENCE = 300  # seconds between password and code
Answer = str | tuple[str, int] | Response


def await_code(person: Person, target: str) -> None:
    """Keep in the signed cookie that the password was right; it is worth nothing without a code."""
    session["half"] = {
        "person": person.id,
        "at": int(clock.now().timestamp()),
        "seal": _seal(person),
        "next": target,
    }


def _seal(person: Person) -> str:
    """Changes with the password, so that a reset ends sign-ins that are half done."""
    return hashlib.sha256(person.password_hash.encode()).hexdigest()[:16]


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public
def code() -> Answer:
    """The six digits after the password."""
    half = session.get("half") or {}
    if clock.now().timestamp() - half.get("at", 0) > PATIENCE:
        session.pop("half", None)
        return redirect(url_for("account.sign_in"))
    if request.method == "GET":
        return render_template("account/code.html", problems=[])
    links.count((f"code:{half['person']}", service.TRIES), (links.from_here("code"), 60))
    with writing() as uow:
        person = catalogue.person_to_sign_in(uow, half["person"])
        known = person is not None and _seal(person) == half["seal"]
        token = ""
        if person is not None and known and second_factor.accepts(
            uow, person, request.form.get("code", "")[:20]
        ):  # fmt: skip
            token = service.open_session(uow, person, request.user_agent.string)
    if not token:
        wrong = present.problems([Problem("code", "second_factor_wrong")])
        return render_template("account/code.html", problems=wrong), 422
    remember(token)
    return redirect(params.safe_next(str(half.get("next", "/"))))


@blueprint.route("/account/second-factor", methods=["GET", "POST"])
def set_up() -> Answer:
    """Show the picture for the app and take a first code."""
    if request.method == "GET" or "factor" not in session:
        session["factor"] = second_factor.new_secret()
        return _page(())
    links.count((f"factor:{current_actor().person_id}", 20))
    try:
        with writing() as uow:
            second_factor.set_up(
                uow, current_actor(), str(session["factor"]), request.form.get("code", "")[:20]
            )
    except Rejected as error:
        return _page(error.problems), 422
    session.pop("factor", None)
    flash(_("两步验证已开启。"), "success")
    return redirect(url_for("account.show"))


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
        problems=present.problems(wrong),
    )


@blueprint.post("/account/second-factor/off")
def switch_off() -> Answer:
    """Switch it off, with the password."""
    links.count((f"password:{current_actor().person_id}", service.TRIES))
    try:
        with writing() as uow:
            second_factor.switch_off(
                uow, current_actor(), request.form.get("factor_password", "")[:400]
            )
    except Rejected as error:
        session.setdefault("factor", second_factor.new_secret())
        return _page(error.problems), 422
    flash(_("两步验证已关闭。"), "success")
    return redirect(url_for("account.show"))
