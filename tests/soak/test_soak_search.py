"""The long loops over search: readers beside a killed writer for a minute, ten thousand queries."""

from __future__ import annotations

import os
import random
import signal
import time
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlencode

import pytest

from collab.search.index import SearchIndex
from collab.search.query import SearchQuery
from tests.service import test_search_index as short
from tests.site import Site, shipped_template, site

__all__ = ["shipped_template", "site"]

SECONDS = 60.0
FUZZED = 10_000
SLOW = 0.5


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_readers_never_fail_while_writers_are_killed(engine: str, tmp_path: Path) -> None:
    index = SearchIndex(tmp_path, engine, short.PARSER)
    index.upsert(short.some_documents())
    errors = get_context("fork").Queue()
    end = time.time() + SECONDS
    readers = [short._start(short._read_until, tmp_path, engine, end, errors) for _ in range(2)]
    kills = 0
    while time.time() < end - 2:
        writer = short._start(short._write_forever, tmp_path, engine)
        time.sleep(random.uniform(0.2, 3.0))
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        kills += 1
        again = SearchIndex(tmp_path, engine, short.PARSER)
        kept = short.make(900 + kills, title_zh=f"留下{kills}号", version=str(kills))
        again.upsert([kept])  # acknowledged, so no later death may take it back
        found = again.search(SearchQuery(filters={"kind": ("capability",)}, limit=200), ("public",))
        keys = {hit.key for hit in found.hits}
        assert {f"capability:{900 + n}" for n in range(1, kills + 1)} <= keys
    for reader in readers:
        reader.join()
    assert errors.empty(), errors.get()
    assert kills > 5


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_no_query_string_fails_or_takes_long(engine: str, tmp_path: Path) -> None:
    index = SearchIndex(tmp_path, engine, short.PARSER)
    index.upsert(short.some_documents())
    index.warm()
    slow = []
    for text in short.odd_queries(FUZZED):
        begun = time.process_time()
        found = index.search(SearchQuery(text), ("public",))
        if time.process_time() - begun > SLOW:
            slow.append(text)
        assert 0 <= len(found.hits) <= found.total
    assert slow == []


@pytest.mark.parametrize("address", ["/search", "/api/v1/search"])
def test_no_query_string_breaks_the_page_or_holds_it_up(site: Site, address: str) -> None:
    site.get("/search?q=光刻", "member")
    wrong = []
    for number, text in enumerate(short.odd_queries(FUZZED)):
        query = urlencode({"q": text}, errors="surrogatepass")
        begun = time.process_time()
        answer = site.browser("member" if number % 2 else "visitor").get(f"{address}?{query}")
        if answer.status_code >= 500 or time.process_time() - begun > SLOW:
            wrong.append((answer.status_code, text))
    assert wrong == []
