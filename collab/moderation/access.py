"""Who reads holds and reports: those who may moderate the record; a report also who made it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_
from sqlmodel import col, select

from collab.deals import access as deals
from collab.facilities.access import POLICY as FACILITIES
from collab.facilities.models import Capability
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission
from collab.matching.blocking import PRIVATE_ACTS
from collab.members.models import Organisation
from collab.moderation.models import Hold, Report
from collab.needs.access import POLICY as NEEDS
from collab.needs.models import Need
from collab.storage import grants
from collab.storage.grants import Rule
from collab.storage.models import Activity


@dataclass(frozen=True)
class Moderator:
    """Those who may moderate the record that a hold or report is about."""

    table: type[Hold] | type[Report]

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """Holds or reports of records that the actor moderates."""
        if not actor.secretariat and not actor.region_ids:
            return false()
        needs = select(Need.id).where(grants.where(NEEDS[Permission.NEED_MODERATE], actor))
        capabilities = select(Capability.id).where(
            grants.where(FACILITIES[Permission.CAPABILITY_MODERATE], actor)
        )
        return or_(
            col(self.table.need_id).in_(needs), col(self.table.capability_id).in_(capabilities)
        )


@dataclass(frozen=True)
class Reporter:
    """The person who made the report."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """The actor's own reports."""
        return false() if actor.person_id is None else col(Report.person_id) == actor.person_id


POLICY: dict[Permission, tuple[Rule, ...]] = {
    Permission.HOLD_READ: (Moderator(Hold),),
    Permission.REPORT_ANSWER: (Moderator(Report),),
    Permission.REPORT_READ: (Moderator(Report), Reporter()),
}


def recorded(actor: Actor) -> ColumnElement[bool]:
    """Which acts a reader of the record may know of.

    Acts of moderation for those who may moderate the record they are about, so that nobody reads
    there who reported or held something of the own organisation. Who keeps away from whom is a
    matter of the organisation that said so, for nobody else, the secretariat included.
    """
    kind, key, action = col(Activity.kind), col(Activity.key), col(Activity.action)
    holds = select(Hold.public_id).where(grants.where(POLICY[Permission.HOLD_READ], actor))
    reports = select(Report.public_id).where(grants.where(POLICY[Permission.REPORT_READ], actor))
    own = select(Organisation.public_id).where(
        col(Organisation.id).in_(actor.editor_organisation_ids)
    )
    return and_(
        deals.recorded(actor),
        or_(kind != "hold", key.in_(holds)),
        or_(kind != "report", key.in_(reports)),
        or_(kind != "organisation", action.not_in(PRIVATE_ACTS), key.in_(own)),
    )
