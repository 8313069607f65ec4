"""Search: whole page, engine part, rebuild, opening and one change, against SQLite FTS5."""

from __future__ import annotations

import json
import math
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from whoosh import fields, index
from whoosh.analysis import RegexTokenizer

from app import create_app
from collab.config import load_settings
from collab.importing.synthesis import synthesize
from collab.search.documents import Document, Entry, entry_of
from collab.search.index import SearchIndex, make_backend
from collab.search.plan import Want
from collab.search.query import SearchQuery
from collab.vocabulary.catalog import load_vocabulary

Record = dict[str, Any]
SAMPLE = 4000
OPEN = {"goal": 300.0}
LABELS = ("public", "members", "org:7", "need:3")

QUERIES = (
    "电子束光刻", "EBL", "谁能做8英寸硅光流片？", "薄膜铌酸锂 ICP刻蚀", "金丝键合",
    "wafer bonding InP",
    "低损耗氮化硅波导 LPCVD", "光纤阵列耦合封装", "线宽<=200nm 光刻",
    "wafer:200 流片", "可靠性测试",
    "封装", "测试", '"低损耗波导" 工艺', "MOCVD 外延 -GaN", "高速调制器带宽测试", "激光器老化",
    "region:R12 光刻", "lithograhpy", "电子数光刻", "需要6英寸 SiN 晶圆 800nm 厚 低损耗", "硅光",
    "开放共享 洁净室", "",
)  # fmt: skip
_NOUNS = ("平台", "产线", "中心", "实验室", "服务", "工艺", "能力", "设备", "示范线", "验证平台")
_LINES = (
    "面向全国开放，提供{t}与后续测试，支持小批量流片和工艺开发，交付周期 {n} 周",
    "配备{n}英寸{m}产线，最小线宽 {k} nm，低损耗波导，良率稳定，接受外协委托",
    "Open access {t} line for {m} wafers, {k} nm features, {n} week lead time",
    "拥有洁净室 {k} 平方米，工程师 {n} 人，可承接高速调制器与探测器的研发和中试",
)


def documents(organisations: int, capabilities: int, needs: int) -> Iterator[Document]:
    """A seeded set whose texts, techniques and labels are spread like those of real records."""
    chance = random.Random(organisations * 7 + capabilities)
    vocabulary = load_vocabulary()
    techniques, materials = list(vocabulary.techniques), list(vocabulary.materials)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    plan = [("organisation", organisations), ("capability", capabilities), ("need", needs)]
    for kind, count in plan:
        for number in range(count):
            does = chance.sample(techniques, chance.choice((1, 1, 2, 3)))
            on = chance.sample(materials, chance.choice((0, 1, 1, 2)))
            term = vocabulary.techniques[does[0]]
            platform = vocabulary.materials[on[0] if on else "silicon"]
            facts = {"t": term.zh, "m": platform.zh, "n": chance.randint(2, 40),
                     "k": chance.randint(10, 900)}  # fmt: skip
            lines = [line.format(**facts) for line in chance.sample(_LINES, chance.randint(1, 3))]
            common: dict[str, Any] = {
                "key": f"{kind}:{number}", "kind": kind, "version": "1",
                "title_zh": f"{platform.zh}{term.zh}{chance.choice(_NOUNS)}", "title_en": term.en,
                "body": "。".join(lines), "organisation": f"o{number % 600}",
                "organisation_zh": f"第{number % 600}光电研究所",
                "regions": (f"R{number % 40}", f"P{number % 9}", "CN"),
                "lat": 20 + chance.random() * 20, "lon": 100 + chance.random() * 20,
                "updated_at": start + timedelta(hours=chance.randint(0, 8000)),
            }  # fmt: skip
            carried = {"techniques": tuple(does), "materials": tuple(on)}
            yield Document(**common, **_of_kind(kind, chance, number, carried, term, facts))


def _of_kind(
    kind: str, chance: random.Random, number: int, carried: Record, term: Any, facts: Record
) -> Record:
    """What only documents of this kind have, as the platform's own feed gives it."""
    if kind == "need":
        states = ("published", "in_talks", "agreed")
        return {**carried, "labels": _labels(chance, number), "status": chance.choice(states)}
    owner = {
        "labels": ("public",), "organisation_kind": chance.choice(("lab", "firm", "university")),
        "evidence": chance.choice(("documented", "declared", "verified")),
    }  # fmt: skip
    if kind == "organisation":
        return owner
    return {
        **owner, **carried, "category": term.category, "status": "operating",
        "access_mode": chance.choice(("open", "members", "contract")),
        "wafer_sizes": tuple(chance.sample((50.0, 100.0, 150.0, 200.0, 300.0), 2)),
        "values": {"min-feature": (float(facts["k"]), None)},
    }  # fmt: skip


def _labels(chance: random.Random, number: int) -> tuple[str, ...]:
    return chance.choice((("public",), ("members",), ("members",), (f"need:{number}",)))


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

    def __init__(self, entries: list[Entry]) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute("CREATE VIRTUAL TABLE d USING fts5(words, tag, label, key UNINDEXED)")
        rows = ((_hex(e.words), _hex(e.tags), _hex(e.labels), e.key) for e in entries)
        start = time.perf_counter()
        with self._db:
            self._db.executemany("INSERT INTO d VALUES (?, ?, ?, ?)", rows)
        self.seconds = time.perf_counter() - start

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


