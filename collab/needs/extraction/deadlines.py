"""When the work must be done: time spans and calendar dates."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from collab.needs.extraction.amounts import Amount
from collab.needs.extraction.layout import Layout
from collab.needs.extraction.measures import Measure
from collab.needs.extraction.operators import Operators
from collab.needs.extraction.units import tidy

_DEADLINE_CUE = re.compile(
    r"(?:交期|交货期?|周期|交付|完成|期限|时限|工期|供货|出货|到货|给样|拿到"
    r"|出片|时间|内给|交样|执行期|实施期|研制期|项目期|进度|(?:签订|签署|生效|立项|启动|下单|投片"
    r"|到货|收到[^，,。]{0,6})"
    r"(?:之日|之时|日)?(?:起|后)|\bin\b|lead[- ]?time|deliver(?:y|ed|able)?|turn[- ]?around"
    r"|within|deadline|duration|complete|finish|needed|schedule|TAT|timeline"
    r"|time ?frame)[^。;；\n\d]{0,12}$",
    re.IGNORECASE,
)
_DEADLINE_AFTER = re.compile(
    r"\s?(?:之?内|以内)|\s?(?:能|可以?|要|必须)?(?:左右)?(?:交|完成|给样|出片"
    r"|拿到|出具?(?:正式|测试|检测|分析|书面)?报告|出结果"
    r"|出来|到货|供货|搞定)|\s?(?:lead|deliver|turn[- ]?around|latest"
    r"|max|at most)",
    re.IGNORECASE,
)
_NOT_DEADLINE = re.compile(
    r"(?:老化|寿命|存储|质保|保修|保质|授权|有效期|租用?|培训|试验|连续|持续"
    r"|运行|稳定|账期|付款|燃烧|burn[- ]?in|warranty|licen[cs]e|aging|after|答复"
    r"|回复|反馈|响应|reply|respond)[^，,。;；\n\d]{0,10}$",
    re.IGNORECASE,
)
_NOT_DEADLINE_AFTER = re.compile(
    r"\s?(?:的)?(?:授权|质保|保修|老化|试验|寿命|稳定|考核|培训|账期|以上|经验"
    r"|免费|跟踪|回访)|\s?(?:of )?(?:burn|warranty|licen|training|experience)",
    re.IGNORECASE,
)
_SOFT = re.compile(r"最好|希望|尽量|尽可能|争取|ideally|preferabl|hope", re.IGNORECASE)
_LIST_EDGE = re.compile(
    r"(?:^|[，,;；。\n、:：|(]|[.!?]\s|\bthen\b|\band\b)\s*(?:约|大约|预计|about|approx\.?)?\s*$"
)
_CALENDAR_UNITS = {"workday", "day", "week", "month", "year"}


def durations(
    text: str, layout: Layout, measures: Sequence[Measure], operators: Operators
) -> list[Amount]:
    """Time spans that say when the work must be done, the likeliest first."""
    found = []
    for measure in measures:
        unit = measure.unit_in("time")
        if unit not in _CALENDAR_UNITS or layout.aside(measure.start) or measure.values[0] <= 0:
            continue
        confidence = _rate_duration(text, measure)
        if confidence:
            op = _duration_op(text, measure, operators)
            value = measure.values[-1]
            data = {"type": "duration", "op": op, "value": tidy(value), "unit": unit}
            if _SOFT.search(text, *layout.near(measure.start)):
                data["soft"] = True
            found.append(Amount(data, measure.start, measure.end, confidence))
    return sorted(found, key=lambda a: (-a.confidence, a.start))


def _rate_duration(text: str, measure: Measure) -> float:
    before = text[max(0, measure.start - 26) : measure.start]
    if _NOT_DEADLINE.search(before) or _NOT_DEADLINE_AFTER.match(text, measure.end):
        return 0
    year = re.search(r"20\d\d\s?$", text[max(0, measure.start) : measure.start + 4])
    if (
        measure.unit_in("time") in ("month", "day")
        and text[measure.start : measure.end].endswith(("月", "日"))
        and "个" not in text[measure.start : measure.end]
    ):
        return 0
    if year or (measure.unit_in("time") == "year" and measure.values[0] > 30):
        return 0
    confidence = 0.0
    if _DEADLINE_CUE.search(before):
        confidence = 0.9
    if _DEADLINE_AFTER.match(text, measure.end):
        confidence = max(confidence, 0.85)
    if (
        not confidence
        and _LIST_EDGE.search(before)
        and _closes(text, measure.end)
        and measure.unit_in("time") in ("week", "month", "workday")
    ):
        confidence = 0.7
    return confidence


def _closes(text: str, end: int) -> bool:
    return bool(re.match(r"\s*(?:[，,;；。.\n、)|]|$|左右|per run|交)", text[end : end + 10]))


def _duration_op(text: str, measure: Measure, operators: Operators) -> str:
    before, after = operators.before(text, measure.start), operators.after(text, measure.end)
    for found in (after, before):
        if found and found.op == "lt":
            return "lt"
        if found and found.op == "approx" and not (after and after.op == "le"):
            return "approx"
    return "le"


_MONTHS = {
    m: i
    for i, m in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_FULL_DATE = re.compile(
    r"(?P<y>20\d{2})\s?(?:年|[-./])\s?(?P<m>1[0-2]|0?[1-9])(?:\s?月份?|(?=[-./]\d)"
    r"|(?![\d.]))(?:\s?[-./]?\s?(?P<d>3[01]|[12]\d|0?[1-9])\s?[日号]?(?!\d))?"
)
_YEAR_ONLY = re.compile(
    r"(?P<y>20\d{2})\s?年(?P<q>年?底|末|内|上半年|下半年|[第]?[一二三四1-4]季度?"
    r"|Q[1-4])?(?:前|之前|以前)?"
)
_BARE_MONTH = re.compile(
    r"(?P<rel>今年|明年|本年|本年度)?\s?(?<![\d.])(?P<m>1[0-2]|[1-9]|十一|十二"
    r"|[一二三四五六七八九十])月(?:份)?(?P<d>\d{1,2}[日号])?(?P<tail>底|末|中旬"
    r"|上旬|初)?(?P<before>之?前|以前|完成|交付|截止|止)?"
)
_WORDS = re.compile(
    r"(?P<kw>今年年?底|年底|年末|明年年?底|明年上半年|明年[一1]季度|下个?月底"
    r"|(?<![\d一二三四五六七八九十])本?月底|下个月|季度末|年内)(?:前|之前|完成"
    r"|交付)?"
)
_ENGLISH_DATE = re.compile(
    r"(?:by|before|until|no later than|latest|due|deadline(?: is)?:?|deliver(?:y|ed)? in"
    r"|ready in)\s+(?:the\s+)?(?P<end>end of\s+"
    r"|mid[- ])?(?:(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s+)?(?P<m>Jan|Feb|Mar|Apr"
    r"|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?\s*(?P<d2>\d{1,2}(?:st|nd|rd"
    r"|th)?(?!\d))?,?\s*(?P<y>20\d{2})?",
    re.IGNORECASE,
)
_ENGLISH_QUARTER = re.compile(
    r"(?:(?:by|before|in|end of)\s+(?:the\s+)?(?:end of\s+)?|(?=Q[1-4]\s?20\d\d\s?"
    r"(?:之?前|以前)))(?:Q(?P<q>[1-4])|(?P<year>year[- ]end|the year))(?:\s?"
    r"(?:of\s)?(?P<y>20\d{2}))?",
    re.IGNORECASE,
)
_ISO_DATE = re.compile(r"(?<!\d)(?P<y>20\d{2})-(?P<m>\d{2})-(?P<d>\d{2})(?!\d)")
_NOT_DUE = re.compile(
    r"(?:申报|报名|发布|投稿|征集|申请|揭榜|有效期|成立|成立于|公布|起始|启动"
    r"|会议|自|从|签约|签订|截止日期?|posted|founded|since|from|questions?|inquir\w+"
    r"|applications?|submi\w+|proposals?|bids?|tender)[^，,。;；\n\d]{0,8}$",
    re.IGNORECASE,
)


_NOT_DUE_AFTER = re.compile(
    r"\s?(?:\d{1,2}[:：]\d{2}|会议|纪要|召开|举办|成立|签订|收到|记录|发布|公布|起(?!至|到)|开始"
    r"|启动|投产|以来|(?:之?前|以前)?(?:递交|报名|投标|申报|反馈|报价|登记|报送"
    r"|提交(?:投标|申报|材料|方案|报价)))"
)
_TO_END = re.compile(r"\s?(?:起)?(?:至|到|~|-|–|—{1,2}|to\b)\s?(?=20\d\d)")


def dates(text: str, layout: Layout, posted: date | None) -> list[Amount]:
    """Calendar dates by which the work must be done, the likeliest first."""
    found: list[Amount] = []
    begun: dict[int, int] = {}
    read_already = bytearray(len(text) + 1)
    for pattern, read in _READERS:
        for match in pattern.finditer(text):
            onward = _TO_END.match(text, match.end())
            if onward:  # of a range only the end is due
                begun[onward.end()] = match.start()
                continue
            if read_already[match.start()] or _other_day(text, layout, match):
                continue
            due = read(match, posted)
            if due is not None:
                data: dict[str, Any] = {"type": "date", "op": "le", "value": due.isoformat()}
                if _SOFT.search(text, *layout.near(match.start())):
                    data["soft"] = True
                first = begun.get(match.start(), match.start())
                found.append(Amount(data, first, match.end(), 0.9))
                read_already[first : match.end()] = b"\x01" * (match.end() - first)
    return found


def _other_day(text: str, layout: Layout, match: re.Match[str]) -> bool:
    """A date on which something else happens: a meeting, the end of applications."""
    before = text[max(0, match.start() - 14) : match.start()]
    return bool(
        layout.aside(match.start())
        or _NOT_DUE.search(before)
        or _NOT_DUE_AFTER.match(text, match.end())
    )


def _last(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _full(match: re.Match[str], _posted: date | None) -> date | None:
    year, month = int(match["y"]), int(match["m"])
    try:
        return date(year, month, int(match["d"])) if match["d"] else _last(year, month)
    except ValueError:
        return None


def _year(match: re.Match[str], _posted: date | None) -> date | None:
    tail = match["q"] or ""
    year = int(match["y"])
    if not tail and not match.group().endswith(("前", "年")):
        return None
    if not tail:
        return (
            date(year - 1, 12, 31)
            if match.group().endswith("前") and not match.group().endswith("年前")
            else None
        )
    return _part_of_year(year, tail)


def _part_of_year(year: int, tail: str) -> date:
    quarter = re.search(r"[一二三四1-4](?=季)|(?<=Q)[1-4]", tail)
    if quarter:
        number = "一二三四".find(quarter.group()) + 1 or int(quarter.group())
        return _last(year, number * 3)
    return date(year, 6, 30) if "上半年" in tail else date(year, 12, 31)


def _worded(match: re.Match[str], posted: date | None) -> date | None:
    if posted is None:
        return None
    word = match["kw"]
    if word.startswith("明年"):
        return _part_of_year(posted.year + 1, word.replace("一", "1"))
    if word.startswith("下"):
        following = (posted.replace(day=28) + timedelta(days=7)).replace(day=1)
        return _last(following.year, following.month)
    if "月底" in word:
        return _last(posted.year, posted.month)
    if "季度末" in word:
        return _last(posted.year, (posted.month + 2) // 3 * 3)
    return date(posted.year, 12, 31)


_ZH_MONTH = {
    w: i
    for i, w in enumerate(
        ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二"), 1
    )
}


def _month(match: re.Match[str], posted: date | None) -> date | None:
    if posted is None or not (match["rel"] or match["tail"] or match["before"]):
        return None
    month = int(match["m"]) if match["m"].isdigit() else _ZH_MONTH[match["m"]]
    year = posted.year + (1 if match["rel"] == "明年" else 0)
    if not match["rel"] and month < posted.month:
        year += 1
    if match["d"]:
        try:
            return date(year, month, int(match["d"][:-1]))
        except ValueError:
            return None
    if match["tail"] in ("中旬", "上旬", "初"):
        return date(year, month, {"中旬": 20, "上旬": 10, "初": 10}[match["tail"]])
    return _last(year, month)


def _english_date(match: re.Match[str], posted: date | None) -> date | None:
    month = _MONTHS[match["m"].lower()[:3]]
    if match["y"]:
        year = int(match["y"])
    elif posted is not None:
        year = posted.year + (1 if month < posted.month else 0)
    else:
        return None
    day = match["d1"] or match["d2"]
    if (match["end"] or "").lower().startswith("mid"):
        day = "15"
    try:
        return date(year, month, int(re.sub(r"\D", "", day))) if day else _last(year, month)
    except ValueError:
        return None


def _quarter(match: re.Match[str], posted: date | None) -> date | None:
    year = int(match["y"]) if match["y"] else posted.year if posted else None
    if year is None:
        return None
    return _last(year, int(match["q"]) * 3) if match["q"] else date(year, 12, 31)


_READERS: tuple[
    tuple[re.Pattern[str], Callable[[re.Match[str], date | None], date | None]], ...
] = (
    (_FULL_DATE, _full),
    (_ISO_DATE, _full),
    (_YEAR_ONLY, _year),
    (_WORDS, _worded),
    (_BARE_MONTH, _month),
    (_ENGLISH_DATE, _english_date),
    (_ENGLISH_QUARTER, _quarter),
)
