"""What a query in plain words does not want: 不要X, 除X外, other than X, without X."""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int]
_BEFORE = re.compile(
    r"(?:不要|不需要|不想要|不用|不含|不包括|不包含|不考虑|不是|排除|去掉|除了|除去|除开|除|避开|非"
    r"|\b(?:other\s+than|except(?:\s+for)?|excluding|exclude|but\s+not|not|without|no|apart\s+from"
    r"|avoiding|anything\s+but))\s*(?:使用|采用|要|用|in|from|by|with|using|any|the|a|an|on|\s)*$"
)
_EXCEPT = re.compile(r"(?:除了|除去|除开|除|apart\s+from|besides)\s*(?:the|a|an)?\s*$")
_AFTER = re.compile(r"^\s*(?:的)?\s*(?:除外|不要|不考虑|以外不|excluded\b)")
_ALSO = re.compile(
    r"^[^,，。；;]{0,8}?(?:以外|之外|外)?[^,，。；;]{0,4}[,，]?\s*[^,，。；;]{0,6}?"
    r"(?:还|也|另外|同时|\balso\b|\btoo\b|\bplus\b)"
)
_JOINED = re.compile(r"^\s*(?:和|或者|或|与|及|以及|、|,|，|/|\band\b|\bor\b|\bnor\b|的|\s)*\s*$")
_DOUBLE = re.compile(r"(?:不能不|非要|无非|not\s+only)\s*$")


def refused(folded: str, spans: Sequence[Span]) -> list[bool]:
    """For each stretch that is understood, in order, whether the query does not want it."""
    out: list[bool] = []
    for at, (start, end) in enumerate(spans):
        before = folded[max(0, start - 40) : start]
        joined = at > 0 and out[-1] and _is_chain(folded[spans[at - 1][1] : start])
        out.append(joined or _refuses(before, folded[end : end + 30]))
    return out


def _is_chain(between: str) -> bool:
    """Nothing but 和, or, a comma stands between: 不要A和B refuses both; 不要A的 B only A."""
    return bool(between.strip()) and bool(_JOINED.match(between)) and "的" not in between


def _refuses(before: str, after: str) -> bool:
    if _DOUBLE.search(before):
        return False
    if _EXCEPT.search(before):  # 除X外还要Y asks for both
        return not _ALSO.match(after)
    return bool(_BEFORE.search(before) or _AFTER.match(after))


def cues(folded: str, spans: Sequence[Span]) -> list[Span]:
    """Where the words stand that refuse, so that they are not searched for themselves."""
    found: list[Span] = []
    for start, end in spans:
        first = max(0, start - 40)
        if match := _BEFORE.search(folded[first:start]):
            found.append((first + match.start(), start))
        if match := re.match(
            r"\s*(?:除外|以外|之外|不要|不考虑|excluded\b)", folded[end : end + 12]
        ):
            found.append((end, end + match.end()))
    return found
