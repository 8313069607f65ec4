"""What the desk needs to know of an evaluated need, small enough to hold thousands of them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from collab.matching.engine import Found
from collab.matching.records import NeedProfile
from collab.matching.rules import RULES_VERSION, Class
from collab.matching.snapshot import Snapshot
from collab.routing.scenario import Standing
from collab.vocabulary.catalog import Vocabulary

VERSION = 1  # of what is stored; another one makes every need be evaluated anew


@dataclass(frozen=True, slots=True)
class StepOutlook:
    """One step: what it asks for, how many capabilities fit, and which is best.

    `sole` is the public id of the only organisation that fits; "" for none or several.
    """

    technique: str
    optional: bool
    fits: int
    best: str
    sole: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """One need: whether a route holds, and its steps."""

    route: bool
    steps: tuple[StepOutlook, ...]

    @property
    def lacking(self) -> tuple[str, ...]:
        """What nobody does of what must be done."""
        return tuple(s.technique for s in self.steps if not s.fits and not s.optional)

    def as_json(self) -> list[list[Any]]:
        """Steps as plain lists, for the database."""
        return [[s.technique, int(s.optional), s.fits, s.best, s.sole] for s in self.steps]


def from_json(route: bool, steps: Sequence[Sequence[Any]]) -> Outlook:
    """The outlook that `as_json` wrote."""
    return Outlook(route, tuple(StepOutlook(t, bool(o), n, b, s) for t, o, n, b, s in steps))


def rule_version(vocabulary: Vocabulary) -> str:
    """What a stored standing depends on beside the need and the capabilities."""
    return f"{VERSION}/{RULES_VERSION}/{vocabulary.version}"[:60]


def outlook(profile: NeedProfile, standing: Standing, snapshot: Snapshot) -> Outlook:
    """The small form of a standing."""
    steps = []
    for step, found in zip(profile.steps, standing.fits, strict=True):
        offers = [o for o in (snapshot.get(f.key) for f in found) if o is not None]
        owners = {o.organisation for o in offers}
        steps.append(
            StepOutlook(
                technique=step.techniques[0] if step.techniques else step.category,
                optional=step.optional,
                fits=len(found),
                best=found[0].key if found else "",
                sole=next(iter(owners)) if len(owners) == 1 else "",
            )
        )
    return Outlook(standing.route, tuple(steps))


def packed(standing: Standing) -> bytes:
    """The candidates of every step, for a what-if that need not look for them anew."""
    plain = [[[f.key, f.klass.value, f.score] for f in found] for found in standing.fits]
    return zlib.compress(json.dumps(plain, separators=(",", ":")).encode(), 3)


def unpacked(raw: bytes, *, route: bool) -> Standing:
    """The standing that `packed` wrote."""
    plain = json.loads(zlib.decompress(raw))
    fits = tuple(tuple(Found(key, Class(klass), score) for key, klass, score in s) for s in plain)
    return Standing(fits, route)


def lists(raw: bytes, keys: Sequence[bytes]) -> bool:
    """Whether one of the capabilities stands among the packed candidates."""
    text = zlib.decompress(raw)
    return any(key in text for key in keys)
