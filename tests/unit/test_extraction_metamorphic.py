"""Thousands of made-up needs read the same after harmless rewording."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import opencc
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_extraction_rewording import FULL_WIDTH, VOCABULARY, essence

# each way of saying one thing; the first is the plain one
STEPS: dict[str, list[str]] = {
    "lithography.ebl": ["电子束光刻", "EBL", "电子束曝光", "e-beam光刻"],
    "etching.icp": ["ICP刻蚀", "感应耦合等离子体刻蚀"],
    "etching.ibe": ["离子束刻蚀", "IBE刻蚀", "离子铣"],
    "deposition.pecvd": ["PECVD沉积", "等离子增强化学气相沉积"],
    "deposition.lpcvd": ["LPCVD沉积", "低压化学气相沉积"],
    "planarization.cmp": ["化学机械抛光", "CMP"],
    "packaging.wire-bond": ["金丝键合", "引线键合", "打线"],
    "packaging.flip-chip": ["倒装焊", "覆晶封装"],
    "singulation.stealth-dicing": ["激光隐切", "隐形切割"],
    "facet.polishing": ["端面抛光"],
    "thinning": ["晶圆减薄"],
    "metrology.sem": ["扫描电镜表征", "SEM表征"],
}
MATERIALS = {
    "tfln": ["薄膜铌酸锂", "TFLN"], "sin": ["氮化硅", "SiN"], "inp": ["磷化铟", "InP"],
    "gaas": ["砷化镓", "GaAs"],
}  # fmt: skip
MANNERS = ["您好！", "各位老师好，打扰了。", "Dear all, ", "请教一下："]
THANKS = ["谢谢！", "盼复，谢谢。", "祝好", "不胜感谢！"]


@dataclass(frozen=True)
class Said:
    """One clause in several wordings that mean the same."""

    wordings: tuple[str, ...]


def figure(draw: Callable[..., Any], low: int, high: int) -> int:
    return int(draw(st.integers(low, high)))


@st.composite
def criterion(draw: Callable[..., Any]) -> Said:
    """A criterion with its unit written in several ways."""
    kind = draw(st.sampled_from(["loss", "line", "depth", "bandwidth", "wafer", "yield"]))
    n = figure(draw, 1, 9)
    if kind == "loss":
        at_most = ["≤{}", "不大于{}", "不超过{}", "<={}", "{}以下", "不高于{}"]
        return Said(tuple("传输损耗" + f.format(u) for f in at_most
                          for u in (f"0.{n}dB/cm", f"{n}0dB/m", f"0.{n} dB/cm")))  # fmt: skip
    if kind == "line":
        return Said(
            (f"线宽≤{n}00nm", f"线宽不大于{n}00纳米", f"线宽≤0.{n}μm", f"线宽不超过0.{n}um")
        )
    if kind == "depth":
        return Said(
            (f"刻蚀深度{n}00nm", f"刻蚀深度0.{n}um", f"刻蚀深度为{n}00 nm", f"刻蚀深度：0.{n}微米")
        )
    if kind == "bandwidth":
        return Said((f"3dB带宽≥{n}0GHz", f"3dB带宽不低于{n}0 GHz", f"3dB带宽不小于{n}0GHz",
                     f"3dB带宽{n}0GHz以上"))  # fmt: skip
    if kind == "wafer":
        inch, mm = draw(st.sampled_from([(4, 100), (6, 150), (8, 200)]))
        zh = {4: "四", 6: "六", 8: "八"}[inch]
        return Said(
            (f"{inch}英寸晶圆", f"{inch}寸晶圆", f"{mm}mm晶圆", f"{zh}英寸晶圆", f"{inch}吋晶圆")
        )
    return Said((f"良率≥{n}0%", f"良率不低于{n}0%", f"成品率{n}0%以上", f"良率不小于{n}0％"))


@st.composite
def frame(draw: Callable[..., Any]) -> Said:
    """Quantity, time or budget."""
    n = figure(draw, 2, 9)
    zh = "零一二三四五六七八九"[n]
    return draw(st.sampled_from([
        Said((f"数量{n}片", f"数量：{n}片", f"数量{zh}片", f"数量 {n} 片")),
        Said((f"交期{n}周", f"{n}周内交付", f"{zh}周内交货", f"交货期{n}个星期")),
        Said((f"预算{n}0万元", f"预算{n}0w", f"预算{n}00,000元", f"预算0.{n}百万元")),
    ]))  # fmt: skip


@st.composite
def needs(draw: Callable[..., Any]) -> list[Said]:
    """The clauses of a need; no two speak of the same thing."""
    chosen = draw(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=3, unique=True))
    material = draw(st.sampled_from(sorted(MATERIALS)))
    first, *rest = chosen
    clauses = [
        Said(tuple(f"在{m}晶圆上做{s}" for s in STEPS[first] for m in MATERIALS[material])),
        *(Said(tuple(f"需要{w}" for w in STEPS[step])) for step in rest),
    ]
    bounds = draw(st.lists(criterion(), max_size=3, unique_by=lambda s: s.wordings[0][:2]))
    frames = draw(st.lists(frame(), max_size=3, unique_by=lambda s: s.wordings[0][:2]))
    return [*clauses, *bounds, *frames]


def plain(need: list[Said]) -> str:
    return "，".join(said.wordings[0] for said in need) + "。"


@cache
def to_traditional() -> Any:
    return opencc.OpenCC("s2t")


def without_chain(found: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in found.items() if k != "chain"}


@given(needs())
@settings(max_examples=150, deadline=None)
def test_every_step_and_material_is_read_and_nothing_else(need: list[Said]) -> None:
    found = essence(plain(need))
    text = plain(need)
    named = {
        step
        for step, words in STEPS.items()
        if f"做{words[0]}" in text or f"需要{words[0]}" in text
    }
    assert found["techniques"] == named
    assert len(found["materials"]) == 1
    assert len(found["parameters"]) == sum(
        any(s.wordings[0].startswith(p) for p in ("传输", "线宽", "刻蚀深", "3dB", "良率"))
        or "寸晶圆" in s.wordings[0]
        for s in need
    )
    for part, word in (("quantity", "数量"), ("deadline", "交期"), ("budget", "预算")):
        assert (found[part] is not None) is (word in text), part


@given(needs(), st.data())
@settings(max_examples=150, deadline=None)
def test_synonyms_units_and_operators_may_be_swapped(need: list[Said], data: st.DataObject) -> None:
    swapped = "，".join(data.draw(st.sampled_from(said.wordings)) for said in need) + "。"
    assert essence(swapped) == essence(plain(need)), swapped


@given(needs(), st.data())
@settings(max_examples=100, deadline=None)
def test_clauses_may_change_places_and_their_marks(need: list[Said], data: st.DataObject) -> None:
    order = data.draw(st.permutations(need))
    mark = data.draw(st.sampled_from(["，", "；", "。", "\n", ", ", ";\n"]))
    moved = mark.join(said.wordings[0] for said in order)
    assert without_chain(essence(moved)) == without_chain(essence(plain(need))), moved


@given(needs(), st.sampled_from(MANNERS), st.sampled_from(THANKS))
@settings(max_examples=60, deadline=None)
def test_manners_add_nothing(need: list[Said], hello: str, thanks: str) -> None:
    assert essence(f"{hello}{plain(need)}{thanks}") == essence(plain(need))


@given(needs())
@settings(max_examples=60, deadline=None)
def test_script_and_width_make_no_difference(need: list[Said]) -> None:
    text = plain(need)
    assert essence(to_traditional().convert(text)) == essence(text)
    assert essence(text.translate(FULL_WIDTH)) == essence(text)


@given(needs(), st.sampled_from(sorted(STEPS)))
@settings(max_examples=80, deadline=None)
def test_refusing_a_step_takes_only_that_step_away(need: list[Said], step: str) -> None:
    before = essence(plain(need))
    touched = {step, *VOCABULARY.ancestors(step), *VOCABULARY.descendants(step)}
    for wording in ("不需要{}", "{}不要", "{}由我方自行完成", "不接受{}"):
        text = plain(need) + wording.format(STEPS[step][0]) + "。"
        after = essence(text)
        assert step in {i for i, _ in after["excluded"]}, text
        assert after["techniques"] == before["techniques"] - touched, text
        for part in ("materials", "parameters", "quantity", "deadline", "budget"):
            assert after[part] == before[part], text


@given(needs(), st.integers(2, 9))
@settings(max_examples=80, deadline=None)
def test_stories_add_nothing(need: list[Said], n: int) -> None:
    for story in (
        f"我司成立于201{n}年，注册资本{n}000万元，拥有{n}英寸产线，员工{n}00人。",
        f"国外同类产品插入损耗已达到{n}dB，国内普遍在1{n}dB。",
        f"去年我们做了{n}0片，用了{n}个月。",
        f"We are a start-up of {n}0 people founded in 201{n}. ",
    ):
        assert essence(story + plain(need)) == essence(plain(need)), story
