"""Sentences, clauses, brackets and background passages of a normalised text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from collab.needs.extraction.stories import told

Span = tuple[int, int]

_SENTENCE = re.compile(r"[。！？!?\n]|(?<=[A-Za-z0-9)%])\.(?=\s|$)|;(?=\s|\D)")
_CLAUSE = re.compile(
    r"[，,](?!\d{3}(?!\d))|[;；。！？!?\n]|(?<=[A-Za-z0-9)%])\.(?=\s|$)"
    r"|[—–]{1,2}"
)
_HEADING = re.compile(
    r"(?:^|\n)[ \t]*(?:[一二三四五六七八九十]{1,3}[、.]|\(?[一二三四五六七八九十\d]{1,2}[)."
    r"、])?[ \t]*"
    r"(?:[【\[][ \t]*([^】\]\n]{2,20})[ \t]*[】\]][:：]?|([^\n:：。,，]{2,14})[:：]"
    r"|([^\n:：。,，]{2,12})(?=\n))"
    r"|[【\[]([^】\]\n]{2,20})[】\]]"
    r"|(?<=[。；;])[ \t]*(?:[一二三四五六七八九十]{1,3}[、.]|\(?[一二三四五六七八九十\d]{1,2}[)."
    r"、])?[ \t]*([^\n:：。,，]{2,14})[:：]"
    r"|(?:^|\n)[ \t]*([A-Z][a-z]+(?: [A-Za-z]+){0,4})\.(?= +[A-Z])"
)
_BACKGROUND = re.compile(
    r"背景|简介|概况|现状|意义|公司介绍|单位介绍|企业介绍|关于我们|国内外|已有基础|前期基础"
    r"|研究基础"
    r"|工作基础|立项依据|必要性|痛点|市场(?:前景|分析)|(?:单位|企业|公司)(?:情况|优势)|参考文献"
    r"|who we are|why we are|background|about us|company|introduction|context|motivation"
    r"|references",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"联系人|联系方式|联系电话|电话|手机|地址|邮箱|邮编|contact|phone|e-?mail", re.IGNORECASE
)
_LINE_END = re.compile(r"[。\n]|$")
_ASKS = re.compile(
    r"现(?:需|寻|委托|拟|面向|向社会)|需要|急需|寻(?:求|找)|求购|诚征|特(?:委托|征集|面向)"
    r"|拟(?:委托|寻|开展|采购)"
    r"|\b(?:we (?:now )?(?:need|seek|want|require)|looking for|(?:is|are) (?:needed|required"
    r"|sought))\b",
    re.IGNORECASE,
)
_PURPOSE = re.compile(
    r"(?:面向|应用于|主要用于|可用于|用于|拟用于|服务于|(?:used|intended"
    r"|aimed|targeted|developed) (?:for|at) )"
    r"[^，,。;；\n:：]{2,30}?(?=的|之|,|，|。|;|\n|$)"
)
_BRACKET_REACH = 200
_NEAR = 200
_BRACKETS = {"(": ")", "（": "）", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Layout:
    """Where sentences and clauses begin, which parts are brackets, background or purpose."""

    text: str
    sentence_starts: Sequence[int]
    clause_starts: Sequence[int]
    brackets: Sequence[Span]
    background: Sequence[Span]
    purpose: Sequence[Span]
    stories: Sequence[Span] = ()

    def sentence(self, at: int) -> Span:
        """The sentence that holds position `at`."""
        return _piece(self.sentence_starts, at, len(self.text))

    def clause(self, at: int) -> Span:
        """The clause (between commas) that holds position `at`."""
        return _piece(self.clause_starts, at, len(self.text))

    def near(self, at: int) -> Span:
        """The clause that holds `at`, no further than 200 characters from it."""
        low, high = self.clause(at)
        return (max(low, at - _NEAR), min(high, at + _NEAR))

    def in_background(self, at: int) -> bool:
        """True in a section that tells why, not what."""
        return _inside(self.background, at)

    def told(self, at: int) -> bool:
        """True where the text tells of the asker, of others or of the past."""
        return _inside(self.stories, at)

    def aside(self, at: int) -> bool:
        """True where no figure is a criterion."""
        return _inside(self.background, at) or _inside(self.stories, at)

    def in_purpose(self, at: int) -> bool:
        """True inside a phrase that names the use of the result (面向…, used for …)."""
        return _inside(self.purpose, at)

    def bracket(self, at: int) -> Span | None:
        """The innermost closed bracket around `at`, if any."""
        for index in range(bisect_right(self.brackets, (at, len(self.text) + 1)) - 1, -1, -1):
            start, end = self.brackets[index]
            if at < end:
                return (start, end)
            if at - start > _BRACKET_REACH:
                break
        return None


def _inside(spans: Sequence[Span], at: int) -> bool:
    """True when one of the spans, which follow one another, holds `at`."""
    index = bisect_right(spans, (at, at)) - 1
    return any(start <= at < end for start, end in spans[max(index, 0) : index + 2])


def _piece(starts: Sequence[int], at: int, size: int) -> Span:
    index = bisect_right(starts, at) - 1
    end = starts[index + 1] if index + 1 < len(starts) else size
    return (starts[index], end)


def _starts(pattern: re.Pattern[str], text: str) -> list[int]:
    found = [0]
    for m in pattern.finditer(text):
        if found[-1] != m.end():
            found.append(m.end())
    return found


def _bracket_spans(text: str) -> list[Span]:
    """Closed brackets, at most _BRACKET_REACH characters long and not over a line end."""
    stack: list[tuple[str, int]] = []
    spans: list[Span] = []
    for at, char in enumerate(text):
        if char in _BRACKETS:
            stack.append((_BRACKETS[char], at))
            del stack[:-20]
        elif char == "\n":
            stack.clear()
        elif stack and char == stack[-1][0]:
            start = stack.pop()[1]
            if at - start <= _BRACKET_REACH:
                spans.append((start, at + 1))
    return sorted(spans)


def _background_spans(text: str) -> list[Span]:
    """From a background heading to the next heading; contact lines end with their line."""
    heads = [
        (m.start(), m.end(), next(g for g in m.groups() if g)) for m in _HEADING.finditer(text)
    ]
    spans: list[Span] = []
    for index, (start, end, title) in enumerate(heads):
        if _CONTACT.search(title):
            stop = _LINE_END.search(text, end)
            spans.append((start, stop.start() if stop else len(text)))
        elif _BACKGROUND.search(title):
            last = index + 1 == len(heads)
            spans.append((start, _asked_from(text, end) if last else heads[index + 1][0]))
    return spans


def _asked_from(text: str, start: int) -> int:
    """Where a last background section begins to ask: no heading says so."""
    asks = _ASKS.search(text, start)
    if asks is None:
        return len(text)
    return max(start, max(text.rfind(c, start, asks.start()) + 1 for c in "，,。;；\n."))


_RUNS = re.compile(
    r"\d{25,}|[A-Za-z]{60,}|[零〇一二两三四五六七八九十百千万亿半]{16,}|\s{40,}|([^\w\s])\1{24,}"
)


def without_runs(text: str) -> str:
    """Endless runs of one kind of character become full stops of the same length.

    Nobody writes a criterion that way, and patterns that try every start would take quadratic time.
    """
    return _RUNS.sub(lambda m: "。" * (m.end() - m.start()), text)


def whole_word(text: str, low: int, at: int) -> int:
    """The place, or the beginning of the Latin word that it would cut through."""
    while at > low and text[at - 1 : at + 1].isascii() and text[at - 1 : at + 1].isalnum():
        at -= 1
    return at


def lay_out(text: str) -> Layout:
    """Find the parts of a normalised text; linear in its length."""
    sentences, clauses = _starts(_SENTENCE, text), _starts(_CLAUSE, text)
    return Layout(
        text=text,
        sentence_starts=sentences,
        clause_starts=clauses,
        brackets=_bracket_spans(text),
        background=_background_spans(text),
        purpose=[m.span() for m in _PURPOSE.finditer(text)],
        stories=told(text, sentences, clauses),
    )
