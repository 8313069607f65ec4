"""Texts are brought to one spelling, and every character knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.vocabulary.normalize import default_normaliser, key, normalize, normalize_text

ALPHABET = st.text(
    alphabet=st.sampled_from(
        list("光刻雷射磊晶微影響量測試8吋６英寸μm²⁻１２３.,-–—~ abcFibre①℃≦\n\u200b😀")
    )
)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("８吋矽光子晶圓", "8英寸硅光晶圆"),
        ("電子束微影", "电子束光刻"),
        ("雷射二極體", "激光二极管"),
        ("晶圓接合後移除基板", "晶圆键合后移除衬底"),
        ("１５５０ｎｍ", "1550nm"),
        ("位错密度≤1×10⁵cm⁻²", "位错密度≤1×10^5cm-2"),
        ("工作温度 –40℃—85℃", "工作温度 -40°C~85°C"),
        ("4–8英寸", "4~8英寸"),
        ("Mach–Zehnder", "Mach-Zehnder"),
        ("Fibre attach, metallisation", "Fiber attach, metallization"),
        ("flipchip litography", "flip chip lithography"),
        ("刻饰与藕合", "刻蚀与耦合"),
        ("在 6英寸 SiN 晶圆", "在6英寸SiN晶圆"),
        ("6” wafer", '6" wafer'),
    ],
)
def test_one_spelling(written: str, plain: str) -> None:
    assert normalize_text(written) == plain


@pytest.mark.parametrize(
    "text",
    [
        "激光达到70mW",
        "轻微影响",
        "批量测试",
        "控制程度",
        "显微影像",
        "稳健合作",
        "过渡膜",
        "定制程序",
        "涂覆晶圆",
    ],
)
def test_words_that_only_look_like_regional_ones_stay(text: str) -> None:
    assert normalize_text(text) == text


def test_words_of_taiwan_are_mapped_only_in_a_text_from_there() -> None:
    assert normalize_text("晶片减薄") == "晶片减薄"
    assert normalize_text("雷射晶片") == "激光芯片"
    assert default_normaliser().key("基板移除", taiwan=True) == "衬底移除"


def test_the_key_of_a_term_forgets_case_hyphens_and_blanks_beside_chinese() -> None:
    assert key("E-beam Lithography") == key("e beam lithography")
    assert key("AR 镀膜") == key("ar镀膜")


@given(ALPHABET)
@settings(max_examples=200, deadline=None)
def test_every_span_points_into_the_source(text: str) -> None:
    normal = normalize(text)
    assert len(normal.text) == len(normal.starts) == len(normal.ends)
    assert list(normal.starts) == sorted(normal.starts)
    for at in range(len(normal.text)):
        start, end = normal.span(at, at + 1)
        assert 0 <= start < end <= len(text)


@given(ALPHABET)
@settings(max_examples=100, deadline=None)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalize_text(text)
    assert normalize_text(normalize_text(once)) == normalize_text(once)


def test_spans_cover_what_was_replaced() -> None:
    text = "用面射型雷射做8吋"
    normal = normalize(text)
    at = normal.text.index("垂直腔面发射激光器")
    start, end = normal.span(at, at + len("垂直腔面发射激光器"))
    assert text[start:end] == "面射型雷射"


@pytest.mark.parametrize("text", ["", "\x00", "\ud800", "a\u200bb", "\u202eabc\u202c", "😀" * 50])
def test_hostile_characters_do_no_harm(text: str) -> None:
    normal = normalize(text)
    normal.text.encode("utf-8")
    assert "\x00" not in normal.text


REPLACED = st.lists(
    st.sampled_from((
        "雷射", "晶片", "磊晶", "鍵結", "矽光子", "Vapour", "fibre", "CHARACTERISATION",
        "localisation", "waveguid", "lithograhpy", "licence", "元件", "面射型雷射",
        " ", "，", "x", "8", "⁻³", "10",
    )), max_size=12,
).map("".join)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(
    st.one_of(REPLACED, ALPHABET, st.text(), st.text(alphabet=st.characters())),
    st.none() | st.booleans(),
)
def test_the_text_alone_is_the_text_with_its_places(text: str, taiwan: bool | None) -> None:
    normaliser = default_normaliser()
    assert normaliser.text(text, taiwan=taiwan) == normaliser.normalize(text, taiwan=taiwan).text
