"""A person's own notices, to take away."""

from __future__ import annotations

from typing import Any

from collab.kernel.identity import Actor
from collab.notices import store
from collab.storage.uow import UnitOfWork


def export(uow: UnitOfWork, actor: Actor) -> list[dict[str, Any]]:
    """The actor's notices."""
    return [
        {"code": n.code, "facts": n.facts, "url": n.url, "at": n.created_at.isoformat()}
        for n in store.notices_of(uow, actor)
    ]
