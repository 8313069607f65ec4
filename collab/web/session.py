"""Who asks, in which language; sign-in required unless a view says @public; units of work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import TypeVar

from flask import Flask, current_app, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from collab.kernel.errors import Conflict
from collab.kernel.happened import CapabilityChanged, NeedChanged, OrganisationChanged
from collab.kernel.identity import VISITOR, Actor
from collab.members import sessions
from collab.members.rules import SessionLimits
from collab.platform import Platform
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary
from collab.web import nearby

View = TypeVar("View", bound=Callable[..., object])
COOKIE = "oe_session"
LANGUAGES = ("zh", "en")


def public(view: View) -> View:
    """Let visitors open this view; every other view needs a signed-in person."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def takes_files(view: View) -> View:
    """Let this view be sent a body as large as a file may be."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


def platform() -> Platform:
    """What this process works with."""
    found: Platform = current_app.extensions["collab"]
    return found


def vocabulary() -> Vocabulary:
    """The vocabulary in force."""
    return platform().vocabulary


def session_limits() -> SessionLimits:
    """How long a sign-in lasts; what is let pass on one's own machine alone, only from there."""
    found = platform().session_limits
    return found if nearby.is_near() else replace(found, demo_without=False)


def reading() -> AbstractContextManager[UnitOfWork]:
    """A consistent view of the database."""
    return platform().database.reading()


def writing() -> AbstractContextManager[UnitOfWork]:
    """One transaction."""
    return platform().database.writing()


def index_now(need_id: int | None) -> None:
    """Counts and suggestions follow a restriction at once; they do not wait for the worker."""
    if need_id is not None:
        platform().search.now(NeedChanged(need_id))


def recatalogue_now(capability_id: int | None) -> None:
    """The same for a capability that a moderator took out of the catalogue or put back."""
    if capability_id is not None:
        platform().search.now(CapabilityChanged(capability_id))


def reindex_now(organisation_id: int | None) -> None:
    """An organisation's standing changed: what may be found of it follows at once."""
    if organisation_id is not None:
        platform().search.now(OrganisationChanged(organisation_id))


def current_actor() -> Actor:
    """On whose behalf this request runs."""
    found: Actor = g.get("actor", VISITOR)
    return found


def language() -> str:
    """The language of the answer: ?lang=, then the session, then Accept-Language, then zh."""
    if "language" not in g:
        g.language = _language()
    found: str = g.language
    return found


def _language() -> str:
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        if not request.path.startswith("/api/"):
            session["lang"] = asked
        return asked
    kept = session.get("lang")
    if kept in LANGUAGES:
        return str(kept)
    best = request.accept_languages.best_match(
        ["zh-CN", "zh", "zh-Hans", "zh-TW", "zh-HK", "en", "en-US", "en-GB"]
    )
    if best is None:
        return platform().settings.default_language
    return "en" if best.startswith("en") else "zh"


def of_cookie(token: str) -> Actor:
    """Who a session cookie stands for; its use is written down now and then."""
    with reading() as uow:
        actor, unwritten = sessions.found(uow, token, session_limits())
    if unwritten:
        with suppress(Conflict), writing() as uow:
            sessions.touch(uow, token)
    return actor


def remember(token: str) -> None:
    """Start a session in this browser; the old cookie's contents are dropped (no fixation)."""
    kept = session.get("lang")
    session.clear()
    session["token"] = token
    session.permanent = True
    if kept:
        session["lang"] = kept


def forget() -> None:
    """Drop the session of this browser."""
    kept = session.get("lang")
    session.clear()
    if kept:
        session["lang"] = kept


def install(app: Flask) -> None:
    """Find out who asks before every request, and keep visitors out of what is not public."""

    @app.before_request
    def identify() -> Response | None:
        if request.endpoint == "static":
            return None
        token = session.get("token")
        if token and not request.path.startswith("/api/"):
            g.actor = of_cookie(str(token))
            if g.actor.is_visitor:
                forget()
        return _keep_out()

    def _keep_out() -> Response | None:
        view = app.view_functions.get(request.endpoint or "")
        if view is None or getattr(view, "is_public", False) or request.path.startswith("/api/"):
            return None
        if current_actor().is_visitor:
            return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")))
        return None
