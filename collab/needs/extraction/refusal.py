"""Words that refuse what stands behind or before them: 不需要划片, 划片不用, no dicing."""

from __future__ import annotations

import re

from collab.needs.extraction.layout import Layout

_REJECT_BEFORE = re.compile(
    r"不接受|不要(?!超过|高于|低于|大于|小于)|不采用|不使用|不允许|不希望|不建议|不得(?!不)"
    r"|不能有|不能用|不能采用"
    r"|不可用|不可采用|不可使用|不用(?!户)|不做|不走|不想用|不想|不考虑|不支持|不含(?!税)|不带"
    r"|不包括|不包含"
    r"|不涉及|不需要|不需(?!求)|无需|无须|毋需|毋须|不必|禁止|严禁|禁用|拒绝|排除|谢绝|避免使用"
    r"|避免采用|避免"
    r"|勿用|勿|别(?:用|做|采用|再|给我)|暂不|而非|而不是|并非|除(?:了|去)"
    r"|(?<![去清消移剥扣解免排删])除(?!外|了|去)"
    r"|\b(?:no need (?:for|of|to)|need not|needn't|do not|don't|does not|must not|should not"
    r"|shall not"
    r"|cannot|can't|won't|not|no|(?<!and )(?<!with or )without|neither|nor"
    r"|exclud(?:e|es|ing)|except(?: for)?"
    r"|other than"
    r"|rather than|instead of|avoid(?:ing)?|never|skip(?:ping)?|omit)\b(?!-)",
    re.IGNORECASE,
)
_NOT_REJECT = re.compile(
    r"不(?:得|能|要|应|宜|可|允许|可以|带)?(?:少于|低于|高于|超过|高过|多于|大于"
    r"|小于|短于|长于|晚于|早于|差于|劣于|弱于)|不限于|不(?:得|能)不|不要求(?:过高|太高)"
    r"|\b(?:(?:must|should|shall|can|do|does|may) not (?:exceed|be (?:more|less|lower|higher"
    r"|greater"
    r"|smaller|worse))|no (?:more|less|later|worse|fewer|higher|lower|greater|longer)"
    r"|not (?:less|more|exceed|exceeding|later|worse|only|limited|lower|higher"
    r"|above|below|greater|to exceed|yet)|cannot (?:do|make|perform|offer)|no\.)",
    re.IGNORECASE,
)
_EXCEPT = re.compile(r"除", re.IGNORECASE)
_EXCEPT_OVER = re.compile(r"以外|之外|外(?=[,，的其均都]|$)")
_OUTSIDE = r"(?:以外|之外|外(?!延|协|观|部|形|径|加工))"
_EXCEPT_ENDS = re.compile(rf"[^，,。;；\n]{{0,14}}?{_OUTSIDE}")
_ADDED = re.compile(  # 除光刻外，还需要刻蚀 asks for both; 除光刻外，其余也要 does not
    rf"[^，,。;；\n]{{0,24}}?(?:{_OUTSIDE}[，,]?|[，,])\s?"
    r"(?:(?!其余|其他|其它|剩|别的|全部|所有)[^，,。;；\n]){0,8}?"
    r"(?:还|也|另|同时|此外|亦|又|并(?!非|不))(?!\s?(?:不|无|没|勿))"
    r"(?![^，,。;；\n]{0,8}(?:由我|自行|自己))"
)
_ALL_BUT = re.compile(  # 除InP外的衬底不接受, 除光刻外其余都不需要: only the one named
    rf"[^，,。;；\n]{{0,24}}?{_OUTSIDE}"
    r"(?:的[^，,。;；\n]{0,8}?|[，,]?[^，,。;；\n]{0,4}?(?:其余|其他|其它|别的|任何|一概|一律"
    r"|都|均)"
    r"[^，,。;；\n也还]{0,10}?)"
    r"(?:不(?:接受|要(?!求)|需要|做|考虑|用)|无需|谢绝|免谈)"
)
_BUT_FOR = re.compile(  # 不接受InP以外的衬底, not anything other than InP: again only the one named
    r"\s?(?:衬底|晶圆|材料|工艺|方案|设备)?(?:以外|之外)"
)
_REFUSED_BUT = re.compile(r"(?:不(?:接受|要|考虑|用|做|采用|使用)|拒绝|谢绝)[^，,。;；\n]{0,4}$")
_OTHER_THAN = re.compile(r"(?:other than|except)", re.IGNORECASE)
_NOTHING = re.compile(r"\b(?:no|not|nothing|never|none|without|cannot|don't|won't|nor)\b", re.I)
_PLAIN = re.compile(  # words before 的 that tell whose or what kind, and let the refusal through
    r"(?:贵[方司]|你们?|您|他们|别人|任何|其他|其它|额外|另外|单独|专门|后续|传统|普通|常规|复杂"
    r"|昂贵|这样|那样|类似|价格|成本|便宜|低端|落后|老旧|陈旧|过时|简单|粗糙|全部|所有|湿法|干法|[境国海]外|进口|提供|进行|做|用)"
    r"[\u3400-\u9fff]{0,3}的"
)
_BOUND_NEXT = re.compile(  # no annealing above 400 °C bounds the step, it does not refuse it
    r"\s*(?:steps? )?(?:above|below|over|under|exceeding|beyond|longer than|hotter than)\s?\d",
    re.IGNORECASE,
)
_NO_BEFORE = re.compile(r"\bno\s$", re.IGNORECASE)
_HEADED = re.compile(
    r"(?:不需要|不含|不包括|不要|无需)(?:的|做)?(?:工序|步骤|内容|部分)?\s*[:：]"
    r"|\b(?:not (?:needed|required|included)|(?:do not|don't) need|out of scope|excluded)\s*:",
    re.IGNORECASE,
)
_USES = re.compile(
    r"\s*(?:use|using|need|want|require|accept|include|have|do|perform|offer|plan|ask for|request"
    r"|to)\b\s*",
    re.IGNORECASE,
)
_ENDS = (
    r"(?=\s*(?:[，,。;；.\n)）、!！？?（(]|$|了|啦|哦|吧|的|做|管|考虑|工艺|这|并|也|因为|由于"
    r"|[你贵对][方司们]))"
)
_REJECT_AFTER = re.compile(
    r"^[^，,。;；?？!！\n]{0,14}?(?:(?:不要|除外|(?:都|也|均|就|可以?)?不(?:需要|需|用|做|必)|无需"
    r"|不接受|不考虑|不涉及"
    r"|不包括|不包含|不(?:作|做)?要求)"
    + _ENDS
    + r"|不在[^，,。\n]{0,8}范围|不行|不可(?!或缺|少|避免|靠|替代)|免谈|勿扰|谢绝|就?(?:免|算)了"
    r"|可以?省(?:掉|略|去)|太(?:贵|慢)了?(?=[，,。;；])"
    r"|(?:下一?[期次批阶]段?|以后|后续|将来|后面|另行?)再(?:说|做|议|谈|考虑)|别用"
    r"|(?:is|are|was|were) (?:not|no longer|never) (?:\w+ly )?(?:acceptable|accepted|allowed"
    r"|wanted|required"
    r"|needed|necessary|part of|included|permitted|requested|of interest|an option|to be (?:done"
    r"|used))"
    r"|(?:is|are) not (?:in|within) (?:the )?scope|(?:isn't|aren't) (?:needed|required|necessary"
    r"|wanted)"
    r"|not (?:accepted|acceptable|allowed|required|needed|wanted|included|necessary|requested"
    r"|in scope)"
    r"|(?:is|are) too (?:slow|expensive|costly|coarse)"
    r"|(?:is|are) of no (?:interest|use)"
    r"|(?:can|may|could) be (?:skipped|omitted|left out)"
    r"|(?:is|are) (?:excluded|out of scope|unacceptable|unnecessary))",
    re.IGNORECASE,
)
EITHER_WAY = re.compile(  # 划片可做可不做 leaves it to the other side
    r"\s?(?:服务|工序|步骤|环节)?\s?(?:可(?P<v>[做要加选用有]?)可不(?P=v)|可有可无"
    r"|(?P<w>[做要用加])不(?P=w)(?:都|均|皆)?(?:行|可以?|无所谓)"
    r"|(?:may or may not|is up to you)\b)",
    re.IGNORECASE,
)
_REJECT_GAP = re.compile(
    r"但|只|用|而是|采用|改用|后|完|之前|需要.{0,4}(?=不)|\b(?:but|only|and|use)\b", re.IGNORECASE
)
_BARE_NOT = re.compile(r"(?<![得能可只无并])[不非]$")
_NOT_YET = re.compile(
    r"(?:尚未|还未|没有|未经?|还没(?:有)?|without having been |not yet )$", re.IGNORECASE
)
_TURN = re.compile(
    r"但(?:是)?|而是|改用|改为|采用|只要|只需|仅需|需要|应采用|须采用|\b(?:we|but|use|only|instead"
    r"|than|after|before|during|following|prior)\b",
    re.IGNORECASE,
)
_REACH = 60
_AFTER_REACH = 60


