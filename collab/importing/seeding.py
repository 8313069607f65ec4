"""The shipped dataset brought into the database: all or nothing, safe to repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlmodel import col, select

from collab.facilities import store as facilities
from collab.facilities.models import Capability, CapabilityValue, MpwRun
from collab.facilities.rules import Category, Evidence, Status
from collab.importing import dataset
from collab.importing.dataset import (
    SeedCapability,
    SeedData,
    SeedOrganisation,
    SeedRegion,
    SeedRelation,
    SeedRun,
)
from collab.kernel.happened import CatalogueReplaced
from collab.kernel.identity import SYSTEM
from collab.matching.records import Offered
from collab.members.models import Organisation, Region, Relation
from collab.members.rules import OrganisationKind, RelationKind
from collab.storage.models import derived_public_id
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import load_vocabulary


def is_seeded(uow: UnitOfWork) -> bool:
    """Whether the dataset has been brought in; it is one transaction, so one region is proof."""
    return uow.session.exec(select(Region.id).limit(1)).first() is not None


def seed(uow: UnitOfWork, data: SeedData | None = None) -> dict[str, int]:
    """Bring in or refresh the dataset; records that an owner declared are left alone.

    Returns how many records of each kind the dataset has.
    """
    data = data or dataset.load_dataset()
    regions = _regions(uow, data)
    organisations = _organisations(uow, data, regions)
    _capabilities(uow, data, organisations)
    _relations(uow, data, organisations)
    _runs(uow, data, organisations)
    uow.note(SYSTEM, "seeded", "dataset", "shipped")
    uow.record(CatalogueReplaced("seed"))
    return {
        "regions": len(data.regions),
        "organisations": len(data.organisations),
        "capabilities": len(data.capabilities),
        "relations": len(data.relations),
        "runs": len(data.runs),
    }


def _assign(row: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)


def region_path(code: str, parents: Mapping[str, str]) -> str:
    """The path from the country down to the region, with slashes at both ends."""
    parts = [code]
    while parents.get(parts[0]):
        parts.insert(0, parents[parts[0]])
    return "/" + "/".join(parts) + "/"


def _regions(uow: UnitOfWork, data: SeedData) -> dict[str, int]:
    parents = {r.code: r.parent for r in data.regions}
    wishes: dict[str, list[str]] = {}
    for choice in load_vocabulary().parameters["region"].values:
        for code in dataset.regions_for(choice.id):
            wishes.setdefault(code, []).append(choice.id)
    have = {r.code: r for r in uow.session.exec(select(Region)).all()}
    for seed_region in data.regions:
        values = _region_values(seed_region, parents, wishes.get(seed_region.code, []))
        row = have.get(seed_region.code)
        if row is None:
            row = Region(**values)
            have[seed_region.code] = row
        else:
            _assign(row, values)
        uow.session.add(row)
    uow.flush()
    return {code: row.id for code, row in have.items() if row.id is not None}


def _region_values(
    region: SeedRegion, parents: Mapping[str, str], wishes: list[str]
) -> dict[str, Any]:
    values = {
        "code": region.code, "zh": region.zh, "en": region.en, "parent": region.parent,
        "kind": region.kind, "path": region_path(region.code, parents), "iso": region.iso,
        "lat": region.lat, "lon": region.lon, "wishes": wishes, "source": region.source,
        "full_zh": region.full_zh,
    }  # fmt: skip
    return {name: value for name, value in values.items() if name in Region.model_fields}


def _organisations(uow: UnitOfWork, data: SeedData, regions: Mapping[str, int]) -> dict[str, int]:
    have = {r.slug: r for r in uow.session.exec(select(Organisation)).all() if r.slug}
    for organisation in data.organisations:
        row = have.get(organisation.slug)
        values = _organisation_values(organisation, regions[organisation.region])
        if row is None:
            row = Organisation(public_id=derived_public_id("org-", organisation.slug), **values)
            have[organisation.slug] = row
        elif row.evidence == Evidence.DOCUMENTED:
            _assign(row, values)
        uow.session.add(row)
    uow.flush()
    return {slug: row.id for slug, row in have.items() if row.id is not None}


def _organisation_values(o: SeedOrganisation, region_id: int) -> dict[str, Any]:
    return {
        "slug": o.slug, "name_zh": o.name_zh, "name_en": o.name_en,
        "kind": OrganisationKind(o.kind), "region_id": region_id,
        "region_basis": o.region_basis, "website": o.website,
        "founded": "" if o.founded is None else str(o.founded),
        "description_zh": o.description_zh, "description_en": o.description_en,
        "source": o.source, "source_type": o.source_type, "confidence": o.confidence,
    }  # fmt: skip


def _capabilities(uow: UnitOfWork, data: SeedData, organisations: Mapping[str, int]) -> None:
    have = {r.slug: r for r in uow.session.exec(select(Capability)).all() if r.slug}
    details = facilities.all_details(uow)
    fresh: list[tuple[Capability, SeedCapability]] = []
    for capability in data.capabilities:
        row = have.get(capability.slug)
        values = _capability_values(capability, organisations[capability.organisation])
        if row is None:
            row = Capability(public_id=derived_public_id("cap-", capability.slug), **values)
        elif row.evidence is not Evidence.DOCUMENTED:
            continue
        else:
            _assign(row, values)
        uow.session.add(row)
        fresh.append((row, capability))
    uow.flush()
    with uow.session.no_autoflush:  # all rows in a few statements at the end
        for row, capability in fresh:
            if not _stands(row, capability, details):
                put_details(
                    uow, row, capability.techniques, capability.materials, capability.values
                )
    uow.flush()


def _stands(row: Capability, capability: SeedCapability, details: facilities.Details) -> bool:
    """Whether the database holds just these techniques, materials and values already."""
    key = row.id or 0
    stated = {
        p: Offered(v.low, v.high, tuple(v.choices)) for p, v in details.values.get(key, {}).items()
    }
    return (
        details.techniques.get(key, []) == list(capability.techniques)
        and details.materials.get(key, []) == list(capability.materials)
        and stated == dict(capability.values)
    )


def put_details(
    uow: UnitOfWork,
    row: Capability,
    techniques: tuple[str, ...],
    materials: tuple[str, ...],
    values: Mapping[str, Offered],
) -> None:
    """Write what hangs on a capability row that has its key."""
    key = row.id or 0
    stated = [
        CapabilityValue(
            capability_id=key, parameter=p, low=v.low, high=v.high, choices=list(v.choices)
        )
        for p, v in values.items()
    ]
    facilities.replace_details(uow, key, techniques, materials, stated)


def _capability_values(c: SeedCapability, organisation_id: int) -> dict[str, Any]:
    low, high = c.lead_weeks or (None, None)
    return {
        "slug": c.slug, "organisation_id": organisation_id, "category": Category(c.category),
        "name_zh": c.name_zh, "name_en": c.name_en, "technique_text": c.technique_text,
        "access": c.access, "access_mode": c.access_mode, "status": Status(c.status),
        "lead_weeks_min": low, "lead_weeks_max": high, "throughput": c.throughput,
        "rates": [asdict(rate) for rate in c.rates], "source": c.source,
        "source_type": c.source_type, "confidence": c.confidence, "other": dict(c.other),
    }  # fmt: skip


def _relations(uow: UnitOfWork, data: SeedData, organisations: Mapping[str, int]) -> None:
    have = {(r.from_id, r.to_id, r.kind) for r in uow.session.exec(select(Relation)).all()}
    for relation in data.relations:
        ends = (organisations[relation.from_slug], organisations[relation.to_slug])
        key = (*ends, RelationKind(relation.kind))
        if key not in have:
            have.add(key)
            uow.session.add(_relation(relation, *key))
    uow.flush()


def _relation(r: SeedRelation, from_id: int, to_id: int, kind: RelationKind) -> Relation:
    return Relation(
        from_id=from_id, to_id=to_id, kind=kind, year="" if r.year is None else str(r.year),
        source=r.source, source_type=r.source_type, confidence=r.confidence,
    )  # fmt: skip


def _runs(uow: UnitOfWork, data: SeedData, organisations: Mapping[str, int]) -> None:
    slugs = [r.slug for r in data.runs]
    have = {
        r.slug: r for r in uow.session.exec(select(MpwRun).where(col(MpwRun.slug).in_(slugs))).all()
    }
    for run in data.runs:
        values = _run_values(run, organisations[run.provider])
        row = have.get(run.slug)
        if row is None:
            row = MpwRun(public_id=derived_public_id("run-", run.slug), **values)
        else:
            _assign(row, values)
        uow.session.add(row)
    uow.flush()


def _run_values(r: SeedRun, organisation_id: int) -> dict[str, Any]:
    return {
        "slug": r.slug, "organisation_id": organisation_id, "technology": r.technology,
        "techniques": list(r.techniques), "materials": list(r.materials), "tape_in": r.tape_in,
        "tape_in_text": r.tape_in_text, "turn_around": r.turn_around, "price": r.price_text,
        "note": r.note, "historical": r.historical, "source": r.source,
        "source_type": r.source_type, "confidence": r.confidence,
    }  # fmt: skip
