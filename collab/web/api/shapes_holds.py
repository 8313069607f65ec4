"""What the API answers about a hold: to the own people of the held record, and to nobody else."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from collab.kernel.identity import Actor, Role
from collab.moderation import catalogue
from collab.moderation.models import Record
from collab.moderation.rules import HoldState
from collab.storage.uow import UnitOfWork


class HoldOut(BaseModel):
    """Why a record is closed to others, by which role, and what its owner is asked to change."""

    state: HoldState
    role: Role
    reason: str
    wanted: str = Field(description="What to change; empty while the moderators look into it.")
    reply: str = Field(description="What the owner said when asking for another look.")
    since: datetime


def hold(uow: UnitOfWork, actor: Actor, row: Record) -> HoldOut | None:
    """The hold of a record for its own people."""
    found = catalogue.hold_of(uow, actor, row)
    if found is None:
        return None
    return HoldOut(
        state=found.state, role=found.role, reason=found.reason, wanted=found.wanted,
        reply=found.reply, since=found.created_at,
    )  # fmt: skip
