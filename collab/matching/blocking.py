"""Organisations that never want to be matched with each other: listed, added, taken back."""

from __future__ import annotations

from collab.kernel.errors import Rejected
from collab.kernel.happened import OrganisationChanged
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.kernel.problems import Problem
from collab.matching import store
from collab.members import store as members
from collab.members.models import Organisation
from collab.storage.uow import UnitOfWork

EDIT = Permission.ORGANISATION_EDIT
MOST = 200
PRIVATE_ACTS = ("blocked", "unblocked")  # on the record, for the organisation itself alone


def blocked_by(uow: UnitOfWork, actor: Actor, key: str) -> list[Organisation]:
    """The organisations that this one does not want to meet, for those who edit it alone: nobody
    else learns who keeps away from whom."""
    own = members.open_organisation(uow, actor, key, EDIT)
    found = members.organisations_by_id(uow, store.blocked_of(uow, own.id or 0))
    return sorted(found.values(), key=lambda o: (o.name_zh, o.id or 0))


def block(uow: UnitOfWork, actor: Actor, key: str, other_key: str) -> Organisation:
    """Never match the two again, in either direction; saying it twice changes nothing."""
    own, other = _pair(uow, actor, key, other_key)
    known = store.blocked_of(uow, own.id or 0)
    if own.id == other.id:
        raise Rejected([Problem("other", "own_organisation")])
    if len(known) >= MOST and other.id not in known:
        raise Rejected([Problem("other", "too_many_blocked", {"most": MOST})])
    if other.id not in known:
        store.add_block(uow, own.id or 0, other.id or 0)
        _tell(uow, actor, own, other, "blocked")
    return other


def unblock(uow: UnitOfWork, actor: Actor, key: str, other_key: str) -> Organisation:
    """Match the two again, as far as this side is concerned."""
    own, other = _pair(uow, actor, key, other_key)
    if store.remove_block(uow, own.id or 0, other.id or 0):
        _tell(uow, actor, own, other, "unblocked")
    return other


def _pair(
    uow: UnitOfWork, actor: Actor, key: str, other_key: str
) -> tuple[Organisation, Organisation]:
    own = members.open_organisation(uow, actor, key, EDIT)
    return own, members.open_organisation(uow, actor, other_key)


def _tell(uow: UnitOfWork, actor: Actor, own: Organisation, other: Organisation, act: str) -> None:
    uow.note(actor, act, "organisation", own.public_id, after={"other": other.public_id})
    uow.record(OrganisationChanged(own.id or 0))
