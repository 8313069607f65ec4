"""What every way of signing in ends with: a session, or the question for a second factor."""

from __future__ import annotations

import hashlib
import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import redirect, request, session, url_for
from werkzeug.wrappers import Response

from collab.kernel.messages import sentence
from collab.kernel.problems import Problem
from collab.members import challenges, passkeys, second_factor, service, sessions
from collab.members.challenges import Purpose
from collab.members.models import Person, SignInChallenge
from collab.members.passkeys import Copied, Party
from collab.storage.uow import UnitOfWork
from collab.web import params
from collab.web.session import language, platform, reading, remember, writing

HALF = "half"
PROOF = "proof"  # the link, sent to the address, by which a first factor may be set up


@dataclass(frozen=True, slots=True)
class Entered:
    """The token of a new session, or the handle of the question for the second factor."""

    token: str = ""
    handle: str = ""


def party() -> Party | None:
    """For whom passkeys are made here; None where browsers make none (an address of numbers)."""
    public = platform().settings.public_url
    if public:
        parts = urlsplit(public)
        host = parts.hostname or ""
        return None if is_number(host) else Party(host, f"{parts.scheme}://{parts.netloc}")
    if (urlsplit(f"//{request.host}").hostname or "") != "localhost":
        return None
    return Party("localhost", f"{request.scheme}://{request.host}")


def is_number(host: str) -> bool:
    """Whether a host is an IP address, for which no browser makes passkeys.

    >>> [is_number(h) for h in ("10.0.0.7", "2001:db8::1", "collab.example", "")]
    [True, True, False, False]
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def open_session(uow: UnitOfWork, person: Person, method: str) -> str:
    """A session in this browser; its token."""
    agent, limits = request.user_agent.string, platform().session_limits
    return sessions.open_session(uow, person, agent, method, limits)


def enter(uow: UnitOfWork, person: Person, method: str, target: str) -> Entered:
    """Let somebody in who proved one factor, or ask for the second."""
    if not second_factor.is_wanted(uow, person):
        return Entered(token=open_session(uow, person, method))
    facts = {"method": method, "next": target, "seal": seal(person)}
    return Entered(handle=challenges.put(uow, Purpose.SECOND, person_id=person.id, facts=facts))


def finish(uow: UnitOfWork, person: Person, question: SignInChallenge, factor: str) -> str:
    """The second factor was right: a session, and the tries of both factors are forgiven."""
    service.forgive(uow, *tries(person.email))
    service.forgive(uow, *code_tries(person.id))
    return open_session(uow, person, f"{question.facts['method']}+{factor}")


def tries(email: str) -> tuple[str, str]:
    """Under which keys tries with an e-mail address are counted."""
    return f"sign-in:{email.strip().lower()}", f"sign-in-from:{request.remote_addr}"


def code_tries(person_id: int | None) -> tuple[str, str]:
    """Under which keys tries with a second factor are counted."""
    return f"code:{person_id}", f"code-from:{request.remote_addr}"


def seal(person: Person) -> str:
    """Changes with the password, so that a reset ends sign-ins that are half done."""
    return hashlib.sha256(person.password_hash.encode()).hexdigest()[:16]


def go_on(entered: Entered, target: str) -> Response:
    """Where the browser goes next."""
    if entered.token:
        remember(entered.token)
        return redirect(params.safe_next(target))
    session[HALF] = entered.handle
    return redirect(url_for("second_factor.code"))


def proofs() -> tuple[str, str]:
    """What shows that a first factor may be set up here: the session, the link that was opened."""
    return str(session.get("token", "")), str(session.get(PROOF, ""))


def is_fresh() -> bool:
    """Whether the person of this browser proved who they are a short while ago."""
    with reading() as uow:
        return sessions.is_fresh(uow, str(session.get("token", "")))


def options(text: str) -> Response:
    """Options for the browser's own dialogue."""
    return Response(text, content_type="application/json")


def refused(problem: Problem | None = None) -> Response:
    """Why there is no dialogue, for the script to show."""
    said = sentence(problem or Problem("", "passkey_refused"), language())
    body = json.dumps({"message": said}, ensure_ascii=False)
    return Response(body, 422, content_type="application/json")


def answered(uow: UnitOfWork, question: SignInChallenge | None) -> Person | None:
    """The person whose passkey answers in this request."""
    here = party()
    if here is None:
        return None
    return passkeys.answered(uow, question, here, request.form.get("answer", ""))


@contextmanager
def copies_told() -> Iterator[None]:
    """A passkey that seems to have been copied is taken away; nobody comes in with it."""
    try:
        yield
    except Copied as copied:
        with writing() as uow:
            passkeys.accuse(uow, copied)
