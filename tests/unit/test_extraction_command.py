"""The commands of the reader: results in order, plain refusals, and the measured figures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from collab.cli import extract_command
from collab.commands_data import evaluate_extraction_command
from collab.config import Settings
from collab.curation import service
from collab.curation.forms import proposal_from
from collab.kernel.identity import SYSTEM
from collab.storage import migrate
from collab.vocabulary.catalog import load_vocabulary
from collab.wiring import build

GOOD = "examples:\n- {id: a, text: '需要减薄，插损<3dB', gold: {techniques: [thinning]}}\n"
PARTS = {
    "techniques", "techniques_any_of", "optional_techniques", "excluded_techniques", "materials",
    "excluded_materials", "parameters", "quantity", "deadline", "budget", "trl", "region",
    "confidentiality", "chain", "not_understood", "questions",
}  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    """An application with an empty folder: no database yet."""
    made = Flask(__name__)
    made.extensions["collab"] = build(Settings(data_dir=tmp_path))
    with made.app_context():
        yield made
    made.extensions["collab"].database.close()


def run(app: Flask, *arguments: str, given: str | bytes = "") -> Result:
    return app.test_cli_runner().invoke(extract_command, list(arguments), input=given)


def test_one_text_gives_the_documented_shape(app: Flask) -> None:
    text = (
        "SOI晶圆，EBL光刻或全息光刻，ICP刻蚀，不接受湿法腐蚀，最好做端面抛光，损耗<0.3dB/cm，"
        "10片，12周内，预算80万左右，TRL≥5，优先湖北省，签保密协议"
    )
    told = run(app, "-", given=text)
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert set(found) == PARTS
    first = found["techniques"][0]
    assert set(first) >= {"id", "span", "hard", "confidence", "rule"}
    assert text[slice(*first["span"])] in ("ICP刻蚀", "ICP")
    assert len(found["techniques_any_of"][0]) == 2
    assert found["optional_techniques"][0]["hard"] is False
    assert found["excluded_techniques"][0]["reason"] in ("reject", "own")
    loss = found["parameters"][0]
    assert {k: loss[k] for k in ("id", "op", "value", "unit", "hard")} == {
        "id": "propagation-loss", "op": "lt", "value": 0.3, "unit": "dB/cm", "hard": True,
    }  # fmt: skip
    assert (found["quantity"]["value"], found["quantity"]["unit"]) == (10, "wafer")
    assert found["deadline"]["type"] == "duration"
    assert found["budget"]["currency"] == "CNY"
    assert found["region"]["prefer"] == ["CN-HB"]
    assert found["confidentiality"]["level"] == "nda"
    empty = json.loads(run(app, given="你好").stdout)
    assert set(empty) == PARTS
    assert (empty["techniques"], empty["quantity"], empty["trl"]) == ([], None, None)


def test_lines_are_answered_in_order_and_a_bad_one_ends_with_status_two(app: Flask) -> None:
    lines = [json.dumps({"id": n, "text": f"减薄{n}片"}) for n in (3, 1, 2)]
    told = run(app, "--jsonl", given="\n".join(lines) + "\n\n")
    assert told.exit_code == 0, told.output
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert [a["id"] for a in answers] == [3, 1, 2]
    assert [a["result"]["quantity"]["value"] for a in answers] == [3, 1, 2]
    dated = json.dumps({"id": "a", "text": "年底前减薄", "posted": "2025-03-01"})
    answer = json.loads(run(app, "--jsonl", given=dated).stdout)
    assert answer["result"]["deadline"]["value"] == "2025-12-31"
    halved = run(app, "--jsonl", given='{"id": 1, "text": "减薄\\ud800，插损3dB或\\udc00"}')
    assert (halved.exit_code, json.loads(halved.stdout)["id"]) == (0, 1)
    for bad in (
        "{", "[]", '{"id": 1}', '{"text": "x"}', '{"id": 1, "text": 2}', b"\xff{}",
        '{"id": 1, "text": "x", "posted": "yesterday"}', '{"id": 1, "text": "x", "posted": 5}',
    ):  # fmt: skip
        raw = bad if isinstance(bad, bytes) else bad.encode()
        told = run(app, "--jsonl", given=lines[0].encode() + b"\n" + raw)
        assert told.exit_code == 2, bad
        assert len(told.stdout.splitlines()) == 1  # what came before it was answered
        assert len(told.stderr.strip().splitlines()) == 1, told.stderr
    missing = run(app, "/no/such/file")
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (2, 1)


def test_accepted_words_are_read_where_there_is_a_database(app: Flask, tmp_path: Path) -> None:
    text = "请做蓝鲸刻蚀"
    shipped = json.loads(run(app, given=text).stdout)["techniques"]
    assert [t["id"] for t in shipped] == ["etching"]
    found = app.extensions["collab"]
    migrate.upgrade(found.settings.database)
    form = proposal_from({"term": "etching.icp", "words_zh": "蓝鲸刻蚀"})
    with found.database.writing() as uow:
        row = service.propose(uow, SYSTEM_MEMBER, form, load_vocabulary())
        service.accept(uow, SYSTEM, row.public_id, None, "", load_vocabulary())
    app.extensions["collab"] = build(Settings(data_dir=tmp_path))
    found.database.close()
    assert json.loads(run(app, given=text).stdout)["techniques"][0]["id"] == "etching.icp"


SYSTEM_MEMBER = SYSTEM


def test_a_file_of_examples_is_measured_and_others_are_refused(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "needs.yaml"
    file.write_text(GOOD, "utf-8")
    runner = app.test_cli_runner()
    told = runner.invoke(evaluate_extraction_command, [str(file), "--json"])
    assert told.exit_code == 0, told.output
    report = json.loads(told.output)
    assert report["scores"]["techniques"]["f1"] == 1
    assert (report["values"], report["invented_share"]) == (1, 1)
    printed = runner.invoke(evaluate_extraction_command, [str(file)]).output
    for kind in ("techniques", "materials", "parameters", "quantity", "deadline", "budget",
                 "exclusions"):  # fmt: skip
        assert kind in printed
    assert "invented values  1 of 1 (100.0 %)" in printed
    assert "INVENTED: a parameters invented insertion-loss" in printed
    totals = runner.invoke(evaluate_extraction_command, [str(file), "--totals"]).output
    assert "invented values  1 of 1" in totals
    assert "insertion-loss" not in totals
    file.write_text("nothing: here", "utf-8")
    refused = runner.invoke(evaluate_extraction_command, [str(file)])
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (2, 1)
