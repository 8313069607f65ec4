"""One suite for both engines: what is found, what is hidden, and what survives."""

from __future__ import annotations

import csv
import gc
import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from collab.search import tantivy_fields
from collab.search.concepts import default_recogniser
from collab.search.documents import Document
from collab.search.index import IndexUnavailable, SearchIndex, WriterBusy
from collab.search.layout import Layout
from collab.search.plan import Range, Want
from collab.search.query import QueryParser, SearchQuery
from collab.search.tantivy_view import View
from collab.vocabulary.catalog import load_vocabulary

ROOT = Path(__file__).resolve().parents[2]
PUBLIC = ("public",)
PLACES = {"武汉": "CN-42-WH", "湖北省": "CN-42", "Wuhan": "CN-42-WH", "上海": "CN-31"}
PARSER = QueryParser(places=PLACES)


def make(number: int = 1, **facts: object) -> Document:
    plain: dict[str, object] = {
        "key": f"capability:{number}", "kind": "capability", "labels": PUBLIC, "version": "1",
        "status": "operating", "evidence": "documented",
    }  # fmt: skip
    return Document(**{**plain, **facts})  # type: ignore[arg-type]


def some_documents() -> list[Document]:
    return [
        make(1, title_zh="电子束光刻平台", title_en="E-beam lithography",
             body="Raith EBPG，最小线宽 10 nm",
             techniques=("lithography.ebl",), materials=("soi",), category="process",
             regions=("CN-42-WH", "CN-42", "CN"), wafer_sizes=(100.0, 150.0), lat=30.6, lon=114.3,
             values={"min-feature": (10.0, None)}, updated_at=datetime(2026, 3, 1, tzinfo=UTC)),
        make(2, title_zh="电子束蒸发镀膜", title_en="E-beam evaporation", body="Au、Ti 金属化",
             techniques=("deposition.ebeam-evaporation",), category="process",
             regions=("CN-31", "CN"), wafer_sizes=(200.0,), evidence="verified",
             lat=31.2, lon=121.5,
             updated_at=datetime(2026, 5, 1, tzinfo=UTC)),
        make(3, title_zh="硅光流片", title_en="Silicon photonics MPW",
             body="8英寸 180 nm 工艺，低损耗波导",
             techniques=("foundry.mpw",), materials=("soi",), category="process",
             regions=("CN-31", "CN"), wafer_sizes=(200.0,),
             values={"min-feature": (180.0, None), "wavelength": (1260.0, 1625.0)},
             updated_at=datetime(2026, 1, 1, tzinfo=UTC)),
        make(4, title_zh="引线键合", title_en="Wire bonding",
             body="金丝 25 μm", category="packaging",
             techniques=("packaging.wire-bond",), regions=("CN-42-WH", "CN-42", "CN")),
        make(5, title_zh="晶圆键合", title_en="Wafer bonding",
             body="BCB 与直接键合", category="process",
             techniques=("bonding",), materials=("inp",)),
        make(6, kind="organisation", key="organisation:6", title_zh="武汉光电实验室",
             title_en="Wuhan optoelectronics laboratory", status="",
             body="面向全国开放的超快激光平台",
             regions=("CN-42-WH", "CN-42", "CN"), organisation_kind="laboratory", evidence=""),
    ]  # fmt: skip


@pytest.fixture(params=["whoosh", "tantivy"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def index(engine: str, tmp_path: Path) -> SearchIndex:
    made = SearchIndex(tmp_path, engine, PARSER)
    made.upsert(some_documents())
    return made


def keys(
    index: SearchIndex, text: str, labels: tuple[str, ...] = PUBLIC, **more: object
) -> list[str]:
    query = SearchQuery(text, **more)  # type: ignore[arg-type]
    return [hit.key.partition(":")[2] for hit in index.search(query, labels).hits]


# ---- what is found


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("电子束曝光", "1"), ("EBL", "1"), ("ebl", "1"), ("電子束微影", "1"), ("e-beam litho", "1"),
        ("ｅ－ｂｅａｍ　ｌｉｔｈｏｇｒａｐｈｙ", "1"), ("打金线", "4"),
        ("谁能做8英寸硅光流片？", "3"),
        ("wafer-to-wafer bonding", "5"), ("武汉 光刻", "1"), ("超快激光", "6"), ("束光", "1"),
        ("电子数光刻", "1"), ("lithograhpy ebeam", "1"), ("线宽<=20nm", "1"), ("波长 1550nm", "3"),
        ("laboratories", "6"), ("Raith", "1"), ("25μm 金丝", "4"), ("200mm MPW", "3"),
    ],
)  # fmt: skip
def test_any_spelling_finds_the_right_thing_first(
    index: SearchIndex, text: str, first: str
) -> None:
    assert keys(index, text)[0] == first


