"""Search: whole page, engine part, rebuild, opening and one change, against SQLite FTS5."""

from __future__ import annotations

import json
import math
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import tantivy
from whoosh import fields, index
from whoosh.analysis import RegexTokenizer

from app import create_app
from bench.search_data import LABELS, QUERIES, documents
from collab.config import load_settings
from collab.importing.synthesis import synthesize
from collab.search.backend import make_backend
from collab.search.documents import Document, entry_of
from collab.search.entries import Terms
from collab.search.facets import COUNTED
from collab.search.index import SearchIndex
from collab.search.plan import Want
from collab.search.query import QueryParser, SearchQuery

Record = dict[str, Any]
SAMPLE = 4000
OPEN = {"goal": 300.0}


def _times(calls: list[Callable[[], object]], rounds: int) -> list[float]:
    """Milliseconds of processor time of each call, the least of its rounds, ascending.

    Processor time and the least, because others use the machine too.
    """
    taken = []
    for call in calls:
        best = math.inf
        for _ in range(rounds):
            start = time.process_time()
            call()
            best = min(best, time.process_time() - start)
        taken.append(1000 * best)
    return sorted(taken)


def _p95(taken: list[float]) -> float:
    return round(taken[int(len(taken) * 0.95)], 2)


def _record(name: str, value: float, unit: str, on: str, **more: object) -> Record:
    return {"name": name, "value": round(value, 3), "unit": unit, "set": on, **more}


# ---- the outside reference


class Fts5:
    """SQLite's full-text search over the same words, BM25 and ten rows, one label column."""

    def __init__(self, given: list[Document]) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE d USING fts5(words, tag, label, key UNINDEXED)")
        entries = map(entry_of, given)
        rows = (
            (_hex(e.words), _hex(e.tags), _hex(e.labels), e.key)
            for e in (e.terms() for e in entries)
        )
        with self._db:
            self._db.executemany("INSERT INTO d VALUES (?, ?, ?, ?)", rows)

    def search(self, words: list[str]) -> list[tuple[str, float]]:
        """The ten best rows that a reader with LABELS may see."""
        labels = " OR ".join(f'"{w}"' for w in _hex(list(LABELS)).split())
        wanted = " OR ".join(f'"{w}"' for w in _hex(words).split())
        match = f"(words : ({wanted})) AND (label : ({labels}))"
        return self._db.execute(
            "SELECT key, bm25(d) AS s FROM d WHERE d MATCH ? ORDER BY s LIMIT 10", (match,)
        ).fetchall()


def _hex(terms: list[str]) -> str:
    """Terms as plain tokens, so that the tokenizer of SQLite leaves them whole."""
    return " ".join("x" + term.encode().hex() for term in terms)


# ---- bare engines fed with the same terms


Taken = tuple[float, float]  # seconds of processor time, and by the clock


def _taken(work: Callable[[], object]) -> Taken:
    start, clock = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - start, time.perf_counter() - clock


@dataclass(slots=True)
class Plain:
    """One document's terms as text."""

    key: str
    stored: bytes
    texts: dict[str, str]


def plain(terms: Terms) -> Plain:
    """The terms of a document with blanks between."""
    lists = {"words": terms.words, "grams": terms.grams, "mention": terms.mentions,
             "tag": terms.tags, "label": terms.labels}  # fmt: skip
    return Plain(terms.key, terms.stored, {n: " ".join(found) for n, found in lists.items()})


def bare_whoosh(given: list[Plain], place: str) -> None:
    """Plain Whoosh given the same terms as text, without numbers and syncing."""
    blanks = RegexTokenizer(r"[^ ]+")
    schema = fields.Schema(
        key=fields.ID(stored=True), stored=fields.STORED(),
        words=fields.TEXT(analyzer=blanks, phrase=False), grams=fields.TEXT(analyzer=blanks),
        mention=fields.TEXT(analyzer=blanks, phrase=False),
        tag=fields.TEXT(analyzer=blanks, phrase=False),
        label=fields.TEXT(analyzer=blanks, phrase=False),
    )  # fmt: skip
    writer = index.create_in(place, schema).writer(limitmb=192)
    for one in given:
        writer.add_document(key=one.key, stored=one.stored, **one.texts)
    writer.commit()


