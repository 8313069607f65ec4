"""Terms kept beside the indexes: what they save, that they are never stale, and that they go."""

from __future__ import annotations

import ast
import itertools
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collab.search import index as index_module
from collab.search import kept
from collab.search.documents import Document, entry_of
from collab.search.entries import Entry
from collab.search.erasable import CONTENTS, PLACES, ROOM, Erasable, name_of
from collab.search.index import SearchIndex
from collab.search.kept import Digests, packed, unpacked
from collab.search.query import QueryParser, SearchQuery
from collab.vocabulary.additions import Addition, laid_over
from collab.vocabulary.catalog import load_vocabulary

ROOT = Path(__file__).resolve().parents[2]
PARSER = QueryParser()
LABELS = ("public", "members")


def make(number: int, **facts: object) -> Document:
    plain: dict[str, object] = {
        "key": f"need:{number}", "kind": "need", "labels": ("members",), "version": "1",
        "title_zh": f"电子束光刻第{number}批",
        "body": "Need e-beam lithography, 线宽 50 nm，低损耗波导",
        "techniques": ("lithography.ebl",), "regions": ("CN-42", "CN"), "status": "published",
        "values": {"min-feature": (50.0, None)}, "updated_at": datetime(2026, 3, 1, tzinfo=UTC),
    }  # fmt: skip
    return Document(**{**plain, **facts})  # type: ignore[arg-type]


