"""Questions put to one browser during sign-in: kept on the server, answered once and soon."""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum
from typing import Any

from collab.kernel import clock
from collab.members import store_signing as store
from collab.members.models import SignInChallenge
from collab.members.service import digest
from collab.storage.uow import UnitOfWork

LIVES = timedelta(minutes=5)


class Purpose(StrEnum):
    """What the answer is for; one purpose's answer does not do for another."""

    SECOND = "second"
    PASSKEY_NEW = "passkey_new"
    PASSKEY = "passkey"
    OPENID = "openid"


def put(
    uow: UnitOfWork,
    purpose: Purpose,
    *,
    person_id: int | None = None,
    challenge: str = "",
    facts: dict[str, Any] | None = None,
) -> str:
    """A new question; the handle that the browser keeps in its cookie. Old ones are swept away."""
    at = clock.now()
    store.sweep_challenges(uow, at)
    handle = secrets.token_urlsafe(24)
    uow.session.add(
        SignInChallenge(
            handle_hash=digest(handle),
            purpose=purpose,
            person_id=person_id,
            challenge=challenge,
            facts=facts or {},
            expires_at=at + LIVES,
        )
    )
    return handle


def held(uow: UnitOfWork, purpose: Purpose, handle: str) -> SignInChallenge | None:
    """The open question of this handle, left open; held while writing."""
    row = store.challenge_by_hash(uow, digest(handle[:100]))
    fits = row is not None and row.purpose == purpose and row.expires_at > clock.now()
    return row if fits else None


def taken(uow: UnitOfWork, purpose: Purpose, handle: str) -> SignInChallenge | None:
    """The open question of this handle; it is gone with this transaction, whatever the answer."""
    row = held(uow, purpose, handle)
    if row is not None:
        uow.session.delete(row)
    return row


def asked(uow: UnitOfWork, purpose: Purpose, handle: str) -> SignInChallenge | None:
    """The open question as it was put; it stays open, but its challenge is spent."""
    row = held(uow, purpose, handle)
    if row is None:
        return None
    put_before = SignInChallenge(
        handle_hash=row.handle_hash,
        purpose=row.purpose,
        person_id=row.person_id,
        challenge=row.challenge,
        facts=dict(row.facts),
        expires_at=row.expires_at,
    )
    row.challenge = ""
    uow.session.add(row)
    return put_before