def bare_tantivy(given: list[Plain], place: str) -> None:
    """Plain tantivy given the same terms as text: no numbers, no columns to count or sort by."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("stored", stored=True, indexed=False)
    builder.add_text_field("words", tokenizer_name="blanks", index_option="freq")
    builder.add_text_field("grams", tokenizer_name="blanks", index_option="position")
    for name in ("mention", "tag", "label"):
        builder.add_text_field(name, tokenizer_name="blanks", index_option="basic")
    made = tantivy.Index(builder.build(), path=place)
    blanks = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    made.register_tokenizer("blanks", blanks)
    writer = made.writer(64_000_000, 1)
    for one in given:
        document = tantivy.Document()
        document.add_text("key", one.key)
        document.add_bytes("stored", one.stored)
        for name, text in one.texts.items():
            document.add_text(name, text)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()


def _share(engine: str, sample: list[Document]) -> dict[str, Taken]:
    """Least times of three rounds, each in folders of its own, one way after the other."""
    terms = [entry_of(document).terms() for document in sample]
    texts = [plain(one) for one in terms]
    entries = [entry_of(document) for document in sample]
    bare = bare_tantivy if engine == "tantivy" else bare_whoosh
    parser = QueryParser()
    rounds: dict[str, list[Taken]] = {}
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name in ("tokens", "texts", "ready"):
                (root / name).mkdir()
            index = SearchIndex(root / "index", engine, parser)
            ways: dict[str, Callable[[], object]] = {
                "tokens": lambda p=root: bare([plain(one) for one in terms], str(p / "tokens")),
                "texts": lambda p=root: bare(texts, str(p / "texts")),
                "ready": lambda p=root: make_backend(engine, p / "ready", create=True).write(
                    entries
                ),
                "first": lambda i=index: i.rebuild(sample),
                "again": lambda i=index: i.rebuild(sample),
            }
            for name, work in ways.items():
                rounds.setdefault(name, []).append(_taken(work))
    return {
        name: (min(t[0] for t in taken), min(t[1] for t in taken))
        for name, taken in rounds.items()
    }  # fmt: skip


AGAINST = (
    ("", "tokens", "plain engine given the same terms"),
    ("_ready_text", "texts", "plain engine given the same terms, already joined to text"),
    ("_same_fields", "ready", "the same fields, columns and syncing, entries ready"),
)
BUILDS = (("rebuild", "again", 0.6), ("first_build", "first", None))


def share_figures(engine: str, given: list[Document], on: str, most: int) -> Iterator[Record]:
    """A build from documents against the engine alone: with kept terms, and with nothing kept.

    Each by processor time and by the clock.
    """
    sample = given[:: max(1, len(given) // most)]
    taken = _share(engine, sample)
    where = f"{on}, {len(sample)} documents"
    for name, way, goal in BUILDS:
        for ending, alone, against in AGAINST:
            row: Record = {"against": against}
            if goal is not None and not ending:
                row["goal"] = goal
            for clock, at in (("", 0), ("_clock", 1)):
                share = taken[alone][at] / taken[way][at]
                label = f"search.{engine}.{name}_share{ending}{clock}"
                yield _record(label, share, "ratio", where, **row)


# ---- the figures


def page_figures(engine: str, found: SearchIndex, on: str, goal: float) -> Iterator[Record]:
    """The whole search of a page, and the engine's part of it."""
    calls = [lambda q=q: found.search(SearchQuery(q), LABELS) for q in QUERIES]
    cold = _times(calls, 1)
    warm = _times(calls, 8)
    yield _record(f"search.{engine}.page_p95", _p95(warm), "ms", on, goal=goal)
    yield _record(f"search.{engine}.page_median", statistics.median(warm), "ms", on)
    yield _record(f"search.{engine}.page_first_time_p95", _p95(cold), "ms", on)
    plans = [found.parser.parse(SearchQuery(q)).plan for q in QUERIES if q]
    goals = {"goal": 3.0} if engine == "tantivy" else {}
    for name, want in (
        ("engine", Want(limit=20)), ("engine_with_facets", Want(limit=20, facets=COUNTED))
    ):  # fmt: skip
        taken = _times([lambda p=p, w=want: found.execute(p, LABELS, w) for p in plans], 8)
        row = goals if name == "engine" else {}
        yield _record(f"search.{engine}.{name}_p95", _p95(taken), "ms", on, **row)
        yield _record(f"search.{engine}.{name}_median", statistics.median(taken), "ms", on)


def build_figures(
    engine: str, sizes: tuple[int, int, int], on: str, root: Path
) -> Iterator[Record]:
    """A rebuild in a process of its own, then opening it in another: speed and memory."""
    built = _child("build", engine, root, *sizes)
    name = f"search.{engine}"
    for way in ("first_build", "rebuild"):
        yield _record(f"{name}.{way}", built[way], "per_s", on)
        yield _record(f"{name}.{way}_clock", built[f"{way}_clock"], "per_s", on)
    yield _record(f"{name}.rebuild_progress", built["told"], "reports", on)
    yield _record(f"{name}.rebuild_memory", built["memory"], "MiB", on)
    served = _child("serve", engine, root)
    yield _record(f"{name}.open", served["opened"], "ms", on, **({} if on == "100k" else OPEN))
    yield _record(f"{name}.serving_memory", served["memory"], "MiB", on)
    yield _record(f"{name}.memory_without_index", served["before"], "MiB", on)
    yield _record(f"{name}.disk", _size((root / engine).rglob("*")), "MiB", on)
    yield _record(f"{name}.disk_kept_terms", _size(root.glob("terms*")), "MiB", on)


