"""Who steers a region: its coordinators, and the secretariat for the whole alliance."""

from __future__ import annotations

from collab.kernel.errors import NotAllowed
from collab.kernel.identity import Actor
from collab.kernel.permissions import Permission


def may_coordinate(actor: Actor) -> bool:
    """Whether the actor coordinates a region or the alliance."""
    return bool(actor.region_ids) or actor.secretariat


def must_coordinate(actor: Actor) -> None:
    """Raises NotAllowed for everybody else."""
    if not may_coordinate(actor):
        raise NotAllowed(Permission.REGION_COORDINATE)
