"""States of a proposal and who may move it."""

from __future__ import annotations

from enum import StrEnum


class ProposalState(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"


def can_decide(state: ProposalState) -> bool:
    """A proposal is decided once."""
    return state is ProposalState.PROPOSED
