"""Database rows to the records of the graph: public facts only, in few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy import ColumnElement, or_, true
from sqlmodel import col, select

from collab.facilities.access import offered
from collab.facilities.models import Capability, CapabilityMaterial, CapabilityTechnique
from collab.facilities.rules import Status
from collab.members import store as members
from collab.members.access import PUBLIC_STATES
from collab.members.models import Organisation, Relation
from collab.members.ties import DECLARED_HERE
from collab.storage.uow import UnitOfWork
from collab.vocabulary.catalog import Vocabulary
from graph.records import Link, LinkKind, Node, NodeKind, Region

TECHNIQUE = "t:"
Ids = Collection[int] | None


def regions(uow: UnitOfWork) -> list[Region]:
    """Every region as the graph sees it."""
    return [
        Region(r.code, r.kind, r.zh, r.en, r.parent, r.lat, r.lon)
        for r in members.all_regions(uow).values()
    ]


def _among(column: object, ids: Ids) -> ColumnElement[bool]:
    return true() if ids is None else col(column).in_(ids)


def organisations(uow: UnitOfWork, ids: Ids = None) -> list[Node]:
    """Organisations of the public catalogue, or those of `ids` that are in it."""
    known = members.all_regions(uow)
    o = Organisation
    columns = (
        col(o.public_id), col(o.kind), col(o.name_zh), col(o.name_en), col(o.region_id),
        col(o.evidence), col(o.slug), col(o.membership),
    )  # fmt: skip
    rows = uow.session.connection().execute(
        sa.select(*columns).where(col(o.membership).in_(PUBLIC_STATES), _among(o.id, ids))
    )
    return [
        Node(
            key=row.public_id,
            kind=NodeKind(row.kind),
            label_zh=row.name_zh,
            label_en=row.name_en,
            region=known[row.region_id].code,
            lat=known[row.region_id].lat,
            lon=known[row.region_id].lon,
            evidence=row.evidence,
            attrs={"slug": row.slug or "", "member": row.membership == "admitted"},
        )
        for row in rows
    ]


def _first_day(year: str) -> date | None:
    return date(int(year), 1, 1) if year.isascii() and year.isdigit() and len(year) == 4 else None


def relations(uow: UnitOfWork, keys: dict[int, str], ids: Ids = None) -> list[Link]:
    """Ties between organisations in the graph; with `ids`, those that touch one of them."""
    touching = (
        true() if ids is None else or_(_among(Relation.from_id, ids), _among(Relation.to_id, ids))
    )
    r = Relation
    columns = (
        col(r.from_id), col(r.to_id), col(r.kind), col(r.year), col(r.valid_from), col(r.valid_to),
        col(r.source_type),
    )  # fmt: skip
    rows = uow.session.connection().execute(sa.select(*columns).where(touching).order_by(col(r.id)))
    return [
        Link(
            source=keys[r.from_id],
            target=keys[r.to_id],
            kind=LinkKind(r.kind),
            valid_from=r.valid_from or _first_day(r.year),
            valid_to=r.valid_to,
            evidence="declared" if r.source_type == DECLARED_HERE else "documented",
        )
        for r in rows
        if r.from_id in keys and r.to_id in keys
    ]


def keys_of(uow: UnitOfWork) -> dict[int, str]:
    """Public ids of the organisations in the graph by database key."""
    rows = uow.session.exec(
        select(Organisation.id, Organisation.public_id).where(
            col(Organisation.membership).in_(PUBLIC_STATES)
        )
    )
    return {key: public for key, public in rows if key is not None}


def keys_around(
    uow: UnitOfWork, capabilities: Collection[int], owners: Collection[int]
) -> dict[int, str]:
    """`keys_of`, but only of those that changed capabilities and organisations may be tied to."""
    offering = select(Capability.organisation_id).where(col(Capability.id).in_(capabilities))
    there, back = col(Relation.to_id), col(Relation.from_id)
    wanted = [
        col(Organisation.id).in_(offering),
        col(Organisation.id).in_(owners),
        col(Organisation.id).in_(select(there).where(back.in_(owners))),
        col(Organisation.id).in_(select(back).where(there.in_(owners))),
    ]
    rows = uow.session.exec(
        select(Organisation.id, Organisation.public_id).where(
            col(Organisation.membership).in_(PUBLIC_STATES), or_(*wanted)
        )
    )
    return {key: public for key, public in rows if key is not None}


def capabilities(
    uow: UnitOfWork, keys: dict[int, str], vocabulary: Vocabulary, ids: Ids = None
) -> tuple[list[Node], list[Link]]:
    """Operating capabilities of the catalogue with the techniques they apply, and who offers them.

    Planned, closed, retired and held ones are no supply and so not part of the network.
    """
    columns = (
        col(Capability.id), col(Capability.public_id), col(Capability.organisation_id),
        col(Capability.name_zh), col(Capability.name_en), col(Capability.evidence),
    )  # fmt: skip
    rows = uow.session.connection().execute(
        sa.select(*columns).where(
            offered(),
            col(Capability.status) == Status.OPERATING,
            _among(Capability.id, ids),
        )
    )
    techniques = _values(uow, CapabilityTechnique, "technique", ids)
    materials = _values(uow, CapabilityMaterial, "material", ids)
    nodes: list[Node] = []
    links: list[Link] = []
    for key, public, organisation, zh, en, evidence in rows:
        if organisation not in keys:
            continue
        nodes.append(
            Node(public, NodeKind.CAPABILITY, zh, en, evidence=str(evidence),
                 materials=tuple(materials.get(key or 0, ())))
        )  # fmt: skip
        links.append(Link(keys[organisation], public, LinkKind.OFFERS, evidence=str(evidence)))
        links += [
            Link(public, TECHNIQUE + t, LinkKind.APPLIES)
            for t in techniques.get(key or 0, ())
            if t in vocabulary.techniques
        ]
    return nodes, links


def _values(
    uow: UnitOfWork,
    table: type[CapabilityTechnique] | type[CapabilityMaterial],
    name: str,
    ids: Ids,
) -> dict[int, list[str]]:
    rows = uow.session.exec(
        select(table.capability_id, getattr(table, name))
        .where(_among(table.capability_id, ids))
        .order_by(col(table.id))
    )
    found: dict[int, list[str]] = defaultdict(list)
    for key, value in rows:
        found[key].append(value)
    return found


def techniques(vocabulary: Vocabulary) -> tuple[list[Node], list[Link]]:
    """Every technique, its key marked as such, and which follows which in a process chain."""
    nodes = [
        Node(
            TECHNIQUE + t, NodeKind.TECHNIQUE, vocabulary.label(t, "zh"), vocabulary.label(t, "en")
        )
        for t in vocabulary.techniques
    ]
    return nodes, [Link(a, b, LinkKind.PRECEDES) for a, b in sorted(set(_hand_overs(vocabulary)))]


def _hand_overs(vocabulary: Vocabulary) -> Iterable[tuple[str, str]]:
    known = vocabulary.techniques
    for chain in vocabulary.chains.values():
        steps = {step.key: step for step in chain.steps}
        for step in chain.steps:
            for before in step.after:
                for a in steps[before].techniques if before in steps else ():
                    for b in step.techniques:
                        if a != b and a in known and b in known:
                            yield TECHNIQUE + a, TECHNIQUE + b
