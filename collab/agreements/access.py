"""Who may read, change and sign an agreement: its two parties, nobody else."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import col

from collab.agreements.models import Agreement
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.storage.grants import Rule


@dataclass(frozen=True)
class Party:
    """People of one of the two organisations."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Agreements of the actor's organisations."""
        return _between(actor.organisation_ids)


@dataclass(frozen=True)
class Signatory:
    """Administrators of one of the two organisations: a signature binds the organisation."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Agreements that the actor may sign."""
        return _between(actor.admin_organisation_ids)


def _between(ids: frozenset[int]) -> ColumnElement[bool]:
    if not ids:
        return false()
    return or_(col(Agreement.owner_id).in_(ids), col(Agreement.provider_id).in_(ids))


POLICY: dict[Permission, tuple[Rule, ...]] = {
    Permission.AGREEMENT_READ: (Party(),),
    Permission.AGREEMENT_SIGN: (Signatory(),),
}
