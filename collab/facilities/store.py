"""Named queries over capabilities and runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, delete, func, or_
from sqlmodel import col, select

from collab.facilities.access import POLICY, offered
from collab.facilities.filters import CapabilityFilter
from collab.facilities.models import (
    Capability,
    CapabilityMaterial,
    CapabilityTechnique,
    CapabilityValue,
    CapabilityWafer,
    MpwRun,
)
from collab.kernel.identity import Actor
from collab.kernel.paging import Page
from collab.kernel.permissions import Permission
from collab.members.models import Organisation, Region
from collab.storage import grants
from collab.storage.doors import Door, open_row
from collab.storage.uow import UnitOfWork


@dataclass(slots=True)
class Details:
    """What hangs on capabilities, by capability key."""

    techniques: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    materials: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    values: dict[int, dict[str, CapabilityValue]] = field(default_factory=lambda: defaultdict(dict))


SORTS = {
    "name": (col(Capability.name_zh), col(Capability.id)),
    "fresh": (col(Capability.confirmed_at).desc(), col(Capability.id)),
    "organisation": (col(Capability.organisation_id), col(Capability.name_zh), col(Capability.id)),
}


DOOR = Door(Capability, "capability", POLICY, Permission.CAPABILITY_READ, ("public_id", "slug"))


def open_capability(
    uow: UnitOfWork, actor: Actor, key: str, permission: Permission = Permission.CAPABILITY_READ
) -> Capability:
    """The capability with this public id or slug; NotFound when it may not be known."""
    return open_row(DOOR, uow, actor, key, permission)


def _linked(wanted: CapabilityFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.techniques:
        carrying = select(CapabilityTechnique.capability_id).where(
            col(CapabilityTechnique.technique).in_(wanted.techniques)
        )
        conditions.append(col(Capability.id).in_(carrying))
    if wanted.materials:
        carrying = select(CapabilityMaterial.capability_id).where(
            col(CapabilityMaterial.material).in_(wanted.materials)
        )
        conditions.append(col(Capability.id).in_(carrying))
    if wanted.region_path:
        there = (
            select(Organisation.id)
            .join(Region, col(Region.id) == col(Organisation.region_id))
            .where(col(Region.path).startswith(wanted.region_path))
        )
        conditions.append(col(Capability.organisation_id).in_(there))
    if wanted.wafer is not None:
        stated = select(CapabilityWafer.capability_id).where(
            col(CapabilityWafer.diameter_mm) == wanted.wafer
        )
        conditions.append(col(Capability.id).in_(stated))
    return conditions


def _conditions(actor: Actor, wanted: CapabilityFilter) -> list[ColumnElement[bool]]:
    conditions = [grants.where(POLICY[Permission.CAPABILITY_READ], actor), *_linked(wanted)]
    if wanted.text:
        like = f"%{wanted.text}%"
        conditions.append(
            or_(
                col(Capability.name_zh).ilike(like),
                col(Capability.name_en).ilike(like),
                col(Capability.technique_text).ilike(like),
            )
        )
    for column, values in (
        (col(Capability.category), wanted.categories),
        (col(Capability.evidence), wanted.evidence),
        (col(Capability.status), wanted.statuses),
    ):
        if values:
            conditions.append(column.in_(values))
    if wanted.organisation_id is not None:
        conditions.append(col(Capability.organisation_id) == wanted.organisation_id)
    return conditions


def readable_capabilities(
    uow: UnitOfWork, actor: Actor, wanted: CapabilityFilter, number: int, size: int
) -> Page[Capability]:
    """One page of capabilities."""
    conditions = _conditions(actor, wanted)
    total = uow.session.exec(select(func.count(col(Capability.id))).where(*conditions)).one()
    rows = uow.session.exec(
        select(Capability)
        .where(*conditions)
        .order_by(*SORTS.get(wanted.sort, SORTS["name"]))
        .offset((number - 1) * size)
        .limit(size)
    ).all()
    return Page(rows, total, number, size)


def capability_facets(
    uow: UnitOfWork, actor: Actor, wanted: CapabilityFilter
) -> dict[str, dict[str, int]]:
    """Counts of categories, evidence levels and states under the same filter, in one scan."""
    columns = (col(Capability.category), col(Capability.evidence), col(Capability.status))
    rows = uow.session.exec(
        select(*columns, func.count(col(Capability.id)))
        .where(*_conditions(actor, wanted))
        .group_by(*columns)
    ).all()
    facets: dict[str, dict[str, int]] = {"category": {}, "evidence": {}, "status": {}}
    for category, evidence, status, count in rows:
        for name, value in (("category", category), ("evidence", evidence), ("status", status)):
            facets[name][str(value)] = facets[name].get(str(value), 0) + count
    return facets


def details_of(uow: UnitOfWork, ids: Collection[int]) -> Details:
    """Techniques, materials and values of capabilities, in three queries."""
    details = Details()
    if not ids:
        return details
    for t in uow.session.exec(
        select(CapabilityTechnique)
        .where(col(CapabilityTechnique.capability_id).in_(ids))
        .order_by(col(CapabilityTechnique.id))
    ):
        details.techniques[t.capability_id].append(t.technique)
    for m in uow.session.exec(
        select(CapabilityMaterial)
        .where(col(CapabilityMaterial.capability_id).in_(ids))
        .order_by(col(CapabilityMaterial.id))
    ):
        details.materials[m.capability_id].append(m.material)
    for v in uow.session.exec(
        select(CapabilityValue)
        .where(col(CapabilityValue.capability_id).in_(ids))
        .order_by(col(CapabilityValue.id))
    ):
        details.values[v.capability_id][v.parameter] = v
    return details


def all_details(uow: UnitOfWork) -> Details:
    """Techniques, materials and values of every capability, for rebuilding what is derived."""
    details = Details()
    for t in uow.session.exec(select(CapabilityTechnique).order_by(col(CapabilityTechnique.id))):
        details.techniques[t.capability_id].append(t.technique)
    for m in uow.session.exec(select(CapabilityMaterial).order_by(col(CapabilityMaterial.id))):
        details.materials[m.capability_id].append(m.material)
    for v in uow.session.exec(select(CapabilityValue).order_by(col(CapabilityValue.id))):
        details.values[v.capability_id][v.parameter] = v
    return details


def capabilities_by_id(
    uow: UnitOfWork, actor: Actor, ids: Collection[int]
) -> dict[int, Capability]:
    """Readable capabilities by database key."""
    if not ids:
        return {}
    rows = uow.session.exec(
        select(Capability).where(
            col(Capability.id).in_(ids), grants.where(POLICY[Permission.CAPABILITY_READ], actor)
        )
    ).all()
    return {row.id: row for row in rows if row.id is not None}


def rows_by_id(uow: UnitOfWork, ids: Collection[int]) -> dict[int, Capability]:
    """Capabilities by key, in the catalogue or not, for those whose own rule named them."""
    if not ids:
        return {}
    rows = uow.session.exec(select(Capability).where(col(Capability.id).in_(ids)))
    return {row.id: row for row in rows if row.id is not None}


def capabilities_by_key(
    uow: UnitOfWork, actor: Actor, keys: Collection[str]
) -> dict[str, Capability]:
    """Readable capabilities by public id."""
    if not keys:
        return {}
    rows = uow.session.exec(
        select(Capability).where(
            col(Capability.public_id).in_(keys),
            grants.where(POLICY[Permission.CAPABILITY_READ], actor),
        )
    ).all()
    return {row.public_id: row for row in rows}


def all_capabilities(uow: UnitOfWork, ids: Collection[int] | None = None) -> Sequence[Capability]:
    """Every capability in the catalogue (or those of `ids`), for what is derived from them."""
    from_catalogue = POLICY[Permission.CAPABILITY_READ][0]
    query = select(Capability).where(from_catalogue.where(Actor())).order_by(col(Capability.id))
    if ids is not None:
        query = query.where(col(Capability.id).in_(ids))
    return uow.session.exec(query).all()


def capability_by_code(uow: UnitOfWork, organisation_id: int, code: str) -> Capability | None:
    """The organisation's capability with this register code."""
    return uow.session.exec(
        select(Capability).where(
            col(Capability.organisation_id) == organisation_id, col(Capability.code) == code
        )
    ).first()


