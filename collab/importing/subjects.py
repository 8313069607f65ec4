"""What a kind of list is about: its records as plain states, how one is checked and written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import ValidationError

from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.members.models import Organisation
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Current:
    """A record as it stands. `meta` is what a change touches beside the columns; `locked` a code
    when it may not be changed by a list."""

    record: str
    owner_id: int
    name: str
    version: int
    state: State
    meta: State = field(default_factory=dict)
    slug: str = ""
    code: str = ""
    locked: str = ""


class Subject(Protocol):
    """One kind of list."""

    kind: str
    name_field: str

    def current(self, uow: UnitOfWork, actor: Actor, owners: Collection[int]) -> Sequence[Current]:
        """The records that a list of these owners may change."""
        ...

    def owners(self, uow: UnitOfWork, actor: Actor) -> Sequence[Organisation]:
        """The organisations for which the actor may bring a list in."""
        ...

    def checked(
        self, uow: UnitOfWork, state: State, vocabulary: Vocabulary, *, new: bool
    ) -> tuple[State, list[Problem]]:
        """The state as it would be stored, and everything wrong with it by field."""
        ...

    def create(
        self, uow: UnitOfWork, actor: Actor, owner_id: int, state: State, vocabulary: Vocabulary
    ) -> tuple[str, int]:
        """Store a new record; its public id and version."""
        ...

    def change(
        self, uow: UnitOfWork, actor: Actor, record: str, state: State, vocabulary: Vocabulary
    ) -> int:
        """Write a state over a record; its new version."""
        ...

    def restore(
        self, uow: UnitOfWork, actor: Actor, record: str, before: State, vocabulary: Vocabulary
    ) -> None:
        """Put a before-image (state with `meta` under "_meta") back."""
        ...

    def remove(self, uow: UnitOfWork, record: str) -> None:
        """Take a record out that an import made."""
        ...

    def announce(self, uow: UnitOfWork, records: Collection[str]) -> None:
        """Tell the listeners what changed."""
        ...


def form_problems(error: ValidationError) -> list[Problem]:
    """What a form refuses, by its field."""
    return [_refusal(entry) for entry in error.errors(include_url=False)]


def _refusal(entry: Mapping[str, Any]) -> Problem:
    context: Mapping[str, Any] = entry.get("ctx") or {}
    parts = entry["loc"][: 2 if entry["loc"][:1] == ("values",) else 1]
    place, kind = ".".join(map(str, parts)), str(entry["type"])
    if kind == "missing" or (kind.endswith("too_short") and not entry.get("input")):
        return Problem(place, "required")
    if kind.endswith("too_long"):
        return Problem(place, "too_long", {"most": context.get("max_length")})
    if kind.endswith("too_short"):
        return Problem(place, "too_short", {"least": context.get("min_length")})
    if kind == "value_error" and not place:
        return Problem("lead_weeks_max", "ends_swapped")
    return Problem(place, "bad_value", {"reason": entry["msg"]})
