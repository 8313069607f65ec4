"""Passages that tell of the asker, of others or of the past instead of asking for something.

Figures inside them are nobody's criterion: 我司拥有6英寸产线, 国外产品损耗已达1.5dB, 30 wafers last
year. Leaving such a figure out costs less than proposing it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

Span = tuple[int, int]

_DEMAND = re.compile(
    r"(?<!市场)需求|需(?!求)|(?<!需)求(?!解)|寻|委托|希望|拟(?!合)|欲|想|找|征集|招募|目标|计划"
    r"|本项目|本次|此次|本批|今年|这次|期望|改进|提升|提高|降|缩短|但|指标|请|诚|外协|外包"
    r"|交付|预算|缺|没有|无法|不能|(?<!困)难以|现(?=寻|委)"
    r"|\b(?:need(?:s|ed)?|requir(?:e[sd]?|ing)|want(?:s|ed)?|wish|seek(?:ing)?|look(?:ing)? for"
    r"|request(?:s|ed)?|quot(?:e|ation)|now|this time|would like|should|must|shall|targets?|goal"
    r"|aim|please|but|lack(?:s|ing)?|hope)\b",
    re.IGNORECASE,
)
_ASKER = (
    r"(?:我司|我公司|本公司|敝公司|公司|本单位|我单位|我所|我院|我校|本实验室|本中心|团队|课题组"
    r"|企业|我们)"
)
_BOAST = re.compile(
    rf"{_ASKER}[^，,。;；\n]{{0,10}}?(?:成立|创立|创办|主营|专注|专业从事|从事|致力|年产|累计"
    rf"|获得|荣获"
    r"|通过(?=了?[^，,。;；\n]{0,16}认证)|总部|是一家|位于|坐落|占地)"
    rf"|{_ASKER}[^，,。;；\n]{{0,10}}?(?:拥有|现有|具有|具备|配备|配有|建有|建成)"
    r"(?=[^，,。;；\n]{0,24}?(?:产线|生产线|中试线|工艺线|设备|平台|洁净|净化|厂房|实验室|团队"
    r"|员工|人员"
    r"|工程师|专利|资质|产能|能力|基础|经验|客户|平方米|平米|㎡))"
    r"|成立于|始建于|创立于|创建于|注册资本|注册资金|营业收入|营收|年产值|占地|建筑面积"
    r"|高新技术企业"
    r"|专精特新|上市公司|主营业务|(?:现有|共有|在职)员工|员工(?:总数|人数|\d)|(?:授权"
    r"|发明)专利\D{0,4}\d"
    r"|软件著作权"
    r"|\b(?:founded in|established in|headquartered|employees|(?:start-?up|company|team|group"
    r"|spin-?off)"
    r" of (?:about |around |some )?\d+|we are an?\b|our company (?:ships|makes|sells|operates|has)"
    r"|revenue|turnover|m2 cleanroom|square met(?:er|re)s?)\b",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"国外(?:同类|产品|企业|厂商|水平|已|先进|普遍|最)|目前国内|国内(?:同类|产品|企业|厂商|普遍"
    r"|现有|水平|最)"
    r"|国际(?:先进|同类|主流|领先|最)|竞品|竞争对手|友商|同行|业界|业内|行业(?:平均|水平|内|普遍)"
    r"|市场(?:规模|需求|容量|空间|份额|占有率)|市场上|市面上|文献|论文|参考文献|有研究|(?:研究"
    r"|公开)报道"
    r"|海外(?:产品|厂商)|进口(?:产品|器件|芯片)(?:的|已|可|一般|约)|复合增长率"
    r"|\b(?:state[- ]of[- ]the[- ]art|competitors?|literature"
    r"|commercial(?:ly available)? (?:products?"
    r"|devices?|parts?)|market (?:size|is|was|will|share|volume)|the market|other vendors?"
    r"|industry average)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"现有(?:的)?(?:工艺|产品|方案|水平|技术|样机|器件|芯片|结构|良率|指标)|目前|当前"
    r"|已(?:经)?(?:实现|达到|做到|突破|验证|出货)"
    r"|(?:^|(?<=[，,。;；\n]))\s?(?:此前|之前|以前|原来|过去|早期|曾经?用)|贵(?:司|方|中心|所"
    r"|公司)(?:官网|网站|宣传|资料|介绍|手册)"
    r"|(?:我们|我司|我方|自有)的?(?:光源|设备|系统|仪器|探针台|耦合台|泵浦源?)|(?:该|此|原"
    r"|这)[^，,。;；\n\d]{0,6}(?:此前|之前|曾)"
    r"|(?:芯片|晶圆|器件|样品|片子)(?:已经?|均)?(?:是|由|在)[^，,。;；\n]{1,20}?(?:流片|加工|制备"
    r"|代工|生长)(?:的|完成|好|而成|得到)"
    r"|上一?(?!次?[聊说谈提])(?:批|次|轮|代|版)|去年|前年|往年|以往|对标|老款|旧款|原(?:方案|计划"
    r"|工艺|设计)"
    r"|\bwe (?:have )?(?:achieved|demonstrated|measured|obtained|reported)"
    r"|\b(?:chips?|wafers?|devices?|samples?|dies?|PICs?) (?:were|was|have been"
    r"|has been) (?:already )?"
    r"(?:fabricated|made|processed|grown|taped out|manufactured)"
    r"|\b(?:currently|at present|so far|previous(?:ly)?|last (?:year|time|run|batch|month)"
    r"|existing (?:process|product|design|solution|devices?)|our current|in the past|formerly"
    r"|to date)\b",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"本次|此次|这次|现(?:要求|希望|需)|提升|提高|降[低到至]|改进|\b(?:now|this time|improve"
    r"|reduce)\b",
    re.IGNORECASE,
)
_LEAD = 12
_AHEAD = re.compile(r"[^。;；\n]{0,80}")
_STATED = re.compile(r"[≤≥<>±]|不[大小高低超少多][于过]")


def told(text: str, sentences: Sequence[int], clauses: Sequence[int]) -> list[Span]:
    """Stretches that tell; each ends where something is asked for."""
    return [span for span in _spans(text, sentences, clauses) if span[0] < span[1]]


def _spans(text: str, sentences: Sequence[int], clauses: Sequence[int]) -> Iterator[Span]:
    opens = set(sentences)
    goes_on = False
    for start, end in zip(clauses, (*clauses[1:], len(text)), strict=True):
        if start in opens:
            goes_on = False
        cue, wide = _cue(text, start, end)
        demand = _DEMAND.search(text, cue[1] if cue else start, end)
        if cue:
            if _DEMAND.search(text, start, cue[0]):
                goes_on = False
                continue
            yield (_begins(text, start, cue[0]), demand.start() if demand else end)
            goes_on = demand is None and (wide or _contrasted(text, end))
        elif goes_on and demand is None and not _STATED.search(text, start, end):
            yield (start, end)
        else:
            goes_on = False


def _begins(text: str, start: int, cue: int) -> int:
    """What stands far before the cue, or before a bracket around it, is no part of the story."""
    bracket = max(text.rfind("(", start, cue), text.rfind("（", start, cue))
    if bracket >= 0:
        return bracket
    return start if cue - start <= _LEAD else cue


def _contrasted(text: str, at: int) -> bool:
    """What was is set against what is wanted now, later in the sentence."""
    ahead = _AHEAD.match(text, at)
    return bool(ahead and _CONTRAST.search(ahead.group()))


def _cue(text: str, start: int, end: int) -> tuple[Span | None, bool]:
    """The words that begin a story, and whether it goes on behind the comma."""
    for pattern, wide in ((_BOAST, True), (_OTHERS, True), (_PAST, False)):
        match = pattern.search(text, start, end)
        if match:
            return match.span(), wide
    return None, False
