"""What is said of each verdict: the words in both languages and the numbers in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from collab.matching.answer import candidate_view
from collab.matching.compare import UNKNOWN
from collab.matching.prepare import prepare_step
from collab.matching.records import Offered
from collab.matching.rules import Judged
from collab.matching.verdicts import judge
from collab.matching.words import figure, full_width, reason
from tests.unit.test_matching_pairs import OFFERS, ORGANISATIONS, PAIRS, VOCABULARY, need_of

REASONS = yaml.safe_load(
    (Path(__file__).parents[1] / "data" / "matching_reasons.yaml").read_text(encoding="utf-8")
)["reasons"]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def shown(row: dict[str, Any], key: str) -> dict[str, Any] | None:
    need = need_of(row, ORGANISATIONS)
    ask = prepare_step(VOCABULARY, need, 0)
    verdict = judge(VOCABULARY, ask, OFFERS[key])
    return None if verdict is None else candidate_view(VOCABULARY, ask, verdict)


@pytest.mark.parametrize(
    "row", REASONS, ids=[f"{i}-{r['offer']}-{r['criterion']}" for i, r in enumerate(REASONS)]
)
def test_labelled_reason(row: dict[str, Any]) -> None:
    view = shown(row["need"], row["offer"])
    assert view is not None
    assert view["class"] == row["class"]
    said = {c["id"]: c for c in view["criteria"]}[row["criterion"]]
    assert said["verdict"] == row["verdict"]
    assert said["hard"] is row.get("hard", True)
    assert said["reason"] == {"zh": row["zh"], "en": row["en"]}
    assert said.get("distance") == row.get("distance")
    if "ask_zh" in row:
        asked = {q["criterion"]: q for q in view["questions"]}[row["criterion"]]
        assert (asked["zh"], asked["en"]) == (row["ask_zh"], row["ask_en"])


def figures_of(value: Any) -> list[float]:
    parts = value if isinstance(value, list | tuple) else [value]
    return [float(p) for p in parts if isinstance(p, int | float) and not isinstance(p, bool)]


@pytest.mark.parametrize(
    ("need", "key", "label"), PAIRS, ids=[f"{n['id']}-{k}" for n, k, _ in PAIRS]
)
def test_every_verdict_of_the_labelled_pairs_is_said_with_its_numbers(
    need: dict[str, Any], key: str, label: list[str]
) -> None:
    view = shown(need, key)
    if view is None:
        assert label[0] == "none"
        return
    questions = {q["criterion"] for q in view["questions"]}
    for entry in view["criteria"]:
        zh, en = entry["reason"]["zh"], entry["reason"]["en"]
        assert CHINESE.search(zh)
        assert not CHINESE.search(en)
        assert not re.search(r"None|nan|\{|\}|\?$", zh + en)
        assert (entry["id"] in questions) is (entry["verdict"] == "unknown")
        asked = entry["asked"]
        if isinstance(asked, dict) and entry["id"] != "wafer-diameter":
            for number in figures_of(asked["value"]):
                assert figure(number) in zh
                assert figure(number) in en
        stated = OFFERS[key].values.get(entry["id"])
        if entry["verdict"] != "unknown" and isinstance(stated, Offered):
            listed = [v for v in (stated.low, stated.high) if v is not None]
            for number in listed:
                assert figure(number) in zh
                assert figure(number) in en
    if view["class"] == "near" and not any(c["id"] == "status" for c in view["criteria"]):
        (offer,) = view["would_fit_if"]
        assert offer["zh"].startswith("若")
        assert offer["zh"].endswith("则符合")
        assert offer["en"].startswith("fits if ")
        missed = {c["id"] for c in view["criteria"] if c["hard"] and c["verdict"] == "misses"}
        assert {a["criterion"] for a in offer["accept"]} == missed


def test_a_deadline_of_months_is_said_in_whole_weeks_that_are_kept() -> None:
    judged = {w: Judged("deadline", UNKNOWN, "lead_not_stated", facts={"asked": w})
              for w in (39.105, 12.857, 8.0, 0.5)}  # fmt: skip
    said = [reason(VOCABULARY, one)["zh"] for one in judged.values()]
    assert said == [f"需要 {w} 周内，未声明交期" for w in ("39", "12", "8", "0.5")]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("只能前进(晶圆→减薄);例外", "只能前进（晶圆→减薄）；例外"), ("SiN (200 nm)", "SiN (200 nm)")],
)
def test_marks_around_chinese_are_full_width(text: str, shown: str) -> None:
    assert full_width(text) == shown
