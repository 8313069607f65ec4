"""Who asks: bearer token or session cookie, scope, CSRF for cookies, and how often."""

from __future__ import annotations

from contextlib import suppress
from typing import NoReturn

from flask import abort, current_app, g, request, session

from collab.kernel.errors import Conflict
from collab.kernel.identity import VISITOR, Actor
from collab.kernel.messages import say
from collab.kernel.permissions import Scope
from collab.members import service as members
from collab.members import sessions, token_use
from collab.web.context import csrf
from collab.web.errors import problem_response
from collab.web.session import (
    language,
    of_cookie,
    platform,
    reading,
    session_limits,
    writing,
)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LONGEST_TOKEN = 200
# in the window of members.service: far above what a person needs, low enough to spare two cores
LIMITS = {"writes": 900, "answers": 600}
BAD_TOKENS = 300


def refuse(status: int, code: str, headers: dict[str, str] | None = None, **facts: str) -> NoReturn:
    """End the request with a problem document."""
    response = problem_response(status, code, say(code, language(), facts))
    response.headers.update(headers or {})
    abort(response)


def admit(scope: Scope, *, public: bool, limit: str) -> None:
    """Set the actor of this request, or refuse it: 401, 403, 400 for a missing CSRF token, 429."""
    by_token = "Authorization" in request.headers
    pace, settings = current_app.extensions["collab_pace"], platform().settings
    pace.count(f"api-from:{request.remote_addr}", settings.api_per_address)
    g.actor = _by_header() if by_token else by_cookie()
    if g.actor.is_visitor and not public:
        refuse(401, "sign_in_first", _challenge())
    if by_token:
        pace.count(f"api-token:{members.digest(_token())}", settings.api_per_token)
    if g.actor.scopes is not None and scope.value not in g.actor.scopes:
        refuse(403, "scope_missing", _challenge("insufficient_scope"), scope=scope.value)
    if request.method not in SAFE and not by_token:
        csrf.protect()
    if limit:
        _count(limit, g.actor)


def by_cookie() -> Actor:
    """Who the session cookie stands for; a visitor without one."""
    token = session.get("token")
    if not token:
        return VISITOR
    return of_cookie(str(token))


def _token() -> str:
    """The bearer token of the header; empty when it holds none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    return token if scheme.lower() == "bearer" and len(token) <= LONGEST_TOKEN else ""


def _by_header() -> Actor:
    token = _token()
    if not token:
        _bad_token()
    with reading() as uow:
        actor = sessions.of_token(uow, token, session_limits())
        stale = actor is not None and token_use.wants_stamp(uow, token)
    if actor is None:
        _bad_token()
    if stale:
        with suppress(Conflict), writing() as uow:
            token_use.stamp(uow, token)
    return actor


def _bad_token() -> NoReturn:
    """401, and after too many of them from one address 429: nobody tries tokens without end."""
    with suppress(Conflict), writing() as uow:
        members.count_try(uow, f"bad-token-from:{request.remote_addr}", BAD_TOKENS)
    refuse(401, "bad_token", _challenge("invalid_token"))


def _challenge(error: str = "") -> dict[str, str]:
    reason = f', error="{error}"' if error else ""
    return {"WWW-Authenticate": f'Bearer realm="OE+ Collab"{reason}'}


def _count(limit: str, actor: Actor) -> None:
    """Count against the person or the address; two first requests at once may count as one."""
    who = f"person:{actor.person_id}" if actor.person_id is not None else request.remote_addr
    most = current_app.config.get("API_LIMITS", LIMITS)[limit]
    with suppress(Conflict), writing() as uow:
        members.count_try(uow, f"api:{limit}:{who}", most)
