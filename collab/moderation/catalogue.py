"""What pages read of holds and reports; an anonymous need never carries its owner here either."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from collab.facilities import catalogue as facilities
from collab.kernel.identity import Actor
from collab.members.models import Organisation, Region
from collab.moderation import store
from collab.moderation.models import Hold, Record, Report, kind_of
from collab.moderation.rules import HoldState, Kind
from collab.needs import catalogue as needs
from collab.needs.models import Need
from collab.storage.uow import UnitOfWork

SHOWN = 100
FOR_MODERATORS = (HoldState.HELD, HoldState.ASKED)


@dataclass(frozen=True, slots=True)
class Item:
    """A record as its reader may see it: `owner` and `region` are None where they are hidden."""

    row: Record
    owner: Organisation | None
    region: Region | None

    @property
    def kind(self) -> Kind:
        """What it is."""
        return kind_of(self.row)

    @property
    def names(self) -> tuple[str, str]:
        """Its name in Chinese and in English."""
        row = self.row
        return (row.title, "") if isinstance(row, Need) else (row.name_zh, row.name_en)


@dataclass(frozen=True, slots=True)
class Held:
    """A hold with its record."""

    hold: Hold
    item: Item


@dataclass(frozen=True, slots=True)
class Reported:
    """A record with the open reports about it, the oldest first."""

    item: Item
    reports: tuple[Report, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits in the actor's regions: reports, holds to look at, holds that owners work on."""

    reported: list[Reported]
    to_look_at: list[Held]
    with_owners: list[Held]
    report_count: int
    hold_count: int
    returned_count: int


@dataclass(frozen=True, slots=True)
class Case:
    """One record before its moderators: whether it is held, and what was reported of it."""

    item: Item
    hold: Hold | None
    reports: Sequence[Report]


@dataclass(frozen=True, slots=True)
class OwnReport:
    """A report as its maker sees it; `item` is None where the record is closed to them."""

    row: Report
    kind: Kind
    item: Item | None


def queue(uow: UnitOfWork, actor: Actor) -> Queue:
    """What waits for the actor; a fixed number of queries, however much it is."""
    reports = store.reports_waiting(uow, actor, SHOWN)
    looked_at = store.holds_waiting(uow, actor, FOR_MODERATORS, SHOWN)
    returned = store.holds_waiting(uow, actor, (HoldState.RETURNED,), SHOWN)
    known = _items(uow, actor, [*reports, *looked_at, *returned])
    grouped: dict[tuple[Kind, int], list[Report]] = {}
    for report in reports:
        grouped.setdefault(_key(report), []).append(report)
    counted = {state: number for state, (number, _) in store.count_of_holds(uow, actor).items()}
    return Queue(
        [Reported(known[key], tuple(found)) for key, found in grouped.items() if key in known],
        _with_items(looked_at, known),
        _with_items(returned, known),
        store.count_of_reports(uow, actor)[0],
        sum(counted.get(s, 0) for s in FOR_MODERATORS),
        counted.get(HoldState.RETURNED, 0),
    )


def case(uow: UnitOfWork, actor: Actor, kind: Kind, key: str) -> Case:
    """One record for those who may moderate it."""
    row = store.open_record(uow, actor, kind, key, store.MODERATE)
    return Case(
        _item(uow, actor, row),
        store.live_hold(uow, row) if row.held_at is not None else None,
        store.reports_waiting(uow, actor, SHOWN, row),
    )


def readable(uow: UnitOfWork, actor: Actor, kind: Kind, key: str) -> Item:
    """One record that the actor may read, for the form of a report."""
    return _item(uow, actor, store.open_record(uow, actor, kind, key))


def hold_of(uow: UnitOfWork, actor: Actor, row: Record) -> Hold | None:
    """Why a record is held, for its own people; the caller opened it for the actor."""
    if row.held_at is None or row.organisation_id not in actor.organisation_ids:
        return None
    return store.live_hold(uow, row)


def moderates(uow: UnitOfWork, actor: Actor, row: Record) -> bool:
    """Whether to show the actor the way to this record's moderation; the use cases ask again."""
    role = actor.secretariat or bool(actor.region_ids)
    return role and store.may_moderate(uow, actor, row)


def own_holds(uow: UnitOfWork, actor: Actor, limit: int) -> list[Held]:
    """What is held of the actor's organisations' own."""
    found = store.own_holds(uow, actor, limit)
    return _with_items(found, _items(uow, actor, found))


def own_reports(uow: UnitOfWork, actor: Actor) -> list[OwnReport]:
    """What the actor reported, with the records as far as they may still be read."""
    if actor.person_id is None:
        return []
    rows = store.reports_of_person(uow, actor.person_id, SHOWN)
    known = _items(uow, actor, rows)
    return [OwnReport(row, _key(row)[0], known.get(_key(row))) for row in rows]


def counts(uow: UnitOfWork, actor: Actor) -> tuple[int, int, datetime | None]:
    """How many reports, and how many holds, wait for the actor as a moderator; since when."""
    if not actor.secretariat and not actor.region_ids:
        return 0, 0, None
    holds = store.count_of_holds(uow, actor)
    reports, oldest = store.count_of_reports(uow, actor)
    waiting = [holds[s] for s in FOR_MODERATORS if s in holds]
    since = min((at for at in (oldest, *(at for _, at in waiting)) if at is not None), default=None)
    return reports, sum(number for number, _ in waiting), since


def _key(about: Hold | Report) -> tuple[Kind, int]:
    if about.need_id is not None:
        return Kind.NEED, about.need_id
    return Kind.CAPABILITY, about.capability_id or 0


def _with_items(found: Iterable[Hold], known: dict[tuple[Kind, int], Item]) -> list[Held]:
    return [Held(hold, known[_key(hold)]) for hold in found if _key(hold) in known]


def _items(
    uow: UnitOfWork, actor: Actor, found: Sequence[Hold | Report]
) -> dict[tuple[Kind, int], Item]:
    wanted, offered = store.records(uow, actor, found)
    items = {
        (Kind.NEED, view.row.id or 0): Item(view.row, view.owner, view.region)
        for view in needs.views(uow, actor, list(wanted.values()))
    }
    return items | {
        (Kind.CAPABILITY, view.row.id or 0): Item(view.row, view.owner.row, view.owner.region)
        for view in facilities.views(uow, list(offered.values()))
    }


def _item(uow: UnitOfWork, actor: Actor, row: Record) -> Item:
    if isinstance(row, Need):
        view = needs.views(uow, actor, [row])[0]
        return Item(row, view.owner, view.region)
    offer = facilities.views(uow, [row])[0]
    return Item(row, offer.owner.row, offer.owner.region)
