"""What pages and the API read about needs; an anonymous need never carries its owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members import catalogue as members
from collab.members import store as organisations
from collab.members.models import Organisation, Person, Region
from collab.needs import service, store
from collab.needs.filters import NeedFilter
from collab.needs.models import Need, NeedRead
from collab.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class NeedView:
    """A need as the actor may see it: without owner and exact region where they are hidden."""

    row: Need
    owner: Organisation | None
    region: Region | None
    techniques: tuple[str, ...]
    own: bool


def page(
    uow: UnitOfWork, actor: Actor, wanted: NeedFilter, number: int, size: int
) -> Page[NeedView]:
    """One page of readable needs."""
    found = store.readable_needs(uow, actor, wanted, number, size)
    return Page(views(uow, actor, found.items), found.total, number, size)


def views(uow: UnitOfWork, actor: Actor, rows: Sequence[Need]) -> list[NeedView]:
    """Readable rows put together, in their order."""
    ids = [r.id for r in rows if r.id is not None]
    techniques = store.techniques_of(uow, ids)
    agreed = _agreed(uow, actor, rows)
    knows = {r.id for r in rows if r.id in agreed or service.shows_owner(r, actor)}
    owners = organisations.organisations_by_id(
        uow, {r.organisation_id for r in rows if r.id in knows}
    )
    regions = organisations.all_regions(uow)
    hidden = {r.region_id for r in rows if r.id not in knows}
    provinces = members.shown_provinces(uow, hidden, regions)
    found = []
    for row in rows:
        shown = row.id in knows
        found.append(
            NeedView(
                row,
                owners.get(row.organisation_id) if shown else None,
                regions[row.region_id] if shown else provinces[row.region_id],
                tuple(techniques.get(row.id or 0, ())),
                service.may_edit(row, actor),
            )
        )
    return found


def _agreed(uow: UnitOfWork, actor: Actor, rows: Sequence[Need]) -> set[int]:
    """Anonymous needs whose owner accepted one of the actor's organisations."""
    hidden = [r.id or 0 for r in rows if not service.shows_owner(r, actor)]
    if not actor.organisation_ids:
        return set()
    parties = store.parties_of(uow, hidden)
    return {need for need, known in parties.items() if known & actor.organisation_ids}


def one(uow: UnitOfWork, actor: Actor, key: str) -> NeedView:
    """One need; call `service.read_need` in a writing unit of work when the read must be logged."""
    return views(uow, actor, [store.open_need(uow, actor, key)])[0]


def editable(uow: UnitOfWork, actor: Actor, key: str) -> NeedView:
    """One need that the actor may change."""
    return views(uow, actor, [store.open_need(uow, actor, key, Permission.NEED_EDIT)])[0]


def invited(uow: UnitOfWork, actor: Actor, need: Need) -> Sequence[Organisation]:
    """Invited organisations, for the need's own people only."""
    return store.invited_organisations(uow, need.id or 0) if service.may_edit(need, actor) else []


def reads(
    uow: UnitOfWork, actor: Actor, need: Need
) -> Sequence[tuple[NeedRead, Person, Organisation | None]]:
    """The read log of an invited need, for its own people only."""
    return store.reads_of(uow, need.id or 0) if service.may_edit(need, actor) else []
