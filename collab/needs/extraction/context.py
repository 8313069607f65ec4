"""What the words around a finding say: excluded, done by the asker, optional, preferred."""

from __future__ import annotations

import re
from dataclasses import dataclass

from collab.needs.extraction.layout import Layout, Span

_REJECT_BEFORE = re.compile(
    r"不接受|不要(?!求)|不采用|不使用|不允许|不希望|不建议|不得采用|不得使用"
    r"|不得|不能用|不能采用|不可用|不可采用|不可使用|不用(?!户)|不做"
    r"|不走|不想用|不想"
    r"|不考虑|不支持|不含(?!税)|不包括|不包含|不涉及|不需要|不需(?!求)|无需|无须"
    r"|毋需|不必|禁止|严禁|禁用|拒绝|排除|谢绝|避免使用|避免采用|避免|勿用|勿"
    r"|暂不|而非|而不是|并非|除了|(?<![去清消移剥扣解免排])除(?=[^，,。;；\n]{1,14}"
    r"(?:以外|之外|外))"
    r"|\b(?:no need (?:for|of|to)|do not|don't|does not|must not|should not|shall not"
    r"|cannot|not|no|without|exclud(?:e|es|ing)|except(?: for)?|other than|rather than"
    r"|instead of|avoid(?:ing)?|never)\b",
    re.IGNORECASE,
)
_NOT_REJECT = re.compile(
    r"不(?:得|能|要|应|宜|可|允许|可以)?(?:少于|低于|高于|超过|高过|多于|大于"
    r"|小于|短于|长于|晚于|早于|差于|劣于|弱于)|不限于|\b(?:(?:must|should|shall"
    r"|can|do|does|may) not (?:exceed|be (?:more|less|lower|higher|greater|smaller"
    r"|worse))|no (?:more|less|later|worse|fewer|higher|lower|greater|longer)"
    r"|not (?:less|more|exceed|exceeding|later|worse|only|limited|lower|higher"
    r"|above|below|greater|to exceed)|no\.)",
    re.IGNORECASE,
)
_REJECT_AFTER = re.compile(
    r"^[^，,。;；\n]{0,14}?(?:不要(?!求)|除外|不需要|无需|不接受|不考虑|不涉及"
    r"|不包括|不包含|不在[^，,。\n]{0,8}范围|不用(?:做|管)?|不做|不行|不可|免谈"
    r"|勿扰|谢绝"
    r"|(?:is|are|was|were) not (?:acceptable|accepted|allowed|wanted|required"
    r"|needed|necessary|part of|included|permitted|an option)|not (?:accepted"
    r"|acceptable|allowed|required|needed|wanted|included|necessary)|(?:is|are) "
    r"(?:excluded|out of scope|unacceptable))",
    re.IGNORECASE,
)
_OWN_BEFORE = re.compile(
    r"(?:我们|我司|我方|本公司|本单位|我校|课题组|本组|公司|团队|甲方|客户|自己)?"
    r"(?:已经?(?:有|完成|具备|做好|做完|拥有|掌握|建成|外购)|自有|自备|自行(?:完成"
    r"|提供|负责|准备|解决|采购|设计)?|自己(?:有|做|完成|能做|提供|准备|负责"
    r"|会做|搞定)|自带|现有)"
    r"|(?:我们|我司|我方|本公司|甲方|客户|需求方|由我)(?:可以?|能|会"
    r"|将|来|负责|提供|自行|内部){1,3}(?:提供|完成|负责|做|承担|自理"
    r"|解决|供应)?"
    r"|由(?:我们|我司|我方|我所|我校|我院|本公司|本单位|甲方|需方|需求方|客户|委托方|发榜方)"
    r"(?:自行)?(?:提供|完成|负责|承担|进行|实施|做)?"
    r"|\b(?:we|our (?:lab|team|group|company|fab))\s+(?:already\s+)?(?:have|own"
    r"|do|grow|make|design|provide|supply|handle|perform|can do|will (?:do|provide"
    r"|supply|handle|perform))\b"
    r"|\b(?:already (?:have|done|completed|finished|carry|carries|fabricated"
    r"|diced|made|processed)|provided by us|supplied by us|customer[- ]supplied)\b",
    re.IGNORECASE,
)
_OWN_AFTER = re.compile(
    r"^[^，,。;；\n]{0,10}?(?:(?:由|为)?(?:我们|我司|我方|本公司|甲方|客户|需求方)"
    r"(?:自行)?(?:提供|完成|负责|做|承担|自备|解决)|已(?:经)?(?:完成|做好|做完"
    r"|具备|有|备好|到位)|自备|自行(?:完成|解决|负责|准备)|自己(?:做|完成|有"
    r"|搞定|来)|我们(?:自己)?(?:有|做|来))"
    r"|^[^.;\n]{0,40}?\b(?:in[- ]house|by ourselves|ourselves|on our (?:own|side)"
    r"|(?:is|are|will be|has been|have been) (?:done|provided|supplied|completed"
    r"|finished|handled|performed) by us|(?:is|are|has been|have been) already)\b",
    re.IGNORECASE,
)
_OWN_TURN = re.compile(
    r"但|只缺|仅缺|需要|需求|需|求|希望|想|寻|找|缺|委托|请|拟|现需|\b(?:but"
    r"|and (?:are|is|need|now|want|would|look|seek)|need|looking|seek|require"
    r"|wanted|want)\b",
    re.IGNORECASE,
)
_TURN = re.compile(
    r"但(?:是)?|而是|改用|改为|采用|只要|只需|仅需|需要|应采用|须采用|\b(?:but|use|only|instead)\b",
    re.IGNORECASE,
)
_OPTIONAL = re.compile(
    r"最好|优先|如能|若能|如果能|如可(?!靠)|若可(?!靠)|如有(?:可能|条件"
    r"|能力|需要|必要)|可选|选做|选配|视情况|尽量|尽可能|倾向|更佳|更好"
    r"|加分|可以考虑|可考虑"
    r"|\b(?:preferabl[ey]|preferred|prefer|ideally|if possible|optional(?:ly)?"
    r"|nice[- ]to[- ]have|would be (?:a plus|nice|great|good|welcome)|a plus"
    r"|a bonus|bonus|desirable|(?:is|are) (?:also )?(?:acceptable|fine|welcome"
    r"|ok)|as a fallback|fallback|could also)\b",
    re.IGNORECASE,
)
_REACH = 60
_IF_AFTER = re.compile(r"\s?[(,](?:如果?|若)(?!需)|\s?\((?:if|optional)", re.IGNORECASE)
_OPENS = re.compile(
    r"如能|若能|如果能|如可|若可|如有(?:可能|条件|能力)|if possible|ideally|preferabl[ey]|最好能?",
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
        self._cache: dict[tuple[int, int], tuple[list[Span], list[Span]]] = {}

    def stance(self, start: int, end: int) -> Stance:
        """How the asker stands to the words from `start` to `end`."""
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
        if _OPTIONAL.search(self._text, low, high) or _IF_AFTER.match(self._text, end):
            return True
        sentence = self._layout.sentence(start)
        openings = list(_OPENS.finditer(self._text, max(sentence[0], start - _REACH), start))
        return bool(openings) and not _TURN_BACK.search(self._text, openings[-1].end(), start)

    def _soft_scope(self, start: int) -> Span:
        low, high = self._layout.clause(start)
        return (max(low, start - _REACH), min(high, start + _REACH))

    def _reject(self, start: int, end: int) -> str:
        clause = self._layout.clause(start)
        low = clause[0]
        low = max(low, start - _REACH)
        for match in reversed(list(_REJECT_BEFORE.finditer(self._text, low, start))):
            if _NOT_REJECT.match(self._text, match.start()):
                continue
            between = self._text[match.end() : start]
            if not _TURN.search(between) and between.count(")") <= between.count("("):
                return match.group()
        after = _REJECT_AFTER.match(self._text[end : min(len(self._text), end + 60)])
        if after and not re.search(r"^[^，,。;；\n]*?[、]", after.group()):
            return after.group()
        return ""

    def _kind_of(self, word: str, start: int) -> str:
        """不需要 what the asker has already is his own step, otherwise it is refused."""
        if not re.search(r"不需|无需|无须|不必|no need|not (?:needed|required)", word):
            return "reject"
        low, high = self._layout.sentence(start)
        low, high = max(low, start - 2 * _REACH), min(high, start + _REACH)
        return "own" if _OWN_BEFORE.search(self._text, low, high) else "reject"

    def _own(self, start: int, end: int) -> str:
        clause = self._layout.clause(start)
        low = max(clause[0], start - _REACH)
        for match in reversed(list(_OWN_BEFORE.finditer(self._text, low, start))):
            if not _OWN_TURN.search(self._text, match.end(), start):
                return match.group()
        after = _OWN_AFTER.match(self._text[end : min(len(self._text), end + 60)])
        if after and not _OWN_TURN.search(after.group()):
            return after.group().strip()
        return ""

    def alternatives(self, first_end: int, second_start: int) -> bool:
        """True when the two findings are joined by 或, or, /."""
        between = self._text[first_end:second_start]
        return len(between) <= 14 and bool(_JOIN.match(between)) and bool(_OR.search(between))


_TURN_BACK = re.compile(r"必须|务必|must|须|[;；]")
