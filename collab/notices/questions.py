"""Tells providers of questions, and those who asked of answers, once each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collab.kernel.events import Event
from collab.kernel.happened import QuestionAnswered, QuestionsAsked
from collab.members import store as members
from collab.needs import store as needs
from collab.notices.service import tell
from collab.questions import store as questions
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: the people of the side that did not act; the same event twice tells once."""
    with database.writing() as uow:
        for event in events:
            if isinstance(event, QuestionsAsked):
                _asked(uow, event)
            elif isinstance(event, QuestionAnswered):
                _answered(uow, event)


def _asked(uow: UnitOfWork, event: QuestionsAsked) -> None:
    row = questions.inquiry_by_id(uow, event.inquiry_id)
    need = needs.need_by_id(uow, row.need_id) if row is not None else None
    if row is not None and need is not None:
        facts = {"title": need.title, "count": event.count}
        once = f"question:{event.last_id}:asked"
        _tell(uow, row.organisation_id, "question_asked", facts, row.public_id, once)


def _answered(uow: UnitOfWork, event: QuestionAnswered) -> None:
    row = questions.question_by_id(uow, event.question_id)
    inquiry = questions.inquiry_by_id(uow, row.inquiry_id) if row is not None else None
    need = needs.need_by_id(uow, inquiry.need_id) if inquiry is not None else None
    if inquiry is None or need is None:
        return
    provider = members.organisations_by_id(uow, {inquiry.organisation_id})[inquiry.organisation_id]
    facts = {"title": need.title, "organisation_zh": provider.name_zh,
             "organisation_en": provider.name_en or provider.name_zh}  # fmt: skip
    once = f"question:{event.question_id}:answered:{event.serial}"
    _tell(uow, need.organisation_id, "question_answered", facts, inquiry.public_id, once)


def _tell(
    uow: UnitOfWork, audience: int, code: str, facts: dict[str, Any], key: str, once: str
) -> None:
    for person_id in members.person_ids_of(uow, audience):
        tell(uow, person_id, code, facts, f"/questions/{key}", once)
