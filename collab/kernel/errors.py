"""The typed errors of the domain; one table in the web layer turns them into answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from collab.kernel.problems import Problem


class DomainError(Exception):
    """Anything the platform refuses on purpose, with the facts that explain it."""


class NotFound(DomainError):
    """The thing does not exist, or the actor may not know that it does."""

    def __init__(self, kind: str, key: object = "") -> None:
        super().__init__(f"{kind} {key}".strip())
        self.kind = kind
        self.key = key


class NotAllowed(DomainError):
    """The actor sees the thing but may not do this to it."""

    def __init__(self, permission: str) -> None:
        super().__init__(permission)
        self.permission = permission


class Rejected(DomainError):
    """The input breaks one or more rules; carries every problem, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(", ".join(f"{p.field}:{p.code}" for p in self.problems))


class Conflict(DomainError):
    """Somebody else changed the thing meanwhile, or a unique key is taken."""

    def __init__(self, code: str = "stale", **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class TooMany(DomainError):
    """A limit for a person, token or address is used up for now."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after

    @property
    def wait(self) -> timedelta:
        """How long the refusal lasts."""
        return timedelta(seconds=self.retry_after)
