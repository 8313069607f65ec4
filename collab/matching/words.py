"""Sentences in Chinese and English from the codes and facts of judged criteria."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from collab.matching.compare import WAFER, Mark, nominal_wafer
from collab.matching.records import Criterion, Offered
from collab.matching.rules import Judged
from collab.matching.sentences import PLAIN, QUESTIONS
from collab.vocabulary.catalog import Parameter, Vocabulary

Text = dict[str, str]
_UNITS = {
    "um": "µm",
    "percent": "%",
    "dimensionless": "",
    "degC": "°C",
    "count": "",
    "degree": "°",
    "ohm*cm**2": "Ω·cm²",
    "1/cm**3": "cm⁻³",
    "1/cm**2": "cm⁻²",
    "V*cm": "V·cm",
    "Pa*m**3/s": "Pa·m³/s",
    "gram_force": "gf",
    "core_hour": "core h",
    "gpu_hour": "GPU h",
    "CNY": "元",
}
_UNITS_ZH = {"week": "周", "hour": "小时"}
_UNITS_EN = {"week": "weeks", "hour": "h", "CNY": "CNY"}
_STATUS = {
    "planned": ("规划中", "planned"),
    "closed": ("已关闭", "closed"),
    "rnd_only": ("仅供研发", "for R&D only"),
}


def both(zh: str, en: str) -> Text:
    """A text in both languages."""
    return {"zh": zh, "en": en}


_HALF_WIDTH = {",": "，", ";": "；", ":": "："}
_AROUND_CHINESE = re.compile("\\(([^()]*[\u4e00-\u9fff][^()]*)\\)")
_BESIDE_CHINESE = re.compile("(?<=[\u4e00-\u9fff])[,;:]|[,;:](?=[\u4e00-\u9fff])")


def full_width(text: str) -> str:
    """Half-width commas, colons and brackets beside or around Chinese as full-width ones."""
    text = _AROUND_CHINESE.sub(r"（\1）", text)
    return _BESIDE_CHINESE.sub(lambda mark: _HALF_WIDTH[mark.group()], text)


def figure(value: float) -> str:
    """A number as people write it: at most six figures, no exponent between 1e-4 and 1e12."""
    if 1e5 <= abs(value) < 1e12 and value == int(value):
        return f"{value:,.0f}"
    if value and (abs(value) >= 1e6 or abs(value) < 1e-4):
        return f"{value:.3g}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return f"{value:.6g}"


def unit_text(unit: str, language: str) -> str:
    """The unit as written after a number, with the space it needs."""
    own = (_UNITS_EN if language == "en" else _UNITS_ZH).get(unit, _UNITS.get(unit, unit))
    return own if not own or own in ("%", "°") else f" {own}"


def _word(parameter: Parameter | None, value: object, language: str) -> str:
    if isinstance(value, int | float):
        return figure(float(value))
    for choice in parameter.values if parameter else ():
        if choice.id == value:
            return choice.en if language == "en" else choice.zh
    return str(value)


def _joined(parts: Iterable[str], language: str, link: str = "or") -> str:
    signs = {("zh", "or"): "或", ("zh", "and"): "和", ("en", "or"): " or ", ("en", "and"): " and "}
    return signs[language, link].join(parts)


_OPS = {
    "le": ("至多 {}", "at most {}"),
    "lt": ("低于 {}", "below {}"),
    "ge": ("至少 {}", "at least {}"),
    "gt": ("高于 {}", "above {}"),
    "approx": ("约 {}", "about {}"),
    "ne": ("不要 {}", "not {}"),
    "not_in": ("不要 {}", "not {}"),
}


def asked_text(parameter: Parameter | None, criterion: Criterion, language: str) -> str:
    """What is asked, with operator and unit."""
    unit = unit_text(criterion.unit or (parameter.unit if parameter else ""), language)
    raw = criterion.value if isinstance(criterion.value, tuple) else (criterion.value,)
    if parameter is not None and parameter.id == WAFER:
        raw = tuple(nominal_wafer(v) if isinstance(v, int | float) else v for v in raw)
    parts = [_word(parameter, v, language) for v in raw]
    if criterion.op == "between" and len(parts) == 2:
        return f"{parts[0]}–{parts[1]}{unit}"
    if parameter is not None and parameter.kind == "dims2" and len(parts) == 2:
        text = f"{parts[0]}×{parts[1]}{unit}"
    else:
        text = _joined(parts, language, "and" if criterion.op == "all_of" else "or") + unit
    zh, en = _OPS.get(criterion.op, ("{}", "{}"))
    return (en if language == "en" else zh).format(text)


def offered_text(parameter: Parameter | None, offered: Offered, language: str) -> str:
    """What is offered, with unit; "up to", "from" or a range as it is stated."""
    unit = unit_text(parameter.unit if parameter else "", language)
    english = language == "en"
    if offered.choices:
        return _listed(parameter, offered, language) + unit
    low, high = offered.low, offered.high
    if low is not None and high is not None:
        if low == high:
            return figure(low) + unit
        return f"{figure(low)}–{figure(high)}{unit}"
    if high is not None:
        return f"up to {figure(high)}{unit}" if english else f"至 {figure(high)}{unit}"
    if low is not None:
        return f"from {figure(low)}{unit}" if english else f"{figure(low)}{unit} 起"
    return "nothing" if english else "未说明"


def _listed(parameter: Parameter | None, offered: Offered, language: str) -> str:
    return (", " if language == "en" else "、").join(
        _word(parameter, v, language) for v in offered.choices
    )


def _beyond(parameter: Parameter, judged: Judged, offered: Offered, language: str) -> str:
    """Offered sizes that all lie below what is asked read "up to", all above read "from"."""
    sizes = [v for v in offered.choices if isinstance(v, int | float)]
    value = judged.criterion.value if judged.criterion else None
    asked = [
        v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, int | float)
    ]
    if len(sizes) == len(offered.choices) and sizes and asked:
        if max(sizes) < min(asked):
            return offered_text(parameter, Offered(high=float(max(sizes))), language)
        if min(sizes) > max(asked) and len(sizes) > 1:
            return offered_text(parameter, Offered(low=float(min(sizes))), language)
    return offered_text(parameter, offered, language)


def labels(vocabulary: Vocabulary, ids: Iterable[str], language: str) -> str:
    """Labels of identifiers, listed."""
    return (", " if language == "en" else "、").join(vocabulary.label(i, language) for i in ids)


def _parameter_reason(vocabulary: Vocabulary, judged: Judged, language: str) -> str:
    criterion = judged.criterion
    if criterion is None:
        return ""
    parameter = vocabulary.parameters.get(criterion.parameter)
    english = language == "en"
    name = vocabulary.label(criterion.parameter, language)
    asked = asked_text(parameter, criterion, language)
    offered = judged.facts.get("offered") or Offered()
    if judged.mark is Mark.UNKNOWN:
        if judged.code == "value_not_comparable":
            stated = offered_text(parameter, offered, language)
            return (
                f"{name}: needs {asked}; what is stated ({stated}) does not decide it"
                if english
                else f"{name}：需要{_lead(asked)}，现有说明（{stated}）不足以判断"
            )
        return (
            f"{name}: needs {asked}, not stated"
            if english
            else f"{name}：需要{_lead(asked)}，未说明"
        )
    have = (
        _beyond(parameter, judged, offered, language)
        if parameter and judged.mark is Mark.MISSES
        else offered_text(parameter, offered, language)
    )
    return (
        f"{name}: needs {asked}, offers {have}"
        if english
        else f"{name}：需要{_lead(asked)}，提供{_gap(have)}{have}"
    )


def _gap(text: str) -> str:
    return "" if text.startswith("至 ") else " "


def _fact(vocabulary: Vocabulary, code: str, key: str, value: Any, language: str) -> str:
    if key == "status":
        zh, en = _STATUS.get(str(value), (str(value), str(value)))
        return en if language == "en" else zh
    if code.startswith("region") and not value:
        return "?"
    if code.startswith("price"):
        return f"{figure(value[0])} {value[1]}"
    if isinstance(value, list):
        return labels(vocabulary, value, language)
    if isinstance(value, tuple):
        ends = sorted({float(v) for v in value})
        return "–".join(figure(v) for v in ends)
    if isinstance(value, int | float):
        return figure(_weeks(value) if code.startswith("lead") else value)
    return vocabulary.label(str(value), language)


def _weeks(limit: float) -> float:
    """A deadline in weeks as it is said: months come as 39.105, whole weeks are what is kept."""
    return limit if limit < 2 else float(int(limit + 1e-9))


def _sentence(vocabulary: Vocabulary, judged: Judged, language: str) -> str:
    if judged.code.startswith("value_"):
        return _parameter_reason(vocabulary, judged, language)
    zh, en = PLAIN[judged.code]
    facts = {
        k: _fact(vocabulary, judged.code, k, v, language)
        for k, v in judged.facts.items()
        if v is not None
    }
    facts = {"offered": "?", "asked": "?", "open": "?", **facts}
    return (en if language == "en" else zh).format(**facts)


def reason(vocabulary: Vocabulary, judged: Judged) -> Text:
    """Why the criterion is judged so, in both languages."""
    return both(_sentence(vocabulary, judged, "zh"), _sentence(vocabulary, judged, "en"))


def question(vocabulary: Vocabulary, judged: Judged) -> Text:
    """The question that settles an unknown, to be sent to the provider."""
    if judged.criterion is not None:
        parameter = vocabulary.parameters.get(judged.criterion.parameter)
        zh, en = (asked_text(parameter, judged.criterion, lang) for lang in ("zh", "en"))
        names = [vocabulary.label(judged.criterion.parameter, lang) for lang in ("zh", "en")]
        return both(
            f"贵方能否满足{names[0]}{_lead(zh)}？",
            f"Can you meet {names[1].lower() if names[1][:2].istitle() else names[1]} {en}?",
        )
    return _open_question(vocabulary, judged)


def _lead(text: str) -> str:
    return f" {text}" if text[:1].isascii() else text


def _open_question(vocabulary: Vocabulary, judged: Judged) -> Text:
    zh, en = QUESTIONS.get(judged.id, ("请补充说明{asked}。", "Please tell us more on {asked}."))
    wanted = judged.facts.get("open") or judged.facts.get("asked") or ""
    made = [_fact(vocabulary, judged.code, "asked", wanted, lang) for lang in ("zh", "en")]
    return both(zh.format(asked=made[0]), en.format(asked=made[1]))


def asked_value(judged: Judged) -> Any:
    """What was asked as plain data for the answer."""
    criterion = judged.criterion
    if criterion is None:
        return judged.facts.get("asked")
    value = list(criterion.value) if isinstance(criterion.value, tuple) else criterion.value
    return {"op": criterion.op, "value": value, "unit": criterion.unit}


def offered_value(judged: Judged) -> Any:
    """What is offered as plain data for the answer; None when nothing is stated."""
    offered = judged.facts.get("offered", judged.facts.get("status"))
    if isinstance(offered, Offered):
        if offered.choices:
            return list(offered.choices)
        return {"min": offered.low, "max": offered.high}
    return list(offered) if isinstance(offered, tuple) else offered
