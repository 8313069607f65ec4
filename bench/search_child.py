"""Building and serving one index in a process of its own, so that its memory can be stated."""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

from bench.search_data import LABELS, QUERIES, documents
from collab.search.index import SearchIndex
from collab.search.query import SearchQuery


def most_memory() -> float:
    """The most this process ever held, in MiB."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def build(engine: str, root: Path, sizes: tuple[int, int, int]) -> dict[str, Any]:
    """Documents a second, by processor and by the clock, and what it took in memory.

    First with nothing kept, then once more with the terms that are kept since.
    """
    index = SearchIndex(root, engine)
    given = list(documents(*sizes))
    found: dict[str, Any] = {}
    for way in ("first_build", "rebuild"):
        told: list[int] = []
        start, clock = time.process_time(), time.perf_counter()
        count = index.rebuild(iter(given), told.append)
        found[way] = count / (time.process_time() - start)
        found[f"{way}_clock"] = count / (time.perf_counter() - clock)
        found["told"], found["count"] = len(told), count
    return {**found, "memory": most_memory()}


def serve(engine: str, root: Path) -> dict[str, Any]:
    """The time to open the index for a first answer, and the memory after every query."""
    warm = SearchIndex(root, engine)
    # a process that starts reads dictionaries and the engine's code; the index is not open yet
    warm.parser.parse(SearchQuery("光刻 200nm"))
    import_module(f"collab.search.{engine}_engine")
    before = most_memory()
    start = time.process_time()
    SearchIndex(root, engine, warm.parser).search(SearchQuery("光刻", limit=1), LABELS)
    opened = 1000 * (time.process_time() - start)
    for query in QUERIES:
        warm.search(SearchQuery(query), LABELS)
    return {"opened": opened, "memory": most_memory(), "before": before}


def main(task: str, engine: str, root: str, *sizes: str) -> None:
    """Do one of both and print the figures."""
    place = Path(root)
    if task == "build":
        one, two, three = map(int, sizes)
        found = build(engine, place, (one, two, three))
    else:
        found = serve(engine, place)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
