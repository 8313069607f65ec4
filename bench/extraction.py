"""How fast and how well needs are read: 500 characters, a megabyte, the annotated texts."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from collab.needs.evaluation import evaluate
from collab.needs.extraction import extract
from collab.vocabulary.catalog import load_vocabulary

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
SETS = {
    "shared": "extraction_examples.yaml",
    "own-seen": "extraction_own_seen.yaml",
    "own-unseen": "extraction_own_unseen.yaml",
    "second-unseen": "extraction_second_unseen.yaml",
}
GOALS = {
    "shared": {"techniques": 0.95, "materials": 0.97, "parameters": 0.93},
    "own-seen": {"techniques": 0.85, "parameters": 0.85},
    "own-unseen": {"techniques": 0.85, "parameters": 0.85},
    "second-unseen": {"techniques": 0.85, "parameters": 0.85},
}
PATHOLOGICAL = {"digits": "1", "terms": "不要光刻、", "numbers": "111,", "words": "one two "}


def examples(name: str) -> list[Mapping[str, Any]]:
    """The annotated needs of one set."""
    loaded = yaml.safe_load((DATA / SETS[name]).read_text(encoding="utf-8"))
    found: list[Mapping[str, Any]] = loaded["examples"]
    return found


def measurements() -> Iterable[Mapping[str, Any]]:
    """Times in milliseconds and F1 by set."""
    vocabulary = load_vocabulary()
    started = time.perf_counter()
    extract("光刻", vocabulary)
    yield _row("extraction: first text", (time.perf_counter() - started) * 1000, "ms", 1000)
    texts = [(e["text"] * 3)[:500] for e in examples("shared")]
    times = []
    for text in texts * 3:
        started = time.perf_counter()
        extract(text, vocabulary)
        times.append((time.perf_counter() - started) * 1000)
    yield _row("extraction: 500 characters, median", median(times), "ms", 20)
    for name, piece in PATHOLOGICAL.items():
        text = (piece * 1_000_000)[:1_000_000]
        started = time.perf_counter()
        extract(text, vocabulary)
        elapsed = (time.perf_counter() - started) * 1000
        yield _row(f"extraction: 1 MB of {name}", elapsed, "ms", 10_000)
    for name in SETS:
        scores = evaluate(examples(name), vocabulary).scores
        for kind in ("techniques", "materials", "parameters", "exclusions"):
            goal = GOALS[name].get(kind)
            yield _row(f"extraction: F1 of {kind}", scores[kind].f1, "ratio", goal, name)


def _row(
    name: str, value: float, unit: str, goal: float | None, of: str = "real"
) -> dict[str, Any]:
    found = {"name": name, "value": round(value, 4), "unit": unit, "set": of}
    return found if goal is None else {**found, "goal": goal}
