"""Any collection searched with the product's analyser and ranking, written as a TREC run."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from collab.search.backend import ENGINES, make_backend
from collab.search.documents import plain_entry
from collab.search.entries import Entry
from collab.search.plan import Want
from collab.search.query import plain_plan

DEPTH = 100
LABELS = frozenset({"public"})


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file; raises ValueError naming the line at fault."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise ValueError(f"{path.name} line {number}: {error}") from error


def entries(folder: Path) -> Iterator[Entry]:
    """The collection's documents as an engine takes them; a repeated id keeps its first text."""
    seen: set[str] = set()
    for document in read_lines(folder / "docs.jsonl"):
        key = str(document["id"])
        if key not in seen:
            seen.add(key)
            title, text = document.get("title") or "", document.get("text") or ""
            yield plain_entry(key, str(title), str(text))


def run(folder: Path, engine: str, tag: str = "collab") -> Iterator[str]:
    """Lines `query_id Q0 doc_id rank score tag`, at most 100 a query.

    Words and pairs of characters with BM25, and a little for terms of the vocabulary.
    """
    with tempfile.TemporaryDirectory() as place:
        backend = make_backend(engine, Path(place), create=True)
        backend.write(entries(folder))
        backend.refresh()
        for query in read_lines(folder / "queries.jsonl"):
            plan = plain_plan(str(query.get("text") or ""))
            found = backend.execute(plan, LABELS, Want(limit=DEPTH))
            for rank, hit in enumerate(found.hits, 1):
                yield f"{query['id']} Q0 {hit.key} {rank} {hit.score:.6f} {tag}"
        backend.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns 0, or 2 with one line on bad use."""
    parser = argparse.ArgumentParser(prog="python -m collab.search.trec", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    parser.add_argument("--engine", choices=ENGINES, default="whoosh")
    given = parser.parse_args(arguments)
    try:
        lines = [line + "\n" for line in run(given.folder, given.engine)]
        given.out.write_text("".join(lines), encoding="utf-8")
    except (OSError, ValueError, KeyError) as error:
        sys.stderr.write(f"trec: {error}\n")
        return 2
    sys.stderr.write(f"{len(lines)} lines written to {given.out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
