"""The budget of a need: amounts, currencies, negotiable prices."""

from __future__ import annotations

import re
from typing import Any

from collab.needs.extraction.amounts import Amount
from collab.needs.extraction.layout import Layout
from collab.needs.extraction.units import tidy

_NUM = r"(?:\d{1,3}(?:[, ]\d{3}){1,5}|\d+)(?:\.\d+)?|[一二两三四五六七八九十百千]{1,6}"
_MULT = (
    r"千万|百万|十万|万|亿|千(?!克|米)|[kKM](?=EUR|USD|RMB|CNY|€)|(?:k|K|w|W"
    r"|M|mio|million|thousand|Mio)(?![A-Za-z])"
)
_CURRENCY = (
    r"美元|美金|欧元|人民币|新台币|港币|港元|元|块钱|RMB|CNY|USD|EUR|NTD|TWD"
    r"|HKD|CHF|GBP|JPY|SGD|euros?|dollars?|yuan|€|\$"
)
_AMOUNT = re.compile(
    rf"(?P<c1>US\$|NT\$|HK\$|[¥€$]|RMB|CNY|USD|EUR|NTD|TWD|HKD|CHF|GBP|人民币"
    rf"|新台币|港币|美元|美金|欧元)?\s?(?P<v>{_NUM})\s?(?P<m>{_MULT})?\s?(?P<u1>{_CURRENCY})?"
    rf"(?:\s?(?:~|-|至|到|to)\s?(?P<c2>US\$|[¥€$])?\s?(?P<v2>{_NUM})\s?(?P<m2>{_MULT})?)?\s?"
    rf"(?P<u>{_CURRENCY})?"
)
_CUE = re.compile(
    r"(?:预算|经费|总包价|含税价?|资金|总投入|投入|费用|总价|总额|总金额|金额|榜额|悬赏|意向价格"
    r"|合同额|报价上限|报价|最高限价|限价|价格|成本(?!低|高)|研发费|出资|支付"
    r"|拟投|budget|funding|cost(?:s| ceiling| cap)?|ceiling|not to exceed|price"
    r"|spend|pay up to)[^。;；\n\d]{0,16}$",
    re.IGNORECASE,
)
_OP_TEXT = (
    r"(?P<le>不超过|不高于|不大于|不多于|以内|之内|以下|上限|控制在|最多|最高"
    r"|封顶|up to|max(?:imum)?|at most|below|under|within|less than|not (?:more"
    r"|exceed)|capped|no more)"
)
_APPROX = re.compile(
    r"约|大约|大概|左右|上下|around|about|approx|roughly|ca\.|circa|~\s?$", re.IGNORECASE
)
_LT = re.compile(r"低于|小于|少于|不到|less than|below|under\b", re.IGNORECASE)
_GE = re.compile(r"不低于|不少于|至少|起步|以上|at least|minimum|or more", re.IGNORECASE)
_NEGOTIABLE = re.compile(
    r"面议|面谈|可谈|好谈|可议|另议|详谈|详议|协商(?!确定产权|解决)|商议|待定"
    r"|按年框|(?:budget|price|cost|funding)[^.;\n]{0,24}(?:negotiable|open|tbd"
    r"|to be (?:discussed|agreed|negotiated))|negotiable (?:budget|price)|open to "
    r"(?:quotes|offers)",
    re.IGNORECASE,
)
_MONEY_CONTEXT = re.compile(
    r"价|费|预算|金额|经费|资金|投入|报酬|budget|price|cost|funding|quote", re.IGNORECASE
)
_REFERENCE = re.compile(r"\s?(?:元|左右)?\s?[,，]?(?:仅供参考|作参考|为参考价)")
_NUMBERED = re.compile(r"[A-Za-z0-9]-$")  # Q-2026-118
_ALONE = re.compile(r"[，,。;；\n]\s?(?:约|大概|大约)?\s?$")  # 两周，1.2万
_ALONE_AFTER = re.compile(r"\s?(?:元|块)?(?:左右|以内|上下)?\s?(?:[，,。;；!\n]|$)")
_PER_UNIT = re.compile(
    r"\s?(?:/|每|一|per\s)\s?(?:片|颗|只|个|套|次|小时|h\b|hour|天|day|人"
    r"|wafer|chip|die|piece|unit|device|项|年)",
    re.IGNORECASE,
)
_UNIT_PRICE = re.compile(
    r"(?:单价|机时费|每(?:小时|机时|天|日|月|片|颗|只|套|个|件|次|人|芯片|晶圆)|单片|单颗|按小时"
    r"|unit price|hourly(?: rate)?|rate per \w+|each)[^，,。;；\n]{0,10}$",
    re.IGNORECASE,
)
_NOT_BUDGET = re.compile(
    r"(?:注册资本|营收|年产值|产值|销售额|融资额?|估值|已投入|累计投入"
    r"|固定资产|市场|罚款|revenue|turnover)[^，,。;；\n]{0,14}$",
    re.IGNORECASE,
)
_CODES: dict[str, str | None] = {
    "美元": "USD",
    "美金": "USD",
    "USD": "USD",
    "US$": "USD",
    "$": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "欧元": "EUR",
    "EUR": "EUR",
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "元": "CNY",
    "块钱": "CNY",
    "人民币": "CNY",
    "RMB": "CNY",
    "CNY": "CNY",
    "¥": "CNY",
    "yuan": "CNY",
    "新台币": "TWD",
    "NT$": "TWD",
    "NTD": "TWD",
    "TWD": "TWD",
    "港币": "HKD",
    "港元": "HKD",
    "HK$": "HKD",
    "HKD": "HKD",
    "CHF": "CHF",
    "GBP": "GBP",
    "JPY": "JPY",
    "SGD": "SGD",
}
_FACTORS = {
    "千": 1e3,
    "万": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "k": 1e3,
    "K": 1e3,
    "w": 1e4,
    "W": 1e4,
    "M": 1e6,
    "mio": 1e6,
    "Mio": 1e6,
    "million": 1e6,
    "thousand": 1e3,
}


