"""The analyser: what looks different and means the same becomes the same."""

from __future__ import annotations

from collections import Counter

import opencc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.search.analysis import (
    canonical,
    fold,
    grams,
    grams_of,
    phrase_grams,
    stem,
    tokens,
    words,
    words_of,
)
from collab.search.concepts import default_recogniser
from collab.search.cutting import CutText, is_han
from collab.search.impact import IMPACTS, K1, LEVEL, MOST_COUNTED, B, levelled
from collab.search.measures import measures
from collab.vocabulary.normalize import normalize_text
from tests import slow_analyser

MIXED = st.text(st.sampled_from("电子束光刻矽光子微影磊晶 ab-XYZ0189.英寸μm/，\"'"), max_size=40)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("電子束曝光", "电子束曝光"), ("ＥＢＬ", "ebl"), ("矽光子", "硅光"), ("磊晶", "外延"),
        ("8英寸", "8 吋"), ("fibre", "fiber"), ("Lithographies", "lithography"),
        ("waveguides", "waveguide"), ("e-beam", "E—beam"),
    ],
)  # fmt: skip
def test_spellings_of_the_same_thing_become_the_same_words(one: str, other: str) -> None:
    assert set(words(other)) <= set(words(one)) or set(words(one)) <= set(words(other))


@pytest.mark.parametrize(
    "text",
    [
        "8英寸",
        "8 英寸",
        "8寸",
        "8吋",
        "8-inch",
        "8 inches",
        '8"',
        "200mm",
        "200 mm",
        "200毫米",
        "20 cm",
    ],
)
def test_a_wafer_size_is_one_token_however_it_is_written(text: str) -> None:
    found = list(measures(fold(text)))
    assert [(m.token, m.wafer_mm) for m in found] == [("#2e+08nm", 200)]
    assert "#2e+08nm" in words(text)


def test_lists_of_sizes_give_each_size() -> None:
    assert [m.wafer_mm for m in measures(fold("4/6/8英寸"))] == [100, 150, 200]
    assert [m.wafer_mm for m in measures(fold("6、8 英寸"))] == [150, 200]
    assert [m.token for m in measures(fold("0.1 μm 与 100nm"))] == ["#100nm", "#100nm"]


def test_numbers_that_are_no_measures_stay_plain() -> None:
    assert list(measures(fold("GR-468 180 工艺 3 interfaces"))) == []
    assert "0.18" in words("0.18")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("GR-468", {"gr", "468", "gr468"}),
        ("Si3N4", {"si3n4"}),
        ("800G", {"800g"}),
        ("III-V", {"iiiv"}),
    ],
)
def test_codes_are_found_whole_and_in_parts(code: str, expected: set[str]) -> None:
    assert expected <= set(words(code))


def test_domain_terms_stay_whole_and_any_two_characters_can_be_found() -> None:
    assert "电子束光刻" in words("电子束光刻机")
    for pair in ("子束", "束光", "刻机"):
        assert pair in grams("电子束光刻机")


def test_no_word_is_dropped() -> None:
    assert words("to be or not to be")[:6] == ["to", "be", "or", "not", "to", "be"]
    assert "的" in words("的")


def test_a_phrase_asks_for_neighbours_only() -> None:
    assert phrase_grams("电子束") == [(0, "电子"), (1, "子束")]
    assert phrase_grams("8英寸硅光") == [(0, "8"), (1, "英寸"), (2, "寸硅"), (3, "硅光")]
    assert phrase_grams("，。") == []


@given(MIXED, MIXED)
@settings(max_examples=150, deadline=None)
def test_every_phrase_of_a_text_stands_in_its_grams(before: str, after: str) -> None:
    inner = "电子束光刻 e beam"
    line = grams(f"{before} {inner} {after}")
    wanted = phrase_grams(inner)
    assert any(
        all(at + k < len(line) and line[at + k] == gram for k, gram in wanted)
        for at in range(len(line))
    )


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_tokens_lie_inside_the_text_and_positions_never_fall(text: str) -> None:
    folded = fold(text)
    found = tokens(text)
    assert all(0 <= t.start < t.end <= len(folded) and t.text for t in found)
    starts = [(t.start, t.position) for t in found if not t.text.startswith("#")]
    assert [p for _, p in sorted(starts)] == sorted(p for _, p in starts)
    assert set(words_of(folded)) == {t.text for t in found}


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_the_canonical_line_points_back_into_the_text(text: str) -> None:
    folded = fold(text)
    line, places = canonical(folded)
    assert len(places) == len(line) + 1
    assert all(0 <= at <= len(folded) for at in places)


def test_traditional_and_simplified_queries_are_the_same_words() -> None:
    to_traditional = opencc.OpenCC("s2t")
    for text in (
        "低损耗氮化硅波导",
        "光纤阵列耦合封装",
        "台湾大学发展历史",
        "中国电影导演的后期作品",
    ):
        assert words(to_traditional.convert(text)) == words(text)


def test_stems_leave_codes_alone() -> None:
    assert stem("etching") == stem("etched") == "etch"
    assert stem("mocvd") == "mocvd"
    assert stem("x1") == "x1"


@given(st.one_of(MIXED, st.text(max_size=80)))
@settings(max_examples=400, deadline=None)
def test_what_is_fast_says_what_is_easy_to_read(text: str) -> None:
    for folded in (fold(text), text):  # also text that nobody has folded
        assert words_of(folded) == slow_analyser.words_of(folded)
        assert grams_of(folded) == slow_analyser.grams_of(folded)
        assert canonical(folded) == slow_analyser.line_of(folded)


SPOKEN = st.lists(
    st.sampled_from(
        ("电子束光刻", "EBL", "硅光", "SiN", "测试", "探测器", "键合", "wire bonding", "GaN", "InP",
         "金丝键合", "polishing", "抛光", "激光刻蚀", "光刻", "PL", "可靠性", "8英寸", "，",
         " ", "\n", "LPCVD", "氮化硅", "波导", "fab", "老化", "foundry", "流片", "x")
    ), max_size=14,
).map("".join)  # fmt: skip


@given(st.one_of(SPOKEN, MIXED, st.text(max_size=60)))
@settings(max_examples=400, deadline=None)
def test_a_document_is_read_like_any_text_only_without_places(text: str) -> None:
    recogniser = default_recogniser()
    normal = normalize_text(text)
    found = recogniser.find_normal(normal)
    quick = recogniser.spoken_of(normal, CutText(normal.lower()))
    assert [ids for ids, _ in quick] == [concept.ids for concept in found]
    written = normal if len(normal) == len(normal.lower()) else normal.lower()
    for (_, short), concept in zip(quick, found, strict=True):
        assert short in ("", written[concept.start : concept.end])
        if not short:
            assert is_han(written[concept.start : concept.end].replace(" ", ""))


@given(st.lists(st.sampled_from(("硅光", "光刻", "laser", "wafer")), max_size=90))
@settings(max_examples=100, deadline=None)
def test_stored_impacts_are_those_of_bm25_within_a_step(written: list[str]) -> None:
    counts = Counter(written)
    norm = K1 * (1 - B + B * len(written) / 20.0)
    rows = [" ".join(w for w, n in counts.items() if n == times) for times in range(1, 91)]
    terms = levelled(rows, len(written), 20.0).split(" ") if written else []
    for term in terms:
        word, _, letter = term.partition(LEVEL)
        exact = (
            min(counts[word], MOST_COUNTED) * (K1 + 1) / (min(counts[word], MOST_COUNTED) + norm)
        )
        assert IMPACTS[letter] == pytest.approx(exact, rel=0.08)
    assert len(terms) == len(counts)
