"""States, moves and disclosure of a need, and what keeps one from being published."""

from __future__ import annotations

import re
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
    NeedState.AGREED: frozenset({NeedState.DELIVERED, NeedState.CLOSED, NeedState.IN_TALKS}),
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


_NAMED = re.compile(
    r"^\s*(?:[一二三四五六七八九十\d]{1,2}[、.．]\s*)?(?:需求|项目|任务|课题|技术)?(?:名称|题目|标题|主题)"
    r"\s*[:：]\s*(?P<zh>\S[^\n]{1,119})|^\s*(?:subject|title)\s*:\s*(?P<en>\S[^\n]{1,119})",
    re.IGNORECASE | re.MULTILINE,
)
_SENTENCE = re.compile(r"[^。！？!?\n]+")
_GREETING = re.compile(
    r"^[\s【\[]*(?:您好|你好|各位|尊敬|敬启|大家好|[^，,。\n]{1,8}(?:老师|总|工|经理)[，,:：]?\s*(?:您好|你好)?$"
    r"|dear\b|hi\b|hello\b|good (?:morning|afternoon))[^，,。:：\n]{0,12}[，,:：\s]*",
    re.IGNORECASE,
)
_ASKING = re.compile(
    r"(?:现|急|特|拟|我[司们方]|公司)?(?:需要|需求|寻求|寻找|求|委托|想|希望|需)"
    r"|\b(?:need|looking for|seek|request)",
    re.IGNORECASE,
)


def spoken_title(text: str) -> str:
    """What a text calls itself, else its first sentence that asks, else its first words."""
    named = _NAMED.search(text[:4000])
    if named:
        return (named["zh"] or named["en"]).strip()
    said = [_GREETING.sub("", m.group()).strip() for m in _SENTENCE.finditer(text[:2000])]
    said = [sentence for sentence in said if sentence]
    asked = next((_ASKING.search(s) for s in said[:6] if _ASKING.search(s)), None)
    if asked is not None and asked.string != said[0]:
        return asked.string[asked.start() :].rstrip(" ，,：:；;")
    return said[0].rstrip(" ，,：:；;") if said else ""
