"""Who may see and answer an interest: the two parties, nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_
from sqlmodel import col, select

from collab.deals.models import Interest
from collab.files.access import POLICY as FILES
from collab.files.models import Attachment
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.access import POLICY as NEEDS
from collab.needs.models import Need, NeedParty
from collab.needs.rules import Disclosure
from collab.storage import grants
from collab.storage.grants import Rule
from collab.storage.models import Activity


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


def _told(actor: Actor) -> ColumnElement[bool]:
    """Who acted on an anonymous need tells whose it is: only those who know may read of it."""
    agreed = select(NeedParty.need_id).where(
        col(NeedParty.organisation_id).in_(actor.organisation_ids)
    )
    return or_(
        col(Need.disclosure) != Disclosure.ANONYMOUS,
        col(Need.organisation_id).in_(actor.organisation_ids),
        col(Need.id).in_(agreed),
    )


def recorded(actor: Actor) -> ColumnElement[bool]:
    """Acts on needs, interests and files only where the actor may read these; all other acts."""
    needs = select(Need.public_id).where(
        grants.where(NEEDS[Permission.NEED_READ], actor), _told(actor)
    )
    interests = select(Interest.public_id).where(
        grants.where(POLICY[Permission.INTEREST_READ], actor)
    )
    files = select(Attachment.public_id).where(grants.where(FILES[Permission.FILE_READ], actor))
    kind, key = col(Activity.kind), col(Activity.key)
    return or_(
        kind.not_in(("need", "interest", "file", "agreement", "question")),
        and_(kind == "file", key.in_(files)),
        and_(kind == "need", key.in_(needs)),
        and_(kind == "interest", key.in_(interests)),
    )
