"""States of an agreement and their moves, who may make them, and what keeps one from being kept."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date
from enum import StrEnum

from collab.kernel.problems import Problem
from collab.needs.rules import NeedState

MAX_MILESTONES = 12


class AgreementState(StrEnum):
    """Where an agreement stands between proposal and outcome."""

    PROPOSED = "proposed"
    SIGNED = "signed"
    DELIVERED = "delivered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    TERMINATED = "terminated"


class AgreementKind(StrEnum):
    """What the parties agree on."""

    PROCESSING = "processing"
    JOINT_RND = "joint_rnd"
    CONVERSION = "conversion"
    STRATEGIC = "strategic"


class Outcome(StrEnum):
    """How far the need was met in the end, as its owner says."""

    ACHIEVED = "achieved"
    PARTLY = "partly"
    FAILED = "failed"


class Side(StrEnum):
    """The two parties: whose need it is, and who does the work."""

    OWNER = "owner"
    PROVIDER = "provider"


MOVES: dict[AgreementState, frozenset[AgreementState]] = {
    AgreementState.PROPOSED: frozenset({AgreementState.SIGNED, AgreementState.WITHDRAWN}),
    AgreementState.SIGNED: frozenset({AgreementState.DELIVERED, AgreementState.TERMINATED}),
    AgreementState.DELIVERED: frozenset({AgreementState.CLOSED, AgreementState.TERMINATED}),
    AgreementState.CLOSED: frozenset(),
    AgreementState.WITHDRAWN: frozenset(),
    AgreementState.TERMINATED: frozenset(),
}
LIVE = frozenset({AgreementState.PROPOSED, AgreementState.SIGNED, AgreementState.DELIVERED})
# Signing is no move by hand: it happens when both parties signed the same version.
MOVERS: dict[AgreementState, frozenset[Side]] = {
    AgreementState.WITHDRAWN: frozenset(Side),
    AgreementState.TERMINATED: frozenset(Side),
    AgreementState.DELIVERED: frozenset({Side.PROVIDER}),
    AgreementState.CLOSED: frozenset({Side.OWNER}),
}
# what binds the organisation is for those who may sign; drafting is for everybody of the parties
BINDING = frozenset({AgreementState.TERMINATED, AgreementState.CLOSED})
RUNNING = frozenset({AgreementState.SIGNED, AgreementState.DELIVERED})
REASONED = frozenset({AgreementState.WITHDRAWN, AgreementState.TERMINATED})


def need_after(now: AgreementState, others: Collection[AgreementState]) -> NeedState | None:
    """Where a need stands after one of its agreements entered `now`; None: where it stood.

    A need may have several, one for each provider: it is delivered when none is left to deliver,
    closed when none runs, and in talks again when all were broken off.
    """
    states = {now, *others}
    if AgreementState.SIGNED in states:
        return NeedState.AGREED
    if AgreementState.DELIVERED in states:
        return NeedState.DELIVERED
    if AgreementState.CLOSED in states:
        return NeedState.CLOSED
    return NeedState.IN_TALKS if now is AgreementState.TERMINATED else None


def can_move(before: AgreementState, after: AgreementState, side: Side) -> bool:
    """True when the table of moves allows it to this party."""
    return after in MOVES[before] and side in MOVERS.get(after, ())


def moves(state: AgreementState, side: Side) -> list[AgreementState]:
    """The moves by hand that a party has, in the order of the states."""
    return [s for s in AgreementState if can_move(state, s, side)]


def term_problems(
    starts_on: date, ends_on: date, milestones: Sequence[tuple[str, date]]
) -> Iterator[Problem]:
    """What is wrong with the time of an agreement: its order, and milestones outside it."""
    if ends_on < starts_on:
        yield Problem("ends_on", "ends_before_start")
    for number, (_, due) in enumerate(milestones, 1):
        if not starts_on <= due <= ends_on:
            yield Problem(
                "milestones", "milestone_outside",
                {"n": number, "starts": starts_on.isoformat(), "ends": ends_on.isoformat()},
            )  # fmt: skip


def move_problems(after: AgreementState, remark: str, outcome: str) -> Iterator[Problem]:
    """A broken off agreement needs its reason, a closed one its outcome."""
    if after in REASONED and not remark.strip():
        yield Problem("remark", "reason_needed")
    if after is AgreementState.CLOSED and outcome not in set(Outcome):
        yield Problem("outcome", "required")
