"""Named queries over threads of questions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import col, func, select

from collab.kernel.errors import NotFound
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.needs.models import Need
from collab.needs.rules import OPEN_STATES
from collab.questions.access import POLICY
from collab.questions.models import Inquiry, Question
from collab.questions.rules import QuestionState
from collab.storage import grants
from collab.storage.doors import Door, open_row
from collab.storage.uow import UnitOfWork

DOOR = Door(Inquiry, "inquiry", POLICY, Permission.QUESTION_READ)


def open_inquiry(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.QUESTION_READ
) -> Inquiry:
    """The thread with this public id; NotFound for everybody but its two sides."""
    return open_row(DOOR, uow, actor, key, permission)


def lock_question(uow: UnitOfWork, inquiry: Inquiry, key: str) -> Question:
    """A question of the thread, kept from all others until the end of this transaction."""
    row = uow.session.exec(
        select(Question)
        .where(col(Question.public_id) == key, col(Question.inquiry_id) == inquiry.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        raise NotFound("question", key)
    return row


def inquiry_of(uow: UnitOfWork, need_id: int, capability_id: int) -> Inquiry | None:
    """The thread of a need and a capability."""
    return uow.session.exec(
        select(Inquiry).where(
            col(Inquiry.need_id) == need_id, col(Inquiry.capability_id) == capability_id
        )
    ).first()


def inquiries(uow: UnitOfWork, actor: Actor, number: int, size: int) -> Page[Inquiry]:
    """One page of the actor's threads on either side, the latest touched first."""
    mine = grants.where(POLICY[Permission.QUESTION_READ], actor)
    total = uow.session.exec(select(func.count(col(Inquiry.id))).where(mine)).one()
    page: Page[Inquiry] = Page((), total, number, size)
    rows = uow.session.exec(
        select(Inquiry)
        .where(mine)
        .order_by(col(Inquiry.updated_at).desc(), col(Inquiry.id).desc())
        .offset(page.offset)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def inquiries_in(uow: UnitOfWork, actor: Actor, need_id: int) -> Sequence[Inquiry]:
    """Threads about one need that the actor may read."""
    return uow.session.exec(
        select(Inquiry)
        .where(
            col(Inquiry.need_id) == need_id,
            grants.where(POLICY[Permission.QUESTION_READ], actor),
        )
        .order_by(col(Inquiry.id))
    ).all()


def unanswered(
    uow: UnitOfWork, actor: Actor, limit: int
) -> Sequence[tuple[Inquiry, Need, int, datetime]]:
    """Threads with questions that wait for the actor's answer, the longest waiting first: with the
    need, how many wait, and since when."""
    rows = uow.session.exec(
        select(Inquiry, Need, func.count(col(Question.id)), func.min(col(Question.created_at)))
        .join(Need, col(Need.id) == col(Inquiry.need_id))
        .join(Question, col(Question.inquiry_id) == col(Inquiry.id))
        .where(
            col(Question.state) == QuestionState.OPEN,
            col(Need.state).in_(sorted(OPEN_STATES)),
            grants.where(POLICY[Permission.QUESTION_ANSWER], actor),
        )
        .group_by(col(Inquiry.id), col(Need.id))
        .order_by(func.min(col(Question.id)))
        .limit(limit)
    ).all()
    return list(rows)


def questions_of(uow: UnitOfWork, inquiry_ids: Collection[int]) -> dict[int, list[Question]]:
    """The questions of threads, in the order in which they were asked."""
    found: dict[int, list[Question]] = {}
    if inquiry_ids:
        rows = uow.session.exec(
            select(Question)
            .where(col(Question.inquiry_id).in_(inquiry_ids))
            .order_by(col(Question.id))
        )
        for row in rows:
            found.setdefault(row.inquiry_id, []).append(row)
    return found


def open_of_needs(uow: UnitOfWork, need_ids: Collection[int]) -> Sequence[tuple[Question, Inquiry]]:
    """Open questions about needs, kept from all others, for the platform's own listener."""
    if not need_ids:
        return []
    rows = uow.session.exec(
        select(Question, Inquiry)
        .join(Inquiry, col(Inquiry.id) == col(Question.inquiry_id))
        .where(col(Inquiry.need_id).in_(need_ids), col(Question.state) == QuestionState.OPEN)
        .order_by(col(Question.id))
        .with_for_update(of=Question)
    ).all()
    return list(rows)


def open_about(uow: UnitOfWork, need_ids: Collection[int]) -> bool:
    """Whether a question about one of the needs is open."""
    if not need_ids:
        return False
    found = uow.session.exec(
        select(Question.id)
        .join(Inquiry, col(Inquiry.id) == col(Question.inquiry_id))
        .where(col(Inquiry.need_id).in_(need_ids), col(Question.state) == QuestionState.OPEN)
    ).first()
    return found is not None


def inquiry_by_id(uow: UnitOfWork, inquiry_id: int) -> Inquiry | None:
    """A thread by its key, for listeners."""
    return uow.session.get(Inquiry, inquiry_id)


def question_by_id(uow: UnitOfWork, question_id: int) -> Question | None:
    """A question by its key, for listeners."""
    return uow.session.get(Question, question_id)
