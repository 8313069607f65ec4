"""Waiting needs on the capacity that is announced or assumed: who could go where and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from collab.facilities import catalogue as facilities
from collab.kernel import clock
from collab.kernel.errors import Rejected
from collab.kernel.identity import Actor
from collab.kernel.problems import Problem
from collab.matching.compare import Mark
from collab.matching.prepare import NARROWER, StepAsk
from collab.matching.records import NeedProfile
from collab.matching.rules import material_mark
from collab.needs.rules import NeedState
from collab.network import store
from collab.network.coordination import Desk
from collab.network.service import NetworkService
from collab.network.standings import related
from collab.network.store import OpenNeed
from collab.routing.allocation import Slot, allocate
from collab.routing.scenario import Board
from collab.storage.uow import UnitOfWork

MOST_ROOM = 1000  # assumed places in one question: the solver compares every need with every place


@dataclass(frozen=True, slots=True)
class Assumed:
    """Capacity that the viewer assumes: `free` needs fit at a capability (public id) in a month
    (YYYY-MM). It is part of the question and never stored."""

    capability: str
    month: str
    free: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place where needs could go: a shuttle run with free seats, or assumed capacity of a line.

    `key` is the public id of the run or capability; `on` is the day of tape-in, None for a month.
    """

    key: str
    name_zh: str
    name_en: str
    organisation: str
    organisation_zh: str
    organisation_en: str
    slot: Slot
    techniques: tuple[str, ...]
    materials: tuple[str, ...]
    on: date | None = None
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Allotment:
    """Who goes where: (need, place), the needs nobody has room for, the priority served, and
    whether the solver proved that no assignment serves more."""

    places: Sequence[Place]
    chosen: Sequence[tuple[OpenNeed, Place]]
    waiting: Sequence[OpenNeed]
    served: float
    optimal: bool


def announced(uow: UnitOfWork, actor: Actor) -> list[Place]:
    """Upcoming runs that state how many seats they have."""
    today, found = clock.today(), []
    for view in facilities.runs(uow, actor):
        run, owner = view.row, view.owner.row
        if run.historical or run.seats is None or run.tape_in is None or run.tape_in < today:
            continue
        free = max(0, run.seats - run.seats_taken)
        month = f"{run.tape_in:%Y-%m}"
        found.append(
            Place(
                run.public_id, run.technology, run.technology, owner.public_id, owner.name_zh,
                owner.name_en, Slot(owner.public_id, month, free, run.seats_taken),
                tuple(run.techniques), tuple(run.materials), run.tape_in,
            )
        )  # fmt: skip
    return found


def supposed(desk: Desk, assumed: Sequence[Assumed]) -> list[Place]:
    """Capacity that the question assumes; what names no capability is left out. Raises Rejected
    for months that are over and for more room than can be assigned at once."""
    wrong = [Problem("month", "past") for a in assumed if a.month < f"{clock.today():%Y-%m}"]
    if sum(a.free for a in assumed) > MOST_ROOM:
        wrong.append(Problem("free", "too_much_room", {"most": MOST_ROOM}))
    if wrong:
        raise Rejected(wrong)
    found = []
    for one in assumed:
        offer = desk.snapshot.get(one.capability)
        if offer is not None:
            slot = Slot(offer.organisation, one.month, one.free)
            found.append(
                Place(
                    offer.key, offer.name_zh, offer.name_en, offer.organisation,
                    offer.organisation_zh, offer.organisation_en, slot, offer.techniques,
                    offer.materials, assumed=True,
                )
            )  # fmt: skip
    return found


def _in_time(need: NeedProfile, place: Place) -> bool:
    """Whether a place comes before a hard deadline; what is stated in months counts by its first
    day."""
    if need.deadline_weeks is None or not need.deadline_hard or need.posted is None:
        return True
    year, month = map(int, place.slot.month.split("-"))
    starts = place.on or date(year, month, 1)
    return starts <= need.posted + timedelta(weeks=need.deadline_weeks)


def _takes(board: Board, number: int, place: Place) -> bool:
    """A place takes a need when it does one of its steps: for assumed capacity the capability must
    stand among the step's candidates, for a run its organiser must."""
    need = board.needs[number]
    if not _in_time(need, place):
        return False
    for ask, fits in zip(board.asks[number], board.standings[number].fits, strict=True):
        if place.assumed:
            if any(f.key == place.key for f in fits):
                return True
        elif _run_does(board, ask, place) and any(
            _owner(board, f.key) == place.organisation for f in fits
        ):
            return True
    return False


def _owner(board: Board, key: str) -> str:
    offer = board.snapshot.get(key)
    return offer.organisation if offer else ""


def _run_does(board: Board, ask: StepAsk, place: Place) -> bool:
    if not any(ask.fits.get(t, (0, ""))[0] >= NARROWER for t in place.techniques):
        return False
    mark = material_mark(board.vocabulary, ask.materials, place.materials)[0]
    return not ask.materials or mark is not Mark.MISSES


def allot(
    uow: UnitOfWork, network: NetworkService, desk: Desk, assumed: Sequence[Assumed] = ()
) -> Allotment:
    """The assignment of the published needs that the viewer may read, proven best in priority
    served; among equals the load is spread."""
    places = [*announced(uow, desk.actor), *supposed(desk, assumed)]
    known = network.vocabulary.techniques.keys()
    offered = related(network.vocabulary, {t for p in places for t in p.techniques} & known)
    asking_for = store.asking(uow, offered)  # who asks for nothing near it fits nowhere
    published = [n for n in desk.seen.needs if n.state is NeedState.PUBLISHED]
    needs = [n for n in published if n.id in asking_for]
    board, part = network.demand.board(uow, desk.actor, desk.snapshot, needs)
    allowed = {
        need.key: [p for p, place in enumerate(places) if _takes(board, i, place)]
        for i, need in enumerate(part)
    }
    asking = {n.key: n for n in part if allowed[n.key]}
    priorities = {key: float(max(1, n.priority)) for key, n in asking.items()}
    found = allocate(priorities, [p.slot for p in places], allowed)
    return Allotment(
        places,
        [(asking[key], places[slot]) for key, slot in found.chosen],
        [asking[key] for key in found.waiting],
        found.served,
        found.optimal,
    )


def as_data(found: Allotment) -> dict[str, Any]:
    """The assignment for programs."""
    return {
        "assigned": [
            {"need": {"id": n.key, "title": n.title}, "at": p.key, "organisation": p.organisation,
             "month": p.slot.month}
            for n, p in found.chosen
        ],
        "waiting": [{"id": n.key, "title": n.title} for n in found.waiting],
        "slots": [
            {"at": p.key, "organisation": p.organisation, "month": p.slot.month,
             "free": p.slot.free, "taken": p.slot.taken, "assumed": p.assumed}
            for p in found.places
        ],
        "served": found.served,
        "optimal": found.optimal,
    }  # fmt: skip
