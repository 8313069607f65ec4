"""What stands before and after a number: at most, at least, about, better than, in between."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

REACH = ("达到", "可达", "能到", "做到", "达", "到", "至", "reaching", "reach")
UP_TO = ("最大", "最高", "最长", "up to", "max", "maximum", "max.", "最多", "可支持", "支持")
_EXTRA_PREFIX: Mapping[str, Sequence[str]] = {
    "le": [
        "不得超过",
        "不得大于",
        "不得高于",
        "不要超过",
        "别超过",
        "别高于",
        "别大于",
        "勿超过",
        "不能超过",
        "不宜超过",
        "不可超过",
        "小于等于",
        "小于或等于",
        "低于等于",
        "不高過",
        "≦",
        "no higher than",
        "not more than",
        "no greater than",
        "not greater than",
        "no larger than",
        "less than or equal to",
        "smaller than or equal to",
        "not to exceed",
        "should not exceed",
        "must not exceed",
        "maximum of",
        "a maximum of",
        "控制在",
        "压到",
        "降到",
        "降至",
        "缩短至",
        "no longer than",
        "no later than",
        "不晚于",
        "不迟于",
        "限",
        "高不超过",
    ],
    "lt": ["smaller than", "shorter than", "under", "<", "小于", "短于", "低于", "<"],
    "ge": [
        "不得低于",
        "不得小于",
        "不得少于",
        "不能低于",
        "不能小于",
        "大于等于",
        "大于或等于",
        "高于等于",
        "不弱于",
        "不亚于",
        "a minimum of",
        "minimum of",
        "no lower than",
        "not lower than",
        "no smaller than",
        "not smaller than",
        "greater than or equal to",
        "no fewer than",
        "not fewer than",
        "at least",
        "≥",
        "需达",
        "须达",
        "应达",
        "最少",
    ],
    "gt": ["larger than", "longer than", "in excess of", "高于", "优于等于"],
    "approx": [
        "大致",
        "在",
        "~",
        "≈",
        "roughly",
        "typ.",
        "typical",
        "typically",
        "nominal",
        "nominally",
    ],
    "better": [
        "优于",
        "好于",
        "不差于",
        "不劣于",
        "better than",
        "no worse than",
        "优於",
        "not worse than",
    ],
}
_SUFFIX: Mapping[str, Sequence[str]] = {
    "le": [
        "及以下",
        "或以下",
        "以下",
        "以内",
        "之内",
        "内",
        "封顶",
        "为上限",
        "max.",
        "max",
        "maximum",
        "or less",
        "or below",
        "or better(le)",
        "or lower",
        "or smaller",
        "or thinner",
        "at most",
        "以里",
    ],
    "ge": [
        "及以上",
        "或以上",
        "以上",
        "起步",
        "起",
        "min.",
        "min",
        "minimum",
        "or more",
        "or above",
        "or higher",
        "or greater",
        "or larger",
        "and above",
        "at least",
        "+",
        "往上",
        "朝上",
    ],
    "approx": ["左右", "上下", "前后", "量级", "附近", "or so", "級別", "量級"],
    "better": ["or better", "或更好", "或更优", "更佳"],
}
_GAP = (
    r"(?:\s|:|：|=|为|是|在|应|须|需|要|要求|指标|值|的|为:|典型值?|典型|目标值?"
    r"|标称|大概|\(|可|能|均|都|应该|必须|必|整体|单边|单侧|at|of|is|are|be|should be"
    r"|must be|shall be|to be|a|an|the|with|value|target|typ\.?|around){0,3}"
)


@dataclass(frozen=True, slots=True)
class Found:
    """An operator and the stretch of text it stands in."""

    op: str
    word: str
    start: int
    end: int


class Operators:
    """The operator words of the vocabulary, compiled for both sides of a number."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        prefix: dict[str, str] = {}
        for name in ("le", "lt", "ge", "gt", "approx"):
            for word in tables[name]:
                prefix.setdefault(str(word).lower(), name)
        for word in tables["better_than"]:
            prefix[str(word).lower()] = "better"
        for name, words in _EXTRA_PREFIX.items():
            for word in words:
                prefix.setdefault(word.lower(), name)
        for word in (
            "以内",
            "之内",
            "以下",
            "及以下",
            "以上",
            "及以上",
            "左右",
            "上下",
            "前后",
            "or less",
            "or more",
            "起",
            "在",
            "近",
            "内",
        ):
            prefix.pop(word, None)
        self._prefix = prefix
        self._suffix = {w: n for n, words in _SUFFIX.items() for w in words}
        self._before = re.compile(
            rf"{_first_of(prefix)}({_alternatives(prefix)}){_GAP}\s*$", re.IGNORECASE
        )
        self._after = re.compile(rf"\s?(?:的|\()?\s?({_alternatives(self._suffix)})", re.IGNORECASE)

    def before(self, text: str, start: int) -> Found | None:
        """The operator that ends right before position `start`."""
        low = max(0, start - 26)
        match = self._before.search(text, low, start)
        if not match:
            return None
        word = match[1].lower()
        return Found(self._prefix[word], word, match.start(), start)

    def after(self, text: str, end: int) -> Found | None:
        """The operator that begins right after position `end`."""
        match = self._after.match(text, end, end + 14)
        if not match:
            return None
        word = match[1].lower()
        if word == "+" and text[match.end() : match.end() + 1] == "/":
            return None  # +/- is a tolerance
        if word == "内" and text[match.end() : match.end() + 1] in (
            "部",
            "径",
            "置",
            "容",
            "存",
            "孔",
            "壁",
        ):
            return None
        return Found(self._suffix[word], word, end, match.end())


def _first_of(words: Mapping[str, str]) -> str:
    """Lets a place where no word can begin fail at once: hundreds of words are tried at each."""
    return "(?=[" + "".join(re.escape(c) for c in sorted({w[0] for w in words})) + "])"


def _alternatives(words: Mapping[str, str]) -> str:
    parts = []
    for word in sorted(words, key=len, reverse=True):
        left = r"(?<![A-Za-z])" if word[0].isascii() and word[0].isalpha() else ""
        right = r"(?![A-Za-z])" if word[-1].isascii() and word[-1].isalpha() else ""
        parts.append(left + re.escape(word) + right)
    return "|".join(parts)