def bare_whoosh(entries: list[Entry]) -> float:
    """Processor seconds of plain Whoosh for the same terms, without numbers and syncing."""
    blanks = RegexTokenizer(r"[^\x1f]+")
    schema = fields.Schema(
        key=fields.ID(stored=True), stored=fields.STORED(),
        words=fields.TEXT(analyzer=blanks, phrase=False), grams=fields.TEXT(analyzer=blanks),
        mention=fields.TEXT(analyzer=blanks, phrase=False),
        tag=fields.TEXT(analyzer=blanks, phrase=False),
        label=fields.TEXT(analyzer=blanks, phrase=False),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        made = index.create_in(place, schema)
        start = time.process_time()
        writer = made.writer(limitmb=192)
        for e in entries:
            writer.add_document(
                key=e.key, stored=e.stored, words="\x1f".join(e.words),
                grams="\x1f".join(e.grams), mention="\x1f".join(e.mentions),
                tag="\x1f".join(e.tags), label="\x1f".join(e.labels),
            )  # fmt: skip
        writer.commit()
        return time.process_time() - start


def bare_engine(engine: str, entries: list[Entry]) -> float:
    """Processor seconds that an engine takes for terms that are already cut."""
    if engine == "whoosh":
        return bare_whoosh(entries)
    with tempfile.TemporaryDirectory() as place:
        backend = make_backend(engine, Path(place), create=True)
        start = time.process_time()
        backend.write(entries)
        return time.process_time() - start


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
    want = Want(limit=20)
    taken = _times([lambda p=p: found.execute(p, LABELS, want) for p in plans], 8)
    goals = {"goal": 3.0} if engine == "tantivy" else {}
    yield _record(f"search.{engine}.engine_p95", _p95(taken), "ms", on, **goals)


def build_figures(
    engine: str, given: list[Document], on: str, root: Path
) -> Iterator[Record | SearchIndex]:
    """Rebuild from documents against the bare engine with the same terms; then opening."""
    sample = given[:: max(1, len(given) // SAMPLE)]
    bare = bare_engine(engine, [entry_of(document) for document in sample])
    with tempfile.TemporaryDirectory() as place:
        beside = SearchIndex(Path(place), engine)
        start = time.process_time()
        beside.rebuild(sample)
        share = bare / (time.process_time() - start)
    yield _record(
        f"search.{engine}.rebuild_share", share, "ratio", f"{on}, {len(sample)} documents",
        against="bare engine fed with the same terms, processor time", goal=0.6,
    )  # fmt: skip
    found = SearchIndex(root, engine)
    start = time.process_time()
    found.rebuild(given)
    speed = len(given) / (time.process_time() - start)
    yield _record(f"search.{engine}.rebuild", speed, "per_s", on)
    start = time.process_time()
    SearchIndex(root, engine, found.parser).search(SearchQuery("光刻", limit=1), LABELS)
    opened = 1000 * (time.process_time() - start)
    yield _record(f"search.{engine}.open", opened, "ms", on, **({} if on == "100k" else OPEN))
    one = given[0]
    taken = _times([lambda: found.upsert([one])], 10)
    yield _record(f"search.{engine}.one_change", statistics.median(taken), "ms", on, goal=2000.0)
    size = sum(f.stat().st_size for f in root.rglob("*") if f.is_file())
    yield _record(f"search.{engine}.disk", size / 2**20, "MiB", on)
    yield found


def reference_figures(entries: list[Entry], found: SearchIndex, on: str) -> Iterator[Record]:
    """SQLite FTS5 over the same words in the same run."""
    reference = Fts5(entries)
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


def memory_figure(engine: str, root: Path, on: str) -> Record:
    """What a fresh process needs to open the index and answer every query once, in MiB."""
    code = (
        "import sys;from pathlib import Path;"
        "from collab.search.index import SearchIndex;from collab.search.query import SearchQuery;"
        "from bench.search import QUERIES, LABELS;"
        f"i=SearchIndex(Path(sys.argv[1]),{engine!r});"
        "[i.search(SearchQuery(q),LABELS) for q in QUERIES];"
        "print(*[r.split()[1] for r in open('/proc/self/status') if r.startswith('VmHWM')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=True,
        cwd=Path(__file__).resolve().parents[1],
    )  # fmt: skip
    return _record(f"search.{engine}.memory", int(done.stdout) / 1024, "MiB", on)


def figures(engine: str, sizes: tuple[int, int, int], on: str, goal: float) -> Iterator[Record]:
    """Everything about one engine on one set."""
    given = list(documents(*sizes))
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        found: SearchIndex | None = None
        for figure in build_figures(engine, given, on, root):
            if isinstance(figure, SearchIndex):
                found = figure
            else:
                yield figure
        if found is not None:
            yield from page_figures(engine, found, on, goal)
            yield from reference_figures([entry_of(d) for d in given], found, on)
            yield memory_figure(engine, root, on)


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
