"""Readiness level, region and confidentiality wishes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.needs.extraction.layout import Layout
from collab.needs.extraction.terms import bounded
from collab.vocabulary.catalog import Vocabulary
from collab.vocabulary.normalize import Normaliser

Span = tuple[int, int]

_TRL = re.compile(
    r"(?:TRL|(?:技术)?(?:成熟度|就绪度)(?:等级|级别|水平)?(?:\(TRL\))?(?:TRL)?"
    r"|readiness level(?: \(TRL\))?)\s*(?:[:：]|为|应|需|须|要求|达到|of|at|is"
    r"|level|等级)*\s*"
    r"(?P<op>不低于|不小于|大于等于|至少|达到|≥|>=|>|at least|or above|不少于"
    r"|高于)?\s*(?:TRL)?\s?-?(?P<v>[1-9])(?!\d|\.\d)\s*(?:级\s*)?(?:(?:~|-|到"
    r"|至|to)\s*(?:TRL\s?)?(?P<v2>[1-9])(?!\d)\s*(?:级\s*)?)?(?P<after>以上|及以上"
    r"|or above|or higher|or better|\+)?",
    re.IGNORECASE,
)
_RAISED = re.compile(
    r"(?:提升|提高|达|推进|发展)(?:到|至)$|\b(?:to|reach(?:ing)?) $", re.IGNORECASE
)
_STAGE = re.compile(
    r"(?:成熟度|所处阶段|技术阶段|达到|处于)[^，,。;；\n]{0,8}?(?P<w>概念|原理验证"
    r"|实验室样品|小试|工程样机|样机|中试|小批量|定型|量产)(?:阶段|水平|级|以上)"
)
_PREFER = re.compile(
    r"优先|最好|倾向|希望(?:在|由|是|为|与|找)?|首选|便于|就近|prefer|ideally|hopefully",
    re.IGNORECASE,
)
_REQUIRE = re.compile(
    r"仅限|只限|限(?:于|在)|必须(?:在|位于|是)|须(?:在|位于|为)|需(?:在|位于"
    r"|为)|要求(?:在|位于|承担单位|承接单位|供应商|服务商)[^，,。;；\n]{0,8}"
    r"|只(?:考虑|接受|要|找|面向)|仅(?:考虑|接受|面向)|应(?:在|位于)|注册地|\bonly\b|\bmust"
    r" be (?:in|located|based)|restricted to|\brequired? to be (?:in|based)",
    re.IGNORECASE,
)
_EXCLUDE = re.compile(
    r"不接受|不考虑|不要(?!求)|除外|排除|不含|不得|不可|谢绝|禁止|不能"
    r"|不去|\bnot\b|\bno\b|exclud|except",
    re.IGNORECASE,
)
_SUPPLIER = re.compile(
    r"(?:的)?(?:单位|厂家|厂商|机构|平台|供应商|服务商|企业|代工厂|产线|中试线"
    r"|实验室|院所|高校|团队|公司|附近|周边|本地|地区|区域|一带|范围内|内|foundr"
    r"(?:y|ies)|partners?|suppliers?|fabs?|labs?|provider|institute|based)",
    re.IGNORECASE,
)
_SEEK = re.compile(r"寻|找|求|希望|委托|能.{0,6}的|looking for|seek|need|want", re.IGNORECASE)
_ASKER = re.compile(
    r"(?:需求方|发榜方|委托方|甲方|我司|我们|我方|本公司|公司|单位|总部|地址|来自|we are|our"
    r"|located|based|发布单位|联系)[^，,。;；\n]{0,10}$",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"(?:不接受|不考虑|不得|不能|不可|禁止|严禁|不允许|拒绝|谢绝)[^，,。;；\n]{0,6}"
    r"(?:境外|国外|海外|境外)|(?:仅限|限|只限|必须|须|需|要求|只(?:考虑|接受)"
    r"|应)[^，,。;；\n]{0,6}(?:国内|境内|中国大陆)|(?:no|not) (?:foreign|overseas"
    r"|offshore)|domestic only",
    re.IGNORECASE,
)

_NDA = re.compile(
    r"保密协议|保密协定|签(?:署|订)?\s?NDA|\bNDA\b|签(?:订|署)?保密|保密(?:条款"
    r"|合同|要求)|(?:须|需|应|要求|注意)保密|non[- ]disclosure|confidential",
    re.IGNORECASE,
)
_RESTRICTED = re.compile(
    r"(?:不(?:得|予|要|宜|希望|能|对外|便)*|勿(?:对外)?)公开|定向(?:对接|披露|发布|邀请|征集)"
    r"|仅限邀请|严格保密|涉密|不对外(?:公开|发布|披露)|不要(?:对外)?(?:公开|发布)"
    r"|不公布|not (?:be |to be )?(?:published|public|disclosed publicly)|nothing needs to be"
    r" published|do not publish|don't publish|invited (?:partners|suppliers|organi[sz]ations)?"
    r" ?only|confidential circulation",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    r"(?<!不)(?<!不对外)(?<!不要)(?<!不得)(?<!不予)(?<!不宜)(?<!不能)(?:可以?"
    r"(?:对外)?公开|公开(?:发布|征集|披露)|可对外(?:发布|公开)|完全公开|无需保密"
    r"|不涉密|不保密|无保密要求)|(?:may|can) be (?:published|made public)|public"
    r"(?:ly)? (?:posting|visible|available)|can be public|open (?:call|posting)"
    r"|no NDA",
    re.IGNORECASE,
)
_ANONYMOUS = re.compile(
    r"匿名|不(?:显示|公开|披露|透露|出现|希望出现|便透露)[^，,。;；\n]{0,4}(?:单位"
    r"|公司|企业|机构|我司)?(?:名称|名字|身份|信息)|隐去(?:单位|公司|企业)|脱敏"
    r"(?:发布|处理)?|(?:company|our|organi[sz]ation'?s?) name (?:withheld|confidential"
    r"|hidden|private)|(?:company|our) name[^.;\n]{0,20}(?:confidential|withheld"
    r"|hidden|private|undisclosed|out of)"
    r"|(?:名称|名字|身份)[^，,。;；\n]{0,4}(?:不|勿|请勿)(?:予|得|要|宜|便|对外)*(?:公开|披露|显示"
    r"|透露|公布|出现)|(?:\bname|identity)\b[^.;\n]{0,24}\bnot (?:to )?(?:be )?"
    r"(?:published|disclosed|shown|mentioned|public|displayed|revealed)|keep us anonymous"
    r"|anonymous",
    re.IGNORECASE,
)
_UNNAMED = re.compile(  # days that move with the moon, and regions of several provinces
    r"(?:[农農][历曆](?:新?年)?|春[节節]|过年|過年|元旦|元宵|国[庆慶]|中秋|端午|五一|十一(?![月五])|"
    r"(?<![\d一二三四五六七八九十几两多半])年|节)(?:假期|长假|放假)?(?:之|以)?[前后後]"
    r"(?:能|可以?|须|必须|要|需)?(?:交[货貨付样]|完成|出[片货样]|到[货貨]|拿到|给样|供[货貨])"
    r"|(?:before|by|after) (?:the )?(?:Chinese New Year|Lunar New Year|CNY|Spring Festival"
    r"|Christmas|Easter|Golden Week|summer break)\b"
    r"|(?:优先|首选|最好在?|仅限|只限|限于?|不接受)(?:考虑)?(?:华[东南西北中]|东北|西[北南]|中部"
    r"|西部|东部)(?:地区|区域|片区)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish with the place it was read from."""

    data: dict[str, Any]
    spans: tuple[Span, ...]


