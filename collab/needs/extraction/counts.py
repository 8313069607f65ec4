"""The quantity a need asks for: wafers, dies, devices, modules, lots, people."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from collab.needs.extraction.amounts import Amount
from collab.needs.extraction.context import Context
from collab.needs.extraction.layout import Layout
from collab.needs.extraction.units import tidy

_NUM = r"(?:\d{1,3}(?:,\d{3}){1,5}|\d+(?:\.\d+)?|[一二两三四五六七八九十百千]{1,6})"
_SPREAD = rf"(?:\s?\(?\s?(?:±|\+/-|正负)\s?{_NUM}\s?%?\)?)?"  # 50±5片 asks for 50
_STOP = (
    r"(?:of|on|in|and|or|per|for|to|with|at|by|from|[GMk]Hz|nm|um|dB|weeks?|months?|days?"
    r"|channels?)\b"
)
_EN = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty"
    r"|thirty|forty|fifty|a hundred|a dozen)"
)
_ADJECTIVE = rf"(?!{_STOP}|{_EN}\b)[A-Za-z](?:[A-Za-z0-9./-]*[A-Za-z0-9])?"
_COUNTERS = {
    "片": "wafer",
    "圆片": "wafer",
    "张晶圆": "wafer",
    "颗": "die",
    "粒": "die",
    "只": "device",
    "枚": "device",
    "支": "device",
    "套": "set",
    "台": "set",
    "批": "lot",
    "批次": "lot",
    "块": "device",
    "件": "sample",
    "根": "device",
    "人次": "person",
    "个人": "person",
    "位": "person",
    "人": "person",
    "名": "person",
    "个": "device",
    "条": "device",
    "对": "set",
}
_NOUN_UNITS: Sequence[tuple[str, str]] = (
    (r"^(?:个|只|套|台|块)?(?:光|收发|光收发|封装)?(?:模块|模组)", "module"),
    (r"^(?:块|张|套)?(?:掩模|光罩|掩模版|光刻版|版(?!图))", "mask"),
    (r"^(?:个|只|件|片|份|块)?(?:测试|验证|实验|研发|工程)?(?:样品|试样|样件)", "sample"),
    (
        r"^(?:个|只|颗|粒|片)?(?:裸|合格|良品|激光器|硅光|探测器|调制器|光"
        r"|裸露|成品)*(?:芯片|管芯|裸片|巴条|die|chip|bar)",
        "die",
    ),
    (
        r"^(?:个|只|支)?(?:封装|成品|激光|探测|调制|合格)*(?:器件|激光器|探测器|组件|样机|器)",
        "device",
    ),
    (r"^(?:片|张|枚|个)?(?:\d{1,2}英寸)?(?:晶圆|圆片|外延片|硅片|衬底|wafer)", "wafer"),
)
_CHINESE_QUANTITY = re.compile(
    rf"(?P<v>{_NUM}){_SPREAD}(?:\s?[~至到-]\s?(?P<v2>{_NUM}))?\s*(?P<m>万|千|百)?\s?(?P<u>圆片"
    rf"|张晶圆|批次|人次|个人|片|颗|粒|只|枚|支|套|台|批|块|件|个|人|名|位(?=[^，,。]{0, 6}(?:员"
    rf"|师|生|老师|人))|根|张|对|条(?!龙))"
    r"(?!内|间|上|式|级|专利|项|月|季|小时|工作日|周|星期|礼拜|点|通道"
    r"|端口|波长|波段|标准|数量级|以内完成|信道|引脚|焊盘|版图|方案|步骤|工序|阶段|方向|指标|参数"
    r"|方面"
    r"|单位|机构|省|城市|国家|像[素元]|电极|凸点|周期|循环|自由度|课题|任务|类型|品种|型号|问题"
    r"|环节|部分|要素|层"
    r"|\s?(?:IO|I/O|[Pp]ins?|[Pp]ads?|[Bb]umps?)\b"
    r"|[^，,。]{0,2}/)"
)
_ENGLISH_QUANTITY = re.compile(
    rf"(?<![A-Za-z0-9.×x/-])(?P<v>\d{{1,3}}(?:,\d{{3}}){{1,5}}|\d+|{_EN}){_SPREAD}(?:\s?"
    rf"(?:-|to|~)\s?(?P<v2>\d+))?(?:\s|(?=pcs))(?P<a>(?:(?:\d{{1,3}}[ -]?(?:mm|inch"
    rf"|in)|{_ADJECTIVE})\s){{0,4}}?)"
    rf"(?P<u>wafers?|dies?|chips?|modules?|devices?|samples?|pieces?|units?|pcs"
    rf"|sets?|lots?|runs?|masks?|reticles?|lasers?|prototypes?|packages?|assemblies"
    rf"|people|persons|trainees|engineers|students|participants|operators|attendees"
    rf"|bars?)(?![A-Za-z-])",
    re.IGNORECASE,
)
_ENGLISH_UNITS = {
    "wafer": "wafer",
    "die": "die",
    "chip": "die",
    "module": "module",
    "device": "device",
    "sample": "sample",
    "piece": "sample",
    "unit": "device",
    "pcs": "device",
    "set": "set",
    "lot": "lot",
    "run": "lot",
    "mask": "mask",
    "reticle": "mask",
    "laser": "device",
    "prototype": "device",
    "package": "device",
    "assemblie": "device",
    "people": "person",
    "person": "person",
    "trainee": "person",
    "engineer": "person",
    "student": "person",
    "participant": "person",
    "operator": "person",
    "attendee": "person",
    "bar": "die",
}
_QUANTITY_CUE = re.compile(
    r"(?:数量|需求量|总量|共计|合计|总计|共|首批|样品|试制|打样|做样|先做|采购"
    r"|加工|流片|投|需要|需|要|交付|提供|订购|试做|封装|测试|约|quantity|batch of"
    r"|number of|need|deliver|order|first batch|samples?)[^，,。;；\n\d]{0,10}$",
    re.IGNORECASE,
)
_STRONG_CUE = re.compile(
    r"(?:数量|需求量|总量|共计|合计|总计|首批|样品|先做|quantity|deliverables?)[^，,"
    r"。;；\n\d]{0,10}$",
    re.IGNORECASE,
)
_MASK_NAMED = re.compile(r"(?:铬版|掩[模膜]版?|光罩|光刻版)[^，,。;；\n]{0,4}$")
_ATTENDED = re.compile(
    r"培训|学习|实训|进修|名额|参加|学员|驻场|跟线|\b(?:train\w*|courses?|workshops?|attend\w*"
    r"|seats?)\b",
    re.IGNORECASE,
)
_PIECES_OF = re.compile(
    r"\b(?P<u>wafer|chip|die|sample|module|device)s?\b\s?[:：]?\s*$", re.IGNORECASE
)
_WAFERS_FOLLOW = re.compile(r"\s(?:of\s)?(?:[^\s,;.]{1,12}\s){0,4}wafers?\b")
_EACH = re.compile(
    r"(?:每|单|各|/|per |each |平均每)(?:片|批|个|颗|只|套|晶圆|芯片"
    r"|次|wafer|die|chip)?[^，,。\d]{0,4}$",
    re.IGNORECASE,
)
_NOT_QUANTITY = re.compile(
    r"(?:月产能|月需求量?|月产|每月|年产|年需求量?|起订量?|MOQ|minimum order"
    r"(?: of)?|专利|通道|产能|焊盘|引脚|温度|循环|员工|团队|人员|论文|拥有|建有"
    r"|配备|产线|(?<![底末日号月旬])前|打线|引线|焊线|金丝|键合线|引脚|凸点|焊点"
    r"|能力)[^，,。;；?？!\n\d]{0,8}$|第\s?$",
    re.IGNORECASE,
)
_PER_TIME = re.compile(
    r"\s?(?:/|每|per\s?|a )\s?(?:月|年|周|天|month|year|week|day)", re.IGNORECASE
)
_TIMES_EACH = re.compile(
    rf"(?P<n>\d+|{_EN})\s(?:runs?|lots?|batches)\s(?:of|with)\s(?P<v>\d+|{_EN})\s(?P<u>wafers?"
    rf"|chips?|dies?|devices?)",
    re.IGNORECASE,
)


def quantities(text: str, layout: Layout, context: Context, figure: Any, free: Any) -> list[Amount]:
    """Every quantity that may be the one asked for, the likeliest first."""
    found = list(_repeated(text, figure))
    for match in _CHINESE_QUANTITY.finditer(text):
        amount = _chinese(text, match, figure)
        if amount and free(match.start(), match.end()):
            found.append(amount)
    for match in _ENGLISH_QUANTITY.finditer(text):
        amount = _english(text, match, figure)
        if amount and free(match.start(), match.end("v")):
            found.append(amount)
    rated = [a for a in (_rate_quantity(text, layout, context, a) for a in found) if a]
    return sorted(rated, key=lambda a: (-a.confidence, a.start))


def _repeated(text: str, figure: Any) -> list[Amount]:
    found = []
    for match in _TIMES_EACH.finditer(text):
        times, each = figure(match["n"]), figure(match["v"])
        if times and each:
            unit = _ENGLISH_UNITS[match["u"].lower().rstrip("s")]
            found.append(
                Amount(
                    {"value": tidy(times * each), "unit": unit}, match.start(), match.end(), 0.99
                )
            )
    return found


def _chinese(text: str, match: re.Match[str], figure: Any) -> Amount | None:
    value = figure(match["v"])
    before = text[match.start() - 1 : match.start()]
    if match["v"][0].isdigit() and before.isascii() and before.isalpha():  # Q4批量
        return None
    if not value or match["v"] + match["u"] == "一批":
        return None
    value *= {"万": 1e4, "千": 1e3, "百": 1e2}.get(match["m"] or "", 1)
    unit = _counted(text, match)
    if unit is None:
        return None
    return Amount(
        _quantity_data(value, figure(match["v2"]) if match["v2"] else None, unit),
        match.start(),
        match.end(),
        0.6,
    )


def _counted(text: str, match: re.Match[str]) -> str | None:
    tail = text[match.start("u") : match.start("u") + 14]
    for pattern, unit in _NOUN_UNITS:
        if re.match(pattern, tail):
            return unit
    before = text[max(0, match.start() - 8) : match.start()]
    if match["u"] in ("个", "块", "张", "套") and _MASK_NAMED.search(before):
        return "mask"
    if match["u"] == "张":
        return None
    if match["u"] in ("个", "件", "块") and re.search(r"(?:样品|样件|试样)[^，,。]{0,4}$", before):
        return "sample"
    if match["u"] in ("个", "只", "件") and re.search(r"(?:芯片|管芯|裸片)[^，,。]{0,4}$", before):
        return "die"
    if match["u"] in ("个", "只", "台", "块") and re.search(r"模块[^，,。]{0,4}$", before):
        return "module"
    return _COUNTERS.get(match["u"])


def _english(text: str, match: re.Match[str], figure: Any) -> Amount | None:
    value = figure(match["v"])
    between = re.sub(r"\d{1,3}[ -]?(?:mm|inch|in)\s", "", (match["a"] or "").lower())
    if not value or re.search(
        r"\b(?:of|inch|mm|nm|um|weeks?|months?|db|ghz|and|per|in|on|for|to|with|channels?)\b|,",
        between,
    ):
        return None
    word = re.sub(r"s$", "", match["u"].lower()) if match["u"].lower() != "pcs" else "pcs"
    unit = _ENGLISH_UNITS.get(word)
    if word in ("pcs", "piece"):
        unit = _piece_unit(text, match) or unit
    if unit is None or (word in ("run", "package") and value < 2):
        return None
    return Amount(
        _quantity_data(value, figure(match["v2"]) if match["v2"] else None, unit),
        match.start(),
        match.end(),
        0.7,
    )


def _piece_unit(text: str, match: re.Match[str]) -> str | None:
    """What the pieces are of: 10 pieces of wafers, samples: 20 pcs."""
    if _WAFERS_FOLLOW.match(text, match.end()):
        return "wafer"
    before = _PIECES_OF.search(text, max(0, match.start() - 12), match.start())
    return _ENGLISH_UNITS[before["u"].lower()] if before else None


def _quantity_data(value: float, upper: float | None, unit: str) -> dict[str, Any]:
    if upper and upper > value:
        return {"op": "between", "value": [tidy(value), tidy(upper)], "unit": unit}
    return {"value": tidy(value), "unit": unit}


def _counts_something_else(
    text: str, layout: Layout, context: Context, amount: Amount, before: str
) -> bool:
    if amount.data["unit"] == "person" and not _ATTENDED.search(text):
        return True  # the size of a team
    return bool(
        layout.aside(amount.start)
        or _NOT_QUANTITY.search(before)
        or _PER_TIME.match(text, amount.end)
        or context.rejected(amount.start, amount.end)
    )


def _rate_quantity(text: str, layout: Layout, context: Context, amount: Amount) -> Amount | None:
    before = text[max(0, amount.start - 22) : amount.start]
    if _counts_something_else(text, layout, context, amount, before):
        return None
    confidence = amount.confidence
    if _QUANTITY_CUE.search(before):
        confidence += 0.2
    if _STRONG_CUE.search(before):
        confidence += 0.1
    if _EACH.search(before):
        confidence -= 0.35
    if re.match(r"\s?/\s?(?:批|片|次|lot)", text[amount.end : amount.end + 4]):
        confidence -= 0.3
    if amount.data["unit"] == "lot" and not re.search(r"共[^，,。]{0,3}$", before):
        confidence -= 0.15
    return Amount(amount.data, amount.start, amount.end, min(confidence, 0.98))
