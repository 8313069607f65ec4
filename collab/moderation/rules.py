"""States of a hold and of a report, their moves, and what is wrong with the words of either."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from collab.kernel.problems import Problem

LONGEST = 1000
REPORTS = 10  # of one person in a quarter of an hour


class Kind(StrEnum):
    """What can be held and reported."""

    NEED = "need"
    CAPABILITY = "capability"


class HoldState(StrEnum):
    """Who acts next on a held record: the moderators, its owner, the moderators again, nobody."""

    HELD = "held"
    RETURNED = "returned"
    ASKED = "asked"
    RELEASED = "released"


MOVES: dict[HoldState, frozenset[HoldState]] = {
    HoldState.HELD: frozenset({HoldState.RETURNED, HoldState.ASKED, HoldState.RELEASED}),
    HoldState.RETURNED: frozenset({HoldState.ASKED, HoldState.RELEASED}),
    HoldState.ASKED: frozenset({HoldState.RETURNED, HoldState.RELEASED}),
    HoldState.RELEASED: frozenset(),
}


class ReportReason(StrEnum):
    """Why a member reports a record."""

    WRONG_FACTS = "wrong_facts"
    OUTDATED = "outdated"
    ADVERTISING = "advertising"
    CONFIDENTIAL = "confidential"
    OTHER = "other"


class ReportState(StrEnum):
    """Whether a report waits, led to a hold, or was answered without one."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


def can_move(before: HoldState, after: HoldState) -> bool:
    """True when the table of moves allows it."""
    return after in MOVES[before]


def words_problems(field: str, text: str, *, required: bool = True) -> Iterator[Problem]:
    """What is wrong with a reason, with what is to be changed, or with an answer."""
    if required and not text.strip():
        yield Problem(field, "required")
    if len(text.strip()) > LONGEST:
        yield Problem(field, "too_long", {"most": LONGEST})


def report_problems(reason: str, text: str) -> Iterator[Problem]:
    """What is wrong with a report: a reason of the table, and words where it is none of them."""
    if reason not in set(ReportReason):
        yield Problem("reason", "required" if not reason else "invalid", {"value": reason[:40]})
    yield from words_problems("text", text, required=reason == ReportReason.OTHER)