def readiness(text: str, layout: Layout, stages: dict[str, int]) -> Wish | None:
    """The technology readiness level asked for."""
    levels = [m for m in _TRL.finditer(text) if not layout.aside(m.start())]
    for match in sorted(
        levels, key=lambda m: not _RAISED.search(text, max(0, m.start() - 8), m.start())
    ):
        low, high = int(match["v"]), int(match["v2"] or 0)
        data: dict[str, Any] = {"op": "ge", "value": low}
        if high > low:
            data = {"op": "between", "value": [low, high]}
        return Wish(data, (match.span(),))
    for match in _STAGE.finditer(text):
        if match["w"] in stages and not layout.aside(match.start()):
            return Wish({"op": "ge", "value": stages[match["w"]]}, (match.span(),))
    return None


class Regions:
    """The region names of the vocabulary."""

    def __init__(self, vocabulary: Vocabulary, normaliser: Normaliser) -> None:
        self._words: dict[str, tuple[str, str]] = {}
        for choice in vocabulary.parameters["region"].values:
            for word in (choice.zh, choice.en, *choice.alt):
                code = word if word.isascii() and len(word) <= 3 else ""
                self._words.setdefault(normaliser.key(word), (choice.id, code))
        for word, choice_id in _MORE_REGIONS.items():
            self._words.setdefault(normaliser.key(word), (choice_id, ""))
        self._patterns = list(self._words)
        self._automaton = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)

    def find(self, text: str, folded: str, layout: Layout) -> Wish:
        """Regions preferred, required and excluded."""
        data: dict[str, list[str]] = {"prefer": [], "require": [], "exclude": []}
        spans = []
        for i, j, region in self._named(text, folded):
            kind = _region_kind(text, layout, i, j)
            if kind and region not in data[kind]:
                data[kind].append(region)
                spans.append((i, j))
        match = _FOREIGN.search(text)
        if match and "CN" not in data["require"]:
            data["require"].append("CN")
            data["exclude"] = [r for r in data["exclude"] if r != "CN"]
            spans.append(match.span())
        if "CN" in data["require"]:
            data["prefer"] = [r for r in data["prefer"] if r != "CN"]
        return Wish(data, tuple(spans))

    def _named(self, text: str, folded: str) -> Iterable[tuple[int, int, str]]:
        for index, i, j in self._automaton.find_matches_as_indexes(folded):
            region, code = self._words[self._patterns[index]]
            if bounded(folded, i, j) and (not code or code == text[i:j]):
                yield i, j, region


