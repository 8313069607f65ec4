"""A permission rule as row check and as query filter, so that item and list cannot disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from collab.kernel.identity import Actor


class Rule(Protocol):
    """One reason why an actor may, as a query filter: item and list are fetched through it."""

    def where(self, actor: Actor) -> ColumnElement[bool]:
        """The condition that holds for the rows the actor may have."""
        ...


class RowRule(Rule, Protocol):
    """A rule that can also judge a loaded row; both answers must say the same about every row."""

    def allows(self, actor: Actor, row: Any) -> bool:
        """Whether the actor may, judged on a loaded row."""
        ...


@dataclass(frozen=True, slots=True)
class _AnyOf:
    rules: tuple[RowRule, ...]

    def allows(self, actor: Actor, row: Any) -> bool:
        return any(rule.allows(actor, row) for rule in self.rules)

    def where(self, actor: Actor) -> ColumnElement[bool]:
        return sa.or_(sa.false(), *(rule.where(actor) for rule in self.rules))


@dataclass(frozen=True, slots=True)
class _AllOf:
    rules: tuple[RowRule, ...]

    def allows(self, actor: Actor, row: Any) -> bool:
        return all(rule.allows(actor, row) for rule in self.rules)

    def where(self, actor: Actor) -> ColumnElement[bool]:
        return sa.and_(sa.true(), *(rule.where(actor) for rule in self.rules))


@dataclass(frozen=True, slots=True)
class _ActorIs:
    test: Callable[[Actor], bool]

    def allows(self, actor: Actor, row: Any) -> bool:
        del row
        return self.test(actor)

    def where(self, actor: Actor) -> ColumnElement[bool]:
        return sa.true() if self.test(actor) else sa.false()


def any_of(*rules: RowRule) -> RowRule:
    """Holds when one of the rules holds; never without rules."""
    return _AnyOf(rules)


def all_of(*rules: RowRule) -> RowRule:
    """Holds when every rule holds; always without rules."""
    return _AllOf(rules)


def actor_is(test: Callable[[Actor], bool]) -> RowRule:
    """A rule that looks at the actor alone, such as `actor_is(lambda a: a.secretariat)`."""
    return _ActorIs(test)


ANYONE = actor_is(lambda _: True)
NOBODY = actor_is(lambda _: False)


def allows(rules: RowRule | Iterable[RowRule], actor: Actor, row: Any) -> bool:
    """Whether one of the rules lets the actor have the row."""
    several = rules if isinstance(rules, Iterable) else (rules,)
    return any(rule.allows(actor, row) for rule in several)


def where(rules: Rule | Iterable[Rule], actor: Actor) -> ColumnElement[bool]:
    """The query condition for the rows that one of the rules lets the actor have."""
    several = rules if isinstance(rules, Iterable) else (rules,)
    return sa.or_(sa.false(), *(rule.where(actor) for rule in several))