def test_a_confusable_term_is_not_a_hit(index: SearchIndex) -> None:
    assert "2" not in keys(index, "电子束曝光")
    assert "5" not in keys(index, "金丝键合")
    assert "2" in keys(index, "电子束蒸发")


def test_what_only_mentions_a_term_stands_aside_for_what_carries_it(index: SearchIndex) -> None:
    index.upsert([
        make(7, title_zh="掩模版制作", techniques=("mask.photomask",)),
        make(8, title_zh="接触式光刻", body="使用光掩模", techniques=("lithography.contact",)),
        make(9, kind="organisation", key="organisation:9", title_zh="某所", body="光掩模供应"),
        make(10, title_zh="流片服务", body="CMP accepts designs", techniques=("foundry.mpw",),
             organisation_en="CMP (Circuits)"),
    ])  # fmt: skip
    found = index.search(SearchQuery("光掩模"), PUBLIC)
    assert [hit.key for hit in found.hits] == ["capability:7", "organisation:9"]
    assert (found.way, found.mentioned) == ("asked", 1)
    assert set(keys(index, "光掩模", mentions=True)) == {"7", "8", "9"}
    assert index.search(SearchQuery("光掩模", mentions=True), PUBLIC).mentioned == 0
    assert "10" not in keys(index, "CMP 抛光", mentions=True), "the name of an organisation"
    index.delete(["capability:7", "organisation:9"])
    alone = index.search(SearchQuery("光掩模"), PUBLIC)
    assert [hit.key for hit in alone.hits] == ["capability:8"]
    assert alone.way == "mentioned"


def test_a_broader_term_finds_narrower_ones_and_never_the_other_way(index: SearchIndex) -> None:
    assert keys(index, "光刻")[0] == "1"
    assert keys(index, "二次外延") == []
    assert keys(index, "混合键合") == []


def test_expansion_is_reported_and_can_be_switched_off(index: SearchIndex) -> None:
    found = index.search(SearchQuery("EBL"), PUBLIC)
    assert found.expansions[0].ids == ("lithography.ebl",)
    assert "电子束曝光" in found.expansions[0].synonyms
    off = index.search(SearchQuery("EBL", expand=False), PUBLIC)
    assert not off.expansions
    assert off.total == 0


def test_phrases_exclusions_and_fields(index: SearchIndex) -> None:
    assert keys(index, '"低损耗波导"') == ["3"]
    assert keys(index, '"波导低损耗"') == []
    assert set(keys(index, "键合 -金丝")) >= {"5"}
    assert "4" not in keys(index, "键合 -金丝")
    assert set(keys(index, "wafer:200")) == {"2", "3"}
    assert set(keys(index, "wafer:8英寸 material:硅光")) == {"3"}
    assert set(keys(index, "region:武汉 kind:capability")) == {"1", "4"}
    assert "1" not in keys(index, "平台 -technique:EBL")


def test_numbers_with_units_are_compared_not_read(index: SearchIndex) -> None:
    assert set(keys(index, "线宽<=200nm")) == {"1", "3"}
    assert set(keys(index, "线宽 ≤ 0.05 μm")) == {"1"}
    assert set(keys(index, "", ranges=(Range("wavelength", 1540, 1560),))) == {"3"}
    assert keys(index, "波长>=1700nm") == []


