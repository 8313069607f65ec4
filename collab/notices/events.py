"""Events that only the telling of people needs."""

from __future__ import annotations

from dataclasses import dataclass

from collab.kernel.events import Event


@dataclass(frozen=True)
class SavedSearchesDue(Event):
    """Something that can be found changed a while ago: look for new hits of saved searches."""


@dataclass(frozen=True)
class NoticesDue(Event):
    """A person was told something that is to go out by e-mail, at once or with the day's rest."""

    person_id: int
    daily: bool = False
