"""Who may propose words (members) and who decides about them (the secretariat)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, false, true
from sqlmodel import col

from collab.curation.models import VocabularyProposal
from collab.kernel.errors import NotAllowed
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.storage import grants
from collab.storage.grants import RowRule, actor_is

POLICY: dict[Permission, tuple[RowRule, ...]] = {
    Permission.VOCABULARY_CURATE: (actor_is(lambda actor: actor.secretariat or actor.system),),
    Permission.VOCABULARY_PROPOSE: (actor_is(lambda actor: actor.is_member),),
}


def must_curate(actor: Actor) -> None:
    """Raises NotAllowed for anybody but the secretariat."""
    if not grants.allows(POLICY[Permission.VOCABULARY_CURATE], actor, None):
        raise NotAllowed(Permission.VOCABULARY_CURATE)


def must_propose(actor: Actor) -> None:
    """Raises NotAllowed for visitors and people without standing."""
    if not grants.allows(POLICY[Permission.VOCABULARY_PROPOSE], actor, None):
        raise NotAllowed(Permission.VOCABULARY_PROPOSE)


def readable(actor: Actor) -> ColumnElement[bool]:
    """The secretariat reads every proposal, a person the own ones."""
    if actor.secretariat or actor.system:
        return true()
    if actor.person_id is None:
        return false()
    return col(VocabularyProposal.person_id) == actor.person_id