def _size(files: Iterable[Path]) -> float:
    return sum(f.stat().st_size for f in files if f.is_file()) / 2**20


def _child(task: str, engine: str, root: Path, *sizes: int) -> Record:
    """What `bench.search_child` says."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.search_child", task, engine, str(root), *map(str, sizes)],
        capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[1],
    )  # fmt: skip
    found: Record = json.loads(done.stdout.splitlines()[-1])
    return found


def change_figures(engine: str, root: Path, one: Document, on: str) -> Iterator[Record]:
    """From the order to change one document until another reader finds it, while others search."""
    stop = threading.Event()
    parser = QueryParser()
    writer, other = (SearchIndex(root, engine, parser) for _ in range(2))

    def busy() -> None:
        reader = SearchIndex(root, engine, parser)
        while not stop.is_set():
            reader.search(SearchQuery("光刻 测试"), LABELS)

    readers = [threading.Thread(target=busy, daemon=True) for _ in range(2)]
    for reader in readers:
        reader.start()
    taken = []
    for number in range(12):
        word = f"zq{number}xv"
        start = time.perf_counter()
        writer.upsert([replace(one, key="capability:changed", title_en=word)])
        while not other.search(SearchQuery(word, correct=False), LABELS).total:
            pass
        taken.append(1000 * (time.perf_counter() - start))
    stop.set()
    for reader in readers:
        reader.join()
    worst = max(taken)
    yield _record(f"search.{engine}.change_findable_worst", worst, "ms", on, goal=2000.0)


def reference_figures(given: list[Document], found: SearchIndex, on: str) -> Iterator[Record]:
    """SQLite FTS5 over the same words in the same run."""
    reference = Fts5(given)
    texts = [q for q in QUERIES if q and not any(c in q for c in '":<-')]
    plans = [found.parser.parse(SearchQuery(q, expand=False)).plan for q in texts]
    words = [
        [p.term for g in plan.some for p in g.parts if getattr(p, "field", "") == "words"]
        for plan in plans
    ]
    theirs = _p95(_times([lambda w=w: reference.search(w) for w in words if w], 4))
    want = Want(limit=10)
    ours = _p95(_times([lambda p=p: found.execute(p, LABELS, want) for p in plans], 4))
    yield _record("search.fts5.engine_p95", theirs, "ms", on)
    yield _record(
        f"search.{found.engine}.against_fts5", theirs / ours, "ratio", on, against="SQLite FTS5"
    )


def figures(engine: str, sizes: tuple[int, int, int], on: str, goal: float) -> Iterator[Record]:
    """Everything about one engine on one set."""
    given = list(documents(*sizes))
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        yield from build_figures(engine, sizes, on, root)
        found = SearchIndex(root, engine)
        yield from page_figures(engine, found, on, goal)
        yield from reference_figures(given, found, on)
        yield from change_figures(engine, root, given[len(given) // 2], on)
    yield from share_figures(engine, given, on, SAMPLE)
    if on == "100k":
        yield from share_figures(engine, given, on, len(given))


def site_figures(engine: str) -> Iterator[Record]:
    """The whole page over the platform's own design set: request, search, database, template."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'collab.db'}"
        synthesize(url, "design", 20260101)
        settings = load_settings(
            data_dir=Path(folder), database_url=url, seed_demo=False, search_engine=engine
        )
        app = create_app(settings)
        count = app.extensions["collab"].search.rebuild(None)
        client = app.test_client()
        pages = [f"/search?{urlencode({'q': q})}" for q in QUERIES]
        calls = [lambda p=p: client.get(p) for p in pages]
        first, warm = _times(calls, 1), _times(calls, 5)
        on = f"design, {count} documents"
        yield _record(f"search.{engine}.whole_page_p95", _p95(warm), "ms", on, goal=80.0)
        yield _record(f"search.{engine}.whole_page_median", statistics.median(warm), "ms", on)
        yield _record(f"search.{engine}.whole_page_first_time_p95", _p95(first), "ms", on)


def run(stress: bool = True) -> Iterator[Record]:
    """All figures: the design set with both engines, 100,000 documents with tantivy."""
    yield from site_figures("whoosh")
    yield from figures("whoosh", (600, 6000, 10000), "design", 80.0)
    yield from figures("tantivy", (600, 6000, 10000), "design", 80.0)
    if stress:
        yield from figures("tantivy", (5000, 45000, 50000), "100k", 25.0)


if __name__ == "__main__":
    for row in run("--design" not in sys.argv):
        print(json.dumps(row, ensure_ascii=False), flush=True)
