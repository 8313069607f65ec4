"""The page that explains the rules is the one their tables make."""

from __future__ import annotations

from pathlib import Path

from collab.matching.rules import RULES
from collab.matching.score import WEIGHTS
from collab.routing.explained import explanation
from collab.vocabulary.catalog import load_vocabulary

PAGE = Path(__file__).parents[2] / "docs" / "matching-rules.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == explanation(load_vocabulary())


def test_every_rule_and_weight_is_on_the_page_in_both_languages() -> None:
    page = explanation(load_vocabulary())
    for rule in RULES:
        assert rule.zh in page
        assert rule.en in page
    for weight in WEIGHTS.values():
        assert weight.reads_zh in page
    assert "提供至 100 mm" in page
    assert "needs 150 mm, offers up to 100 mm" in page
    for rule in load_vocabulary().rules:
        assert rule.reason_en in page
