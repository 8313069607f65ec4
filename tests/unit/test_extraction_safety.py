"""Whatever is pasted, reading it ends soon, says what it left out, and stays plain data."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.needs.extraction import MAX_CHARS, extract, grammar
from collab.search import concepts
from collab.vocabulary.catalog import load_vocabulary

VOCABULARY = load_vocabulary()
KEYS = {
    "techniques", "techniques_any_of", "optional_techniques", "excluded_techniques", "materials",
    "excluded_materials", "parameters", "quantity", "deadline", "budget", "trl", "region",
    "confidentiality", "chain", "not_understood", "questions",
}  # fmt: skip
PIECES = [
    "1",
    "一",
    "1 ",
    "111,",
    "1nm,",
    "(",
    "()",
    "线宽10nm ",
    "光刻",
    "不要光刻、",
    "not ",
    "【背景】\n",
    "one two ",
    "数量10片",
    "2026年",
    "1–",
    "预算1万元",
    "10 a b c wafers ",
    "1×",
    "面向",
    "a1",
    "~",
    "≤",
    "\n",
]


def read(text: str) -> dict[str, Any]:
    result = extract(text, VOCABULARY)
    assert set(result) == KEYS
    json.dumps(result).encode()
    return result


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n",
        "\x00",
        "\ud800 光刻",
        "😀" * 100,
        "\u202e光刻\u202c",
        "<script>光刻</script>",
        "'; drop table --",
        "%s%n{}",
    ],
)
def test_hostile_text_is_only_text(text: str) -> None:
    read(text)


def test_a_right_to_left_override_does_not_move_the_marks() -> None:
    text = "\u202e需要光刻\u202c，线宽≤10nm"
    result = read(text)
    assert text[slice(*result["techniques"][0]["span"])] == "光刻"
    assert "线宽" in text[slice(*result["parameters"][0]["span"])]


def test_a_text_too_long_is_read_in_part_and_says_so() -> None:
    result = read("光刻，线宽≤180nm。" + "好" * 1_000_000)
    assert [t["id"] for t in result["techniques"]] == ["lithography"]
    assert any(q["code"] == "text-too-long" for q in result["questions"])
    rest = result["not_understood"][-1]
    assert rest["reason"] == "too-long"
    assert rest["span"] == [MAX_CHARS, 1_000_000 + len("光刻，线宽≤180nm。")]


def _operations(text: str) -> int:
    """How many Python and C functions are entered while a text is read."""
    count = 0

    def counting(_frame: FrameType, event: str, _arg: Any) -> None:
        nonlocal count
        if event in ("call", "c_call"):
            count += 1

    sys.setprofile(counting)
    try:
        extract(text, VOCABULARY)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("piece", PIECES, ids=repr)
def test_work_grows_no_faster_than_the_text(piece: str) -> None:
    read(piece)
    short, long = (piece * 2000)[:300], (piece * 2000)[:1200]
    assert _operations(long) <= 6 * _operations(short) + 2000


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    result = read(text)
    for kind in ("techniques", "materials", "parameters", "not_understood"):
        for item in result[kind]:
            assert 0 <= item["span"][0] <= item["span"][1] <= len(text)


@given(
    st.lists(
        st.sampled_from([*PIECES, "GHz", "dB", "以上", "±", "万", "元", "，", "。", "6英寸"]),
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_mixture_of_pieces_can_be_read(pieces: list[str]) -> None:
    read("".join(pieces))


class Contested(dict[Any, Any]):
    """A store from which another thread takes the oldest entry while this one looks at it."""

    def __iter__(self) -> Iterator[Any]:
        found = list(super().__iter__())
        for key in found[:1]:
            dict.pop(self, key, None)
        return iter(found)


def test_a_kept_reading_of_the_vocabulary_may_vanish_while_another_is_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module, name, maker, make in (
        (grammar, "_compiled", "Grammar", grammar.grammar_of),
        (concepts, "_made", "Recogniser", concepts.recogniser_of),
    ):
        kept = Contested({(f"v{n}", n): object() for n in range(6)})
        monkeypatch.setattr(module, name, kept)
        monkeypatch.setattr(module, maker, lambda _vocabulary: "made")
        found: Any = make(VOCABULARY)
        assert found == "made"
        assert len(kept) <= 4
        assert make(VOCABULARY) is found
