"""Steps named through what they make (做波导) and step names that name something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from collab.needs.extraction.parted import BOUGHT
from collab.needs.extraction.terms import Mention
from collab.vocabulary.catalog import Vocabulary
from collab.vocabulary.normalize import Normaliser, fold_case

_NAMED_ZH = re.compile(r"(?P<noun>[\u3400-\u9fff]{2,8})(?:制备|制作|加工|制造)$")
_NAMED_EN = re.compile(r"(?P<noun>[A-Za-z][A-Za-z -]{4,30}) (?:fabrication|manufacturing|making)$")
_WHOLE = ("foundry", "equipment", "ultra-precision-machining")  # nouns of theirs say nothing
_NOT_MADE = frozenset({"芯片", "晶圆", "器件", "样品", "电极", "光纤阵列", "封装基板", "尾纤"})
_MAKE = re.compile(
    r"(?<![叫当看称])(?:制备|制作|制造|加工|流片|试制|研制|做)(?!了|过|好|完|成|的)"
    r"|\b(?:fabricat(?:e|ing|ion of)|mak(?:e|ing)|manufactur(?:e|ing|ing of)|produc(?:e|ing))\b",
    re.IGNORECASE,
)
_SELF = re.compile(r"(?:我们|我司|我方|本公司|公司|团队|我组|课题组|专业|\bwe)\s?$", re.IGNORECASE)
_OBJECT_REACH = 48
_BREAK = re.compile(r"[，,。;；!?！？\n]|用于|需要|测|封装|耦合|刻蚀|键合|\b(?:for|to|with|and) ")
_NOUN_ENDS = re.compile(
    r"(?:e?s)?\s?(?:芯片|器件|样品|样片|结构|阵列|线路|chips?|devices?|samples?)?"
    r"(?:的?(?:制备|制作|加工|流片|工艺))?\s?(?=[，,。;；、:：(（)）\n.]|$|\d|on\b|in\b|with\b"
    r"|at\b)",
    re.IGNORECASE,
)
_TAUGHT_BEFORE = re.compile(
    r"(?:工艺|技术|工程师|操作|设备|原理|方法|实操|机|技能|基础|的|\s"
    r"|engineer|process|operator|technology|hands-on)*",
    re.IGNORECASE,
)
_TAUGHT_TOGETHER = re.compile(r"(?:工艺|技术|操作|与|和|、|及|以及|\s|/|and)*", re.IGNORECASE)
_TAUGHT_AFTER = re.compile(
    r"(?:\s|on|in|for|of|about|the|:|\d{1,4}(?!\d)|engineers?|people|persons?|students?|operators?"
    r"|participants?)*",
    re.IGNORECASE,
)
_FORMS = ("packaging.butterfly", "packaging.to-can", "packaging.box", "packaging.cob")
_DEVICE_NEXT = re.compile(
    r"\s?(?:封装的?)?(?:器件|模块|激光器|modules?\b|lasers?\b|devices?\b)", re.IGNORECASE
)
_OPENS_NOT = re.compile(r"[，,。;；\n]|进行|开展|实施")
_THING_NEXT = re.compile(
    r"(?:后|好|过)?的?(?![、和与及或])[^，,。;；\n、和与及或]{0,12}?"
    r"(?:器件|激光器|芯片|模块|模组|探测器|晶圆|样[品件]|管壳|组件|巴条)(?:进行|开展|实施)"
)
_PACKED = re.compile(r"封装|组装|贴装|贴片|耦合|打线|packag|assembl|bond", re.IGNORECASE)
_TESTS = ("metrology.", "test.", "failure-analysis.")
_CALL = re.compile(r"揭榜|榜单|open call", re.IGNORECASE)
_CALL_HELP = re.compile(
    r"申报(?:服务|辅导|咨询|代理|材料)|辅导|代写|撰写|咨询|代理|协助申请|apply|application support"
)


def product_nouns(vocabulary: Vocabulary, normaliser: Normaliser) -> dict[str, str]:
    """What process techniques are named after (波导 of 波导制备), with the technique.

    A noun that two branches claim is left out; of one branch the broadest technique stands.
    """
    found: dict[str, str] = {}
    torn: set[str] = set()
    for technique in vocabulary.techniques.values():
        if technique.deprecated or technique.category != "process":
            continue
        if technique.id.split(".")[0] in _WHOLE:
            continue
        for word in technique.spellings():
            match = _NAMED_ZH.search(word) or _NAMED_EN.search(word)
            if match is None or match["noun"] in _NOT_MADE:
                continue
            _claim(found, torn, normaliser.key(match["noun"]), technique.id, vocabulary)
    return {noun: found[noun] for noun in found if noun not in torn}


def _claim(
    found: dict[str, str], torn: set[str], noun: str, technique: str, vocabulary: Vocabulary
) -> None:
    held = found.setdefault(noun, technique)
    if vocabulary.covers(held, technique):
        found[noun] = technique
    elif not vocabulary.covers(technique, held):
        torn.add(noun)


def made(
    text: str, mentions: Sequence[Mention], nouns: Mapping[str, str], vocabulary: Vocabulary
) -> Iterator[Mention]:
    """Products that a verb of making has as its object, where no step of making is named itself."""
    making = {
        m.id for m in mentions if vocabulary.techniques[m.id].category == "process"
    }  # the steps say already how it is made
    if making:
        return
    folded = fold_case(text)
    longest_first = sorted(nouns, key=len, reverse=True)
    for verb in _MAKE.finditer(text):
        if _SELF.search(text, max(0, verb.start() - 10), verb.start()):
            continue
        end = min(len(text), verb.end() + _OBJECT_REACH)
        stop = _BREAK.search(text, verb.end(), end)
        for noun, at in _objects(folded, verb.end(), stop.start() if stop else end, longest_first):
            yield Mention("technique", nouns[noun], at, at + len(noun), "product", 0.75)


def _objects(
    folded: str, low: int, high: int, longest_first: Sequence[str]
) -> Iterator[tuple[str, int]]:
    for noun in longest_first:
        at = folded.rfind(noun, low, high)
        if at >= 0 and _NOUN_ENDS.match(folded, at + len(noun)):
            yield noun, at
            return


def without_objects(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Without names that say what another step is about: TSV etching, 光刻工艺培训, 揭榜挂帅."""
    ends = {m.end for m in mentions if m.id.startswith("packaging.")}
    steps = {m.end for m in mentions}
    tested = {m.end for m in mentions if m.id.startswith(_TESTS)}
    taught = set(_taught(text, mentions))
    bought = [match.span() for match in BOUGHT.finditer(text)]
    return [
        m
        for m in mentions
        if not _kind_word(text, m, {"test": tested, "etching": ends}.get(m.id, steps))
        and not _is_device(text, m)
        and m not in taught
        and not _heads_call(text, m)
        and not _describes(text, m)
        and not any(low <= m.start < high for low, high in bought)
    ]