def replace_details(
    uow: UnitOfWork,
    capability_id: int,
    techniques: Sequence[str],
    materials: Sequence[str],
    values: Sequence[CapabilityValue],
) -> None:
    """Put new techniques, materials and values in place of the old ones."""
    for table in (CapabilityTechnique, CapabilityMaterial, CapabilityValue, CapabilityWafer):
        uow.session.exec(delete(table).where(col(table.capability_id) == capability_id))
    for technique in dict.fromkeys(techniques):
        uow.session.add(CapabilityTechnique(capability_id=capability_id, technique=technique))
    for material in dict.fromkeys(materials):
        uow.session.add(CapabilityMaterial(capability_id=capability_id, material=material))
    for value in values:
        uow.session.add(value)
        if value.parameter == "wafer-diameter":
            for diameter in dict.fromkeys(int(choice) for choice in value.choices):
                row = CapabilityWafer(capability_id=capability_id, diameter_mm=diameter)
                uow.session.add(row)


def readable_runs(
    uow: UnitOfWork, actor: Actor, *, organisation_id: int | None = None, limit: int = 200
) -> Sequence[MpwRun]:
    """Runs, upcoming ones first, then undated, then historical."""
    query = select(MpwRun).where(grants.where(POLICY[Permission.RUN_READ], actor))
    if organisation_id is not None:
        query = query.where(col(MpwRun.organisation_id) == organisation_id)
    return uow.session.exec(
        query.order_by(col(MpwRun.historical), col(MpwRun.tape_in).desc(), col(MpwRun.id)).limit(
            limit
        )
    ).all()


