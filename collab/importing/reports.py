"""The report of a list for programs and, line by line, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collab.importing.planning import Plan
from collab.importing.rules import differences
from collab.kernel.messages import say


def said(
    line: int, column: str, header: str, code: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """A problem with its place and its sentence in both languages."""
    message = {language: say(code, language, facts) for language in ("zh", "en")}
    return {"line": line, "column": column, "header": header, "code": code, "message": message}


def lines(done: Mapping[str, Any]) -> Iterator[str]:
    """The report in words."""
    for p in done["problems"]:
        place = f"{p['column']}{p['line']} {p['header']}".strip() if p["line"] else "file"
        yield f"{place}: {p['message']['zh']} {p['message']['en']}"
    if done["unknown_headers"]:
        yield "没有认出的列 unknown columns: " + ", ".join(done["unknown_headers"])
    counts = ", ".join(f"{name} {number}" for name, number in done["counts"].items())
    yield f"{counts}; " + (f"applied as {done['import']}" if done["applied"] else "nothing written")


def report(plan: Plan, kind: str, *, applied: bool = False, record: str = "") -> dict[str, Any]:
    """The plan as a program reads it; every problem in both languages."""
    return {
        "kind": kind,
        "import": record or None,
        "applied": applied,
        "counts": plan.counts(),
        "unknown_headers": list(plan.unknown),
        "problems": [
            said(p.line, p.place, p.header, p.code, p.facts) for p in plan.problems
        ],
        "rows": [
            {"line": r.line, "effect": r.effect.value, "record": r.record or None,
             "title": r.title, "changes": changed_fields(r.before, r.after)}
            for r in plan.rows
        ],
    }  # fmt: skip


def changed_fields(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Field, old and new value of what a row changes; nothing for a new record."""
    if before is None or after is None:
        return []
    return [{"field": f, "before": b, "after": a} for f, b, a in differences(before, after)]
