"""What is known of one text when its numbers are read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from collab.needs.extraction.context import Context
from collab.needs.extraction.cues import Cue
from collab.needs.extraction.layout import Layout
from collab.needs.extraction.terms import Mention


@dataclass(frozen=True)
class Scene:
    """The text, its parts, its cues, and the character of the need."""

    text: str
    layout: Layout
    context: Context
    cues: Sequence[Cue]
    cue_starts: Sequence[int]
    techniques: Sequence[Mention]
    materials: Sequence[Mention]
    test_only: bool
    imaging: bool
    coupling: bool

    def cues_between(self, low: int, high: int) -> Sequence[Cue]:
        """The cues that begin in [low, high)."""
        return self.cues[bisect_left(self.cue_starts, low) : bisect_left(self.cue_starts, high)]
