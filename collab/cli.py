"""The commands, flask --app app NAME: JSON to standard output, all else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from pathlib import Path
from typing import IO, Any

import click
from flask import Flask
from pydantic import ValidationError

from collab import commands_data, commands_serve
from collab.kernel.identity import Actor
from collab.needs.extraction import extract
from collab.needs.forms import Structure
from collab.platform import Platform
from collab.search.query import SearchQuery
from collab.vocabulary.catalog import VocabularyError, load_vocabulary
from graph.errors import GraphError
from graph.tables import metrics_of_edge_list

# what an alliance member without special rights sees: the labels public and members
ANY_MEMBER = Actor(name="member", organisation_ids=frozenset({0}))
HITS = 50


def platform() -> Platform:
    """The platform of this command, its database prepared and seeded if there was none."""
    found = commands_serve.platform()
    commands_serve.prepare(found)
    return found


def fail(message: str) -> None:
    """One plain line to standard error and exit status 2."""
    click.echo(message, err=True)
    sys.exit(2)


def read_text(source: str) -> str:
    """The text of a file or of standard input; bad bytes end the command with status 2."""
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        fail(f"{source}: {error.strerror}")
    except UnicodeDecodeError as error:
        fail(f"{source}: not UTF-8 at byte {error.start}")
    return ""


def _opened(source: str) -> AbstractContextManager[IO[bytes]]:
    try:
        return nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb")
    except OSError as error:
        fail(f"{source}: {error.strerror}")
    raise AssertionError


def lines(source: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Numbered JSON objects of a file or of standard input ("-"), one a line; anything else ends
    the command with status 2."""
    with _opened(source) as stream:
        for number, raw in enumerate(stream, 1):
            if not raw.strip():
                continue
            try:
                found = json.loads(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            except ValueError:
                fail(f"line {number}: not a JSON object")
            if not isinstance(found, dict):
                fail(f"line {number}: not a JSON object")
            yield number, found


def out(value: Any) -> None:
    """One JSON document to standard output; half characters of the input stay escaped."""
    shown = json.dumps(value, ensure_ascii=False)
    if any("\ud800" <= c <= "\udfff" for c in shown):
        shown = json.dumps(value)
    click.echo(shown)


def _posted(given: object, where: str = "") -> date | None:
    if given is None or given == "":
        return None
    try:
        return date.fromisoformat(given if isinstance(given, str) else "")
    except ValueError:
        fail(f"{where}posted: {given} is not a date like 2026-03-10")
    return None


@click.command("extract")
@click.argument("source", required=False, default="-")
@click.option("--jsonl", is_flag=True, help="Read {id,text,posted?} a line, write {id,result}.")
@click.option("--posted", help="The posting date, for dates in the text (2026-03-10).")
def extract_command(source: str, jsonl: bool, posted: str | None) -> None:
    """Understand a need written in free text."""
    vocabulary = commands_serve.platform().vocabulary
    if not jsonl:
        _checked(lambda: out(extract(read_text(source), vocabulary, _posted(posted))))
        return
    for number, entry in lines(source):
        if "id" not in entry or not isinstance(entry.get("text"), str):
            fail(f"line {number}: id and text are needed")
        posted_on = _posted(entry.get("posted"), f"line {number}: ")
        result = extract(entry["text"], vocabulary, posted_on)
        out({"id": entry["id"], "result": result})


def _checked(act: Callable[[], None]) -> None:
    try:
        act()
    except ValueError as error:
        fail(str(error))


@click.command("match")
@click.argument("source", required=False, default="-")
@click.option("--json", "as_json", is_flag=True, help="Print the whole answer as JSON.")
@click.option("--top", default=10, show_default=True, help="Candidates for each step, 1 to 50.")
@click.option("--language", default="zh", show_default=True, help="zh or en; JSON has both.")
def match_command(source: str, as_json: bool, top: int, language: str) -> None:
    """Answer a need: candidates with reasons, routes, gaps."""
    if not 1 <= top <= 50:
        fail("--top: between 1 and 50")
    if language not in ("zh", "en"):
        fail("--language: zh or en")
    found = platform()
    text = read_text(source)
    if text.lstrip().startswith("{"):
        try:
            structure = json.loads(text)
            Structure.model_validate(structure)
        except ValidationError as error:
            first = error.errors()[0]
            fail(f"{source}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
        except ValueError:
            fail(f"{source}: not valid JSON")
        answer = found.matching.answer_structure(ANY_MEMBER, structure, top=top)
    else:
        _, answer = found.matching.answer_text(ANY_MEMBER, text, top=top)
    with found.database.reading() as uow:
        answer = commands_data.with_slugs(uow, answer)
    out(answer) if as_json else commands_data.print_answer(answer, language)


@click.command("search")
@click.argument("query", required=False, default="")
@click.option("--kind", multiple=True, help="Only this kind; may be repeated.")
@click.option("--json", "as_json", is_flag=True)
@click.option(
    "--jsonl", is_flag=True, help="Read {id,q} a line from the file or -, write {id,hits}."
)
def search_command(query: str, kind: tuple[str, ...], as_json: bool, jsonl: bool) -> None:
    """Search as an alliance member without special rights."""
    found = platform()

    def hits(text: str) -> list[dict[str, Any]]:
        asked = SearchQuery(text=text, kinds=kind, limit=HITS)
        with found.database.reading() as uow:
            answer = found.search.search(uow, ANY_MEMBER, asked)
            return commands_data.hits(uow, answer)

    if jsonl:
        for number, entry in lines(query or "-"):
            if "id" not in entry or not isinstance(entry.get("q"), str):
                fail(f"line {number}: id and q are needed")
            out({"id": entry["id"], "hits": hits(entry["q"])})
        return
    answer = hits(query)
    if as_json:
        out({"query": query, "hits": answer})
        return
    for hit in answer:
        click.echo(f"{hit['score']:8.2f}  {hit['kind']:<12} {hit['title']}  {hit['organisation']}")


@click.command("graph-metrics")
@click.option("--nodes", type=click.Path(path_type=Path))
@click.option("--edges", required=True, type=click.Path(path_type=Path))
@click.option("--directed", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
def graph_metrics_command(nodes: Path | None, edges: Path, directed: bool, as_json: bool) -> None:
    """Every registered metric of an edge list (columns id / source,target[,weight]); without a
    table of nodes the ends of the edges are the nodes."""
    try:
        found = metrics_of_edge_list(nodes, edges, directed=directed)
    except GraphError as error:
        fail(" ".join(str(error).split()))  # a quoted id may hold line breaks
    if as_json:
        out(found)
        return
    for name, values in found["metrics"].items():
        click.echo(f"{name}: {json.dumps(values, ensure_ascii=False)[:100]}")


@click.command("check-vocabulary")
def check_vocabulary_command() -> None:
    """Load the vocabulary and print what it holds; status 2 with the fault otherwise."""
    load_vocabulary.cache_clear()
    try:
        words = load_vocabulary()
    except VocabularyError as error:
        fail(str(error))
    problems = commands_data.vocabulary_problems(words)
    for problem in problems:
        click.echo(problem, err=True)
    if problems:
        sys.exit(2)
    out({"version": words.version, "techniques": len(words.techniques),
         "materials": len(words.materials), "parameters": len(words.parameters),
         "chains": len(words.chains), "rules": len(words.rules)})  # fmt: skip


def install(app: Flask) -> None:
    """Register every command."""
    for command in (
        extract_command, match_command, search_command, graph_metrics_command,
        check_vocabulary_command, *commands_serve.COMMANDS, *commands_data.COMMANDS,
    ):  # fmt: skip
        app.cli.add_command(command)
