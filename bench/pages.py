"""Whole pages inside the process on the design set: catalogue, organisations, needs, network."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app
from collab.config import load_settings
from collab.importing.synthesis import synthesize
from collab.kernel.happened import CapabilityChanged, OrganisationChanged, StandingsDue
from collab.kernel.identity import Actor
from collab.network import coordination, state
from collab.network.standings import Standings
from collab.platform import Platform

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
        app = create_app(settings)
        client = app.test_client()
        client.get("/healthz")
        yield from _network(app, client)
        yield from _desk(app.extensions["collab"])
        empty = _median(client, "/healthz")
        for name, address in PAGES.items():
            taken = _median(client, address)
            yield {"name": name, "value": round(taken, 2), "unit": "ms", "set": "design",
                   "goal": f"<= {GOAL_MS[name]}" if name in GOAL_MS else ""}  # fmt: skip
            yield {"name": f"{name}, against an empty answer", "value": round(taken / empty, 1),
                   "unit": "ratio", "against": "/healthz", "set": "design"}  # fmt: skip


def _network(app: Flask, client: Any) -> Iterator[dict[str, Any]]:
    """The region view cold (graph read, laid out, written), and one change against reading anew."""
    started = time.process_time()
    client.get("/network/data")
    taken = (time.process_time() - started) * 1000
    yield {"name": "region view, cold", "value": round(taken, 1), "unit": "ms CPU", "set": "design",
           "goal": "<= 2000"}  # fmt: skip
    yield {"name": "region view, from cache", "value": round(_median(client, "/network/data"), 2),
           "unit": "ms", "set": "design", "goal": "<= 60"}  # fmt: skip
    words = app.extensions["collab"].vocabulary
    with app.extensions["collab"].database.reading() as uow:
        now = state.read(uow, words, 1)
        whole = _least(lambda: state.read(uow, words, 1), 3)
        for event in (CapabilityChanged(17), OrganisationChanged(400)):
            change = _least(lambda e=event: state.follow(uow, words, now, [e]), 10)  # type: ignore[misc]
            yield {"name": f"graph from the database, {event.name}", "value": round(whole / change),
                   "unit": "ratio", "against": "reading everything", "set": "design",
                   "goal": ">= 50"}  # fmt: skip


def _desk(platform: Platform) -> Iterator[dict[str, Any]]:
    """Every open need evaluated by the worker, then the desk of the secretariat made of them."""
    database, matching = platform.database, platform.matching
    actor = Actor(secretariat=True)
    standings = Standings(platform.vocabulary, matching.snapshot)
    taken = _least(lambda: standings.follow(database, [StandingsDue()]), 1)

    def desk() -> coordination.Desk:
        with database.reading() as uow:
            snapshot = matching.snapshot(uow)
            return coordination.evaluated(uow, actor, platform.network, snapshot)

    cold, warm, seen = _least(desk, 1), _least(desk, 5), desk().seen
    on = f"design, {len(seen.needs)} needs"
    yield {"name": "needs evaluated in the background", "value": round(taken, 1), "unit": "s CPU",
           "set": on}  # fmt: skip
    yield {"name": "needs that wait when the desk opens", "value": seen.waiting, "unit": "",
           "set": on, "goal": "0"}  # fmt: skip
    for name, seconds in (("first in a process", cold), ("later", warm)):
        yield {"name": f"the coordinator's desk, {name}", "value": round(seconds * 1000),
               "unit": "ms CPU", "set": on, "goal": "<= 1000"}  # fmt: skip


def _least(work: Callable[[], object], turns: int) -> float:
    """CPU seconds of the quickest of `turns` runs."""
    taken = []
    for _ in range(turns):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return min(taken)


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
