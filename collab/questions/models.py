"""A thread of questions of one need to one capability's provider."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from collab.questions.rules import QuestionState, Stance
from collab.storage.columns import enum_column, json_column
from collab.storage.models import Public, Row, Versioned


class Inquiry(Row, Public, Versioned, table=True):
    """What one need's owner asks about one capability; one thread for each such pair."""

    PREFIX: ClassVar[str] = "inq-"
    __table_args__ = (UniqueConstraint("need_id", "capability_id", name="uq_inquiry"),)

    need_id: int = Field(foreign_key="need.id", index=True, ondelete="CASCADE")
    organisation_id: int = Field(foreign_key="organisation.id", index=True)
    capability_id: int = Field(foreign_key="capability.id", index=True, ondelete="CASCADE")


class Question(Row, Public, Versioned, table=True):
    """One question with its answer. `live` is NULL once it is not open: one open for each topic."""

    PREFIX: ClassVar[str] = "qst-"
    __table_args__ = (UniqueConstraint("inquiry_id", "topic", "live", name="uq_question_live"),)

    inquiry_id: int = Field(foreign_key="inquiry.id", index=True, ondelete="CASCADE")
    topic: str = Field(max_length=200)
    step: str = Field(default="", max_length=20)
    criterion: str = Field(default="", max_length=120)
    words_zh: str
    words_en: str
    asked_by: int | None = Field(default=None, foreign_key="person.id")
    state: QuestionState = Field(
        default=QuestionState.OPEN, sa_type=enum_column(QuestionState), index=True
    )
    live: bool | None = Field(default=True)
    answer: str = ""
    stance: Stance | None = Field(default=None, sa_type=enum_column(Stance))
    value: dict[str, Any] | None = Field(default=None, sa_type=json_column())
    answered_by: int | None = Field(default=None, foreign_key="person.id")
    answered_at: datetime | None = None
    taken_over_at: datetime | None = None
