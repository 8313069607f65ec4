"""Agreements of the demo alliance: one in each state that its needs are in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from sqlmodel import col, select

from collab.agreements.models import Agreement, Milestone
from collab.agreements.rules import LIVE, AgreementKind, AgreementState, Outcome
from collab.deals.models import Interest
from collab.deals.rules import InterestState
from collab.needs.models import Need
from collab.needs.rules import NeedState
from collab.storage.models import derived_public_id
from collab.storage.uow import UnitOfWork

STATES = {
    NeedState.IN_TALKS: AgreementState.PROPOSED,
    NeedState.AGREED: AgreementState.SIGNED,
    NeedState.DELIVERED: AgreementState.DELIVERED,
    NeedState.CLOSED: AgreementState.CLOSED,
}
TERM = timedelta(days=150)


def seed_agreements(uow: UnitOfWork) -> int:
    """The agreements that are missing for accepted interests in demo needs; how many they were.

    One for each need: of several parties in talks, the first is the furthest.
    """
    rows = uow.session.exec(
        select(Interest, Need)
        .join(Need, col(Need.id) == col(Interest.need_id))
        .where(
            col(Need.demo),
            col(Need.state).in_(sorted(STATES)),
            col(Interest.state) == InterestState.ACCEPTED,
        )
        .order_by(col(Interest.id))
    ).all()
    have = set(uow.session.exec(select(Agreement.need_id)).all())
    added = 0
    for interest, need in rows:
        if need.id in have or need.id is None:
            continue
        have.add(need.id)
        added += 1
        row = _agreement(interest, need)
        uow.session.add(row)
        uow.flush()
        uow.session.add_all(_milestones(row))
    uow.flush()
    return added


def _agreement(interest: Interest, need: Need) -> Agreement:
    state = STATES[need.state]
    starts = need.posted_on + timedelta(days=21)
    signed = _morning(starts) if state is not AgreementState.PROPOSED else None
    return Agreement(
        public_id=derived_public_id("agr-", need.public_id), interest_id=interest.id or 0,
        need_id=need.id or 0, owner_id=need.organisation_id,
        provider_id=interest.organisation_id, live=True if state in LIVE else None, state=state,
        kind=AgreementKind.PROCESSING, title=need.title, scope=need.text[:400],
        starts_on=starts, ends_on=starts + TERM, owner_signed_at=signed,
        provider_signed_at=_morning(starts), signed_at=signed,
        outcome=Outcome.ACHIEVED if state is AgreementState.CLOSED else "",
    )  # fmt: skip


def _milestones(row: Agreement) -> list[Milestone]:
    over = row.state in (AgreementState.DELIVERED, AgreementState.CLOSED)
    closed = row.state is AgreementState.CLOSED
    found = []
    for number, (title, days) in enumerate((("方案确认", 14), ("样品交付", 90)), 1):
        done = _morning(row.starts_on + timedelta(days=days)) if over else None
        found.append(
            Milestone(agreement_id=row.id or 0, number=number, title=title,
                      due_on=row.starts_on + timedelta(days=days), done_at=done,
                      confirmed_at=done if closed else None)
        )  # fmt: skip
    return found


def _morning(day: date) -> datetime:
    return datetime.combine(day, time(9), UTC)
