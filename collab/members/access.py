"""Who may see and who may edit an organisation; who may admit members."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, func, true
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.members.models import Organisation, Region
from collab.members.rules import ANONYMITY, Membership
from collab.storage.grants import Rule

PUBLIC_STATES = (Membership.LISTED, Membership.ADMITTED)


@dataclass(frozen=True)
class Listed:
    """Anybody, for organisations in the public catalogue."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Listed and admitted organisations."""
        return col(Organisation.membership).in_(PUBLIC_STATES)


@dataclass(frozen=True)
class OwnOrganisation:
    """People of the organisation itself; with `editing`, those who may change its page."""

    editing: bool = False

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """The actor's own organisations."""
        ids = actor.editor_organisation_ids if self.editing else actor.organisation_ids
        return col(Organisation.id).in_(ids) if ids else false()


@dataclass(frozen=True)
class AdministeredOrganisation:
    """Administrators of the organisation itself, for its people and their roles."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Organisations that the actor administers."""
        ids = actor.admin_organisation_ids
        return col(Organisation.id).in_(ids) if ids else false()


@dataclass(frozen=True)
class Secretariat:
    """The secretariat and the platform itself."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Everything, or nothing."""
        return true() if actor.secretariat or actor.system else false()


def regions_told_to(region_ids: Collection[int]) -> SelectOfScalar[int | None]:
    """Regions of which anybody may be told the province, where that whole province is coordinated.

    Who coordinates a city alone must not learn that an anonymous need comes from there: only the
    province is shown, and only where enough members stand in it. See `catalogue.shown_provinces`.
    """
    province, inside, there = aliased(Region), aliased(Region), aliased(Organisation)
    standing = (
        select(func.count(col(there.id)))
        .join(inside, col(inside.id) == col(there.region_id))
        .where(
            col(there.membership) == Membership.ADMITTED,
            col(inside.path).startswith(col(province.path)),
        )
        .correlate(province)
        .scalar_subquery()
    )
    return (
        select(col(Region.id))
        .join(province, col(Region.path).startswith(col(province.path)))
        .where(
            col(province.kind) == "province",
            col(province.id).in_(region_ids),
            standing >= ANONYMITY,
        )
    )


POLICY: dict[Permission, tuple[Rule, ...]] = {
    Permission.ORGANISATION_READ: (Listed(), OwnOrganisation(), Secretariat()),
    Permission.ORGANISATION_EDIT: (OwnOrganisation(editing=True), Secretariat()),
    Permission.ORGANISATION_ADMIT: (Secretariat(),),
    Permission.PEOPLE_ADMINISTER: (AdministeredOrganisation(), Secretariat()),
    Permission.APPLICATION_DECIDE: (Secretariat(),),
    Permission.AUDIT_READ: (Secretariat(),),
}
