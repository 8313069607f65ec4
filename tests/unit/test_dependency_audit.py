"""The audit of dependencies fails on a known weakness and says when it looked at nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from scripts import audit_dependencies as audit

TODAY = date(2026, 11, 28)
ENTRY = '[[ignored]]\nid = "PYSEC-1"\nuntil = {until}\nreason = "{reason}"\n'
REASON = "Concerns a part that is never started here."
REPORT = {
    "dependencies": [
        {"name": "safe", "version": "1", "vulns": []},
        {"name": "weak", "version": "2", "vulns": [
            {"id": "GHSA-x", "aliases": ["PYSEC-1"], "fix_versions": ["2.1"]},
            {"id": "PYSEC-2", "aliases": [], "fix_versions": []},
        ]},
        {"name": "unknown", "skip_reason": "not found"},
    ]
}  # fmt: skip


def test_an_accepted_weakness_needs_a_reason_and_a_day_that_has_not_passed() -> None:
    good = audit.ignored(ENTRY.format(until="2026-12-31", reason=REASON), TODAY)
    assert good == ({"PYSEC-1": REASON}, [])
    for until, reason in (("2026-11-27", REASON), ("2026-12-31", "later"), ('"soon"', REASON)):
        known, wrong = audit.ignored(ENTRY.format(until=until, reason=reason), TODAY)
        assert known == {}
        assert len(wrong) == 1


def test_every_weakness_that_is_not_accepted_is_found_by_any_of_its_names() -> None:
    assert audit.findings(REPORT, {"PYSEC-1": REASON}) == (
        2, ["weak 2: PYSEC-2, mended in nothing yet"],
    )  # fmt: skip
    assert len(audit.findings(REPORT, {})[1]) == 2
    skipped = {"dependencies": [{"name": "x", "skip_reason": "no answer"}]}
    assert audit.findings(skipped, {}) == (0, [])


@pytest.mark.parametrize(("must", "status"), [("", 0), ("1", 1)])
def test_when_nobody_answers_it_is_said_loudly(
    must: str, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "asked", lambda lock: iter([]))
    monkeypatch.setenv("AUDIT_MUST_REACH", must)
    assert audit.main() == status
    assert "WERE NOT AUDITED" in capsys.readouterr().err
    monkeypatch.setattr(audit, "asked", lambda lock: iter([REPORT]))
    assert audit.main() == 1, "a weakness fails the check"


def test_the_list_that_is_kept_is_in_order() -> None:
    assert audit.ignored(audit.IGNORED.read_text("utf-8"), datetime.now(UTC).date())[1] == []
