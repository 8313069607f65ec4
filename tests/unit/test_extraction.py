"""Needs are read as the annotation guide says, on the shared and on our own examples."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from collab.needs.evaluation import Report, evaluate, same_criterion
from collab.needs.extraction import extract
from collab.vocabulary.catalog import load_vocabulary

DATA = Path(__file__).resolve().parents[1] / "data"
POSTED = date(2026, 3, 1)
VOCABULARY = load_vocabulary()
WEEKS = {"day": 1 / 7, "workday": 0.2, "week": 1.0, "month": 4.345}


def report_of(name: str) -> Report:
    loaded = yaml.load((DATA / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return evaluate(loaded["examples"], VOCABULARY)


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [i["id"] for i in items]


def test_the_shared_examples_are_read_as_promised() -> None:
    report = report_of("extraction_examples.yaml")
    assert report.scores["techniques"].f1 >= 0.95
    assert report.scores["materials"].f1 >= 0.97
    assert report.scores["parameters"].f1 >= 0.93
    assert report.scores["exclusions"].f1 == 1
    assert not report.invented
    assert not report.hard_errors


@pytest.mark.parametrize("name", ["extraction_own_seen.yaml", "extraction_own_unseen.yaml"])
def test_our_own_examples_are_read_well_enough(name: str) -> None:
    report = report_of(name)
    assert report.texts >= 30
    assert report.scores["techniques"].f1 >= 0.85
    assert report.scores["parameters"].f1 >= 0.85


def _recognised(parameter: str, text: str, op: str, value: Any) -> bool:
    result = extract(text, VOCABULARY, POSTED)
    if parameter in ("quantity", "budget", "trl"):
        found = result[parameter]
        return found is not None and found["value"] == value
    if parameter == "deadline":
        return str(result["deadline"]["value"]) == str(value)
    if parameter == "lead-time":
        due = result["deadline"]
        return abs(due["value"] * WEEKS[due["unit"]] - value) <= 0.01 * value
    if parameter == "region":
        return value in result["region"]["prefer"]
    if parameter == "confidentiality":
        return bool(result["confidentiality"]["level"] == value)
    if parameter == "material":
        return value in ids(result["materials"])
    wanted = {"id": parameter, "op": op, "value": value}
    return any(same_criterion(p, wanted) for p in result["parameters"])


@pytest.mark.parametrize("parameter", sorted(VOCABULARY.parameters))
def test_every_written_example_of_a_parameter_is_recognised(parameter: str) -> None:
    for text, op, value in VOCABULARY.parameters[parameter].written:
        assert _recognised(parameter, text, op, value), text


def test_the_first_sentence_every_member_tries() -> None:
    text = (
        "需要在8英寸SOI晶圆上做硅光芯片流片，最小线宽130nm，然后做倒装焊和光纤阵列耦合"
        "封装，20片，12周内交付"
    )
    result = extract(text, VOCABULARY)
    assert ids(result["techniques"]) == [
        "foundry",
        "packaging.flip-chip",
        "packaging.coupling.fiber-array",
    ]
    assert ids(result["materials"]) == ["soi"]
    assert [(p["id"], p["op"], p["value"], p["unit"]) for p in result["parameters"]] == [
        ("wafer-diameter", "eq", 200, "mm"),
        ("min-feature", "le", 130, "nm"),
    ]
    assert (result["quantity"]["value"], result["quantity"]["unit"]) == (20, "wafer")
    assert (result["deadline"]["value"], result["deadline"]["unit"]) == (12, "week")
    assert result["budget"] is None


def test_the_sentence_of_the_first_journey() -> None:
    text = (
        "需要在6英寸SiN晶圆上做 800nm 厚低损耗波导，损耗<0.1dB/cm，再做光纤阵列耦合封"
        "装，20 片，8 周内"
    )
    result = extract(text, VOCABULARY)
    read = {(p["id"], p["value"]) for p in result["parameters"]}
    expected = {("wafer-diameter", 150), ("device-layer-thickness", 800), ("propagation-loss", 0.1)}
    assert read == expected
    assert ids(result["materials"]) == ["sin"]
    assert "packaging.coupling.fiber-array" in ids(result["techniques"])
    assert not result["not_understood"]


def test_each_finding_points_at_its_words() -> None:
    text = "本司求６英寸ＧａＡｓ晶圆減薄至100μm，不接受濕法腐蝕"
    result = extract(text, VOCABULARY)
    spans = {t["id"]: text[slice(*t["span"])] for t in result["techniques"]}
    assert spans == {"thinning": "晶圆減薄"}
    assert text[slice(*result["excluded_techniques"][0]["span"])] == "濕法腐蝕"
    assert text[slice(*result["materials"][0]["span"])] == "ＧａＡｓ"
    shown = [text[slice(*p["span"])] for p in result["parameters"]]
    assert shown == ["６英寸", "減薄至100μm"]


def test_alternatives_wishes_and_refusals_are_told_apart() -> None:
    result = extract(
        "光栅用电子束曝光或全息曝光均可，最好能做端面抛光，不要湿法腐蚀，外延我们自己做。",
        VOCABULARY,
    )
    assert [{t["id"] for t in g} for g in result["techniques_any_of"]] == [
        {"lithography.ebl", "lithography.holographic"}
    ]
    assert ids(result["optional_techniques"]) == ["facet.polishing"]
    refused = {(e["id"], e["reason"]) for e in result["excluded_techniques"]}
    assert refused == {("etching.wet", "reject"), ("epitaxy", "own")}


def test_a_refused_bound_turns_round() -> None:
    result = extract("不接受6英寸以下的产线，光刻", VOCABULARY)
    assert [(p["id"], p["op"], p["value"]) for p in result["parameters"]] == [
        ("wafer-diameter", "ge", 150)
    ]
    assert not result["excluded_techniques"]


def test_hard_and_preferred_wording_are_kept_apart() -> None:
    result = extract("刻蚀，侧壁角必须≥88°，粗糙度最好小于2nm", VOCABULARY)
    assert {p["id"]: p["hard"] for p in result["parameters"]} == {
        "sidewall-angle": True,
        "surface-roughness": False,
    }


def test_what_looks_like_a_criterion_and_is_not_understood_is_listed() -> None:
    result = extract("光刻，结电容<30fF，套刻精度30nm，雾度≤3%", VOCABULARY)
    assert [p["id"] for p in result["parameters"]] == ["overlay"]
    assert any("雾度≤3%" in u["text"] for u in result["not_understood"])


def test_unsaid_steps_of_the_chain_are_asked_never_added() -> None:
    result = extract("VCSEL芯片流片，砷化镓，需要MOCVD外延和台面刻蚀", VOCABULARY)
    assert result["chain"] == "gaas-vcsel"
    asked = {q["step"] for q in result["questions"] if q["code"] == "chain-step"}
    assert {"oxidation", "dice"} <= asked
    assert "epi" not in asked
    assert "thermal.selective-oxidation" not in ids(result["techniques"])
    assert all(q["zh"] and q["en"] for q in result["questions"])


def test_steps_stand_in_the_order_of_the_chain() -> None:
    result = extract("VCSEL芯片：砂轮划片、台面刻蚀、MOCVD外延", VOCABULARY)
    assert ids(result["techniques"]) == [
        "epitaxy.mocvd",
        "etching.waveguide-mesa",
        "singulation.blade-dicing",
    ]


def test_a_value_out_of_all_range_is_asked_about() -> None:
    result = extract("光刻，最小线宽130mm", VOCABULARY)
    assert [q["code"] for q in result["questions"]] == ["unlikely-value"]


def test_background_and_purpose_are_not_asked_for() -> None:
    result = extract(
        "【背景】我司已有封装线，光模块速率800G。\n【需求】面向光通信的DFB激光器芯片，"
        "需要端面镀膜，2片。",
        VOCABULARY,
    )
    assert ids(result["techniques"]) == ["facet"]
    assert not result["parameters"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("年底前完成光刻", "2026-12-31"),
        ("今年6月底前完成光刻", "2026-06-30"),
        ("明年一季度前完成光刻", "2027-03-31"),
        ("9月15日前完成光刻", "2026-09-15"),
        ("lithography by end of September 2026", "2026-09-30"),
        ("lithography before 15 March 2027", "2027-03-15"),
        ("光刻，2026-08-01前交付", "2026-08-01"),
    ],
)
def test_dates_count_from_the_posting_date(text: str, expected: str) -> None:
    assert extract(text, VOCABULARY, POSTED)["deadline"]["value"] == expected


@pytest.mark.parametrize(
    ("text", "op", "value", "currency"),
    [
        ("预算50万元", "le", 500000, "CNY"),
        ("预算五万以内", "le", 50000, "CNY"),
        ("经费30~40万元", "between", [300000, 400000], "CNY"),
        ("预算约1,200,000元", "approx", 1200000, "CNY"),
        ("budget around 60 000 EUR", "approx", 60000, "EUR"),
        ("cost up to $45,000", "le", 45000, "USD"),
        ("預算新台幣200萬元以內", "le", 2000000, "TWD"),
    ],
)
def test_budgets(text: str, op: str, value: Any, currency: str) -> None:
    found = extract(text, VOCABULARY)["budget"]
    assert (found["op"], found["value"], found["currency"]) == (op, value, currency)


@pytest.mark.parametrize(
    "text", ["单价不高于3元/颗", "800元/小时", "注册资本5000万元", "2026年", "无"]
)
def test_what_is_no_budget(text: str) -> None:
    assert extract(text, VOCABULARY)["budget"] is None


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("阵列规模1920×1080的Micro LED巨量转移", "pixel-count", 1920 * 1080),
        ("8×1024像素的探测器阵列倒装", "pixel-count", 8 * 1024),
        ("注入剂量5×1014cm-2的离子注入", "implant-dose", 5e14),
        ("掺杂浓度1.25×1018cm-3的外延", "doping-concentration", 1.25e18),
        ("掺杂浓度3x10¹⁸cm⁻³的外延", "doping-concentration", 3e18),
    ],
)
def test_a_grid_is_no_power_of_ten(text: str, name: str, value: float) -> None:
    found = {p["id"]: p["value"] for p in extract(text, VOCABULARY)["parameters"]}
    assert found[name] == value