def budget(text: str, layout: Layout, chinese: bool, figure: Any) -> Amount | None:
    """The budget of the text: amount, range, or only that it can be negotiated."""
    negotiable = _negotiable(text, layout)
    best: Amount | None = None
    for match in _AMOUNT.finditer(text):
        amount = _amount(text, layout, match, chinese, figure)
        if amount is not None and (best is None or amount.confidence > best.confidence):
            best = amount
    if best is not None:
        best.data["negotiable"] = negotiable is not None
        return best
    if negotiable is None:
        return None
    currency = "CNY" if chinese and "新台币" not in text else None
    data = {"op": None, "value": None, "currency": currency, "negotiable": True}
    return Amount(data, negotiable[0], negotiable[1], 0.85)


def _negotiable(text: str, layout: Layout) -> tuple[int, int] | None:
    for match in _NEGOTIABLE.finditer(text):
        low, high = layout.sentence(match.start())
        around = text[max(low, match.start() - 24) : min(high, match.end() + 8)]
        if _MONEY_CONTEXT.search(around) and not re.search(r"产权|专利|交期|周期", around):
            return match.span()
    return None


def _amount(
    text: str, layout: Layout, match: re.Match[str], chinese: bool, figure: Any
) -> Amount | None:
    start = match.start("c1") if match["c1"] else match.start("v")
    before = text[max(0, start - 30) : start]
    word = match["c1"] or match["u"] or match["u1"] or match["c2"] or ""
    multiplier = match["m2"] or match["m"] or ""
    large = float(_digits(match["v"]) or 0) >= 1000
    if not (word or multiplier or large):
        return None
    cue = _CUE.search(before)
    alone = bool(multiplier) and _ALONE.search(before) and _ALONE_AFTER.match(text, match.end())
    cued = bool(alone) or bool(cue and (word or multiplier or not re.search(r"[，,]", cue.group())))
    if not _is_money(text, match, before, word, multiplier, cued) or layout.aside(match.start()):
        return None
    if (
        before
        and before[-1].isascii()
        and (before[-1].isalnum() or before[-1] == "." or _NUMBERED.search(before))
        and not match["c1"]
    ):
        return None
    data = _amount_data(text, match, figure)
    if _REFERENCE.match(text, match.end()):
        return None
    if data is None:
        return None
    data["currency"] = _currency(word, chinese)
    return Amount(data, start, match.end(), 0.95 if cued else 0.7)


def _is_money(
    text: str, match: re.Match[str], before: str, word: str, multiplier: str, cued: bool
) -> bool:
    if (
        _PER_UNIT.match(text, match.end())
        or _UNIT_PRICE.search(before)
        or _NOT_BUDGET.search(before)
    ):
        return False
    if re.match(
        r"\s?(?:片|颗|只|个|小时|h\b|核时|次|套|只|nm|μm|GHz|dB|周|月|天|Hz|Ω|V\b|W\b|%)",
        text[match.end() : match.end() + 4],
    ):
        return False
    if word:
        return True
    return (cued and bool(multiplier)) or (cued and float(_digits(match["v"]) or 0) >= 1000)


def _digits(text: str) -> str:
    return text.replace(",", "").replace(" ", "") if text[0].isdigit() else ""


def _amount_data(text: str, match: re.Match[str], figure: Any) -> dict[str, Any] | None:
    low = figure(match["v"].replace(" ", ""))
    if not low:
        return None
    factor = _FACTORS.get(match["m"] or match["m2"] or "", 1.0)
    if match["v2"]:
        high = figure(match["v2"].replace(" ", ""))
        top = (high or 0) * _FACTORS.get(match["m2"] or match["m"] or "", 1.0)
        if high and top > low * factor:
            return {"op": "between", "value": [tidy(low * factor), tidy(top)]}
    return {"op": _op(text, match), "value": tidy(low * factor)}


def _op(text: str, match: re.Match[str]) -> str:
    before = text[max(0, match.start() - 14) : match.start()]
    before = re.split(r"[，,。;；\n]", before)[-1]
    after = text[match.end() : match.end() + 8]
    after = re.split(r"[，,。;；\n]", after)[0]
    if re.search(_OP_TEXT, before, re.IGNORECASE) or re.match(
        rf"\s?(?:{_OP_TEXT})", after, re.IGNORECASE
    ):
        return "lt" if _LT.search(before) and not re.search(r"不低于|不小于", before) else "le"
    if _GE.search(before) or _GE.match(after):
        return "ge"
    if _APPROX.search(before) or _APPROX.match(after.strip()):
        return "approx"
    return "le"


def _currency(word: str, chinese: bool) -> str | None:
    if not word:
        return "CNY" if chinese else None
    return _CODES.get(word, _CODES.get(word.lower(), _CODES.get(word.upper())))
