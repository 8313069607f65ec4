"""Queries as people write them, understood without guessing and without failing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.search.facets import BY_NAME, FACETS, SORTS
from collab.search.highlight import Marker, cut_at
from collab.search.places import Gazetteer
from collab.search.plan import TAG, Atom, Phrase, Range
from collab.search.query import QueryParser, SearchQuery, plain_plan
from collab.search.spelling import Speller, distance
from collab.search.syntax import take_apart

PARSER = QueryParser(places={"武汉": "CN-42-WH", "Shanghai": "CN-31"})


def conditions(text: str) -> list[tuple[str, float | None, float | None]]:
    return [(c.parameter, c.low, c.high) for c in PARSER.parse(SearchQuery(text)).conditions]


@pytest.mark.parametrize(
    ("text", "parameter", "low", "high"),
    [
        ("线宽<=200nm", "min-feature", None, 200.0), ("线宽 ≤ 0.2 μm", "min-feature", None, 200.0),
        ("线宽小于200纳米的电子束光刻", "min-feature", None, 200.0),
        ("線寬不超過200奈米", "min-feature", None, 200.0),
        ("带宽≥67GHz", "eo-bandwidth", 67.0, None),
        ("带宽至少 0.067 THz", "eo-bandwidth", 67.0, None),
        ("波长1500~1600nm", "wavelength", 1500.0, 1600.0),
        ("损耗<0.1dB/cm", "propagation-loss", None, 0.1),
    ],
)  # fmt: skip
def test_numbers_with_operators_become_ranges(
    text: str, parameter: str, low: float | None, high: float | None
) -> None:
    found = PARSER.parse(SearchQuery(text))
    assert len(found.plan.ranges) == 1
    wanted = found.plan.ranges[0]
    assert parameter in (wanted.parameter, *wanted.also)
    assert (wanted.low, wanted.high) == pytest.approx((low, high))


def test_a_number_without_operator_is_a_wish_not_a_filter() -> None:
    found = PARSER.parse(SearchQuery("波长 1550nm 调制器"))
    assert found.plan.ranges == ()
    assert found.conditions[0].parameter == "wavelength"
    assert found.conditions[0].low == pytest.approx(1550, abs=0.01)


def test_units_decide_between_parameters_of_the_same_name() -> None:
    assert conditions("线宽<100kHz")[0][0] == "laser-linewidth"
    assert conditions("线宽<100nm")[0][0] == "min-feature"
    assert conditions("线宽<100 bananas") == []


def test_wafer_sizes_become_nominal_classes() -> None:
    for text in ("wafer:200", "wafer:8寸", "晶圆:8inch", "wafer:200mm", "Wafer：８英寸"):
        assert PARSER.parse(SearchQuery(text)).plan.filters["wafer"] == ("200",)
    assert PARSER.parse(SearchQuery("晶圆直径>=150mm")).plan.filters["wafer"] == (
        "150",
        "200",
        "300",
    )


def test_fields_take_labels_synonyms_and_names() -> None:
    parsed = PARSER.parse(SearchQuery("technique:电子束曝光 材料:硅光 region:武汉 -kind:need"))
    assert parsed.plan.filters == {
        "technique": ("lithography.ebl",), "material": ("soi",), "region": ("CN-42-WH",),
    }  # fmt: skip
    assert parsed.plan.exclude == (Atom(TAG, "kind:need", flat=True),)
    assert take_apart("https://x.y").fields == []


def test_phrases_and_exclusions_are_taken_out_of_the_words() -> None:
    syntax = take_apart('“低损耗” 波导 -湿法 -"wet etch" e-beam -5')
    assert syntax.phrases == ["低损耗"]
    assert syntax.excluded == ["wet etch", "湿法"]
    assert "e-beam" in syntax.text
    assert "-5" in syntax.text
    exclude = PARSER.parse(SearchQuery("刻蚀 -湿法刻蚀")).plan.exclude
    assert Atom(TAG, "technique:etching.wet", flat=True) in exclude
    assert any(isinstance(part, Phrase) for part in exclude)


def test_a_natural_question_is_its_content() -> None:
    question = PARSER.parse(SearchQuery("请问哪里能做8英寸硅光流片？"))
    keywords = PARSER.parse(SearchQuery("8英寸 硅光 流片"))
    assert [e.ids for e in question.expansions] == [e.ids for e in keywords.expansions]
    assert question.plan.some == keywords.plan.some


def test_the_report_says_what_was_expanded_and_never_broadens() -> None:
    parsed = PARSER.parse(SearchQuery("外延"))
    expansion = parsed.expansions[0]
    assert expansion.ids == ("epitaxy",)
    assert "epitaxy.mocvd" in expansion.narrower
    narrow = PARSER.parse(SearchQuery("MOCVD"))
    terms = {p.term for g in narrow.plan.some for p in g.parts if isinstance(p, Atom)}
    assert "technique:epitaxy" not in terms
    assert PARSER.parse(SearchQuery("外延", expand=False)).expansions == ()


def test_an_abbreviation_of_something_else_does_not_match_alone() -> None:
    parsed = PARSER.parse(SearchQuery("混合键合 HBM"))
    enough = {p.term for g in parsed.plan.some for p in g.parts if isinstance(p, Atom)}
    assert "technique:bonding.hybrid" in enough
    assert "technique:test.esd" not in enough


def test_ambiguous_words_follow_their_neighbours() -> None:
    def meaning(text: str) -> list[tuple[str, ...]]:
        return [c.ids for c in PARSER.recogniser.find(text, query=True)]

    assert ("facet",) in meaning("端面 镀膜")
    assert ("deposition",) in meaning("镀膜")
    assert ("packaging.wire-bond",) in meaning("金丝 键合")


def test_short_terms_do_not_cut_through_words_and_punctuation_parts_terms() -> None:
    def ids(text: str) -> list[str]:
        return [i for c in PARSER.recogniser.find(text, query=True) for i in c.ids]

    assert "lithography" not in ids("激光刻蚀")
    assert "etching" in ids("激光刻蚀")
    assert "silicon" not in ids("二氧化硅")
    assert "silicon" in ids("键合到硅上")
    assert ids("红外探测器") == []
    assert "test.responsivity" in ids("测一下探测器响应度")
    assert "bonding" not in ids("晶圆，键合金丝")


@given(st.text(max_size=120))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_a_plan(text: str) -> None:
    parsed = PARSER.parse(SearchQuery(text))
    assert parsed.plan.minimum >= 1
    plain_plan(text)


def test_every_facet_and_sort_has_both_languages_and_its_own_names() -> None:
    for row in (*FACETS.values(), *SORTS.values()):
        assert row.zh
        assert row.en
    names = [name for facet in FACETS.values() for name in facet.names]
    assert len(names) == len(set(names)) == len(BY_NAME)


def test_places_are_known_by_name_and_short_codes_only_where_asked() -> None:
    places = Gazetteer({"湖北省": "CN-42", "India": "IN", "IN": "IN", "上海市": "CN-31"})
    assert [p.codes for p in places.found("湖北 硅光")] == [("CN-42",)]
    assert [p.codes for p in places.found("上海市的光刻")] == [("CN-31",)]
    assert places.found("bonding in silicon") == []
    assert places.codes("IN") == ("IN",)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("QSFP", ["packaging.pluggable-module"]), ("qsfp", ["packaging.pluggable-module"]),
        ("谁能做 C4？", ["packaging.bumping"]), ("WB", ["packaging.wire-bond"]),
        ("LAB", ["packaging.thermocompression-flip-chip"]), ("open lab", []), ("sip of tea", []),
        ("混合键合 HBM", ["bonding.hybrid"]),
    ],
)  # fmt: skip
def test_an_abbreviation_alone_is_a_term_unless_it_is_an_ordinary_word(
    text: str, ids: list[str]
) -> None:
    parsed = PARSER.parse(SearchQuery(text))
    assert [i for e in parsed.expansions for i in e.ids] == ids


# ---- spelling

SPELLER = Speller(PARSER.vocabulary, PARSER.recogniser)


def nothing(_: str) -> bool:
    return False


def none_seen(_: str) -> list[str]:
    return []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lithograhpy", "lithography"), ("elctron beam", "electron beam"),
        ("电子数光刻", "电子束光刻"), ("电束光刻", "电子束光刻"),
        ("光纤阵列偶合", "光纤阵列耦合"), ("grapheme", "graphene"), ("再布层", "再分布层"),
        ("二成次長", "二次成长"), ("quantmu-well design", "quantum-well design"),
    ],
)  # fmt: skip
def test_unknown_words_are_put_right(typed: str, meant: str) -> None:
    assert SPELLER.correct(typed, nothing, nothing, none_seen) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "铌酸锂薄膜流片", "激光隐切划片", "专利许可和技术经纪", "EBL", "MOCVD外延代工",
        "where can I etch", "哪里可以提供平行封焊服务", "提供回流焊服务", "设计外包服务",
        "成果转让服务", "薄膜铌酸锂服务", "is there a good line for this wave problem",
        "how is the boundary layer detected in wind tunnels", "has anyone formally shown it",
    ],
)  # fmt: skip
def test_what_the_vocabulary_explains_is_left_alone(typed: str) -> None:
    assert SPELLER.correct(typed, nothing, nothing, none_seen) is None


def test_what_is_not_corrected_keeps_its_capitals() -> None:
    corrected = SPELLER.correct("LAB lithograhpy", nothing, nothing, none_seen)
    assert corrected == "LAB lithography"


def test_words_that_readers_see_are_never_errors() -> None:
    assert SPELLER.correct("grapheme", lambda w: w == "grapheme", nothing, none_seen) is None
    assert SPELLER.correct("电子数光刻", nothing, lambda _: True, none_seen) is None


@given(st.text("abcd", max_size=6), st.text("abcd", max_size=6))
def test_distance_is_symmetric_and_bounded(a: str, b: str) -> None:
    assert distance(a, b, 6) == distance(b, a, 6)
    assert (distance(a, b, 6) == 0) == (a == b)
    assert distance(a, b, 1) in (distance(a, b, 6), 2)


def test_swapped_neighbours_are_one_edit() -> None:
    assert distance("lithograhpy", "lithography", 2) == 1


# ---- highlights


def test_marks_show_the_original_spelling() -> None:
    marker = Marker(["电子束光刻", "lithography", "200mm"])
    assert marker.mark("支援電子束微影。") == [("支援", False), ("電子束微影", True), ("。", False)]
    assert marker.mark("Lithographies <b>") == [("Lithographies", True), (" <b>", False)]
    assert Marker([]).mark("x") == [("x", False)]


def test_a_snippet_shows_the_marked_place_of_a_long_text() -> None:
    text = "前" * 500 + "低损耗波导" + "后" * 500
    pieces = Marker(["低损耗波导"]).snippet(text)
    assert ("低损耗波导", True) in pieces
    assert pieces[0] == pieces[-1] == ("…", False)
    assert sum(len(t) for t, _ in pieces) < 200


@given(st.text(max_size=80), st.lists(st.text("光刻电ab", min_size=1, max_size=3), max_size=4))
@settings(max_examples=200, deadline=None)
def test_pieces_joined_are_the_text(text: str, spellings: list[str]) -> None:
    assert "".join(t for t, _ in Marker(spellings).mark(text)) == text


def test_pieces_never_overlap() -> None:
    assert cut_at("abcdef", [(0, 2), (1, 3), (5, 6)]) == [
        ("ab", True), ("c", True), ("de", False), ("f", True),
    ]  # fmt: skip


def test_ranges_of_a_click_join_those_of_the_text() -> None:
    parsed = PARSER.parse(SearchQuery("线宽<=200nm", ranges=(Range("wavelength", 1300, 1600),)))
    assert [r.parameter for r in parsed.plan.ranges] == ["min-feature", "wavelength"]
