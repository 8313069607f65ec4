"""Who may read a thread of questions: the two sides, the asked one while it may read the need."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false
from sqlmodel import col, select

from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.needs.access import POLICY as NEEDS
from collab.needs.models import Need
from collab.questions.models import Inquiry
from collab.storage import grants
from collab.storage.grants import Rule


@dataclass(frozen=True)
class Asking:
    """People of the organisation that posted the need."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Threads about the actor's needs."""
        if not actor.organisation_ids:
            return false()
        own = select(Need.id).where(col(Need.organisation_id).in_(actor.organisation_ids))
        return col(Inquiry.need_id).in_(own)


@dataclass(frozen=True)
class Asked:
    """People of the provider, as long as they may read the need: a restriction closes both."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Threads about the actor's capabilities."""
        ids = actor.organisation_ids
        if not ids:
            return false()
        readable = select(Need.id).where(grants.where(NEEDS[Permission.NEED_READ], actor))
        return and_(col(Inquiry.organisation_id).in_(ids), col(Inquiry.need_id).in_(readable))


POLICY: dict[Permission, tuple[Rule, ...]] = {
    Permission.QUESTION_READ: (Asking(), Asked()),
    Permission.QUESTION_ASK: (Asking(),),
    Permission.QUESTION_ANSWER: (Asked(),),
}
