"""Validated input about questions."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from collab.facilities.forms import Text, ValueIn
from collab.questions.rules import Stance


@dataclass(frozen=True, slots=True)
class QuestionIn:
    """One question to be sent: its words in both languages, the same twice when they were typed."""

    topic: str
    step: str
    criterion: str
    zh: str
    en: str


class AnswerIn(BaseModel):
    """An answer: free words, what it comes down to, and where the criterion is a parameter a value
    in its canonical unit. `take_over` also states the value on the capability itself."""

    model_config = ConfigDict(extra="forbid")

    text: Text = Field(default="", max_length=4000)
    stance: Stance | None = None
    value: ValueIn | None = None
    take_over: bool = False
    capability_version: int | None = None
