"""Questions and answers of the asker's organisations, to read; people ask and answer on pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from collab.facilities.forms import ValueIn
from collab.needs import catalogue
from collab.questions import service
from collab.questions.models import Question
from collab.questions.rules import QuestionState, Stance
from collab.questions.service import InquiryView
from collab.web.api import paging
from collab.web.api.serving import api
from collab.web.api.shapes import Listing, OrganisationRef, organisation_ref
from collab.web.session import current_actor, reading, writing

TAG = "questions"


class QuestionText(BaseModel):
    """The words in both languages; the same twice when somebody typed them."""

    zh: str
    en: str


class QuestionOut(BaseModel):
    """A question with its answer; `value` is in the canonical unit of the parameter `criterion`."""

    id: str
    step: str
    criterion: str
    words: QuestionText
    state: QuestionState
    asked_at: datetime
    answer: str
    stance: Stance | None
    value: ValueIn | None
    answered_at: datetime | None
    stated_on_capability: bool


class InquiryOut(BaseModel):
    """What one need's owner asks about one capability. `asker` is null while an anonymous owner is
    hidden from the reader; `asking` says whether the reader's is the side that asks."""

    id: str
    need: str
    capability: str
    provider: OrganisationRef
    asker: OrganisationRef | None
    asking: bool
    waiting: int
    questions: list[QuestionOut]


class Inquiries(Listing[InquiryOut]):
    """Threads of questions, the latest touched first."""


class InquiriesOfNeed(BaseModel):
    """The threads about one need that the reader takes part in."""

    items: list[InquiryOut]


def _question(row: Question) -> QuestionOut:
    return QuestionOut(
        id=row.public_id, step=row.step, criterion=row.criterion,
        words=QuestionText(zh=row.words_zh, en=row.words_en), state=row.state,
        asked_at=row.created_at, answer=row.answer, stance=row.stance,
        value=ValueIn.model_validate(row.value) if row.value else None,
        answered_at=row.answered_at, stated_on_capability=row.taken_over_at is not None,
    )  # fmt: skip


def _shape(view: InquiryView) -> InquiryOut:
    return InquiryOut(
        id=view.row.public_id, need=view.need.public_id, capability=view.capability.public_id,
        provider=organisation_ref(view.provider),
        asker=organisation_ref(view.asker) if view.asker else None,
        asking=view.own_need, waiting=view.open,
        questions=[_question(q) for q in view.questions],
    )  # fmt: skip


@api.get("/questions", summary=("列出我的提问与答复", "List my questions and answers"), tag=TAG,
         query=paging.Paged, answer=Inquiries)  # fmt: skip
def list_questions(query: paging.Paged) -> Inquiries:
    """Threads in which one of the asker's organisations asks or is asked."""
    with reading() as uow:
        page = paging.fetched(query, lambda n, size: service.page(uow, current_actor(), n, size))
    _log(page.items)
    return Inquiries(
        items=[_shape(v) for v in page.items], total=page.total, next=paging.next_of(page)
    )


@api.get("/questions/<key>", summary=("查看一组提问与答复", "One thread of questions"), tag=TAG,
         answer=InquiryOut)  # fmt: skip
def show_questions(key: str) -> InquiryOut:
    """A thread for its two sides."""
    with reading() as uow:
        view = service.one(uow, current_actor(), key)
    _log([view])
    return _shape(view)


@api.get("/needs/<key>/questions", summary=("需求的提问与答复", "Questions about a need"), tag=TAG,
         answer=InquiriesOfNeed)  # fmt: skip
def list_questions_of_need(key: str) -> InquiriesOfNeed:
    """All threads about a need for its owner, one's own for a provider, none for other readers."""
    with reading() as uow:
        row = catalogue.one(uow, current_actor(), key).row
        views = service.of_need(uow, current_actor(), row)
    _log(views)
    return InquiriesOfNeed(items=[_shape(v) for v in views])


def _log(views: Sequence[InquiryView]) -> None:
    """Reads of invited needs from outside are on their owner's record, by whatever way."""
    outside = [v for v in views if not v.own_need and service.is_logged(v, current_actor())]
    if outside:
        with writing() as uow:
            for view in outside:
                service.log_read(uow, current_actor(), view)
