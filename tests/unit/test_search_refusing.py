"""What a query does not want, in many ways of saying it, and what only looks like it."""

from __future__ import annotations

from itertools import product

import pytest

from collab.search.query import QueryParser, SearchQuery
from collab.search.sounds import sound_alike

PARSER = QueryParser()
PAIRS_ZH = [("光刻", "接触式光刻"), ("刻蚀", "ICP刻蚀"), ("封装", "打金线"), ("外延", "MBE")]
PAIRS_EN = [("lithography", "e-beam lithography"), ("etching", "wet etching"), ("foundry", "MPW")]
WAYS_ZH = [
    "{a}，不要{b}", "{a} 不要{b}", "要{a}不要{b}", "不要{b}，要{a}", "除{b}外的{a}",
    "除了{b}的{a}", "{b}以外的{a}", "{a}，{b}除外", "{a}（不含{b}）", "{a}，{b}不要",
    "{a}，不用{b}", "{a}，不考虑{b}", "{a}不接受{b}", "{a}，无需{b}", "{a}，{b}不需要",
    "{a}，别给我{b}", "{a}，拒绝{b}", "{a}但{b}就不必了", "{a}，{b}一律不要", "没有{b}的{a}",
    "不是{b}的{a}", "{a}，排除{b}", "{a}，跳过{b}", "{a}，{b}的就算了",
]  # fmt: skip
WAYS_EN = [
    "{a} without {b}", "{a}, no {b}", "{a} except {b}", "{a} other than {b}", "{a} but not {b}",
    "{a}, {b} is not needed", "{a} - {b} not required", "{a} instead of {b}", "{a} rather than {b}",
    "{a}, don't want {b}", "non-{b} {a}", "not interested in {b}, {a} only", "{a} w/o {b}",
    "no {b}: {a}", "{a}, {b} excluded", "{a}, leaving out {b}",
]  # fmt: skip


def read(text: str) -> tuple[set[str], set[str]]:
    """The terms that a query asks for, and those it refuses."""
    parsed = PARSER.parse(SearchQuery(text))
    wanted = {term for e in parsed.expansions for term in e.ids}
    return wanted, {term for one in parsed.refused for term in one.ids}


@pytest.mark.parametrize(
    ("way", "pair"), [*product(WAYS_ZH, PAIRS_ZH), *product(WAYS_EN, PAIRS_EN)]
)  # fmt: skip
def test_what_is_refused_is_told_from_what_is_asked(way: str, pair: tuple[str, str]) -> None:
    a, b = pair
    assert read(way.format(a=a, b=b)) == (read(a)[0], read(b)[0])


@pytest.mark.parametrize(
    "text",
    [
        "分别做刻蚀和镀膜", "去除衬底", "有没有光刻", "工业级别 封装", "除了光刻还要刻蚀",
        "非要光刻", "光刻之外还需要刻蚀", "离不开光刻", "非晶硅 PECVD", "识别光刻", "没有光刻",
        "we cannot do lithography", "why not use EBL", "lithography and also etching",
        "not only lithography but also etching",
    ],
)  # fmt: skip
def test_nothing_is_refused_by_words_that_only_look_like_it(text: str) -> None:
    wanted, refused = read(text)
    assert wanted
    assert not refused


def test_a_refused_word_tells_nothing_of_what_the_rest_means() -> None:
    assert read("氮化硅流片 不要MPW") == ({"sin", "foundry"}, {"foundry.mpw"})
    assert read("MPW流片")[0] == {"foundry.mpw"}


def test_what_is_asked_for_is_not_left_out_by_refusing_what_is_above_it() -> None:
    asked, refused = read("we don't need packaging, only wire bonding")
    assert (asked, refused) == ({"packaging.wire-bond"}, set())
    assert read("packaging, no wire bonding")[1] == {"packaging.wire-bond"}


def test_of_several_meanings_the_refused_one_goes() -> None:
    asked, refused = read("bonding except wire bonding")
    assert "bonding" in asked
    assert "packaging.wire-bond" not in asked
    assert refused == {"packaging.wire-bond"}


def test_a_word_that_is_not_understood_can_follow_the_refusal() -> None:
    assert read("封装 不要某某") == ({"packaging"}, set())
    assert read("光刻，封装不要") == ({"lithography"}, {"packaging"})


def test_a_number_beside_it_can_tell_that_a_word_is_no_term() -> None:
    assert "packaging.box" not in read("BOX 2um 220nm SOI")[0]
    assert "packaging.box" in read("BOX封装")[0]


def test_both_of_a_pair_are_refused_but_after_a_comma_only_the_last() -> None:
    assert read("刻蚀和镀膜除外")[1] == {"etching", "deposition"}
    assert read("光刻，刻蚀除外") == ({"lithography"}, {"etching"})


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Raith 电子束", {"lithography.ebl"}), ("20nm线条电子束", {"lithography.ebl"}),
        ("电子束镀铝膜", {"deposition.ebeam-evaporation"}), ("EVG 键合机", {"bonding"}),
        ("键合机", {"bonding", "packaging.wire-bond"}),
        ("电子束", {"lithography.ebl", "deposition.ebeam-evaporation"}),
        ("外延片检测", {"metrology"}), ("外延片", {"wafer.epiwafer"}),
        ("300mm 硅光 晶圆级测试", {"test.wafer-level"}), ("光芯片封测", {"packaging"}),
        ("check against the foundry's design rules", {"foundry", "design.drc"}),
    ],
)  # fmt: skip
def test_words_of_several_meanings_are_told_apart_by_what_stands_beside_them(
    text: str, ids: set[str]
) -> None:
    assert read(text)[0] == ids


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("我们已经有光刻，想找刻蚀", {"etching"}), ("版图画好了，想找流片", {"foundry"}),
        ("版图画好了", {"design.layout"}), ("我们有刻蚀需求", {"etching"}),
        ("we already did the layout, now need a foundry", {"foundry"}),
        ("谁有光刻，刻蚀也要", {"lithography", "etching"}),
    ],
)  # fmt: skip
def test_what_is_there_already_is_not_asked_for(text: str, ids: set[str]) -> None:
    assert read(text)[0] == ids


def test_a_wish_is_known_and_does_not_decide_what_is_found() -> None:
    parsed = PARSER.parse(SearchQuery("InP外延，能做PL测试更好"))
    assert {i for e in parsed.expansions for i in e.ids} == {"inp", "epitaxy", "metrology.pl"}
    decides = {part.term for group in parsed.plan.some for part in group.parts}  # type: ignore[union-attr]
    assert "exact:epitaxy" in decides
    assert "exact:metrology.pl" not in decides


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("刻GaN", {"etching", "gan"}), ("镀200nm金", {"deposition"}),
        ("长SiN", {"deposition", "sin"}), ("长InP", {"epitaxy", "inp"}),
        ("波长SiN", {"sin"}), ("光刻机厂家", {"equipment.supply"}),
        ("封装厂家", {"packaging"}),
    ],
)  # fmt: skip
def test_words_that_only_count_beside_others(text: str, ids: set[str]) -> None:
    asked = read(text)[0]
    assert ids <= asked
    assert ("equipment.supply" in asked) == ("equipment.supply" in ids)
    assert bool(asked & {"etching", "deposition", "epitaxy"}) == bool(
        ids & {"etching", "deposition", "epitaxy"}
    )


def test_characters_that_sound_alike_do_so_both_ways() -> None:
    assert sound_alike("课", "刻")
    assert sound_alike("刻", "课")
    assert not sound_alike("刻", "刻")
    assert not sound_alike("刻", "光")
