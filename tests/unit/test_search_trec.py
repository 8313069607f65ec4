"""Any collection can be indexed and searched from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from collab.search.trec import main


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


def test_bad_input_is_one_line_and_status_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--out", str(tmp_path / "x")]) == 2
    (collection(tmp_path) / "docs.jsonl").write_text("{broken")
    assert main([str(tmp_path), "--out", str(tmp_path / "x")]) == 2
    assert "docs.jsonl line 1" in capsys.readouterr().err