def _kind_word(text: str, mention: Mention, ends: set[int]) -> bool:
    """The broad word right behind a narrower one only names its kind: TSV etching, SEM测试."""
    if mention.id not in ("etching", "test") and text[mention.start : mention.end] != "代工":
        return False
    return mention.start in ends or (mention.start - 1 in ends and text[mention.start - 1] == " ")


def _is_device(text: str, mention: Mention) -> bool:
    """蝶形器件 is a thing that has its package already, unless packages are spoken of."""
    if not mention.id.startswith(_FORMS) or not _DEVICE_NEXT.match(text, mention.end):
        return False
    return not _PACKED.search(text)


def _describes(text: str, mention: Mention) -> bool:
    """对TO封装激光器进行开封: what was done to the thing that is worked on."""
    opens = text.rfind("对", max(0, mention.start - 24), mention.start)
    if opens < 0 or _OPENS_NOT.search(text, opens, mention.start):
        return False
    return bool(_THING_NEXT.match(text, mention.end))


def _taught(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """Techniques that are the subject of a training."""
    ordered = sorted(mentions, key=lambda m: m.start)
    found: list[Mention] = []
    for index, training in enumerate(ordered):
        if training.id != "service.training":
            continue
        edge = training.start
        for mention in reversed(ordered[:index]):
            joins = _TAUGHT_BEFORE if edge == training.start else _TAUGHT_TOGETHER
            if not joins.fullmatch(text, mention.end, max(edge, mention.end)):
                break
            found.append(mention)
            edge = mention.start
        following = ordered[index + 1] if index + 1 < len(ordered) else None
        if following and _TAUGHT_AFTER.fullmatch(text, training.end, following.start):
            found.append(following)
    return found


def _heads_call(text: str, mention: Mention) -> bool:
    """揭榜挂帅 names the kind of notice, unless help with applying for it is asked for."""
    if mention.id != "service.project-funding":
        return False
    if not _CALL.search(text[mention.start : mention.end]):
        return False
    return not _CALL_HELP.search(text, mention.end, min(len(text), mention.end + 12))
