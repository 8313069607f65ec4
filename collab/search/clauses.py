"""Parts of a longer query that only tell a story: what somebody has already, or would also like."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

Span = tuple[int, int]
_BETWEEN = re.compile(
    r"[,，。;；!?？！\n]|\.(?:\s|$)|\b(?:but|and|now|then)\s+(?=(?:(?:we|i)\s+)?(?:need|want|look|would))"
)
_HAS = re.compile(
    r"已经?(?:有|完成|做|画|流|长|刻|设计|制备)|现有|手[上里]有|我们?有|有了|[做画流长刻切封测磨镀](?:好|完)了?"
    r"|[做画流切封测磨镀]了|设计(?:好|完|了)|完成了|准备好|自己(?:做|有|来)|自备"
    r"|\b(?:(?:we|i)\s*(?:'ve|have)|already|(?:is|are)\s+(?:done|ready|finished)|in[- ]house"
    r"|ourselves)\b"
)
_WANTS = re.compile(
    r"[想要需求找寻谁哪吗]|能不能|可以|可否|有没有|推荐|帮"
    r"|\b(?:need|want|look|looking|seek|who|which|where|can|could|please|offer)\b"
)
_WISH = re.compile(
    r"更好|更佳|为佳|最好(?!的)|优先|加分"
    r"|\b(?:preferably|ideally|nice\s+to\s+have|if\s+possible|a\s+bonus|a\s+plus)\b"
)


def _said(folded: str, spans: Sequence[Span]) -> list[str]:
    """For each stretch the clause it begins in."""
    marks = [mark.span() for mark in _BETWEEN.finditer(folded)]
    starts = [0, *(end for _, end in marks)]
    ends = [*(start for start, _ in marks), len(folded)]
    at = [bisect_right(starts, span[0]) - 1 for span in spans]
    return [folded[starts[number] : ends[number]] for number in at]


def had(folded: str, spans: Sequence[Span]) -> list[bool]:
    """For each stretch whether its clause says that it is there already, and asks for nothing."""
    told = {c: bool(_HAS.search(c)) and not _WANTS.search(c) for c in {*_said(folded, spans)}}
    return [told[clause] for clause in _said(folded, spans)]


def wished(folded: str, spans: Sequence[Span]) -> list[bool]:
    """For each stretch whether its clause says that it would only be welcome."""
    told = {c: bool(_WISH.search(c)) for c in {*_said(folded, spans)}}
    return [told[clause] for clause in _said(folded, spans)]