def test_facets_count_what_the_other_choices_leave(index: SearchIndex) -> None:
    free = index.search(SearchQuery(), PUBLIC)
    assert free.total == 6
    assert free.kinds == {"capability": 5, "organisation": 1}
    chosen = index.search(SearchQuery(filters={"wafer": ("200",)}), PUBLIC)
    assert chosen.total == 2
    assert dict(chosen.facets["wafer"]) == {"200": 2, "100": 1, "150": 1}
    assert dict(chosen.facets["region"])["CN-31"] == 2
    both = index.search(SearchQuery(filters={"wafer": ("200", "100")}), PUBLIC)
    assert both.total == 3
    assert dict(free.facets["technique"])["lithography"] == 1


def test_odd_diameters_count_under_their_nominal_class(index: SearchIndex) -> None:
    index.upsert([make(80, title_zh="三英寸线", wafer_sizes=(76.2,))])
    index.warm()
    assert keys(index, "wafer:3寸") == ["80"]
    assert dict(index.search(SearchQuery("三英寸线"), PUBLIC).facets["wafer"]) == {"76": 1}


def test_every_order_can_be_asked_for(index: SearchIndex) -> None:
    near = keys(index, "", sort="distance", origin=(31.2, 121.5))
    assert near[:2] == ["2", "1"]
    assert keys(index, "", sort="fresh")[:3] == ["2", "1", "3"]
    assert keys(index, "电子束", sort="evidence")[0] == "2"


def test_pages_follow_each_other_without_gaps(index: SearchIndex) -> None:
    index.upsert(make(n, title_zh="相同标题") for n in range(100, 130))
    pages = [keys(index, "相同标题", offset=at, limit=7) for at in range(0, 35, 7)]
    together = [key for page in pages for key in page]
    assert len(together) == len(set(together)) == 30


def test_marks_are_pieces_of_the_original_text(index: SearchIndex) -> None:
    hit = index.search(SearchQuery("電子束曝光 ebl"), PUBLIC).hits[0]
    assert hit.highlight.title_zh == [("电子束光刻", True), ("平台", False)]
    assert "".join(text for text, _ in hit.highlight.snippet) == hit.document.body
    assert hit.why[0].value == "lithography.ebl"


def test_nothing_found_leads_somewhere(index: SearchIndex) -> None:
    found = index.search(SearchQuery("电子束光刻", filters={"region": ("CN-31",)}), PUBLIC)
    assert found.total == 0
    assert next((r.left_out, r.total) for r in found.relaxations) == ("filters", 1)
    narrow = index.search(SearchQuery("步进光刻"), PUBLIC)
    assert narrow.total == 0
    assert any(r.left_out == "broader:lithography" for r in narrow.relaxations)


def test_typing_offers_terms_and_titles(index: SearchIndex) -> None:
    assert index.suggest("电子束", PUBLIC)[0].id == "lithography.ebl"
    assert any(s.id == "packaging.wire-bond" for s in index.suggest("wire", PUBLIC))
    assert any(s.text == "武汉光电实验室" for s in index.suggest("武汉光电", PUBLIC))


# ---- what is hidden


def test_labels_hold_in_hits_counts_facets_suggestions_and_corrections(
    index: SearchIndex,
) -> None:
    index.upsert([
        make(9, kind="need", key="need:9", labels=("need:9", "org:12"), title_zh="量子密钥玄学分发",
             title_en="Zyxwvution distribution", body="zyxwvution", techniques=("epitaxy.mbe",),
             regions=("CN-99",))
    ])  # fmt: skip
    for text in ("量子密钥", "zyxwvution", "MBE", "", '"玄学"', "region:CN-99", "zyxwvutoin"):
        hidden = index.search(SearchQuery(text, limit=50), PUBLIC)
        assert all(hit.key != "need:9" for hit in hidden.hits)
        assert "need" not in hidden.kinds
        assert "CN-99" not in dict(hidden.facets.get("region", ()))
        assert "epitaxy.mbe" not in dict(hidden.facets.get("technique", ()))
        assert "zyxwvution" not in str((hidden.did_you_mean, hidden.corrected))
        assert all("need:9" not in str(s) for s in index.suggest(text or "zyx", PUBLIC))
        assert all("玄学" not in str(s) for s in index.suggest("量子密钥", PUBLIC))
    for labels in (("need:9",), ("org:12", "public")):
        assert "9" in keys(index, "量子密钥", labels)
        assert "9" in keys(index, "zyxwvutoin", labels)
    assert index.search(SearchQuery("MBE"), ()).total == 0
    assert index.search(SearchQuery(""), ()).facets == {}


