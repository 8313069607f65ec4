"""Stored matches: the best capabilities of each step of a need, and a summary of what was found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import delete
from sqlmodel import col, select

from collab.facilities.models import Capability
from collab.kernel import clock
from collab.matching.models import BlockedPair, Match, MatchSummary
from collab.storage.uow import UnitOfWork

Rows = Sequence[Mapping[str, Any]]
_MATCHES: sa.Table = Match.__table__  # type: ignore[attr-defined]
_SUMMARIES: sa.Table = MatchSummary.__table__  # type: ignore[attr-defined]


def summaries(uow: UnitOfWork, need_ids: Collection[int]) -> dict[int, MatchSummary]:
    """What the last refresh of each need found."""
    if not need_ids:
        return {}
    rows = uow.session.exec(select(MatchSummary).where(col(MatchSummary.need_id).in_(need_ids)))
    return {row.need_id: row for row in rows}


class Stood(NamedTuple):
    """What is stored for a need: (step, rank, capability, verdict, score) of every match, and
    (steps, answered, routes, version) of the summary."""

    matches: tuple[tuple[str, int, int, str, float], ...]
    summary: tuple[int, int, int, str]


def standing_of(uow: UnitOfWork, need_ids: Collection[int]) -> dict[int, Stood]:
    """What is stored for these needs; those without a summary are left out."""
    if not need_ids:
        return {}
    columns = _MATCHES.c
    rows = uow.session.connection().execute(
        sa.select(
            columns.need_id, columns.step, columns.rank, columns.capability_id, columns.verdict,
            columns.score,
        ).where(columns.need_id.in_(need_ids))
    )  # fmt: skip
    listed: dict[int, list[tuple[str, int, int, str, float]]] = {}
    for need_id, step, rank, capability_id, verdict, score in rows:
        listed.setdefault(need_id, []).append((step, rank, capability_id, verdict, score))
    return {
        need_id: Stood(
            tuple(sorted(listed.get(need_id, ()))),
            (one.steps, one.answered, one.routes, one.rule_version),
        )
        for need_id, one in summaries(uow, need_ids).items()
    }


def replace_matches(
    uow: UnitOfWork, need_ids: Collection[int], matches: Rows, summaries: Rows
) -> None:
    """Put new matches and summaries in place of the old ones of these needs."""
    if not need_ids:
        return
    forget_matches(uow, need_ids)
    for table, rows in ((_MATCHES, matches), (_SUMMARIES, summaries)):
        if rows:
            _insert(uow, table, rows)


def _insert(uow: UnitOfWork, table: sa.Table, rows: Rows) -> None:
    """Many plain rows made now. The time is converted once for all of them, since converting the
    same values again for every row takes longer than everything else."""
    connection = uow.session.connection()
    convert = table.c.created_at.type.dialect_impl(connection.dialect).bind_processor(
        connection.dialect
    )
    now = clock.now() if convert is None else convert(clock.now())
    stamps = {"created_at": now, "updated_at": now}
    plain = sa.table(table.name, *(sa.column(c.name) for c in table.columns))
    connection.execute(sa.insert(plain), [{**row, **stamps} for row in rows])


def outdated(uow: UnitOfWork, version: str) -> set[int]:
    """Needs whose stored matches were made with other rules or another vocabulary."""
    rows = uow.session.exec(
        select(MatchSummary.need_id).where(col(MatchSummary.rule_version) != version)
    )
    return set(rows)


def forget_matches(uow: UnitOfWork, need_ids: Collection[int]) -> None:
    """Remove what is stored for needs that no longer wait for an answer."""
    if not need_ids:
        return
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


def blocked_of(uow: UnitOfWork, organisation_id: int) -> set[int]:
    """Organisations that this one does not want to meet."""
    rows = uow.session.exec(
        select(BlockedPair.blocked_id).where(col(BlockedPair.organisation_id) == organisation_id)
    )
    return set(rows)


def add_block(uow: UnitOfWork, organisation_id: int, blocked_id: int) -> None:
    """Keep a pair apart."""
    uow.session.add(BlockedPair(organisation_id=organisation_id, blocked_id=blocked_id))
    uow.flush()


def remove_block(uow: UnitOfWork, organisation_id: int, blocked_id: int) -> bool:
    """Take a pair back; False when there was none."""
    row = uow.session.exec(
        select(BlockedPair).where(
            col(BlockedPair.organisation_id) == organisation_id,
            col(BlockedPair.blocked_id) == blocked_id,
        )
    ).first()
    if row is None:
        return False
    uow.session.delete(row)
    uow.flush()
    return True


def apart_from(uow: UnitOfWork, organisation_id: int) -> set[int]:
    """Everybody this organisation may not be matched with, whichever of the two said so."""
    others = uow.session.exec(
        select(BlockedPair.organisation_id).where(col(BlockedPair.blocked_id) == organisation_id)
    )
    return blocked_of(uow, organisation_id) | set(others)


def kept_apart(uow: UnitOfWork) -> dict[int, frozenset[int]]:
    """By organisation everybody it may not be matched with, whichever of the two said so."""
    found: dict[int, set[int]] = {}
    for one, other in uow.session.exec(select(BlockedPair.organisation_id, BlockedPair.blocked_id)):
        found.setdefault(one, set()).add(other)
        found.setdefault(other, set()).add(one)
    return {key: frozenset(others) for key, others in found.items()}