def counts_by_organisation(uow: UnitOfWork, ids: Collection[int]) -> dict[int, int]:
    """How many catalogue capabilities each organisation has."""
    if not ids:
        return {}
    rows = uow.session.exec(
        select(Capability.organisation_id, func.count(col(Capability.id)))
        .where(col(Capability.organisation_id).in_(ids), offered())
        .group_by(col(Capability.organisation_id))
    ).all()
    return dict(rows)


def public_ids(uow: UnitOfWork, ids: Collection[int]) -> set[str]:
    """Public ids of capabilities by key, without a permission check."""
    if not ids:
        return set()
    return set(uow.session.exec(select(Capability.public_id).where(col(Capability.id).in_(ids))))


def ids_of_organisations(uow: UnitOfWork, organisation_ids: Collection[int]) -> set[int]:
    """Capability keys of organisations, retired ones included."""
    if not organisation_ids:
        return set()
    rows = uow.session.exec(
        select(Capability.id).where(col(Capability.organisation_id).in_(organisation_ids))
    )
    return {key for key in rows if key is not None}


def run_keys(
    uow: UnitOfWork, ids: Collection[int], organisation_ids: Collection[int] = ()
) -> dict[int, str]:
    """Public ids of runs by key: those named and those of organisations, shown or not."""
    if not ids and not organisation_ids:
        return {}
    chosen = or_(col(MpwRun.id).in_(ids), col(MpwRun.organisation_id).in_(organisation_ids))
    rows = uow.session.exec(select(MpwRun.id, MpwRun.public_id).where(chosen))
    return {key: public_id for key, public_id in rows if key is not None}


def readable_run_keys(uow: UnitOfWork, actor: Actor, keys: Collection[str]) -> set[str]:
    """Public ids of runs that the actor may see."""
    if not keys:
        return set()
    rows = uow.session.exec(
        select(MpwRun.public_id).where(
            col(MpwRun.public_id).in_(keys), grants.where(POLICY[Permission.RUN_READ], actor)
        )
    )
    return set(rows)


def slugs(uow: UnitOfWork, keys: Collection[str]) -> dict[str, str]:
    """The shipped dataset's slugs by public id."""
    if not keys:
        return {}
    rows = uow.session.exec(
        select(Capability.public_id, Capability.slug).where(col(Capability.public_id).in_(keys))
    )
    return {key: slug for key, slug in rows if slug}
