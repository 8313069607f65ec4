"""What a query in plain words does not want: 不要X, 除X外, X以外的, other than X, X not needed."""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int]
_REACH = 40  # characters in which a word that refuses is looked for
_BEFORE_ZH = (
    "不要求", "不要", "不需要", "不想要", "不想用", "不想", "不希望", "不用", "不必", "不含",
    "不带", "不包括", "不包含", "不考虑", "不接受", "不采用", "不使用", "不涉及", "不是", "不找",
    "不打算", "没必要", "无需", "无须", "毋需", "免去", "拒绝", "谢绝", "排除", "剔除", "去掉",
    "除了", "除去", "除开", "跳过", "(?<![去清剥移消刮解拆])除", "避开", "避免", "而非", "别给我",
    "别要", "别用", "(?<![级识特类分区鉴辨个性差])别", "非(?!晶|常)",
)  # fmt: skip
_BEFORE_EN = (
    r"other\s+than", r"except(?:\s+for)?", "excluding", "exclude", r"but\s+not",
    r"(?<!why\s)not", "without", "no", r"apart\s+from", r"aside\s+from", "avoiding",
    "avoid", r"anything\s+but",
    r"instead\s+of", r"rather\s+than", "skip", "minus", "never", r"leaving\s+out",
    "nothing", "w/o",r"non(?=-|\s)",
    r"(?:do|does)\s*n['o]?t\s+(?:want|need|require)", r"do\s+not\s+(?:want|need|require)",
)  # fmt: skip
_AFTER_ZH = (
    "除外", "以外", "之外", "不要了", "不要", "不考虑", "不需要", "不用", "不行", "不必", "不算",
    "算了", "免谈", "勿扰",
)  # fmt: skip
_AFTER_EN = (
    r"(?:is|are|was|be)?\s*(?:not|n't)\s+(?:be\s+)?(?:needed|wanted|required|necessary|included)",
    r"(?:is|are)?\s*(?:excluded|unwanted|unnecessary)",
)  # fmt: skip
_FILLERS = (
    r"(?:使用|采用|要|用|做|任何|in|from|by|with|using|use|including|include|involving|interested"
    r"|any|the|a|an|on|-|\s)*"
)
_BEFORE = re.compile(rf"(?:{'|'.join(_BEFORE_ZH)}|\b(?:{'|'.join(_BEFORE_EN)}))\s*{_FILLERS}$")
_EXCEPT = re.compile(r"(?:除了|除去|除开|除|apart\s+from|aside\s+from|besides)\s*(?:the|a|an)?\s*$")
_AFTER = re.compile(
    rf"\s*(?:这?类)?的?(?:都|就|也|一律|统统|全部)?\s*(?:(?P<zh>{'|'.join(_AFTER_ZH)})|,?\s*(?:{'|'.join(_AFTER_EN)})\b)"
)
_ALSO = re.compile(
    r"^[^,，。；;]{0,8}?(?:以外|之外|外)?[^,，。；;]{0,4}[,，]?\s*[^,，。；;]{0,6}?"
    r"(?:还|也|另外|同时|\balso\b|\btoo\b|\bplus\b)"
)
_AND = r"和|或者|或|与|及|以及|、|/|\band\b|\bor\b|\bnor\b"
_JOINED = re.compile(rf"\s*(?:{_AND}|,|，|的|\s)*\s*\Z")
_PAIRED = re.compile(rf"\s*(?:{_AND})\s*\Z")
_LACKING = re.compile(rf"(?<!有)没有{_FILLERS}$")  # only before the 的 of 没有X的Y
_DOUBLE = re.compile(r"(?:不能不|非要|无非|少不了|not\s+only)\s*$")
_ENDS = re.compile(r"(?:的|了|啦|哦|哈)?\s*(?:[,，。;；、!！)）/]|\Z)|的")
_BOTH_WAYS = ("不要", "不考虑", "不需要", "不用")


def refused(folded: str, spans: Sequence[Span]) -> list[bool]:
    """For each stretch that is understood, in order, whether the query does not want it."""
    out: list[bool] = []
    after = [_after(folded, spans, at) is not None for at in range(len(spans))]
    for at, (start, _) in enumerate(spans):
        joined = at > 0 and out[-1] and not after[at - 1]
        chained = joined and _is_chain(folded[spans[at - 1][1] : start])
        out.append(chained or _before(folded, spans[at]) is not None or after[at])
    for at in range(len(spans) - 1, 0, -1):  # A和B除外 refuses both
        if after[at] and _PAIRED.match(folded[spans[at - 1][1] : spans[at][0]]):
            out[at - 1] = after[at - 1] = True
    if all(out):  # no A, B only: then the comma begins what is wanted
        for at in range(1, len(spans)):
            if folded[spans[at - 1][1] : spans[at][0]].strip() in (",", "，"):
                out[at:] = [False] * (len(spans) - at)
                break
    return out


def _is_chain(between: str) -> bool:
    """Nothing but 和, or, a comma stands between: 不要A和B refuses both; 不要A的 B only A."""
    return bool(between.strip()) and bool(_JOINED.match(between)) and "的" not in between


def _before(folded: str, span: Span) -> Span | None:
    """Where the words stand that refuse what follows them."""
    first = max(0, span[0] - _REACH)
    before = folded[first : span[0]]
    match = _BEFORE.search(before)
    if match is None and folded.startswith("的", span[1]):
        match = _LACKING.search(before)
    if match is None or _DOUBLE.search(before):
        return None
    if _EXCEPT.search(before) and _ALSO.match(folded[span[1] : span[1] + _REACH]):
        return None  # 除X外还要Y asks for both
    return first + match.start(), span[0]


def _after(folded: str, spans: Sequence[Span], at: int) -> Span | None:
    """Where the words stand that refuse what comes before them, unless it is what follows."""
    end = spans[at][1]
    match = _AFTER.match(folded, end, end + _REACH)
    if match is None or _DOUBLE.search(folded[: spans[at][0]]):
        return None
    if match["zh"] in _BOTH_WAYS and not _ENDS.match(folded, match.end()):
        return None  # 外延不要MBE refuses what follows, whether that is understood or not
    if match["zh"] in ("以外", "之外") and _ALSO.match(folded[match.end() : match.end() + _REACH]):
        return None
    return end, match.end()


def cues(folded: str, spans: Sequence[Span]) -> list[Span]:
    """Where the words stand that refuse, so that they are not searched for themselves."""
    found = []
    for at, span in enumerate(spans):
        found += [cue for cue in (_before(folded, span), _after(folded, spans, at)) if cue]
    return found
