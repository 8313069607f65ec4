"""Named values: cuts, fibre and package types, standards, certificates, ways to cooperate."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick, MatchKind

from collab.needs.extraction.findings import Reading
from collab.needs.extraction.layout import Layout
from collab.needs.extraction.terms import bounded
from collab.vocabulary.catalog import Vocabulary
from collab.vocabulary.normalize import Normaliser

_INDEXED = (
    "crystal-cut",
    "substrate-conductivity",
    "pad-metal",
    "fiber-type",
    "connector-type",
    "package-type",
    "modulation-format",
    "certification",
    "standard",
    "cooperation-mode",
    "cleanroom-class",
)
# words of the vocabulary that mean too many other things to count on their own
_SKIPPED: Mapping[str, frozenset[str]] = {
    "package-type": frozenset({"open-frame"}),
    "modulation-format": frozenset({"analog"}),
    "certification": frozenset({"aec-q102"}),
}
_WEAK_WORDS = frozenset(
    [
        "采购",
        "购买",
        "供货",
        "license",
        "技术转让",
        "专利许可",
        "来料加工",
        "代工服务",
        "委托加工",
        "合资",
        "咨询服务",
        "技术咨询",
        "加工测试服务",
        "许可或转让",
        "chirp",
        "ook",
        "板载",
        "塑封",
        "金盒",
        "box",
        "以太网标准",
        "激光安全等级",
        "17025",
        "coc",
    ]
)
_NEAR: Mapping[str, re.Pattern[str]] = {
    "substrate-conductivity": re.compile(
        r"衬底|基底|基片|substrate|wafer|晶圆|InP|GaAs|外延片", re.IGNORECASE
    ),
    "pad-metal": re.compile(r"焊盘|电极|pad", re.IGNORECASE),
    "cleanroom-class": re.compile(r"净化|洁净|超净|无尘|clean|ISO\s?[4-8]", re.IGNORECASE),
    "connector-type": re.compile(
        r"接头|连接|接口|跳线|尾纤|插芯|光纤|connector|ferrule|fiber|pigtail|射频"
        r"|RF|同轴",
        re.IGNORECASE,
    ),
    "package-type": re.compile(
        r"封|壳|模块|器件|组件|package|module|housing|can\b|TO", re.IGNORECASE
    ),
}
_FIBER_NEAR = re.compile(r"光纤|尾纤|跳线|fiber|pigtail|FA\b|FAU", re.IGNORECASE)
_COOPERATION = re.compile(r"合作(?:方式|模式|形式)|cooperation mode|contract type", re.IGNORECASE)
_COOPERATION_WORDS: Mapping[str, str] = {
    "licensing": r"许可|转让|licen[cs]",
    "equity": r"入股|股权|equity",
    "joint-rd": r"联合|合作开发|共同|joint",
    "contract-rd": r"委托开发|委托研发|委托(?!加工)",
    "processing-service": r"加工|测试服务|代工|service",
    "purchase": r"采购|购买",
    "consulting": r"咨询|consult",
}
_SHARP_COOPERATION = frozenset({"joint-rd", "contract-rd", "equity"})
_OWNERSHIP: Mapping[str, str] = {
    "shared": r"双方共有|共同(?:所有|拥有|享有)|共有|共享|双方所有|joint(?:ly)?[ -]owned"
    r"|shared (?:ip|intellectual)|(?:ip|intellectual property) (?:is |will be )?shared"
    r"|joint ownership",
    "requester": r"归(?:属)?(?:于)?(?:甲方|委托方|需求方|我方|我司|发榜方|企业|出题方)"
    r"|(?:belongs? to"
    r"|owned by|stays with|remains with) (?:us|the requester|the client|the customer)",
    "provider": r"归(?:属)?(?:于)?(?:乙方|承担方|揭榜方|服务方|供方|受托方)",
    "negotiable": r"(?:另行)?(?:约定|协商|商定)|面议|negotiable",
}
_PROPERTY = re.compile(
    r"知识产权|产权|专利权|成果权属|成果(?=归|由)|\bIP\b|intellectual property", re.IGNORECASE
)
_DELIVER = (
    r"(?:交付(?:物|成果|内容|形式)?|提交|出具"
    r"|(?<!后)(?<!我方)(?<!我们)(?<!我司)(?<!客户)(?<!甲方)提供|附|需给|deliver(?:able"
    r"|ables|s|ed)?|provide|include|plus)"
)
_DELIVERABLES: Mapping[str, str] = {
    "report": r"(?:出|给)报告|(?:仿真|研究|总结|测试|检测|试验|分析|验证|检验|评估|评价|可靠性"
    r"|表征|失效分析|CNAS|CMA)报告"
    r"|报告(?=须|需|应|加盖|盖|用英文)|\b(?:test|measurement|analysis|failure"
    r"|characteri[sz]ation|final|written|inspection|simulation)\s?reports?\b(?: in English)?"
    r"|\breports? in (?:English|Chinese)"
    r"|\b(?:deliver(?:ed)?|provide[sd]?|includ(?:e[sd]?|ing)|plus|with|and"
    r"|an?)\s(?:[a-z]+\s){0,2}reports?\b",
    "gds": rf"{_DELIVER}[^，,。;；\n]{{0,12}}(?:GDS(?:II)?(?:文件)?|版图(?:文件|数据)?)"
    rf"|\bGDS(?:II)?(?: files?)? (?:delivered|delivery|included)",
    "die": rf"{_DELIVER}[:：]?(?:物为|为)?[^，,。;；\n\d]{{0,4}}(?:裸芯片|裸片|\bbare dies?\b)"
    rf"|deliver(?:ed)? as bare dies?",
    "wafer": r"(?:交付(?:物|形式|成果)?|提交)[:：]?(?:为|物为)?(?:整片|完整)?(?:晶圆|圆片)(?!级)",
    "device": r"交付(?:物|形式)?[:：]?(?:为)?(?:封装(?:好的)?(?:器件|样品))"
    r"|deliverables?:? packaged devices?",
    "module": r"交付(?:物|形式)?[:：]?(?:为)?(?:模块|整机模块)",
    "design-file": rf"{_DELIVER}[^，,。;；\n]{{0,12}}(?:设计文件|设计资料|PDK文件|设计报告"
    rf"|设计图纸)"
    rf"|design files? (?:included|delivered)",
    "process-recipe": rf"{_DELIVER}[^，,。;；\n]{{0,16}}(?:工艺文件|工艺参数包|工艺规程"
    rf"|工艺流程文件"
    rf"|工艺菜单|process recipes?)|\ba process recipe\b",
}
_COAXIAL = re.compile(r"(?<![A-Za-z])TO(?=器件|封装|管|激光|封帽|\s?[Cc]an\b|-CAN)")
_REFUSED_METALS = re.compile(
    r"禁(?P<a>金|铜|锂|钠|铅)(?!属|制)|(?:不能|不得|不可|不允许|不)(?:含有?|有|引入|带入"
    r"|接触)(?P<b>金"
    r"|铜|锂|钠|铅)(?!属|额|融|制)|(?:无|避免|严禁|杜绝|防止)(?P<d>金|铜|锂|钠|铅)(?:沾污|污染)"
    r"|\b(?:no|without|avoid(?:ing)?) (?P<e>gold|copper|lead|lithium|sodium) contamination"
    r"|(?P<c>gold|copper|lead|lithium|sodium)[- ]free",
    re.IGNORECASE,
)
_METALS = {
    "金": "au",
    "铜": "cu",
    "锂": "li",
    "钠": "na",
    "铅": "pb",
    "gold": "au",
    "copper": "cu",
    "lead": "pb",
    "lithium": "li",
    "sodium": "na",
}


@dataclass(frozen=True, slots=True)
class _Value:
    parameter: str
    choice: str
    code: str


class ValueIndex:
    """The named values of all category parameters in one automaton."""

    def __init__(self, vocabulary: Vocabulary, normaliser: Normaliser) -> None:
        self._vocabulary = vocabulary
        self._words: dict[str, list[_Value]] = {}
        for name in _INDEXED:
            for choice in vocabulary.parameters[name].values:
                if choice.id in _SKIPPED.get(name, ()):
                    continue
                for word in (choice.zh, choice.en, *choice.alt):
                    self._add(word, name, choice.id, normaliser)
        self._patterns = list(self._words)
        self._automaton = AhoCorasick(self._patterns, matchkind=MatchKind.LeftmostLongest)
        self._ownership = {k: re.compile(v, re.IGNORECASE) for k, v in _OWNERSHIP.items()}
        self._deliverables = {k: re.compile(v, re.IGNORECASE) for k, v in _DELIVERABLES.items()}
        self._cooperation = {k: re.compile(v, re.IGNORECASE) for k, v in _COOPERATION_WORDS.items()}

    def _add(self, word: str, parameter: str, choice: str, normaliser: Normaliser) -> None:
        key = normaliser.key(word)
        if (
            len(key) < 2
            or key in _WEAK_WORDS
            or (parameter == "pad-metal" and key.isascii() and len(key) < 4)
        ):
            return
        code = (
            word
            if word.isascii() and len(word) <= 4 and word.upper() == word and word.isalpha()
            else ""
        )
        entry = _Value(parameter, choice, code)
        if entry not in self._words.setdefault(key, []):
            self._words[key].append(entry)

    def find(self, text: str, folded: str, layout: Layout) -> list[Reading]:
        """Every named value of the text, one reading for each."""
        found = [
            *self._indexed(text, folded),
            *self._owned(text, layout),
            *self._cooperating(text, layout),
        ]
        for choice, pattern in self._deliverables.items():
            match = pattern.search(text)
            while match is not None and layout.aside(match.start()):
                match = pattern.search(text, match.end())
            if match is not None:
                found.append(self._reading("deliverable", choice, match.start(), match.end()))
        coaxial = _COAXIAL.search(text)
        if coaxial:
            found.append(self._reading("package-type", "to-can", *coaxial.span()))
        for match in _REFUSED_METALS.finditer(text):
            metal = _METALS[next(g for g in match.groups() if g).lower()]
            found.append(self._reading("excluded-materials", metal, match.start(), match.end()))
        return found

    def _indexed(self, text: str, folded: str) -> list[Reading]:
        found = []
        for index, i, j in self._automaton.find_matches_as_indexes(folded):
            if not bounded(folded, i, j):
                continue
            for value in self._words[self._patterns[index]]:
                if (not value.code or value.code == text[i:j]) and self._fits(value, text, i, j):
                    found.append(self._reading(value.parameter, value.choice, i, j))
        return found

    @staticmethod
    def _fits(value: _Value, text: str, i: int, j: int) -> bool:
        near = _NEAR.get(value.parameter) if j - i <= 4 or value.parameter == "pad-metal" else None
        around = text[max(0, i - 8) : j + 12]
        if near is not None and not near.search(around):
            return False
        if value.parameter == "fiber-type" and text[i:j] in ("单模", "多模", "熊猫", "panda"):
            return bool(_FIBER_NEAR.search(text[max(0, i - 6) : j + 8]))
        if value.parameter == "cooperation-mode":
            return value.choice in _SHARP_COOPERATION or "fee" in text[i:j].lower()
        if value.parameter == "standard":
            return bool(
                re.search(
                    r"按|依据|执行|符合|满足|遵循|标准|参照|per\b|accord|standard|complian",
                    text[max(0, i - 16) : j + 8],
                    re.IGNORECASE,
                )
            )
        return True

    def _reading(self, parameter: str, choice: str, start: int, end: int) -> Reading:
        entry = self._vocabulary.parameters[parameter]
        op = "eq" if entry.kind == "ordinal" else entry.bare_op
        return Reading(parameter, op, choice, "", start, end, "named-value", 0.9, numeric=False)

    def _owned(self, text: str, layout: Layout) -> list[Reading]:
        for match in _PROPERTY.finditer(text):
            low, high = layout.clause(match.start())
            for choice, pattern in self._ownership.items():
                owned = pattern.search(text, low, high)
                if owned:
                    return [self._reading("ip-ownership", choice, owned.start(), owned.end())]
        return []

    def _cooperating(self, text: str, layout: Layout) -> list[Reading]:
        found = []
        for match in _COOPERATION.finditer(text):
            high = layout.sentence(match.start())[1]
            for choice, pattern in self._cooperation.items():
                said = pattern.search(text, match.end(), min(high, match.end() + 40))
                if said:
                    found.append(
                        self._reading("cooperation-mode", choice, said.start(), said.end())
                    )
        return found


def merged(readings: list[Reading]) -> list[Reading]:
    """Several values of one parameter become one reading: in, or all_of where all are wanted."""
    grouped: dict[str, list[Reading]] = {}
    for reading in sorted(readings, key=lambda r: r.start):
        grouped.setdefault(reading.parameter, []).append(reading)
    found = []
    for group in grouped.values():
        first = group[0]
        choices = list(dict.fromkeys(r.value for r in group))
        if len(choices) > 1:
            first.op = "all_of" if first.op == "all_of" else "in"
            first.value = choices
        found.append(first)
    return found
