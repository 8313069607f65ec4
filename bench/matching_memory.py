"""Memory of a process that answers from the snapshot, measured in a child of its own."""

from __future__ import annotations

import json
import multiprocessing
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.matching_data import make_need
from collab.matching import snapshot as snapshots
from collab.matching.answer import judge_steps
from collab.vocabulary.catalog import load_vocabulary

Row = dict[str, Any]


def _resident() -> float:
    """Memory this process holds, in MiB; pages of the file count once they have been read."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def grown(path: Path, out: Path) -> None:
    """What is held after opening the file, answering 100 needs, and reading every parameter."""
    vocabulary = load_vocabulary()
    stages = {"before": _resident()}
    snap = snapshots.load(path)
    if snap is None:
        raise ValueError("no snapshot there")
    stages["opened"] = _resident()
    for number in range(100):
        judge_steps(vocabulary, snap, make_need(vocabulary, number))
    stages["answering"] = _resident()
    for parameter in list(snap.meta["parameters"]):
        snap.column(parameter)
    stages["every parameter"] = _resident()
    out.write_text(json.dumps(stages), "utf-8")


def held(path: Path, size: str) -> Iterator[Row]:
    """The growth at each stage over a process that has only the vocabulary."""
    out = path.with_suffix(".memory")
    child = multiprocessing.get_context("spawn").Process(target=grown, args=(path, out))
    child.start()
    child.join()
    stages = json.loads(out.read_text("utf-8"))
    start = stages.pop("before")
    for stage, value in stages.items():
        yield {"name": "match.snapshot.rss", "value": round(value - start, 1), "unit": "MiB",
               "against": stage, "set": size, "goal": ""}  # fmt: skip
