"""What happened, in the past tense: the base of all events and their way to JSON and back."""

from __future__ import annotations

import types
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True)
class Event:
    """Base of every event. Subclasses are frozen dataclasses with simple fields.

    A field may be int, float, str, bool, date, aware datetime, an Enum, None, or a tuple, frozenset
    or dict of these. The class name is the stored name: rename a class only with a migration.
    """

    REGISTRY: ClassVar[dict[str, type[Event]]] = {}

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        known = Event.REGISTRY.get(cls.__name__)
        if known is not None and known.__module__ != cls.__module__:
            raise TypeError(f"two events are called {cls.__name__}")
        Event.REGISTRY[cls.__name__] = cls

    @property
    def name(self) -> str:
        """The stored name of this kind of event."""
        return type(self).__name__

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


@dataclass(frozen=True)
class DatabaseRestored(Event):
    """A backup was put in place of everything: all that is derived must be built anew."""


def from_json(name: str, payload: dict[str, Any]) -> Event:
    """The event that `to_json` was made of.

    Fields that the class no longer has are dropped and new ones take their default, so that events
    written before an upgrade can still be delivered. Raises KeyError for an unknown name and
    TypeError when a field without default is missing.
    """
    cls = Event.REGISTRY[name]
    hints = get_type_hints(cls)
    known = {
        f.name: _typed(hints[f.name], payload[f.name]) for f in fields(cls) if f.name in payload
    }
    return cls(**known)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date):  # datetime is a date
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset):
        return sorted((_plain(item) for item in value), key=repr)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    raise TypeError(f"an event cannot carry {type(value).__name__}")


def _typed(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if value is None:
        return None
    if origin in (Union, types.UnionType):
        return _typed(next(a for a in get_args(hint) if a is not type(None)), value)
    if origin in (tuple, frozenset):
        return origin(_typed(get_args(hint)[0], item) for item in value)
    return _single(hint, value)


def _single(hint: Any, value: Any) -> Any:
    if isinstance(hint, type) and issubclass(hint, datetime | date):
        return hint.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    return value


def all_events() -> tuple[type[Event], ...]:
    """Every kind of event known by now, by name."""
    return tuple(cls for _, cls in sorted(Event.REGISTRY.items()) if is_dataclass(cls))
