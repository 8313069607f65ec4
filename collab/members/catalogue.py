"""What pages and the API read about organisations, regions and people: rows put together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from collab.kernel import clock
from collab.kernel.errors import NotAllowed
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members import store
from collab.members.filters import OrganisationFilter
from collab.members.models import (
    ApiToken,
    CoBuildAgreement,
    Organisation,
    Person,
    Region,
    RoleGrant,
    SignInSession,
)
from collab.members.rules import ANONYMITY
from collab.storage.uow import UnitOfWork


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """An organisation with its region and the regions above it, nearest first."""

    row: Organisation
    region: Region
    above: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie seen from one organisation: the other end, the kind, and whether it points there."""

    other: Organisation
    kind: str
    outward: bool
    year: str
    source: str


@dataclass(frozen=True, slots=True)
class OrganisationDetail:
    """Everything that an organisation's page shows of its own slice."""

    view: OrganisationView
    ties: Sequence[Tie]
    agreements: Sequence[CoBuildAgreement]


def above(region: Region, regions: Mapping[int, Region]) -> tuple[Region, ...]:
    """The regions above one, nearest first."""
    by_code = store.region_names(regions)
    codes = [c for c in region.path.split("/") if c][:-1]
    return tuple(by_code[c] for c in reversed(codes) if c in by_code)


def regions(uow: UnitOfWork) -> dict[int, Region]:
    """Every region by key."""
    return store.all_regions(uow)


def page(
    uow: UnitOfWork, actor: Actor, wanted: OrganisationFilter, number: int, size: int
) -> Page[OrganisationView]:
    """One page of organisations in the catalogue."""
    found = store.readable_organisations(uow, actor, wanted, number, size)
    known = store.all_regions(uow)
    return found.map(lambda row: view(row, known))


def view(row: Organisation, known: Mapping[int, Region]) -> OrganisationView:
    """An organisation put together with its regions."""
    region = known[row.region_id]
    return OrganisationView(row, region, above(region, known))


def facets(uow: UnitOfWork, actor: Actor, wanted: OrganisationFilter) -> dict[str, dict[str, int]]:
    """Counts under the same filter."""
    return store.organisation_facets(uow, actor, wanted)


def one(uow: UnitOfWork, actor: Actor, key: str) -> OrganisationDetail:
    """An organisation's page."""
    row = store.open_organisation(uow, actor, key)
    return OrganisationDetail(
        view(row, store.all_regions(uow)),
        ties(uow, actor, row),
        store.agreements_of(uow, row.id or 0),
    )


def ties(uow: UnitOfWork, actor: Actor, row: Organisation) -> list[Tie]:
    """Ties of an organisation whose other end the actor may see."""
    found = store.relations_of(uow, row.id or 0)
    ends = {r.to_id if r.from_id == row.id else r.from_id for r in found}
    others = store.readable_by_id(uow, actor, ends)
    return [
        Tie(others[other], relation.kind, outward, relation.year, relation.source)
        for relation in found
        for outward in (relation.from_id == row.id,)
        for other in (relation.to_id if outward else relation.from_id,)
        if other in others
    ]


def own(uow: UnitOfWork, actor: Actor) -> list[OrganisationView]:
    """The organisations in which the actor stands."""
    known = store.all_regions(uow)
    rows = store.organisations_by_id(uow, actor.organisation_ids)
    return [view(row, known) for _, row in sorted(rows.items())]


def people(
    uow: UnitOfWork, actor: Actor, organisation_id: int
) -> Sequence[tuple[Person, RoleGrant]]:
    """People of an organisation, for its own people and the secretariat."""
    if organisation_id not in actor.organisation_ids and not actor.secretariat:
        raise NotAllowed("people:read")
    return store.people_of(uow, organisation_id)


def shown_provinces(
    uow: UnitOfWork, region_ids: Collection[int], known: Mapping[int, Region]
) -> dict[int, Region | None]:
    """The province that an anonymous need of each region may show, in one query for all of them.

    None where fewer than five members stand in the province.
    """
    standing = store.members_by_region(uow) if region_ids else {}
    found: dict[int, Region | None] = {}
    for key in region_ids:
        chain = (known[key], *above(known[key], known))
        province = next((r for r in chain if r.kind == "province"), chain[-1])
        inside = (k for k, r in known.items() if r.path.startswith(province.path))
        enough = sum(standing.get(k, 0) for k in inside) >= ANONYMITY
        found[key] = province if enough else None
    return found


def tokens(uow: UnitOfWork, actor: Actor) -> Sequence[ApiToken]:
    """The actor's API tokens."""
    return store.tokens_of(uow, actor.person_id) if actor.person_id is not None else []


def sessions(uow: UnitOfWork, actor: Actor) -> Sequence[SignInSession]:
    """The actor's live sessions."""
    if actor.person_id is None:
        return []
    return store.sessions_of(uow, actor.person_id, clock.now())


def person(uow: UnitOfWork, actor: Actor) -> Person | None:
    """The actor's own record."""
    return store.person_by_id(uow, actor.person_id) if actor.person_id is not None else None


def editable(uow: UnitOfWork, actor: Actor, key: str) -> Organisation:
    """An organisation whose page the actor may change."""
    return store.open_organisation(uow, actor, key, Permission.ORGANISATION_EDIT)


def person_to_sign_in(uow: UnitOfWork, person_id: int) -> Person | None:
    """The active person whose password was right a moment ago."""
    found = store.person_by_id(uow, person_id)
    return found if found is not None and found.active else None
