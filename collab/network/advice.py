"""What building or losing a capability would change for the needs of one viewer; data untouched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from collab.matching import feed
from collab.matching.compare import WAFER_CLASSES
from collab.matching.records import Evidence, Offer, Offered, Status
from collab.members.models import Region
from collab.network.store import OpenNeed
from collab.routing.alliance import best_investments, investment_problem
from collab.routing.scenario import Board

INVESTMENTS = 5
SECONDS = 2.0
NEW = "what-if"
WAFER = "wafer-diameter"


@dataclass(frozen=True, slots=True)
class Question:
    """A line to add (technique, region, nominal wafer diameter in mm, material) and capabilities
    or whole organisations (public ids) to take away; empty parts change nothing. With `change` (a
    public id) no line is added: that capability learns the technique, takes the diameter and works
    the material too."""

    technique: str = ""
    region: str = ""
    wafer: float | None = None
    material: str = ""
    remove: tuple[str, ...] = ()
    change: str = ""

    @property
    def asks(self) -> bool:
        """Whether anything would change at all."""
        widened = self.change and (self.technique or self.wafer or self.material)
        return bool(self.technique or self.remove or widened)


def _changed(board: Board, question: Question) -> list[Offer]:
    """The capability of `change` with what it would do besides."""
    offer = board.snapshot.get(question.change)
    if offer is None:
        return []
    values = dict(offer.values)
    if question.wafer:
        known = values.get(WAFER, Offered())
        values[WAFER] = Offered(choices=(*_sizes(known), question.wafer))
    return [
        replace(
            offer,
            techniques=_with(offer.techniques, question.technique),
            materials=_with(offer.materials, question.material),
            values=values,
        )
    ]


def _with(listed: tuple[str, ...], one: str) -> tuple[str, ...]:
    return listed if not one or one in listed else (*listed, one)


def _sizes(known: Offered) -> tuple[float, ...]:
    """Every nominal diameter that is stated, an open or closed interval spelled out."""
    if known.choices:
        return tuple(float(c) for c in known.choices)
    low, high = known.low, known.high
    if low is None and high is None:
        return ()
    inside = (c for c in WAFER_CLASSES if (low is None or c >= low) and (high is None or c <= high))
    return tuple(inside)


def _line(board: Board, question: Question, regions: Mapping[int, Region]) -> list[Offer]:
    words = board.vocabulary
    if question.change:
        return _changed(board, question)
    if question.technique not in words.techniques:
        return []
    place = next((r for r in regions.values() if r.code == question.region), None)
    return [
        Offer(
            id=0,
            key=NEW,
            organisation_id=-1,
            organisation=NEW,
            techniques=(question.technique,),
            category=words.techniques[question.technique].category,
            materials=(question.material,) if question.material else (),
            values={WAFER: Offered(choices=(question.wafer,))} if question.wafer else {},
            place=feed.place_of(place),
            evidence=Evidence.DECLARED,
            status=Status.OPERATING,
        )
    ]


def what_if(
    board: Board, needs: Sequence[OpenNeed], question: Question, regions: Mapping[int, Region]
) -> dict[str, list[OpenNeed]]:
    """Needs that gain or lose a route, and those whose steps change without that.

    `needs[i]` is the need of `board.needs[i]`.
    """
    changes, _ = board.scenario(_line(board, question, regions), question.remove)
    found: dict[str, list[OpenNeed]] = {"gained": [], "lost": [], "touched": []}
    for change in changes:
        kind = "gained" if change.gained else "lost" if change.lost else "touched"
        found[kind].append(needs[change.need])
    return found


def investments(
    board: Board,
    needs: Sequence[OpenNeed],
    codes: Iterable[str],
    regions: Mapping[int, Region],
    count: int = INVESTMENTS,
) -> dict[str, Any]:
    """The lines that together would give the most needs a route, each with those needs."""
    wanted = frozenset(codes)
    above = {
        r.code: frozenset(c for c in r.path.split("/") if c)
        for r in regions.values()
        if r.code in wanted
    }

    def weight(number: int) -> float:
        return float(max(1, needs[number].priority))

    problem = investment_problem(board, above, weight)
    advice = best_investments(problem, count, seconds=SECONDS)
    return {
        "proven": advice.proven,
        "needs": [needs[n] for n in advice.needs],
        "lines": [
            {"technique": i.technique, "region": i.region,
             "needs": [needs[n] for n in advice.by_investment[i]]}
            for i in advice.chosen
        ],
    }  # fmt: skip
