"""Proposals for the vocabulary and what became of them."""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field

from collab.curation.rules import ProposalState
from collab.storage.columns import enum_column, json_column
from collab.storage.models import Public, Row, Versioned


class VocabularyProposal(Row, Public, Versioned, table=True):
    """One proposed synonym or term; `addition` has the fields of `vocabulary.additions.Addition`.

    `vocabulary_version` is the version that came into being when it was accepted; accepted ones are
    laid over the shipped files in the order of `place`.
    """

    PREFIX: ClassVar[str] = "voc-"

    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    addition: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    reason: str = Field(default="", max_length=1000)
    state: ProposalState = Field(
        default=ProposalState.PROPOSED, sa_type=enum_column(ProposalState), index=True
    )
    place: int | None = None
    decided_by: int | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = None
    answer: str = Field(default="", max_length=1000)
    vocabulary_version: str = Field(default="", max_length=20)
