"""Reads the code for guards: which functions write, which ask whether the actor may."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# what puts something into the database or on the record
WRITES = {"add", "add_all", "delete", "merge", "record", "note"}
# what there is to ask about an actor
ASKED = {"person_id", "organisation_ids", "secretariat", "admin_organisation_ids", "region_ids",
         "editor_organisation_ids", "is_member", "is_visitor", "system"}  # fmt: skip


@dataclass
class Function:
    """One function: where it stands, whether it takes an actor, what it does and whom it calls."""

    name: str
    public: bool
    takes_actor: bool
    writes: bool = False
    guards: bool = False
    calls: set[str] = field(default_factory=set)


def read(sources: Mapping[str, str]) -> dict[str, Function]:
    """Every function of the modules, by dotted name; `sources` are texts by module name."""
    found: dict[str, Function] = {}
    for module, text in sources.items():
        tree = ast.parse(text)
        names = _imported(tree)
        for prefix, node in _functions(tree):
            found[f"{module}.{prefix}{node.name}"] = _function(module, prefix, node, names)
    return found


def modules(root: Path, *tops: str) -> dict[str, str]:
    """The texts of the modules below these folders."""
    paths = [p for top in tops for p in sorted((root / top).rglob("*.py"))]
    return {p.relative_to(root).with_suffix("").as_posix().replace("/", "."): p.read_text("utf-8")
            for p in paths}  # fmt: skip


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield "", node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.", n) for n in node.body if isinstance(n, ast.FunctionDef))


def _imported(tree: ast.Module) -> dict[str, str]:
    """Names of the module and what they stand for: modules and functions of ours."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("collab"):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _function(module: str, prefix: str, node: ast.FunctionDef, names: dict[str, str]) -> Function:
    arguments = [*node.args.args, *node.args.kwonlyargs]
    actor = any(
        isinstance(a.annotation, ast.Name) and a.annotation.id == "Actor" for a in arguments
    )
    made = Function(node.name, not node.name.startswith("_"), actor)
    for part in ast.walk(node):
        if isinstance(part, ast.Call):
            _call(made, part, module, prefix, names)
            if ".store" in names.get(ast.unparse(part.func).split(".")[0], ""):
                made.guards |= _looks_at_actor(*part.args)  # rows of the actor's own
        elif isinstance(part, ast.Raise) and "NotAllowed" in ast.dump(part):
            made.guards = True
        elif isinstance(part, ast.Compare):
            made.guards |= _looks_at_actor(part)
        elif isinstance(part, ast.If | ast.IfExp):
            made.guards |= _looks_at_actor(part.test)
    return made


def _looks_at_actor(*parts: ast.expr) -> bool:
    """Whether an expression asks who the actor is; only naming the actor on record does not."""
    return any(
        isinstance(node, ast.Attribute) and node.attr in ASKED
        and isinstance(node.value, ast.Name) and node.value.id == "actor"
        for part in parts for node in ast.walk(part)
    )  # fmt: skip


def _call(made: Function, part: ast.Call, module: str, prefix: str, names: dict[str, str]) -> None:
    called = ast.unparse(part.func)
    if called in ("grants.where", "grants.allows"):
        made.guards = True
    head, _, tail = called.rpartition(".")
    if tail in WRITES and head.split(".")[0] == "uow":
        made.writes = True
    if not head:
        made.calls.add(names.get(called, f"{module}.{called}"))
    elif head == "self":
        made.calls.add(f"{module}.{prefix}{tail}")
    elif head in names:
        made.calls.add(f"{names[head]}.{tail}")


def reaching(found: Mapping[str, Function], what: str) -> set[str]:
    """Names of the functions that do `what` ("writes", "guards") themselves or by a call."""
    reached = {name for name, one in found.items() if getattr(one, what)}
    while True:
        more = {name for name, one in found.items() if name not in reached and one.calls & reached}
        if not more:
            return reached
        reached |= more
