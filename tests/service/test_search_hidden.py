"""What a reader may not see moves nothing that the reader sees: order, scores, counts, advice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collab.search.documents import Document
from collab.search.index import SearchIndex
from collab.search.query import QueryParser, SearchQuery
from tests.service.shipped_records import regions, shipped_documents

READERS = {"visitor": ("public",), "member": ("public", "members", "org:7")}
QUERIES = (
    "硅光 流片", "电子束光刻", "封装 测试", "低损耗氮化硅波导", "InP foundry Europe",
    "武汉 ICP刻蚀",
    "Si3N4 LPCVD", "photonic wire bonding", "中红外 激光器", "wafer", "平台", "超快激光 晶体",
    "zyxwvution", "zyxwvutoin", "玄武岩偏振", "玄武岩偏转", '"芯片 测试"', "8英寸", "",
    "线宽<=200nm",
    "kind:capability 光刻", "不要电子束的光刻", "xqzvw 光刻", "玄武",
)  # fmt: skip


def hidden(count: int = 60) -> Iterator[Document]:
    """Needs that neither reader may see, full of the words of the queries."""
    words = " ".join((*QUERIES[:3], "波导 foundry wafer LPCVD 晶体", *QUERIES[12:15], "xqzvw"))
    for n in range(count):
        yield Document(
            key=f"need:{n}", kind="need", labels=("org:99",), version="1",
            title_zh=f"绝密 {words} {n}", title_en="zyxwvution foundry", body=f"{words} " * (n % 9),
            techniques=("lithography.ebl", "foundry.mpw"), materials=("soi",),
            regions=("wuhan", "hubei", "china"), values={"min-feature": (100.0, 150.0)},
        )  # fmt: skip


def seen_by(index: SearchIndex, labels: tuple[str, ...]) -> list[Any]:
    """All that a search and the box tell a reader."""
    out: list[Any] = []
    for text in QUERIES:
        for sort in ("relevance", "fresh", "evidence"):
            found = index.search(SearchQuery(text, sort=sort, limit=50), labels)
            out.append((
                text, sort, [(hit.key, hit.score) for hit in found.hits], found.total,
                found.facets, found.did_you_mean, found.corrected, found.way, found.mentioned,
                [(r.left_out, r.total) for r in found.relaxations], found.there,
            ))  # fmt: skip
        out.append([(s.text, s.id, s.count) for s in index.suggest(text[:4], labels)])
    return out


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
@pytest.mark.parametrize("labels", READERS.values(), ids=READERS)
def test_hidden_needs_change_nothing(tmp_path: Path, engine: str, labels: tuple[str, ...]) -> None:
    names, above = regions()
    parser = QueryParser(places=names, above=above)
    members_only = [
        Document(key=f"need:m{n}", kind="need", labels=("members",), version="1",
                 title_zh=f"求硅光流片 {n}", body="电子束光刻 封装 测试 " * n)
        for n in range(5)
    ]  # fmt: skip
    index = SearchIndex(tmp_path / "grown", engine, parser)
    index.rebuild([*shipped_documents(), *members_only])
    before = seen_by(index, labels)
    secret = list(hidden())
    index.upsert(secret[:30])  # commit by commit
    for one in secret[30:40]:
        index.upsert([one])
    assert seen_by(index, labels) == before
    index.delete([one.key for one in secret[:20]])  # what was deleted still lies in the files
    assert seen_by(index, labels) == before
    whole = SearchIndex(tmp_path / "whole", engine, parser)
    whole.rebuild([*secret, *shipped_documents(), *members_only])
    assert seen_by(whole, labels) == before
    own = whole.search(SearchQuery("zyxwvution"), ("org:99",))
    assert own.total == len(secret), "those who may see them do"
