"""When an API token was last used, written seldom enough not to turn every read into a write."""

from __future__ import annotations

from datetime import timedelta

from collab.kernel import clock
from collab.members import store
from collab.members.service import digest
from collab.storage.uow import UnitOfWork

STAMP_EVERY = timedelta(minutes=5)


def wants_stamp(uow: UnitOfWork, token: str) -> bool:
    """Whether the last recorded use of this token is five minutes old or older."""
    row = store.token_by_hash(uow, digest(token))
    if row is None:
        return False
    return row.last_used_at is None or clock.now() - row.last_used_at >= STAMP_EVERY


def stamp(uow: UnitOfWork, token: str) -> None:
    """Record that the token is in use now."""
    row = store.token_by_hash(uow, digest(token))
    if row is not None:
        row.last_used_at = clock.now()
        uow.session.add(row)
