"""The evaluation of the reader can be run on any annotated file."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Flask

from collab.commands_data import evaluate_extraction_command
from collab.config import Settings
from collab.wiring import build

GOOD = "examples:\n- {id: a, text: '需要减薄', gold: {techniques: [thinning]}}\n"


def test_a_file_of_examples_is_measured_and_others_are_refused(tmp_path: Path) -> None:
    app = Flask(__name__)
    app.extensions["collab"] = build(Settings(data_dir=tmp_path))
    file = tmp_path / "needs.yaml"
    file.write_text(GOOD, "utf-8")
    with app.app_context():
        runner = app.test_cli_runner()
        told = runner.invoke(evaluate_extraction_command, [str(file), "--json"])
        assert told.exit_code == 0, told.output
        assert json.loads(told.output)["scores"]["techniques"]["f1"] == 1
        assert "techniques" in runner.invoke(evaluate_extraction_command, [str(file)]).output
        file.write_text("nothing: here", "utf-8")
        assert runner.invoke(evaluate_extraction_command, [str(file)]).exit_code == 1
    app.extensions["collab"].database.close()
