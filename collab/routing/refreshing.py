"""Stored matches made anew: identifiers, class and score of many needs at once, without words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from collab.kernel.happened import MatchesRefreshed
from collab.matching import feed, store
from collab.matching.engine import Found
from collab.matching.rules import RULES_VERSION, Class
from collab.matching.snapshot import Snapshot
from collab.needs import store as needs
from collab.needs.models import Need
from collab.routing.scenario import Board, Standing
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

BATCH = 50
"""Needs refreshed in one unit of work: the write lock is held for a fraction of a second."""
VERDICTS = {k: k.value for k in Class}
Rows = list[dict[str, Any]]


def version_of(vocabulary: Vocabulary) -> str:
    """What stored matches were made with: rules and vocabulary."""
    return f"{RULES_VERSION}/{vocabulary.version}"[:40]


def refresh(
    uow: UnitOfWork,
    vocabulary: Vocabulary,
    snapshot: Snapshot,
    need_ids: Sequence[int],
    *,
    regions: feed.KnownRegions | None = None,
    announce: Collection[int] = (),
) -> list[int]:
    """Make the stored matches of these needs anew; gives those where something was stored.
    Whoever does many in turn reads the `regions` once.

    What is no longer open is forgotten. Needs whose matches changed, and those of `announce`, are
    announced, so that providers hear of what is new and nothing is said where nothing is: other
    rules or words that find the same are stored without a word.
    """
    waiting = needs.waiting_among(uow, need_ids)
    store.forget_matches(uow, sorted(set(need_ids) - set(waiting)))
    stood = store.standing_of(uow, sorted(waiting))
    known = regions or feed.known_regions(uow)
    matches, summaries = _made(vocabulary, snapshot, list(waiting.values()), known)
    plain = {k: _plain(made, summaries[k]) for k, made in matches.items()}
    changed = [k for k, now in plain.items() if stood.get(k) != now]
    moved = {k for k in changed if not _finds_the_same(stood.get(k), plain[k])}
    store.replace_matches(
        uow, changed, [r for key in changed for r in matches[key]], [summaries[k] for k in changed]
    )
    for key in matches:
        if key in moved or key in announce:
            uow.record(MatchesRefreshed(key))
    return changed


def _made(
    vocabulary: Vocabulary, snapshot: Snapshot, waiting: Sequence[Need], known: feed.KnownRegions
) -> tuple[dict[int, Rows], dict[int, dict[str, Any]]]:
    profiles = [feed.profile_of(n, known.by_id, vocabulary, known.wished) for n in waiting]
    board = Board(vocabulary, snapshot, profiles)
    version = version_of(vocabulary)
    matches: dict[int, Rows] = {}
    summaries: dict[int, dict[str, Any]] = {}
    for profile, standing in zip(profiles, board.standings, strict=True):
        keys = [step.key for step in profile.steps]
        matches[profile.id] = [
            {"need_id": profile.id, "step": key, "rank": rank,
             "capability_id": _id(snapshot, found), "verdict": VERDICTS[found.klass],
             "score": found.score, "rule_version": version}
            for key, fits in zip(keys, standing.fits, strict=True)
            for rank, found in enumerate(fits, 1)
        ]  # fmt: skip
        summaries[profile.id] = _summary(profile.id, standing, version)
    return matches, summaries


def _id(snapshot: Snapshot, found: Found) -> int:
    if found.row >= 0:
        return int(snapshot.arrays["id"][found.row])
    offer = snapshot.get(found.key)
    return offer.id if offer is not None else 0


def _summary(need_id: int, standing: Standing, version: str) -> dict[str, Any]:
    return {
        "need_id": need_id,
        "steps": len(standing.fits),
        "answered": sum(1 for fits in standing.fits if fits),
        "routes": int(standing.route),
        "rule_version": version,
    }


def _plain(rows: Rows, summary: Mapping[str, Any]) -> store.Stood:
    """The same form as `store.standing_of`, for comparing."""
    entries = [(r["step"], r["rank"], r["capability_id"], r["verdict"], r["score"]) for r in rows]
    return store.Stood(
        tuple(sorted(entries)),
        (summary["steps"], summary["answered"], summary["routes"], summary["rule_version"]),
    )


def _finds_the_same(one: store.Stood | None, other: store.Stood) -> bool:
    """Alike but for the version it was made with."""
    return (
        one is not None and one.matches == other.matches and one.summary[:-1] == other.summary[:-1]
    )
