"""Why no route holds though every step has candidates, and the smallest change that opens one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from collab.matching.answer import StepResult, judge_steps
from collab.matching.records import NeedProfile, Step
from collab.matching.snapshot import Snapshot
from collab.routing import pieces
from collab.routing.checks import Sight
from collab.routing.existence import route_exists
from collab.routing.meeting import merge
from collab.routing.plan import Plan, make_plan
from collab.routing.rules import Checked, check_step, rule_book, walk
from collab.routing.walker import Walker
from collab.vocabulary.catalog import Vocabulary

SAMPLED = 40
"""Partial routes followed when looking for what blocks them."""


@dataclass(frozen=True, slots=True)
class Block:
    """A rule that stops routes before a step: its place in the plan, how many it stops."""

    place: int
    checked: Checked
    stopped: int


@dataclass(frozen=True, slots=True)
class Opening:
    """A change that opens a route: a step put in before another one, or a looser deadline."""

    code: str
    rule: str = ""
    technique: str = ""
    before: str = ""
    need: NeedProfile | None = None


def blocks(vocabulary: Vocabulary, plan: Plan) -> list[Block]:
    """The rules that stop the partial routes at the first step none of them passes."""
    book = rule_book(vocabulary)
    walker = Walker(plan, book)
    after: list[list[pieces.Piece]] = []
    for place, step in enumerate(plan.steps):
        start = [pieces.start(book.terms, plan.need)]
        lists = [after[b] for b in step.before]
        arriving = lists[0] if len(lists) == 1 else start
        if len(lists) > 1:
            arriving = [merge(book.terms, [entry[0] for entry in lists])]
        leaving: dict[pieces.Piece, None] = {}
        stopped: Counter[str] = Counter()
        samples: dict[str, Checked] = {}
        for piece in arriving[:SAMPLED]:
            for candidate in (kind.sample for kind in walker.kinds[place].kinds):
                sight = Sight(book.terms, piece, candidate.offer, candidate.done, plan.need)
                checked = check_step(book, sight)
                broken = [c for c in checked if c.verdict == "block"]
                for entry in broken:
                    stopped[entry.rule.id] += 1
                    samples[entry.rule.id] = entry
                if not broken:
                    leaving.setdefault(walk(book, sight, checked, step.state))
        if not leaving:
            return [Block(place, samples[r], n) for r, n in stopped.most_common()]
        after.append(list(leaving))
    return []


def _inserted(need: NeedProfile, before: str, technique: str) -> NeedProfile:
    at = next(i for i, s in enumerate(need.steps) if s.key == before)
    step = Step(f"{before}+{technique}", (technique,))
    return replace(need, steps=(*need.steps[:at], step, *need.steps[at:]))


def _holds(
    vocabulary: Vocabulary, snapshot: Snapshot, need: NeedProfile, results: Sequence[StepResult]
) -> bool:
    """Routes for a changed need; results of steps that did not change are taken over."""
    known = {r.ask.step: r for r in results}
    fresh = [i for i, s in enumerate(need.steps) if s not in known]
    judged: list[StepResult] = []
    for i, step in enumerate(need.steps):
        if i in fresh:
            alone = replace(need, steps=(step,))
            judged.append(judge_steps(vocabulary, snapshot, alone, top=50, near=0)[0])
        else:
            judged.append(known[step])
    if not all(r.fits for r in judged if not r.ask.step.optional):
        return False
    plan = make_plan(vocabulary, need, judged)
    return route_exists(vocabulary, plan)


def openings(
    vocabulary: Vocabulary,
    snapshot: Snapshot,
    need: NeedProfile,
    results: Sequence[StepResult],
    plan: Plan,
) -> tuple[list[Block], list[Opening]]:
    """What blocks, and single changes that open a route: the deadline given up, or a remedy of a
    blocking rule put in as a step of its own."""
    found: list[Opening] = []
    if need.deadline_weeks is not None and need.deadline_hard:
        soft = replace(need, deadline_hard=False)
        if route_exists(vocabulary, replace(plan, need=soft)):
            found.append(Opening("deadline", need=soft))
    stopping = blocks(vocabulary, plan)
    for block in stopping:
        before = plan.steps[block.place].step.key
        for technique in block.checked.rule.remedies:
            changed = _inserted(need, before, technique)
            if _holds(vocabulary, snapshot, changed, results):
                found.append(
                    Opening("missing_step", block.checked.rule.id, technique, before, changed)
                )
    return stopping, found
