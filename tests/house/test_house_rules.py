"""The rules of the house, kept by a machine: sizes, names, places, what stands in the tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from collab import tables
from collab.config import table as settings_table

ROOT = Path(__file__).resolve().parents[2]
CODE = ("app.py", "collab", "graph")
LONGEST_FILE, LONGEST_FUNCTION, LONGEST_TEMPLATE = 400, 40, 120
# words that the glossary replaces; `request` is Flask's own and means nothing else here
AVOIDED = {"organization", "organizations", "requirement", "requirements", "manager", "utils",
           "helper", "helpers"}  # fmt: skip
BAD_FILES = {"utils.py", "helpers.py", "common.py", "misc.py"}
QUERYING = {"store.py", "feed.py", "access.py", "models.py"}
# whole modules of bulk work beside their stores, which read and write tables as tables
BULK = {"collab/storage", "collab/importing"}


def sources(*tops: str) -> Iterator[Path]:
    """Every Python file under these."""
    for top in tops:
        path = ROOT / top
        yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def name_of(path: Path) -> str:
    """The path inside the project."""
    return path.relative_to(ROOT).as_posix()


APP = list(sources(*CODE))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def test_files_and_functions_stay_short() -> None:
    long = []
    for path in [*APP, *sources("tests", "bench", "scripts")]:
        text = path.read_text("utf-8")
        if len(text.splitlines()) > LONGEST_FILE and not name_of(path).startswith("tests/"):
            long.append(f"{name_of(path)}: {len(text.splitlines())} lines")
    for path in APP:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0  # type: ignore[operator]
                if lines > LONGEST_FUNCTION:
                    long.append(f"{name_of(path)}:{node.lineno} {node.name}: {lines} lines")
    assert long == []


def test_templates_stay_short_and_hold_no_script_or_style() -> None:
    wrong = []
    for path in TEMPLATES:
        text = path.read_text("utf-8")
        if len(text.splitlines()) > LONGEST_TEMPLATE:
            wrong.append(f"{name_of(path)}: too long")
        inline = r"<script(?![^>]*\ssrc=)(?![^>]*type=\"application/json\")|<style|\son\w+=\""
        if re.search(inline, text):
            wrong.append(f"{name_of(path)}: inline script or style")
        if re.search(r"(?:src|href|action)=\"(?:https?:)?//", text):
            wrong.append(f"{name_of(path)}: leaves the site")
    assert wrong == []


def test_every_module_says_what_it_is_for_in_a_sentence() -> None:
    silent = []
    for path in [*APP, *sources("tests", "bench", "scripts")]:
        text = path.read_text("utf-8")
        said = ast.get_docstring(ast.parse(text)) if text.strip() else "Empty."
        if not said or not re.search(r"[.?!:]( |$)", said.splitlines()[0]):
            silent.append(name_of(path))
    assert silent == []


def test_public_functions_and_classes_of_the_application_have_docstrings() -> None:
    silent = []
    for path in APP:
        for node in ast.parse(path.read_text("utf-8")).body:
            known = isinstance(node, ast.FunctionDef | ast.ClassDef)
            if known and not node.name.startswith("_") and not ast.get_docstring(node):
                silent.append(f"{name_of(path)}:{node.lineno} {node.name}")
    assert silent == []


def identifiers(path: Path) -> Iterator[tuple[str, int]]:
    """Names that a file gives to things, with their lines."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def test_one_word_per_idea() -> None:
    wrong = [name_of(p) for p in APP if p.name in BAD_FILES]
    for path in APP:
        for name, line in identifiers(path):
            words = set(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_"))
            if words & AVOIDED:
                wrong.append(f"{name_of(path)}:{line} {name}")
    assert wrong == []


def test_queries_have_names_and_live_in_stores() -> None:
    wrong = []
    for path in sources("collab"):
        place = name_of(path)
        split_store = path.name.startswith("store_")  # a store too long for one file
        if path.name in QUERYING or split_store or any(place.startswith(top + "/") for top in BULK):
            continue
        if re.search(r"(?<![\w.])select\(|\.exec\(|exec_driver_sql", path.read_text("utf-8")):
            wrong.append(place)
    assert wrong == []


def test_every_models_module_is_listed_with_the_tables() -> None:
    listed = {module.__name__ for module in tables.MODULES}
    written = {
        name_of(p).removesuffix(".py").replace("/", ".") for p in sources("collab")
        if p.name == "models.py" and "table=True" in p.read_text("utf-8")
    }  # fmt: skip
    assert written == listed


def test_the_tree_names_no_machine_and_no_registry() -> None:
    forbidden = ("/work" + "/", "/root" + "/", "/home" + "/", "shared" + "/design",
                 "../" + "shared", "mirrors" + ".", "pypi" + ".org", "index" + "-url")  # fmt: skip
    wrong = []
    kinds = {
        ".py",
        ".html",
        ".md",
        ".sh",
        ".toml",
        ".mjs",
        ".css",
        ".js",
        ".json",
        ".in",
        ".ini",
        "",
    }
    tops = ("collab", "graph", "templates", "tests", "scripts", "docs", "bench", "migrations",
            ".ci", "data/vocab", "data/seed")  # fmt: skip
    files = [p for top in tops for p in (ROOT / top).rglob("*") if p.is_file()]
    # a linked worktree has a `.git` file that points at its repository; it is git's, not the tree's
    files += [p for p in ROOT.iterdir() if p.is_file() and p.name != ".git"]
    for path in files:
        place = name_of(path)
        if path.suffix not in kinds or "/vendor/" in place or "__pycache__" in place:
            continue
        text = path.read_text("utf-8", errors="replace")
        wrong += [f"{place}: {word}" for word in forbidden if word in text]
    assert wrong == []


def guide(name: str) -> str:
    """The text of a documentation page."""
    path = ROOT / "docs" / name
    return path.read_text("utf-8") if path.is_file() else ""


@pytest.mark.parametrize("row", settings_table(), ids=lambda row: row.name)
def test_every_setting_stands_in_the_operators_guide(row: object) -> None:
    assert f"`{row.name}`" in guide("operator-guide.md")  # type: ignore[attr-defined]


def test_every_command_stands_in_the_operators_guide() -> None:
    from app import create_app

    own = {name for name in create_app().cli.commands if name not in ("run", "routes", "shell")}
    text = guide("operator-guide.md")
    assert {name for name in own if f"`{name}" not in text} == set()
