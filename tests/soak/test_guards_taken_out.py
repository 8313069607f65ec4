"""Every single guard of the services taken out, one at a time: the matrix of routes must notice."""

from __future__ import annotations

import ast
import importlib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house import guards
from tests.house.test_guards import BELOW
from tests.site import EVERYBODY, bare_template
from tests.surfaces import rules
from tests.web.test_matrix import Field, _differences, nothing_kept, place

__all__ = ["bare_template", "place"]
ROOT = Path(__file__).resolve().parents[2]
ASKING = ("require", "must_", "_uploader", "guarded", "own_person", "want_fresh")
# A second guard stands behind these, or no page leads there; whoever adds a line says which.
BACKED = {
    "collab.curation.service:open_proposal:must_propose": "store.open_proposal asks the same rule",
    "collab.curation.service:evidence:must_curate": "tests/service/test_curation.py notices",
    "collab.curation.service:preview:must_curate": "tests/service/test_curation.py notices",
}


@dataclass(frozen=True)
class Guard:
    """One statement that keeps somebody out."""

    module: str
    function: str
    first: int
    last: int
    what: str

    @property
    def name(self) -> str:
        """How the tables above name it."""
        return f"{self.module}:{self.function}:{self.what}"


def _is_guard(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = ast.unparse(node.value.func).rpartition(".")[2]
        return called if called.startswith(ASKING) else ""
    if isinstance(node, ast.If) and not node.orelse:
        raised = [n for n in node.body if isinstance(n, ast.Raise)]
        if any("NotAllowed" in ast.dump(n) for n in raised) and "actor" in ast.unparse(node.test):
            return ast.unparse(node.test)[:60]
        if raised and "actor." in ast.unparse(node.test):
            return ast.unparse(node.test)[:60]
    return ""


def found() -> Iterator[Guard]:
    """Every guard statement in a function of the slices that takes an actor."""
    for module, text in guards.modules(ROOT, "collab").items():
        if module.startswith(BELOW):
            continue
        for _, function in guards._functions(ast.parse(text)):
            for node in ast.walk(function):
                what = _is_guard(node) if isinstance(node, ast.stmt) else ""
                if what:
                    yield Guard(module, function.name, node.lineno, node.end_lineno or 0, what)


def without(guard: Guard) -> tuple[types.FunctionType, types.CodeType] | None:
    """The function as it runs, and its code without the guard; None for a method."""
    module = importlib.import_module(guard.module)
    running = getattr(module, guard.function, None)
    if not isinstance(running, types.FunctionType):
        return None
    lines = (ROOT / (guard.module.replace(".", "/") + ".py")).read_text("utf-8").split("\n")
    indent = len(lines[guard.first - 1]) - len(lines[guard.first - 1].lstrip())
    lines[guard.first - 1 : guard.last] = [" " * indent + "pass"]
    space: dict[str, object] = dict(vars(module))
    exec(compile("\n".join(lines), "mutant", "exec"), space)
    changed = space[guard.function]
    assert isinstance(changed, types.FunctionType)
    return running, changed.__code__


def noticed(made: Field) -> str:
    """The first route that lets in whom the table does not, or fails."""
    for who in ("other", "visitor", "owner", "member", "coordinator", *EVERYBODY):
        for method in ("POST", "PUT", "DELETE", "GET"):
            for rule in rules(made.site, method):
                for wrong in _differences(made, rule, method, who):
                    return f"{who} {wrong}"
    return ""


@pytest.mark.slow
def test_every_guard_taken_out_is_noticed(place: Field) -> None:
    missed, tried = [], 0
    with nothing_kept(place.site.database):
        assert noticed(place) == ""
        for guard in found():
            changed = without(guard)
            if changed is None:
                continue
            running, code = changed
            kept, tried = running.__code__, tried + 1
            running.__code__ = code
            try:
                seen = noticed(place)
            finally:
                running.__code__ = kept
            print(guard.name, "->", seen or "MISSED", flush=True)
            if not seen:
                missed.append(guard.name)
    assert tried > 30
    assert set(missed) <= set(BACKED), "say why nobody notices, or mend it"
