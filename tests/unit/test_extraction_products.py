"""Steps named by their product, prices of a unit, ranges of dates, refusals and training."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from collab.needs.evaluation import evaluate
from collab.needs.extraction import extract
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()
POSTED = date(2026, 3, 1)


def read(text: str) -> dict[str, Any]:
    return extract(text, VOCABULARY, POSTED)


def techniques(text: str) -> list[str]:
    return [t["id"] for t in read(text)["techniques"]]


def criteria(text: str) -> dict[str, Any]:
    return {p["id"]: p["value"] for p in read(text)["parameters"]}


def test_the_first_journey_has_two_steps() -> None:
    text = (
        "需要在6英寸SiN晶圆上做 800nm 厚低损耗波导，损耗<0.1dB/cm，再做光纤阵列耦合封"
        "装，20 片，8 周内"
    )
    result = read(text)
    assert [t["id"] for t in result["techniques"]] == [
        "waveguide", "packaging.coupling.fiber-array"
    ]  # fmt: skip
    assert result["techniques"][0]["rule"] == "product"
    assert text[slice(*result["techniques"][0]["span"])] == "低损耗波导"


@pytest.mark.parametrize(
    "text",
    [
        "委托制备氮化硅波导，4英寸",
        "Fabricate low-loss SiN waveguides, 4 inch",
        "想加工一批光波导芯片",
    ],
)
def test_making_a_product_asks_for_the_step_named_after_it(text: str) -> None:
    assert techniques(text) == ["waveguide"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我们做波导，需要测插损", ["test.insertion-loss"]),
        ("做光波导器件的公司，求倒装焊服务", ["packaging.flip-chip"]),
        ("现有波导芯片，需要光纤阵列耦合", ["packaging.coupling.fiber-array"]),
        ("做SiN波导，需要PECVD沉积", ["deposition.pecvd"]),
    ],
)
def test_a_product_that_is_only_talked_of_asks_for_nothing(text: str, expected: list[str]) -> None:
    assert techniques(text) == expected


@pytest.mark.parametrize(
    "text", ["电镜检测，每小时800元以内", "光刻加工，单价500元/片", "光刻代工每片不超过2000元"]
)
def test_a_price_of_a_unit_is_no_budget(text: str) -> None:
    assert read(text)["budget"] is None
    assert read(f"{text}，总预算2万元")["budget"]["value"] == 20000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("实施期限：2026年3月至2028年2月。光刻", "2028-02-29"),
        ("执行期2026.03-2027.12，光刻", "2027-12-31"),
        ("自合同签订起18个月内完成光刻", 18),
    ],
)
def test_the_end_of_a_range_and_spans_from_signing_are_due(text: str, value: Any) -> None:
    assert read(text)["deadline"]["value"] == value


def test_a_bare_pitch_belongs_to_what_is_bonded() -> None:
    assert criteria("flip-chip bonding, Pitch 40um") == {"bump-pitch": 40}
    assert criteria("Wire bonding of laser bars, Pitch 60um")["pad-pitch"] == 60
    assert criteria("FA耦合，Pitch 127um")["fiber-pitch"] == 127


def test_depth_thickness_and_temperature_follow_their_step() -> None:
    assert criteria("刻蚀，深300nm") == {"etch-depth": 0.3}
    assert criteria("ALD氧化铝，温度200℃以下") == {"process-temperature": 200}
    assert criteria("PECVD沉积SiO2，厚2um") == {"film-thickness": 2000}


def test_refused_metals_are_criteria() -> None:
    for text in ("刻蚀，不能有金污染", "刻蚀，无金沾污", "etching without gold contamination"):
        assert criteria(text) == {"excluded-materials": "au"}, text
    assert not criteria("刻蚀，不含金属杂质")


def test_our_own_steps_hidden_names_and_training() -> None:
    own = read("由甲方完成减薄，需要光刻")
    assert [(e["id"], e["reason"]) for e in own["excluded_techniques"]] == [("thinning", "own")]
    hidden = read("Our name must not be published. Need dicing.")["confidentiality"]
    assert (hidden["level"], hidden["anonymous"]) == (None, True)
    assert read("需求不对外公开，光刻")["confidentiality"]["level"] == "restricted"
    assert techniques("需要光刻工艺培训，3人") == ["service.training"]
    assert techniques("需要光刻和培训服务") != ["service.training"]


def test_the_heading_of_an_open_call_is_no_step() -> None:
    assert techniques("揭榜挂帅榜单：薄膜铌酸锂调制器刻蚀工艺") == ["etching"]
    assert techniques("需要揭榜挂帅申报辅导") == ["service.project-funding"]


def test_the_second_unseen_set_is_read_well_enough() -> None:
    file = Path(__file__).resolve().parents[1] / "data" / "extraction_second_unseen.yaml"
    loaded = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    report = evaluate(loaded["examples"], VOCABULARY)
    assert report.texts == 16
    assert report.scores["techniques"].f1 >= 0.85
    assert report.scores["parameters"].f1 >= 0.85
