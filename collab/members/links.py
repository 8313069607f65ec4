"""One-time links: made from the installation's key, so that the database never holds one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Any

from collab.kernel import clock
from collab.kernel.errors import Rejected
from collab.kernel.happened import LinkIssued
from collab.kernel.problems import Problem
from collab.members import store_joining as store
from collab.members.models import OneTimeToken
from collab.members.service import digest
from collab.storage.uow import UnitOfWork


class Purpose(StrEnum):
    """What a link is for."""

    INVITE = "invite"
    RESET = "reset"
    VERIFY = "verify"
    EMAIL = "email"
    FACTOR = "factor"


LIVES: dict[Purpose, timedelta] = {
    Purpose.INVITE: timedelta(days=7),
    Purpose.RESET: timedelta(hours=1),
    Purpose.VERIFY: timedelta(days=2),
    Purpose.EMAIL: timedelta(hours=2),
    Purpose.FACTOR: timedelta(minutes=30),
}
PATHS = {
    Purpose.INVITE: "/invitation/",
    Purpose.RESET: "/reset/",
    Purpose.VERIFY: "/verify/",
    Purpose.EMAIL: "/address/",
    Purpose.FACTOR: "/account/factor/",
}
SEVERAL = (Purpose.INVITE, Purpose.EMAIL)  # of one address, one in each scope


def issue(
    uow: UnitOfWork,
    key: str,
    purpose: Purpose,
    email: str,
    *,
    person_id: int | None = None,
    facts: dict[str, Any] | None = None,
    language: str = "zh",
) -> str:
    """A new link's path; earlier ones of the same purpose and address end, and it is announced.

    `key` is the installation's secret: whoever reads the database alone cannot make the link.
    """
    for old in store.open_links(uow, purpose, email, clock.now()):
        if purpose not in SEVERAL or old.facts.get("scope") == (facts or {}).get("scope"):
            old.used_at = clock.now()
            uow.session.add(old)
    nonce = secrets.token_hex(16)
    token = _token(key, purpose, email, nonce)
    row = OneTimeToken(
        token_hash=digest(token),
        purpose=purpose,
        person_id=person_id,
        email=email,
        facts={**(facts or {}), "nonce": nonce},
        expires_at=clock.now() + LIVES[purpose],
    )
    uow.session.add(row)
    uow.flush()
    uow.record(LinkIssued(row.id or 0, language))
    return PATHS[purpose] + token


def path_of(row: OneTimeToken, key: str) -> str:
    """The path of a link that is still to be sent."""
    purpose = Purpose(row.purpose)
    return PATHS[purpose] + _token(key, purpose, row.email, str(row.facts.get("nonce", "")))


def opened(uow: UnitOfWork, purpose: Purpose, token: str) -> OneTimeToken:
    """The live link of this token; Rejected("link_dead") when it is used, old or none of ours."""
    row = store.link_by_hash(uow, digest(token[:200]))
    if (
        row is None
        or row.purpose != purpose
        or row.used_at is not None
        or row.expires_at <= clock.now()
    ):
        raise Rejected([Problem("", "link_dead")])
    return row


def use(uow: UnitOfWork, row: OneTimeToken) -> None:
    """The link has done its work and opens nothing more."""
    row.used_at = clock.now()
    uow.session.add(row)


def _token(key: str, purpose: Purpose, email: str, nonce: str) -> str:
    text = "\0".join(("one-time-link", purpose, email, nonce))
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
