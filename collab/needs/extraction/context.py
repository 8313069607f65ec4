"""What the words around a finding say: excluded, done by the asker, optional, preferred."""

from __future__ import annotations

import re
from dataclasses import dataclass

from collab.needs.extraction.layout import Layout, Span
from collab.needs.extraction.refusal import EITHER_WAY, not_yet, refusal

_US = (
    r"(?:我(?:们|司|方|所|校|院|公司|单位|这边)|本(?:公司|单位|组|课题组|团队|实验室)|课题组|团队"
    r"|公司"
    r"|甲方|客户|用户|需方|需求方|委托方|发榜方|买方|第三方|别家|其他单位|另一家)"
)
_DONE = r"(?:提供|完成|负责|承担|进行|实施|自备|解决|搞定|准备|做|出|供|来做|来|安排|另行安排)"
_BY_US = (
    r"by (?:us|ourselves|the (?:customer|client|buyer)"
    r"|our (?:own )?(?:lab|team|group|side|company|fab)\b)"
)
_OWN_BEFORE = re.compile(
    rf"(?:{_US}|自己)?"
    r"(?:已经?(?:有|完成|具备|做好|做完|拥有|掌握|建成|外购)|自有|自备|自行(?:完成"
    r"|提供|负责|准备|解决|采购|设计)?|自己(?:有|做|完成|能做|提供|准备|负责"
    r"|会做|搞定|出|带|备)|自带|现有)"
    rf"|(?:{_US}|由我)(?:可以?|能|会|将|来|负责|提供|自行|内部){{1,3}}(?:提供|完成|负责|做|承担"
    rf"|自理|解决|供应)?"
    rf"|{_US}(?:目前|现在?)?(?:具备|拥有|掌握|有)(?!没有|需|意|一[个种])"
    rf"|由{_US}(?:自行|自己)?{_DONE}?"
    r"|\b(?:we|our (?:lab|team|group|company|fab))\s+(?:already\s+)?(?:have|hold|possess|own"
    r"|do|grow|make|design|provide|supply|handle|perform|can do|will (?:do|provide"
    r"|supply|handle|perform))\b(?! not\b)"
    r"|\bwe(?:'ll| will| can)\s+(?:take care of|handle|do|provide|supply|perform|cover)\b"
    r"|\b(?:already (?:have|done|completed|finished|carry|carries|fabricated"
    r"|diced|made|processed)|provided by us|supplied by us|customer[- ]supplied)\b",
    re.IGNORECASE,
)
_OWN_AFTER = re.compile(
    rf"^(?P<gap>[^，,。;；\n]{{0,28}}?)(?:(?:由|为)?{_US}(?:自行|自己|内部)?{_DONE}(?!需求)"
    r"|已(?:经)?(?:完成|做好|做完|具备|有|备好|到位)|已(?:经)?(?:在|由"
    r"|委托)[^，,。;；\n]{1,12}?(?:完成|做|加工|流片)"
    rf"|自备|自行(?:完成|解决|负责|准备)|自己(?:做|完成|有|出|搞定|来)|{_US}(?:自己)?(?:有|做|来)"
    rf"|{_US}(?:都|也|均)?(?:能|可以?|会)(?:自己)?(?:做|完成)"
    rf"|{_US}(?:都|也)?已经?[^，,。;；\n]{{1,4}}?(?:过|好|完|了))",
    re.IGNORECASE,
)
_OWN_AFTER_EN = re.compile(
    r"^(?P<gap>[^.;,\n]{0,40}?"
    r"|(?:, ?[A-Za-z -]{2,24}){0,4},? and [A-Za-z -]{2,24}? )\b(?:in[- ]house"
    r"|by ourselves|ourselves|on our (?:own|side)"
    r"|(?:is|are|will be|has been|have been) (?:already )?(?:done|provided|supplied|completed"
    r"|finished|handled"
    rf"|performed|made|covered|taken care of) {_BY_US}|(?:is|are|has been|have been) already"
    r"|(?:is|are|will be) (?:done|handled|covered|performed) (?:elsewhere|by (?:another|others"
    r"|a third))"
    r"|(?:has|have) been (?:done|completed|finished)|(?:is|are) (?:complete|finished|done)"
    r"|(?:provided|supplied) by (?:us|the (?:customer|client)|customer)|(?:is"
    r"|are) (?:already )?covered)\b",
    re.IGNORECASE,
)
_OWN_TURN = re.compile(
    r"但|只缺|仅缺|需要|需求|需|求|希望|想|寻|找|缺|委托|请|拟|现需|\b(?:but"
    r"|and (?:are|is|need|now|want|would|look|seek)|need|looking|seek|require"
    r"|wanted|want)\b",
    re.IGNORECASE,
)
_LIST_GAP = re.compile(
    r"[^，,。;；\n需要请]{0,12}(?:[、和及与][^，,。;；\n、和及与需要请]{1,10}){1,4}"
)
_DONE_BEFORE = re.compile(r"已经?\s?$")
_DONE_BEHIND = re.compile(r"\s?(?:好|完|过|完成|完毕|了(?!解))")
_UNABLE = re.compile(r"不能|无法|没有能力|\b(?:cannot|can't|unable|not able)\b", re.IGNORECASE)
_ASKED_AFTER = re.compile(r"[^，,。;；\n]{0,8}?(?:需求|任务|项目|计划|想法|要做|订单)")
_OPTIONAL = re.compile(
    r"最好|优先|如能|若能|如果能|如可(?!靠)|若可(?!靠)|如有(?:可能|条件"
    r"|能力|需要|必要)|可选|选做|选配|视情况|尽量|尽可能|倾向|更佳|更好"
    r"|加分|可以考虑|可考虑"
    r"|\b(?:with or without|preferabl[ey]|preferred|prefer|ideally|if possible|optional(?:ly)?"
    r"|nice[- ]to[- ]have|would be (?:a plus|nice|great|good|welcome)|a plus"
    r"|a bonus|bonus|desirable|(?:is|are) (?:also )?(?:acceptable|fine|welcome"
    r"|ok)|as a fallback|fallback|could also)\b",
    re.IGNORECASE,
)
_REACH = 60
_IF_AFTER = re.compile(r"\s?[(,](?:如果?|若)(?!需)|\s?\((?:if|optional)", re.IGNORECASE)
_OPENS = re.compile(
    r"如能|若能|如果能|如可|若可|如有(?:可能|条件|能力)|if possible|ideally",
    re.IGNORECASE,
)
_JOIN = re.compile(
    r"^[^，,。;；\n]{0,8}?\s*(?:或者?|或是|抑或|/|、|\bor\b|\beither\b)+\s*[^，,。;；\n]{0,4}$",
    re.IGNORECASE,
)
_OR = re.compile(r"或|/|\bor\b", re.IGNORECASE)
_NEED_CUE = re.compile(r"必须|务必|强制|须|must|mandatory|required", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stance:
    """How the asker stands to a finding: want, reject or own; and whether it is a mere wish."""

    kind: str = "want"
    soft: bool = False
    word: str = ""


class Context:
    """Answers questions about the words around a position."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._text = layout.text
        self._stances: dict[Span, Stance] = {}

    def stance(self, start: int, end: int) -> Stance:
        """How the asker stands to the words from `start` to `end`."""
        found = self._stances.get((start, end))
        if found is None:
            found = self._stances[start, end] = self._stance(start, end)
        return found

    def _stance(self, start: int, end: int) -> Stance:
        own = self._own(start, end)
        if own:
            return Stance("own", word=own)
        reject = self._reject(start, end)
        if reject:
            return Stance(self._kind_of(reject, start), word=reject)
        return Stance("want", self.soft(start, end))

    def rejected(self, start: int, end: int) -> bool:
        """True when a word of refusal governs the span."""
        return bool(self._reject(start, end))

    def soft(self, start: int, end: int) -> bool:
        """True when the span is wished for, not required."""
        low, high = self._soft_scope(start)
        if _NEED_CUE.search(self._text, low, high):
            return False
        said = _OPTIONAL.search(self._text, low, high)
        if said or _IF_AFTER.match(self._text, end) or EITHER_WAY.match(self._text, end):
            return True
        sentence = self._layout.sentence(start)
        openings = list(_OPENS.finditer(self._text, max(sentence[0], start - _REACH), start))
        return bool(openings) and not _TURN_BACK.search(self._text, openings[-1].end(), start)

    def _soft_scope(self, start: int) -> Span:
        low, high = self._layout.clause(start)
        return (max(low, start - _REACH), min(high, start + _REACH))

    def _reject(self, start: int, end: int) -> str:
        return refusal(self._text, self._layout, start, end)

    def _kind_of(self, word: str, start: int) -> str:
        """不需要 what the asker has already is his own step, otherwise it is refused."""
        if not re.search(r"不需|无需|无须|不必|no need|not (?:needed|required)", word):
            return "reject"
        low, high = self._layout.sentence(start)
        low, high = max(low, start - 2 * _REACH), min(high, start + _REACH)
        owns = _OWN_BEFORE.finditer(self._text, low, high)
        return "own" if any(self._has_object(m.end()) for m in owns) else "reject"

    def _has_object(self, at: int) -> bool:
        """我们有晶圆 speaks of what follows; 掩模我们有 of what went before."""
        return bool(re.match(r"[^，,。;；\n.]{2}", self._text[at : at + 2]))

    def _own(self, start: int, end: int) -> str:
        clause = self._layout.clause(start)
        low = max(clause[0], start - _REACH)
        for match in reversed(list(_OWN_BEFORE.finditer(self._text, low, start))):
            if _OWN_TURN.search(self._text, match.end(), start):
                continue
            if match.group().endswith("有") and _ASKED_AFTER.match(self._text, end):
                continue
            return match.group()
        return self._own_after(low, start, end)

    def _own_after(self, low: int, start: int, end: int) -> str:
        if _UNABLE.search(self._text, low, start):
            return ""
        rest = self._text[end : min(len(self._text), end + 90)]
        after = _OWN_AFTER.match(rest[:60])
        if after is not None and len(after["gap"]) > 10 and not _LIST_GAP.fullmatch(after["gap"]):
            after = None
        if _DONE_BEFORE.search(self._text, low, start) and _DONE_BEHIND.match(rest):
            return "已"
        if after is None:
            after = _OWN_AFTER_EN.match(rest)
            if after and " and " in after["gap"] and _OWN_TURN.search(self._text, low, start):
                return ""
        return after.group().strip() if after and not _OWN_TURN.search(after["gap"]) else ""

    def state_only(self, start: int, end: int) -> bool:
        """True when the words before tell that the step was not done yet (未划片)."""
        return not_yet(self._text, start, end)

    def alternatives(self, first_end: int, second_start: int) -> bool:
        """True when the two findings are joined by 或, or, /."""
        between = self._text[first_end:second_start]
        if len(between) > 14 or not _JOIN.match(between):
            return False
        ors = list(_OR.finditer(between))
        return bool(ors) and "、" not in between[ors[-1].end() :]  # SEM/EDX、EMMI is a list


_TURN_BACK = re.compile(r"必须|务必|must|须|[;；]")
