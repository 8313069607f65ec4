"""Steps named by words that stand apart, and things that stand for their step."""

from __future__ import annotations

import re
from collections.abc import Iterator

from collab.needs.extraction.terms import Mention

BOUGHT = re.compile(  # 求购二手MOCVD一台 asks for the tool, not for what it does
    r"(?<!已)(?<!经)(?:求购|采购(?![方商])|购置|购买|购入)(?!了|的)[^，,。;；\n]{0,16}?"
    r"(?:[一两二三四五六七八九十\d]台|设备|机台|光刻机|刻蚀机|划片机|减薄机|镀膜机)(?!租|服务|维)"
    r"|\b(?:buy|purchase|procure|acquire)(?:ing)? (?:[A-Za-z-]+ ){1,5}?"
    r"(?:tools?|systems?|machines?|reactors?|steppers?|scanners?|aligners?)\b",
    re.IGNORECASE,
)
_SPLIT = (  # steps whose name is parted by what they act on
    (
        "etching.substrate-removal",
        re.compile(
            r"(?:去除|移除|去掉|剥离|腐蚀掉)[A-Za-z0-9\u3400-\u9fff-]{0,8}?衬底"
            r"|衬底(?:的)?(?:去除|移除)"
            r"|(?:remov(?:e|ing|al of)|etch(?:ing)? off) (?:the )?(?:[A-Za-z-]+ )?substrate",
            re.IGNORECASE,
        ),
    ),
    (
        "equipment.rental",
        re.compile(
            r"租(?:用|借|赁)[^，,。;；\n]{0,12}?(?:仪器?|设备|机台|探针台|示波器|VNA|分析仪|显微镜)"
            r"|\b(?:rent|hire) (?:an? |the )?(?:[A-Za-z-]+ ){0,3}?(?:analy[sz]er|equipment"
            r"|instrument|VNA|oscilloscope)",
            re.IGNORECASE,
        ),
    ),
    ("equipment.supply", BOUGHT),
    (
        "packaging.die-attach.eutectic",
        re.compile(
            r"die[- ]attach\b[^.;\n]{0,24}\b(?:AuSn|eutectic)|(?:AuSn"
            r"|eutectic)\b[^.;\n]{0,12}\bdie[- ]attach"
            r"|贴片[^，,。;；\n]{0,8}(?:金锡|共晶)|(?:金锡|AuSn)[^，,。;；\n]{0,4}贴片",
            re.IGNORECASE,
        ),
    ),
)
_OBJECTS = (  # things that stand for their step only where the asker has or refuses them
    (
        "mask", "own",
        re.compile(
            r"掩[模膜]版?|光罩|光刻版"
            r"|(?<!resist )(?<!hard )(?<!etch )(?<!shadow )\b(?:photo)?masks?\b",
            re.IGNORECASE,
        ),
    ),
    (
        "packaging.coupling.fiber-array", "reject",
        re.compile(r"光纤阵列|\bfib(?:er|re)[ -]arrays?\b|\bFAU?\b", re.IGNORECASE),
    ),
    ("etching.wet", "reject", re.compile(r"湿法(?![刻腐清氧去])")),
    ("etching.dry", "reject", re.compile(r"干法(?![刻蚀氧去])")),
)  # fmt: skip


def split_terms(text: str) -> Iterator[Mention]:
    """Steps whose name is parted by what they act on (去除InP衬底)."""
    for technique, pattern in _SPLIT:
        for match in pattern.finditer(text):
            yield Mention("technique", technique, *match.span(), "split-term", 0.9)


def objects(text: str) -> Iterator[tuple[Mention, str]]:
    """Things such as masks, each with the stance in which it stands for its step."""
    for technique, kind, pattern in _OBJECTS:
        for match in pattern.finditer(text):
            yield Mention("technique", technique, *match.span(), "object", 0.8), kind
