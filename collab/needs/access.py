"""Who may read and who may edit a need, by its disclosure."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select

from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.members.access import regions_told_to
from collab.members.models import Organisation
from collab.members.rules import Membership
from collab.needs.models import Need, NeedInvitation, NeedParty
from collab.needs.rules import OPEN_STATES, SHOWN_STATES, Disclosure
from collab.storage.grants import Rule


def of_standing_owner() -> ColumnElement[bool]:
    """Needs whose owner is not suspended: those of a suspended member are closed to others."""
    suspended = select(Organisation.id).where(col(Organisation.membership) == Membership.SUSPENDED)
    return col(Need.organisation_id).not_in(suspended)


def waiting() -> ColumnElement[bool]:
    """Open needs that count: not held by a moderator, their owner not suspended."""
    return and_(
        col(Need.state).in_(sorted(OPEN_STATES)), col(Need.held_at).is_(None), of_standing_owner()
    )


def _shown(*disclosures: Disclosure) -> ColumnElement[bool]:
    return and_(_ever_shown(*disclosures), col(Need.held_at).is_(None))


def _ever_shown(*disclosures: Disclosure) -> ColumnElement[bool]:
    return and_(
        col(Need.state).in_(sorted(SHOWN_STATES)),
        col(Need.disclosure).in_(disclosures),
        of_standing_owner(),
    )


@dataclass(frozen=True)
class PostingOrganisation:
    """People of the organisation that posted the need, in every state."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Needs of the actor's organisations."""
        ids = actor.organisation_ids
        return col(Need.organisation_id).in_(ids) if ids else false()


@dataclass(frozen=True)
class PublicNeed:
    """Anybody, once a public need is published."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Public needs."""
        return _shown(Disclosure.PUBLIC)


@dataclass(frozen=True)
class Members:
    """Members, for needs shown to members and anonymous ones (without their owner)."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Needs disclosed to members."""
        if not actor.is_member:
            return false()
        return _shown(Disclosure.MEMBERS, Disclosure.ANONYMOUS)


@dataclass(frozen=True)
class Invited:
    """People of an invited organisation; nobody else, coordinators and secretariat included."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Needs to which one of the actor's organisations is invited."""
        if not actor.organisation_ids:
            return false()
        return and_(_shown(Disclosure.INVITED), _invited(actor))


def _invited(actor: Actor) -> ColumnElement[bool]:
    invited = select(NeedInvitation.need_id).where(
        col(NeedInvitation.organisation_id).in_(actor.organisation_ids)
    )
    return col(Need.id).in_(invited)


@dataclass(frozen=True)
class Party:
    """People of an organisation whose interest was accepted: they keep the record of the deal."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Needs to which one of the actor's organisations is a party, whoever owns them now."""
        if not actor.organisation_ids:
            return false()
        agreed = select(NeedParty.need_id).where(
            col(NeedParty.organisation_id).in_(actor.organisation_ids)
        )
        shown = and_(col(Need.state).in_(sorted(SHOWN_STATES)), col(Need.held_at).is_(None))
        return and_(shown, col(Need.id).in_(agreed))


@dataclass(frozen=True)
class Moderator:
    """Coordinators of the need's region and the secretariat, never for their own organisation.

    An invited need only when they are invited themselves; an anonymous one, for a coordinator, only
    where everybody may be told that it comes from the coordinated province. With `held`, those
    needs alone that a moderator has closed: the rest they read like any member.
    """

    held: bool = False

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Needs that the actor may hold, return and release."""
        if not actor.secretariat and not actor.region_ids:
            return false()
        here: ColumnElement[bool] = true()
        told: ColumnElement[bool] = true()
        if not actor.secretariat:
            here = col(Need.region_id).in_(actor.region_ids)
            told = col(Need.region_id).in_(regions_told_to(actor.region_ids))
        kinds = [
            and_(here, _ever_shown(Disclosure.PUBLIC, Disclosure.MEMBERS)),
            and_(told, _ever_shown(Disclosure.ANONYMOUS)),
        ]
        if actor.organisation_ids:
            kinds.append(and_(here, _ever_shown(Disclosure.INVITED), _invited(actor)))
        others = col(Need.organisation_id).not_in(actor.organisation_ids)
        closed = col(Need.held_at).is_not(None) if self.held else true()
        return and_(others, or_(*kinds), closed)


@dataclass(frozen=True)
class Platform:
    """The platform's own listeners, never a person."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Everything, or nothing."""
        return true() if actor.system else false()


POLICY: dict[Permission, tuple[Rule, ...]] = {
    Permission.NEED_READ: (
        PostingOrganisation(),
        PublicNeed(),
        Members(),
        Invited(),
        Party(),
        Moderator(held=True),
        Platform(),
    ),
    Permission.NEED_EDIT: (PostingOrganisation(), Platform()),
    Permission.NEED_MODERATE: (Moderator(),),
}