@pytest.fixture(params=["whoosh", "tantivy"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def analysed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keys of the documents that were analysed."""
    found: list[str] = []

    def watched(document: Document, *with_: object) -> Entry:
        found.append(document.key)
        return entry_of(document, *with_)  # type: ignore[arg-type]

    monkeypatch.setattr(index_module, "entry_of", watched)
    return found


def told(index: SearchIndex) -> list[tuple[str, tuple[str, ...], dict[str, object]]]:
    """What readers are shown, in order, with facets."""
    queries = ("光刻", "e-beam 50 nm", "线宽<=60nm", '"低损耗波导"', "")
    found = [index.search(SearchQuery(q, limit=300), LABELS) for q in queries]
    return [(r.query.text, tuple(h.key for h in r.hits), dict(r.facets)) for r in found]


# ---- what is saved


def test_a_rebuild_reads_only_what_is_new_or_changed(
    engine: str, tmp_path: Path, analysed: list[str]
) -> None:
    documents = [make(n) for n in range(450)]
    index = SearchIndex(tmp_path, engine, PARSER)
    reports: list[int] = []
    index.rebuild(documents, reports.append)
    assert len(analysed) == 450
    assert reports == [100, 200, 300, 400]
    index.upsert([make(3, title_zh="硅光流片", version="2")])
    documents[3] = make(3, title_zh="硅光流片", version="2")
    documents[7] = make(7, body="别的文字", version="2")  # nobody told the index
    documents.append(make(900))
    analysed.clear()
    index.rebuild(documents)
    assert analysed == ["need:7", "need:900"]
    anew = SearchIndex(tmp_path / "anew", engine, PARSER)
    anew.rebuild(documents)
    assert told(index) == told(anew)


def test_engines_share_what_is_kept_and_a_lost_index_is_built_from_it(
    tmp_path: Path, analysed: list[str]
) -> None:
    documents = [make(n) for n in range(60)]
    SearchIndex(tmp_path, "whoosh", PARSER).rebuild(documents)
    analysed.clear()
    other = SearchIndex(tmp_path, "tantivy", PARSER)
    other.rebuild(documents)
    for file in (tmp_path / "whoosh").rglob("*.seg"):
        file.write_bytes(b"gone")
    mended = SearchIndex(tmp_path, "whoosh", PARSER)
    mended.rebuild(documents)
    assert analysed == []
    assert [keys for _, keys, _ in told(mended)][2:] == [keys for _, keys, _ in told(other)][2:]
    assert mended.size() == other.size() == 60


@pytest.mark.parametrize("what", ["words", "code"])
def test_other_words_or_other_code_read_everything_anew(
    what: str, tmp_path: Path, analysed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [make(n) for n in range(5)]
    SearchIndex(tmp_path, "tantivy", PARSER).rebuild(documents)
    assert len(analysed) == 5
    parser = PARSER
    if what == "words":
        added = Addition(term="lithography.ebl", words_zh=("电束描画",))
        parser = QueryParser(laid_over(load_vocabulary(), [added]))
    else:
        monkeypatch.setattr(kept, "_means", lambda: b"another")
    SearchIndex(tmp_path, "tantivy", parser).rebuild(documents)
    assert len(analysed) == 10


def changed(document: Document) -> Iterator[Document]:
    """The document with one field different, every field in turn."""
    others: dict[str, object] = {
        "labels": ("public",), "techniques": ("lithography",), "materials": ("soi",),
        "regions": ("CN",), "wafer_sizes": (200.0,), "values": {"min-feature": (50.0, 60.0)},
        "facts": {"owner": "1"}, "lat": 1.0, "lon": 1.0,
        "updated_at": datetime(2026, 3, 1, 0, 0, 1, tzinfo=UTC),
    }  # fmt: skip
    for field in fields(Document):
        yield replace(document, **{field.name: others.get(field.name, "another")})  # type: ignore[arg-type]


def test_no_two_documents_have_one_digest() -> None:
    digests = Digests("1", "1")
    one = make(1)
    assert digests.of(one) == digests.of(make(1, values={"min-feature": (50.0, None)}))
    found = {digests.of(document) for document in changed(one)}
    assert len(found | {digests.of(one), Digests("2", "1").of(one), Digests("1", "2").of(one)}) == (
        len(fields(Document)) + 3
    )
    assert digests.of(make(1, title_zh="ab", title_en="c")) != digests.of(
        make(1, title_zh="a", title_en="bc")
    )


def imported(module: str, seen: set[str]) -> set[str]:
    """The modules of the product that a module cannot do without, itself among them."""
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if module in seen or not path.exists():
        return seen
    seen.add(module)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("collab"):
            for name in ("", *(f".{alias.name}" for alias in node.names)):
                imported(node.module + name, seen)
    return seen


def test_all_code_that_cuts_goes_into_the_digest() -> None:
    assert {module.__name__ for module in kept._CODE} == imported("collab.search.documents", set())
    for library in kept._LIBRARIES:
        assert version(library)


TEXTS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=60)


@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=3), st.floats(allow_nan=False), st.data())
@settings(max_examples=200, deadline=None)
def test_an_entry_comes_back_as_it_was_or_not_at_all(
    title: str, body: str, labels: list[str], low: float, data: st.DataObject
) -> None:
    document = make(
        1, title_zh=title, body=body, labels=tuple(dict.fromkeys(labels)), status=title,
        values={"min-feature": (low, None)}, organisation=body,
    )  # fmt: skip
    entry = entry_of(document)
    digest = Digests("1", "1").of(document)
    content = packed(digest, entry)
    assert unpacked(document.key, digest, content) == entry
    at = data.draw(st.integers(0, len(content) - 1))
    harmed = content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]
    assert unpacked(document.key, digest, harmed) is None
    assert unpacked(document.key, digest, content[:at]) is None


# ---- what cannot be read


HARMS = ("gone", "empty", "noise", "cut", "folder", "bits")


def harmed(file: Path, harm: str) -> None:
    content = file.read_bytes()
    file.unlink()
    chance = random.Random(4)
    if harm == "folder":
        file.mkdir()
    elif harm == "bits":
        spoilt = bytearray(content)
        for _ in range(400):
            spoilt[chance.randrange(100, len(spoilt))] ^= 255
        file.write_bytes(spoilt)
    elif harm != "gone":
        made = {"empty": b"", "noise": chance.randbytes(9000), "cut": content[: len(content) // 2]}
        file.write_bytes(made[harm])
    if file.is_file():
        file.chmod(0o600)


@pytest.mark.parametrize(
    ("which", "harm"),
    [
        *((PLACES, harm) for harm in ("empty", "noise", "cut", "folder")),
        *((CONTENTS, harm) for harm in ("gone", "empty", "bits")),
        (f"{PLACES}-journal", "noise"),
        *(("table", harm) for harm in (*HARMS, "long")),
    ],
)
def test_files_that_cannot_be_used_cost_nothing_but_the_work(
    which: str, harm: str, tmp_path: Path, analysed: list[str]
) -> None:
    documents = [make(n) for n in range(60)]
    index = SearchIndex(tmp_path, "tantivy", PARSER)
    index.rebuild(documents)
    before = told(index)
    if which == "table":
        with sqlite3.connect(tmp_path / PLACES) as places:
            places.execute({
                "gone": "DROP TABLE place", "empty": "DELETE FROM file",
                "noise": "UPDATE place SET length = 'x', name = NULL",
                "cut": "UPDATE place SET length = length - 1",
                "folder": "UPDATE file SET name = '../elsewhere'",
                "bits": "UPDATE place SET start = start + 9000000000000",
                "long": "UPDATE place SET length = 9000000000000 WHERE start > 20000",
            }[harm])  # fmt: skip
    else:
        if "journal" in which:
            (tmp_path / which).write_bytes(random.Random(2).randbytes(4096))
        harmed(next(tmp_path.glob(which)), harm)
    index.rebuild(documents)
    assert told(index) == before
    changed_one = documents[5] = make(5, title_zh="硅光流片", version="2")
    index.upsert([changed_one])
    index.rebuild(documents)
    analysed.clear()
    index.rebuild(documents)
    assert analysed == []
    files = [*tmp_path.glob(f"{PLACES}*"), *tmp_path.glob(CONTENTS)]
    assert max(file.stat().st_size for file in files) < 2**20
    assert len(files) == 2
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


# ---- what goes


def raw(folder: Path) -> bytes:
    """Every byte of the kept files."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob("terms*")))


def traces(folder: Path, *words: str) -> list[str]:
    """Words that stand anywhere in the kept files, also where a hit's text is kept as base64."""
    content = raw(folder)
    found = []
    for word in words:
        plain = word.encode()
        ways = {plain, *(b64encode(b"x" * n + plain)[4 if n else 0 : -4] for n in range(3))}
        if any(way in content for way in ways):
            found.append(word)
    return found


def secret(number: int) -> str:
    return f"zqsecret{number:04d}word{number * 7919 % 10007:05d}endofit"


def test_what_was_deleted_or_changed_leaves_no_trace(engine: str, tmp_path: Path) -> None:
    index = SearchIndex(tmp_path, engine, PARSER)
    documents = [make(n, body=f"{secret(n)} " + "光刻 " * (n % 90)) for n in range(40)]
    index.upsert(documents)
    assert len(traces(tmp_path, *map(secret, range(40)))) == 40  # the search sees what is there
    index.delete(["need:3"])
    index.upsert([make(4, body="别的文字", version="2")])
    assert traces(tmp_path, secret(3), secret(4)) == []
    assert b'"need:3"' not in raw(tmp_path)
    assert traces(tmp_path, secret(5)) == [secret(5)]
    left = [d for d in documents if d.key not in ("need:3", "need:4", "need:5")]
    index.rebuild(left)  # what no document uses
    assert traces(tmp_path, *map(secret, (3, 4, 5))) == []
    assert b'"need:5"' not in raw(tmp_path)
    assert b'"need:6"' in raw(tmp_path)
    assert traces(tmp_path, secret(6)) == [secret(6)]


def waste(folder: Path) -> int:
    (data,) = folder.glob(CONTENTS)
    return data.read_bytes().count(0)


@pytest.mark.parametrize("seed", range(6))
def test_no_order_of_changes_leaves_a_trace(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("collab.search.erasable.ROOM", 50_000)
    chance, file = random.Random(seed), Erasable(tmp_path)
    numbers = itertools.count()
    standing: dict[str, bytes] = {}
    gone: set[str] = set()
    for _ in range(80):
        fresh: dict[str, bytes] = {}
        for key in chance.sample(range(60), chance.randint(1, 9)):
            filling = "x" * int(30_000 ** chance.random())
            fresh[f"key{key}"] = f"{secret(next(numbers))}{filling}".encode()
        dropped = {f"key{n}" for n in chance.sample(range(60), 6)} - fresh.keys()
        gone |= {standing[k][:34].decode() for k in standing.keys() & (fresh.keys() | dropped)}
        standing = {k: v for k, v in standing.items() if k not in dropped} | fresh
        file.write(fresh, dropped, durable=chance.random() < 0.3)
        if chance.random() < 0.1:
            unused = set(chance.sample(sorted(standing), 3))
            gone |= {standing.pop(key)[:34].decode() for key in unused}
            file.only(set(map(name_of, standing)))
    assert len(gone) > 200
    assert traces(tmp_path, *gone) == []
    assert file.read([f"key{n}" for n in range(60)]) == standing
    assert waste(tmp_path) < 50_000 + sum(map(len, standing.values()))
    assert [n for n in range(60) if f"key{n}".encode() in (tmp_path / PLACES).read_bytes()] == []
    assert ROOM >= 2**20


def test_what_was_deleted_while_a_rebuild_ran_does_not_come_back(
    engine: str, tmp_path: Path
) -> None:
    documents = [make(n, body=secret(n)) for n in range(30)]
    index, other = (SearchIndex(tmp_path, engine, PARSER) for _ in range(2))
    index.upsert(documents)

    def slowly() -> Iterator[Document]:
        for number, document in enumerate(documents):
            if number == 20:
                other.delete(["need:1", "need:25"])
                other.upsert([make(2, body="别的文字", version="2"), make(77, body=secret(77))])
            yield document

    index.rebuild(slowly())
    assert traces(tmp_path, secret(1), secret(25), secret(2)) == []
    assert traces(tmp_path, secret(77), secret(0)) == [secret(77), secret(0)]
    assert index.size() == 29


def _change_forever(root: Path) -> None:
    file = Erasable(root)
    for n in itertools.count():
        file.write({f"key{i}": f"第{n}批{i}".encode() * 900 for i in range(n % 3, 40, 3)})
        file.write({}, [f"key{n % 40}"], durable=bool(n % 5))
        if n % 7 == 0:
            file.only({name_of(f"key{i}") for i in range(40) if i % 11})


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_killed_writer_leaves_nothing_without_its_place(tmp_path: Path) -> None:
    file = Erasable(tmp_path)
    for wait in (0.11, 0.24, 0.17, 0.32, 0.15):
        process = multiprocessing.get_context("fork").Process(
            target=_change_forever, args=(tmp_path,)
        )
        process.start()
        time.sleep(wait)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        found = file.read([f"key{i}" for i in range(40)])
        for content in found.values():
            text = content.decode(errors="replace")
            assert not text.strip("\0") or text == text[: len(text) // 900] * 900
        file.write({"after": b"zqafterthekill"}, [f"key{i}" for i in range(40)])
        assert file.read(["key1", "after"]) == {"after": b"zqafterthekill"}
        (data,) = tmp_path.glob(CONTENTS)
        assert "批".encode() not in data.read_bytes()
        assert len(list(tmp_path.glob("terms*"))) <= 3  # both files and the lock


def test_a_writer_killed_at_any_step_of_a_change_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every system call of a change and of writing the file anew, one after the other, the last."""
    steps = ("pwrite", "ftruncate", "fsync", "pread", "open", "unlink")
    monkeypatch.setattr("collab.search.erasable.ROOM", 0)

    class Killed(BaseException):
        pass

    for last in range(60):
        place = tmp_path / str(last)
        file = Erasable(place)
        file.write({f"key{i}": secret(i).encode() * 5 for i in range(8)})
        left = itertools.count(-last)
        with monkeypatch.context() as patched:
            for step in steps:
                real = getattr(os, step)

                def counted(
                    *args: object, real: object = real, left: Iterator[int] = left, **more: object
                ) -> object:
                    if next(left) >= 0:
                        raise Killed
                    return real(*args, **more)  # type: ignore[operator]

                patched.setattr(os, step, counted)
            try:
                file.write({"key0": secret(90).encode()}, [f"key{i}" for i in range(1, 7)])
                finished = True
            except Killed:
                finished = False
        again = Erasable(place)
        again.write({"key0": b"other"}, [f"key{i}" for i in range(1, 7)])
        assert traces(place, *map(secret, range(7)), secret(90)) == []
        assert again.read(["key0", "key1", "key7"]) == {
            "key0": b"other", "key7": secret(7).encode() * 5,
        }  # fmt: skip
        if finished:
            break
    assert finished
    assert last > 8
