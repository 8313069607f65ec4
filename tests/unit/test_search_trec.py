"""Any collection can be indexed and searched from the command line."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bm25s
import pytest
from opencc import OpenCC

from collab.search.analysis import words
from collab.search.trec import main, run


def collection(folder: Path) -> Path:
    documents = [
        {"id": "d1", "title": "wings", "text": "lift of a wing in a slipstream"},
        {"id": "d2", "title": "", "text": "台湾大学位于台北，历史悠久"},
        {"id": "d3", "title": "heat", "text": "heat conduction in composite slabs"},
        {"id": 4, "text": "nothing alike"},
    ]
    queries = [{"id": "q1", "text": "what lifts wings"}, {"id": "q2", "text": "臺灣大學在哪裡？"},
               {"id": "q3", "text": "？"}]  # fmt: skip
    for name, rows in (("docs", documents), ("queries", queries)):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_a_run_ranks_the_right_document_first(tmp_path: Path, engine: str) -> None:
    out = tmp_path / "out.run"
    assert main([str(collection(tmp_path)), "--out", str(out), "--engine", engine]) == 0
    rows = [line.split() for line in out.read_text(encoding="utf-8").splitlines()]
    assert rows[0][:4] == ["q1", "Q0", "d1", "1"]
    assert next(row for row in rows if row[0] == "q2")[2] == "d2"
    assert all(len(row) == 6 and float(row[4]) > 0 for row in rows)


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    lines = [json.dumps(row) for row in rows]
    (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")


def ranked(folder: Path, engine: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in run(folder, engine):
        query, _, document, rank, _, _ = line.split()
        found.setdefault(query, []).append(document)
        assert int(rank) == len(found[query])
    return found


ODD = [
    {"id": "a/b:c#1", "title": None, "text": "plain aperture of the camera"},
    {"id": "空-标识", "text": "孔径光阑"},
    {"id": "t\u00e9l\u00e9", "title": "caf\u00e9 aperture", "text": ""},
    {"id": 7, "title": "", "text": None},
    {"id": "lone", "text": "broken \ud800 aperture"}, {"id": "same", "title": "twin aperture"},
    {"id": "same2", "title": "twin aperture"}, {"id": "same", "title": "never seen"},
    {"id": "long", "text": "低损耗波导 waveguide " * 20_000},
    {"id": "no-break", "text": "x" * 100_000 + " aperture"},
    {"id": "latin", "text": "采用 PECVD 与 LPCVD 在 SOI 上做 grating coupler，Q factor 超过 1e6"},
]  # fmt: skip


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_odd_collections_are_ranked_all_the_same(tmp_path: Path, engine: str) -> None:
    write(tmp_path, "docs", ODD)
    write(tmp_path, "queries", [
        {"id": "q1", "text": "aperture"}, {"id": "q2", "text": "twin"},
        {"id": "q3", "text": "波导"}, {"id": "q4", "text": ""}, {"id": "q5", "text": "the of"},
        {"id": "q6", "text": "\ud800 孔径"},
        {"id": "q7", "text": "grating couplers with high Q factors " * 200}, {"id": "q8"},
        {"id": "q9", "text": "光栅耦合器"},
    ])  # fmt: skip
    found = ranked(tmp_path, engine)
    assert set(found["q1"]) >= {"a/b:c#1", "t\u00e9l\u00e9", "lone", "same", "no-break"}
    assert sorted(found["q2"]) == ["same", "same2"]
    assert found["q3"] == ["long"]
    assert found["q6"][0] == "空-标识"
    assert found["q7"][0] == "latin"
    assert found["q5"], "a query of nothing but function words still ranks"
    assert "q4" not in found
    assert "q8" not in found


@pytest.mark.parametrize("engine", ["whoosh", "tantivy"])
def test_a_term_is_found_in_the_other_language(tmp_path: Path, engine: str) -> None:
    write(tmp_path, "docs", [
        {"id": "zh", "text": "提供电子束光刻加工"},
        {"id": "en", "text": "electron-beam lithography"},
        {"id": "no", "text": "electron microscopes and beams of wood"},
    ])  # fmt: skip
    write(tmp_path, "queries", [{"id": "q1", "text": "電子束曝光"}, {"id": "q2", "text": "EBL"}])
    found = ranked(tmp_path, engine)
    assert found["q1"][:2] == ["zh", "en"]
    assert set(found["q2"]) == {"zh", "en"}


def chinese_collection(folder: Path, documents: int, queries: int, script: str) -> dict[str, str]:
    """Documents of random sentences, and questions made of one sentence's words."""
    chance = random.Random(8)
    convert = OpenCC(script).convert
    nouns = ("学校", "车站", "电影", "乐队", "专辑", "球队", "城市", "河流", "战争", "皇帝", "铁路",
             "公园", "博物馆", "大学", "银行", "节目", "演员", "歌曲", "岛屿", "神话", "体育",
             "发展", "飞机", "软件", "程序", "网络", "鼠标", "打印", "信息", "质量")  # fmt: skip
    verbs = ("位于", "创立于", "毕业于", "获得", "出版", "参加", "改名为", "负责", "影响", "连接")
    texts = {
        f"d{n}": "。".join(
            "".join((chance.choice(nouns), chance.choice(verbs), chance.choice(nouns),
                     chance.choice(nouns), str(chance.randint(1, 400))))
            for _ in range(chance.randint(3, 12))
        ) for n in range(documents)
    }  # fmt: skip
    wanted = {}
    asked = []
    for n in range(queries):
        key = chance.choice(list(texts))
        wanted[f"q{n}"] = key
        asked.append({"id": f"q{n}", "text": convert(chance.choice(texts[key].split("。")) + "？")})
    write(folder, "docs", [{"id": key, "text": text} for key, text in texts.items()])
    write(folder, "queries", asked)
    return wanted


def mean_ndcg(found: Mapping[str, Sequence[str]], wanted: Mapping[str, str]) -> float:
    gains = [
        1 / math.log2(found[q].index(d) + 2) if d in found.get(q, ())[:10] else 0.0
        for q, d in wanted.items()
    ]
    return sum(gains) / len(gains)


def test_spelling_engine_and_bm25_make_little_difference(tmp_path: Path) -> None:
    scores = {}
    for script in ("s2t", "s2twp", "t2s"):
        folder = tmp_path / script
        folder.mkdir()
        wanted = chinese_collection(folder, 300, 120, script)
        for engine in ("whoosh", "tantivy"):
            scores[script, engine] = mean_ndcg(ranked(folder, engine), wanted)
    assert max(scores.values()) - min(scores.values()) <= 0.02, scores
    documents = [json.loads(row) for row in (folder / "docs.jsonl").read_text().splitlines()]
    queries = [json.loads(row) for row in (folder / "queries.jsonl").read_text().splitlines()]
    plain = bm25s.BM25(k1=1.2, b=0.75)
    plain.index([words(d["text"]) for d in documents], show_progress=False)
    found = {
        q["id"]: [documents[i]["id"] for i in plain.retrieve(
            [words(q["text"])], k=10, show_progress=False)[0][0]]
        for q in queries
    }  # fmt: skip
    assert min(scores.values()) >= mean_ndcg(found, wanted) - 0.01


def test_bad_input_is_one_line_and_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "x")]) == 2
    (collection(tmp_path) / "docs.jsonl").write_text("{broken")
    assert main([str(tmp_path), "--out", str(tmp_path / "x")]) == 2
    assert "docs.jsonl line 1" in capsys.readouterr().err
