"""States of an interest and their moves."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from collab.kernel.problems import Problem

MAX_MESSAGE = 2000


class InterestState(StrEnum):
    """Where an expression of interest stands."""

    EXPRESSED = "expressed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


MOVES: dict[InterestState, frozenset[InterestState]] = {
    InterestState.EXPRESSED: frozenset(
        {InterestState.ACCEPTED, InterestState.DECLINED, InterestState.WITHDRAWN}
    ),
    InterestState.ACCEPTED: frozenset({InterestState.WITHDRAWN}),
    InterestState.DECLINED: frozenset(),
    InterestState.WITHDRAWN: frozenset(),
}


def can_move(before: InterestState, after: InterestState) -> bool:
    """True when the table of moves allows it."""
    return after in MOVES[before]


def message_problems(message: str) -> Iterator[Problem]:
    """What is wrong with the words of an interest."""
    if not message.strip():
        yield Problem("message", "required")
    if len(message) > MAX_MESSAGE:
        yield Problem("message", "too_long", {"most": MAX_MESSAGE})
