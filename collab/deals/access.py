"""Who may see and answer an interest: the two parties, nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false
from sqlmodel import col, select

from collab.deals.models import Interest
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.models import Need
from collab.storage.grants import Rule


@dataclass(frozen=True)
class NeedOwner:
    """People of the organisation that posted the need."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Interests in the actor's needs."""
        if not actor.organisation_ids:
            return false()
        own = select(Need.id).where(col(Need.organisation_id).in_(actor.organisation_ids))
        return col(Interest.need_id).in_(own)


@dataclass(frozen=True)
class Interested:
    """People of the organisation that expressed the interest."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """The actor's own interests."""
        ids = actor.organisation_ids
        return col(Interest.organisation_id).in_(ids) if ids else false()


POLICY: dict[Permission, tuple[Rule, ...]] = {
    Permission.INTEREST_READ: (NeedOwner(), Interested()),
    Permission.INTEREST_ANSWER: (NeedOwner(),),
}
