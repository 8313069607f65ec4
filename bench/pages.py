"""Whole pages inside the process on the design set: catalogue, organisations, needs, network."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app import create_app
from collab.config import load_settings
from collab.importing.synthesis import synthesize

PAGES = {
    "catalogue, first page": "/capabilities",
    "catalogue, filtered": "/capabilities?category=packaging&evidence=declared",
    "organisations, first page": "/organisations",
    "needs, first page": "/needs",
    "network page, from cache": "/network",
}
GOAL_MS = {"catalogue, first page": 60, "network page, from cache": 60}
ROUNDS = 15


def measurements() -> Iterator[dict[str, Any]]:
    """Median milliseconds of each page after a first visit."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'collab.db'}"
        made = synthesize(url, "design", 20260101)
        yield {"name": "design set made", "value": made["seconds"], "unit": "s", "set": "design"}
        settings = load_settings(data_dir=Path(folder), database_url=url, seed_demo=False)
        client = create_app(settings).test_client()
        empty = _median(client, "/healthz")
        for name, address in PAGES.items():
            taken = _median(client, address)
            yield {"name": name, "value": round(taken, 2), "unit": "ms", "set": "design",
                   "goal": f"<= {GOAL_MS[name]}" if name in GOAL_MS else ""}  # fmt: skip
            yield {"name": f"{name}, against an empty answer", "value": round(taken / empty, 1),
                   "unit": "ratio", "against": "/healthz", "set": "design"}  # fmt: skip


def _median(client: Any, address: str) -> float:
    client.get(address)
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        answer = client.get(address)
        taken.append((time.perf_counter() - started) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{address}: {answer.status_code}")
    return statistics.median(taken)
