"""Places and exclusions in queries: what is named, what is refused, and what is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.search.exclusions import refused
from collab.search.places import AROUND, COUNTRY, Gazetteer, Place
from collab.search.plan import TAG, Atom
from collab.search.query import QueryParser, SearchQuery

NAMES = {
    "中国": "china", "湖北": "hubei", "武汉": "wuhan", "Wuhan": "wuhan", "武汉光谷": "wuhan-ov",
    "上海": "shanghai", "江苏": "jiangsu", "浙江": "zhejiang", "陕西": "shaanxi", "德国": "germany",
    "Germany": "germany", "美国": "usa", "United States": "usa", "usa": "usa", "法国": "france",
    "广东": "guangdong", "深圳": "shenzhen", "Xi'an": "xian", "四川": "sichuan",
}  # fmt: skip
ABOVE = {
    "wuhan-ov": ("wuhan", "hubei", "china"), "wuhan": ("hubei", "china"), "hubei": ("china",),
    "shanghai": ("china",), "jiangsu": ("china",), "zhejiang": ("china",),
    "shenzhen": ("guangdong", "china"), "guangdong": ("china",),
}  # fmt: skip
PARSER = QueryParser(places=NAMES, above=ABOVE)


def read(text: str, *, places: bool = True) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    parsed = PARSER.parse(SearchQuery(text, places=places))
    return [p.ids for p in parsed.places], [r.ids for r in parsed.refused]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("武汉 封装", [("wuhan",)]), ("武汉市的流片", [("wuhan",)]), ("湖北省 键合", [("hubei",)]),
        ("江浙沪 封装", [("shanghai", "jiangsu", "zhejiang")]),
        ("長三角的矽光", [("shanghai", "jiangsu", "zhejiang")]),
        ("foundry in Germany", [("germany",)]), ("German foundries", [("germany",)]),
        ("InP foundry Europe", [("france", "germany")]), ("MPW in the USA", [("usa",)]),
        ("MPW in the US", [("usa",)]), ("let us bond", []), ("东莞 光模块", [("guangdong",)]),
        ("Ｗｕｈａｎ ICP", [("wuhan",)]), ("Xian etching", [("xian",)]), ("光谷 外延", []),
        ("国内 电子束", [("china",)]), ("polish the facet", []), ("硅光 流片", []),
        ("武汉光谷 外延", [("wuhan-ov",)]), ("上海或武汉 封装", [("shanghai",), ("wuhan",)]),
        ("西南交通大学", []),
    ],
)  # fmt: skip
def test_places_are_read_by_any_of_their_names(text: str, codes: list[tuple[str, ...]]) -> None:
    assert read(text) == (codes, [])
    assert read(text, places=False) == ([], [])


def test_nearer_counts_more_and_a_place_never_more_than_what_is_asked_for() -> None:
    group = Gazetteer(NAMES, ABOVE).group(Place(("wuhan",), 0, 2), 16.0)
    weights = {p.term: p.weight for p in group.parts if isinstance(p, Atom) and p.field == TAG}
    assert weights == {
        "region:wuhan": 16.0, "region:hubei": 16 * AROUND, "region:china": 16 * COUNTRY,
    }  # fmt: skip
    assert group.best, "a house in Wuhan counts once, not for Hubei and China too"
    plan = PARSER.parse(SearchQuery("武汉 封装")).plan
    assert all("region" not in str(one) for one in plan.some), "the technique is what must match"
    alone = PARSER.parse(SearchQuery("武汉")).plan
    assert "region:wuhan" in str(alone.some)
    assert "region:china" not in str(alone.some), "who asks for a place alone means the place"


def test_a_region_filter_knows_groups_and_towns() -> None:
    parsed = PARSER.parse(SearchQuery("region:江浙沪"))
    assert parsed.plan.filters == {"region": ("shanghai", "jiangsu", "zhejiang")}
    assert PARSER.parse(SearchQuery("region:东莞")).plan.filters == {"region": ("guangdong",)}


@pytest.mark.parametrize(
    ("text", "against"),
    [
        ("不要电子束的光刻", [("lithography.ebl", "deposition.ebeam-evaporation")]),
        ("光刻，除了电子束光刻", [("lithography.ebl",)]),
        ("光刻，电子束光刻除外", [("lithography.ebl",)]),
        ("lithography other than EBL", [("lithography.ebl",)]),
        ("etching but not wet etching", [("etching.wet",)]),
        ("MPW without SOI", [("soi",)]), ("MPW，不考虑硅光和氮化硅", [("soi",), ("sin",)]),
        ("除了电子束光刻还要流片", []), ("光刻和电子束光刻", []), ("非要电子束光刻不可", []),
        ("not only EBL", []), ("电子束光刻，不要美国的", [("usa",)]),
        ("国外的电子束光刻", [("china",)]), ("不要国外的流片", []),
        ("foundry outside China", [("china",)]),
    ],
)  # fmt: skip
def test_what_a_query_refuses_is_left_out(text: str, against: list[tuple[str, ...]]) -> None:
    found = read(text)[1]
    assert [set(ids) for ids in found] == [set(ids) for ids in against] or [
        set(a) & set(b) for a, b in zip(found, against, strict=True)
    ] == [set(ids) for ids in found]
    assert len(found) == len(against)
    excluded = str(PARSER.parse(SearchQuery(text)).plan.exclude)
    for ids in found:
        assert all(f":{one}'" in excluded for one in ids)
    assert read(text, places=False)[1] == []


def test_what_is_refused_is_not_asked_for() -> None:
    plan = PARSER.parse(SearchQuery("MPW流片，除了硅光")).plan
    assert "soi" not in str((plan.must, plan.some, plan.extra))
    assert "除了" not in str((plan.some, plan.extra)), "words that refuse are no words to find"


def test_excluding_by_minus_knows_places() -> None:
    assert "region:usa" in str(PARSER.parse(SearchQuery("电子束光刻 -美国")).plan.exclude)


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("不要除了外还非的电子束光刻武汉US not without, 、"), max_size=40))
def test_any_text_is_read_without_an_error_and_stretches_stay_inside(text: str) -> None:
    parsed = PARSER.parse(SearchQuery(text))
    for named in (*parsed.places, *parsed.refused):
        assert named.written
        assert named.ids
    assert refused(text, [(0, len(text))]) in ([True], [False])
