"""A file of the index is cut short under a process that reads it: the process goes on."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from collab.search.documents import Document
from collab.search.index import IndexUnavailable, SearchIndex
from collab.search.layout import Layout
from collab.search.query import SearchQuery

PUBLIC = ("public",)


def documents(count: int = 300) -> list[Document]:
    return [
        Document(key=f"capability:{n}", kind="capability", labels=PUBLIC, version="1",
                 title_zh=f"第{n}号电子束光刻平台", body=f"线宽 {n} nm，批次 x{n}y")
        for n in range(count)
    ]  # fmt: skip


def _read_on(root: Path, engine: str) -> None:
    """Open, have the files cut short, and read terms that were never read before."""
    index = SearchIndex(root, engine)
    index.search(SearchQuery("第1号"), PUBLIC)
    for path in Layout(root / engine).live().iterdir():
        if path.suffix not in (".json", ".toc", ".lock"):
            os.truncate(path, path.stat().st_size // 3)
    answered = 0
    for n in range(0, 300, 7):
        try:
            index.search(SearchQuery(f"x{n}y 电子束"), PUBLIC)
            answered += 1
        except IndexUnavailable:
            pass  # the caller answers from the database and says so
    os._exit(0 if answered or not index.answers() else 3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_whoosh_reads_its_files_and_does_not_map_them(tmp_path: Path) -> None:
    SearchIndex(tmp_path).rebuild(documents())
    reader = multiprocessing.get_context("fork").Process(target=_read_on, args=(tmp_path, "whoosh"))
    reader.start()
    reader.join(60)
    assert reader.exitcode == 0, "a mapped file would have ended it with SIGBUS"
    with pytest.raises(IndexUnavailable):
        SearchIndex(tmp_path).search(SearchQuery("x7y"), PUBLIC)
