"""The page that explains matching and routes, made from the rule tables so that it stays true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from collab.matching.records import Criterion, NeedProfile, Offer, Offered, Step
from collab.matching.rules import RULES, RULES_VERSION
from collab.matching.score import WEIGHTS
from collab.matching.snapshot import build
from collab.routing.answer import answer
from collab.routing.checks import rule_operands
from collab.routing.grounds import GROUNDS
from collab.vocabulary.catalog import Vocabulary

_COMPARE = {
    "cap_le_need": ("能力值不超过需求值", "what is offered is at most what is needed"),
    "cap_ge_need": ("能力值不低于需求值", "what is offered is at least what is needed"),
    "cap_range_covers": ("能力区间包含需求值或区间", "the offered range contains what is needed"),
    "cap_set_contains": (
        "能力集合包含需求值（all_of 要求全部）",
        "the offered set holds one of the needed values (all of them for all_of)",
    ),
    "equals": ("取值相同", "the same value"),
}
_SEVERITY = {
    "block": ("不可行，绝不成为路线", "not possible, never a route"),
    "fix": ("插入补救步骤或列为待确认", "a route with the remedy put in, or an open question"),
    "warn": ("提醒", "mind"),
    "info": ("说明", "note"),
}


_THUMB = (
    "技术之后的状态、能接收的状态、焊点重熔温度与标记来自 `collab/routing/tables.py`，"
    "每一行的理由和来源列在最后一节；说不准的一律作为待确认的问题。"
    "温度上限、物流周数与下列规则来自词表。",
    "The state a technique leaves, the states it takes, remelting temperatures and flags come from "
    "`collab/routing/tables.py`; the reason and source of every row stand in the last section, and "
    "what is unsure is a question. Temperature limits, weeks on the road and the rules below come "
    "from the vocabulary.",
)


def _offer(key: str, **more: Any) -> Offer:
    number = sum(map(ord, key))
    return Offer(number, key, number, key, ("lithography.ebl",), **more)


def _example(vocabulary: Vocabulary) -> Iterator[str]:
    """A worked example, answered by the very code it explains."""
    size = {"wafer-diameter": Offered(high=100.0)}
    offers = [
        _offer("a", materials=("soi",), values={"wafer-diameter": Offered(choices=(150.0, 200.0))}),
        _offer("b", values={"wafer-diameter": Offered(choices=(150.0,))}),
        _offer("c", materials=("soi",), values=size),
    ]
    need = NeedProfile(
        steps=(Step("1", ("lithography.ebl",)),),
        materials=("soi",),
        criteria=(Criterion("wafer-diameter", "eq", 150.0, "mm"),),
    )
    found = answer(need, build(vocabulary, offers), vocabulary, today=date(2026, 1, 1))
    step = found["steps"][0]
    yield "| capability | class | criterion | 中文 | English |"
    yield "| --- | --- | --- | --- | --- |"
    for candidate in [*step["candidates"], *step["near"]]:
        for criterion in candidate["criteria"]:
            reason = criterion["reason"]
            yield (
                f"| {candidate['capability']} | {candidate['class']} | {criterion['id']}: "
                f"{criterion['verdict']} | {reason['zh']} | {reason['en']} |"
            )
        for change in candidate["would_fit_if"]:
            yield f"| {candidate['capability']} | | | {change['zh']} | {change['en']} |"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"| {' | '.join('---' for _ in head)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _matching(vocabulary: Vocabulary) -> Iterator[str]:
    yield "## 判定规则 · Matching rules"
    yield ""
    yield from _table(("rule", "中文", "English"), [(r.id, r.zh, r.en) for r in RULES])
    yield ""
    yield "## 参数比较 · How figures are compared"
    yield ""
    counts: Mapping[str, int] = {
        c: sum(p.compare == c for p in vocabulary.parameters.values()) for c in _COMPARE
    }
    yield from _table(
        ("comparison", "parameters", "中文", "English"),
        [(c, str(counts[c]), zh, en) for c, (zh, en) in _COMPARE.items()],
    )
    yield ""
    yield "## 评分 · Score inside a class"
    yield ""
    rows = [
        (n, f"{w.points:g}", f"{w.zh}：{w.reads_zh}", f"{w.en}: {w.reads_en}")
        for n, w in WEIGHTS.items()
    ]
    yield from _table(("component", "points", "中文", "English"), rows)
    yield ""
    yield "## 示例 · A worked example"
    yield ""
    yield "需求：150 mm SOI 电子束光刻。Need: e-beam lithography of SOI on 150 mm."
    yield ""
    yield from _example(vocabulary)
    yield ""
    yield (
        "提供方在平台上的答复列在条件旁边，注明“答复中声明”，不改变判定、类别和排序；写入能力后才参与匹配。"
    )
    yield (
        "What a provider answers on the platform stands beside the criterion as declared in the "
        "answer; verdict, class and order change only once it is stated on the capability."
    )


def _routes(vocabulary: Vocabulary) -> Iterator[str]:
    yield "## 交接规则 · Interface rules between steps"
    yield ""
    for severity, (zh, en) in _SEVERITY.items():
        yield f"- `{severity}`: {zh}. {en.capitalize()}."
    yield ""
    yield from _THUMB
    yield ""
    rows = [
        (r.id, r.severity, f"`{rule_operands(r)}`", r.reason_zh, r.reason_en)
        for r in vocabulary.rules
    ]
    yield from _table(("rule", "severity", "check", "中文", "English"), rows)


def _grounds() -> Iterator[str]:
    yield "## 经验表的理由与来源 · Why the tables stand as they do"
    yield ""
    rows = [
        (
            "; ".join(f"{table}: {', '.join(names)}" for table, names in ground.rows.items()),
            ground.zh,
            ground.en,
            ground.source or "–",
        )
        for ground in GROUNDS
    ]
    yield from _table(("rows", "中文", "English", "source"), rows)


def explanation(vocabulary: Vocabulary) -> str:
    """The whole page as Markdown."""
    lines = [
        "# 匹配与路线规则 · Rules of matching and routes",
        "",
        "<!-- Made by collab.routing.explained from the rule tables; a test keeps it current. -->",
        "",
        f"规则版本 · rules version {RULES_VERSION}.",
        "",
        "硬性条件逐条判定为满足、未知、不满足；全部满足为“符合”，有未知为“待确认”，"
        "有不满足为“不符合”，绝不进入匹配和路线。",
        "Every hard criterion is judged meets, unknown or misses: all met is a match, an unknown "
        "is a question, a miss never stands among matches nor in a route.",
        "",
        *_matching(vocabulary),
        "",
        *_routes(vocabulary),
        "",
        *_grounds(),
        "",
    ]
    return "\n".join(lines)