_MORE_REGIONS = {
    "湖北省": "CN-HB",
    "广东省": "CN-GD",
    "江苏省": "CN-JS",
    "浙江省": "CN-ZJ",
    "上海市": "CN-SH",
    "苏浙沪": "cluster-yangtze-delta",
    "江浙沪": "cluster-yangtze-delta",
    "珠三角": "CN-GD",
    "大陆地区": "CN",
    "欧美": "EU",
}


def _region_kind(text: str, layout: Layout, start: int, end: int) -> str | None:
    if layout.aside(start):
        return None
    low, high = layout.near(start)
    before, after = text[low:start], text[end:high]
    if _ASKER.search(before) and not _REQUIRE.search(before) and not _PREFER.search(before + after):
        return None
    if re.search(r"(?:大学|学院|研究院|研究所|有限公司|股份|科技|集团)", after[:8]):
        return None
    supplier = bool(_SUPPLIER.match(after)) or bool(_SUPPLIER.search(after[:16]))
    if re.search(r"除外|不(?:接受|考虑|行)", after[:10]) or _EXCLUDE.search(before[-8:]):
        return "exclude"
    if (
        _REQUIRE.search(before)
        or before.endswith("限")
        or before.strip() == "位于"
        or re.search(r"\bonly\b|以内|范围内的?(?:单位|企业)", after[:24])
    ):
        return "require"
    if _PREFER.search(before) or _PREFER.search(after):
        return "prefer"
    if (
        supplier
        and _SEEK.search(text[max(0, low - 20) : start])
        and not re.match(r"(?:外延|流片|芯片)", after)
    ):
        return "prefer"
    return None


def confidentiality(text: str) -> Wish:
    """How much may be shown: public, nda or restricted, and whether the asker stays unnamed."""
    found: list[tuple[str, Span]] = []
    hidden = _ANONYMOUS.search(text)
    for level, pattern in (("restricted", _RESTRICTED), ("nda", _NDA), ("public", _PUBLIC)):
        spoken = (m for m in pattern.finditer(text) if not _names_only(m, hidden))
        match = next(spoken, None)
        if match:
            found.append((level, match.span()))
    spans = tuple(s for _, s in found[:1]) + ((hidden.span(),) if hidden else ())
    return Wish({"level": found[0][0] if found else None, "anonymous": hidden is not None}, spans)


def unnamed(text: str) -> list[Span]:
    """Wishes for a day or a region that the vocabulary has no name for."""
    return [match.span() for match in _UNNAMED.finditer(text)]


def _names_only(match: re.Match[str], hidden: re.Match[str] | None) -> bool:
    """不公开名称 hides the name, not the need."""
    return hidden is not None and hidden.start() <= match.start() < hidden.end()
