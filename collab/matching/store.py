"""Stored matches: the best capabilities of each step of a need, and a summary of what was found."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import delete
from sqlmodel import col, select

from collab.facilities.models import Capability
from collab.matching.models import Match, MatchSummary
from collab.storage.uow import UnitOfWork


def summaries(uow: UnitOfWork, need_ids: Collection[int]) -> dict[int, MatchSummary]:
    """What the last refresh of each need found."""
    if not need_ids:
        return {}
    rows = uow.session.exec(select(MatchSummary).where(col(MatchSummary.need_id).in_(need_ids)))
    return {row.need_id: row for row in rows}


def replace_matches(
    uow: UnitOfWork, need_id: int, matches: Sequence[Match], summary: MatchSummary | None
) -> None:
    """Put new matches and their summary in place of the old ones."""
    forget_matches(uow, [need_id])
    uow.session.add_all(matches)
    if summary is not None:
        uow.session.add(summary)


def forget_matches(uow: UnitOfWork, need_ids: Collection[int]) -> None:
    """Remove what is stored for needs that no longer wait for an answer."""
    uow.session.exec(delete(Match).where(col(Match.need_id).in_(need_ids)))
    uow.session.exec(delete(MatchSummary).where(col(MatchSummary.need_id).in_(need_ids)))


def needs_matched_by(uow: UnitOfWork, capability_id: int) -> set[int]:
    """Needs among whose stored matches a capability stands."""
    rows = uow.session.exec(
        select(Match.need_id).where(col(Match.capability_id) == capability_id).distinct()
    )
    return set(rows)


def best_owners(uow: UnitOfWork, need_id: int, rank: int) -> list[int]:
    """Organisations whose capabilities stand among the first `rank` of any step of a need."""
    rows = uow.session.exec(
        select(Capability.organisation_id)
        .join(Match, col(Match.capability_id) == col(Capability.id))
        .where(col(Match.need_id) == need_id, col(Match.rank) <= rank)
        .distinct()
    )
    return sorted(rows)
