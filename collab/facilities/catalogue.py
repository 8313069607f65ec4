"""What pages and the API read about capabilities and runs: rows put together in few queries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from collab.facilities import store
from collab.facilities.filters import CapabilityFilter
from collab.facilities.models import Capability, CapabilityValue, MpwRun
from collab.facilities.store import Details
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members import catalogue as members
from collab.members import store as organisations
from collab.members.catalogue import OrganisationView
from collab.members.models import Organisation, Region
from collab.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class CapabilityView:
    """A capability with its owner and all that hangs on it."""

    row: Capability
    owner: OrganisationView
    techniques: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    values: Mapping[str, CapabilityValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunView:
    """A multi-project-wafer run with its organiser."""

    row: MpwRun
    owner: OrganisationView


def _view(
    row: Capability,
    details: Details,
    owners: Mapping[int, Organisation],
    regions: Mapping[int, Region],
) -> CapabilityView:
    key = row.id or 0
    return CapabilityView(
        row,
        members.view(owners[row.organisation_id], regions),
        tuple(details.techniques.get(key, ())),
        tuple(details.materials.get(key, ())),
        details.values.get(key, {}),
    )


def views(uow: UnitOfWork, rows: Sequence[Capability]) -> list[CapabilityView]:
    """Rows put together, in their order."""
    details = store.details_of(uow, [r.id for r in rows if r.id is not None])
    owners = organisations.organisations_by_id(uow, {r.organisation_id for r in rows})
    regions = organisations.all_regions(uow)
    return [_view(row, details, owners, regions) for row in rows]


def page(
    uow: UnitOfWork, actor: Actor, wanted: CapabilityFilter, number: int, size: int
) -> Page[CapabilityView]:
    """One page of the catalogue."""
    found = store.readable_capabilities(uow, actor, wanted, number, size)
    return Page(views(uow, found.items), found.total, number, size)


def facets(uow: UnitOfWork, actor: Actor, wanted: CapabilityFilter) -> dict[str, dict[str, int]]:
    """Counts under the same filter."""
    return store.capability_facets(uow, actor, wanted)


def one(uow: UnitOfWork, actor: Actor, key: str) -> CapabilityView:
    """One capability."""
    return views(uow, [store.open_capability(uow, actor, key)])[0]


def editable(uow: UnitOfWork, actor: Actor, key: str) -> CapabilityView:
    """One capability that the actor may change."""
    return views(uow, [store.open_capability(uow, actor, key, Permission.CAPABILITY_EDIT)])[0]


def by_key(uow: UnitOfWork, actor: Actor, keys: Collection[str]) -> dict[str, CapabilityView]:
    """Readable capabilities by public id."""
    rows = list(store.capabilities_by_key(uow, actor, keys).values())
    return {v.row.public_id: v for v in views(uow, rows)}


def of_organisation(
    uow: UnitOfWork, actor: Actor, organisation_id: int, most: int = 500
) -> list[CapabilityView]:
    """What an organisation offers; retired ones only for those who may see them."""
    wanted = CapabilityFilter(organisation_id=organisation_id)
    return views(uow, store.readable_capabilities(uow, actor, wanted, 1, most).items)


def counts(uow: UnitOfWork, organisation_ids: Collection[int]) -> dict[int, int]:
    """How many capabilities of the catalogue each organisation has."""
    return store.counts_by_organisation(uow, organisation_ids)


def runs(uow: UnitOfWork, actor: Actor, organisation_id: int | None = None) -> list[RunView]:
    """Runs with their organisers."""
    rows = store.readable_runs(uow, actor, organisation_id=organisation_id)
    owners = organisations.organisations_by_id(uow, {r.organisation_id for r in rows})
    regions = organisations.all_regions(uow)
    return [RunView(r, members.view(owners[r.organisation_id], regions)) for r in rows]
