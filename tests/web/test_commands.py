"""The commands that other programs call: shapes, order, and one plain line for bad use."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import Result

from tests.site import Site

HIT = {"kind", "id", "title", "organisation", "techniques", "materials", "score"}


def run(site: Site, *arguments: str, given: str | bytes | None = None) -> Result:
    """What a command prints, run as `flask --app app` runs it."""
    with site.app.app_context():
        return site.app.test_cli_runner().invoke(args=list(arguments), input=given)


def test_search_and_extract_read_lines_from_a_file_or_standard_input(
    site: Site, tmp_path: Path
) -> None:
    asked = tmp_path / "q.jsonl"
    asked.write_text('\ufeff{"id": "b", "q": "EBL"}\n\n{"id": 1, "q": "无此物xyz"}\n', "utf-8")
    for found in (
        run(site, "search", "--jsonl", str(asked)),
        run(site, "search", "--jsonl", given=asked.read_bytes()),
    ):
        answers = [json.loads(line) for line in found.stdout.splitlines()]
        assert [a["id"] for a in answers] == ["b", 1]
        assert set(answers[0]["hits"][0]) >= HIT
        assert any("lithography.ebl" in h["techniques"] for h in answers[0]["hits"][:5])
    for command in ("search", "extract"):
        missing = run(site, command, "--jsonl", str(tmp_path / "nothing"))
        assert (missing.exit_code, missing.stdout) == (2, "")
        assert missing.stderr.count("\n") == 1
        broken = run(site, command, "--jsonl", given='{"id": 1}\n')
        assert (broken.exit_code, broken.stdout) == (2, "")
        assert "line 1" in broken.stderr


def test_match_answers_a_far_deadline_and_refuses_a_bent_structure_in_one_line(site: Site) -> None:
    far = run(site, "match", "-", "--json", given="MPW 流片，500000周内完成")
    assert far.exit_code == 0, far.output
    assert json.loads(far.stdout)["steps"]
    for bent in ('{"techniques": "x"}', '{"techniques": [{"id": 5}]}', "{broken"):
        found = run(site, "match", "-", given=bent)
        assert (found.exit_code, found.stdout, found.stderr.count("\n")) == (2, "", 1), bent


def test_match_speaks_both_languages_and_names_a_route_once(site: Site) -> None:
    need = "需要在8英寸SOI晶圆上做硅光芯片流片，最小线宽130nm，然后做倒装焊，20片"
    said = {}
    for language, words in (("zh", ("满足", "待确认", "最快", "周")),
                            ("en", ("meets", "unknown", "fastest", "weeks"))):  # fmt: skip
        found = run(site, "match", "-", "--top", "3", "--language", language, given=need)
        assert found.exit_code == 0, found.output
        said[language] = found.stdout
        for word in words:
            assert word in found.stdout, (language, word)
        routes = [line for line in found.stdout.splitlines() if " → " in line]
        assert routes
        assert len(set(routes)) >= len(routes) - 2, "a route stands there once"
    assert not any("\u4e00" <= c <= "\u9fff" for c in said["en"]), "English alone"
    for wrong in (("--top", "0"), ("--top", "51"), ("--language", "fr")):
        refused = run(site, "match", "-", *wrong, given=need)
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (2, "", 1), wrong
    nothing = run(site, "match", "-", "--language", "en", given="你好")
    assert nothing.exit_code == 0
    assert "No process step" in nothing.stdout
