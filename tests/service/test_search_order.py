"""Hits of either engine stand in one order, however many are equal and wherever they lie."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collab.search import tantivy_order, tantivy_view
from collab.search.analysis import is_han, phrase_grams
from collab.search.documents import plain_entry, tie_of
from collab.search.facets import COUNTED
from collab.search.index import SearchIndex
from collab.search.plan import Want
from collab.search.query import SearchQuery
from collab.search.tantivy_fields import NARROW, PROFILED, TOGETHER, bundles, profile_of
from collab.search.tantivy_query import Builder
from collab.search.tantivy_view import View
from tests.service.test_search_index import PARSER, PUBLIC, SYLLABLES, make, random_documents

EQUALS = range(640)


def equal_documents(numbers: range, *labels: str) -> list[Any]:
    return [make(n, title_zh="光刻平台", body="光刻", labels=labels or PUBLIC) for n in numbers]


def pages(index: SearchIndex, sort: str, text: str, size: int = 90) -> list[str]:
    out: list[str] = []
    for offset in range(0, 2 * len(EQUALS), size):
        query = SearchQuery(text, offset=offset, limit=size, sort=sort)
        found = index.search(query, PUBLIC)
        out += [hit.key for hit in found.hits]
        if offset + size >= found.total:
            break
    return out


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_equals_of_several_segments_stand_in_one_order_on_every_page(
    engine: str, tmp_path: Path
) -> None:
    """The order of equal hits is that of their digests: no write of anybody's changes it."""
    index = SearchIndex(tmp_path, engine, PARSER)
    for start in range(0, len(EQUALS), 160):
        index.upsert(equal_documents(EQUALS[start : start + 160]))
    first = make(9_000, title_zh="电子束光刻平台", body="光刻", techniques=("lithography.ebl",))
    index.upsert([first, *equal_documents(range(5_000, 5_300), "org:9")])
    backend: Any = index._fresh()
    if engine == "tantivy":
        assert backend._view.searcher.num_segments > 2
    expected = sorted((f"capability:{n}" for n in EQUALS), key=tie_of)
    for sort in ("relevance", "evidence", "fresh"):
        found = pages(index, sort, "光刻 平台")
        assert [key for key in found if key != first.key] == expected, sort
        assert len(found) == len(expected) + 1
    assert pages(index, "relevance", "电子束光刻")[0] == first.key
    index.delete([f"capability:{n}" for n in range(5_000, 5_200)])
    index.upsert(equal_documents(range(6_000, 6_040), "org:9"))
    assert [k for k in pages(index, "relevance", "光刻 平台") if k != first.key] == expected


@pytest.mark.parametrize("read_all", [0, 1_500])
def test_the_lowest_of_many_equals_are_found_whatever_share_of_the_hits_they_are(
    read_all: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tantivy_order, "_ALL", read_all)
    index = SearchIndex(tmp_path, "tantivy", PARSER)
    better = [make(n, title_zh="光刻 光刻", body="光刻") for n in range(1000, 1230)]
    index.upsert(equal_documents(EQUALS))
    index.upsert(
        [*better, *(make(n, title_zh="光刻", body="封装 " * 40) for n in range(2000, 2600))]
    )
    plan = PARSER.parse(SearchQuery("光刻", expand=False)).plan
    everything = index.execute(plan, PUBLIC, Want(limit=5000)).hits
    by_rank = sorted(everything, key=lambda hit: (-hit.score, tie_of(hit.key)))
    assert [hit.key for hit in everything] == [hit.key for hit in by_rank]
    assert max(Counter(hit.score for hit in everything).values()) > 500
    for offset in (0, 7, 200, 231, 500, 869, 870, 1400, len(everything) - 3):
        page = index.execute(plan, PUBLIC, Want(offset=offset, limit=20)).hits
        assert list(page) == list(everything[offset : offset + 20]), offset


