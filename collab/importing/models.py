"""Lists that were brought in: the batch, what each row does, and what is wrong with rows."""

from datetime import datetime
from typing import Any, ClassVar

from sqlmodel import Field

from collab.importing.rules import BatchState, Effect
from collab.storage.columns import enum_column, json_column
from collab.storage.models import Public, Row, Versioned


class ImportBatch(Row, Public, Versioned, table=True):
    """One uploaded list: checked, then applied in one transaction, perhaps undone."""

    PREFIX: ClassVar[str] = "imp-"

    kind: str = Field(max_length=20)
    organisation_id: int | None = Field(
        default=None, foreign_key="organisation.id", index=True, ondelete="CASCADE"
    )
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    file_name: str = Field(default="", max_length=200)
    digest: str = Field(default="", max_length=64)
    state: BatchState = Field(default=BatchState.CHECKED, sa_type=enum_column(BatchState))
    unknown_headers: list[str] = Field(default_factory=list, sa_type=json_column())
    counts: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
    applied_at: datetime | None = None
    undone_at: datetime | None = None


class ImportChange(Row, table=True):
    """What one row of a list does: the record before and after, and its version once applied."""

    batch_id: int = Field(foreign_key="importbatch.id", index=True, ondelete="CASCADE")
    line: int
    effect: Effect = Field(sa_type=enum_column(Effect))
    owner_id: int | None = Field(default=None, foreign_key="organisation.id", ondelete="CASCADE")
    record: str = Field(default="", max_length=40)
    title: str = Field(default="", max_length=300)
    record_version: int | None = None
    before: dict[str, Any] | None = Field(default=None, sa_type=json_column())
    after: dict[str, Any] | None = Field(default=None, sa_type=json_column())
    undone: bool = False


class RowProblem(Row, table=True):
    """One thing wrong with one cell (or, with line 0, with the whole list)."""

    batch_id: int = Field(foreign_key="importbatch.id", index=True, ondelete="CASCADE")
    line: int
    place: str = Field(default="", max_length=8)
    header: str = Field(default="", max_length=200)
    code: str = Field(max_length=60)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=json_column())
