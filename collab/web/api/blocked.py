"""Organisations that one's own is never matched with."""

from __future__ import annotations

from collab.matching import blocking
from collab.web.api.serving import api
from collab.web.api.shapes import Listing, OrganisationRef, organisation_ref
from collab.web.session import current_actor, reading, writing

TAG = "organisations"
NO_CONTENT = 204
ADDRESS = "/organisations/<key>/blocked"


class Blocked(Listing[OrganisationRef]):
    """Organisations kept apart from one's own; whom others keep apart is not told."""


@api.get(ADDRESS, summary=("不参与匹配的机构", "Organisations kept apart"), tag=TAG,
         answer=Blocked)  # fmt: skip
def list_blocked(key: str) -> Blocked:
    """For those who edit the organisation."""
    with reading() as uow:
        rows = blocking.blocked_by(uow, current_actor(), key)
    return Blocked(items=[organisation_ref(row) for row in rows], total=len(rows))


@api.put(f"{ADDRESS}/<other>", summary=("不再匹配", "Never match"), tag=TAG, status=NO_CONTENT)
def block(key: str, other: str) -> None:
    """Never match the two, in either direction."""
    with writing() as uow:
        blocking.block(uow, current_actor(), key, other)


@api.delete(f"{ADDRESS}/<other>", summary=("恢复匹配", "Match again"), tag=TAG,
            status=NO_CONTENT)  # fmt: skip
def unblock(key: str, other: str) -> None:
    """Take it back; nothing happens where the two were not kept apart."""
    with writing() as uow:
        blocking.unblock(uow, current_actor(), key, other)