def refusal(text: str, layout: Layout, start: int, end: int) -> str:
    """The words that refuse the span; empty when none does."""
    low = max(layout.clause(start)[0], start - _REACH)
    if EITHER_WAY.match(text, end):
        return ""
    return (
        _bare(text, start)
        or _before(text, low, start, end)
        or _listed(text, layout, start)
        or _headed(text, layout, start)
        or _after(text, end)
        or _alone_after(text, layout, start, end)
    )


def not_yet(text: str, start: int, end: int) -> bool:
    """True for 未划片的晶圆 and no annealing above 400 °C, which ask for nothing."""
    if _BOUND_NEXT.match(text, end) and _NO_BEFORE.search(text, max(0, start - 6), start):
        return True
    return bool(_NOT_YET.search(text, max(0, start - 16), start))


def _bare(text: str, start: int) -> str:
    """不划片, 非蒸发: the word of refusal alone, right before the step."""
    match = _BARE_NOT.search(text, max(0, start - 3), start)
    return match.group() if match else ""


def _before(text: str, low: int, start: int, end: int) -> str:
    for match in reversed(list(_REJECT_BEFORE.finditer(text, low, start))):
        if _NOT_REJECT.match(text, match.start()) or _BOUND_NEXT.match(text, end):
            continue
        if _names_the_only_one(text, low, match, end):
            return ""
        if _EXCEPT.match(match.group()) and not _excepted(text, match, start, end):
            continue
        if _governs(text[match.end() : start]):
            return match.group()
    return ""


