"""Stored matches of many needs made anew through the database: in batches against one by one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from collab.facilities.models import CapabilityTechnique
from collab.importing.synthesis import synthesize
from collab.kernel.identity import SYSTEM
from collab.matching import feed, store
from collab.matching import snapshot as snapshots
from collab.matching.prepare import StepAsk, prepare
from collab.matching.rules import Class
from collab.matching.snapshot import Snapshot
from collab.matching.verdicts import rank
from collab.members import store as members
from collab.needs import store as needs
from collab.needs.models import Need
from collab.routing import refreshing
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary, load_vocabulary

Row = dict[str, Any]
NEEDS, SAMPLE = 1_000, 20


def _rows_of_step(uow: UnitOfWork, vocabulary: Vocabulary, ask: StepAsk, need: Need) -> list[Row]:
    """Candidates of a step as rows: fetched by technique with an index, judged as objects."""
    columns = CapabilityTechnique.__table__.c  # type: ignore[attr-defined]
    wanted = sa.select(columns.capability_id).where(columns.technique.in_(sorted(ask.fits)))
    ids = set(uow.session.connection().execute(wanted).scalars())
    found = rank(vocabulary, ask, feed.offers(uow, ids)) if ids else []
    fitting = [v for v in found if v.klass is not Class.NEAR][:50]
    return [
        {"need_id": need.id, "step": ask.step.key, "rank": place, "capability_id": v.offer.id,
         "verdict": v.klass.value, "score": v.score, "rule_version": "bench"}
        for place, v in enumerate(fitting, 1)
    ]  # fmt: skip


def one_by_one(database: Database, vocabulary: Vocabulary, ids: Sequence[int]) -> float:
    """Seconds for refreshing needs one after the other through the database."""
    start = time.perf_counter()
    for need_id in ids:
        with database.writing() as uow:
            need = needs.waiting_among(uow, [need_id])[need_id]
            profile = feed.profile_of(need, members.all_regions(uow), vocabulary)
            asks = prepare(vocabulary, profile)
            rows = [r for ask in asks for r in _rows_of_step(uow, vocabulary, ask, need)]
            summary = {"need_id": need_id, "steps": len(asks), "answered": 0, "routes": 0,
                       "rule_version": "bench"}  # fmt: skip
            store.replace_matches(uow, [need_id], rows, [summary])
    return time.perf_counter() - start


def in_batches(
    database: Database, vocabulary: Vocabulary, snapshot: Snapshot, ids: Sequence[int]
) -> float:
    """Seconds for the same work as the worker does it, route search and comparison included."""
    start = time.perf_counter()
    with database.reading() as uow:
        regions = feed.known_regions(uow)
    for begin in range(0, len(ids), refreshing.BATCH):
        batch = ids[begin : begin + refreshing.BATCH]
        with database.writing() as uow:
            refreshing.refresh(uow, vocabulary, snapshot, batch, regions=regions)
    return time.perf_counter() - start


def refresh_through_database() -> Iterator[Row]:
    """1,000 needs of the design set and its 6,000 capabilities in a database of their own."""
    vocabulary = load_vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        synthesize(url, "design", 1)
        database = Database(url)
        with database.reading() as uow:
            snapshot = snapshots.build(vocabulary, feed.offers(uow))
            ids = [n.id or 0 for n in needs.open_needs(uow, SYSTEM)[:NEEDS]]
        fast = in_batches(database, vocabulary, snapshot, ids)
        slow = one_by_one(database, vocabulary, ids[:: len(ids) // SAMPLE][:SAMPLE])
        database.close()
    whole = slow / SAMPLE * len(ids)
    size = f"{len(ids)} needs x {len(snapshot)}"
    yield {"name": "match.refresh", "value": round(fast, 3), "unit": "s", "against": "",
           "set": size, "goal": ""}  # fmt: skip
    yield {"name": "match.refresh", "value": round(whole / fast, 1), "unit": "ratio",
           "against": f"one by one through the database ({SAMPLE} needs, scaled up)",
           "set": size, "goal": ">=20"}  # fmt: skip
