"""Who may see and who may edit a capability or a run."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, true
from sqlmodel import col, select

from collab.facilities.models import Capability, MpwRun
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.members.access import PUBLIC_STATES
from collab.members.models import Organisation
from collab.storage.grants import Rule


@dataclass(frozen=True)
class InCatalogue:
    """Anybody, for what is not retired and belongs to an organisation in the catalogue."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Neither retired nor held, of a listed or admitted organisation."""
        shown = select(Organisation.id).where(col(Organisation.membership).in_(PUBLIC_STATES))
        return and_(offered(), col(Capability.organisation_id).in_(shown))


def offered() -> ColumnElement[bool]:
    """Neither retired by its owner nor held by a moderator."""
    return and_(col(Capability.retired_at).is_(None), col(Capability.held_at).is_(None))


@dataclass(frozen=True)
class OwnCapability:
    """People of the owning organisation; with `editing`, those who may change it."""

    editing: bool = False

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Capabilities of the actor's organisations."""
        ids = actor.editor_organisation_ids if self.editing else actor.organisation_ids
        return col(Capability.organisation_id).in_(ids) if ids else false()


@dataclass(frozen=True)
class Moderator:
    """Coordinators of the owner's region and the secretariat, never for their own organisation;
    with `held`, those capabilities alone that a moderator has taken out of the catalogue."""

    held: bool = False

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Capabilities that the actor may hold, return and release."""
        if not actor.secretariat and not actor.region_ids:
            return false()
        owners = select(Organisation.id).where(
            col(Organisation.membership).in_(PUBLIC_STATES),
            col(Organisation.id).not_in(actor.organisation_ids),
            true() if actor.secretariat else col(Organisation.region_id).in_(actor.region_ids),
        )
        return and_(
            col(Capability.organisation_id).in_(owners),
            col(Capability.retired_at).is_(None),
            col(Capability.held_at).is_not(None) if self.held else true(),
        )


@dataclass(frozen=True)
class Platform:
    """The secretariat and the platform itself."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Everything, or nothing."""
        return true() if actor.secretariat or actor.system else false()


@dataclass(frozen=True)
class PublicRun:
    """Anybody, for runs of organisations in the catalogue."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Runs of listed or admitted organisations."""
        shown = select(Organisation.id).where(col(Organisation.membership).in_(PUBLIC_STATES))
        return col(MpwRun.organisation_id).in_(shown)


POLICY: dict[Permission, tuple[Rule, ...]] = {
    Permission.CAPABILITY_READ: (
        InCatalogue(),
        OwnCapability(),
        Moderator(held=True),
        Platform(),
    ),
    Permission.CAPABILITY_EDIT: (OwnCapability(editing=True), Platform()),
    Permission.CAPABILITY_MODERATE: (Moderator(),),
    Permission.RUN_READ: (PublicRun(), Platform()),
}
