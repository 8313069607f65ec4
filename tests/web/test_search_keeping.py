"""The index goes missing, breaks or grows old under a running site; search goes on and heals."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collab.kernel.happened import CatalogueReplaced
from collab.members.models import Region
from collab.notices.events import SavedSearchesDue
from collab.search import feed, service
from collab.search.documents import Document
from collab.search.index import SearchIndex
from collab.search.query import SearchQuery
from collab.storage.uow import UnitOfWork
from collab.vocabulary.additions import Addition, with_additions
from collab.vocabulary.catalog import Vocabulary, build
from tests.site import Site, bare, bare_template

__all__ = ["bare", "bare_template"]
SAID = "搜索索引正在重建"


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def scribble(folder: Path) -> None:
    for path in folder.glob("*/v-*/*"):
        path.write_bytes(b"\x00broken" * 40)


def empty(folder: Path) -> None:
    for path in folder.glob("*/v-*/*"):
        path.unlink()


def lose_pointer(folder: Path) -> None:
    for path in folder.glob("*/current"):
        path.write_text("v-elsewhere")


def folder_of(site: Site) -> Path:
    return site.platform.settings.data_dir / "index"


def restart(site: Site) -> None:
    """What another process of the site begins with."""
    site.platform.search._index = None


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("harm", [remove, scribble, empty, lose_pointer])
def test_search_answers_without_its_index_says_so_and_heals(
    bare: Site, harm: Callable[[Path], None]
) -> None:
    secret = bare.published("invited", title="翡翠绿波导研究")
    bare.settle()
    assert SAID not in bare.get("/search?q=翡翠绿波导研究", "owner").text
    harm(folder_of(bare))
    restart(bare)
    for who, sees in (("owner", True), ("other", False), ("visitor", False)):
        page = bare.get("/search?q=翡翠绿波导研究", who)
        assert page.status_code == 200
        assert SAID in page.text
        assert (secret in page.text) is sees
    assert bare.get("/search/suggest?q=翡翠", "owner").json == []
    assert bare.get("/search/export.csv?q=翡翠绿波导研究", "owner").status_code == 200
    assert bare.platform.search.ensure(), "somebody has to notice"
    healed = bare.get("/search?q=翡翠绿波导研究", "owner").text
    assert SAID not in healed
    assert secret in healed


def test_a_change_to_a_missing_index_does_not_pass_for_a_whole_one(bare: Site) -> None:
    first = bare.published("members", title="琥珀色波导")
    bare.settle()
    remove(folder_of(bare))
    second = bare.published("members", title="琥珀色光栅")
    bare.settle()
    page = bare.get("/search?q=琥珀色", "other").text
    assert first in page
    assert second in page


def test_the_keeper_rebuilds_in_the_background(bare: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "LOOK", 0.05)
    bare.published("members", title="琥珀色波导")
    bare.settle()
    remove(folder_of(bare))
    stop = threading.Event()
    keeper = bare.platform.search.keep_soon(stop)
    end = time.monotonic() + 30
    while SAID in bare.get("/search?q=琥珀色", "other").text and time.monotonic() < end:
        time.sleep(0.1)
    stop.set()
    keeper.join(0)
    assert "琥珀色波导" in bare.get("/search?q=琥珀色", "other").text.replace("<mark>", "").replace(
        "</mark>", ""
    )


def with_word(vocabulary: Vocabulary, word: str = "电子笔描画", mark: str = "+1") -> Vocabulary:
    addition = Addition("lithography.ebl", words_zh=(word,))
    return build(with_additions(vocabulary.raw, [addition]), f"{vocabulary.version}{mark}")


def test_a_new_vocabulary_is_taken_without_downtime(bare: Site) -> None:
    key = bare.published("members", title="求电子笔描画的合作")
    bare.settle()
    search = bare.platform.search
    actor = bare.actor("other")

    def meant(text: str) -> list[str]:
        with bare.database.reading() as uow:
            found = search.search(uow, actor, SearchQuery(text))
        assert not found.degraded
        return [i for e in found.result.expansions for i in e.ids]

    assert meant("电子笔描画") == []
    search.take_vocabulary(with_word(bare.platform.vocabulary))
    assert meant("电子笔描画") == ["lithography.ebl"]
    assert search.ensure(readable=True) is False, "a start does not wait for it"
    search.ensure_soon().join(60)
    assert not search.index.needs_rebuild()
    with bare.database.reading() as uow:
        found = search.search(uow, actor, SearchQuery("EBL", mentions=True))
    assert key in {hit.key for hit in found.hits}, "texts are read with the new word"


def another_process(site: Site) -> service.SearchService:
    here = site.platform.search
    return service.SearchService(site.database, here.vocabulary, folder_of(site), here.index.engine)


def test_words_accepted_while_the_index_is_built_come_into_it_too(
    bare: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = bare.published("members", title="求电子毫毛描画的合作")
    bare.settle()
    search, elsewhere = bare.platform.search, another_process(bare)
    first = with_word(search.vocabulary)
    second = with_word(first, "电子毫毛描画", "+2")
    search.take_vocabulary(first)
    later, whole = [second], feed.all_documents

    def meanwhile(uow: UnitOfWork) -> Iterator[Document]:
        yield from whole(uow)
        if later:
            search.take_vocabulary(later.pop())

    monkeypatch.setattr(feed, "all_documents", meanwhile)
    assert search.ensure()
    elsewhere.take_vocabulary(second)
    for process in (search, elsewhere):
        assert process.index.parser.vocabulary is second
        assert not process.index.needs_rebuild()
        assert not process.ensure()
        with bare.database.reading() as uow:
            query = SearchQuery("EBL", mentions=True)
            found = process.search(uow, bare.actor("other"), query)
        assert key in {hit.key for hit in found.hits}


def test_of_two_who_find_the_index_old_one_builds_it(
    bare: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare.published("members", title="琥珀色波导")
    bare.settle()
    search, elsewhere = bare.platform.search, another_process(bare)
    words = with_word(search.vocabulary)
    search.take_vocabulary(words)
    elsewhere.take_vocabulary(words)
    made, done = search._made, []

    def late(vocabulary: Vocabulary) -> SearchIndex:
        done.append(elsewhere.ensure())
        return made(vocabulary)

    monkeypatch.setattr(search, "_made", late)
    assert search.index.needs_rebuild()
    assert (search.ensure(), done) == (False, [True])
    assert not search.index.needs_rebuild()


def test_an_index_of_another_form_is_not_read(bare: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    bare.published("members", title="琥珀色波导")
    bare.settle()
    monkeypatch.setattr("collab.search.index.INDEX_FORMAT", "next")
    restart(bare)
    page = bare.get("/search?q=琥珀色", "other").text
    assert SAID in page
    assert "琥珀色" in page
    assert bare.platform.search.ensure(readable=True)
    assert SAID not in bare.get("/search?q=琥珀色", "other").text


def test_places_of_a_new_catalogue_are_read_by_every_process(bare: Site) -> None:
    search, elsewhere = bare.platform.search, another_process(bare)
    actor = bare.actor("other")

    def place(process: service.SearchService) -> list[str]:
        with bare.database.reading() as uow:
            found = process.search(uow, actor, SearchQuery("雁荡 封装"))
        for thread in threading.enumerate():
            if thread.name == "search-places":
                thread.join(60)
        return [code for one in found.result.parsed.places for code in one.ids]

    assert (place(search), place(elsewhere)) == ([], [])
    with bare.database.writing() as uow:
        uow.session.add(Region(code="yandang", zh="雁荡", en="Yandang", kind="city",
                               path="/yandang/", lat=28.0, lon=121.0))  # fmt: skip
        uow.record(CatalogueReplaced("regions"))
    bare.settle()
    assert place(search) == ["yandang"]
    place(elsewhere)  # sees that another index went live
    assert place(elsewhere) == ["yandang"]


def test_saved_searches_take_the_words_and_the_events_first(
    bare: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    words, search = bare.platform.words, bare.platform.search
    monkeypatch.setattr(words, "refresh", lambda: order.append("words") or True)
    monkeypatch.setattr(search, "catch_up", lambda: order.append("events") or 0)
    bare.platform.worker._listeners["saved-searches"].run(bare.database, [SavedSearchesDue()])
    assert order == ["words", "events"]


def test_words_are_cut_alike_in_query_and_index_before_and_after_a_new_vocabulary(
    bare: Site,
) -> None:
    word = "晶舟描画"
    bare.published("members", title=f"求{word}的合作")
    bare.settle()
    search, labels = bare.platform.search, ("members",)

    def whole() -> int:
        """Documents that hold the word uncut."""
        return search.index._reading(lambda b: b.counts("words", [word], frozenset(labels)))[word]

    def found() -> int:
        return search.index.search(SearchQuery(word, expand=False), labels).total

    assert (whole(), found()) == (0, 1)
    search.take_vocabulary(with_word(search.vocabulary, word, "+cut"))
    bare.published("members", title=f"再求{word}的合作")
    bare.settle()
    assert search.index.needs_rebuild()
    assert (whole(), found()) == (0, 2), "still cut as before"
    search.ensure()
    assert (whole(), found()) == (2, 2), "cut with the new words, both sides at once"
    for other in (another_process(bare), search):
        assert other.vocabulary is search.vocabulary
        assert other.index.search(SearchQuery(word, expand=False), labels).total == 2