def test_scores_are_those_of_constants_whatever_lies_in_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Added up by BM25 or as constant scores, with deleted documents in the files: the same."""
    index = SearchIndex(tmp_path, "tantivy", PARSER)
    index.rebuild(random_documents(1, range(150), PUBLIC))
    index.upsert(random_documents(2, range(150, 230), ("org:2",)))
    index.upsert(random_documents(3, range(230, 300), ("members",)))
    index.delete([f"{d.key}" for d in random_documents(1, range(30), PUBLIC)])
    texts = [*SYLLABLES, *(f"{a}{b} {c}" for a, b, c in zip(SYLLABLES, SYLLABLES[1:], SYLLABLES[2:],
             strict=False)), "硅光波导 键合 -镀膜", "kind:capability 刻蚀 测试"]  # fmt: skip
    plans = [PARSER.parse(SearchQuery(text)).plan for text in texts]
    readers = [PUBLIC, ("public", "members"), ("public", "members", "org:2"), ("org:2",)]

    def answers() -> list[Any]:
        want = Want(limit=300, facets=COUNTED)
        return [index.execute(plan, reader, want) for plan in plans for reader in readers]

    swift = answers()
    monkeypatch.setattr(tantivy_view, "_TELLING", math.inf)
    assert answers() == swift
    assert sum(raw.total for raw in swift) > 1000


def test_what_is_closed_to_members_is_marked(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path, "tantivy", PARSER)
    sets = [(), ("members",), ("org:1",), ("org:1", "members"), ("need:9", "org:2"), PUBLIC]
    index.rebuild([make(n, labels=labels) for n, labels in enumerate(sets)])
    backend: Any = index._fresh()
    view = backend._view
    found = view.searcher.search(view.label(NARROW), 99).hits
    marked = {view.searcher.doc(address)["key"][0] for _, address in found}
    assert marked == {f"capability:{n}" for n in (0, 2, 4)}
    for reader in (("public", "members"), ("public", "members", "org:1"), ("public", "org:2"),
                   ("members",), ("org:1",)):  # fmt: skip
        seen = index.search(SearchQuery(limit=50), reader)
        allowed = {f"capability:{n}" for n, labels in enumerate(sets) if set(labels) & set(reader)}
        assert {hit.key for hit in seen.hits} == allowed, reader
        assert seen.total == len(allowed)


FACET_IDS = (*COUNTED, "exact", "organisation")


@given(st.lists(st.tuples(st.sampled_from(FACET_IDS), st.sampled_from("abcde f")), max_size=25))
def test_every_counted_value_stands_once_in_what_is_counted(chosen: list[tuple[str, str]]) -> None:
    tags = [f"{facet}:{value}" for facet, value in chosen]
    values = [tag for bundle in bundles(tags) for tag in bundle.split(TOGETHER)]
    assert sorted(values) == sorted(
        {f"{f}:{v}" for f, v in chosen if f in COUNTED and f not in PROFILED}
    )
    profile = profile_of(tags)
    assert profile == "none" or set(profile.split(TOGETHER)) <= set(tags)


PIECES = (
    "洁净室", "洁净 室", "净室", "洁净", "低损耗", "低损耗波导", "损耗，波导", "激光器老化",
    "激光器，老化", "老化", "小批量流片", "研究所", "研究 所", "工艺", "工 艺", "开发", "封装",
    "time", "8英寸",
)  # fmt: skip


def test_shortcuts_find_and_score_what_the_long_way_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Phrases by their word, words by their pairs, enough of several by what they share."""
    chance = random.Random(7)
    index = SearchIndex(tmp_path, "tantivy", PARSER)
    documents = [
        make(n, title_zh=chance.choice(PIECES), body=" ".join(chance.choices(PIECES, k=n % 5)),
             labels=chance.choice((PUBLIC, ("members",), ("org:1",))))
        for n in range(400)
    ]  # fmt: skip
    index.rebuild(documents[:300])
    index.upsert(documents[300:])
    index.delete([document.key for document in documents[:20]])
    asked = [" ".join(chance.choices(PIECES, k=k)) for k in (1, 1, 2, 3, 4, 5) for _ in range(12)]
    asked += [f'"{piece}"' for piece in PIECES] + [f"封装 -{piece}" for piece in PIECES]
    plans = [PARSER.parse(SearchQuery(q, expand=e)).plan for q in asked for e in (True, False)]

    def answers() -> list[Any]:
        want = Want(limit=400, facets=COUNTED)
        readers = (PUBLIC, ("public", "members", "org:1"))
        return [index.execute(plan, reader, want) for plan in plans for reader in readers]

    short = answers()
    monkeypatch.setattr(Builder, "_by_word", lambda _self, _text, _phrase, found: found)
    monkeypatch.setattr(Builder, "_needed", Builder._telling)
    monkeypatch.setattr(View, "is_always_a_word", lambda *_: False)
    monkeypatch.setattr("collab.search.tantivy_sums.MOST_TOGETHER", 0)
    assert answers() == short
    assert sum(raw.total for raw in short) > 2000


HAN = "洁净室研究所工艺开发低损耗波导激光器老化的与"


@given(st.text(alphabet=HAN + " ，a8/-\n", max_size=60), st.text(alphabet=HAN + " ", max_size=20))
def test_where_a_word_stands_its_characters_stand_side_by_side(body: str, title: str) -> None:
    entry = plain_entry("a:1", title, body).terms()
    stream = entry.grams
    for word in {word for word in entry.words if len(word) > 1 and is_han(word)}:
        pairs = [term for _, term in phrase_grams(word)]
        places = range(len(stream) - len(pairs) + 1)
        assert any(stream[at : at + len(pairs)] == pairs for at in places), word