def test_a_restricted_document_is_gone_from_every_reader_after_the_commit(
    index: SearchIndex, engine: str, tmp_path: Path
) -> None:
    readers = [SearchIndex(tmp_path, engine, PARSER) for _ in range(3)]
    for reader in readers:
        assert "4" in keys(reader, "引线键合")
    index.upsert([make(4, labels=("org:1",), title_zh="引线键合", version="2")])
    for reader in readers:
        assert "4" not in keys(reader, "引线键合")
        assert keys(reader, "引线键合", ("org:1",)) == ["4"]
    index.delete(["capability:4"])
    for reader in readers:
        assert keys(reader, "引线键合", ("org:1",)) == []
    assert index.size() == 5


def test_counts_of_before_a_restriction_do_not_outlive_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader is held up on the searcher of before while the restriction is committed."""
    index = SearchIndex(tmp_path, "tantivy", PARSER)
    index.upsert(some_documents())
    restricted = [make(4, labels=("org:1",), category="packaging", version="2")]
    visible = View.visible

    def held_up(self: Any, labels: frozenset[str]) -> Any:
        if restricted:
            index.upsert([restricted.pop()])
            index.size()  # whoever comes first looks at the new commit
        return visible(self, labels)

    monkeypatch.setattr(View, "visible", held_up)
    index.search(SearchQuery(""), PUBLIC)
    assert not restricted
    assert "packaging" not in dict(index.search(SearchQuery(""), PUBLIC).facets["category"])
    own = index.search(SearchQuery(""), ("public", "org:1")).facets["category"]
    assert dict(own)["packaging"] == 1


SYLLABLES = (
    "光刻",
    "键合",
    "硅光",
    "波导",
    "外延",
    "镀膜",
    "测试",
    "封装",
    "刻蚀",
    "laser",
    "wafer",
    "GaN",
)


def random_documents(seed: int, numbers: range, labels: tuple[str, ...]) -> list[Document]:
    chance = random.Random(seed)
    return [
        make(number, title_zh="".join(chance.choices(SYLLABLES, k=chance.randint(1, 3))),
             body="，".join(chance.choices(SYLLABLES, k=chance.randint(1, 40))), labels=labels,
             kind=chance.choice(("capability", "organisation")),
             status=chance.choice(("operating", "planned")))
        for number in numbers
    ]  # fmt: skip


def test_what_is_hidden_moves_neither_scores_nor_order(engine: str, tmp_path: Path) -> None:
    """With and without documents that the reader may not see: the same hits, scores and order."""
    seen = [
        *random_documents(1, range(70), PUBLIC),
        *random_documents(2, range(70, 90), ("org:1",)),
    ]
    hidden = random_documents(3, range(100, 180), ("org:2",))
    mixed = [d for pair in zip(seen, hidden, strict=False) for d in pair]
    without, beside, after = (SearchIndex(tmp_path / name, engine, PARSER) for name in "abc")
    without.rebuild(seen)
    beside.rebuild([*mixed, *seen[len(hidden) :]])
    after.rebuild(seen)
    after.upsert(hidden[:40])
    after.delete([d.key for d in hidden[:20]])
    texts = (*SYLLABLES, *(f"{a}{b}" for a in SYLLABLES for b in SYLLABLES[:4]), "刻", "硅", "",
             '"光刻，键合"', "硅光波导 键合 -镀膜", "kind:capability 刻蚀 测试")  # fmt: skip
    for labels in (PUBLIC, ("public", "org:1"), ("org:1",)):
        for text in texts:
            plan = PARSER.parse(SearchQuery(text)).plan
            expected, *others = (
                [(h.key, h.score) for h in index.execute(plan, labels, Want(limit=100)).hits]
                for index in (without, beside, after)
            )
            assert all(found == expected for found in others), (labels, text)
    assert without.search(SearchQuery("光刻 laser"), PUBLIC).total > 10
    own = beside.execute(PARSER.parse(SearchQuery("光刻")).plan, ("org:2",), Want(limit=100)).hits
    assert own
    assert {h.key for h in own} <= {d.key for d in hidden}


def test_words_counted_as_one_score_as_they_would_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = SearchIndex(tmp_path, "tantivy", PARSER)
    texts = ("洁净室", "低损耗氮化硅波导", "电子束光刻", "超低损耗", "洁净度", "氮化硅")
    chance = random.Random(4)
    index.rebuild([
        make(n, title_zh="".join(chance.choices(texts, k=2)),
             body="，".join(chance.choices(texts, k=n)))
        for n in range(1, 40)
    ])  # fmt: skip
    backend: Any = index._fresh()
    queries = [*texts, "".join(texts), "开放共享 洁净室"]
    plans = [PARSER.parse(SearchQuery(q, expand=e)).plan for q in queries for e in (True, False)]
    together = [index.execute(plan, PUBLIC, Want(limit=50)) for plan in plans]
    assert backend._view.alike({"洁净", "洁净室", "净室"}) == {"净室": "洁净室"}
    monkeypatch.setattr(View, "alike", lambda *_: {})
    assert [index.execute(plan, PUBLIC, Want(limit=50)) for plan in plans] == together
    assert any(raw.total for raw in together)


def test_every_entry_says_that_it_is_public_or_that_it_is_not(tmp_path: Path) -> None:
    """Tantivy leaves out what is marked: what carries no mark would be seen by everybody."""
    index = SearchIndex(tmp_path, "tantivy", PARSER)
    sets = [(), ("public",), ("org:1",), ("org:1", "public"), ("public", "public"),
            ("need:9", "org:2"), ("secretariat",)]  # fmt: skip
    index.rebuild([make(n, labels=labels) for n, labels in enumerate(sets)])
    index.upsert([make(n + 50, labels=labels) for n, labels in enumerate(sets)])
    index.upsert([make(1, labels=("org:1",)), make(2, labels=PUBLIC)])
    backend: Any = index._fresh()
    view = backend._view
    public, hidden = (
        {d["key"][0] for d in map(view.searcher.doc, (a for _, a in view.searcher.search(
            view.label(mark), 99).hits))}
        for mark in (tantivy_fields.PUBLIC, tantivy_fields.RESTRICTED)
    )  # fmt: skip
    assert public | hidden == {f"capability:{n + m}" for n in range(len(sets)) for m in (0, 50)}
    assert public & hidden == set()
    assert {"capability:2", "capability:51"} <= public
    assert {"capability:0", "capability:1", "capability:50"} <= hidden


def test_an_index_without_these_marks_is_refused_and_built_anew(
    index: SearchIndex, engine: str, tmp_path: Path
) -> None:
    made_with = Layout(tmp_path / engine).live() / "made-with.json"
    plain = json.loads(made_with.read_text())
    made_with.write_text(json.dumps({**plain, "format": "3"}))
    fresh = SearchIndex(tmp_path, engine, PARSER)
    assert (fresh.needs_rebuild(), fresh.answers()) == (True, False)
    with pytest.raises(IndexUnavailable, match="form 3"):
        fresh.search(SearchQuery("EBL"), PUBLIC)
    with pytest.raises(IndexUnavailable, match="form 3"):
        fresh.upsert([make(9)])
    assert fresh.renew(some_documents()) == 6
    assert keys(fresh, "EBL") == ["1"]
    assert fresh.renew(some_documents()) is None


# ---- what survives


def test_many_small_commits_merge_without_loss(index: SearchIndex) -> None:
    for n in range(200, 225):
        index.upsert([make(n, title_zh=f"第{n}号低损耗波导", wafer_sizes=(150.0,),
                           values={"min-feature": (float(n), float(n))})])  # fmt: skip
    index.delete([f"capability:{n}" for n in range(200, 210)])
    assert set(keys(index, '"低损耗波导"', limit=50)) == {"3", *(str(n) for n in range(210, 225))}
    assert set(keys(index, "", ranges=(Range("min-feature", 212, 213.5),), limit=50)) == {
        "212", "213",
    } | {"1", "3"}  # fmt: skip
    assert dict(index.search(SearchQuery(), PUBLIC).facets["wafer"])["150"] == 16


def test_rebuild_keeps_changes_made_meanwhile_and_readers_reading(
    index: SearchIndex, engine: str, tmp_path: Path
) -> None:
    other = SearchIndex(tmp_path, engine, PARSER)
    progress: list[int] = []

    def documents() -> Iterator[Document]:
        yield from some_documents()
        other.upsert(
            [make(50, title_zh="重建期间的新线"), make(3, title_zh="改过的流片", version="2")]
        )
        other.delete(["capability:2"])
        assert keys(other, "重建期间的新线") == ["50"]
        yield from (make(n, title_zh="批量") for n in range(1000, 1120))

    assert index.rebuild(documents(), progress.append) == 126
    assert progress == [100]
    for reader in (index, other):
        assert keys(reader, "重建期间的新线") == ["50"]
        assert "2" not in keys(reader, "电子束蒸发")
        assert keys(reader, "改过的流片")[0] == "3"
        assert reader.size() == 126
    assert not index.needs_rebuild()


def test_a_failed_rebuild_leaves_the_live_index_alone(index: SearchIndex) -> None:
    def broken() -> Iterator[Document]:
        yield make(70)
        raise RuntimeError("database gone")

    with pytest.raises(RuntimeError, match="database gone"):
        index.rebuild(broken())
    assert index.size() == 6
    index.upsert([make(71, title_zh="之后的改动")])
    assert keys(index, "之后的改动") == ["71"]


def test_the_checker_names_what_differs(index: SearchIndex) -> None:
    versions = {document.key: "1" for document in some_documents()}
    assert index.check(versions).agrees
    versions["capability:1"] = "2"
    versions["capability:77"] = "1"
    del versions["capability:5"]
    report = index.check(versions)
    assert (report.missing, report.stale, report.surplus) == (
        ("capability:77",), ("capability:1",), ("capability:5",),
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_missing_or_broken_index_is_said_to_be_so(engine: str, tmp_path: Path) -> None:
    index = SearchIndex(tmp_path, engine, PARSER)
    assert index.needs_rebuild()
    with pytest.raises(IndexUnavailable):
        index.search(SearchQuery("光刻"), PUBLIC)
    index.rebuild(some_documents())
    assert keys(index, "EBL") == ["1"]
    for file in Layout(tmp_path / engine).live().iterdir():
        file.write_bytes(b"broken")
    with pytest.raises(IndexUnavailable):
        SearchIndex(tmp_path, engine, PARSER).search(SearchQuery("光刻"), PUBLIC)
    gc.collect()
    index.rebuild(some_documents())
    assert keys(SearchIndex(tmp_path, engine, PARSER), "EBL") == ["1"]


def test_another_analyser_asks_for_a_rebuild(
    index: SearchIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not index.needs_rebuild()
    monkeypatch.setattr("collab.search.index.ANALYSER_VERSION", "next")
    assert index.needs_rebuild()
    index.rebuild(some_documents())
    assert not index.needs_rebuild()


def test_a_second_writer_waits_or_is_told(index: SearchIndex, engine: str, tmp_path: Path) -> None:
    hasty = SearchIndex(tmp_path, engine, PARSER, wait=0.05)
    with Layout(tmp_path / engine).lock():
        with pytest.raises(WriterBusy):
            hasty.upsert([make(60)])
        assert keys(hasty, "EBL") == ["1"]
    assert hasty.upsert([make(60)]) == 1


def _write_forever(root: Path, engine: str) -> None:
    index = SearchIndex(root, engine, PARSER)
    for n in range(10_000):
        index.upsert([make(i, title_zh=f"第{n}批", version=str(n)) for i in range(300, 320)])


def _read_until(root: Path, engine: str, end: float, errors: multiprocessing.Queue[str]) -> None:
    index = SearchIndex(root, engine, PARSER)
    try:
        while time.time() < end:
            found = index.search(SearchQuery("EBL"), PUBLIC)
            if [hit.key for hit in found.hits] != ["capability:1"]:
                errors.put(f"saw {found.total}")
            index.search(SearchQuery("第1批"), PUBLIC)
    except Exception as error:  # noqa: BLE001 - whatever a reader meets must be reported
        errors.put(repr(error))


def _start(work: Callable[..., None], *arguments: object) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=work, args=arguments)
    process.start()
    return process


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_readers_go_on_while_a_writer_writes_and_is_killed(
    index: SearchIndex, engine: str, tmp_path: Path
) -> None:
    errors: multiprocessing.Queue[str] = multiprocessing.get_context("fork").Queue()
    readers = [_start(_read_until, tmp_path, engine, time.time() + 1.6, errors) for _ in range(2)]
    for wait in (0.5, 0.33):
        writer = _start(_write_forever, tmp_path, engine)
        time.sleep(wait)
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        again = SearchIndex(tmp_path, engine, PARSER)
        batches = {hit.document.title_zh for hit in again.search(
            SearchQuery(filters={"kind": ("capability",)}, limit=100), PUBLIC
        ).hits if int(hit.key.partition(":")[2]) >= 300}  # fmt: skip
        assert len(batches) <= 1, "half a commit is visible"
        again.upsert([make(i, title_zh="补上", version="x") for i in range(300, 320)])
        assert len(keys(again, "补上", limit=50)) == 20
    for reader in readers:
        reader.join()
    assert errors.empty(), errors.get()


def test_what_a_killed_writer_left_behind_is_in_nobodys_way(
    index: SearchIndex, engine: str, tmp_path: Path
) -> None:
    """The state of the disk when a writer is killed between its files and its commit."""
    index.upsert([make(1, title_zh="先前", version="2")])
    folder = Layout(tmp_path / engine).live()
    before = {file: file.read_bytes() for file in folder.iterdir()}
    for attempt in ("一", "二"):
        SearchIndex(tmp_path, engine, PARSER).upsert([make(2, title_zh=attempt, version="2")])
        for file in folder.iterdir():
            if file.suffix == ".toc" and file not in before:
                file.unlink()  # what names the files of a commit is written last
        for file, content in before.items():
            if file.name != ".managed.json":  # tantivy's own list of what it made, written first
                file.write_bytes(content)
        again = SearchIndex(tmp_path, engine, PARSER)
        assert keys(again, "电子束蒸发") == ["2"]
    again.upsert([make(2, title_zh="补上", version="3")])
    assert keys(again, "补上") == ["2"]
    assert keys(again, "电子束蒸发") == []
    assert not again.needs_rebuild()


# ---- odd input


def odd_queries(count: int) -> Iterator[str]:
    random.seed(5)
    parts = [
        "硅光", "光刻", '"', "(", ")", "[", "]", "-", "--", ":", "wafer:", "kind:x", "<=", "线宽",
        "200nm", "1e999nm", "*", "?", "~", "^", "\\", "\x00", "\ud800", "😀", "AND", "OR", "NOT",
        "'", "  ", "\n", "e-beam", "-EBL", '-"', "%s", "{}", "<b>", "𠀀", "ﬁ", "İ", "0" * 40,
        "technique:", "region:武汉", "波长>", "≥", "8寸", "4/6/8英寸", "：", "“", "”", "a" * 90,
    ]  # fmt: skip
    for _ in range(count):
        glue = random.choice(["", " "])
        yield glue.join(random.choice(parts) for _ in range(random.randint(0, 12)))


def test_no_query_string_ever_fails(index: SearchIndex) -> None:
    for text in odd_queries(300):
        found = index.search(SearchQuery(text), PUBLIC)
        assert 0 <= len(found.hits) <= found.total
        index.suggest(text, PUBLIC)


def test_a_stored_document_comes_back_as_it_was() -> None:
    for document in some_documents():
        assert Document.from_json(document.to_json()) == document


# ---- the real dataset


def real_documents() -> list[Document]:
    """Throw-away documents from the shipped records and their reviewed techniques."""
    seed = ROOT / "data" / "seed"
    organisations = {r["slug"]: r for r in _rows(seed / "organisations.csv")}
    reviewed = list(_rows(seed / "capability_techniques.csv"))
    out = []
    pairs = zip(_rows(seed / "capabilities.csv"), reviewed, strict=True)
    for number, (row, terms) in enumerate(pairs):
        owner = organisations[row["org_slug"]]
        text = (row["technique"], row["technique_zh"], row["materials"], row["other_params"])
        out.append(make(
            number, title_zh=row["name_zh"], title_en=row["name_en"], body=" ".join(text),
            organisation_zh=owner["name_zh"], organisation_en=owner["name_en"],
            techniques=tuple(filter(None, terms["techniques"].split(";"))),
            materials=tuple(filter(None, terms["materials"].split(";"))),
            category=row["category"], status=terms["status"] or "operating",
            wafer_sizes=tuple(float(s) for s in row["wafer_sizes_mm"].split(";") if s),
        ))  # fmt: skip
    return out


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def _fits(document: Document, wanted: dict[str, dict[str, list[str]]]) -> bool:
    vocabulary = load_vocabulary()

    def carries(term: str) -> bool:
        return any(vocabulary.covers(i, term) for i in (*document.techniques, *document.materials))

    return all(
        all(map(carries, wanted[part]["all_of"]))
        and (not wanted[part]["any_of"] or any(map(carries, wanted[part]["any_of"])))
        for part in ("techniques", "materials")
    )


def labelled_queries() -> list[dict[str, Any]]:
    files = ("search_synonym_queries.yaml", "search_third_seen.yaml")
    return [
        query for name in files
        for query in yaml.safe_load((ROOT / "tests/data" / name).read_text("utf-8"))["queries"]
    ]  # fmt: skip


def test_synonym_queries_find_a_right_capability_and_no_confusable_one(
    engine: str, tmp_path: Path
) -> None:
    documents = real_documents()
    index = SearchIndex(tmp_path, engine, PARSER)
    index.rebuild(documents)
    wrong = []
    for wanted in labelled_queries():
        hits = index.search(SearchQuery(wanted["query"]), PUBLIC).hits
        exists = any(_fits(document, wanted) for document in documents)
        if exists and not any(_fits(hit.document, wanted) for hit in hits[:5]):
            wrong.append((wanted["id"], "nothing right in the first five"))
        for hit in hits[:10]:
            carried = set(hit.document.techniques)
            if carried and carried <= set(wanted["not"]):
                wrong.append((wanted["id"], hit.key))
    assert wrong == []


def test_acts_are_what_is_asked_for_and_techniques_their_topic(index: SearchIndex) -> None:
    index.upsert([
        make(11, title_zh="封装实训", techniques=("service.training",), category="service"),
        make(12, title_zh="光电封装", techniques=("packaging",), category="packaging"),
        make(13, title_zh="晶圆制造", techniques=("foundry.volume",), materials=("inp",)),
    ])  # fmt: skip
    assert keys(index, "hands-on course on photonics packaging") == ["11"]
    assert keys(index, "封装课程") == ["11"]
    assert keys(index, "封装")[0] == "12"
    assert keys(index, "磷化铟芯片产线")[0] == "13"
    assert keys(index, "有没有产线")[0] in ("3", "13"), "a plain word counts when nothing else does"


def test_both_engines_order_alike(tmp_path: Path) -> None:
    documents = real_documents()
    indexes = [SearchIndex(tmp_path, name, PARSER) for name in ("whoosh", "tantivy")]
    for made in indexes:
        made.rebuild(documents)
    shares = []
    own = ("低损耗氮化硅波导", "封装测试", "8英寸硅光流片", "laser test laboratory", "InP 外延")
    for text in (*own, *(wanted["query"] for wanted in labelled_queries())):
        first, second = (set(keys(made, text, limit=10)) for made in indexes)
        shares.append(len(first & second) / max(1, len(first)))
        assert index_total(indexes[0], text) == index_total(indexes[1], text)
    assert sum(shares) / len(shares) >= 0.85


def index_total(index: SearchIndex, text: str) -> int:
    return index.search(SearchQuery(text), PUBLIC).total


def test_documents_mention_only_what_they_spell_out() -> None:
    found = default_recogniser().find("We use HBM stacks near an EBL tool")
    assert [c.ids for c in found] == [("lithography.ebl",)]
