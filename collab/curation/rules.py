"""States of a proposal and who may move it."""

from __future__ import annotations

from enum import StrEnum


class ProposalState(StrEnum):
    """Where a proposal stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


MOVES = {
    ProposalState.PROPOSED: frozenset({ProposalState.ACCEPTED, ProposalState.DECLINED}),
    ProposalState.ACCEPTED: frozenset({ProposalState.WITHDRAWN}),
    ProposalState.DECLINED: frozenset(),
    ProposalState.WITHDRAWN: frozenset(),
}


def can_move(state: ProposalState, to: ProposalState) -> bool:
    """A proposal is decided once; what was accepted can be withdrawn."""
    return to in MOVES[state]
