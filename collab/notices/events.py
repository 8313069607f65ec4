"""Events that only the telling of people needs."""

from __future__ import annotations

from dataclasses import dataclass

from collab.kernel.events import Event


@dataclass(frozen=True)
class SavedSearchesDue(Event):
    """Something that can be found changed a while ago: look for new hits of saved searches."""