def _governs(between: str) -> bool:
    """Nothing between the refusal and the step turns or ends it."""
    used = _USES.match(between)
    rest = between[used.end() :] if used else between
    colon = re.search(r"[^\s:：]\s*[:：]", rest)
    if "的" in _PLAIN.sub("", rest):
        return False  # 禁止金属污染的产线流片 refuses the dirt, not what it stains
    return not _TURN.search(rest) and colon is None and rest.count(")") <= rest.count("(")


def _excepted(text: str, match: re.Match[str], start: int, end: int) -> bool:
    """除光刻外 excepts the step; 除光刻外均做刻蚀 does not except the second one."""
    if _EXCEPT_OVER.search(text[match.end() : start]):
        return False
    if _ADDED.match(text, end) or _ALL_BUT.match(text, end):
        return False
    return match.group() != "除" or bool(_EXCEPT_ENDS.match(text, end))


def _names_the_only_one(text: str, low: int, match: re.Match[str], end: int) -> bool:
    """不接受InP以外的衬底, no substrates other than InP: two refusals that ask for InP."""
    if _EXCEPT.match(match.group()):  # 不接受除InP以外的衬底
        return bool(_REFUSED_BUT.search(text, low, match.start()))
    if _OTHER_THAN.match(match.group()):
        return bool(_NOTHING.search(text, low, match.start()))
    return bool(_BUT_FOR.match(text, end))


def _listed(text: str, layout: Layout, start: int) -> str:
    """The later members of a list that English parts by commas: no dicing, packaging or testing."""
    low, high = layout.clause(start)
    if not low or text[low - 1] not in ",，":
        return ""
    if high - low > _LONGEST_MEMBER:
        return ""
    clause = text[low:high].strip(" ,，.。;；!\n")
    if not _LAST_OF_LIST.fullmatch(clause):
        return ""
    before = layout.clause(low - 1)
    for match in reversed(list(_ENGLISH_NO.finditer(text, max(before[0], low - _REACH), low))):
        if not _NOT_REJECT.match(text, match.start()) and _governs(text[match.end() : low]):
            return match.group()
    return ""


def _headed(text: str, layout: Layout, start: int) -> str:
    """不需要：划片、分选 and what we don't need: dicing, sorting, to the end of the sentence."""
    low = max(layout.sentence(start)[0], start - 2 * _REACH)
    match = _HEADED.search(text, low, start)
    return match.group() if match and ":" not in text[match.end() : start] else ""


def _after(text: str, end: int) -> str:
    after = _REJECT_AFTER.match(text[end : end + _AFTER_REACH])
    if after is None or re.search(r"^[^，,。;；\n]*?[、]", after.group()):
        return ""
    if _ALL_BUT.match(text, end):
        return ""
    said = _REFUSAL_WORD.search(after.group())
    gap = after.group()[: said.start()] if said else after.group()
    return "" if _REJECT_GAP.search(gap) else after.group()


def _alone_after(text: str, layout: Layout, start: int, end: int) -> str:
    """整片流片太贵，不考虑: a clause of nothing but refusal takes back the one before it."""
    low, high = layout.clause(start)
    if not high or text[high - 1] not in ",，" or high - end > 16:
        return ""
    alone = _ALONE.match(text, high)
    return alone.group() if alone and not _WANTED.search(text, low, high) else ""


_ALONE = re.compile(
    r"\s*(?:就|都|也|暂时?|先|我们|这次|本次)*(?:不考虑|不要|不需要|不用|不做|不接受|算了|免了"
    r"|别用|后来取消|取消)"
    r"了?\s*(?=[，,。;；!！.\n)）]|$)"
)
_WANTED = re.compile(r"需要|要求|要做|委托|采用|必须|改成|改为|只|求|寻")
_REFUSAL_WORD = re.compile(
    r"不|无|再|别|可以?省|太|除外|免|勿|谢绝|\b(?:is|are|was|were|isn|aren|not|can|may|could)\b"
)
_WORDS = r"[A-Za-z-]+(?: [A-Za-z-]+){0,3}"  # parted by one space: only one way to match
_LAST_OF_LIST = re.compile(rf"(?:{_WORDS} )?(?:or|nor) {_WORDS}", re.IGNORECASE)
_LONGEST_MEMBER = 80
_ENGLISH_NO = re.compile(
    r"\b(?:do not|don't|does not|no|not|without|neither|nor|no need (?:for|of))\b(?!-)",
    re.IGNORECASE,
)
