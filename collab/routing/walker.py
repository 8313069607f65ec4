"""Pieces and moves of a plan worked out once: which kinds of candidates each piece passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from collab.routing.checks import Sight
from collab.routing.pieces import Piece
from collab.routing.plan import Plan
from collab.routing.rules import RuleBook, step_over

MAX_TABLE = 40_000
"""Largest table of pieces times kinds of candidates that is worked out beforehand."""
BLOCKED = 1 << 40


class Move(NamedTuple):
    """What happens to a piece at a step: whether it is refused, new questions, the piece after."""

    blocked: bool
    questions: int
    after: int


BLOCKED_MOVE = Move(True, 0, -1)


@dataclass
class Walker:
    """Pieces and moves worked out once and shared by all objectives.

    Candidates of a step that every rule sees alike form one kind; `kinds[step][candidate]`.
    """

    plan: Plan
    book: RuleBook
    pieces: list[Piece] = field(default_factory=list)
    ids: dict[Piece, int] = field(default_factory=dict)
    moves: dict[tuple[int, int, int], Move] = field(default_factory=dict)
    kinds: list[list[int]] = field(default_factory=list)
    samples: list[list[int]] = field(default_factory=list)
    living: dict[tuple[int, int], bool] = field(default_factory=dict)
    done: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.done = [sorted({c.done for c in s.candidates}) for s in self.plan.steps]
        for place in range(len(self.plan.steps)):
            kinds, samples = self._kinds_of(place)
            self.kinds.append(kinds)
            self.samples.append(samples)

    def intern(self, piece: Piece) -> int:
        """The number of a piece."""
        found = self.ids.get(piece)
        if found is None:
            found = self.ids[piece] = len(self.pieces)
            self.pieces.append(piece)
        return found

    def _readable(self, place: int) -> tuple[set[str], bool, bool]:
        """Values of step `place` that some rule reads there or later, and whether materials and
        further techniques of the capability matter."""
        names: set[str] = set()
        material = techniques = False
        earlier = 0
        for at, doable in enumerate(self.done):
            for done in doable:
                for i in self.book.to_rules(done, self.plan.need) if at >= place else ():
                    rule = self.book.rules[i]
                    if rule.from_techniques and at == place and not earlier & (1 << i):
                        continue
                    here = at == place
                    names |= _names(rule.check, here)
                    material |= here and rule.check["op"] == "disjoint"
                    techniques |= here and rule.severity == "fix"
            for done in doable:
                earlier |= self.book.from_bits(done)
        return names, material, techniques

    def _kinds_of(self, place: int) -> tuple[list[int], list[int]]:
        names, material, techniques = self._readable(place)
        seen: dict[object, int] = {}
        kinds: list[int] = []
        samples: list[int] = []
        for number, candidate in enumerate(self.plan.steps[place].candidates):
            offer = candidate.offer
            values = offer.values
            stated = [(n, v.low, v.high, v.choices) for n, v in values.items() if n in names]
            sight = (
                candidate.done,
                *stated,
                offer.materials if material else None,
                offer.techniques if techniques else None,
            )
            kind = seen.setdefault(sight, len(seen))
            if kind == len(samples):
                samples.append(number)
            kinds.append(kind)
        return kinds, samples

    def move(self, place: int, kind: int, before: int) -> Move:
        """The move of a kind of candidate on a piece."""
        key = (place, kind, before)
        found = self.moves.get(key)
        if found is None:
            found = self.moves[key] = self._move(place, kind, self.pieces[before])
        return found

    def _move(self, place: int, kind: int, piece: Piece) -> Move:
        step = self.plan.steps[place]
        candidate = step.candidates[self.samples[place][kind]]
        sight = Sight(self.book.terms, piece, candidate.offer, candidate.done, self.plan.need)
        found = step_over(self.book, sight, step.state)
        if found is None:
            return BLOCKED_MOVE
        return Move(False, found[0], self.intern(found[1]))

    def alive(self, place: int, piece: int) -> bool:
        """True when some choice of the steps from `place` on accepts this piece (linear plans)."""
        if place == len(self.plan.steps):
            return True
        known = self.living.get((place, piece))
        if known is None:
            moves = (self.move(place, k, piece) for k in range(len(self.samples[place])))
            known = any(not m.blocked and self.alive(place + 1, m.after) for m in moves)
            self.living[place, piece] = known
        return known


def _names(check: Mapping[str, object], here: bool) -> set[str]:
    found = {"wafer-diameter", "pad-metal", "final-thickness", "piece-size"}
    for operand in (check["left"], check["right"]):
        side, _, name = operand.partition(".") if isinstance(operand, str) else ("", "", "")
        if side == "piece" or (side == "next" and here):
            found.add(name)
    return found


def questions_to_go(walker: Walker, first: int) -> list[dict[int, int]] | None:
    """Per step the fewest questions still to come for every piece that can arrive there (BLOCKED
    where no route is left); None when the table would be too large."""
    steps = len(walker.plan.steps)
    arriving: list[set[int]] = [{first}]
    for place in range(steps):
        if len(arriving[place]) * len(walker.samples[place]) > MAX_TABLE:
            return None
        leaving: set[int] = set()
        for before in arriving[place]:
            for kind in range(len(walker.samples[place])):
                move = walker.move(place, kind, before)
                if not move.blocked:
                    leaving.add(move.after)
        arriving.append(leaving)
    table: list[dict[int, int]] = [dict.fromkeys(arriving[steps], 0)]
    for place in reversed(range(steps)):
        table.insert(0, _fewest(walker, place, arriving[place], table[0]))
    return table


def _fewest(
    walker: Walker, place: int, arriving: set[int], after: Mapping[int, int]
) -> dict[int, int]:
    found: dict[int, int] = {}
    for before in arriving:
        best = BLOCKED
        for kind in range(len(walker.samples[place])):
            move = walker.move(place, kind, before)
            if not move.blocked:
                best = min(best, move.questions + after[move.after])
        found[before] = best
    return found
