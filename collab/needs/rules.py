"""States, moves and disclosure of a need, and what keeps one from being published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from collab.kernel.problems import Problem

MAX_TEXT = 20_000
MAX_TITLE = 120


class NeedState(StrEnum):
    """Where a need stands between draft and closed."""

    DRAFT = "draft"
    PUBLISHED = "published"
    IN_TALKS = "in_talks"
    AGREED = "agreed"
    DELIVERED = "delivered"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


MOVES: dict[NeedState, frozenset[NeedState]] = {
    NeedState.DRAFT: frozenset({NeedState.PUBLISHED, NeedState.WITHDRAWN}),
    NeedState.PUBLISHED: frozenset({NeedState.IN_TALKS, NeedState.WITHDRAWN, NeedState.EXPIRED}),
    NeedState.IN_TALKS: frozenset({NeedState.AGREED, NeedState.PUBLISHED, NeedState.WITHDRAWN}),
    NeedState.AGREED: frozenset({NeedState.DELIVERED, NeedState.CLOSED}),
    NeedState.DELIVERED: frozenset({NeedState.CLOSED}),
    NeedState.CLOSED: frozenset(),
    NeedState.WITHDRAWN: frozenset({NeedState.DRAFT}),
    NeedState.EXPIRED: frozenset({NeedState.PUBLISHED, NeedState.WITHDRAWN}),
}
OPEN_STATES = frozenset({NeedState.PUBLISHED, NeedState.IN_TALKS})
SHOWN_STATES = frozenset(NeedState) - {NeedState.DRAFT, NeedState.WITHDRAWN}


class Disclosure(StrEnum):
    """Who may read a published need."""

    PUBLIC = "public"
    MEMBERS = "members"
    ANONYMOUS = "anonymous"
    INVITED = "invited"


def disclosure_wish(confidentiality: Mapping[str, Any]) -> Disclosure:
    """The disclosure a text asks for; members where it says nothing."""
    if confidentiality.get("anonymous"):
        return Disclosure.ANONYMOUS
    wishes = {"public": Disclosure.PUBLIC, "restricted": Disclosure.INVITED}
    return wishes.get(str(confidentiality.get("level")), Disclosure.MEMBERS)


def can_move(before: NeedState, after: NeedState) -> bool:
    """True when the table of moves allows it."""
    return after in MOVES[before]


def draft_problems(title: str, text: str) -> Iterator[Problem]:
    """What keeps a draft from being saved."""
    if not text.strip():
        yield Problem("text", "required")
    if len(text) > MAX_TEXT:
        yield Problem("text", "too_long", {"most": MAX_TEXT})
    if len(title) > MAX_TITLE:
        yield Problem("title", "too_long", {"most": MAX_TITLE})


def publication_problems(
    title: str, text: str, structure: Mapping[str, Any], disclosure: Disclosure, invited: int
) -> Iterator[Problem]:
    """What keeps a need from being published: no title, no step, nobody invited."""
    yield from draft_problems(title, text)
    if not title.strip():
        yield Problem("title", "required")
    if not structure.get("techniques") and not structure.get("techniques_any_of"):
        yield Problem("techniques", "no_step")
    if disclosure is Disclosure.INVITED and not invited:
        yield Problem("invited", "nobody_invited")
